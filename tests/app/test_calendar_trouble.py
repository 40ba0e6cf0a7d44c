"""A calendar that has no answer: the search ends soon, names it, and only the case it concerns stands still."""

from __future__ import annotations

from time import process_time

import pytest

from engine import Actor, Engine, Refusal, SetAside
from engine.calendars import Calendar, CalendarError
from engine.testing import ManualTime, engine_in_memory
from engine.timeline import DAY
from tests.app.desks import done, refused

LIN = Actor(id="lin", roles=("agent",))

SOURCES = {
    "processes/desk.yaml": """
desk: corner
languages: [en]
zone: Asia/Shanghai
currency: CNY
roles: {agent: {en: Agent}}
""",
    "processes/calendars/fair.yaml": """
calendar: fair
label: {en: The days of the fair}
weekly: {mon: []}
special: {"2026-03-02": ["09:00-17:00"], "2026-03-03": ["09:00-17:00"]}
""",
    "processes/messages/desk.yaml": 'late: {text: {en: "{case.id} is late"}}\n',
    "processes/stand.yaml": """
process: stand
version: 1
prefix: S
label: {en: Stand}
calendar: always
initial: asked
fields: {long: {type: yes_no, default: false, label: {en: Long}}}
opening: {by: [agent], form: {allow: [long]}}
clocks:
  built:
    label: {en: Built}
    calendar: fair
    goal: [{if: case.long, is: 20h}, {is: 6h}]
    met_by: [build]
    restarts_on: [resting]
    thresholds: [{at: goal, then: [{notify: agent, message: late}]}]
states:
  asked:
    label: {en: Asked}
    waiting_on: agent
    actions:
      build: {label: {en: Build}, by: [agent], to: built}
      more: {label: {en: Take more}, by: [agent], form: {require: [long]}, to: stay}
    timers: {rest: {after: 30h, to: resting}}
  resting:
    label: {en: Resting}
    waiting_on: agent
    actions:
      build: {label: {en: Build}, by: [agent], to: built}
  built: {label: {en: Built}, final: done}
""",
}


@pytest.fixture
def time() -> ManualTime:
    return ManualTime("2026-03-02 09:00")


def fair(time: ManualTime) -> Engine:
    return engine_in_memory(SOURCES, "stand", time=time)


SAID = "calendar `fair` has not so much open time within a hundred years of 2026-03-0"


def test_a_command_that_a_calendar_cannot_answer_is_refused_and_names_it(time: ManualTime) -> None:
    with fair(time) as engine:
        opened = engine.open_case("stand", {"long": True}, actor=LIN)
        assert isinstance(opened, Refusal)
        assert SAID in opened.reasons[0].words["en"]
        case = done(engine.open_case("stand", actor=LIN)).id
        more = engine.act(case, "more", {"long": True}, actor=LIN)
        assert refused(more) == ["error"]
        assert done(engine.act(case, "build", actor=LIN)).outcome == "done"
        assert engine.verify().problems == ()


def test_what_falls_due_where_a_calendar_has_no_answer_sets_that_case_aside_alone(time: ManualTime) -> None:
    with fair(time) as engine:
        case, other = (done(engine.open_case("stand", actor=LIN)).id for _ in range(2))
        done(engine.act(other, "build", actor=LIN))
        third = done(engine.open_case("stand", actor=LIN)).id
        time.move(DAY + 10 * 3_600_000)  # the fair is over, the timer has begun the promise anew
        with pytest.raises(SetAside, match=r"calendar `fair` has not so much open time within a hundred years"):
            engine.act(case, "build", actor=LIN)
        assert engine.tick().faults == 1  # the third
        assert {fault.root for fault in engine.faults()} == {case, third}
        assert all(SAID in fault.message for fault in engine.faults())
        assert engine.case(other, actor=LIN).outcome == "done"


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
def test_a_search_that_finds_nothing_ends_in_well_under_a_second(zone: str) -> None:
    lone = Calendar.read(
        {"calendar": "lone", "zone": zone, "weekly": {"mon": []}, "special": {"2026-03-02": ["09:00-17:00"]}}
    )
    questions = (
        lambda: lone.add(1_772_413_200_000, 9 * 3_600_000),
        lambda: lone.add(1_772_413_200_000, -9 * 3_600_000),
        lambda: lone.next_opening(1_772_413_200_000 + DAY),
        lambda: lone.add_days(1_772_413_200_000, 2, "business"),
        lambda: lone.end_of_business_day(1_772_413_200_000 + DAY),
    )
    start = process_time()
    for ask in questions:
        with pytest.raises(CalendarError, match="`lone`"):
            ask()
    assert process_time() - start < 5, "five searches, each of a second of the processor at most"
