"""A correction gives what a calendar or goal written right would have given, to the millisecond; no record moves."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.calendars import Calendar
from engine.core.promises.adjusting import Result, adjusted, measure
from engine.core.promises.correcting import Righted, Terms, on_terms
from engine.lang.build.times import read_moment
from tests.unit.test_adjusting import LEADS, NEXT, PROCESS, begun, courses
from tests.unit.worlds import HOUR, MINUTE, NINE, Play, library

Begin = Callable[..., Play]

DAY = 24 * HOUR
WEEKDAYS = ((540, 1020),)
OFFICE = Calendar(name="office", zone="Asia/Shanghai", weekly=(WEEKDAYS,) * 5 + ((), ()))
NO_TUESDAY = Calendar(name="office", zone="Asia/Shanghai", weekly=OFFICE.weekly, holidays=frozenset({date(2026, 3, 3)}))
LONGER = Calendar(name="office", zone="Asia/Shanghai", weekly=(((480, 720), (780, 1140)),) * 6 + ((),))


def goal(text: str, was: str | None = None) -> Terms:
    moments = [read_moment(one, "goal", {}) if one else None for one in (text, was)]
    assert moments[0] is not None
    return Terms(goals=(Righted(moments[0], moments[1]),))


def told(p: Play, terms: Terms | None = None) -> list[Result]:
    terms = terms or Terms()
    plan = p.world.library.plan("thing", 1)
    by = measure(terms.calendar or recorded(p))
    return [adjusted(on_terms(plan, course, terms), by, p.now) for course in courses(p)]


def recorded(p: Play) -> Calendar:
    plan = p.world.library.plan("thing", 1)
    return plan.calendar(plan.definition.clocks["c"].calendar)


def test_a_goal_that_should_have_been_longer_was_kept(play: Begin) -> None:
    p = begun(play, "goal: 15m, met_by: [close]")
    p.wait("40m")
    p.do("close")
    assert told(p) == [Result("breached", 40 * MINUTE, NINE + 15 * MINUTE, NINE + 15 * MINUTE)]
    assert told(p, goal("40m")) == [Result("met", 40 * MINUTE, None, None)]  # at its very due instant it is kept
    assert told(p, goal("39m59s")) == [
        Result("breached", 40 * MINUTE, NINE + 39 * MINUTE + 59_000, NINE + 39 * MINUTE + 59_000)
    ]
    assert p.status() == "breached"


def test_a_goal_that_should_have_been_shorter_was_missed(play: Begin) -> None:
    p = begun(play, "goal: 1h, met_by: [close]")
    p.wait("40m")
    p.do("close")
    assert [(one.status, one.breached_at) for one in told(p, goal("30m"))] == [("breached", NINE + 30 * MINUTE)]


def test_a_holiday_that_was_forgotten_does_not_count(play: Begin) -> None:
    p = begun(play, "goal: 10h, calendar: office, met_by: [close]")
    p.until("2026-03-04 10:00")
    p.do("close")
    assert [(one.status, one.used) for one in told(p)] == [("breached", 17 * HOUR)]
    assert [(one.status, one.used) for one in told(p, Terms(calendar=NO_TUESDAY))] == [("met", 9 * HOUR)]


def test_working_days_are_counted_anew_from_the_same_start(play: Begin) -> None:
    p = begun(play, "goal: 1 business_days, calendar: office, met_by: [close]")
    p.until("2026-03-03 12:00")
    assert [(one.status, one.due_at) for one in told(p)] == [("breached", NINE + DAY)]
    assert [(one.status, one.due_at) for one in told(p, Terms(calendar=NO_TUESDAY))] == [("running", NINE + 2 * DAY)]


def test_an_agreed_instant_stays_and_what_is_counted_from_it_moves(play: Begin) -> None:
    p = begun(play, "goal: case.visit_at + 1 business_days, calendar: office, starts: [mark], met_by: [close]")
    p.do("mark", visit_at="2026-03-02T10:00:00+08:00")
    p.wait("1h")
    assert [one.due_at for one in told(p)] == [NINE + DAY + HOUR]
    assert [one.due_at for one in told(p, Terms(calendar=NO_TUESDAY))] == [NINE + 2 * DAY + HOUR]


def test_only_the_goal_that_was_wrong_is_put_right(play: Begin) -> None:
    p = begun(play, "goal: [{if: has(case.severe) && case.severe, is: 10m}, {is: 30m}], met_by: [close]")
    p.wait("20m")
    p.do("cut")  # severe from now on: overdue at once
    p.wait("20m")
    assert [(one.status, one.breached_at) for one in told(p)] == [("breached", NINE + 20 * MINUTE)]
    assert [one.breached_at for one in told(p, goal("35m", was="10m"))] == [NINE + 35 * MINUTE]
    assert [one.breached_at for one in told(p, goal("15m", was="30m"))] == [NINE + 15 * MINUTE]
    assert told(p, goal("5m", was="11m")) == told(p)


def test_of_two_points_that_gave_one_instant_the_one_that_held_is_worked_out_anew(play: Begin) -> None:
    # Both branches gave the end of Monday's shift: 17:00 by the clock, and the calendar's own.
    clock = "goal: [{if: '!has(case.severe)', is: 'by 17:00'}, {is: end_of_business_day}], calendar: office"
    p = begun(play, f"{clock}, met_by: [close]")
    p.wait("1h")
    assert [one.due_at for one in told(p, Terms(calendar=LONGER))] == [NINE + 8 * HOUR]
    p.do("cut")
    p.wait("1h")
    assert [one.due_at for one in told(p)] == [NINE + 8 * HOUR]
    assert [one.due_at for one in told(p, Terms(calendar=LONGER))] == [NINE + 10 * HOUR]


def test_the_later_word_counts_and_what_it_does_not_say_stays() -> None:
    first = Terms(calendar=OFFICE, goals=goal("1h").goals)
    both = goal("2h").over(first)
    assert both.calendar == OFFICE
    assert [one.goal.text for one in both.goals] == ["1h", "2h"]
    assert Terms(calendar=LONGER).over(first).calendar == LONGER


WRITTEN = (
    ("goal: 30m", "goal: 3h"),
    ("goal: 5h, calendar: office", "goal: 90m, calendar: office"),
    ("goal: 4h, calendar: office", "goal: 4h, calendar: longer"),
    ("goal: 2 business_days, calendar: office", "goal: 2 business_days, calendar: no_tuesday"),
    ("goal: end_of_business_day, calendar: office", "goal: 7h, calendar: longer"),
    ("goal: 6h, calendar: longer", "goal: 'end_of_business_day + 1h', calendar: office"),
)
CALENDARS = {"office": OFFICE, "longer": LONGER, "no_tuesday": NO_TUESDAY}
TEXTS = {
    "longer": 'calendar: longer\nlabel: {en: Longer}\nweekly: {mon-sat: ["08:00-12:00", "13:00-19:00"]}\n',
    "no_tuesday": (
        "calendar: no_tuesday\nlabel: {en: Without Tuesday}\n"
        'weekly: {mon-fri: ["09:00-17:00"]}\nholidays: ["2026-03-03"]\n'
    ),
}
REST = "repeats: true, met_by: [close], cancelled_by: [restart], pauses_in: [waiting], on_reopen: resume"
PAIRS = [
    [library({"thing": PROCESS.replace("CLOCK", f"{one}, {REST}")}, calendars=TEXTS) for one in pair]
    for pair in WRITTEN
]
LENGTHS = (MINUTE, 31 * MINUTE, 3 * HOUR + 1, 17 * HOUR, 40 * HOUR)


def lived(number: int, side: int, seed: int) -> Play:
    """The same random life by what was written, or by what should have been."""
    dice, state = random.Random(seed), "open"
    p = Play(PAIRS[number][side], at="2026-03-02 15:00")
    p.open()
    for _ in range(dice.randint(1, 7)):
        p.wait(f"{dice.choice(LENGTHS) // 1000}s")
        name = dice.choice(NEXT[state])
        state = LEADS.get(name, state)
        p.do(name)
    p.wait("3h")
    p.prove()
    return p


@pytest.mark.parametrize("number", range(len(WRITTEN)))
@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_a_corrected_result_is_what_the_same_life_would_have_given(number: int, seed: int) -> None:
    wrong, right = lived(number, 0, seed), lived(number, 1, seed)
    clock = right.world.library.plan("thing", 1).definition.clocks["c"]
    terms = Terms(calendar=recorded(right), goals=(Righted(clock.goal[0].value),))
    assert told(wrong, terms) == told(right)
    assert told(wrong, Terms(calendar=recorded(wrong))) == told(wrong)  # put right as it was, nothing changes
