"""Events of other systems, and the cases they find."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from engine.errors import Outrun
from engine.json_text import encode
from engine.ports import HeardEvent
from engine.sealing import LockedValues
from engine.store.derived import TAKEN
from engine.store.rows import decode, plain, to_text
from engine.store.sql import Work

_COLUMNS = (
    "number, event, sender, roles, key, digest, at_ms, occurred_ms, status, until_ms, fields, private, cases, reasons, "
    "importing"
)


class Hearing(Work):
    """What was heard and has not come to a case, and which cases are found."""

    def listeners(self, event: str, mark: str, limit: int) -> list[str]:
        """The cases that an event with this mark finds, by id."""
        return [case for (case,) in self._run("LISTENERS", event, mark, limit).fetchall()]

    def listens(self, case: str) -> list[tuple[str, str]]:
        """By which events and marks this case is found."""
        return [(event, mark) for event, mark in self._run("LISTENS", case).fetchall()]

    def hold_event(self, event: HeardEvent, marks: Iterable[str]) -> HeardEvent:
        """Keep an event that has no number yet, to be found by these marks; `Outrun` if its key was faster."""
        it = checked(event)
        known = it.event, it.sender, to_text(it.roles), it.key, it.digest, it.at, it.occurred_at
        told = to_text(dict(it.fields)), self._locked_event(it)
        try:
            self._run("NEW_HEARD", *known, it.status, it.until, *told, *_found(it), it.importing)
        except self._taken as error:
            raise self._spoiled(Outrun(TAKEN)) from error
        number = self._run("HEARD", it.sender, it.key).fetchone()[0]
        for mark in marks:
            self._run("KEEP_HEARD", it.event, mark, number)
        return replace(it, number=number)

    def held_event(self, sender: str, key: str) -> HeardEvent | None:
        """The event to which this sender gave this id."""
        return self._event(self._run("HEARD", sender, key).fetchone())

    def event(self, number: int) -> HeardEvent | None:
        """One event."""
        return self._event(self._run("ONE_HEARD", number).fetchone())

    def waiting_events(self, event: str, mark: str, at: int, importing: str = "") -> list[HeardEvent]:
        """Events kept at that instant for a case with this mark, in the order in which they were heard."""
        rows = self._run("KEPT_HEARD", event, mark, at, importing).fetchall()
        return [found for row in rows if (found := self._event(row)) is not None]

    def events(self, at: int, limit: int) -> list[HeardEvent]:
        """Events that wait at that instant or were refused by their case, in the order in which they were heard."""
        text = (
            f"SELECT {_COLUMNS} FROM heard WHERE status IN ('kept', 'refused') AND until_ms > ? ORDER BY number LIMIT ?"
        )
        rows = self._ask(text, (at, limit)).fetchall()
        return [found for row in rows if (found := self._event(row)) is not None]

    def private_events(self) -> list[HeardEvent]:
        """Events that hold personal values, in the order in which they were heard."""
        rows = self._ask(f"SELECT {_COLUMNS} FROM heard WHERE private <> '{{}}' ORDER BY number", ()).fetchall()
        return [found for row in rows if (found := self._event(row)) is not None]

    def erase_event(self, event: HeardEvent) -> None:
        """Destroy the key of its personal values, these, and the digest of what was told; it waits on without them."""
        self._run("NO_SECRET", owner_of_event(event))
        self._ask("UPDATE heard SET private = '{}', digest = '' WHERE number = ?", (event.number,))

    def update_event(self, event: HeardEvent) -> None:
        """Write what became of it: status, until, cases, reasons; `Outrun` if it is gone."""
        if self._run("UPDATE_HEARD", event.status, event.until, *_found(event), event.number).rowcount != 1:
            raise self._spoiled(Outrun(TAKEN))

    def forget_event(self, number: int) -> None:
        """Let go of it; `Outrun` if it is gone."""
        gone = self.event(number)
        if gone is not None:
            self._run("NO_SECRET", owner_of_event(gone))
        self._run("NO_KEPT", number)
        if self._run("NO_HEARD", number).rowcount != 1:
            raise self._spoiled(Outrun(TAKEN))

    def forget_events(self, before: int) -> None:
        """Let go of all whose time was over by then."""
        self._run("FORGET_KEYS", before)
        self._run("FORGET_KEPT", before)
        self._run("FORGET_HEARD", before)

    def _locked_event(self, event: HeardEvent) -> str:
        """Its personal values as they are stored, under a key of its own, which goes when it does."""
        given = {name: to_text(value) for name, value in event.private.items()}
        if not given:
            return encode({})
        owner, keys = owner_of_event(event), self._driver.keys
        key = self._key_for(owner)
        return encode({name: keys.lock_value(key, (owner, name), text) for name, text in given.items()})

    def _event(self, row: Any) -> HeardEvent | None:
        if row is None:
            return None
        number, event, sender, roles, key, digest, at, occurred, status, until, *told, importing = row
        fields, private, cases, reasons = (decode(text) for text in told)
        held = HeardEvent(
            number=number, event=event, sender=sender, roles=tuple(decode(roles)), key=key, digest=digest, at=at,
            occurred_at=occurred, status=status, until=until, fields=fields, private={}, cases=tuple(cases),
            reasons=tuple(reasons), importing=importing,
        )  # fmt: skip
        if not private:
            return held
        owner = owner_of_event(held)
        return replace(held, private=LockedValues(self._driver.keys, owner, self._key_of(owner), private))


def owner_of_event(event: HeardEvent) -> str:
    """Whose key that of an event's personal values is; no case and no entry of a register is called so."""
    return f"event/{event.sender}/{event.key}"


def checked(event: HeardEvent) -> HeardEvent:
    """The event, if its texts can be stored."""
    plain(event.key, "a key")
    plain(event.event, "an event's name")
    to_text([dict(event.fields), dict(event.private)])
    return event


def _found(event: HeardEvent) -> tuple[str, str]:
    return to_text(event.cases), to_text([dict(words) for words in event.reasons])
