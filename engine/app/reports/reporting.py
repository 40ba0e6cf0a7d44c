"""What reports count over many cases: nothing of any single one is shown. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from engine.app.adjustments.affecting import changed_results
from engine.app.known import check_process
from engine.app.merging import RecipeOfTwo
from engine.app.reports.left_out import LeftOut
from engine.core.cases import Case, Cycle
from engine.core.plan import Library, Plan
from engine.core.promises.adjusting import Result
from engine.core.promises.attainment import Attainment, Counted, Key, attainments, held_most, waited_most
from engine.core.promises.step import standing
from engine.core.reasons import near
from engine.errors import NotFound, UsageError
from engine.ports import Transaction, Wanted

Dimension = Literal["process", "clock", "role", "person", "month"]
DIMENSIONS: tuple[str, ...] = get_args(Dimension)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaQuestion:
    """Which promises to count, and by what. A promise belongs to the instant it was missed, else to its end."""

    by: tuple[Dimension, ...] = ("clock",)  # each clock of each process; several: every combination there is
    process: str | None = None
    clock: str | None = None
    since: int | None = None  # ms UTC, included
    until: int | None = None  # ms UTC, excluded


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaReport:
    """Attainment by group and all together. `groups` have a key of one part for each of `by`, a clock's of two."""

    by: tuple[Dimension, ...]
    groups: tuple[Attainment, ...]
    total: Attainment
    now: int
    behind: int  # families with something due that is not carried out yet, so not counted either
    adjusted: tuple[Attainment, ...] = ()  # the groups that declared interruptions change, and last all together
    left_out: tuple[str, ...] = ()  # cases with something that nobody can read, which is not counted


class Reporting:
    """The verbs that count."""

    _recipe: RecipeOfTwo

    def report_sla(self, question: SlaQuestion = SlaQuestion()) -> SlaReport:
        """How promises were kept (D12); `NotFound` for a process or clock there is not."""
        if unknown := [name for name in question.by if name not in DIMENSIONS]:
            raise UsageError(f"a report cannot be made by `{unknown[0]}`", help=f"there is {', '.join(DIMENSIONS)}")
        now = self._recipe.now()
        with self._recipe.store.read() as tx:
            library = self._recipe.catalogue.library(tx)
            _check_clock(library, question)
            key = _key(tx, library, question)
            walk = _Walk(tx, library, question, now)
            groups, total = attainments(walk.counted(), key)
            adjusted = self._adjusted(tx, walk, key)
            return SlaReport(
                by=question.by, groups=groups, total=total, now=now, behind=tx.count_due(now), adjusted=adjusted,
                left_out=walk.left_out.cases,
            )  # fmt: skip

    def _adjusted(self, tx: Transaction, walk: _Walk, key: Key) -> tuple[Attainment, ...]:
        """The groups in which a cycle has another result beside its own, each counted where it was recorded."""
        changes = changed_results(self._recipe, tx, walk.left_out.add)
        if not changes:
            return ()
        keys: dict[Place, tuple[str, ...]] = {}

        def counted() -> Iterator[Counted]:
            for one in walk.counted():
                after = changes.get(_place(one.cycle))
                if after is not None:
                    keys[_place(one.cycle)] = key(one)
                    one = replace(one, cycle=_with(one.cycle, after))
                yield one

        groups, total = attainments(counted(), lambda one: keys.get(_place(one.cycle)) or key(one))
        touched = set(keys.values())
        return (*(one for one in groups if one.group in touched), total) if touched else ()


Place = tuple[str, str, int]


def _place(cycle: Cycle) -> Place:
    return cycle.case, cycle.clock, cycle.cycle


def _with(cycle: Cycle, after: Result) -> Cycle:
    """A cycle with its adjusted result, in the words of reports."""
    is_overdue = after.status == "breached" and cycle.ended_at is None
    status = "overdue" if is_overdue else after.status
    return cycle.but(result=status, used=after.used, breached_at=after.breached_at)


class _Walk:
    """Walks along the promises that are asked for; what nobody can read of a case is left out, and the case named."""

    def __init__(self, tx: Transaction, library: Library, question: SlaQuestion, now: int) -> None:
        self._tx = tx
        self._library = library
        self._question = question
        self._now = now
        self.left_out = LeftOut()

    def counted(self) -> Iterator[Counted]:
        """Those that have ended, then those under way."""
        yield from self._ended()
        yield from self._open()

    def _ended(self) -> Iterator[Counted]:
        asked = self._question
        wanted = Wanted(process=asked.process, clock=asked.clock, since=asked.since, until=asked.until)
        for ended in self._tx.ended_cycles(wanted, self.left_out.add):
            plan = self.left_out.plan(self._library, ended.cycle.case, (ended.process, ended.version))
            if plan is not None:
                clock = plan.definition.clocks.get(ended.cycle.clock)
                target = clock.target if clock else None
                yield Counted(cycle=ended.cycle, process=ended.process, now=self._now, target=target)

    def _open(self) -> Iterator[Counted]:
        asked = self._question
        for case in self._tx.open_cases(asked.process, self.left_out.add):
            plan = self.left_out.plan(self._library, case.id, (case.process, case.version))
            if plan is None:
                continue
            for cycle in _under_way(self._tx, plan, case, self._now):
                target = plan.definition.clocks[cycle.clock].target
                one = Counted(cycle=cycle, process=case.process, now=self._now, target=target)
                if asked.clock in (None, cycle.clock) and _is_within(one.at, asked):
                    yield one


def _under_way(tx: Transaction, plan: Plan, case: Case, now: int) -> Iterator[Cycle]:
    """The cycles of an open case up to now; when an overdue one was noticed stands in its row."""
    cycles = list(standing(plan, case, now))
    if not any(cycle.result == "overdue" for cycle in cycles):
        return iter(cycles)
    stored = {(cycle.clock, cycle.cycle): cycle for cycle in tx.cycles(case.id)}
    return (cycle.following(stored.get((cycle.clock, cycle.cycle))) for cycle in cycles)


def _is_within(at: int, question: SlaQuestion) -> bool:
    since, until = question.since, question.until
    return (since is None or since <= at) and (until is None or at < until)


def _key(tx: Transaction, library: Library, question: SlaQuestion) -> Key:
    """What a promise is counted under."""
    roles = {person.id: role for person in tx.people() for role in person.roles[:1]} if "role" in question.by else {}
    zones = {process: ZoneInfo(_zone(library, process)) for process in library.published}

    def part(one: Counted, name: str) -> tuple[str, ...]:
        match name:
            case "process":
                return (one.process,)
            case "clock":
                return (one.process, one.cycle.clock)
            case "role":
                return (waited_most(one.cycle.turns, roles),)
            case "person":
                return (held_most(one.cycle.turns),)
            case _:
                return (datetime.fromtimestamp(one.at / 1000, zones[one.process]).strftime("%Y-%m"),)

    return lambda one: tuple(word for name in question.by for word in part(one, name))


def _zone(library: Library, process: str) -> str:
    return library.plan(process, library.published[process][-1][1]).definition.desk.zone


def _check_clock(library: Library, question: SlaQuestion) -> None:
    if question.process is not None:
        check_process(library, question.process)
    if question.clock is None:
        return
    names = {
        clock: None
        for process, versions in library.published.items() if question.process in (None, process)
        for _, version in versions
        for clock in library.plan(process, version).definition.clocks
    }  # fmt: skip
    if question.clock not in names:
        where = f" of `{question.process}`" if question.process else ""
        raise NotFound(
            f"there is no promise `{question.clock}`{where}{near(question.clock, names)}",
            help=f"there are {', '.join(f'`{name}`' for name in names)}",
        )


__all__ = ["DIMENSIONS", "Dimension", "Reporting", "SlaQuestion", "SlaReport"]
