"""Which promises an adjustment affects, and what becomes of their results: everything read, nothing written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.app.adjustments.declaring import Reach, terms_of
from engine.app.histories import Histories, Told
from engine.app.known import check_clock, definitions_of
from engine.app.recipe import Recipe
from engine.app.where import Where
from engine.calendars import Calendar
from engine.core.cases import Actor
from engine.core.plan import Library
from engine.core.promises.adjusting import Course, Result, adjusted, courses_of, measure, overlaps
from engine.core.promises.adjustments import Adjustment
from engine.core.promises.correcting import Terms, on_terms
from engine.errors import UsageError, VerificationFailed
from engine.ports import Aside, Listing, Query, Transaction
from engine.timeline import Interval
from engine.views import Seeing, case_view

PAGE = 500
"""How many cases are read at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustedCycle:
    """One cycle of a promise: how it stands or ended, and how with adjustments."""

    case: str
    process: str
    version: int
    clock: str
    cycle: int
    started_at: int
    ended_at: int | None
    before: Result
    after: Result
    by: tuple[str, ...]  # ids of the adjustments
    is_corrected: bool = False  # measured by another calendar or goal; else only time is left out

    @property
    def left_out(self) -> int:
        """The time that is no longer counted, in ms."""
        return self.before.used - self.after.used


class Standing:
    """The adjustments that stand, by case and clock."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._known = {one.id: one for one in tx.adjustments()}

    def of(self, case: str, clock: str) -> list[Adjustment]:
        """Those that affect this clock and are not reversed, the oldest first."""
        if not self._known:
            return []
        rows = self._tx.affected(case=case)
        standing = {row.adjustment for row in rows if row.clock == clock and not row.is_reversed}
        return [one for one in self._known.values() if one.id in standing]


def changes_of(told: Told, clock: str, adjustments: Iterable[Adjustment]) -> Iterator[AdjustedCycle]:
    """What becomes of each cycle that some of these adjustments overlap, against the ledger alone."""
    standing = list(adjustments)
    if not standing:
        return
    plan = told.plan_for(clock)
    calendar = plan.calendar(plan.definition.clocks[clock].calendar)
    for course in courses_of(plan, clock, told.history, told.now):
        by = [one for one in standing if _concerns(one, course, calendar, told.now)]
        if by:
            before = adjusted(course, measure(calendar), told.now)
            yield _change(told, course, before, by)


def _concerns(one: Adjustment, course: Course, calendar: Calendar, now: int) -> bool:
    """Whether an adjustment that affects a clock is about this cycle of it."""
    if one.kind == "correction":
        return one.since <= course.started_at < one.until
    return overlaps(course, (one.since, one.until), calendar, now)


def _change(told: Told, course: Course, before: Result, by: Sequence[Adjustment]) -> AdjustedCycle:
    plan, terms = told.plan_for(course.clock), Terms()
    case, definition = told.case, plan.definition
    corrections = [one for one in by if one.kind == "correction"]
    for one in corrections:
        terms = terms_of(one, definition.fields).over(terms)
    windows = [(one.since, one.until) for one in by if one.kind == "interruption"]
    calendar = terms.calendar or plan.calendar(definition.clocks[course.clock].calendar)
    after = adjusted(on_terms(plan, course, terms), measure(calendar, windows), told.now)
    return AdjustedCycle(
        case=case.id, process=case.process, version=definition.version, clock=course.clock, cycle=course.cycle,
        started_at=course.started_at, ended_at=course.ended_at, before=before, after=after,
        by=tuple(one.id for one in by), is_corrected=bool(corrections),
    )  # fmt: skip


def _is_same(change: AdjustedCycle) -> bool:
    """Whether a correction leaves what it was, and for good."""
    return change.is_corrected and change.ended_at is not None and change.before == change.after


def changes_on(
    recipe: Recipe, tx: Transaction, cases: Iterable[str], aside: Aside | None = None
) -> Iterator[AdjustedCycle]:
    """The cycles of these cases that have an adjusted result beside the recorded one.

    A case that nobody can read is told `aside`; without it, `VerificationFailed`.
    """
    histories, standing = Histories(recipe, tx), Standing(tx)
    for case in cases:
        try:
            told = histories.of(case)
        except VerificationFailed:
            if aside is None:
                raise
            aside(case)
            continue
        for clock in told.plan.definition.clocks:
            yield from (one for one in changes_of(told, clock, standing.of(case, clock)) if not _is_same(one))


def changed_results(recipe: Recipe, tx: Transaction, aside: Aside) -> Mapping[tuple[str, str, int], Result]:
    """Case, clock and cycle → the adjusted result, for reports."""
    cycles = changes_on(recipe, tx, tx.adjusted_cases(), aside)
    return {(one.case, one.clock, one.cycle): one.after for one in cycles}


class Finding:
    """Finds what a window would affect, within a reach."""

    def __init__(self, histories: Histories, tx: Transaction, reach: Reach, who: Actor) -> None:
        self._histories = histories
        self._tx = tx
        self._reach = reach
        self._who = who
        self._standing = Standing(tx)
        self._wheres: Mapping[tuple[str, int], Where] = {}

    def rows(self, library: Library, window: Interval) -> list[Listing]:
        """The cases that can have been under way then."""
        for clock in self._reach.clocks:
            check_clock(library, clock, self._reach.process)
        self._wheres = wheres(library, self._reach)
        return [row for row in self._pages() if _may_overlap(library, row, window)]

    def changes(self, row: Listing, declared: Adjustment) -> list[AdjustedCycle]:
        """What an adjustment, on top of those that stand, would change on one case."""
        told = self._histories.of(row.id)
        if not self._is_meant(told):
            return []
        found = []
        for clock in told.plan.definition.clocks:
            if self._reach.clocks and clock not in self._reach.clocks:
                continue
            others = self._standing.of(row.id, clock)
            earlier = {change.cycle: change.after for change in changes_of(told, clock, others)}
            for change in changes_of(told, clock, [*others, declared]):
                if declared.id in change.by:
                    found.append(replace(change, before=earlier.get(change.cycle, change.before)))
        return found if declared.kind == "interruption" else [change for change in found if not _is_same(change)]

    def _pages(self) -> Iterator[Listing]:
        after: tuple[int, int, str] | None = None
        while True:
            query = Query(
                process=self._reach.process, state=self._reach.state, is_open=None, limit=PAGE, after=after
            )  # fmt: skip
            page = self._tx.worklist(query)
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].outlook.sort_key, page[-1].opened_at, page[-1].id

    def _is_meant(self, told: Told) -> bool:
        if self._reach.where is None:
            return True
        where = self._wheres.get((told.case.process, told.case.version))
        seeing = Seeing(plan=told.plan, library=told.library, now=told.now, actor=self._who, family=told.family)
        return where is not None and where.holds(case_view(told.case, seeing), told.now)


def _may_overlap(library: Library, row: Listing, window: Interval) -> bool:
    """Whether a case was under way in a window, from the instant it was told of: a slip may have come late."""
    if row.closed_at is not None and row.closed_at <= window[0]:
        return False
    field = library.plan(row.process, row.version).definition.opening.counts_from
    began = row.data.get(field, row.opened_at) if field else row.opened_at
    return bool(min(began, row.opened_at) < window[1])


def wheres(library: Library, reach: Reach) -> Mapping[tuple[str, int], Where]:
    """The condition for every version that has the names it reads; raises `UsageError` where none has."""
    if reach.where is None:
        return {}
    found, error = {}, None
    for definition in definitions_of(library):
        if reach.process in (None, definition.process):
            try:
                found[definition.process, definition.version] = Where(reach.where, definition)
            except UsageError as wrong:
                error = error or wrong
    if not found and error is not None:
        raise error
    return found


__all__ = ["AdjustedCycle", "Finding", "Standing", "changes_of"]
