"""Deciding with what other families hold, and keeping it: with every case that a step opens by its key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from engine.app.advancing import advance_others, carry_import
from engine.app.opening import Look, open_due
from engine.app.registers import likest, open_values_of
from engine.app.saving import Saving
from engine.core.cases import EMPTY, Applied, Refused
from engine.core.decide import open_case, without
from engine.core.reasons import reason, rules_of
from engine.core.sight import Context, Unknown
from engine.frozen import Frozen
from engine.ports import Transaction


class Decision(Frozen, frozen=True):
    """What is to be decided on which case, at which instant, and how it is kept."""

    case: str
    now: int
    clock: int  # what the time source said
    decide: Callable[[Context], Applied | Refused]
    keep: Callable[[Applied | Refused], None]
    importing: str | None = None  # the unfinished import that the case belongs to


class _Numbers(Exception):
    """A case is to be opened by its key: its number is drawn in a part, so that it is given again if it is not."""


class _Known(Exception):
    """A case that a step wants to open by its key was refused: the step is decided again, knowing that."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        super().__init__()
        self.found = found


class Deciding(Saving):
    """What decides on families, looking into others where a decision asks for it, and keeps what was decided."""

    def settled(self, tx: Transaction, decision: Decision) -> tuple[Applied | Refused, Context]:
        """Decide and keep it, with every case of its own that the step opens by key, in the same transaction.

        Where such a case is refused the step stands: it is decided again, and the refusal is a record on the teller.
        """
        found: Mapping[str, Any] = EMPTY
        draws_numbers = False
        while True:
            try:
                if not draws_numbers:
                    return self._kept(tx, decision, found, draws_numbers=False)
                with tx.part():
                    return self._kept(tx, decision, found, draws_numbers=True)
            except _Numbers:
                draws_numbers = True
            except _Known as known:
                found = {**found, **known.found}

    def _kept(
        self, tx: Transaction, decision: Decision, found: Mapping[str, Any], *, draws_numbers: bool
    ) -> tuple[Applied | Refused, Context]:
        """Decide, looking up in other families what the decision asks for, and keep what was decided."""
        context, is_first = self.context(tx, decision.clock, found), True
        while True:
            try:
                outcome = decision.decide(context)
                break
            except Unknown as unknown:
                if is_first:
                    self._carry_others(tx, decision)
                    is_first = False
                answer = self._answer(tx, unknown, decision, draws_numbers=draws_numbers)
                context = context.but(found={**context.found, unknown.text: answer})
        decision.keep(outcome)
        if isinstance(outcome, Applied) and outcome.elsewhere:
            self._open_elsewhere(tx, outcome, context, decision)
        return outcome, context

    def _carry_others(self, tx: Transaction, decision: Decision) -> None:
        """Who looks into others sees them as they stand at that instant; a line of an import its own ones too.

        What the calendar opens before a line of an import and nobody has opened yet belongs to the import.
        """
        own = decision.case.partition(".")[0]
        if decision.importing is None:
            advance_others(self, tx, decision.clock, own)
        else:
            for process in tx.due_timetables(decision.now):
                open_due(self, tx, process, Look(decision.now, importing=decision.importing))
            advance_others(self, tx, decision.now, own)
            carry_import(self, tx, decision.importing, (decision.now, decision.clock), own)

    def _answer(self, tx: Transaction, unknown: Unknown, decision: Decision, *, draws_numbers: bool) -> Any:
        values = unknown.values
        if unknown.question == "count":
            return tx.count_like(values["process"], values["values"], values["since"], values["until"])
        if unknown.question == "party_like":
            return likest(tx, str(values["party"]), str(values["id"]), decision.now)
        if unknown.question == "party":
            library = self.catalogue.library(tx)
            return open_values_of(tx, library, str(values["party"]), str(values["id"]), decision.now)
        process = str(values["process"])
        taken = tx.open_with_key(process, str(values["key"]))
        if unknown.question == "unique":
            return None if taken == decision.case else taken
        if taken is not None:
            return {"case": taken, "is_new": False}
        plan = self.catalogue.library(tx).newest(process, decision.now)
        if plan is None:
            return {"case": None, "is_new": False, "refused": rules_of([reason("open", "no_process", process=process)])}
        if not draws_numbers:
            raise _Numbers
        prefix = plan.definition.prefix
        return {"case": f"{prefix}-{tx.next_number(prefix)}", "is_new": True}

    def _open_elsewhere(self, tx: Transaction, outcome: Applied, context: Context, decision: Decision) -> None:
        """Open the cases of their own that a step opens by key."""
        for command in outcome.elsewhere:
            opening = Decision(
                case=command.case, now=decision.now, clock=decision.clock,
                decide=partial(open_case, command, now=decision.now),
                keep=lambda opened: self.save(tx, None, (), opened, None),
                importing=decision.importing,
            )  # fmt: skip
            opened, _ = self.settled(tx, opening)
            if isinstance(opened, Refused):
                known = without(context, command, opened.reasons).found
                raise _Known({question: answer for question, answer in known.items() if _is_refusal(answer)})


def _is_refusal(answer: Any) -> bool:
    """All else is asked again: what was opened beside the refused one is opened anew, under the number it had."""
    return isinstance(answer, Mapping) and "refused" in answer
