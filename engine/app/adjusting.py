"""What is declared beside the ledger: interruptions, previewed, put on record case by case, and taken back exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from engine.app.affecting import AdjustedCycle, Finding, Reach, changes_on
from engine.app.histories import Histories
from engine.app.keeping import Progress
from engine.app.known import check_process, check_state
from engine.app.merging import RecipeOfTwo
from engine.app.people import actor_of, admin_of, check_known
from engine.app.recipe import Given
from engine.core.adjustments import Adjustment, Affected, Reversal
from engine.core.cases import Actor, Command
from engine.errors import Conflict, EngineError, NotFound, SetAside, UsageError
from engine.ports import Transaction
from engine.views import Refusal, may_read

BATCH = 50
"""How many cases one transaction adjusts."""

UNDECLARED = "?"
"""The id of an adjustment that is only looked at."""

EVERYTHING = Reach()

Work = Callable[[Transaction, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """What is to be declared: promises stand still from `since` up to `until`, instants in ms UTC."""

    since: int
    until: int
    reason: str
    approver: str
    reach: Reach = EVERYTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What became of a declaration or a reversal, case by case."""

    adjustment: Adjustment
    cases: tuple[str, ...]  # those put on record now
    failed: tuple[tuple[str, str], ...] = ()  # case, and why it could not be


def _nothing(done: int, total: int) -> None:
    """Nobody wants to know how far it is."""


class Adjusting:
    """The verbs on interruptions. Only administrators declare and reverse; nothing is moved in any ledger."""

    _recipe: RecipeOfTwo

    def preview(
        self, interruption: Interruption, *, actor: Actor | str, progress: Progress = _nothing
    ) -> list[AdjustedCycle]:
        """Every cycle that an interruption would affect, and its result before and after."""
        with self._recipe.store.read() as tx:
            who = admin_of(tx, actor, "declare interruptions")
            declared = self._drafted(tx, interruption, who)
            library = self._recipe.catalogue.library(tx)
            finding = Finding(Histories(self._recipe, tx), tx, interruption.reach, who)
            rows, found = finding.rows(library, (interruption.since, interruption.until)), []
            for done, row in enumerate(rows, 1):
                found += finding.changes(row, declared)
                progress(done, len(rows))
            return sorted(found, key=lambda change: (change.started_at, change.case, change.clock, change.cycle))

    def interrupt(
        self, interruption: Interruption, *, actor: Actor | str, progress: Progress = _nothing
    ) -> Declared | None:
        """Declare an interruption: a record on each case it affects, results beside theirs; None if it affects none.

        Broken off, the same call goes on where it stopped.
        """
        clocks: dict[str, dict[str, None]] = {}
        for change in self.preview(interruption, actor=actor):
            clocks.setdefault(change.case, {})[change.clock] = None
        with self._recipe.store.write() as tx:
            who = admin_of(tx, actor, "declare interruptions")
            declared = self._begun(tx, interruption, who)
            if declared is None and not clocks:
                return None
            if declared is None:
                number = tx.next_number("adjustment")
                declared = replace(self._drafted(tx, interruption, who), id=f"ADJ-{number}")
                tx.save_adjustment(declared)
            there = {row.case for row in tx.affected(adjustment=declared.id)}
        one = declared

        def work(tx: Transaction, case: str) -> None:
            form = {**one.said, "clocks": list(clocks[case])}
            self._record(tx, Command(verb="adjust", case=case, name=one.id, actor=who, form=form))
            tx.affect(Affected(adjustment=one.id, case=case, clock=clock) for clock in clocks[case])

        return self._finished(one, [case for case in clocks if case not in there], work, progress)

    def reverse(
        self, adjustment: str, *, actor: Actor | str, reason: str, approver: str, progress: Progress = _nothing
    ) -> Declared:
        """Take an adjustment back: its promises have the results of their ledgers again, to the millisecond."""
        with self._recipe.store.write() as tx:
            who = admin_of(tx, actor, "reverse interruptions")
            _check_said(tx, who, reason, approver)
            found = _named(tx, adjustment)
            if found.reversal is not None and found.is_finished:
                raise Conflict(f"`{adjustment}` was reversed by `{found.reversal.by}` already; nothing is left of it")
            if found.reversal is None:
                reversal = Reversal(reason=reason, by=who.id, approver=approver, at=self._recipe.life.read(tx))
                found = replace(found, reversal=reversal, is_finished=False)
                tx.save_adjustment(found)
            rows: dict[str, list[Affected]] = {}
            for row in tx.affected(adjustment=adjustment):
                if not row.is_reversed:
                    rows.setdefault(row.case, []).append(row)
        said = {"id": adjustment, "reason": reason, "approver": approver}

        def work(tx: Transaction, case: str) -> None:
            self._record(tx, Command(verb="reverse", case=case, name=adjustment, actor=who, form=said))
            tx.affect(replace(row, is_reversed=True) for row in rows[case])

        return self._finished(found, list(rows), work, progress)

    def adjustments(self) -> list[Adjustment]:
        """What was declared, the oldest first."""
        with self._recipe.store.read() as tx:
            return tx.adjustments()

    def adjustment(self, adjustment: str) -> tuple[Adjustment, list[AdjustedCycle]]:
        """One adjustment, and the cycles it affects: how the ledger has them, and how all that stands beside it."""
        with self._recipe.store.read() as tx:
            found = _named(tx, adjustment)
            cases = dict.fromkeys(row.case for row in tx.affected(adjustment=adjustment) if not row.is_reversed)
            changes = changes_on(self._recipe, tx, cases)
            return found, [change for change in changes if adjustment in change.by]

    def adjusted(self, case: str, *, actor: Actor | str | None = None) -> list[AdjustedCycle]:
        """The cycles of a case that have an adjusted result beside the recorded one."""
        with self._recipe.store.read() as tx:
            if not tx.affected(case=case):
                return []
            who = None if actor is None else actor_of(tx, actor)
            told = Histories(self._recipe, tx).of(case)
            if who is not None and not may_read(told.plan, told.case, who):
                return []
            return list(changes_on(self._recipe, tx, [case]))

    def adjusted_cycles(self) -> Iterator[AdjustedCycle]:
        """Every cycle that has an adjusted result beside the recorded one, by case, for reports."""
        with self._recipe.store.read() as tx:
            yield from changes_on(self._recipe, tx, tx.adjusted_cases())

    # -- doing it ------------------------------------------------------------------------------------------------

    def _drafted(self, tx: Transaction, asked: Interruption, who: Actor) -> Adjustment:
        """The adjustment as it will be declared; raises where it must not be."""
        if asked.since >= asked.until:
            raise UsageError("an interruption ends after it begins", help="give the earlier instant to --from")
        _check_said(tx, who, asked.reason, asked.approver)
        library = self._recipe.catalogue.library(tx)
        if asked.reach.process is not None:
            check_process(library, asked.reach.process)
        if asked.reach.state is not None:
            check_state(library, asked.reach.state, asked.reach.process)
        return Adjustment(
            id=UNDECLARED, since=asked.since, until=asked.until, reason=asked.reason, approver=asked.approver,
            declared_by=who.id, declared_at=self._recipe.life.read(tx), asked=asked.reach.document, is_finished=False,
        )  # fmt: skip

    def _begun(self, tx: Transaction, asked: Interruption, who: Actor) -> Adjustment | None:
        """The same declaration, broken off."""
        drafted = self._drafted(tx, asked, who)
        for one in tx.adjustments():
            if not one.is_finished and one == replace(drafted, id=one.id, declared_at=one.declared_at):
                return one
        return None

    def _record(self, tx: Transaction, command: Command) -> None:
        result = self._recipe.command_in(tx, command, Given())
        if isinstance(result, Refusal):
            raise Conflict(f"`{command.case}`: {result.reasons[0].words['en']}")

    def _finished(self, one: Adjustment, cases: list[str], work: Work, progress: Progress) -> Declared:
        done: list[str] = []
        failed: list[tuple[str, str]] = []
        for start in range(0, len(cases), BATCH):
            batch = cases[start : start + BATCH]
            try:
                self._recipe.whole(partial(_each, work, batch))
                done += batch
            except (Conflict, SetAside):
                some, others = self._one_by_one(batch, work)
                done, failed = [*done, *some], [*failed, *others]
            progress(len(done) + len(failed), len(cases))
        finished = replace(one, is_finished=not failed)
        if finished.is_finished:
            with self._recipe.store.write() as tx:
                tx.save_adjustment(finished)
        return Declared(adjustment=finished, cases=tuple(done), failed=tuple(failed))

    def _one_by_one(self, cases: list[str], work: Work) -> tuple[list[str], list[tuple[str, str]]]:
        """Each case in a transaction of its own: one that is set aside keeps nobody else from being adjusted."""
        done, failed = [], []
        for case in cases:
            try:
                self._recipe.whole(partial(_each, work, [case]))
                done.append(case)
            except EngineError as error:
                failed.append((case, error.message))
        return done, failed


def _each(work: Work, cases: Iterable[str], tx: Transaction) -> None:
    for case in cases:
        work(tx, case)


def _check_said(tx: Transaction, who: Actor, reason: str, approver: str) -> None:
    if not reason.strip():
        raise UsageError("a reason must be given: it stands in the record of every case")
    if approver == who.id:
        raise UsageError(f"`{approver}` declares it and cannot approve it as well; somebody else must")
    check_known(tx, approver)


def _named(tx: Transaction, adjustment: str) -> Adjustment:
    found = next((one for one in tx.adjustments() if one.id == adjustment), None)
    if found is None:
        raise NotFound(
            f"there is no interruption `{adjustment}`", help="`casewright interrupt list` shows those there are"
        )
    return found


__all__ = ["AdjustedCycle", "Adjusting", "Declared", "Interruption", "Reach"]
