"""The desk's register of outside people, and schedules that go through it as it stood at their instants."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.app import Engine
from engine.errors import Conflict, NotFound, NotPermitted, UsageError
from engine.lang.load import load_process
from engine.scenarios import read_script
from engine.testing import ADMIN, ManualTime, play_scenarios
from engine.values import show_instant
from tests.app.register_desk import BOSS, LIN, SOURCES, VISIT, keep


@pytest.fixture
def time() -> ManualTime:
    return ManualTime("2026-03-02 09:00")


@pytest.fixture
def engine(address: str, time: ManualTime) -> Iterator[Engine]:
    with Engine.open(address, time=time, create=True) as made:
        made.publish(SOURCES, "visit", actor=ADMIN)
        yield made
        assert made.verify().problems == ()


def visits(engine: Engine) -> list[tuple[str, str, str]]:
    with engine._recipe.store.read() as tx:
        roots = sorted(tx.roots(), key=lambda root: int(root.partition("-")[2]))
    cases = [(root, engine.case(root)) for root in roots]
    return [(root, show_instant(one.opened_at, "Asia/Shanghai")[:10], engine.history(root)[0]["party"])
            for root, one in cases]  # fmt: skip


def test_a_schedule_opens_one_case_for_each_whom_it_names_as_the_register_stood_then(
    engine: Engine, time: ManualTime
) -> None:
    keep(engine, "C-2", name="Wu", **{"class": "vip"})
    keep(engine, "C-1", name="Li", **{"class": "vip"})
    keep(engine, "C-3", name="Zhao")
    time.move_to("2026-04-15 09:00")  # no worker has looked on the first
    keep(engine, "C-1", **{"class": "guest"})
    keep(engine, "C-2", is_active=False)
    keep(engine, "C-3", **{"class": "vip"})
    time.move_to("2026-05-02 09:00")
    engine.tick()
    assert visits(engine) == [("V-1", "2026-04-01", "C-1"), ("V-2", "2026-04-01", "C-2"), ("V-3", "2026-05-01", "C-3")]
    assert engine.case("V-2", actor=LIN).data["customer"] == "Wu"
    assert "Wu" not in str(engine.history("V-2"))


def test_one_worker_after_the_other_opens_each_case_once(engine: Engine, time: ManualTime) -> None:
    for number in range(230):
        keep(engine, f"C-{number:03}", name="x", **{"class": "vip"})
    time.move_to("2026-04-01 12:00")
    assert engine.run_once().advanced == 100  # a hundred in one transaction
    engine.run_once()
    assert engine.open_case("visit", {"customer": "y", "number": "z"}, actor=LIN).case.id == "V-231"
    engine.tick()
    with engine._recipe.store.read() as tx:
        named = [engine.history(root)[0].get("party") for root in tx.roots()]
    assert sorted(filter(None, named)) == [f"C-{number:03}" for number in range(230)]


def test_an_instant_at_which_nobody_is_named_opens_nothing(engine: Engine, time: ManualTime) -> None:
    time.move_to("2026-06-15 09:00")
    engine.tick()
    assert visits(engine) == []
    assert engine.schedules()[0].due > time.now()


def test_personal_values_are_seen_by_who_keeps_the_register(engine: Engine, time: ManualTime) -> None:
    keep(engine, "C-1", name="Wu")
    time.move(1000)
    keep(engine, "C-1", name="Wu Min")
    assert [one.private for one in engine.party("customer", "C-1", actor=LIN)] == [{"name": "Wu"}, {"name": "Wu Min"}]
    [seen] = engine.parties("customer", actor=BOSS)
    assert (seen.data, seen.private) == ({"class": "guest"}, {"name": "•••"})
    assert [(one.number, one.by) for one in engine.party("customer", "C-1", actor=BOSS)] == [(1, "lin"), (2, "lin")]


def test_what_will_not_do_is_said(engine: Engine) -> None:
    with pytest.raises(UsageError, match="`name` is missing"):
        keep(engine, "C-1")
    with pytest.raises(UsageError, match=r"`nam` is not a field of the register.*name"):
        keep(engine, "C-1", nam="Wu")
    with pytest.raises(UsageError, match="class"):
        keep(engine, "C-1", name="Wu", **{"class": "gold"})
    with pytest.raises(UsageError, match="cannot name one"):
        keep(engine, "C 1", name="Wu")
    with pytest.raises(NotPermitted, match="does not keep the register"):
        engine.save_party("customer", "C-1", {"name": "Wu"}, actor=BOSS)
    with pytest.raises(NotFound, match="keeps no register of `supplier`"):
        engine.parties("supplier", actor=LIN)
    with pytest.raises(NotFound, match="there is no customer `C-9`"):
        engine.party("customer", "C-9", actor=LIN)
    assert engine.parties("customer", actor=LIN) == []


def test_who_was_slower_is_told(engine: Engine) -> None:
    record = keep(engine, "C-1", name="Wu")
    with pytest.raises(Conflict), engine._recipe.store.write() as tx:
        tx.save_party(record)


def test_a_change_never_lies_before_what_was_opened_by_the_register(engine: Engine, time: ManualTime) -> None:
    time.move_to("2026-04-01 09:01")
    engine.tick()
    time.move_to("2026-04-01 08:00")  # the clock steps back
    keep(engine, "C-1", name="Wu", **{"class": "vip"})
    time.move_to("2026-04-02 09:00")
    engine.tick()
    assert visits(engine) == []


# -- the checker, and scenarios ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("party: customer", "party: suplier", "unknown-party"),
        ("party: customer", "party: supplier", "unknown-party"),
        ("party.class == 'vip'", "party.class == 'gold'", "wrong-choice"),
        ("party.class == 'vip'", "party.clas == 'vip'", "unknown-name"),
        ("party.class == 'vip'", "party.name == 'Wu'", "personal-read"),
        ("number: =party.id", "number: =party.name", "personal-read"),
        ("    for: {party: customer, if: \"party.class == 'vip'\"}\n", "", "unknown-name"),
    ],
)
def test_the_checker_knows_the_register(old: str, new: str, rule: str) -> None:
    loaded = load_process({**SOURCES, "processes/visit.yaml": VISIT.replace(old, new)}, "visit")
    assert {found.id for found in loaded.diagnostics if found.severity == "error"} == {rule}


SCENARIOS = """
process: visit
given:
  at: 2026-03-02 09:00
  as: agent:lin
  register: {customer: {C-1: {name: Wu, class: vip}, C-2: {name: Li}}}
scenarios:
  the VIP is visited:
    - {until: 2026-04-01 09:00, wait: 1s, schedule: monthly, expect: {case.customer: Wu, case.number: C-1}}
"""


def test_scenarios_bring_a_register() -> None:
    assert read_script(SCENARIOS, "visit.scenarios.yaml")[1] == []
    [outcome] = play_scenarios({**SOURCES, "processes/visit.scenarios.yaml": SCENARIOS}, "visit")
    assert outcome.failure is None
    [wrong] = play_scenarios(
        {**SOURCES, "processes/visit.scenarios.yaml": SCENARIOS.replace("class: vip", "class: gold")}, "visit"
    )
    assert wrong.failure is not None
    assert "`class` must be one of `guest`, `member`, `vip`, not `gold`" in wrong.failure.message
