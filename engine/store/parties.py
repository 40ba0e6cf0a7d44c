"""The desk's registers of outside people: each change is a row of its own, its personal values under one key."""

from __future__ import annotations

from typing import Any

from engine.errors import Outrun
from engine.json_text import encode
from engine.ports import PartyRecord
from engine.sealing import LockedValues
from engine.store.rows import decode, plain, to_text
from engine.store.sql import Work


class Parties(Work):
    """Whom the desk knows."""

    def save_party(self, record: PartyRecord) -> None:
        """Add what is so from now on; `Outrun` if somebody was faster."""
        it = record
        who = it.party, plain(it.id, "an id"), it.number, it.at, it.by, int(it.is_active)
        try:
            self._run("NEW_PARTY", *who, to_text(dict(it.data)), self._locked_party(it), it.erasure)
        except self._taken as error:
            raise self._spoiled(Outrun(f"`{it.id}` was changed meanwhile; look at it again")) from error

    def parties(self, party: str, at: int) -> list[PartyRecord]:
        """Everybody on the register as it stood at that instant, by id; those taken off too."""
        return [self._party(row) for row in self._run("PARTIES", party, at).fetchall()]

    def party(self, party: str, id: str) -> list[PartyRecord]:
        """What was kept of this one, the oldest first."""
        return [self._party(row) for row in self._run("PARTY", party, id).fetchall()]

    def party_until(self, party: str) -> int:
        """When the register was changed last; 0 if never."""
        found: int | None = self._run("PARTY_UNTIL", party).fetchone()[0]
        return found or 0

    def erase_party(self, party: str, id: str) -> None:
        """Destroy the key of this one's personal values, and the values of every change."""
        names = {name: "" for record in self.party(party, id) for name in record.private}
        self._run("NO_SECRET", owner_of(party, id))
        self._run("EMPTY_PARTY", encode(names), party, id)

    def _locked_party(self, record: PartyRecord) -> str:
        """Its personal values as they are stored, under its key: made with the first of them."""
        given = {
            name: plain(to_text(value), f"`{name}`") for name, value in record.private.items() if value is not None
        }
        owner, keys = owner_of(record.party, record.id), self._driver.keys
        key = self._key_for(owner) if given else ""
        locked = {name: keys.lock_value(key, (owner, name), text) for name, text in given.items()}
        return encode({name: locked.get(name, "") for name in record.private})

    def _party(self, row: Any) -> PartyRecord:
        party, known_as, number, at, by, is_active, data, private, erasure, key = row
        locked = LockedValues(self._driver.keys, owner_of(party, known_as), key or "", decode(private))
        return PartyRecord(
            party=party, id=known_as, number=number, at=at, by=by, is_active=bool(is_active), data=decode(data),
            private=locked, erasure=erasure,
        )  # fmt: skip


def owner_of(party: str, id: str) -> str:
    """Whose key that of a register's entry is; no case is called so."""
    return f"{party}:{id}"
