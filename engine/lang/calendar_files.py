"""Calendars as their files give them: within a folder of processes, or alone for a host that wants nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from engine.calendars import Calendar, CalendarError, always, read_calendar
from engine.errors import DefinitionError
from engine.lang.build.cursor import Cursor
from engine.lang.build.declared import words
from engine.lang.build.desk import build_desk
from engine.lang.build.notes import Notes, built_in
from engine.lang.diagnostics import Diagnostic, error, warning
from engine.lang.files import File, Files, Sources
from engine.model import Desk


@dataclass(frozen=True, slots=True)
class CalendarRead:
    """A calendar, or one that is always open in place of one that cannot be read."""

    calendar: Calendar
    findings: tuple[Diagnostic, ...]


def calendar_of(files: Files, name: str, desk: Desk | None) -> CalendarRead:
    """Read one calendar of a folder; the zone and the languages are the desk's."""
    file = files.read(f"calendars/{name}.yaml", "calendar")
    read = _read_calendar(file, name, desk.zone if desk else "UTC", desk.languages if desk else ())
    return CalendarRead(read.calendar, (*read.findings, *_run_out(file, read.calendar, files.today)))


def _run_out(file: File, calendar: Calendar, today: date | None) -> Iterator[Diagnostic]:
    """Say so if no holiday is known any more: from then on it is open on every one."""
    end = calendar.known_until or max(calendar.holidays, default=None)
    if today is None or end is None or today <= (end := end.replace(month=12, day=31)):
        return
    message = f"the holidays of calendar `{calendar.name}` ended with {end.year}; it is open on every later one"
    mend = "write those of this year, or let a country bring them, as in `holidays: [{country: CN}]`"
    if calendar.known_until is not None:
        message = f"the holidays of calendar `{calendar.name}` are announced until {calendar.known_until} only"
        mend = "update the library: `pip install --upgrade holidays`; then publish again"
    yield warning("holidays-run-out", file.document.place(("holidays",)), message, mend)


@lru_cache(maxsize=64)
def _read_calendar(file: File, name: str, zone: str, languages: tuple[str, ...]) -> CalendarRead:
    if file.cursor is None or file.findings:
        return CalendarRead(always(zone), file.findings)
    notes = Notes()
    words(notes, file.cursor.get("label"), built_in(*languages))
    check_file_name(file.cursor, name, notes)
    try:
        return CalendarRead(read_calendar(file.cursor.plain, zone), (*file.findings, *notes.found))
    except CalendarError as fault:
        place = file.document.place(fault.path)
        message, _, mend = str(fault).partition("; ")
        found = error("bad-calendar", place, message, mend or None)
        return CalendarRead(always(zone), (*file.findings, *notes.found, found))


def check_file_name(root: Cursor, name: str, notes: Notes) -> None:
    """Note a file whose name is not the one it gives itself."""
    key = next((one for one in ("process", "calendar") if one in root.plain), "")
    written = root.get(key)
    if written is not None and written.text != name:
        message = f"the file is named `{name}.yaml`, but says it is `{written.text}`"
        notes.error("file-name", written.span, message, "give both the same name")


# -- alone -------------------------------------------------------------------------------------------------------------


def load_calendar(text: str, zone: str = "UTC", *, file: str = "calendar.yaml") -> Calendar:
    """Read a calendar from the YAML of its file; `zone` is for one that names none, `file` is named in errors.

    Raises `DefinitionError` with the place of the first fault.
    """
    read = Files({file: text}, "").read(file, "calendar")
    name = read.cursor.get("calendar") if read.cursor is not None else None
    return _usable(_read_calendar(read, name.text if name is not None else "", zone, ()))


def load_calendars(sources: Sources) -> dict[str, Calendar]:
    """Read the calendars of a folder of processes by name, as `read_sources` gives its texts; `always` is one of them.

    Calendars without a zone of their own have the desk's. Raises `DefinitionError` with the place of the first fault.
    """
    read, zone = _calendars_of(sources)
    return {"always": always(zone), **{name: _usable(one) for name, one in read.items()}}


def sound_calendars(sources: Sources) -> dict[str, Calendar]:
    """Those calendars of a folder of processes that have no fault, for who may be given any of them by name."""
    try:
        read, zone = _calendars_of(sources)
    except DefinitionError:
        return {}
    sound = {name: one.calendar for name, one in read.items() if all(said.severity != "error" for said in one.findings)}
    return {"always": always(zone), **sound}


def _calendars_of(sources: Sources) -> tuple[dict[str, CalendarRead], str]:
    """The calendars of a folder, and the zone of its desk."""
    base = next((path[: -len("desk.yaml")] for path in sorted(sources) if _is_desk(path)), _base_of(sources))
    files = Files(sources, base)
    desk = _desk(files)
    read = {name: calendar_of(files, name, desk) for name in files.names("calendars/")}
    return read, desk.zone if desk else "UTC"


def _is_desk(path: str) -> bool:
    return path == "desk.yaml" or (path.endswith("/desk.yaml") and not path.endswith("messages/desk.yaml"))


def _base_of(sources: Mapping[str, str]) -> str:
    """The folder above `calendars/` where there is no desk."""
    return next((path.rpartition("calendars/")[0] for path in sorted(sources) if "calendars/" in path), "")


def _desk(files: Files) -> Desk | None:
    file = files.read("desk.yaml", "desk") if "desk.yaml" in files else None
    if file is None:
        return None
    faults = [found for found in file.findings if found.severity == "error"]
    if faults or file.cursor is None:
        raise _fault(faults[0])
    return build_desk(file.cursor).desk


def _usable(read: CalendarRead) -> Calendar:
    errors = [found for found in read.findings if found.severity == "error"]
    if errors:
        raise _fault(errors[0])
    return read.calendar


def _fault(found: Diagnostic) -> DefinitionError:
    return DefinitionError(f"the calendar cannot be used; {found.span}: {found.message}", help=found.help)
