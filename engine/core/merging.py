"""Merging two cases of different families: the one ends in the other, and each keeps a record of it."""

from __future__ import annotations

from typing import Any

from engine.core.cases import Applied, Case, Command, Family, Refused
from engine.core.decide import act
from engine.core.sight import Context, Unknown


def end_in(family: Family, survivor: Case, command: Command, context: Context, now: int) -> Applied | Refused:
    """End `command.case` in the survivor, as it stands now; how it stands becomes part of the record."""

    def answer(unknown: Unknown) -> Any:
        if unknown.question == "stands":
            return {"root": survivor.root, "outcome": survivor.outcome, "merged_into": survivor.merged_into}
        if context.answer is None:
            raise unknown
        return context.answer(unknown)

    return act(family, command, context.but(answer=answer), now)


def take_in(family: Family, command: Command, context: Context, now: int) -> Applied | Refused:
    """The same merging seen by the survivor, `command.name`: it answers for `command.case` from now on."""
    return act(family, command.but(verb="take_in", case=command.name, name=command.case, key=None), context, now)
