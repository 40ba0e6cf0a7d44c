"""Interruptions and corrections: previewed, put on record beside the ledger case by case, and taken back exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

from engine.app.adjustments.affecting import AdjustedCycle, Finding, changes_on
from engine.app.adjustments.declaring import (
    Asked,
    Correction,
    Declared,
    Interruption,
    Reach,
    check_said,
    drafted,
    kind_of,
    named,
)
from engine.app.given import Given
from engine.app.histories import Histories
from engine.app.keeping import Progress, unwatched
from engine.app.merging import RecipeOfTwo
from engine.app.people import actor_of, admin_of
from engine.app.readers import readable
from engine.core.cases import Actor, Command
from engine.core.promises.adjustments import Adjustment, Affected, Kind, Reversal
from engine.errors import Conflict, EngineError, SetAside
from engine.ports import Transaction
from engine.views import Refusal, may_read

BATCH = 50
"""How many cases one transaction adjusts."""

Work = Callable[[Transaction, str], None]


class Adjusting:
    """The verbs on what stands beside the ledger. Only administrators declare and reverse; no ledger is moved."""

    _recipe: RecipeOfTwo

    def preview(self, asked: Asked, *, actor: Actor | str, progress: Progress = unwatched) -> list[AdjustedCycle]:
        """Every cycle that an interruption would affect or a correction change, and its result before and after.

        One under way that a correction is about is there too: what it will be measured by changes.
        """
        with self._recipe.store.read() as tx:
            who = _admin(tx, actor, kind_of(asked))
            declared = self._drafted(tx, asked, who)
            library = self._recipe.catalogue.library(tx)
            finding = Finding(Histories(self._recipe, tx), tx, asked.reach, who)
            rows, found = finding.rows(library, (asked.since, asked.until)), []
            for done, row in enumerate(rows, 1):
                found += finding.changes(row, declared)
                progress(done, len(rows))
            return sorted(found, key=lambda change: (change.started_at, change.case, change.clock, change.cycle))

    def interrupt(
        self, interruption: Interruption, *, actor: Actor | str, progress: Progress = unwatched
    ) -> Declared | None:
        """Declare an interruption: a record on each case it affects, results beside theirs; None if it affects none.

        Broken off, the same call goes on where it stopped.
        """
        return self._declare(interruption, actor, progress)

    def correct(self, correction: Correction, *, actor: Actor | str, progress: Progress = unwatched) -> Declared | None:
        """Put a calendar or goal right for promises that began under it: as `interrupt` declares time."""
        return self._declare(correction, actor, progress)

    def _declare(self, asked: Asked, actor: Actor | str, progress: Progress) -> Declared | None:
        clocks: dict[str, dict[str, None]] = {}
        for change in self.preview(asked, actor=actor):
            clocks.setdefault(change.case, {})[change.clock] = None
        with self._recipe.store.write() as tx:
            tx.alone()
            who = _admin(tx, actor, kind_of(asked))
            declared = self._begun(tx, asked, who)
            if declared is None and not clocks:
                return None
            if declared is None:
                number = tx.next_number("adjustment")
                declared = replace(self._drafted(tx, asked, who), id=f"ADJ-{number}")
                tx.save_adjustment(declared)
            there = {row.case for row in tx.affected(adjustment=declared.id)}
        one = declared

        def work(tx: Transaction, case: str) -> None:
            form = {**one.said, "clocks": list(clocks[case])}
            self._record(tx, Command(verb="adjust", case=case, name=one.id, actor=who, form=form))
            tx.affect(Affected(adjustment=one.id, case=case, clock=clock) for clock in clocks[case])

        return self._finished(one, [case for case in clocks if case not in there], work, progress)

    def reverse(
        self, adjustment: str, *, actor: Actor | str, reason: str, approver: str, progress: Progress = unwatched
    ) -> Declared:
        """Take an adjustment back: its promises have the results of their ledgers again, to the millisecond."""
        with self._recipe.store.write() as tx:
            found = named(tx, adjustment)
            who = admin_of(tx, actor, f"reverse {found.kind}s")
            check_said(tx, who, reason, approver)
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

    def adjustment(
        self, adjustment: str, *, actor: Actor | str | None = None
    ) -> tuple[Adjustment, list[AdjustedCycle]]:
        """One adjustment, and the cycles it affects: how the ledger has them, and how all that stands beside it.

        Of cases that this actor may read. No actor: the host itself.
        """
        with self._recipe.store.read() as tx:
            found = named(tx, adjustment)
            cases = dict.fromkeys(row.case for row in tx.affected(adjustment=adjustment) if not row.is_reversed)
            if actor is not None:
                who, library = actor_of(tx, actor), self._recipe.catalogue.library(tx)
                known = readable(tx, library, cases, who)
                cases = {case: None for case in cases if case in known}
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

    def _drafted(self, tx: Transaction, asked: Asked, who: Actor) -> Adjustment:
        return drafted(tx, self._recipe.catalogue.library(tx), asked, who, self._recipe.life.read(tx))

    def _begun(self, tx: Transaction, asked: Asked, who: Actor) -> Adjustment | None:
        """The same declaration, broken off."""
        new = self._drafted(tx, asked, who)
        for one in tx.adjustments():
            if not one.is_finished and one == replace(new, id=one.id, declared_at=one.declared_at):
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


def _admin(tx: Transaction, actor: Actor | str, kind: Kind) -> Actor:
    return admin_of(tx, actor, f"declare {kind}s")


__all__ = ["AdjustedCycle", "Adjusting", "Correction", "Declared", "Interruption", "Reach"]
