"""The recipe for a command on two families: merging."""

from __future__ import annotations

from typing import NamedTuple

from engine.app.deciding import Decision
from engine.app.given import Given
from engine.app.incoming.hearing import RecipeOfEvents
from engine.app.marks import request_of
from engine.app.recipe import More, Turn, result_of
from engine.core.cases import Case, Command, Family, Refused
from engine.core.decide import Carried, instant
from engine.core.merging import end_in, take_in
from engine.ports import Transaction
from engine.views import Result


class _Met(NamedTuple):
    """One of the two cases, its family locked and carried forward to the instant of both."""

    before: Family
    carried: Carried
    case: Case


class _NotTakenIn(Exception):
    """The survivor refused: nothing of the merging stays."""

    def __init__(self, refused: Refused) -> None:
        super().__init__()
        self.refused = refused


class RecipeOfTwo(RecipeOfEvents):
    """The same five steps, done to both families in one transaction."""

    def merging_in(self, tx: Transaction, command: Command, given: Given) -> Result:
        """Merge `command.case` into `command.name` inside a transaction; both roots are locked in order of id."""
        digest = self.marks.digest(command)
        if repeat := self._repeat(tx, command, digest):
            return repeat
        clock, now, met = self._meet(tx, command, given)
        ended, survivor = met[command.case], met[command.name]
        self._check_revision(ended.case, given)
        self.life.show(tx, clock)
        ending = Decision(
            case=command.case, now=now, clock=clock,
            decide=lambda context: end_in(ended.carried.family, survivor.case, command, context, now),
            keep=lambda done: self.save(
                tx, ended.before, ended.carried.steps, done, request_of(command, digest, done, now)
            ),
        )  # fmt: skip
        taking = Decision(
            case=command.name, now=now, clock=clock,
            decide=lambda context: take_in(survivor.carried.family, command, context, now),
            keep=lambda done: self.save(tx, survivor.before, survivor.carried.steps, done, None),
        )  # fmt: skip
        try:
            with tx.part():
                outcome, context = self.settled(tx, ending)
                if not isinstance(outcome, Refused) and isinstance(taken := self.settled(tx, taking)[0], Refused):
                    raise _NotTakenIn(taken)
        except _NotTakenIn as error:
            outcome, context = error.refused, self.context(tx, clock)
            taking.keep(outcome)
        turn = Turn(context.library, now, command.actor, ended.carried.family, ended.case, outcome.family, outcome.case)
        return result_of(outcome, turn)

    def _meet(self, tx: Transaction, command: Command, given: Given) -> tuple[int, int, dict[str, _Met]]:
        """The clock, the instant of both, and both cases as they stand then."""
        in_order = sorted({command.case, command.name}, key=lambda case: case.partition(".")[0])
        before = {case: self.family_of(tx, case, lock=True) for case in in_order}
        for case in in_order:
            self._check_usable(before[case], case, given)
        clock = self.life.read(tx)
        now = max(instant(family, clock) for family in before.values())
        met = {}
        for case in in_order:
            carried = self._carry(tx, before[case], case, (now, clock))
            if carried.is_more:
                raise More(case)
            met[case] = _Met(before[case], carried, carried.family.cases[case])
        return clock, now, met
