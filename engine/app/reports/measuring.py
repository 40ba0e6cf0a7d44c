"""A process's own measures, counted over its cases. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from engine.app.known import check_process
from engine.app.merging import RecipeOfTwo
from engine.app.people import actor_of
from engine.app.reports.left_out import LeftOut
from engine.core.cases import Actor, Case, Family
from engine.core.measuring import Frame, Measured, alike, measured
from engine.core.plan import Library, Plan
from engine.core.reasons import near
from engine.core.sight import Sight
from engine.errors import NotFound
from engine.frozen import changed
from engine.measure import Measure
from engine.model import ProcessDefinition
from engine.ports import Transaction
from engine.views import may_read

MOST_LINES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureQuestion:
    """Which measure of which process, over which time."""

    process: str
    measure: str
    actor: Actor | str | None = None  # counts the cases this actor may read; None: the host itself, all of them
    since: int | None = None  # ms UTC, included
    until: int | None = None  # ms UTC, excluded
    limit: int = MOST_LINES  # of a register's lines


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureReport:
    """What was counted, and what was not."""

    definition: ProcessDefinition  # the version that says what is measured
    measured: Measured
    now: int
    behind: int  # families with something due that is not carried out yet
    hidden: int  # cases that this actor may not read
    left_out: tuple[str, ...] = ()  # cases that nobody can read, and that are not counted


class Measuring:
    """The verb that counts what a process says is to be counted."""

    _recipe: RecipeOfTwo

    def report_measure(self, question: MeasureQuestion) -> MeasureReport:
        """Count a measure of the newest version over the cases of every version; `NotFound` if there is none."""
        now = self._recipe.now()
        with self._recipe.store.read() as tx:
            library = self._recipe.catalogue.library(tx)
            check_process(library, question.process)
            plan = self._recipe.catalogue.newest(tx, question.process, now)
            measure = _measure(plan.definition, question.measure)
            who = None if question.actor is None else actor_of(tx, question.actor)
            frame = Frame(
                zone=ZoneInfo(plan.definition.desk.zone), since=question.since, until=question.until,
                most=question.limit,
            )  # fmt: skip
            cases = _Cases(tx, library, plan, who)
            found = measured(measure, cases.sights(measure, frame, now), frame)
            return MeasureReport(
                definition=plan.definition, measured=found, now=now, behind=tx.count_due(now), hidden=cases.hidden,
                left_out=cases.left_out.cases,
            )  # fmt: skip


class _Cases:
    """The cases of a process as its newest version sees them."""

    def __init__(self, tx: Transaction, library: Library, plan: Plan, who: Actor | None) -> None:
        self.tx = tx
        self.library = library
        self.plan = plan
        self.who = who
        self.hidden = 0
        self.left_out = LeftOut()
        self._alike: dict[int, frozenset[str]] = {}

    def sights(self, measure: Measure, frame: Frame, now: int) -> Iterator[Sight]:
        """What the measure's expressions see of each case that may be read."""
        of_opening = (frame.since, frame.until) if measure.at == "opening" else (None, None)
        for case in self.tx.cases_of(self.plan.definition.process, *of_opening, self.left_out.add):
            plan = self.left_out.plan(self.library, case.id, (case.process, case.version))
            if plan is None:
                continue
            if self.who is not None and not may_read(plan, case, self.who):
                self.hidden += 1
                continue
            seen = self._as_now(plan, case)
            yield Sight(self.plan, seen, Family(seen.id, {seen.id: seen}), self.library, now)

    def _as_now(self, plan: Plan, case: Case) -> Case:
        """A case of an older version without the fields that meant something else then."""
        if plan is self.plan:
            return case
        if case.version not in self._alike:
            self._alike[case.version] = alike(self.plan.definition, plan.definition)
        kept = self._alike[case.version]
        return changed(case, data={name: value for name, value in case.data.items() if name in kept})


def _measure(definition: ProcessDefinition, name: str) -> Measure:
    found = definition.measures.get(name)
    if found is None:
        there = ", ".join(f"`{known}`" for known in definition.measures)
        raise NotFound(
            f"`{definition.process}` has no measure `{name}`{near(name, definition.measures)}",
            help=f"there are {there}" if there else "what a report counts stands under `measures` of the process",
        )
    return found


__all__ = ["MeasureQuestion", "MeasureReport", "Measuring"]
