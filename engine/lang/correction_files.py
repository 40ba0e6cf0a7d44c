"""A file that puts a calendar or goal right: which promises it is about, what they should have been measured by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from engine.calendars import Calendar, CalendarError, always, read_calendar
from engine.errors import UsageError
from engine.lang.beside import FileRead, read_beside
from engine.lang.build.cursor import Cursor, listed, text_of
from engine.lang.build.notes import Notes, built_in
from engine.lang.build.times import TimeFault, read_moment
from engine.lang.calendar_files import calendar_of
from engine.lang.files import Files, Sources
from engine.model import Desk, ProcessDefinition
from engine.values import Expected, read_date, read_instant

INLINE = "corrected"
"""What a calendar is called that stands in the file itself and gives no name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correctable:
    """What a correction may name, by its name."""

    definitions: Mapping[str, ProcessDefinition]  # the newest version of each process
    folder: Sources  # texts of the folder of processes, for calendars by name
    check_where: Callable[[str, ProcessDefinition], object]  # raises `UsageError`


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionFile:
    """A correction as its file gives it; instants in ms UTC."""

    process: str
    clocks: tuple[str, ...]
    since: int
    until: int
    where: str | None
    calendar: Calendar | None
    goal: str | None
    was: str | None
    reason: str
    approver: str


def read_correction(content: bytes, file: str, known: Correctable) -> FileRead[CorrectionFile]:
    """Read a correction against what it may name; without one the findings say why."""
    return read_beside(content, file, "correction", lambda root, notes: _Reading(root, known, notes).correction())


class _Reading:
    """One file; every part notes what is wrong with it, and none stops at the first."""

    def __init__(self, root: Cursor, known: Correctable, notes: Notes) -> None:
        self.root = root
        self.known = known
        self.notes = notes

    def correction(self) -> CorrectionFile:
        root, definition = self.root, self._definition()
        desk = definition.desk if definition is not None else None
        zone = desk.zone if desk is not None else "UTC"
        since, until = (self._instant(root.get(key), zone) for key in ("from", "until"))
        if since is not None and until is not None and since >= until and (place := root.get("until")) is not None:
            self.notes.error(
                "wrong-value", place.span, "`until` does not lie after `from`", "give the earlier as `from`"
            )
        is_right = [key for key in ("calendar", "goal") if key in self._written]
        if not is_right:
            message = "this correction puts nothing right: it has neither `calendar` nor `goal`"
            self.notes.error(
                "missing-key", root.document.top, message, "write the calendar or the goal as it should be"
            )
        was, goal = self._goals(definition)
        return CorrectionFile(
            process=text_of(root.get("process")), clocks=tuple(self._clocks(definition)), since=since or 0,
            until=until or 0, where=self._where(definition), calendar=self._calendar(desk, zone), goal=goal, was=was,
            reason=text_of(root.get("reason")), approver=text_of(root.get("approver")),
        )  # fmt: skip

    @property
    def _written(self) -> Mapping[str, object]:
        plain = self.root.plain
        return plain if isinstance(plain, Mapping) else {}

    def _definition(self) -> ProcessDefinition | None:
        cursor = self.root.get("process")
        if cursor is None or cursor.text in self.known.definitions:
            return self.known.definitions.get(text_of(cursor))
        names = built_in(*self.known.definitions)
        self.notes.unknown("process", cursor.span, f"no process `{cursor.text}` is published", cursor.text, names)
        return None

    def _clocks(self, definition: ProcessDefinition | None) -> Iterator[str]:
        for cursor in listed(self.root.get("clocks")):
            yield cursor.text
            if definition is not None and cursor.text not in definition.clocks:
                message = f"`{cursor.text}` is not a promise of `{definition.process}`"
                names = built_in(*definition.clocks)
                self.notes.unknown("name", cursor.span, message, cursor.text, names)

    def _instant(self, cursor: Cursor | None, zone: str) -> int | None:
        """A date is its first instant."""
        if cursor is None:
            return None
        try:
            text = cursor.text
            return read_instant(f"{read_date(text)} 00:00" if ":" not in text else text, zone)
        except Expected:
            message = f"`{cursor.text}` is no date and no instant"
            self.notes.error("bad-time", cursor.span, message, "write `2026-03-01`, or `2026-03-01 09:00`")
            return None

    def _where(self, definition: ProcessDefinition | None) -> str | None:
        cursor = self.root.get("where")
        if cursor is None:
            return None
        try:
            if definition is not None:
                self.known.check_where(cursor.text, definition)
        except UsageError as error:
            self.notes.error("wrong-value", cursor.span, error.message, error.mend)
        return cursor.text

    def _goals(self, definition: ProcessDefinition | None) -> tuple[str | None, str | None]:
        cursor = self.root.get("goal")
        parts = (None, cursor) if cursor is None or cursor.is_scalar else (cursor.get("was"), cursor.get("is"))
        was, goal = (self._goal(part, definition) for part in parts)
        return was, goal

    def _goal(self, cursor: Cursor | None, definition: ProcessDefinition | None) -> str | None:
        if cursor is None:
            return None
        try:
            read_moment(cursor.text, "goal", definition.fields if definition is not None else {})
        except TimeFault as fault:
            if definition is not None or fault.rule != "unknown-field":
                self.notes.error(fault.rule, cursor.part(fault.offset, fault.length), fault.message, fault.mend)
        return cursor.text

    def _calendar(self, desk: Desk | None, zone: str) -> Calendar | None:
        cursor = self.root.get("calendar")
        if cursor is None:
            return None
        if not cursor.is_scalar:
            return self._inline(cursor, zone)
        if cursor.text == "always":
            return always(zone)
        files = Files(self.known.folder, _base(self.known.folder))
        names = files.names("calendars/")
        if cursor.text not in names:
            message = f"there is no calendar `{cursor.text}` in the folder of processes"
            self.notes.unknown("calendar", cursor.span, message, cursor.text, built_in(*names, "always"))
            return None
        found = calendar_of(files, cursor.text, desk)
        for one in found.findings:
            if one.severity == "error":
                message = f"calendar `{cursor.text}` cannot be used: {one.message}"
                self.notes.error("bad-calendar", cursor.span, message, one.help, [(one.span, "there")])
        return found.calendar

    def _inline(self, cursor: Cursor, zone: str) -> Calendar | None:
        try:
            return read_calendar({"calendar": INLINE, **cursor.plain}, zone)
        except CalendarError as fault:
            message, _, mend = str(fault).partition("; ")
            place = cursor.document.place((*cursor.path, *fault.path))
            self.notes.error("bad-calendar", place, message, mend or None)
            return None


def _base(folder: Sources) -> str:
    """The folder above `calendars/`."""
    return next((path.rpartition("calendars/")[0] for path in sorted(folder) if "calendars/" in path), "")


__all__ = ["Correctable", "CorrectionFile", "read_correction"]
