"""The desk's registers of outside people: each change is a row of its own."""

from __future__ import annotations

from typing import Any

from engine.errors import Outrun
from engine.ports import PartyRecord
from engine.store.rows import decode, plain, to_text
from engine.store.sql import Work


class Parties(Work):
    """Whom the desk knows."""

    def save_party(self, record: PartyRecord) -> None:
        """Add what is so from now on; `Outrun` if somebody was faster."""
        it = record
        kept = to_text(dict(it.data)), to_text(dict(it.private))
        try:
            self._run("NEW_PARTY", it.party, plain(it.id, "an id"), it.number, it.at, it.by, int(it.is_active), *kept)
        except self._taken as error:
            raise self._spoiled(Outrun(f"`{it.id}` was changed meanwhile; look at it again")) from error

    def parties(self, party: str, at: int) -> list[PartyRecord]:
        """Everybody on the register as it stood at that instant, by id; those taken off too."""
        return [_record(row) for row in self._run("PARTIES", party, at).fetchall()]

    def party(self, party: str, id: str) -> list[PartyRecord]:
        """What was kept of this one, the oldest first."""
        return [_record(row) for row in self._run("PARTY", party, id).fetchall()]

    def party_until(self, party: str) -> int:
        """When the register was changed last; 0 if never."""
        found: int | None = self._run("PARTY_UNTIL", party).fetchone()[0]
        return found or 0


def _record(row: Any) -> PartyRecord:
    party, known_as, number, at, by, is_active, data, private = row
    return PartyRecord(
        party=party, id=known_as, number=number, at=at, by=by, is_active=bool(is_active), data=decode(data),
        private=decode(private),
    )  # fmt: skip
