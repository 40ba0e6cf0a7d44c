"""Events of other systems and the cases they find, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.errors import Outrun
from engine.ports import HeardEvent
from engine.store.derived import TAKEN
from engine.store.hearing import checked
from engine.store.memory.cases import MemoryWork


class MemoryHearing(MemoryWork):
    """What was heard and has not come to a case, and which cases are found."""

    def listeners(self, event: str, mark: str, limit: int) -> list[str]:
        """The cases that an event with this mark finds, by id."""
        return sorted(self._tables.get("listening", (event, mark)) or ())[:limit]

    def listens(self, case: str) -> list[tuple[str, str]]:
        """By which events and marks this case is found."""
        return sorted(place for place, cases in self._tables.rows("listening") if case in cases)

    def hold_event(self, event: HeardEvent, marks: Iterable[str]) -> HeardEvent:
        """Keep an event that has no number yet, to be found by these marks; `Outrun` if its key was faster."""
        place = checked(event).sender, event.key
        if self._tables.get("heard_as", place) is not None:
            raise Outrun(TAKEN)
        held = replace(event, number=self._next_id("heard"))
        self._tables.put("heard", held.number, held)
        self._tables.put("heard_as", place, held.number)
        for mark in marks:
            self._tables.put("kept", (held.event, mark, held.number), True)
        return held

    def held_event(self, sender: str, key: str) -> HeardEvent | None:
        """The event to which this sender gave this id."""
        number = self._tables.get("heard_as", (sender, key))
        return None if number is None else self.event(number)

    def event(self, number: int) -> HeardEvent | None:
        """One event."""
        found: HeardEvent | None = self._tables.get("heard", number)
        return found

    def waiting_events(self, event: str, mark: str, at: int, importing: str = "") -> list[HeardEvent]:
        """Events kept at that instant for a case with this mark, in the order in which they were heard."""
        places = sorted(place for place, _ in self._tables.rows("kept") if place[:2] == (event, mark))
        found = [one for place in places if (one := self.event(place[2])) is not None]
        return [one for one in found if one.status == "kept" and one.until > at and one.importing == importing]

    def events(self, at: int, limit: int) -> list[HeardEvent]:
        """Events that wait at that instant or were refused by their case, in the order in which they were heard."""
        found = (one for _, one in sorted(self._tables.rows("heard"), key=lambda pair: pair[0]))
        return [one for one in found if one.status in ("kept", "refused") and one.until > at][:limit]

    def private_events(self) -> list[HeardEvent]:
        """Events that hold personal values, in the order in which they were heard."""
        return [one for _, one in sorted(self._tables.rows("heard"), key=lambda pair: pair[0]) if one.private]

    def erase_event(self, event: HeardEvent) -> None:
        """Let its personal values go, and the digest of what was told; it waits on without them."""
        self._tables.put("heard", event.number, replace(event, private={}, digest=""))

    def update_event(self, event: HeardEvent) -> None:
        """Write what became of it: status, until, cases, reasons; `Outrun` if it is gone."""
        self._must_be_there(event.number)
        self._tables.put("heard", event.number, event)

    def forget_event(self, number: int) -> None:
        """Let go of it; `Outrun` if it is gone."""
        gone = self._must_be_there(number)
        self._tables.drop("heard", number)
        self._tables.drop("heard_as", (gone.sender, gone.key))
        for place in [place for place, _ in self._tables.rows("kept") if place[2] == number]:
            self._tables.drop("kept", place)

    def forget_events(self, before: int) -> None:
        """Let go of all whose time was over by then."""
        for number in [number for number, one in self._tables.rows("heard") if one.until <= before]:
            self.forget_event(number)

    def _must_be_there(self, number: int) -> HeardEvent:
        found = self.event(number)
        if found is None:
            raise Outrun(TAKEN)
        return found
