"""A case whose row or definition nobody can read: it is said which, it is set aside, and nothing else stops."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine import Act, Engine, Export, MeasureQuestion, Search, SlaQuestion, VerificationFailed
from engine.testing import ManualTime
from tests.app.desks import ADMIN, ERRAND, HOUR, LIN, MINUTE, deliver, done, open_errand, send, sources
from tests.app.tampering import by_hand, past_the_guards
from tests.exports.shapes import check_ocel

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


@contextmanager
def spoilt_in(engine: Engine, table: str, column: str, case: str, value: object) -> Iterator[Engine]:
    """Another process, with a column of a case changed; it is mended afterwards."""
    name = "id" if table == "cases" else "case_id"
    with engine._store.read() as tx:
        before = tx._ask(f"SELECT {column} FROM {table} WHERE {name} = ?", (case,)).fetchone()[0]  # type: ignore[attr-defined]

    def write(it: object) -> None:
        with engine._store.write() as tx:
            tx._ask(f"UPDATE {table} SET {column} = ? WHERE {name} = ?", (it, case))  # type: ignore[attr-defined]

    write(value)
    with Engine(engine._opener(), time=engine._recipe.time) as other:
        yield other
    write(before)


def exported(engine: Engine, format: Any = "jsonl") -> tuple[str, int, tuple[str, ...]]:
    pieces: list[str] = []
    found = engine.export(Export(format=format), pieces.append, actor=ADMIN)
    return "".join(pieces), found.cases, found.left_out


def cases_of(text: str) -> list[str]:
    return [line["case"] for line in map(json.loads, text.splitlines()) if line["type"] == "case"]


@BOTH
@pytest.mark.parametrize("format", ["xes", "ocel", "csv", "jsonl"])
def test_an_export_goes_on_without_it_and_names_it(spoilt: tuple[Engine, Mend], format: str) -> None:
    engine, mend = spoilt
    text, cases, left_out = exported(engine, format)
    assert (cases, left_out) == (2, (CASE,))
    assert "E-1" in text
    assert "E-3" in text
    assert CASE not in text
    mend()
    text, cases, left_out = exported(engine, format)
    assert (cases, left_out) == (3, ())
    assert CASE in text


@BOTH
def test_a_report_of_promises_counts_the_others_and_names_it(spoilt: tuple[Engine, Mend]) -> None:
    engine, mend = spoilt
    report = engine.report_sla()
    assert report.total.counts["running"] == 2
    assert report.left_out == (CASE,)
    assert engine.report_sla(SlaQuestion(process="call")).left_out == ()
    mend()
    report = engine.report_sla()
    assert report.total.counts["running"] == 3
    assert report.left_out == ()


@BOTH
def test_a_cycle_that_cannot_be_read_is_not_counted_and_its_case_is_named(engine: Engine) -> None:
    for _ in range(2):
        send(engine, open_errand(engine))
    with spoilt_in(engine, "clock_cycles", "turns", "E-1", "{") as other:
        report = other.report_sla()
        assert report.total.counts["met"] == 1
        assert report.left_out == ("E-1",)


@BOTH
def test_a_measure_counts_the_others_and_names_it(engine: Engine) -> None:
    measured = "measures: {all: {label: {en: All, zh: 全部}, count: true}}\n"
    engine.publish(sources(errand=ERRAND + measured), "errand", actor=ADMIN)
    for _ in range(3):
        open_errand(engine)
    with spoilt_in(engine, "cases", "body", CASE, "null") as other:
        report = other.report_measure(MeasureQuestion(process="errand", measure="all"))
        assert (report.measured.total.cases, report.left_out) == (2, (CASE,))


def test_a_record_that_cannot_be_read_leaves_its_case_out_of_an_export(on_disk: Engine, tmp_path: Path) -> None:
    for _ in range(3):
        open_errand(on_disk)
    with past_the_guards(tmp_path / "desk.db") as connection:
        by_hand(f"UPDATE records SET text = '{{' WHERE case_id = '{CASE}'")(connection)
    text, _, left_out = exported(on_disk)
    assert cases_of(text) == ["E-1", "E-3"]
    assert left_out == (CASE,)


@BOTH
def test_no_link_of_an_export_leads_to_a_case_left_out(engine: Engine) -> None:
    errand = open_errand(engine, phone="139")
    send(engine, errand)
    call = deliver(engine, errand).links["call"]
    with spoilt_in(engine, "cases", "body", call, "[]") as other:
        text, _, left_out = exported(other, "ocel")
        assert left_out == (call,)
        check_ocel(json.loads(text))
        assert call not in text


@BOTH
def test_cases_whose_definition_is_gone_are_named_by_reports_and_exports(engine: Engine) -> None:
    sent, other_errand = (open_errand(engine) for _ in range(2))
    call = done(engine.open_case("call", actor=LIN)).id
    send(engine, sent)
    with (
        spoilt_in(engine, "cases", "version", sent, 9),
        spoilt_in(engine, "cases", "process", call, "gone") as other,
    ):
        report = other.report_sla(SlaQuestion(by=("clock", "month", "person")))
        assert report.left_out == (call, sent)
        assert (report.total.counts["met"], report.total.counts["running"]) == (0, 1)
        text, _, left_out = exported(other)
        assert cases_of(text) == [other_errand]
        assert left_out == (call, sent)


@BOTH
def test_what_is_about_one_case_never_goes_on_without_it(spoilt: tuple[Engine, Mend]) -> None:
    engine, mend = spoilt
    looks: tuple[Callable[[], object], ...] = (
        lambda: engine.retold(CASE),
        lambda: engine.evidence(CASE, actor=ADMIN),
    )
    for look in looks:
        with pytest.raises(VerificationFailed, match=f"the stored row of `{CASE}` cannot be read"):
            look()
    mend()
