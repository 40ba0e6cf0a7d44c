"""What a promise would have been measured by, had its calendar or goal been written right: beside the ledger.

The course of a cycle stays as its records tell it. Only the goals it had are put right, and the open time of another
calendar is counted; a goal that is an instant is worked out anew from the same start.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from engine.calendars import Calendar
from engine.core.cases import Case, Goal
from engine.core.plan import Library, Plan
from engine.core.promises.adjusting import Course, Stretch
from engine.core.promises.clocks import Seen, goal_of
from engine.core.sight import Sight, chosen
from engine.expressions import ExpressionFailed
from engine.model import Branch
from engine.moments import Moment


class Righted(NamedTuple):
    """A goal put right: `goal` instead of what `was` gave; instead of any where that is not said."""

    goal: Moment
    was: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """By what promises should have been measured; what is not said stays as it was."""

    calendar: Calendar | None = None
    goals: tuple[Righted, ...] = ()  # the last that fits counts

    def over(self, earlier: Terms) -> Terms:
        """Both, these being the later word."""
        return Terms(calendar=self.calendar or earlier.calendar, goals=(*earlier.goals, *self.goals))


def on_terms(plan: Plan, course: Course, terms: Terms) -> Course:
    """The same course with the goals it should have had."""
    if terms == Terms():
        return course
    meaning = _Meaning(plan, course, terms)
    return replace(course, stretches=tuple(one._replace(goal=meaning.goal(one)) for one in course.stretches))


class _Meaning:
    """What the goals of one cycle meant, and what they mean on other terms."""

    def __init__(self, plan: Plan, course: Course, terms: Terms) -> None:
        self._plan = plan
        self._clock = plan.definition.clocks[course.clock]
        self._start = course.started_at
        self._terms = terms
        self._recorded = plan.calendar(self._clock.calendar)
        self._known: tuple[Goal, Goal] | None = None

    def goal(self, stretch: Stretch) -> Goal:
        """The goal of a stretch on these terms; of a clock that keeps its goal, as it was when that took effect."""
        if self._known is None or self._known[0] != stretch.goal or self._clock.on_change != "keep":
            self._known = stretch.goal, self._right(stretch.goal, stretch.case)
        return self._known[1]

    def _right(self, goal: Goal, case: Case) -> Goal:
        calendar = self._terms.calendar or self._recorded
        moment = None if goal.kind == "length" or self._terms.calendar is None else self._branch(goal, case)
        for one in self._terms.goals:
            if one.was is None or self._given(one.was, case, self._recorded) == goal:
                moment = one.goal
        return goal if moment is None else self._given(moment, case, calendar) or goal

    def _given(self, moment: Moment, case: Case, calendar: Calendar) -> Goal | None:
        field_at = case.data.get(moment.field) if moment.field else None
        seen = Seen(now=self._start, happened=frozenset(), moment=moment, field_at=field_at)
        return goal_of(seen, self._start, calendar) if seen.has_goal else None

    def _branch(self, goal: Goal, case: Case) -> Moment | None:
        """The point that gave this instant; where several would have, the one whose condition held."""
        branches = [one for one in self._clock.goal if self._given(one.value, case, self._recorded) == goal]
        if len(branches) > 1:
            branches = [one for one in branches if one is self._held(case)] or branches
        return branches[0].value if branches else None

    def _held(self, case: Case) -> Branch[Moment] | None:
        if case.version != self._plan.definition.version:  # it has moved since, and its states may be others
            return None
        sight = Sight(self._plan, case, None, Library({}), self._start)
        try:
            found: Branch[Moment] | None = chosen(self._clock.goal, sight)
        except ExpressionFailed:
            return None
        return found


__all__ = ["Righted", "Terms", "on_terms"]
