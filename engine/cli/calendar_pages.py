"""A calendar as a manager reads it: its week, the dates that differ, and the coming days with why they differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from engine.cli.questions import rfc3339, weekday
from engine.cli.reader import harmless
from engine.cli.streams import Streams
from engine.cli.tables import Column, Row, write_table
from engine.cli.translate import _, listed, phrased, plural

if TYPE_CHECKING:
    from engine.calendars import Calendar
    from engine.hours import Hours

_MOST = 12
"""How many dates are listed of those ahead; the rest is counted."""

_YEAR = timedelta(days=365)


def calendar_document(calendar: Calendar, at: int, days: int) -> dict[str, Any]:
    """Describe a calendar, and its openings of the coming days."""
    from engine.calendars import openings

    end = calendar.end_of_day(calendar.add_days(at, days - 1, "calendar", roll=False))
    return {
        **calendar.document(),
        "at": rfc3339(calendar, at),
        "is_open": calendar.is_open(at),
        "openings": [
            {"from": rfc3339(calendar, start), "until": rfc3339(calendar, until)}
            for start, until in openings(calendar, at, end)
        ],
    }


def write_calendar(streams: Streams, calendar: Calendar, at: int, days: int) -> None:
    """Write a calendar for people."""
    title = (calendar.name, label_of(calendar, streams.language), calendar.zone)
    streams.say(streams.paint(" · ".join(part for part in title if part), "bold"))
    streams.say(standing(calendar, at))
    streams.say()
    for name, text in (*_week(calendar), *_differing(calendar, calendar.local(at).date())):
        streams.say(f"{name}  {text}")
    streams.say()
    columns = [
        Column(head=_("date")),
        Column(head=_("day")),
        Column(head=_("open")),
        Column(head=_("why"), is_wide=True),
    ]
    first = calendar.local(at).date()
    write_table(streams, columns, [_day(calendar, first + timedelta(days=number)) for number in range(days)])


def label_of(calendar: Calendar, language: str) -> str:
    """Return what a calendar means, in the reader's language where it says so."""
    words = calendar.label
    return harmless(words.get(language) or words.get("en") or next(iter(words.values()), ""))


def standing(calendar: Calendar, at: int) -> str:
    """Say whether it is open, and until when."""
    from engine.calendars import openings
    from engine.values import show_instant

    if not calendar.is_open(at):
        opening = calendar.next_opening(at)
        return _("closed now; opens {instant} {weekday}").format(
            instant=show_instant(opening, calendar.zone), weekday=weekday(calendar.local(opening).weekday())
        )
    until = openings(calendar, at, calendar.end_of_day(calendar.add_days(at, 7, "calendar", roll=False)))[0][1]
    if until - at >= 7 * 86_400_000:
        return _("open now")
    return _("open now, until {instant}").format(instant=show_instant(until, calendar.zone))


def _week(calendar: Calendar) -> Iterator[tuple[str, str]]:
    for hours, group in groupby(range(7), lambda day: calendar.weekly[day]):
        days = [*group]
        name = weekday(days[0]) if len(days) == 1 else f"{weekday(days[0])}–{weekday(days[-1])}"
        yield name, _hours(hours)


def _hours(hours: Hours) -> str:
    from engine.hours import hours_text

    return listed(text.replace("-", "–") for text in hours_text(hours)) or _("closed")


def _differing(calendar: Calendar, today: date) -> Iterator[tuple[str, str]]:
    """The dates ahead that differ from the week, and until when holidays are known."""
    if calendar.yearly:
        yield _("closed every year:"), listed(f"{month:02}-{day:02}" for month, day in sorted(calendar.yearly))
    ahead = [day for day in sorted(calendar.holidays) if today <= day < today + _YEAR]
    if calendar.holidays:
        yield _("holidays within a year:"), _some([_dates(run) for run in _runs(ahead)]) or _("none")
    for name, dates in ((_("own hours:"), calendar.special), (_("breaks:"), calendar.breaks)):
        texts = [f"{_date(day)} {_hours(dates[day])}" for day in sorted(dates) if day >= today]
        if texts:
            yield name, _some(texts)
    if calendar.known_until is not None:
        yield _("holidays are announced until:"), calendar.known_until.isoformat()


def _some(texts: list[str]) -> str:
    shown = listed(texts[:_MOST])
    return shown + plural(" and {count} more", " and {count} more", len(texts) - _MOST) if texts[_MOST:] else shown


def _runs(days: Iterable[date]) -> Iterator[list[date]]:
    """Days in order, those that follow each other together."""
    for _key, run in groupby(enumerate(days), lambda one: one[1].toordinal() - one[0]):
        yield [day for _number, day in run]


def _dates(run: list[date]) -> str:
    return _date(run[0]) if len(run) == 1 else f"{_date(run[0])} – {_date(run[-1])}"


def _date(day: date) -> str:
    return f"{day.isoformat()} {weekday(day.weekday())}"


def _day(calendar: Calendar, day: date) -> Row:
    from engine.calendars import instant_at, local_time
    from engine.hours import hours_text

    is_there = local_time(calendar.zone, instant_at(calendar.zone, datetime.combine(day, time()))).date() == day
    hours = _hours_on(calendar, day) if is_there else ()
    return Row(
        cells=[
            day.isoformat(),
            weekday(day.weekday()),
            _hours(hours),
            _why(calendar, day) if is_there else _("the zone skipped this date"),
        ],
        colour="" if hours_text(hours) else "dim",
    )


def _hours_on(calendar: Calendar, day: date) -> Hours:
    """The hours of a date, without what a break on it takes."""
    from engine.timeline import without

    own = calendar.special.get(day)
    closed = day in calendar.holidays or (day.month, day.day) in calendar.yearly
    hours = own if own is not None else () if closed else calendar.weekly[day.weekday()]
    return tuple(without([*hours], calendar.breaks.get(day, ())))


def _why(calendar: Calendar, day: date) -> str:
    reasons = []
    if day in calendar.special:
        reasons.append(_("own hours"))
    elif day in calendar.holidays or (day.month, day.day) in calendar.yearly:
        reasons.append(_("holiday"))
    if day in calendar.breaks:
        reasons.append(_("break {hours}").format(hours=_hours(calendar.breaks[day])))
    return phrased(reasons)
