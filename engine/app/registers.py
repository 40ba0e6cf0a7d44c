"""What stands in the desk's registers of outside people, and how somebody is entered: by their keepers, by a step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from engine.app.catalogue import opened_until
from engine.core.cases import Registered, Step
from engine.core.plan import Library
from engine.core.reasons import near
from engine.errors import NotFound
from engine.fields import Value
from engine.model import Desk, Party
from engine.nearness import nearest
from engine.ports import PartyRecord, Transaction


class Entry(NamedTuple):
    """What somebody enters in a register, and when."""

    given: Registered
    at: int
    by: str
    is_active: bool = True  # False: they are taken off it


def registers_of(library: Library) -> list[Party]:
    """The parties of the desk of which a register is kept."""
    return [party for party in (desk_of(library).parties.values() if library.published else ()) if party.register]


def desk_of(library: Library) -> Desk:
    """The desk as it was published last."""
    newest = max((versions[-1][0], process, versions[-1][1]) for process, versions in library.published.items())
    return library.plan(*newest[1:]).definition.desk


def register_of(library: Library, party: str) -> Party:
    """The party of this name with its register; `NotFound` if the desk keeps none."""
    found = {one.name: one for one in registers_of(library)}
    if party not in found:
        raise NotFound(
            f"the desk keeps no register of `{party}`{near(party, found)}",
            help="declare one at the party in `desk.yaml`, and publish a process after that",
        )
    return found[party]


def kept_of(party: Party, before: PartyRecord | None) -> dict[str, Value]:
    """What is kept of one so far; for fields declared since, the usual."""
    kept = {**before.data, **before.private} if before is not None else {}
    return party.usual | {name: value for name, value in kept.items() if name in party.register}


def enter(tx: Transaction, library: Library, entry: Entry) -> PartyRecord:
    """Add what is so of one from an instant on, never before what the calendar has opened; the rest stays."""
    given = entry.given
    party, before = register_of(library, given.party), tx.party(given.party, given.id)
    since = max((opened_until(tx, process) for process in library.published), default=0)
    kept = {**kept_of(party, before[-1] if before else None), **given.values, **given.private}
    private = {name: value for name, value in kept.items() if party.register[name].personal}
    record = PartyRecord(
        party=given.party, id=given.id, number=len(before) + 1, at=max(entry.at, tx.party_until(given.party), since),
        by=entry.by, data={name: value for name, value in kept.items() if name not in private}, private=private,
        is_active=entry.is_active,
    )  # fmt: skip
    tx.save_party(record)
    return record


def enter_all(tx: Transaction, library: Library, steps: Iterable[Step]) -> None:
    """Enter whom these steps put on a register, each from its step on."""
    for step in steps:
        for given in step.registered:
            enter(tx, library, Entry(given, step.record["at"], step.record["actor"]))


def likest(tx: Transaction, party: str, id: str, at: int) -> list[str]:
    """The ids on the register at that instant that are most like this one."""
    return nearest(id, [one.id for one in tx.parties(party, at) if one.is_active], 0.7)


def open_values_of(tx: Transaction, library: Library, party: str, id: str, at: int) -> Mapping[str, Value] | None:
    """What the register said of one at an instant, but for personal values; None for who was not on it."""
    known = [record for record in tx.party(party, id) if record.at <= at]
    if not known or not known[-1].is_active:
        return None
    return register_of(library, party).openly(known[-1].data)
