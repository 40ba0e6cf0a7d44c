"""A case whose row or definition nobody can read: it is said which, it is set aside, and nothing else stops."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from engine import Act, Engine, Search, VerificationFailed
from engine.testing import ManualTime
from tests.app.desks import ADMIN, HOUR, LIN, MINUTE, done, open_errand

CASE = "E-2"
BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
"""In memory there are no rows."""


Mend = Callable[[], None]


@pytest.fixture
def spoilt(engine: Engine, time: ManualTime) -> Iterator[tuple[Engine, Mend]]:
    """Another process, after the second of three cases was spoilt; how that is mended."""
    for what in ("milk", "tea", "ink"):
        open_errand(engine, what=what, phone="139")
    with engine._store.read() as tx:
        ((whole,),) = tx._ask("SELECT body FROM cases WHERE id = ?", (CASE,)).fetchall()  # type: ignore[attr-defined]

    def write(body: str) -> None:
        with engine._store.write() as tx:
            tx._ask("UPDATE cases SET body = ? WHERE id = ?", (body, CASE))  # type: ignore[attr-defined]

    write(whole[:50])
    with Engine(engine._opener(), time=time) as other:
        yield other, lambda: write(whole)


@BOTH
def test_it_is_named_to_who_wants_it_and_no_list_stops_at_it(spoilt: tuple[Engine, Mend]) -> None:
    engine, mend = spoilt
    looks: tuple[Callable[[], object], ...] = (
        lambda: engine.case(CASE),
        lambda: engine.history(CASE),
        lambda: engine.act(CASE, "hold", actor=LIN),
        lambda: engine.act_many([Act(case=CASE, action="hold")], actor=LIN),
    )
    for look in looks:
        with pytest.raises(VerificationFailed, match=f"the stored row of `{CASE}` cannot be read"):
            look()
    for search in (Search(actor=LIN), Search(actor=LIN, all=True), Search(actor=LIN, find="139")):
        page = engine.worklist(search)
        assert [row.id for row in page.rows] == ["E-1", "E-3"]
        assert (page.total, page.spoilt) == (3, 1)
    (problem,) = engine.verify().problems
    assert "its stored row cannot be read: " in str(problem)
    assert "the stored row of" not in str(problem)
    mend()
    assert engine.case(CASE).data["what"] == "tea"


@BOTH
def test_it_is_set_aside_when_it_falls_due_and_all_others_go_on(spoilt: tuple[Engine, Mend], time: ManualTime) -> None:
    engine, mend = spoilt
    time.move(16 * MINUTE)
    met = engine.tick()
    assert (met.faults, met.advanced) == (1, 2)
    (fault,) = engine.faults()
    assert fault.root == CASE
    assert fault.message.startswith(f"the stored row of `{CASE}` cannot be read")
    time.move(HOUR)
    assert engine.tick().faults == 0
    assert engine.case("E-3").clocks["sent"].status == "breached"
    assert engine.vitals().faults == 1
    done(engine.act("E-1", "hold", actor=LIN))
    mend()
    assert engine.retry_fault(fault.id, actor=ADMIN).advanced == 1
    assert engine.case(CASE).clocks["sent"].status == "breached"


@BOTH
def test_a_definition_that_is_gone_stops_its_own_cases_only(engine: Engine, time: ManualTime) -> None:
    errand = open_errand(engine)
    call = done(engine.open_case("call", actor=LIN)).id
    with engine._store.write() as tx:
        tx._ask("UPDATE cases SET version = 9 WHERE id = ?", (errand,))  # type: ignore[attr-defined]
    with Engine(engine._opener(), time=time) as other:
        for look in (lambda: other.case(errand), lambda: other.act(errand, "hold", actor=LIN)):
            with pytest.raises(VerificationFailed, match="version 9 of `errand` is not in this database"):
                look()
        page = other.worklist(Search(actor=ADMIN, all=True))
        assert ([row.id for row in page.rows], page.spoilt) == ([call], 1)
        time.move(25 * HOUR)
        assert (met := other.tick()).faults == 1
        assert met.advanced == 1
        assert "version 9 of `errand`" in other.faults()[0].message
        with other._store.write() as tx:
            tx._ask("UPDATE cases SET version = 1 WHERE id = ?", (errand,))  # type: ignore[attr-defined]
        assert other.retry_fault(other.faults()[0].id, actor=ADMIN).advanced == 1
