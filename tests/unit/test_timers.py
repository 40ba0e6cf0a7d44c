"""The timers of states: armed on entering, ended on leaving, each occurrence at its own instant."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.core.run import Poisoned
from tests.unit.worlds import HOUR, MINUTE, NINE, Play

Begin = Callable[..., Play]

PROCESS = """
initial: open
opening: {by: [agent], form: {allow: [visit_at]}}
actions: {move: {by: [agent], form: {allow: [visit_at, severe]}, to: stay}}
states:
  open:
    waiting_on: agent
    actions: {leave: {by: [agent], to: away}, again: {by: [agent], to: open}, close: {by: [agent], to: closed}}
    timers: {t: {TIMER}}
  away:
    actions: {back: {by: [agent], to: previous}, enter: {by: [agent], to: open}, close: {by: [agent], to: closed}}
  closed: {final: done, actions: {reopen: {by: [agent], to: previous}}}
"""

REMIND = "then: [{notify: boss, message: told}]"


def timed(play: Begin, timer: str, at: str = "2026-03-02 09:00", **form: str) -> Play:
    p = play(PROCESS.replace("TIMER", timer), at=at)
    p.open(**form)
    return p


def occurrences(p: Play) -> list[int]:
    """After how many minutes since nine."""
    return [(record["at"] - NINE) // MINUTE for record in p.records(verb="timer")]


# -- after, at, every --------------------------------------------------------------------------------------------------


def test_after_fires_once_when_the_state_has_lasted(play: Begin) -> None:
    p = timed(play, "after: 30m, to: away")
    p.wait("30m")
    assert p.state == "open"  # exactly then a command comes before it
    p.wait("1s")
    assert p.state == "away"
    assert occurrences(p) == [30]


@pytest.mark.parametrize(
    ("timer", "fires"),
    [
        ("after: 2h, calendar: office", "2026-03-03 10:00"),
        ("after: 2 business_days, calendar: office", "2026-03-04 16:00"),
        ("after: 2 calendar_days", "2026-03-04 16:00"),
        ("at: end_of_day", "2026-03-03 00:00"),
        ("at: end_of_business_day, calendar: office", "2026-03-02 17:00"),
        ("at: end_of_month", "2026-04-01 00:00"),
        ("at: 'by 15:00'", "2026-03-03 15:00"),
        ("at: end_of_day - 9h", "2026-03-02 16:00"),  # an instant before it was armed: at once
    ],
)
def test_every_point_may_be_an_instant_of_a_timer(play: Begin, timer: str, fires: str) -> None:
    p = timed(play, f"{timer}, to: away", at="2026-03-02 16:00")
    p.until(fires)
    assert p.state == "open"
    p.wait("1s")
    assert p.state == "away"


@pytest.mark.parametrize(
    ("every", "at"),
    [
        ("every: 20m, max: 3", [20, 40, 60]),
        ("every: 20m, after: 5m, max: 3", [5, 25, 45]),
        ("every: day at 10:00, max: 2", [60, 60 + 1440]),
        ("every: day at 09:00, max: 1", [1440]),  # the one it begins at is over
        ("every: week on wed at 09:00, max: 2", [2 * 1440, 9 * 1440]),
        ("every: month on 31 at 09:00, max: 3", [29 * 1440, 59 * 1440, 90 * 1440]),  # 31 March, 30 April, 31 May
    ],
)
def test_every_keeps_its_rhythm_and_max_counts_the_first_too(play: Begin, every: str, at: list[int]) -> None:
    p = timed(play, f"{every}, then: []")
    p.wait("2400h")
    assert occurrences(p) == at


def test_each_occurrence_is_a_record_with_its_number(play: Begin) -> None:
    p = timed(play, f"every: 20m, max: 3, {REMIND}")
    p.wait("5h")
    assert [record["count"] for record in p.records(verb="timer")] == [1, 2, 3]
    assert len(p.sent()) == 3


def test_at_follows_its_field(play: Begin) -> None:
    p = timed(play, "at: case.visit_at - 30m, to: away")
    assert p.one().next_due is None  # unset: no timer
    p.do("move", visit_at="2026-03-02 12:00")
    assert p.one().next_due == NINE + 150 * MINUTE
    p.do("move", visit_at="2026-03-02 13:00")
    assert p.one().next_due == NINE + 210 * MINUTE
    p.do("move", visit_at=None)
    assert p.one().next_due is None
    p.wait("1h")
    p.do("move", visit_at="2026-03-02 09:15")  # past: at once
    p.wait("1s")
    assert occurrences(p) == [60]


def test_at_fires_once_for_each_instant_its_field_names(play: Begin) -> None:
    p = timed(play, "at: case.visit_at, then: []", visit_at="2026-03-02 10:00")
    p.wait("2h")
    p.do("move", severe=True)
    p.wait("1h")
    assert occurrences(p) == [60]
    p.do("move", visit_at="2026-03-02 13:00")
    p.wait("2h")
    assert occurrences(p) == [60, 240]


def test_an_if_that_does_not_hold_is_recorded_as_not_applicable_and_is_over(play: Begin) -> None:
    p = timed(play, f"after: 1h, if: has(case.severe) && case.severe, to: away, {REMIND}")
    p.wait("61m")
    p.do("move", severe=True)
    p.wait("5h")
    assert p.state == "open"
    assert [record.get("not_applicable") for record in p.records(verb="timer")] == [True]
    assert p.sent() == []


def test_of_a_rhythm_only_the_occurrence_is_over(play: Begin) -> None:
    p = timed(play, f"every: 1h, max: 2, if: has(case.severe) && case.severe, {REMIND}")
    p.wait("61m")
    p.do("move", severe=True)
    p.wait("5h")
    assert [record.get("not_applicable") for record in p.records(verb="timer")] == [True, None]
    assert p.sent() == [("told", "boss")]


def test_a_timer_none_of_whose_branches_holds_does_nothing(play: Begin) -> None:
    p = timed(play, f"after: 1h, to: [{{if: has(case.severe), is: away}}], {REMIND}")
    p.wait("2h")
    assert p.state == "open"
    assert p.records(verb="timer")[0]["not_applicable"] is True
    assert p.sent() == []


# -- leaving, entering, returning --------------------------------------------------------------------------------------


def test_a_timer_ends_when_its_state_is_left(play: Begin) -> None:
    p = timed(play, "after: 30m, then: []")
    p.wait("10m")
    p.do("leave")
    p.wait("2h")
    assert occurrences(p) == []


@pytest.mark.parametrize("way", ["again", "leave enter"])
def test_entering_anew_starts_it_anew(play: Begin, way: str) -> None:
    p = timed(play, "every: 30m, max: 2, then: []")
    p.wait("40m")
    for action in way.split():
        p.do(action)
    p.wait("5h")
    assert occurrences(p) == [30, 70, 100]


def test_returning_continues_after_with_the_time_that_was_left(play: Begin) -> None:
    p = timed(play, "after: 30m, then: []")
    p.wait("10m")
    p.do("leave")
    p.wait("5h")
    p.do("back")
    p.wait("2h")
    assert occurrences(p) == [330]


def test_returning_continues_every_with_the_time_and_occurrences_that_were_left(play: Begin) -> None:
    p = timed(play, "every: 30m, max: 3, then: []")
    p.wait("40m")
    p.do("leave")
    p.wait("1h")
    p.do("back")
    p.wait("5h")
    assert occurrences(p) == [30, 120, 150]


def test_returning_after_the_last_occurrence_brings_no_other(play: Begin) -> None:
    p = timed(play, "after: 30m, then: []")
    p.wait("40m")
    p.do("leave")
    p.do("back")
    p.wait("5h")
    assert occurrences(p) == [30]


@pytest.mark.parametrize(
    ("moved", "fires"),
    [(None, [180]), ("2026-03-02 13:00", [240]), ("2026-03-02 09:30", [120])],  # past: at once on returning
)
def test_returning_leaves_at_to_its_field(play: Begin, moved: str | None, fires: list[int]) -> None:
    p = timed(play, "at: case.visit_at, then: []", visit_at="2026-03-02 12:00")
    p.wait("1h")
    p.do("leave")
    if moved:
        p.do("move", visit_at=moved)
    p.wait("1h")
    p.do("back")
    p.wait("5h")
    assert occurrences(p) == fires


def test_a_field_set_elsewhere_arms_nothing_before_the_return(play: Begin) -> None:
    # An `at` timer whose field was unset when its state was left used to be armed by setting it there.
    p = timed(play, "at: case.visit_at, then: []")
    p.do("leave")
    p.do("move", visit_at="2026-03-02 10:00")
    p.wait("3h")
    assert occurrences(p) == []
    p.do("back")
    p.wait("1s")
    assert occurrences(p) == [180]


def test_a_closed_case_fires_nothing_and_a_return_goes_on_with_what_was_left(play: Begin) -> None:
    p = timed(play, "after: 30m, then: []")
    p.wait("10m")
    p.do("close")
    p.wait("5h")
    assert (occurrences(p), p.one().next_due) == ([], None)
    p.do("reopen")
    p.wait("1h")
    assert occurrences(p) == [330]


def test_a_group_ended_inside_rests_with_its_timers_and_goes_on_when_opened_again(play: Begin) -> None:
    p = play("""
    initial: group
    states:
      group:
        initial: one
        timers: {t: {after: 1h, then: []}}
        states:
          one: {actions: {close: {by: [agent], to: closed}}}
          closed: {final: done, actions: {reopen: {by: [agent], to: one}}}
    """)
    p.open()
    p.wait("20m")
    p.do("close")
    p.wait("5h")
    assert occurrences(p) == []
    p.do("reopen")
    p.wait("2h")
    assert occurrences(p) == [360]


def test_a_step_from_a_group_to_a_state_inside_it_leaves_its_timers(play: Begin) -> None:
    p = play("""
    initial: group
    states:
      group:
        initial: one
        timers: {t: {after: 1h, then: []}}
        actions: {go: {by: [agent], to: two}}
        states: {one: {}, two: {}}
    """)
    p.open()
    p.wait("20m")
    p.do("go")
    p.wait("2h")
    assert occurrences(p) == [60]


# -- late --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("late", "missed"), [("once", [3]), ("each", [1, 1, 1]), ("skip", [])])
def test_after_downtime_late_says_what_becomes_of_a_timers_reminders(play: Begin, late: str, missed: list[int]) -> None:
    p = timed(play, f"every: 1h, max: 5, late: {late}, {REMIND}")
    p.sleep("3h10m")
    assert occurrences(p) == [60, 120, 180]
    assert [one.missed for one in p.messages()] == missed
    p.wait("1h")
    assert [(one.missed, one.is_late) for one in p.messages()] == [(1, False)]


def test_reminders_of_different_timers_do_not_stand_for_one_another(play: Begin) -> None:
    p = timed(play, f"after: 1h, {REMIND}}}, other: {{after: 2h, {REMIND}")
    p.sleep("3h")
    assert p.sent() == [("told", "boss"), ("told", "boss")]


# -- order, purity, termination ----------------------------------------------------------------------------------------


def test_at_one_instant_timers_come_before_thresholds_in_the_order_of_the_definition(play: Begin) -> None:
    p = play("""
    initial: open
    clocks: {c: {goal: 1h, thresholds: [{at: goal, then: []}]}, a: {goal: 1h}}
    states: {open: {timers: {z: {after: 1h, then: []}, b: {after: 1h, then: []}}}}
    """)
    p.open()
    p.wait("2h")
    assert [(one[1], one[2]) for one in p.fired()] == [
        ("timer", "open.z"), ("timer", "open.b"), ("threshold", "goal"), ("breach", "c"), ("breach", "a"),
    ]  # fmt: skip


def test_a_timer_may_move_the_case_and_tell(play: Begin) -> None:
    p = timed(play, f"after: 1h, to: [{{if: has(case.severe), is: away}}, {{is: closed}}], {REMIND}")
    p.wait("61m")
    assert (p.state, p.one().outcome) == ("closed", "done")
    assert p.sent() == [("told", "boss")]
    assert (p.records()[-1]["actor"], p.records()[-1].get("roles")) == ("engine", None)


def test_in_what_fires_by_time_now_is_the_due_instant(play: Begin) -> None:
    p = timed(play, "after: 1h, then: [{set: {visit_at: =now}}]")
    p.sleep("5h")
    assert p.value("visit_at") == NINE + HOUR


def test_what_is_declared_for_an_instant_before_it_was_armed_takes_effect_when_armed(play: Begin) -> None:
    p = timed(play, "at: case.visit_at, to: away", visit_at="2026-03-01 09:00")
    assert p.state == "open"
    p.world.wait_until(NINE + 1)
    assert (p.state, p.records()[-1]["at"]) == ("away", NINE)


def test_more_than_a_hundred_firings_at_one_instant_set_the_family_aside(play: Begin) -> None:
    circle = """
    initial: one
    opening: {by: [agent], form: {require: [visit_at]}}
    states:
      one: {timers: {t: {at: case.visit_at, to: two}}}
      two: {timers: {t: {at: case.visit_at, to: one}}}
    """
    p = play(circle)
    p.open(visit_at="2026-03-02 09:30")
    p.wait("30m")
    with pytest.raises(Poisoned, match="more than 100 times at one instant"):
        p.wait("1s")


def test_a_hundred_firings_at_one_instant_are_none_too_many(play: Begin) -> None:
    timers = ", ".join(f"t{number}: {{after: 1h, then: []}}" for number in range(100))
    p = play(f"initial: open\nstates: {{open: {{timers: {{{timers}}}}}}}")
    p.open()
    p.wait("2h")
    assert len(p.fired()) == 100


def test_how_long_a_worker_slept_never_makes_a_fault(play: Begin) -> None:
    p = play("initial: open\nstates: {open: {timers: {t: {every: 1s, then: []}}}}")
    p.open()
    p.sleep("3h")
    assert len(p.fired()) == 10_799
