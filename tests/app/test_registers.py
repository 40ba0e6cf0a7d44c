"""The desk's register of outside people, and schedules that go through it as it stood at their instants."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine import Accepted, Actor
from engine.app import Engine, Import
from engine.errors import Conflict, NotFound, NotPermitted, UsageError
from engine.lang.load import load_process
from engine.ports import PartyRecord
from engine.scenarios import read_script
from engine.testing import ADMIN, ManualTime, play_scenarios
from engine.values import show_instant

LIN = Actor(id="lin", roles=("agent",))
BOSS = Actor(id="boss", roles=("boss",))
DESK = """
desk: corner
languages: [en]
zone: Asia/Shanghai
currency: EUR
roles: {agent: {en: Agent}, boss: {en: Boss}}
parties:
  customer:
    label: {en: Customer}
    register:
      by: [agent]
      fields:
        class: {type: choice, default: guest, label: {en: Class}, choices: {guest: {en: Guest}, vip: {en: VIP}}}
        name: {type: text, personal: true, label: {en: Name}}
  supplier: {label: {en: Supplier}}
"""
VISIT = """
process: visit
version: 1
prefix: V
label: {en: Visit}
calendar: always
initial: planned
fields:
  customer: {type: text, personal: true, label: {en: Customer}}
  number: {type: text, label: {en: Number}}
opening: {by: [agent], form: {require: [customer, number]}}
schedule:
  monthly:
    every: month on 1 at 09:00
    for: {party: customer, if: "party.class == 'vip'"}
    with: {customer: =party.name, number: =party.id}
states:
  planned: {label: {en: Planned}, waiting_on: agent, actions: {made: {label: {en: Made}, by: [agent], to: over}}}
  over: {label: {en: Over}, final: done}
"""
ENROL = """
process: enrol
version: 1
prefix: E
label: {en: Membership}
calendar: always
initial: applied
fields:
  customer: {type: text, personal: true, label: {en: Customer}}
  number: {type: text, label: {en: Number}}
  class: {type: choice, label: {en: Class}, choices: {guest: {en: Guest}, vip: {en: VIP}}}
opening: {by: [agent], form: {require: [customer]}}
states:
  applied:
    label: {en: Applied}
    waiting_on: agent
    actions:
      enter:
        label: {en: Enter}
        by: [agent]
        form: {require: [number]}
        then: [{register: customer, id: =case.number, new: true, with: {class: vip, name: =case.customer}}]
        to: stay
      change:
        label: {en: Change}
        by: [agent]
        form: {require: [number, class]}
        then: [{register: customer, id: =case.number, with: {class: =case.class}}]
        to: stay
      leave: {label: {en: Leave}, by: [agent], to: over}
  over: {label: {en: Over}, final: done}
"""
SOURCES = {"processes/desk.yaml": DESK, "processes/visit.yaml": VISIT, "processes/enrol.yaml": ENROL}


@pytest.fixture
def time() -> ManualTime:
    return ManualTime("2026-03-02 09:00")


@pytest.fixture
def engine(address: str, time: ManualTime) -> Iterator[Engine]:
    with Engine.open(address, time=time, create=True) as made:
        for process in ("visit", "enrol"):
            made.publish(SOURCES, process, actor=ADMIN)
        yield made
        assert made.verify().problems == ()


def keep(engine: Engine, who: str, /, *, is_active: bool = True, **values: str) -> PartyRecord:
    return engine.save_party("customer", who, values, actor=LIN, is_active=is_active)


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


# -- entered by a step -------------------------------------------------------------------------------------------------


def apply(engine: Engine) -> str:
    opened = engine.open_case("enrol", {"customer": "Wu Min"}, actor=LIN).case
    assert opened is not None
    return opened.id


def enter(engine: Engine, case: str, number: str) -> list[str]:
    """Why the case could not enter its customer under this number; nothing if it did."""
    answer = engine.act(case, "enter", {"number": number}, actor=LIN)
    return [] if isinstance(answer, Accepted) else [f"{one.rule}: {one.words['en']}" for one in answer.reasons]


def test_a_step_enters_whom_its_case_is_about_with_its_instant_and_who_acted(engine: Engine, time: ManualTime) -> None:
    case = apply(engine)
    time.move(1000)
    assert enter(engine, case, "C-1") == []
    [kept] = engine.party("customer", "C-1", actor=LIN)
    assert (kept.data, kept.private, kept.at, kept.by) == ({"class": "vip"}, {"name": "Wu Min"}, time.now(), "lin")
    record = engine.history(case)[-1]
    assert record["registered"] == [{"party": "customer", "id": "C-1", "set": {"class": "vip"}, "personal": ["name"]}]
    assert "Wu" not in str(record)


def test_a_number_that_is_taken_is_refused_and_nobody_is_changed(engine: Engine) -> None:
    keep(engine, "C-1", name="Li")
    [refused] = enter(engine, apply(engine), "C-1")
    assert refused.startswith("register: `C-1` is on the register of `customer` already")
    assert [one.private for one in engine.party("customer", "C-1", actor=LIN)] == [{"name": "Li"}]


def test_what_a_step_does_not_give_stays_and_who_is_not_on_the_register_must_be_given_whole(engine: Engine) -> None:
    keep(engine, "C-1", name="Li")
    case = apply(engine)
    engine.act(case, "change", {"number": "C-1", "class": "vip"}, actor=LIN)
    *_, kept = engine.party("customer", "C-1", actor=LIN)
    assert (kept.number, kept.data, kept.private) == (2, {"class": "vip"}, {"name": "Li"})
    answer = engine.act(case, "change", {"number": "C-2", "class": "vip"}, actor=LIN)
    assert not isinstance(answer, Accepted)
    assert [one.words["en"] for one in answer.reasons] == [
        "`C-2` is not on the register of `customer`, and `name` is missing to enter it"
    ]


def test_a_number_with_blanks_cannot_name_anybody(engine: Engine) -> None:
    [refused] = enter(engine, apply(engine), "C 1")
    assert "cannot name one of the register" in refused


def test_of_two_who_take_one_number_at_once_one_is_refused(engine: Engine) -> None:
    first, second = apply(engine), apply(engine)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda case: enter(engine, case, "C-1"), (first, second)))
    assert sorted(map(len, answers)) == [0, 1]
    assert len(engine.party("customer", "C-1", actor=LIN)) == 1


def test_who_was_entered_is_visited_from_then_on(engine: Engine, time: ManualTime) -> None:
    case = apply(engine)
    time.move_to("2026-04-01 09:00:00.001")  # the visits of this month are due, and no worker has looked
    assert enter(engine, case, "C-1") == []
    time.move_to("2026-05-02 09:00")
    engine.tick()
    with engine._recipe.store.read() as tx:
        opened = [engine.history(root)[0] for root in tx.roots() if root.startswith("V-")]
    assert [(record["party"], show_instant(record["at"], "Asia/Shanghai")[:10]) for record in opened] == [
        ("C-1", "2026-05-01")
    ]


def test_an_import_enters_whom_its_cases_entered(engine: Engine, time: ManualTime) -> None:
    time.move_to("2026-03-20 09:00")
    lines = [
        {"at": "2026-03-05 10:00", "as": "agent:lin", "case": "a", "open": "enrol", "form": {"customer": "Wu Min"}},
        {"at": "2026-03-06 10:00", "as": "agent:lin", "case": "a", "do": "enter", "form": {"number": "C-1"}},
    ]
    assert engine.import_lines(map(json.dumps, lines), Import(name="old"), actor=ADMIN).errors == ()
    [kept] = engine.party("customer", "C-1", actor=LIN)
    assert show_instant(kept.at, "Asia/Shanghai") == "2026-03-06 10:00"


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("register: customer, id: =case.number, new", "register: custmer, id: =case.number, new", "unknown-party"),
        ("register: customer, id: =case.number, new", "register: supplier, id: =case.number, new", "unknown-party"),
        ("{class: vip, name: =case.customer}", "{clas: vip, name: =case.customer}", "unknown-field"),
        ("{class: vip, name: =case.customer}", "{class: gold, name: =case.customer}", "wrong-value"),
        ("{class: vip, name: =case.customer}", "{class: vip}", "missing-field"),
        ("{class: =case.class}", "{class: =case.number}", "wrong-type"),
        ("id: =case.number, new", "id: =case.customer, new", "personal-read"),
        ("then: [{register: customer, id: =case.number, w", "then: [{set: {number: =case.customer}}, {register: "
         "customer, id: =case.number, w", "personal-read"),
        ("    waiting_on: agent", "    waiting_on: agent\n    timers: {t: {after: 1h, then: [{register: customer, id: "
         "a, with: {name: x}}], to: over}}", "looks-elsewhere-by-time"),
    ],
)  # fmt: skip
def test_the_checker_knows_who_can_be_entered(old: str, new: str, rule: str) -> None:
    loaded = load_process({**SOURCES, "processes/enrol.yaml": ENROL.replace(old, new)}, "enrol")
    assert {found.id for found in loaded.diagnostics if found.severity == "error"} == {rule}


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
    assert "`class` must be one of `guest`, `vip`, not `gold`" in wrong.failure.message
