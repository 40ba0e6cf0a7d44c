"""`calendar`: questions by arguments and by file, in both languages, and everything that is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.desks import Ran, run

OFFICE = """\
calendar: office
label: {en: Office hours, zh: 工作时间}
weekly: {mon-fri: ["09:00-12:00", "13:00-17:00"], sat: ["22:00-02:00"]}
holidays: [01-01, "2026-03-05", "2026-03-06"]
special: {"2026-03-08": ["10:00-12:00"]}
breaks: {"2026-03-03": ["10:00-11:00"]}
"""
DESK = """\
desk: corner
languages: [en, zh]
zone: Asia/Shanghai
currency: CNY
roles: {agent: {en: Agent, zh: 客服}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Path:
    """A desk with one calendar of its own."""
    calendars = tmp_path / "processes" / "calendars"
    calendars.mkdir(parents=True)
    (calendars / "office.yaml").write_text(OFFICE, "utf-8")
    (calendars.parent / "desk.yaml").write_text(DESK, "utf-8")
    return calendars.parent


def calendar(*words: str, **how: str) -> Ran:
    return run("calendar", *words, **how)


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2026-03-02 16:45", "15m", "2026-03-02 17:00 Mon"),  # closing time itself, not next morning
        ("2026-03-02 16:45", "15m1s", "2026-03-03 09:00:01 Tue"),
        ("2026-03-03 09:30", "1h", "2026-03-03 11:30 Tue"),  # over the break
        ("2026-03-04 16:00", "2h", "2026-03-07 23:00 Sat"),  # over two holidays
        ("2026-03-07 23:00", "4h", "2026-03-08 11:00 Sun"),  # past midnight, then the special date
        ("2026-03-02 16:59:59.5", "0.250s", "2026-03-02 16:59:59.750 Mon"),
        ("2026-03-02 12:30", "0s", "2026-03-02 13:00 Mon"),
        ("2026-03-04 10:00", "1 business_days", "2026-03-07 22:00 Sat"),
        ("2026-03-04 10:00", "1 calendar_days", "2026-03-07 22:00 Sat"),  # rolled to the next opening
        ("2026-03-04 10:00", "end_of_business_day", "2026-03-04 17:00 Wed"),
        ("2026-03-04 18:00", "end_of_business_day", "2026-03-08 02:00 Sun"),
        ("2026-03-04 10:00", "end_of_day + 3 calendar_days", "2026-03-08 00:00 Sun"),
        ("2026-03-04 13:00", "by 12:00", "2026-03-05 12:00 Thu"),
        ("2026-03-02T08:45:00Z", "15m", "2026-03-02 17:00 Mon"),
    ],
)
def test_when_a_length_is_over(start: str, length: str, end: str) -> None:
    assert calendar("add", "office", start, *length.split()).out == f"{end} (Asia/Shanghai)\n"


@pytest.mark.parametrize(
    ("end", "length", "start"),
    [
        ("2026-03-03 09:30", "1h", "2026-03-02 16:30 Mon"),
        ("2026-03-09 10:00", "2 business_days", "2026-03-07 22:00 Sat"),
        ("2026-03-10 10:00", "1 calendar_days", "2026-03-09 10:00 Mon"),
    ],
)
def test_when_a_length_began(end: str, length: str, start: str) -> None:
    assert calendar("add", "office", end, *length.split(), "--back").out == f"{start} (Asia/Shanghai)\n"


def test_how_much_open_time_lies_between_and_when_it_opens() -> None:
    assert calendar("elapsed", "office", "2026-03-02 16:00", "2026-03-03 11:30").out == "2h30m\n"
    assert calendar("elapsed", "office", "2026-03-03 11:30", "2026-03-02 16:00").out == "0s\n"
    assert calendar("next", "office", "2026-03-02 12:30").out == "2026-03-02 13:00 Mon (Asia/Shanghai)\n"
    assert calendar("next", "office", "2026-03-02 09:30").out.endswith("09:30 Mon (Asia/Shanghai), open already\n")
    assert calendar("next", "always").out.endswith("open already\n")


def test_a_manager_reads_what_a_calendar_means() -> None:
    shown = calendar("show", "office", "2026-03-02 12:30", "--days", "7")
    assert shown.code == 0
    assert shown.out.splitlines() == [
        "office · Office hours · Asia/Shanghai",
        "closed now; opens 2026-03-02 13:00 Mon",
        "",
        "Mon–Fri  09:00–12:00, 13:00–17:00",
        "Sat  22:00–02:00",
        "Sun  closed",
        "closed every year:  01-01",
        "holidays within a year:  2026-03-05 Thu – 2026-03-06 Fri",
        "own hours:  2026-03-08 Sun 10:00–12:00",
        "breaks:  2026-03-03 Tue 10:00–11:00",
        "",
        "date        day  open                                   why",
        "2026-03-02  Mon  09:00–12:00, 13:00–17:00",
        "2026-03-03  Tue  09:00–10:00, 11:00–12:00, 13:00–17:00  break 10:00–11:00",
        "2026-03-04  Wed  09:00–12:00, 13:00–17:00",
        "2026-03-05  Thu  closed                                 holiday",
        "2026-03-06  Fri  closed                                 holiday",
        "2026-03-07  Sat  22:00–02:00",
        "2026-03-08  Sun  10:00–12:00                            own hours",
    ]


def test_the_same_in_chinese() -> None:
    shown = calendar("show", "office", "2026-03-02 09:30", "--days", "4", language="zh").out
    assert shown.splitlines()[:4] == [
        "office · 工作时间 · Asia/Shanghai", "现在开放，到 2026-03-02 12:00", "", "周一–周五  09:00–12:00、13:00–17:00",
    ]  # fmt: skip
    assert "2026-03-05  周四  休息" in shown
    refused = calendar("add", "office", "2026-03-02 09:30", "1d", language="zh")
    assert refused.err.startswith("错误：`1d` 可以有三种意思\n提示：请写 `24h`（经过的时间）")


def test_without_a_name_all_are_listed() -> None:
    listed = calendar()
    assert [line.split()[0] for line in listed.out.splitlines()] == ["calendar", "always", "office"]
    assert [one["calendar"] for one in calendar("--json").json["calendars"]] == ["always", "office"]


def test_json_gives_the_openings_of_the_coming_days() -> None:
    shown = calendar("show", "office", "2026-03-02 12:30", "--days", "2", "--json").json
    assert shown["is_open"] is False
    assert [one["from"][5:16] for one in shown["openings"]] == [
        "03-02T13:00",
        "03-03T09:00",
        "03-03T11:00",
        "03-03T13:00",
    ]
    assert shown["weekly"]["sat"] == ["22:00-02:00"]


def test_a_calendar_is_named_by_its_file_too() -> None:
    Path("summer.yaml").write_text(OFFICE.replace("office", "summer").replace("17:00", "15:00"), "utf-8")
    assert calendar("add", "summer.yaml", "2026-03-02 14:45", "15m").out == "2026-03-02 15:00 Mon (UTC)\n"
    assert calendar("next", "processes/calendars/office.yaml", "2026-03-02 12:30").out.endswith("(Asia/Shanghai)\n")


def test_a_date_that_its_zone_skipped_is_no_open_day() -> None:
    Path("apia.yaml").write_text(
        'calendar: apia\nlabel: {en: Apia}\nzone: Pacific/Apia\nweekly: {mon-sun: ["09:00-17:00"]}\n', "utf-8"
    )
    shown = calendar("show", "apia.yaml", "2011-12-29 08:00", "--days", "3").out.splitlines()
    assert shown[-3:] == [
        "2011-12-29  Thu  09:00–17:00",
        "2011-12-30  Fri  closed       the zone skipped this date",
        "2011-12-31  Sat  09:00–17:00",
    ]


LINES = (
    '{"from": "2026-03-02 16:45", "length": "15m"}\n\n'
    '{"calendar": "always", "from": "2026-03-02 16:45", "length": "-2h"}\n'
    '{"from": "2026-03-02 16:45", "length": "1d"}\nnonsense\n{"frm": "x"}\n'
    '{"from": 5, "length": "1h"}\n{"length": "1h"}\n'
)


def test_a_file_of_questions_is_answered_line_by_line_and_bad_ones_are_named() -> None:
    Path("questions.jsonl").write_text(LINES, "utf-8")
    done = calendar("add", "office", "--file", "questions.jsonl")
    assert done.code == 1
    assert done.out.splitlines()[:2] == ["2026-03-02 17:00 Mon (Asia/Shanghai)", "2026-03-02 14:45 Mon (Asia/Shanghai)"]
    assert [line.partition(";")[0] for line in done.out.splitlines()[2:]] == [
        "line 4: `1d` can mean three things",
        "line 5: this is no JSON: Expecting value: line 1 column 1 (char 0)",
        "line 6: unknown key `frm`",
        "line 7: each line is an object whose values are text",
        "line 8: nothing says `from`",
    ]


def test_questions_come_by_standard_input_and_answers_as_json_lines() -> None:
    done = calendar("add", "office", "--file", "-", "--json", into=LINES)
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert [one["line"] for one in answers] == [1, 3, 4, 5, 6, 7, 8]
    assert answers[0]["at"] == "2026-03-02T17:00:00.000+08:00"
    assert answers[2]["error"]["help"].startswith("write `24h` (elapsed time)")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("next", "ofice"), 3, "there is no calendar `ofice`\nhelp: did you mean `office`?"),
        (("next", "summer"), 3, "there is no calendar `summer`\nhelp: known are `always`, `office`; a file is"),
        (("add", "office"), 2, "nothing says `from`, `length`\nhelp: it needs `calendar`, `from`, `length`"),
        (("add", "office", "noon", "1h"), 2, "`noon` must be a time like `2026-03-02 14:00`"),
        (("add", "office", "2026-03-02 09:00", "end_of_busines_day"), 2,
         "`end_of_busines_day` is no time\nhelp: did you mean `end_of_business_day`?"),
        (("add", "office", "2026-03-02 09:00", "end_of_day", "--back"), 2, "`end_of_day` cannot be counted backwards"),
        (("add", "office", "--back", "--file", "-"), 2, "--back is for one question"),
        (("add", "office", "2199-12-31 09:00", "900h"), 2, "calendar `office` has not so much open time within"),
        (("add", "office", "2300-12-31 09:00", "9h"), 2, "`2300-12-31 09:00` must be a time between the years"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_mend(words: tuple[str, ...], code: int, message: str) -> None:
    done = calendar(*words, into="")
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(f"error: {message}")


def test_a_calendar_that_never_opens_is_refused_with_its_place(folder: Path) -> None:
    (folder / "calendars" / "shut.yaml").write_text(
        "calendar: shut\nlabel: {en: Shut, zh: 关}\nweekly: {mon: []}\n", "utf-8"
    )
    done = calendar("next", "shut")
    assert done.code == 1
    assert "processes/calendars/shut.yaml:3:" in done.err
    assert "never opens" in done.err


def test_past_the_last_known_holiday_it_answers_and_warns(folder: Path) -> None:
    text = OFFICE.replace("holidays:", 'known_until: "2026-12-31"\nholidays:')
    (folder / "calendars" / "office.yaml").write_text(text, "utf-8")
    done = calendar("add", "office", "2026-12-31 15:00", "3h")
    assert done.out == "2027-01-02 23:00 Sat (Asia/Shanghai)\n"  # New Year is closed every year
    assert done.err.startswith("warning: calendar `office` knows its holidays until 2026-12-31; later dates count by")
