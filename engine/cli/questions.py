"""Questions to a calendar and its answers: when is so much open time over, how much lies between, when does it open?"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from engine.cli.file_trouble import text_of
from engine.cli.reader import seconds
from engine.cli.sayings import said_again
from engine.cli.translate import _, asked_for, later, listed
from engine.errors import NotFound, UsageError

if TYPE_CHECKING:
    from engine.calendars import Calendar

Verb = Literal["add", "elapsed", "next"]

KEYS: Mapping[Verb, tuple[str, ...]] = {
    "add": ("calendar", "from", "length"),
    "elapsed": ("calendar", "from", "until"),
    "next": ("calendar", "from"),
}
"""What a question holds, as in a line of a file of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a calendar answers: for machines, for people, and what should be known beside it."""

    document: Mapping[str, Any]
    text: str
    warning: str | None


def answer(verb: Verb, question: Mapping[str, str], calendars: Callable[[str], Calendar]) -> Answer:
    """Answer one question; raises `EngineError` where it cannot be."""
    from engine.calendars import CalendarError, holiday_warning

    missing = [key for key in KEYS[verb] if key not in question]
    if missing:
        raise UsageError(
            _("nothing says {keys}").format(keys=listed(f"`{key}`" for key in missing)),
            help=_("it needs {keys}").format(keys=listed(f"`{key}`" for key in KEYS[verb])),
        )
    calendar = calendars(question["calendar"])
    start = instant_in(calendar, question["from"])
    try:
        result, shown, text, last = _ANSWERS[verb](calendar, start, question)
        warning = holiday_warning(calendar, max(start, last))
    except CalendarError as error:
        said, _sign, mend = str(error).partition("; ")
        raise UsageError(said, help=mend or None) from error
    told = {"calendar": calendar.name, "from": rfc3339(calendar, start), **shown, **result}
    return Answer(document=told, text=text, warning=warning)


Found = tuple[dict[str, Any], dict[str, Any], str, int]
"""The result, how the rest of the question was understood, the text for people, the latest instant looked at."""


def _add(calendar: Calendar, start: int, question: Mapping[str, str]) -> Found:
    length = " ".join(question["length"].split())
    at = reach(calendar, start, length)
    return {"at": rfc3339(calendar, at)}, {"length": length}, instant_text(calendar, at), at


def _elapsed(calendar: Calendar, start: int, question: Mapping[str, str]) -> Found:
    from engine.hours import format_duration

    until = instant_in(calendar, question["until"])
    open_time = calendar.elapsed(start, until)
    result = {"elapsed": seconds(open_time)}
    return result, {"until": rfc3339(calendar, until)}, format_duration(open_time), until


def _next(calendar: Calendar, start: int, question: Mapping[str, str]) -> Found:
    at = calendar.next_opening(start)
    text = instant_text(calendar, at)
    text = _("{instant}, open already").format(instant=text) if at == start else text
    return {"is_open": at == start, "at": rfc3339(calendar, at)}, {}, text, at


_ANSWERS: Mapping[Verb, Callable[[Calendar, int, Mapping[str, str]], Found]] = {
    "add": _add,
    "elapsed": _elapsed,
    "next": _next,
}


_TIMED = re.compile(r"(PT)?[0-9][0-9.hmsHMS]*[hmsHMS]")


def reach(calendar: Calendar, start: int, length: str) -> int:
    """Return when a length is over, or, after a minus, when it began: whatever a goal may be, `0s` too."""
    from engine.calendars import parse_duration
    from engine.core.promises.clocks import instant_of
    from engine.lang.build.times import TimeFault, read_moment

    back, plain = length.startswith("-"), length.removeprefix("-").strip()
    if _TIMED.fullmatch(plain):  # to the millisecond: goals begin with a second
        return calendar.add(start, -parse_duration(plain) if back else parse_duration(plain))
    try:
        moment = read_moment(plain, "goal", {})
    except TimeFault as fault:
        raise UsageError(fault.message, help=fault.mend) from fault
    if not back:
        return instant_of(moment, start, None, calendar) or 0
    if moment.base in ("business_days", "calendar_days") and not moment.offset and not moment.days:
        return calendar.add_days(start, -moment.count, "business" if moment.base == "business_days" else "calendar")
    raise UsageError(
        _("`{text}` cannot be counted backwards").format(text=plain),
        help=_("backwards go durations and numbers of days: `-1h30m`, `-3 business_days`"),
    )


def instant_in(calendar: Calendar, text: str) -> int:
    """Read an instant, local to the calendar unless it says its offset."""
    from engine.values import Expected, read_instant

    try:
        return read_instant(text, calendar.zone)
    except Expected as error:
        raise UsageError(
            _("`{text}` must be {expected}").format(
                text=text, expected=error.words.get(os.environ.get("LANGUAGE", "en"), str(error))
            )
        ) from error


def rfc3339(calendar: Calendar, at: int) -> str:
    """Write an instant for machines, with the offset of the calendar's zone."""
    return calendar.local(at).isoformat(timespec="milliseconds")


WEEKDAYS = (later("Mon"), later("Tue"), later("Wed"), later("Thu"), later("Fri"), later("Sat"), later("Sun"))


def weekday(number: int) -> str:
    """Name a day of the week, Monday being 0, in the reader's language."""
    return _(WEEKDAYS[number])


def instant_text(calendar: Calendar, at: int) -> str:
    """Write an instant for people, with its day of the week and the zone."""
    from engine.values import show_instant

    return _("{instant} {weekday} ({zone})").format(
        instant=show_instant(at, calendar.zone), weekday=weekday(calendar.local(at).weekday()), zone=calendar.zone
    )


# -- where calendars come from -----------------------------------------------------------------------------------------


class Calendars:
    """The calendars that may be asked for: by the names of a folder of processes, or by their files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, Calendar] = {}

    def __call__(self, name: str) -> Calendar:
        """Return the calendar of a name or a path; raises `NotFound`, or `DefinitionError` where it has faults."""
        if name not in self._kept:
            self._kept[name] = self._read(name)
        return self._kept[name]

    def names(self) -> list[str]:
        """Name what the folder has, `always` included."""
        return sorted({"always", *(file.stem for file in (self._folder / "calendars").glob("*.yaml"))})

    def _read(self, name: str) -> Calendar:
        from engine.lang.calendar_files import load_calendar

        if name.endswith((".yaml", ".yml")):
            file = Path(name)
            desk = file.parent.parent if file.parent.name == "calendars" else file.parent
        else:
            file, desk = self._folder / "calendars" / f"{name}.yaml", self._folder
        if name == "always":
            from engine.calendars import always

            return always(_zone(desk if name.endswith(".yaml") else self._folder))
        if not file.is_file():
            raise self._unknown(name)
        return load_calendar(text_of(file), _zone(desk), file=file.as_posix())

    def _unknown(self, name: str) -> NotFound:
        from engine.nearness import nearest

        names = self.names()
        near = nearest(name, names)
        mend = (
            asked_for(near)
            if near
            else _("known are {names}; a file is named by its path, as in `calendars/office.yaml`").format(
                names=listed(f"`{one}`" for one in names)
            )
        )
        return NotFound(_("there is no calendar `{name}`").format(name=name), help=mend)


def _zone(folder: Path) -> str:
    """Return the zone of the desk in a folder, UTC where there is none."""
    from engine.lang.calendar_files import load_calendars

    desk = folder / "desk.yaml"
    return load_calendars({"desk.yaml": text_of(desk)})["always"].zone if desk.is_file() else "UTC"


def read_question(line: str, verb: Verb, calendar: str | None) -> dict[str, str]:
    """Read one line of a file of questions; `calendar` is asked where the line names none."""
    example = json.dumps(dict.fromkeys(KEYS[verb], "…"), ensure_ascii=False)
    try:
        written = json.loads(line)
    except ValueError as error:
        raise UsageError(
            _("this is no JSON: {error}").format(error=said_again(str(error))),
            help=_("each line is like {example}").format(example=example),
        ) from error
    question = {**({"calendar": calendar} if calendar else {}), **written} if isinstance(written, dict) else None
    if question is None or not all(isinstance(value, str) for value in question.values()):
        raise UsageError(_("each line is an object whose values are text"))
    for key in question:
        if key not in KEYS[verb]:
            raise UsageError(
                _("unknown key `{key}`").format(key=key),
                help=_("it may hold {keys}").format(keys=listed(f"`{name}`" for name in KEYS[verb])),
            )
    return question
