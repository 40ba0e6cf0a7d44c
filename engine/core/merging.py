"""Merging two cases of different families: the one ends in the other, and each keeps a record of it."""

from __future__ import annotations

from engine.core.cases import Applied, Case, Command, Family, Refused
from engine.core.decide import act
from engine.core.sight import Context, Unknown


def end_in(family: Family, survivor: Case, command: Command, context: Context, now: int) -> Applied | Refused:
    """End `command.case` in the survivor, as it stands now; how it stands becomes part of the record."""
    try:
        return act(family, command, context, now)
    except Unknown as unknown:
        if unknown.question != "stands":
            raise
        stands = {"root": survivor.root, "outcome": survivor.outcome, "merged_into": survivor.merged_into}
        return act(family, command, context.but(found={**context.found, unknown.text: stands}), now)


def take_in(family: Family, command: Command, context: Context, now: int) -> Applied | Refused:
    """The same merging seen by the survivor, `command.name`: it answers for `command.case` from now on."""
    return act(family, command.but(verb="take_in", case=command.name, name=command.case, key=None), context, now)
