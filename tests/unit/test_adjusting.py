"""An interruption leaves time out of a promise as a pause would have, to the millisecond, and not a record is moved."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.promises.adjusting import Course, Result, adjusted, courses_of, measure, overlaps
from engine.core.promises.ledger import stood_of
from engine.timeline import Interval
from tests.unit.worlds import HOUR, MINUTE, NINE, Play, library

Begin = Callable[..., Play]

PROCESS = """
initial: open
opening: {by: [agent]}
actions:
  mark: {by: [agent], form: {require: [visit_at]}, to: stay}
  cut: {by: [agent], then: [{set: {severe: true}}], to: stay}
  restored: {by: [agent], then: [{set: {severe: false}}], to: stay}
states:
  open:
    waiting_on: agent
    actions: {wait: {by: [agent], to: waiting}, close: {by: [agent], to: closed}, restart: {by: [agent], to: stay}}
  waiting: {waiting_on: customer, actions: {go_on: {by: [agent], to: open}}}
  closed: {final: done, actions: {reopen: {by: [agent], to: open}}}
clocks:
  c: {CLOCK}
"""


def courses(p: Play) -> tuple[Course, ...]:
    plan, one = p.world.library.plan("thing", 1), p.one()
    history = [stood_of(plan, step) for step in p.world.steps if step.case.id == one.id]
    return courses_of(plan, "c", history, p.now)


def told(p: Play, *windows: Interval) -> list[Result]:
    plan = p.world.library.plan("thing", 1)
    by = measure(plan.calendar(plan.definition.clocks["c"].calendar), windows)
    return [adjusted(course, by, p.now) for course in courses(p)]


def window(start: int, end: int) -> Interval:
    """A window in minutes since nine."""
    return NINE + start * MINUTE, NINE + end * MINUTE


def begun(play: Begin, clock: str, at: str = "2026-03-02 09:00") -> Play:
    p = play(PROCESS.replace("CLOCK", clock), at=at)
    p.open()
    return p


def test_a_promise_missed_for_want_of_power_would_have_been_kept(play: Begin) -> None:
    p = begun(play, "goal: 30m, met_by: [close]")
    p.wait("40m")
    p.do("close")
    assert told(p) == [Result("breached", 40 * MINUTE, NINE + 30 * MINUTE, NINE + 30 * MINUTE)]
    assert told(p, window(10, 25)) == [Result("met", 25 * MINUTE, None, None)]
    assert p.status() == "breached"


@pytest.mark.parametrize(
    ("cut", "used", "status"),
    [
        ((0, 10), 30, "met"),  # at its very due instant it is kept
        ((0, 9), 31, "breached"),
        ((40, 90), 40, "breached"),  # after it was over
        ((30, 40), 30, "met"),  # begins at its due instant: who pauses then comes first
        ((31, 40), 31, "breached"),  # it was missed before the power failed
        ((-60, 10), 30, "met"),  # power failed before it began
    ],
)
def test_only_what_lies_in_the_window_is_left_out(play: Begin, cut: Interval, used: int, status: str) -> None:
    p = begun(play, "goal: 30m, met_by: [close]")
    p.wait("40m")
    p.do("close")
    (result,) = told(p, window(*cut))
    assert (result.status, result.used) == (status, used * MINUTE)


def test_windows_are_a_union_with_each_other_and_with_pauses(play: Begin) -> None:
    p = begun(play, "goal: 1h, pauses_in: [waiting], met_by: [close]")
    p.wait("10m")
    p.do("wait")
    p.wait("20m")
    p.do("go_on")
    p.wait("10m")
    p.do("close")
    assert [result.used for result in told(p)] == [20 * MINUTE]
    assert [result.used for result in told(p, window(5, 15))] == [15 * MINUTE]
    assert [result.used for result in told(p, window(5, 15), window(5, 35), window(8, 12))] == [10 * MINUTE]


def test_only_open_time_is_left_out(play: Begin) -> None:
    p = begun(play, "goal: 4h, calendar: office, met_by: [close]", at="2026-03-02 16:00")
    p.until("2026-03-03 13:00")
    p.do("close")
    night = (NINE + 7 * HOUR + 30 * MINUTE, NINE + 25 * HOUR)  # 16:30 to 10:00
    assert [(one.status, one.used) for one in told(p)] == [("breached", 5 * HOUR)]
    assert [(one.status, one.used) for one in told(p, night)] == [("met", 3 * HOUR + 30 * MINUTE)]
    asleep = (NINE + 8 * HOUR, NINE + 24 * HOUR)
    assert told(p, asleep) == told(p)
    assert not overlaps(courses(p)[0], asleep, p.world.library.plan("thing", 1).calendar("office"), p.now)


def test_an_agreed_instant_is_not_moved_by_an_interruption(play: Begin) -> None:
    # D7: pauses are recorded, but neither move nor silence it.
    p = begun(play, "goal: case.visit_at, starts: [mark], met_by: [close]")
    p.do("mark", visit_at="2026-03-02T09:30:00+08:00")
    p.wait("40m")
    p.do("close")
    assert [(one.status, one.breached_at) for one in told(p, window(0, 39))] == [("breached", NINE + 30 * MINUTE)]


def test_a_clock_under_way_shows_when_it_would_be_due(play: Begin) -> None:
    p = begun(play, "goal: 1h, met_by: [close]")
    p.wait("20m")
    assert [one.due_at for one in told(p)] == [NINE + 60 * MINUTE]
    assert [one.due_at for one in told(p, window(5, 15))] == [NINE + 70 * MINUTE]
    assert [one.due_at for one in told(p, window(10, 40))] == [NINE + 90 * MINUTE]  # the power is still off
    assert [one.due_at for one in told(p, window(30, 60))] == [NINE + 90 * MINUTE]  # it will be cut
    assert [one.due_at for one in told(p, window(60, 90))] == [NINE + 90 * MINUTE]  # the pause at its due comes first
    assert [one.due_at for one in told(p, window(61, 90))] == [NINE + 60 * MINUTE]


def test_a_cycle_that_ended_missed_says_how_it_would_have_ended(play: Begin) -> None:
    p = begun(play, "goal: 10m, repeats: true, met_by: [mark], restarts_on: [restart]")
    p.wait("20m")
    p.do("mark", visit_at="2026-03-02T09:30:00+08:00")  # met, late, and begun again
    p.wait("20m")
    p.do("restart")
    p.wait("5m")
    p.do("close")  # not needed any more
    assert [one.status for one in told(p)] == ["breached", "breached", "not_needed"]
    assert [one.status for one in told(p, window(0, 40))] == ["met", "cancelled", "not_needed"]


# `count_through` is left out: a closed case cannot be paused, though an interruption of that time does not count.
CLOCKS = (
    "goal: 30m, met_by: [close], on_reopen: resume",
    "goal: 25m, calendar: office, repeats: true, met_by: [wait], restarts_on: [restart], on_reopen: restart",
    "goal: 2h, calendar: office, repeats: true, met_by: [close], cancelled_by: [restart], on_reopen: resume",
)
FLIPS = (
    "cut: {by: [agent], then: [{set: {severe: true}}], to: stay}, "
    "restored: {by: [agent], then: [{set: {severe: false}}], to: stay}, "
)
SWITCHED = PROCESS.replace("final: done, actions: {", "final: done, actions: {" + FLIPS)
PAUSES = "pauses_in: [waiting], pauses_when: has(case.severe) && case.severe"
LIBRARIES = [library({"thing": SWITCHED.replace("CLOCK", f"{clock}, {PAUSES}")}) for clock in CLOCKS]
NEXT = {"open": ("wait", "close", "restart"), "waiting": ("go_on",), "closed": ("reopen",)}
LEADS = {"wait": "waiting", "go_on": "open", "close": "closed", "reopen": "open"}
LENGTHS = (MINUTE, 7 * MINUTE, 20 * MINUTE, 3 * HOUR + 1, 17 * HOUR)


def life(dice: random.Random, start: int) -> list[tuple[int, str]]:
    """A random life of a case: what is done to it, and when."""
    at, state, done = start, "open", []
    for _ in range(dice.randint(1, 8)):
        at += dice.choice(LENGTHS)
        name = dice.choice(NEXT[state])
        state = LEADS.get(name, state)
        done.append((at, name))
    return done


def lived(number: int, happenings: list[tuple[int, str]], until: int) -> Play:
    p = Play(LIBRARIES[number], at="2026-03-02 15:00")
    p.open()
    for when, name in happenings:
        p.world.wait_until(when)
        p.do(name)
    p.world.wait_until(until)
    p.prove()
    return p


@given(
    number=st.sampled_from(range(len(LIBRARIES))),
    seed=st.integers(0, 10**6),
    cuts=st.lists(st.integers(1, 40 * HOUR), min_size=2, max_size=6, unique=True).map(sorted),
)
@settings(max_examples=150, deadline=None)
def test_a_declared_window_leaves_out_what_a_real_pause_would_have(number: int, seed: int, cuts: list[int]) -> None:
    start = NINE + 6 * HOUR
    plain = life(random.Random(seed), start)
    cuts = [start + cut for cut in cuts[: len(cuts) // 2 * 2]]
    windows = list(zip(cuts[::2], cuts[1::2], strict=True))
    until = max(plain[-1][0], cuts[-1]) + 5 * HOUR
    recorded = lived(number, plain, until)
    switches = [(at, name) for pair in windows for at, name in zip(pair, ("cut", "restored"), strict=True)]
    paused = lived(number, sorted([*plain, *switches], key=lambda one: one[0]), until)
    assert told(recorded, *windows) == told(paused)
    assert told(recorded, *windows, *windows[:1]) == told(paused)  # declared twice, left out once
