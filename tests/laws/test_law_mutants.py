"""Mutants: each takes one rule out, and the law must be seen to break; on the same seeds it holds with all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.core import decide
from engine.core import run as runs
from engine.core.alarms import fired
from engine.core.cases import ENGINE, Family, Step
from engine.core.draft import Draft
from engine.core.plan import Library, Plan
from engine.core.promises.clocks import firings
from engine.core.promises.step import dues
from engine.core.run import Due, Run
from engine.frozen import changed, put
from engine.model import Timer
from tests.laws import family_world
from tests.laws.family_world import Told, differences
from tests.unit.worlds import MINUTE

SEEDS = range(24)

Mutant = Callable[[pytest.MonkeyPatch], None]


def without_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """What falls due at t takes effect when a worker looks at t, though a command at t comes before it."""
    next_due, is_due = Run.next_due, decide.is_due
    monkeypatch.setattr(Run, "next_due", lambda run, until: next_due(run, until + 1))
    monkeypatch.setattr(decide, "is_due", lambda family, until: is_due(family, until + 1))


def without_family(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each member is carried forward by itself, to the end, before the next."""
    carry_all: Callable[..., bool] = Run.carry

    def one_by_one(run: Run, until: int, limit: int) -> bool:
        for name in tuple(run.cases):
            others = {case: one for case, one in run.cases.items() if case != name}
            hidden = {case: one.next_due for case, one in others.items()}
            for case in hidden:
                put(run.cases[case], "next_due", None)
            carry_all(run, until, 10_000)
            for case, due in hidden.items():
                if run.cases[case].next_due is None and run.cases[case] is others[case]:
                    put(run.cases[case], "next_due", due)
        return False

    monkeypatch.setattr(Run, "carry", one_by_one)


def without_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command takes effect at whatever its machine's clock says."""
    monkeypatch.setattr(decide, "instant", lambda family, clock: clock)


def reminders_missed_are_one_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the occurrences of a timer that were slept through only the last takes effect."""
    fire = Run.fire

    def coalescing(run: Run, due: Due) -> None:
        if isinstance(due.what, Timer):
            case, plan = run.cases[due.case], run.plan(run.cases[due.case])
            name = f"{due.what.state}.{due.what.name}"
            alarm = fired(due.what, case.alarms[name], plan)
            if alarm.due is not None and alarm.due < run.context.clock:
                draft = run.draft(case, due.at)
                draft.change(alarms={**case.alarms, name: alarm})
                left = [one.due for one in draft.case.alarms.values() if one.due is not None]
                first = min((*left, *dues(plan, draft.case)), default=None)
                run.cases[due.case] = changed(draft.case, next_due=first)
                return
        fire(run, due)

    monkeypatch.setattr(Run, "fire", coalescing)


def what_is_late_and_to_be_skipped_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """`late: skip` keeps not only the message from being sent."""
    perform = runs._perform

    def skipping(draft: Draft, due: Due) -> None:
        source = due.what if isinstance(due.what, Timer) else due.what.threshold
        if source is None or source.late != "skip" or not draft.is_late:
            perform(draft, due)

    monkeypatch.setattr(runs, "_perform", skipping)


def only_the_highest_threshold_takes_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the thresholds of a clock that were slept through the lower ones do nothing."""
    perform = runs._perform

    def highest(draft: Draft, due: Due) -> None:
        if not isinstance(due.what, Timer) and due.what.threshold is not None and draft.is_late:
            clock = draft.plan.definition.clocks[due.what.clock]
            others = firings(clock, draft.case.clocks[due.what.clock], draft.plan.calendar(clock.calendar))
            if any(one.due < draft.context.clock and one.rank > due.what.rank for one in others):
                return
        perform(draft, due)

    monkeypatch.setattr(runs, "_perform", highest)


def by_time_now_is_when_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fires by time sees the worker's clock."""
    marked = Run._marked

    def late(run: Run, due: Due) -> Draft:
        draft = marked(run, due)
        draft.sight["now"] = run.context.clock
        return draft

    monkeypatch.setattr(Run, "_marked", late)


def a_child_gets_the_version_of_when_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is opened by time is opened on the version newest by the worker's clock."""
    newest, opened, clocks = Library.newest, Run._open, [0]

    def opens(run: Run, *given: Any) -> Any:
        clocks[0] = run.context.clock
        return opened(run, *given)

    def at_the_clock(known: Library, process: str, at: int) -> Plan | None:
        return newest(known, process, max(at, clocks[0]))

    monkeypatch.setattr(Run, "_open", opens)
    monkeypatch.setattr(Library, "newest", at_the_clock)


def by_time_who_looks_is_the_actor(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a timer tells is told by whoever's command found it due."""
    told_to = family_world.told_to

    def somebody_looks(family: Family, event: Told, steps: list[Step], done: list[Told]) -> Family:
        runs.ENGINE = event.actor  # type: ignore[misc]
        try:
            return told_to(family, event, steps, done)
        finally:
            runs.ENGINE = ENGINE  # type: ignore[misc]

    monkeypatch.setattr(family_world, "told_to", somebody_looks)


EARLIER = "an instant lies before the one above it"


@pytest.mark.parametrize(
    ("mutant", "skew", "why"),
    [
        pytest.param(without_order, 0, "record ", id="Order"),
        pytest.param(without_family, 0, EARLIER, id="Family"),
        pytest.param(without_floor, 2 * MINUTE, EARLIER, id="Floor"),
        pytest.param(reminders_missed_are_one_record, 0, "record ", id="Facts: reminders"),
        pytest.param(what_is_late_and_to_be_skipped_does_nothing, 0, "record ", id="Facts: skip"),
        pytest.param(only_the_highest_threshold_takes_effect, 0, "record ", id="Facts: highest"),
        pytest.param(by_time_now_is_when_somebody_looks, 0, "record ", id="Purity: now"),
        pytest.param(a_child_gets_the_version_of_when_somebody_looks, 0, "record ", id="Purity: version"),
        pytest.param(by_time_who_looks_is_the_actor, 0, "record ", id="Purity: actor"),
    ],
)
def test_the_law_breaks_without(mutant: Mutant, skew: int, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant(monkeypatch)
    found = differences(skew, SEEDS)
    assert len(found) >= 2
    assert any(why in one for one in found), found


@pytest.mark.parametrize("skew", [0, 2 * MINUTE])
def test_with_every_rule_it_holds_on_the_same_seeds(skew: int) -> None:
    assert differences(skew, SEEDS) == []
