"""Calendars: what is open, and what follows from it. Times in the tables are what the wall shows in the zone."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from typing import Any

import pytest

from engine.calendars import (
    ALWAYS,
    Calendar,
    CalendarError,
    always,
    format_duration,
    holiday_warning,
    instant_at,
    local_time,
    parse_clock,
    parse_duration,
    parse_hours,
    parse_weekdays,
    read_calendar,
    zone_data_version,
)

MINUTE, HOUR = 60_000, 3_600_000
SHANGHAI, BERLIN, HAVANA = "Asia/Shanghai", "Europe/Berlin", "America/Havana"
OFFICE = {"mon-fri": ["09:00-12:00", "13:00-17:00"]}


def calendar(zone: str = SHANGHAI, weekly: Mapping[str, list[str]] | None = None, **more: Any) -> Calendar:
    return read_calendar({"calendar": "desk", "weekly": OFFICE if weekly is None else weekly, **more}, zone)


def at(text: str, zone: str = SHANGHAI) -> int:
    return instant_at(zone, datetime.fromisoformat(text))


def shown(instant: int, zone: str = SHANGHAI) -> str:
    return local_time(zone, instant).isoformat(" ", "minutes")[:16]


# -- open, add, elapsed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2026-03-02 16:45", "15m", "2026-03-02 17:00"),  # at closing, not next morning
        ("2026-03-02 16:45", "16m", "2026-03-03 09:01"),
        ("2026-03-02 11:30", "1h", "2026-03-02 13:30"),  # over lunch
        ("2026-03-02 12:30", "0s", "2026-03-02 13:00"),  # nothing to add: the next opening
        ("2026-03-02 09:30", "0s", "2026-03-02 09:30"),
        ("2026-03-02 17:00", "0s", "2026-03-03 09:00"),  # the end of an interval is closed
        ("2026-03-06 16:00", "2h", "2026-03-09 10:00"),  # over the weekend
        ("2026-03-07 10:00", "35h", "2026-03-13 17:00"),
    ],
)
def test_durations_are_added_in_open_time(start: str, duration: str, end: str) -> None:
    assert shown(calendar().add(at(start), parse_duration(duration))) == end


@pytest.mark.parametrize(
    ("end", "duration", "start"),
    [
        ("2026-03-02 09:15", "15m", "2026-03-02 09:00"),  # at opening, not the evening before
        ("2026-03-02 09:15", "16m", "2026-02-27 16:59"),
        ("2026-03-02 09:00", "1h", "2026-02-27 16:00"),
        ("2026-03-01 10:00", "7h", "2026-02-27 09:00"),
    ],
)
def test_a_negative_duration_goes_back_in_open_time(end: str, duration: str, start: str) -> None:
    assert shown(calendar().add(at(end), -parse_duration(duration))) == start


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2026-03-02 08:00", "2026-03-02 18:00", "7h"),
        ("2026-03-06 16:30", "2026-03-09 09:15", "45m"),
        ("2026-03-07 08:00", "2026-03-08 18:00", "0s"),
        ("2026-03-02 10:00", "2026-03-02 10:00", "0s"),
        ("2026-03-03 10:00", "2026-03-02 10:00", "0s"),  # the wrong way round
        ("2025-12-30 09:00", "2026-01-03 09:00", "28h"),  # over the year's end
    ],
)
def test_elapsed_is_the_open_time_between(since: str, until: str, expected: str) -> None:
    assert format_duration(calendar().elapsed(at(since), at(until))) == expected


def test_milliseconds_count() -> None:
    desk = calendar()
    assert desk.add(at("2026-03-02 16:59") + 59_999, 1) == at("2026-03-02 17:00")
    assert desk.add(at("2026-03-02 16:59") + 59_999, 2) == at("2026-03-03 09:00") + 1
    assert desk.is_open(at("2026-03-02 17:00") - 1)
    assert not desk.is_open(at("2026-03-02 17:00"))


def test_a_shift_past_midnight_belongs_to_the_date_on_which_it_opens() -> None:
    night = calendar(weekly={"mon": ["22:00-06:00"], "fri": ["20:00-24:00"], "sat": ["20:00-00:00"]})
    assert night.is_open(at("2026-03-03 05:59"))
    assert not night.is_open(at("2026-03-02 05:59"))
    assert shown(night.add(at("2026-03-02 23:00"), 7 * HOUR)) == "2026-03-03 06:00"
    assert shown(night.end_of_business_day(at("2026-03-02 10:00"))) == "2026-03-03 06:00"
    assert shown(night.end_of_business_day(at("2026-03-06 21:00"))) == "2026-03-07 00:00"


def test_a_holiday_closes_the_shifts_that_open_on_it_and_no_others() -> None:
    night = calendar(weekly={"mon-sun": ["22:00-06:00"]}, holidays=["2026-03-03"])
    assert night.is_open(at("2026-03-03 05:00"))
    assert not night.is_open(at("2026-03-03 23:00"))
    assert not night.is_open(at("2026-03-04 05:00"))
    assert night.is_open(at("2026-03-04 23:00"))


def test_what_a_special_date_says_goes_before_holidays_and_weekly_hours() -> None:
    desk = calendar(
        holidays=["2026-03-02", "03-03"],
        special={"2026-03-02": ["10:00-11:00"], "2026-03-04": [], "2026-03-07": ["09:00-10:00"]},
    )
    openings = [shown(desk.next_opening(at(f"2026-03-0{day} 00:00"))) for day in (2, 3, 4, 6, 7)]
    assert openings == [
        "2026-03-02 10:00",
        "2026-03-05 09:00",
        "2026-03-05 09:00",
        "2026-03-06 09:00",
        "2026-03-07 09:00",
    ]


def test_a_yearly_holiday_comes_every_year_and_29_february_in_leap_years() -> None:
    desk = calendar(weekly={"mon-sun": ["09:00-17:00"]}, holidays=["12-25", "02-29"])
    closed = ["2025-12-25", "2031-12-25", "2028-02-29"]
    assert not any(desk.is_open(at(f"{day} 10:00")) for day in closed)
    assert desk.is_open(at("2027-02-28 10:00"))
    assert desk.is_open(at("2027-03-01 10:00"))


def test_a_break_closes_its_hours_of_that_date_whatever_shift_it_cuts() -> None:
    desk = calendar(
        weekly={"mon-fri": ["09:00-17:00"], "sun": ["20:00-04:00"]},
        breaks={"2026-03-02": ["03:00-09:30", "16:00-18:00"], "2026-03-08": ["23:00-01:00"]},
    )
    assert format_duration(desk.elapsed(at("2026-03-02 00:00"), at("2026-03-03 00:00"))) == "9h30m"
    assert shown(desk.end_of_business_day(at("2026-03-02 10:00"))) == "2026-03-02 16:00"
    assert not desk.is_open(at("2026-03-09 00:30"))
    assert desk.is_open(at("2026-03-09 01:00"))


def test_a_date_whose_hours_a_break_takes_away_does_not_open() -> None:
    desk = calendar(breaks={"2026-03-03": ["09:00-17:00"]})
    assert shown(desk.add_days(at("2026-03-02 10:00"), 1, "business")) == "2026-03-04 10:00"


# -- odd nights --------------------------------------------------------------------------------------------------------


def test_on_2026_03_29_an_edge_in_the_gap_is_what_the_wall_shows() -> None:
    night = calendar(BERLIN, {"sun": ["02:30-03:15"]})
    opening = night.next_opening(at("2026-03-29 00:00", BERLIN))
    assert shown(opening, BERLIN) == "2026-03-29 03:00"
    assert night.elapsed(opening, opening + HOUR) == 15 * MINUTE


def test_on_2026_10_25_a_shift_within_the_fold_opens_twice() -> None:
    night = calendar(BERLIN, {"sun": ["01:30-03:00"]})
    midnight = at("2026-10-25 00:00", BERLIN)
    assert night.elapsed(midnight, midnight + 5 * HOUR) == 150 * MINUTE
    part = calendar(BERLIN, {"sun": ["02:15-02:30"]})
    first = part.next_opening(midnight)
    assert part.next_opening(first + 15 * MINUTE) == first + HOUR
    assert part.end_of_business_day(midnight) == first + HOUR + 15 * MINUTE


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-07-05", 24)])
def test_a_day_counts_the_hours_it_has(day: str, hours: int) -> None:
    for whole in (always(BERLIN), calendar(BERLIN, {"mon-sun": ["00:00-24:00"]}, holidays=["12-25"])):
        begin = at(f"{day} 00:00", BERLIN)
        assert whole.elapsed(begin, whole.end_of_day(begin)) == hours * HOUR


@pytest.mark.parametrize(
    ("zone", "start", "days", "end"),
    [
        (BERLIN, "2026-03-28 02:30", 1, "2026-03-29 03:00"),  # in the gap: the first instant after it
        (BERLIN, "2026-10-24 02:30", 1, "2026-10-25 02:30"),
        ("America/Asuncion", "2019-10-05 00:00", 1, "2019-10-06 01:00"),  # no midnight
        ("Pacific/Apia", "2011-12-29 14:00", 1, "2011-12-31 00:00"),  # no 30 December
        ("Pacific/Apia", "2011-12-29 14:00", 2, "2011-12-31 14:00"),
        ("Australia/Lord_Howe", "2020-10-03 02:15", 1, "2020-10-04 02:30"),
        (SHANGHAI, "2024-01-31 10:00", 29, "2024-02-29 10:00"),
        (SHANGHAI, "2026-03-02 10:00", -1, "2026-03-01 10:00"),
    ],
)
def test_calendar_days_keep_the_wall_time(zone: str, start: str, days: int, end: str) -> None:
    assert shown(always(zone).add_days(at(start, zone), days, "calendar"), zone) == end


def test_on_2026_10_25_the_first_of_two_equal_wall_times_is_meant() -> None:
    found = always(BERLIN).add_days(at("2026-10-24 02:30", BERLIN), 1, "calendar")
    assert local_time(BERLIN, found).isoformat() == "2026-10-25T02:30:00+02:00"


def test_the_skipped_2011_12_30_of_apia_is_no_business_day() -> None:
    samoa = calendar("Pacific/Apia")
    assert shown(samoa.add_days(at("2011-12-29 10:00", "Pacific/Apia"), 1, "business"), "Pacific/Apia") == (
        "2012-01-02 10:00"
    )


def test_a_date_ends_after_its_last_instant_where_midnight_comes_twice() -> None:
    # 2006-10-29 at 00:01 the clocks of Newfoundland went back to 23:01: the 28th ends at the second midnight
    zone = "America/St_Johns"
    second = always(zone).end_of_day(at("2006-10-28 12:00", zone))
    assert second - at("2006-10-29 00:00", zone) == HOUR
    begin = at("2019-11-03 00:30", HAVANA)
    assert always(HAVANA).end_of_day(begin) - begin == 24 * HOUR + 30 * MINUTE


# -- days, ends, times of day ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-03-02 10:00", 1, "2026-03-03 10:00"),
        ("2026-03-06 10:00", 1, "2026-03-09 10:00"),
        ("2026-03-07 10:00", 1, "2026-03-09 10:00"),  # from a closed date the next that opens is the first
        ("2026-03-06 18:30", 2, "2026-03-11 09:00"),  # closed at 18:30: the next opening
        ("2026-03-09 10:00", -1, "2026-03-06 10:00"),
        ("2026-03-02 10:00", 250, "2027-02-15 10:00"),
        ("2026-03-07 10:00", 0, "2026-03-09 09:00"),  # no days: only the roll
    ],
)
def test_business_days_count_dates_that_open(start: str, days: int, end: str) -> None:
    assert shown(calendar().add_days(at(start), days, "business")) == end


def test_days_are_not_rolled_if_not_wanted() -> None:
    assert shown(calendar().add_days(at("2026-03-06 18:30"), 1, "calendar", roll=False)) == "2026-03-07 18:30"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03-02 08:00", "2026-03-02 17:00"),
        ("2026-03-02 12:30", "2026-03-02 17:00"),
        ("2026-03-02 17:00", "2026-03-03 17:00"),  # not ahead any more
        ("2026-03-06 18:00", "2026-03-09 17:00"),
    ],
)
def test_the_business_day_ends_with_its_last_shift(start: str, end: str) -> None:
    assert shown(calendar().end_of_business_day(at(start))) == end


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-02-11 10:00", "2026-03-01 00:00"),
        ("2028-02-29 23:59", "2028-03-01 00:00"),
        ("2026-12-31 00:00", "2027-01-01 00:00"),
    ],
)
def test_a_month_ends_with_its_last_date(start: str, end: str) -> None:
    assert shown(calendar().end_of_month(at(start))) == end


@pytest.mark.parametrize(
    ("start", "clock", "end"),
    [
        ("2026-03-02 11:59", "12:00", "2026-03-02 12:00"),
        ("2026-03-02 12:00", "12:00", "2026-03-03 12:00"),  # no promise without any time
        ("2026-03-02 12:01", "12:00", "2026-03-03 12:00"),
        ("2026-03-07 10:00", "24:00", "2026-03-08 00:00"),
    ],
)
def test_a_time_of_day_is_todays_if_ahead_else_tomorrows(start: str, clock: str, end: str) -> None:
    assert shown(calendar().at_clock(at(start), parse_clock(clock))) == end


def test_on_2026_10_25_what_comes_daily_at_0230_comes_once() -> None:
    around = always(BERLIN)
    first = around.at_clock(at("2026-10-25 00:00", BERLIN), parse_clock("02:30"))
    assert first == at("2026-10-25 02:30", BERLIN)
    assert shown(around.at_clock(first, parse_clock("02:30")), BERLIN) == "2026-10-26 02:30"
    gap = around.at_clock(at("2026-03-29 00:00", BERLIN), parse_clock("02:30"))
    assert shown(gap, BERLIN) == "2026-03-29 03:00"


def test_always_is_open_at_every_instant_and_has_the_dates_of_its_zone() -> None:
    far = -(10**15)
    assert ALWAYS.is_open(far)
    assert (ALWAYS.add(far, 5), ALWAYS.add(far, -5), ALWAYS.elapsed(far, far + 7)) == (far + 5, far - 5, 7)
    assert ALWAYS.next_opening(far) == far
    assert shown(always(SHANGHAI).end_of_day(at("2026-03-02 10:00"))) == "2026-03-03 00:00"
    assert shown(always(SHANGHAI).end_of_business_day(at("2026-03-02 10:00"))) == "2026-03-03 00:00"
    assert always(SHANGHAI) is always(SHANGHAI)


# -- countries ---------------------------------------------------------------------------------------------------------

TWO_SORTS = {"mon-wed": ["09:00-17:00"], "thu-fri": ["10:00-20:00"]}


def test_china_closes_on_holidays_and_opens_on_make_up_days_with_the_hours_they_replace() -> None:
    desk = calendar(weekly=TWO_SORTS, holidays=[{"country": "CN", "years": [2024]}])
    assert not desk.is_open(at("2024-10-01 11:00"))
    # Sunday 2024-02-04 is worked for Thursday the 15th, the 18th for Friday the 16th, Saturday 2024-09-14 for a Monday
    assert shown(desk.next_opening(at("2024-02-04 00:00"))) == "2024-02-04 10:00"
    assert shown(desk.next_opening(at("2024-02-10 00:00"))) == "2024-02-18 10:00"
    assert shown(desk.next_opening(at("2024-09-14 00:00"))) == "2024-09-14 09:00"


def test_what_the_author_says_of_a_date_goes_before_its_country() -> None:
    desk = calendar(holidays=[{"country": "CN", "years": 2024}, "2024-02-04"], special={"2024-10-01": ["09:00-10:00"]})
    assert not desk.is_open(at("2024-02-04 10:00"))
    assert desk.is_open(at("2024-10-01 09:30"))


def test_a_calendar_works_and_warns_past_the_last_announced_holiday() -> None:
    desk = calendar(holidays=[{"country": "CN", "years": "2024-2035"}])
    assert desk.known_until is not None
    assert date(2026, 12, 31) <= desk.known_until < date(2035, 1, 1)
    late = at("2035-03-05 10:00")
    assert desk.is_open(late)
    assert holiday_warning(desk, at("2026-12-31 23:59")) is None
    assert "`desk` knows its holidays until" in str(holiday_warning(desk, late))
    assert holiday_warning(calendar(), late) is None


def test_the_years_of_a_computed_country_are_known_as_far_as_they_are_asked_for() -> None:
    desk = calendar(BERLIN, holidays=[{"country": "DE", "subdivision": "BY", "years": [2026, 2027]}])
    assert desk.known_until == date(2027, 12, 31)
    assert date(2026, 1, 6) in desk.holidays


def test_a_document_holds_the_holidays_as_dates_and_reads_back_the_same() -> None:
    desk = calendar(
        weekly=TWO_SORTS | {"sat": ["22:00-04:00"]},
        label={"en": "Desk", "zh": "前台"},
        description="for people who read the file",
        holidays=[{"country": "CN", "years": [2024]}, "12-24"],
        special={"2024-05-05": []},
        breaks={"2024-05-06": ["12:00-12:30"]},
    )
    document = desk.document()
    assert "2024-10-01" in document["holidays"]
    assert document["known_until"] == "2024-12-31"
    again = Calendar.read(json.loads(json.dumps(document)))
    assert again == desk
    assert hash(again) == hash(desk)
    assert Calendar.read(always(BERLIN).document()) == always(BERLIN)


# -- refused -----------------------------------------------------------------------------------------------------------

HOURS = {"mon": ["09:00-12:00"]}


@pytest.mark.parametrize(
    ("wrong", "path", "said"),
    [
        ({}, "weekly", "never opens; give it weekly hours"),
        ({"weekly": HOURS, "zone": "Asia/Shangai"}, "zone", "did you mean `Asia/Shanghai`?"),
        ({"weekly": HOURS, "zone": "Asia/Beijing"}, "zone", "did you mean `Asia/Shanghai`?"),
        ({"weekly": HOURS, "zone": "../etc/passwd"}, "zone", "is not known"),
        ({"weekly": {"mon": ["09:00-09:00"]}}, "weekly.mon.0", "`00:00-24:00` is a whole day"),
        ({"weekly": {"mon": ["24:00-09:00"]}}, "weekly.mon.0", "begin at `00:00` of the next day"),
        ({"weekly": {"mon": ["9-12"]}}, "weekly.mon.0", "`9` is no time of day; write `09:00`"),
        ({"weekly": {"mon": ["9:30-6pm"]}}, "weekly.mon.0", "`9:30` is no time of day; write `09:30`"),
        ({"weekly": {"mon": ["09:30-6 p.m."]}}, "weekly.mon.0", "`6 p.m.` is no time of day; write `18:00`"),
        ({"weekly": {"mon": ["12am-09:00"]}}, "weekly.mon.0", "`12am` is no time of day; write `00:00`"),
        ({"weekly": {"mon": ["09:00-24:30"]}}, "weekly.mon.0", "`24:30` is no time of day"),
        ({"weekly": {"mon": ["09:00"]}}, "weekly.mon.0", "write from and to, as in `08:30-12:00`"),
        ({"weekly": {"mon": "09:00-12:00"}}, "weekly.mon", "a list in brackets is expected"),
        ({"weekly": {"mon": [540]}}, "weekly.mon.0", "put it in quotes"),
        ({"weekly": {"mon": ["09:00-12:00", "11:00-13:00"]}}, "weekly.mon", "`09:00-12:00` and `11:00-13:00` overlap"),
        ({"weekly": {"Monday": ["09:00-12:00"]}}, "weekly.Monday", "write `mon`"),
        ({"weekly": {"mon-wed-fri": ["09:00-12:00"]}}, "weekly.mon-wed-fri", "is no range of days"),
        ({"weekly": {"mon-fri": ["09:00-12:00"], "fri": []}}, "weekly.fri", "`fri` has hours already"),
        ({"weekly": HOURS, "holidays": ["2026-02-29"]}, "holidays.0", "`2026-02-29` is no date"),
        ({"weekly": HOURS, "holidays": ["12-25", "02-30"]}, "holidays.1", "02-30` is no date"),
        ({"weekly": HOURS, "holidays": [{"country": "China"}]}, "holidays.0.country", "country `China` is not known"),
        ({"weekly": HOURS, "holidays": [{"country": "DE", "subdivision": "XX"}]}, "holidays.0.country", "known: `BB`"),
        ({"weekly": HOURS, "holidays": [{"country": "CN", "year": 2026}]}, "holidays.0.year", "did you mean `years`?"),
        ({"weekly": HOURS, "holidays": [{"country": "CN", "years": "all"}]}, "holidays.0.years", "`2026-2030`"),
        ({"weekly": HOURS, "special": {"1 May": []}}, "special.1 May", "write year, month and day"),
        ({"weekly": HOURS, "specials": {}}, "specials", "did you mean `special`?"),
        ({"weekly": HOURS, "label": {"en": 1}}, "label.en", "a text is expected here"),
        ({"weekly": ["mon"]}, "weekly", "a mapping is expected here"),
        ({"weekly": HOURS, "calendar": "always"}, "calendar", "`always` is built in"),
    ],
)
def test_a_wrong_calendar_is_refused_at_its_place_with_the_mend(wrong: dict[str, Any], path: str, said: str) -> None:
    with pytest.raises(CalendarError) as refused:
        read_calendar({"calendar": "desk"} | wrong, SHANGHAI)
    assert ".".join(map(str, refused.value.path)) == path
    assert said in str(refused.value)


def test_a_calendar_whose_only_hours_lie_in_a_gap_never_opens() -> None:
    with pytest.raises(CalendarError, match="never opens"):
        calendar(BERLIN, {}, special={"2026-03-29": ["02:15-02:45"]})
    every_day = [f"{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 32)]
    existing = [day for day in every_day if day[:2] not in ("02", "04", "06", "09", "11") or day[3:] != "31"]
    existing = [day for day in existing if day != "02-30"]
    with pytest.raises(CalendarError, match="never opens"):
        calendar(holidays=existing)


@pytest.mark.parametrize(
    "question",
    [
        lambda desk, now: desk.add(now, 10 * HOUR),
        lambda desk, now: desk.add(now, -10 * HOUR),
        lambda desk, now: desk.next_opening(now),
        lambda desk, now: desk.add_days(now, 5, "business"),
        lambda desk, now: desk.add_days(now, -5, "business"),
        lambda desk, now: desk.end_of_business_day(now),
    ],
)
def test_a_search_that_finds_nothing_ends_soon_and_names_the_calendar(question: Any) -> None:
    once = calendar(BERLIN, {}, special={"2025-05-05": ["10:00-11:00"]})
    begun = time.process_time()
    with pytest.raises(CalendarError, match=r"`desk` has .* within a hundred years of 2026-03-02"):
        question(once, at("2026-03-02 10:00", BERLIN))
    assert time.process_time() - begun < 1


def test_an_answer_does_not_depend_on_how_far_the_calendar_was_worked_out() -> None:
    # a search is bounded by a hundred years, not by what an earlier question has happened to prepare
    rare = calendar(weekly={}, special={"1950-05-05": ["10:00-11:00"], "2190-05-05": ["10:00-11:00"]})
    for warm in (False, True):
        if warm:
            assert rare.elapsed(at("1940-01-01 00:00"), at("2195-01-01 00:00")) == 2 * HOUR
        with pytest.raises(CalendarError, match="a hundred years"):
            rare.next_opening(at("2026-03-02 10:00"))
        assert shown(rare.next_opening(at("2100-03-02 10:00"))) == "2190-05-05 10:00"


@pytest.mark.parametrize("instant", [-(10**14), 10**14])
def test_an_instant_outside_the_covered_years_is_refused(instant: int) -> None:
    with pytest.raises(CalendarError, match="outside the years 1900 to 2199"):
        calendar().add(instant, 1)
    with pytest.raises(CalendarError, match="outside the years 1900 to 2199"):
        ALWAYS.local(instant)


def test_so_many_days_that_no_calendar_covers_them_are_refused() -> None:
    with pytest.raises(CalendarError, match="outside the years"):
        ALWAYS.add_days(0, 10**6, "calendar")
    with pytest.raises(CalendarError, match="outside the years"):
        ALWAYS.add_days(0, 10**12, "calendar")
    with pytest.raises(CalendarError, match="within a hundred years"):
        ALWAYS.add_days(0, 10**6, "business")


def test_threads_asking_for_other_years_at_once_get_the_same_answers() -> None:
    starts = [at(f"{year}-03-02 10:00") for year in range(1960, 2060)]
    alone, shared = calendar(), calendar()
    expected = [alone.add(start, 3000 * HOUR) for start in starts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda start: shared.add(start, 3000 * HOUR), starts)) == expected


# -- texts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "length", "again"),
    [
        ("90s", 90_000, "1m30s"),
        ("15m", 15 * MINUTE, "15m"),
        ("4h", 4 * HOUR, "4h"),
        ("1h30m", 90 * MINUTE, "1h30m"),
        ("PT15M", 15 * MINUTE, "15m"),
        ("PT1H0.5S", HOUR + 500, "1h0.500s"),
        ("72h", 72 * HOUR, "72h"),
        ("0s", 0, "0s"),
        ("0.025s", 25, "0.025s"),
    ],
)
def test_durations_are_read_and_written(text: str, length: int, again: str) -> None:
    assert parse_duration(text) == length
    assert format_duration(length) == again
    assert parse_duration(again) == length


def test_a_duration_below_zero_is_written_with_a_minus() -> None:
    assert format_duration(-90_000) == "-1m30s"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1d", "write `24h` (elapsed time), `1 calendar_days`"),
        ("3 days", "`3 business_days` (counting dates that open)"),
        ("P2D", "`48h`"),
        ("2w", "`14 calendar_days`"),
        ("1.5h", "write `1h30m`"),
        ("0.5 hours", "write `30m`"),
        ("2.5小时", "write `2h30m`"),
        ("1.0001s", "as in `1h30m`"),
        ("4 hours", "write `4h`"),
        ("15 min", "write `15m`"),
        ("0,5h", "write `30m`"),
        ("0:30", "write `30m`"),
        ("1:30", "write `1h30m`"),
        ("0:00", "as in `1h30m`"),
        ("8 business hours", "write `8h`: which hours count says its `calendar`"),
        ("8个工作小时", "write `8h`: which"),
        ("2 working days", "write `2 business_days`"),
        ("2个工作日", "write `2 business_days`"),
        ("4H", "write `4h`"),
        ("4小时", "write `4h`"),
        ("30 分钟", "write `30m`"),
        ("30m1h", "in this order"),
        ("15", "is no duration"),
        ("", "is no duration"),
        ("PT", "is no duration"),
        ("-5m", "is no duration"),
        ("٣m", "is no duration"),
        ("9999999h", "longer than a hundred years"),
        ("9" * 5000 + "h", "is no duration"),
    ],
)
def test_what_is_no_duration_is_refused_with_the_readings(text: str, said: str) -> None:
    with pytest.raises(CalendarError) as refused:
        parse_duration(text)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("08:30-12:00", (510, 720)),
        ("22:00-06:00", (1320, 1800)),
        ("22:00-24:00", (1320, 1440)),
        ("22:00-00:00", (1320, 1440)),
        ("00:00-24:00", (0, 1440)),
        ("08:30 – 12:00", (510, 720)),
    ],
)
def test_openings_are_read(text: str, hours: tuple[int, int]) -> None:
    assert parse_hours(text) == hours


@pytest.mark.parametrize(
    ("text", "days"),
    [("mon", [0]), ("mon-fri", [0, 1, 2, 3, 4]), ("sat, sun", [5, 6]), ("fri-mon", [4, 5, 6, 0]), ("wed-wed", [2])],
)
def test_days_of_the_week_are_read(text: str, days: list[int]) -> None:
    assert parse_weekdays(text) == days


def test_the_version_of_the_zone_data_is_known() -> None:
    assert zone_data_version()[:2] == "20"
