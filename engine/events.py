"""Events of other systems as a store keeps them: those that came to no case, and by which events cases are found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardEvent:
    """An event of another system that has changed no case: it waits for one, or was put aside."""

    number: int = 0  # in the order in which they were heard; 0: not stored yet
    event: str
    sender: str
    roles: tuple[str, ...]  # held by the sender then
    key: str  # the id that its sender gave it
    digest: str  # of what was told
    at: int
    occurred_at: int | None = None  # when it happened, by its sender's clock
    status: Literal["kept", "refused", "ignored", "dropped"]
    until: int  # it waits, or is remembered, until then
    fields: Mapping[str, Any]  # what a case will need of it, as it was told, but for personal values
    private: Mapping[str, Any] = field(repr=False)  # the personal values, which no log is to show
    cases: tuple[str, ...] = ()  # those it may be about, where none or several fitted
    reasons: tuple[Mapping[str, str], ...] = ()  # why its case refused it, in every language
    importing: str = ""  # the unfinished import it came with


class Listening(NamedTuple):
    """By which events a case is no longer found, and by which it is now: pairs of an event's name and a mark."""

    gone: frozenset[tuple[str, str]]
    new: frozenset[tuple[str, str]]


class EventTable(Protocol):
    """Events of other systems: the cases they find, and those that have not come to one."""

    def listeners(self, event: str, mark: str, limit: int) -> list[str]:
        """The cases that an event with this mark finds, by id."""

    def listens(self, case: str) -> list[tuple[str, str]]:
        """By which events and marks this case is found."""

    def hold_event(self, event: HeardEvent, marks: Iterable[str]) -> HeardEvent:
        """Keep an event that has no number yet, to be found by these marks; `Outrun` if its key was faster."""

    def held_event(self, sender: str, key: str) -> HeardEvent | None:
        """The event to which this sender gave this id."""

    def event(self, number: int) -> HeardEvent | None:
        """One event."""

    def waiting_events(self, event: str, mark: str, at: int, importing: str = "") -> list[HeardEvent]:
        """Events kept at that instant for a case with this mark, in the order in which they were heard."""

    def events(self, at: int, limit: int) -> list[HeardEvent]:
        """Events that wait at that instant or were refused by their case, in the order in which they were heard."""

    def private_events(self) -> list[HeardEvent]:
        """Events that hold personal values, in the order in which they were heard."""

    def erase_event(self, event: HeardEvent) -> None:
        """Destroy the key of its personal values, these, and the digest of what was told; it waits on without them."""

    def update_event(self, event: HeardEvent) -> None:
        """Write what became of it: status, until, cases, reasons; `Outrun` if it is gone."""

    def forget_event(self, number: int) -> None:
        """Let go of it; `Outrun` if it is gone."""

    def forget_events(self, before: int) -> None:
        """Let go of all whose time was over by then."""
