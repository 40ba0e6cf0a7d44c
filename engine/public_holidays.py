"""Holidays of a country as dates: the one file that imports `holidays`, and only when a calendar names a country."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from engine.nearness import asked, nearest
from engine.timeline import CalendarError


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicHolidays:
    """What a country's law says about some years."""

    closed: frozenset[date]
    workdays: Mapping[date, int]  # days of a weekend that are worked, each as the weekday it replaces, Monday 0
    known_until: date  # after it the library only computes and estimates


@lru_cache
def public_holidays(country: str, subdivision: str | None, years: tuple[int, ...]) -> PublicHolidays:
    """Look a country's holidays up, make-up working days included."""
    try:
        import holidays
    except ImportError as cause:
        raise CalendarError("holidays by country need the package `holidays`; `pip install holidays`") from cause
    countries = holidays.list_supported_countries()
    if country not in countries:
        near = nearest(country.upper(), countries, 0.5)
        mend = asked(near) if near else "write its two letters, as in `CN`, `DE`"
        raise CalendarError(f"country `{country}` is not known; {mend}")
    if subdivision is not None and subdivision not in countries[country]:
        known = ", ".join(f"`{code}`" for code in countries[country]) or "none"
        raise CalendarError(f"country `{country}` has no subdivision `{subdivision}`; known: {known}")
    found: Any = holidays.country_holidays(country, subdiv=subdivision, years=years)
    closed = frozenset(day for day in found if day.year in years)
    worked = {day for day in found.weekend_workdays if day.year in years} - closed
    replaced = _replaced(found)
    workdays = {day: replaced.get(day) or _nearest(day, closed) for day in sorted(worked)}
    return PublicHolidays(
        closed=closed,
        workdays={day: off.weekday() for day, off in workdays.items()},
        known_until=_known_until(found, years),
    )


def _announced(found: Any) -> dict[int, list[tuple[int, ...]]]:
    # the library writes a moved holiday as (month, day, worked month, worked day[, worked year]); others are shorter
    listed = getattr(found, "special_public_holidays", {})
    return {
        year: [entry for entry in (entries if isinstance(entries[0], tuple) else (entries,)) if len(entry) > 3]
        for year, entries in listed.items()
        if entries
    }


def _replaced(found: Any) -> dict[date, date]:
    return {
        date(worked[0] if worked else year, worked_month, worked_day): date(year, month, day)
        for year, entries in _announced(found).items()
        for month, day, worked_month, worked_day, *worked in entries
    }


def _nearest(day: date, closed: frozenset[date]) -> date:
    # a library that does not say which day is made up for: the closed weekday next to it
    weekdays = sorted(off for off in closed if off.weekday() < 5)
    return min(weekdays, key=lambda off: abs(off - day), default=day)


def _known_until(found: Any, years: tuple[int, ...]) -> date:
    announced = [year for year, entries in _announced(found).items() if entries]
    end = min(max(years), int(found.end_year))
    return date(min(end, max(announced)) if announced else end, 12, 31)
