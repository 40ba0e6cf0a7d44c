"""Calendars alone, for a host that wants nothing else of the engine."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime
from typing import Any

import pytest

from engine import (
    CalendarError,
    DefinitionError,
    always,
    load_calendar,
    load_calendars,
    openings,
    read_calendar,
    read_instant,
)

OFFICE = 'calendar: office\nlabel: {en: Office}\nweekly: {mon-fri: ["09:00-17:00"]}\n'
DESK = "desk: corner\nlanguages: [en]\nzone: Asia/Shanghai\ncurrency: CNY\nroles: {agent: {en: Agent}}\n"


def test_a_calendar_comes_from_a_text_a_mapping_or_a_folder() -> None:
    mapping = {"calendar": "office", "label": {"en": "Office"}, "weekly": {"mon-fri": ["09:00-17:00"]}}
    by_text = load_calendar(OFFICE, "Asia/Shanghai")
    by_folder = load_calendars({"processes/desk.yaml": DESK, "processes/calendars/office.yaml": OFFICE})
    assert by_text == read_calendar(mapping, "Asia/Shanghai") == by_folder["office"]
    assert by_folder["always"] == always("Asia/Shanghai")
    assert load_calendars({"calendars/office.yaml": OFFICE})["office"].zone == "UTC"


def test_neither_database_nor_command_line_is_imported_for_calendars() -> None:
    code = (
        "import sys; from engine import load_calendar; "
        f"load_calendar({OFFICE!r}).add(0, 1); "
        "print([name for name in ('sqlalchemy', 'click', 'rich', 'transitions', 'celpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("text", "message", "mend"),
    [
        (OFFICE.replace("09:00-17:00", "09:00-09:00"), "office.yaml:3:20: `weekly.mon-fri.0`: `09:00-09:00` is empty",
         "`00:00-24:00` is a whole day, `[]` is closed"),
        (OFFICE + "zone: Asia/Shanghia\n", "office.yaml:4:7: time zone `Asia/Shanghia` is not known",
         "did you mean `Asia/Shanghai`?"),
        ('calendar: office\nlabel: {en: Office}\nweekly: {mon: []}\n', "office.yaml:3:9: calendar `office` never opens",
         "give it weekly hours, as in `weekly: {mon-fri: ['09:00-17:00']}`"),
        ("calendar: [", "office.yaml:", None),
    ],
)  # fmt: skip
def test_a_fault_has_its_place_and_its_mend(text: str, message: str, mend: str | None) -> None:
    with pytest.raises(DefinitionError) as caught:
        load_calendar(text, file="office.yaml")
    assert caught.value.message.startswith(f"the calendar cannot be used; {message}")
    assert mend is None or caught.value.help == mend


def test_a_desk_that_cannot_be_read_is_named() -> None:
    with pytest.raises(DefinitionError, match=r"the calendar cannot be used; p/desk\.yaml:1:"):
        load_calendars({"p/desk.yaml": "zone: 5\n", "p/calendars/office.yaml": OFFICE})


def test_openings_are_cut_at_the_edges_asked_for() -> None:
    office = load_calendar(OFFICE, "Asia/Shanghai")

    def at(text: str) -> int:
        return read_instant(text, "Asia/Shanghai")

    found = openings(office, at("2026-03-06 16:00"), at("2026-03-09 10:00"))
    assert found == [
        (at("2026-03-06 16:00"), at("2026-03-06 17:00")), (at("2026-03-09 09:00"), at("2026-03-09 10:00")),
    ]  # fmt: skip
    assert openings(office, at("2026-03-06 17:00"), at("2026-03-09 09:00")) == []
    assert openings(office, at("2026-03-09 09:00"), at("2026-03-06 17:00")) == []
    assert openings(always("UTC"), 5, 9) == [(5, 9)]


@pytest.mark.parametrize(
    ("raw", "zone", "said"),
    [
        ("yesterday", "UTC", "`yesterday` is no instant; expected a time like `2026-03-02 14:00`"),
        ("2026-02-30 09:00", "UTC", "expected a time that exists"),
        ("2026-03-02 09:00", "Nowhere", "expected a time in a zone that exists: time zone `Nowhere` is not known"),
        ("2999-01-01 09:00", "UTC", "expected a time between the years"),
        (datetime(2026, 3, 2), "UTC", "expected a time with its zone"),  # noqa: DTZ001
        (None, "UTC", "`None` is no instant"),
        ("x" * 1000, "UTC", f"`{'x' * 60}` is no instant"),
    ],
)
def test_what_is_no_instant_is_told_in_a_sentence(raw: Any, zone: str, said: str) -> None:
    with pytest.raises(CalendarError, match=re.escape(said)):
        read_instant(raw, zone)
