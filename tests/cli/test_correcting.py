"""`correct`: looked at first, declared with --yes, told by `show`, `clock`, `history` and reports, and taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from tests.cli.desks import Ran, report, run

FILE = """\
process: repair
clocks: [dispatch]
from: 2020-01-01
until: 2099-01-01
calendar: {weekly: {mon-sun: ["00:00-24:00"]}}
goal: {was: 15m, is: 1s}
reason: 合同写明 contract
approver: sun.qiang
"""
SAID = ("--reason", "not so", "--approver", "sun.qiang", "--as", "boss")


@pytest.fixture
def case(desk: Path) -> str:
    """A repair that was just reported, and a correction of its promise in `goal.yaml`."""
    Path("goal.yaml").write_text(FILE, "utf-8")
    return report()


def correct(*more: str, language: str = "en") -> Ran:
    return run("correct", "goal.yaml", "--as", "boss", *more, language=language)


def test_a_preview_declares_nothing(case: str) -> None:
    for more in ((), ("--preview",)):
        shown = correct(*more)
        assert (shown.code, case in shown.out) == (Exit.DONE, True)
        assert "1 case affected" in shown.err
        assert "nothing was declared; --yes declares it" in shown.err
    assert run("correct", "list").err == "nothing was declared\n"
    assert correct("--preview", "--yes").code == Exit.USAGE


def test_what_is_put_right_is_told_everywhere_and_taken_back(case: str) -> None:
    declared = correct("--yes")
    assert declared.code == Exit.DONE, declared.err
    assert "ADJ-1: 2020-01-01 00:00:00 – 2099-01-01 00:00:00, 合同写明 contract" in declared.out
    assert "by calendar corrected · goal 1s instead of 15m · stands" in declared.out
    for words in (("show", case), ("clock", case, "--explain")):
        told = run(*words, "--as", "wang.fang")
        assert "Adjusted, beside the record" in told.out, words
        assert "corrected by ADJ-1: " in told.out
    assert "goal 1s instead of 15m" in run("correct", "show", "ADJ-1", "--as", "boss").out
    assert "ADJ-1" in run("correct", "list").out
    assert [one["by"] for one in run("show", case, "--as", "wang.fang", "--json").json["adjusted"]] == [["ADJ-1"]]
    history = " ".join(run("history", case, "--as", "wang.fang").out.split())
    assert "correction ADJ-1" in history
    assert "goal 1s instead of 15m" in history
    back = run("correct", "reverse", "ADJ-1", *SAID)
    assert (back.code, "reversed" in back.out) == (Exit.DONE, True), back.err
    assert "Adjusted" not in run("show", case, "--as", "wang.fang").out
    assert run("correct", "reverse", "ADJ-1", *SAID).code == Exit.CONFLICT
    assert run("audit", "verify").code == Exit.DONE


def test_interruptions_and_corrections_are_not_taken_for_each_other(case: str) -> None:
    assert correct("--yes").code == Exit.DONE
    window = ("--from", "00:00", "--until", "24:00")
    assert run("interrupt", *window, *SAID, "--yes").code == Exit.DONE  # the midnight that ends the day
    assert run("interrupt", "list", "--json").json["interruptions"][0]["until"][11:19] == "00:00:00"
    for command, other, name in (("interrupt", "a correction", "ADJ-1"), ("correct", "an interruption", "ADJ-2")):
        for refused in (run(command, "show", name), run(command, "reverse", name, *SAID)):
            assert refused.code == Exit.NOT_FOUND
            assert f"`{name}` is {other}" in refused.err
        assert name not in run(command, "list").out


def test_it_is_told_in_chinese(case: str) -> None:
    assert "1 个案件受影响" in correct(language="zh").err
    assert "时限由 15m 改为 1s" in correct("--yes", language="zh").out
    assert "经 ADJ-1 更正" in run("show", case, "--as", "wang.fang", language="zh").out
    assert "宣布更正" in run("history", case, "--as", "wang.fang", language="zh").out
    assert "是更正，不是中断" in run("interrupt", "show", "ADJ-1", language="zh").err
    Path("goal.yaml").write_text(FILE.replace("dispatch", "dispach"), "utf-8")
    assert "1 处错误：什么也没有宣布" in correct(language="zh").err


@pytest.mark.parametrize(
    ("before", "after", "more", "code", "words"),
    [
        ("[dispatch]", "[dispach]", (), Exit.FAILED, "goal.yaml:2:10: error[unknown-name]: `dispach` is not a promise"),
        ("is: 1s", "is: 1d", (), Exit.FAILED, "goal.yaml:6:22: error[bare-days]"),
        ("approver: sun.qiang", "approver: boss", (), Exit.USAGE, "`boss` declares it and cannot approve it as well"),
        ("sun.qiang", "sun.qian", (), Exit.NOT_FOUND, "there is no `sun.qian` at this desk (`sun.qiang`?)"),
        ("", "", ("--as", "wang.fang"), Exit.NOT_PERMITTED, "`wang.fang` may not declare corrections"),
        (FILE, "\x00", (), Exit.FAILED, "goal.yaml:1:1: error[unreadable-character]"),
        (FILE, "- a list", (), Exit.FAILED, "goal.yaml:1:1: error[wrong-type]"),
        (FILE, "", (), Exit.FAILED, "error[empty-file]"),
    ],
)
def test_what_cannot_be_put_right_is_said(
    case: str, before: str, after: str, more: tuple[str, ...], code: int, words: str
) -> None:
    Path("goal.yaml").write_text(FILE.replace(before, after) if before else FILE, "utf-8")
    refused = correct("--yes", *more)
    assert refused.code == code, refused.out + refused.err
    assert words in refused.out + refused.err
    assert run("correct", "list", "--json").json == {"corrections": []}


def test_a_file_that_is_not_there_is_named(case: str) -> None:
    refused = run("correct", "gaol.yaml")
    assert (refused.code, "there is no file `gaol.yaml`" in refused.err) == (Exit.NOT_FOUND, True)


def test_findings_are_json_too(case: str) -> None:
    Path("goal.yaml").write_text(FILE.replace("until", "untill"), "utf-8")
    refused = correct("--json")
    assert (refused.code, [one["line"] for one in refused.json["findings"]]) == (Exit.FAILED, [4])


def test_a_calendar_is_taken_from_the_folder_by_its_name(case: str) -> None:
    asked = {
        "process": "repair", "clocks": ["dispatch"], "from": "2020-01-01", "until": "2099-01-01 12:00",
        "calendar": "office_days", "where": "!case.member", "reason": "lunch", "approver": "sun.qiang",
    }  # fmt: skip
    Path("goal.yaml").write_text(json.dumps(asked), "utf-8")
    assert correct("--yes").code == Exit.DONE
    (one,) = run("correct", "list", "--json").json["corrections"]
    assert (one["asked"]["calendar"]["calendar"], one["asked"]["where"]) == ("office_days", "!case.member")


def test_where_nothing_began_nothing_is_declared(case: str) -> None:
    Path("goal.yaml").write_text(FILE.replace("2099-01-01", "2020-01-02"), "utf-8")
    shown = correct("--yes")
    assert (shown.code, shown.out) == (Exit.DONE, "")
    assert "no promise that began then would change" in shown.err


def test_a_page_on_which_nothing_is_decided_yet_is_written(case: str) -> None:
    # It ended in a fault: the table of how long they took had no line that could be the sum.
    assert run("report", "sla", "--html", "early.html").code == Exit.DONE
    assert "</html>" in Path("early.html").read_text("utf-8")
