"""Calendars answer as a reference that looks at every minute does, also where zones had odd nights."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.calendars import Calendar, CalendarError, openings
from tests.laws.reference_calendar import Hours, OutsideWindow, Window, Written

LONG = os.environ.get("CASEWRIGHT_LONG") == "1"
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000

# zone, a date near which something rare happened there
ODD = [
    ("Pacific/Apia", date(2011, 12, 30)),  # the date was skipped
    ("Pacific/Kwajalein", date(1993, 8, 21)),  # so was this
    ("Pacific/Kiritimati", date(1994, 12, 31)),
    ("America/Havana", date(2019, 11, 3)),  # midnight to one o'clock twice
    ("America/Asuncion", date(2019, 10, 6)),  # no midnight
    ("America/Asuncion", date(2019, 3, 24)),  # an hour before midnight twice
    ("Asia/Beirut", date(2019, 3, 31)),  # no midnight
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Sao_Paulo", date(2018, 2, 18)),
    ("America/St_Johns", date(2006, 10, 29)),  # back at 00:01: midnight twice, and a date begins twice
    ("America/St_Johns", date(2006, 4, 2)),
    ("Australia/Lord_Howe", date(2020, 10, 4)),  # half an hour
    ("Australia/Lord_Howe", date(2020, 4, 5)),
    ("Asia/Kathmandu", date(2001, 6, 1)),  # 5:45
    ("Pacific/Chatham", date(2020, 9, 27)),  # 12:45 and 13:45
    ("Asia/Pyongyang", date(2015, 8, 15)),
    ("Asia/Pyongyang", date(2018, 5, 5)),  # 23:30 to midnight missing
    ("America/Caracas", date(2007, 12, 9)),
    ("Asia/Tehran", date(2020, 3, 21)),
    ("Africa/Casablanca", date(2019, 5, 5)),
    ("Antarctica/Troll", date(2020, 3, 29)),  # two hours
    ("Antarctica/Casey", date(2010, 3, 5)),  # three hours
    ("Asia/Dhaka", date(2009, 12, 31)),  # the year's last hour twice
    ("Asia/Dhaka", date(2009, 6, 19)),
    ("Asia/Gaza", date(2011, 8, 1)),
    ("America/Nuuk", date(2024, 3, 31)),
    ("Europe/Berlin", date(2021, 10, 31)),
    ("Europe/Berlin", date(2021, 3, 28)),
    ("America/New_York", date(2024, 3, 10)),
    ("Asia/Shanghai", date(1991, 9, 15)),
    ("Asia/Shanghai", date(2026, 2, 16)),
    ("UTC", date(2000, 2, 29)),
]
ZONES = sorted({zone for zone, _ in ODD} | {"Europe/London", "Europe/Dublin", "Asia/Tokyo", "America/Los_Angeles"})


def hours(dice: Random) -> Hours:
    """Give openings of one date: none, all day, past midnight, or edges among the odd hours of the night."""
    kind = dice.random()
    if kind < 0.15:
        return ()
    if kind < 0.25:
        return ((0, 1440),)
    if kind < 0.4:
        start = dice.randrange(960, 1440)
        return ((start, start + dice.randrange(30, 1439)),)
    top = 1560 if kind < 0.55 else 1440 if kind < 0.8 else 240
    edges = sorted(dice.sample(range(0, top, dice.choice((1, 15, 30))), 2 * dice.randrange(1, 4)))
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple((start, min(end, start + 1439)) for start, end in pairs if start < 1440)


def written(dice: Random, zone: str, middle: date) -> Written:
    """Make a calendar up, most of its dates near one."""

    def near() -> date:
        return middle + timedelta(days=dice.randrange(-8, 9))

    own = {near(): hours(dice) for _ in range(dice.randrange(4))}
    breaks = {near(): hours(dice)[:2] for _ in range(dice.choice((0, 0, 1, 3)))}
    yearly = {near() for _ in range(dice.choice((0, 0, 2)))}
    return Written(
        zone=zone,
        weekly=tuple(hours(dice) for _ in range(7)),
        holidays=frozenset(near() for _ in range(dice.choice((0, 1, 3)))),
        yearly=frozenset((day.month, day.day) for day in yearly),
        special=own,
        breaks=breaks,
    )


def calendar_of(one: Written) -> Calendar:
    """Give the engine the same calendar."""
    return Calendar(
        name="tried",
        zone=one.zone,
        weekly=one.weekly,
        holidays=one.holidays,
        yearly=one.yearly,
        special=one.special,
        breaks=one.breaks,
    )


def instant(day: date) -> int:
    """Give the begin of a date in UTC."""
    return int(datetime.combine(day, time(), UTC).timestamp()) * 1000


def moment(dice: Random, window: Window) -> int:
    """Choose an instant: anywhere, near the middle of the window, or where something opens or closes."""
    low, high = 2 * 1440, len(window.opened) - 4 * 1440
    middle = len(window.opened) // 2
    minute = dice.choice((dice.randrange(low, high), min(high, max(low, middle + dice.randrange(-2000, 2000)))))
    if dice.random() < 0.4:
        edges = (at for at in range(minute, high) if window.opened[at] != window.opened[at - 1])
        minute = next(edges, minute)
    return window.low + minute * MINUTE + dice.choice((0, 0, 0, 1, MINUTE - 1, dice.randrange(MINUTE)))


def questions(
    dice: Random, calendar: Calendar, window: Window
) -> list[tuple[str, Callable[[], object], Callable[[], object]]]:
    """Ask both the same, each question with its text."""
    at = moment(dice, window)
    length = dice.choice((0, 1, MINUTE, dice.randrange(1, 4 * DAY), dice.randrange(1, 30) * 15 * MINUTE))
    days, clock = dice.randrange(-3, 5), dice.randrange(1440)
    shown = window.wall(at)
    clock = dice.choice((clock, clock, dice.randrange(0, 180, 15), shown.hour * 60 + shown.minute))
    wall_clock = time(clock // 60, clock % 60)
    until = at + length
    return [
        (f"is_open({at})", lambda: calendar.is_open(at), lambda: window.is_open(at)),
        (f"add({at}, {length})", lambda: calendar.add(at, length), lambda: window.add(at, length)),
        (f"next_opening({at})", lambda: calendar.next_opening(at), lambda: window.add(at, 0)),
        (f"add({at}, -{length + 1})", lambda: calendar.add(at, -length - 1), lambda: window.back(at, length + 1)),
        (f"openings({at}, {until})", lambda: openings(calendar, at, until), lambda: window.openings(at, until)),
        (f"elapsed({at}, {until})", lambda: calendar.elapsed(at, until), lambda: window.elapsed(at, until)),
        (
            f"add_days({at}, {days}, calendar)",
            lambda: calendar.add_days(at, days, "calendar"),
            lambda: window.add_days(at, days, business=False),
        ),
        (
            f"add_days({at}, {days}, business)",
            lambda: calendar.add_days(at, days, "business"),
            lambda: window.add_days(at, days, business=True),
        ),
        (f"end_of_day({at})", lambda: calendar.end_of_day(at), lambda: window.end_of_day(at)),
        (f"end_of_month({at})", lambda: calendar.end_of_month(at), lambda: window.end_of_month(at)),
        (
            f"end_of_business_day({at})",
            lambda: calendar.end_of_business_day(at),
            lambda: window.end_of_business_day(at),
        ),
        (f"at_clock({at}, {clock})", lambda: calendar.at_clock(at, clock), lambda: window.at_clock(at, wall_clock)),
    ]


def compare(dice: Random, zone: str, middle: date, days: int, rounds: int) -> int:
    """Ask many questions about one made-up calendar; give how many the window could answer."""
    one = written(dice, zone, middle)
    try:
        calendar = calendar_of(one)
    except CalendarError as fault:
        if "never opens" in str(fault) and not any(one.weekly):
            return 0
        raise
    low = instant(middle - timedelta(days=days // 2)) + dice.randrange(DAY) // MINUTE * MINUTE
    window = Window(one, low, days * 1440)
    answered = 0
    for _ in range(rounds):
        for question, ours, theirs in questions(dice, calendar, window):
            try:
                expected = theirs()
            except OutsideWindow:
                continue
            answered += 1
            assert ours() == expected, f"{question} of {one}: {ours()}, expected {expected}"
    return answered


@pytest.mark.parametrize(("zone", "day"), ODD)
def test_calendars_answer_as_the_minutes_do_around_odd_nights(zone: str, day: date) -> None:
    dice = Random(f"{zone} {day}")
    answered = sum(compare(dice, zone, day, 12, 10) for _ in range(100 if LONG else 1))
    assert answered > 40


@pytest.mark.parametrize("seed", range(400 if LONG else 6))
def test_calendars_answer_as_the_minutes_do_anywhere(seed: int) -> None:
    dice = Random(seed)
    answered = 0
    for _ in range(10 if LONG else 2):
        day = date(1990, 1, 10) + timedelta(days=dice.randrange(51 * 365 - 20))
        if dice.random() < 0.3:
            day = date(day.year, 12, 31)
        answered += compare(dice, dice.choice(ZONES), day, dice.choice((14, 20, 45)), 6)
    assert answered > 20


@pytest.mark.parametrize("seed", range(40 if LONG else 1))
def test_long_spans_count_as_the_minutes_do(seed: int) -> None:
    dice = Random(1000 + seed)
    one = written(dice, dice.choice(ZONES), date(2010, 7, 1))
    calendar, window = calendar_of(one), Window(one, instant(date(2009, 11, 1)), 430 * 1440)
    for _ in range(5):
        since = window.low + dice.randrange(60 * DAY)
        length = dice.randrange(1, window.elapsed(since, window.high - 1))
        until = calendar.add(since, length)
        assert until == window.add(since, length)
        assert calendar.elapsed(since, until) == length
        assert calendar.add(until, -length) == window.back(until, length)


# -- laws --------------------------------------------------------------------------------------------------------------

instants = st.integers(instant(date(1990, 1, 1)), instant(date(2040, 12, 31)))
lengths = st.one_of(st.integers(1, 3 * HOUR), st.integers(1, 400 * DAY))
SHORT_FORM = settings(max_examples=3000 if LONG else 120, deadline=None)


def made_up(seed: int) -> Calendar:
    """Make a calendar up that opens at least on Wednesdays."""
    dice = Random(seed)
    one = written(dice, dice.choice(ZONES), date(1995 + dice.randrange(40), dice.randrange(1, 13), 14))
    weekly = (*one.weekly[:2], ((dice.randrange(600), 900),), *one.weekly[3:])
    return calendar_of(Written(one.zone, weekly, one.holidays, one.yearly, one.special, one.breaks))


calendars = st.integers(0, 30).map(made_up)


@SHORT_FORM
@given(calendars, instants, lengths)
def test_adding_ends_at_the_earliest_instant_with_so_much_open_time(calendar: Calendar, at: int, length: int) -> None:
    end = calendar.add(at, length)
    assert calendar.elapsed(at, end) == length
    assert calendar.elapsed(at, end - 1) == length - 1
    assert calendar.is_open(end - 1)


@SHORT_FORM
@given(calendars, instants, lengths)
def test_going_back_ends_at_the_latest_instant_with_so_much_open_time(calendar: Calendar, at: int, length: int) -> None:
    begin = calendar.add(at, -length)
    assert calendar.elapsed(begin, at) == length
    assert calendar.elapsed(begin + 1, at) == length - 1
    assert calendar.is_open(begin)


@SHORT_FORM
@given(calendars, instants, lengths, lengths)
def test_adding_in_two_parts_is_adding_the_sum(calendar: Calendar, at: int, one: int, other: int) -> None:
    assert calendar.add(calendar.add(at, one), other) == calendar.add(at, one + other)


@SHORT_FORM
@given(calendars, instants, lengths, lengths)
def test_open_time_adds_up_and_is_never_longer_than_the_wait(calendar: Calendar, at: int, one: int, other: int) -> None:
    middle, end = at + one, at + one + other
    assert calendar.elapsed(at, middle) + calendar.elapsed(middle, end) == calendar.elapsed(at, end) <= end - at
    assert calendar.elapsed(end, at) == 0


@SHORT_FORM
@given(st.integers(0, 30), instants, lengths, st.lists(instants, max_size=3))
def test_answers_do_not_depend_on_what_was_asked_before(seed: int, at: int, length: int, before: list[int]) -> None:
    fresh, used = made_up(seed), made_up(seed)
    for earlier in before:
        used.next_opening(earlier)
    assert (fresh.add(at, length), fresh.add(at, -length)) == (used.add(at, length), used.add(at, -length))


@SHORT_FORM
@given(calendars)
def test_a_document_reads_back_as_the_same_calendar(calendar: Calendar) -> None:
    assert Calendar.read(calendar.document()) == calendar
