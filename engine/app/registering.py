"""The desk's registers of outside people: who is in them, what is kept of each, who changed it when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.app.merging import RecipeOfTwo
from engine.app.people import actor_of
from engine.app.registers import Entry, desk_of, enter, kept_of, register_of, registers_of
from engine.core.cases import Actor, Registered
from engine.core.effects import can_name
from engine.core.reasons import near
from engine.errors import NotFound, NotPermitted, UsageError
from engine.fields import SEALED, Invalid, Value, read
from engine.model import Party
from engine.ports import PartyRecord, Transaction


class Registering:
    """The verbs of who keeps the registers."""

    _recipe: RecipeOfTwo

    def registers(self) -> list[Party]:
        """The parties of the desk of which a register is kept."""
        with self._recipe.store.read() as tx:
            return registers_of(self._recipe.catalogue.library(tx))

    def save_party(
        self, party: str, id: str, values: Mapping[str, Any], *, actor: Actor | str, is_active: bool = True
    ) -> PartyRecord:
        """Add one, or change what is kept of one: what is not given stays. From now on, and not before.

        Raises `NotFound` for a party without a register, `NotPermitted` for who does not keep it, `UsageError` for
        values that will not do.
        """
        with self._recipe.store.write() as tx:
            library = self._recipe.catalogue.library(tx)
            kept = register_of(library, party)
            who = _keeper(tx, kept, actor)
            before = tx.party(party, _named(id))
            plain, private = _read(kept, desk_of(library).zone, before[-1] if before else None, values)
            given = Registered(party=party, id=id, values=plain, private=private)
            return enter(tx, library, Entry(given, self._recipe.life.read(tx), who.id, is_active))

    def parties(self, party: str, *, actor: Actor | str) -> list[PartyRecord]:
        """Everybody in the register, by id; personal values are masked for who does not keep it."""
        with self._recipe.store.read() as tx:
            kept = register_of(self._recipe.catalogue.library(tx), party)
            found = tx.parties(party, self._recipe.now())
            return [_shown(one, kept, actor_of(tx, actor)) for one in found if one.is_active]

    def party(self, party: str, id: str, *, actor: Actor | str) -> list[PartyRecord]:
        """What was kept of one, the oldest first; `NotFound` if there is no such one."""
        with self._recipe.store.read() as tx:
            kept = register_of(self._recipe.catalogue.library(tx), party)
            found = tx.party(party, id)
            if not found:
                known = [one.id for one in tx.parties(party, self._recipe.now())]
                raise NotFound(f"there is no {party} `{id}`{near(id, known)}", help="`casewright party` shows them")
            return [_shown(one, kept, actor_of(tx, actor)) for one in found]


def _keeper(tx: Transaction, party: Party, actor: Actor | str) -> Actor:
    who = actor_of(tx, actor)
    if not _keeps(party, who):
        roles = ", ".join(party.kept_by)
        raise NotPermitted(f"`{who.id}` does not keep the register of `{party.name}`", help=f"it is kept by {roles}")
    return who


def _keeps(party: Party, who: Actor) -> bool:
    return not {*party.kept_by, "admin"}.isdisjoint(who.roles)


def _named(id: str) -> str:
    if not can_name(id):
        raise UsageError(f"`{id}` cannot name one of a register: printable text without `:` and blanks")
    return id


def _read(
    party: Party, zone: str, before: PartyRecord | None, values: Mapping[str, Any]
) -> tuple[dict[str, Value], dict[str, Value]]:
    """What is given, each value of its field, and the personal part of it."""
    given: dict[str, Value] = {}
    problems = []
    for name, raw in values.items():
        if name not in party.register:
            problems.append(f"`{name}` is not a field of the register{near(name, party.register)}")
            continue
        try:
            given[name] = read(party.register[name], raw, zone)
        except Invalid as invalid:
            problems.append(invalid.words["en"])
    kept = kept_of(party, before)
    problems += [f"`{name}` is missing" for name in party.register if name not in kept and name not in values]
    if problems:
        raise UsageError("; ".join(problems), help=f"the register keeps {_listed(party)}")
    private = {name: value for name, value in given.items() if party.register[name].personal}
    return {name: value for name, value in given.items() if name not in private}, private


def _listed(party: Party) -> str:
    return ", ".join(f"`{name}`" for name in party.register)


def _shown(record: PartyRecord, party: Party, who: Actor) -> PartyRecord:
    return record if _keeps(party, who) else replace(record, private=dict.fromkeys(record.private, SEALED))
