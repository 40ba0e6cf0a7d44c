"""Cases that enter people in the register, and name whom it knows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine import Accepted, CaseView
from engine.app import Engine, Import, Imported
from engine.lang.load import load_process
from engine.testing import ADMIN, ManualTime
from engine.values import show_instant
from tests.app.register_desk import ENROL, JOB, LIN, SOURCES, keep


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


# -- fields that name one of the register -----------------------------------------------------------------------------


@pytest.fixture
def jobs(engine: Engine) -> Engine:
    """The desk with a process whose cases name customers, a VIP and two others on its register."""
    for process in ("job", "round"):
        engine.publish(SOURCES, process, actor=ADMIN)
    keep(engine, "C-1", name="Wu", **{"class": "vip"})
    keep(engine, "C-2", name="Li", **{"class": "member"})
    keep(engine, "C-3", name="Sun")
    return engine


def job(engine: Engine, member: str) -> CaseView | list[str]:
    answer = engine.open_case("job", {"member": member}, actor=LIN)
    return answer.case if isinstance(answer, Accepted) else [one.words["en"] for one in answer.reasons]


def goal_of(case: CaseView | list[str]) -> str | None:
    assert isinstance(case, CaseView)
    return case.clocks["answered"].goal


def test_what_a_register_says_of_whom_a_field_names_is_read_as_of_the_step(jobs: Engine, time: ManualTime) -> None:
    first = job(jobs, "C-1")
    assert [goal_of(first), goal_of(job(jobs, "C-2"))] == ["1h", "4h"]
    assert job(jobs, "C-3") == ["C-3 is a guest"]
    time.move(1000)
    keep(jobs, "C-1", **{"class": "member"})
    assert isinstance(first, CaseView)
    answer = jobs.act(first.id, "answer", {}, actor=LIN)  # who was named then was a VIP then
    assert isinstance(answer, Accepted)
    assert answer.case.position == ("thanked",)
    assert jobs.history(first.id)[0]["found"] == {'party {"id":"C-1","party":"customer"}': {"class": "vip"}}
    assert "Wu" not in str(jobs.history(first.id))


def test_who_is_named_anew_is_read_anew(jobs: Engine, time: ManualTime) -> None:
    case = job(jobs, "C-1")
    assert isinstance(case, CaseView)
    time.move(1000)
    keep(jobs, "C-1", **{"class": "member"})
    named = jobs.act(case.id, "name", {"member": "C-1"}, actor=LIN)
    assert isinstance(named, Accepted)
    assert goal_of(named.case) == "4h"


def test_who_is_not_on_the_register_cannot_be_named_and_the_near_one_is(jobs: Engine) -> None:
    assert job(jobs, "C-11") == ["`member`: `C-11` is not on the register of Customer (`C-1`?)"]
    keep(jobs, "C-2", is_active=False)
    assert job(jobs, "C-2") == ["`member`: `C-2` is not on the register of Customer"]
    keep(jobs, "C-12", name="Li")
    assert job(jobs, "C-11") == ["`member`: `C-11` is not on the register of Customer (`C-1` or `C-12`?)"]


def test_who_was_entered_by_the_step_can_be_named_in_it_and_in_what_it_opens(jobs: Engine) -> None:
    case = job(jobs, "C-1")
    assert isinstance(case, CaseView)
    entered = jobs.act(case.id, "enter", {"number": "C-7", "customer": "Zhao"}, actor=LIN)
    assert isinstance(entered, Accepted)
    child = jobs.case(entered.case.links["next"])
    assert (entered.case.data["member"], child.data["member"], goal_of(child)) == ("C-7", "C-7", "1h")


def test_the_calendar_names_for_whom_it_opens_however_late_a_worker_looks(jobs: Engine, time: ManualTime) -> None:
    time.move_to("2026-03-03 20:00")
    keep(jobs, "C-1", **{"class": "guest"})
    jobs.tick()
    opened = jobs.case("R-1")
    assert (opened.data["member"], goal_of(jobs.case(opened.links["job"]))) == ("C-1", "1h")


ROUND_OF_MONDAY = {"at": "2026-03-03 08:30", "case": "r", "schedule": "round.daily", "for": "C-1"}
ANSWER = {"at": "2026-03-03 10:00", "as": "agent:lin", "case": "r.job", "do": "answer"}


def bring(engine: Engine, *lines: dict[str, object]) -> Imported:
    return engine.import_lines(map(json.dumps, lines), Import(name="old"), actor=ADMIN)


@pytest.mark.parametrize("ticks", [(), ("2026-03-03 09:40", "2026-03-03 09:50"), ("2026-03-03 10:00",)])
def test_an_import_goes_on_with_what_the_calendar_opened(
    jobs: Engine, time: ManualTime, ticks: tuple[str, ...]
) -> None:
    time.move_to("2026-03-04 08:00")
    ticking = [{"at": at, "tick": True} for at in ticks]
    found = bring(jobs, ROUND_OF_MONDAY, *ticking, ANSWER)
    assert (found.done, found.errors, found.cases) == (1, (), {"r": "R-1"})
    told = [(one["verb"], one["name"], show_instant(one["at"], "Asia/Shanghai")) for one in jobs.history("R-1.1")]
    assert told == [
        ("open", "job", "2026-03-02 09:00"),
        ("breach", "answered", "2026-03-02 10:00"),
        ("do", "answer", "2026-03-03 10:00"),
    ]
    jobs.tick()
    with jobs._recipe.store.read() as tx:  # each was opened once, by the calendar
        assert sorted(root for root in tx.roots() if root.startswith("R-")) == ["R-1", "R-2"]


def test_what_the_calendar_opened_before_an_import_goes_on_by_itself(jobs: Engine, time: ManualTime) -> None:
    time.move_to("2026-03-03 08:00")
    jobs.tick()
    time.move_to("2026-03-04 08:00")
    found = bring(jobs, ROUND_OF_MONDAY)
    assert [one.message for one in found.errors] == [
        "`R-1` was opened by the calendar before this import, and goes on by itself"
    ]


def test_what_the_calendar_did_not_open_cannot_be_gone_on_with(jobs: Engine, time: ManualTime) -> None:
    time.move_to("2026-03-05 08:00")
    early = {**ROUND_OF_MONDAY, "at": "2026-03-02 09:00"}
    found = bring(jobs, early, {**ROUND_OF_MONDAY, "for": "C-2"}, ROUND_OF_MONDAY, ROUND_OF_MONDAY)
    assert [one.message for one in found.errors] == [
        "schedule `round.daily` has opened no case for `C-1` before this instant",
        "schedule `round.daily` has opened no case for `C-2` before this instant",
        "case `r` was opened by a line above",
    ]
    assert found.cases == {"r": "R-1"}


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("of: customer, label: {en: Member}", "of: custmer, label: {en: Member}", "unknown-party"),
        ("of: customer, label: {en: Member}", "of: customer, default: C-1, label: {en: Member}", "wrong-value"),
        ("of: customer, label: {en: Member}", "of: customer, personal: true, label: {en: Member}", "wrong-value"),
        ("form.member.class != 'guest'", "form.member.clas != 'guest'", "unknown-name"),
        ("form.member.class != 'guest'", "form.member.class != 'gold'", "wrong-choice"),
        ("form.member.class != 'guest'", "form.member.name != 'Wu'", "unknown-name"),
        ("form.member.class != 'guest'", "form.member != 'C-1'", "expression-type"),
        ("form: {require: [member]}\n  guards", "form: {allow: [member]}\n  guards", "maybe-unset"),
        ("member: =case.number, other", "member: =case.customer, other", "personal-read"),
        ("  begun: {label: {en: Begun}, waiting_on: agent}", "  begun: {label: {en: Begun}, waiting_on: agent, timers: "
         "{t: {after: 1h, then: [{set: {other: =case.member}}], to: thanked}}}", "looks-elsewhere-by-time"),
        ("  begun: {label: {en: Begun}, waiting_on: agent}", "  begun: {label: {en: Begun}, waiting_on: agent, timers: "
         "{t: {after: 1h, then: [{open: job, as: next, with: {member: =case.member}}], to: thanked}}}",
         "looks-elsewhere-by-time"),
    ],
)  # fmt: skip
def test_the_checker_knows_whom_a_field_names(old: str, new: str, rule: str) -> None:
    loaded = load_process({**SOURCES, "processes/job.yaml": JOB.replace(old, new)}, "job")
    assert rule in {found.id for found in loaded.diagnostics if found.severity == "error"}
    assert not [one for one in load_process(SOURCES, "job").diagnostics if one.severity == "error"]
