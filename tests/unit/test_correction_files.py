"""The file of a correction: read whole, every fault at its line and column, with what was probably meant."""

from __future__ import annotations

import pytest

from engine.errors import UsageError
from engine.lang.beside import FileRead
from engine.lang.correction_files import Correctable, CorrectionFile, read_correction
from engine.lang.load import load_process
from engine.model import ProcessDefinition
from tests.unit.worlds import DESK, HOUR, NINE, OFFICE, sources

PROCESS = """
initial: open
opening: {by: [agent]}
states:
  open: {waiting_on: agent, actions: {close: {by: [agent], to: closed}}}
  closed: {final: done}
clocks:
  reply: {goal: 1h, calendar: office, met_by: [close]}
"""
TEXT = """\
process: thing
clocks: reply
from: 2026-03-02
until: 2026-03-02 24:00
goal: {was: 1h, is: 2h}
calendar: office
reason: agreed so
approver: mo
"""


def check_where(text: str, definition: ProcessDefinition) -> None:
    if "nothing" in text:
        raise UsageError(f"`nothing` is not a field of `{definition.process}`")


def read(text: str, **more: str) -> FileRead[CorrectionFile]:
    texts = sources({"thing": PROCESS})
    definition = load_process(texts, "thing").definition
    assert definition is not None
    folder = {"desk.yaml": DESK, "calendars/office.yaml": OFFICE, **more}
    known = Correctable(definitions={"thing": definition}, folder=folder, check_where=check_where)
    return read_correction(text.encode(), "c.yaml", known)


def found(text: str, **more: str) -> list[str]:
    result = read(text, **more)
    assert result.said is None
    return [f"{one.span.line}:{one.span.column} {one.id}: {one.message}; {one.help}" for one in result.findings]


def test_everything_that_is_written_is_read() -> None:
    correction = read(TEXT + "where: case.severe\n").said
    assert correction is not None
    assert (correction.process, correction.clocks, correction.where) == ("thing", ("reply",), "case.severe")
    assert (correction.since, correction.until) == (NINE - 9 * HOUR, NINE + 15 * HOUR)
    assert (correction.was, correction.goal) == ("1h", "2h")
    assert correction.calendar is not None
    assert (correction.calendar.name, correction.calendar.zone) == ("office", "Asia/Shanghai")
    assert (correction.reason, correction.approver) == ("agreed so", "mo")


def test_a_calendar_may_stand_in_the_file_with_or_without_a_name() -> None:
    for written, name in (("{weekly: {mon: [08:00-09:00]}}", "corrected"), ("{calendar: x, weekly: {mon: []}}", None)):
        result = read(TEXT.replace("calendar: office", f"calendar: {written}"))
        assert (result.said and result.said.calendar and result.said.calendar.name) == name
    always = read(TEXT.replace("calendar: office", "calendar: always")).said
    assert always is not None
    assert always.calendar is not None
    assert always.calendar.name == "always"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("process: thing", "process: thin", "1:10 unknown-process: no process `thin` is published; did you"),
        ("clocks: reply", "clocks: [reply, repli]", "2:17 unknown-name: `repli` is not a promise of `thing`; did"),
        ("clocks: reply", "clocks: []", "2:1 wrong-value: `clocks` is empty"),
        ("from: 2026-03-02", "from: lunch", "3:7 bad-time: `lunch` is no date and no instant"),
        ("from: 2026-03-02", "from: 2026-03-03", "4:8 wrong-value: `until` does not lie after `from`"),
        ("2026-03-02 24:00", "2026-03-02 24:01", "4:8 bad-time"),
        ("was: 1h", "was: 1 hour", "5:13 bad-time: `1 hour` is no duration; write `1h`"),
        ("is: 2h", "is: 2d", "5:21 bare-days: `2d` can mean three things"),
        ("goal: {was: 1h, is: 2h}", "goal: case.severe", "5:7 unknown-field"),
        ("is: 2h", "iz: 2h", "5:17 unknown-key"),
        ("calendar: office", "calendar: ofice", "6:11 unknown-calendar: there is no calendar `ofice`"),
        ("calendar: office", "calendar: {weekly: {mon: ['9-5']}}", "6:27 bad-calendar"),
        ("calendar: office", "calendar: {weekly: {}}", "bad-calendar: calendar `corrected` never opens"),
        ("calendar: office", "calendar: {zone: Asia/Shangai, weekly: {mon: ['09:00-10:00']}}", "6:18 bad-calendar"),
        ("reason: agreed so", "reason: ''", "7:1 wrong-value: `reason` is empty"),
        ("approver: mo", "aprover: mo", "8:1 unknown-key: `aprover` is not a key of the correction; did you mean"),
        ("approver: mo", "approver: mo\nwhere: case.nothing", "9:8 wrong-value: `nothing` is not a field of `thing`"),
    ],
)  # fmt: skip
def test_a_fault_is_told_at_its_place(before: str, after: str, told: str) -> None:
    assert before in TEXT
    findings = found(TEXT.replace(before, after))
    assert [one for one in findings if told in one], findings


def test_a_correction_that_puts_nothing_right_says_so() -> None:
    text = TEXT.replace("goal: {was: 1h, is: 2h}\ncalendar: office\n", "")
    (finding,) = found(text)
    assert "missing-key: this correction puts nothing right" in finding


def test_a_calendar_of_the_folder_that_cannot_be_used_is_told_with_its_place() -> None:
    broken = OFFICE.replace("09:00-17:00", "09:00-09:00")
    (finding,) = read(TEXT, **{"calendars/office.yaml": broken}).findings
    assert (finding.id, finding.span.line, finding.related[0][0].file) == ("bad-calendar", 6, "calendars/office.yaml")
