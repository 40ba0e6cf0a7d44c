"""`interrupt`: looked at first, declared with --yes, told by `show`, `clock` and `history`, and taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.exits import Exit
from tests.cli.desks import Ran, report, run

SAID = ("--reason", "停电 power cut", "--approver", "sun.qiang", "--as", "boss")
WINDOW = ("--from", "2020-01-01 08:00", "--until", "2099-01-01 09:00")


@pytest.fixture
def case(desk: Path) -> str:
    """A repair that was just reported."""
    return report()


def interrupt(*more: str, language: str = "en") -> Ran:
    return run("interrupt", *WINDOW, "--clock", "dispatch", *SAID, *more, language=language)


def test_a_preview_declares_nothing(case: str) -> None:
    shown = interrupt()
    assert shown.code == Exit.DONE
    assert case in shown.out
    assert "1 case affected; results that would change: 0" in shown.err
    assert "nothing was declared; --yes declares it" in shown.err
    assert run("interrupt", "list").err == "nothing was declared\n"


def test_an_interruption_that_lies_ahead_is_said_to(case: str) -> None:
    """In the small hours `--from 23:00` is meant of the evening before, and was taken for the evening to come."""
    ahead = run("interrupt", "--from", "2098-01-01 08:00", "--until", "2099-01-01 09:00", *SAID)
    assert "--from lies ahead, at 2098-01-01 08:00:00: for an earlier day write its date" in ahead.err
    assert "lies ahead" not in interrupt().err


def test_what_is_declared_is_told_everywhere_and_taken_back(case: str) -> None:
    declared = interrupt("--yes")
    assert declared.code == Exit.DONE, declared.err
    assert "ADJ-1: 2020-01-01 08:00:00 – 2099-01-01 09:00:00, 停电 power cut" in declared.out
    assert "1 case has it on record" in declared.out
    for words in (("show", case), ("clock", case, "--explain")):
        told = run(*words, "--as", "wang.fang")
        assert "Adjusted, beside the record" in told.out, words
        assert "of ADJ-1: running after 0s" in told.out
    assert "ADJ-1" in run("interrupt", "show", "ADJ-1", "--as", "boss").out
    assert [one["by"] for one in run("show", case, "--as", "wang.fang", "--json").json["adjusted"]] == [["ADJ-1"]]
    history = run("history", case, "--as", "wang.fang").out
    assert "interruption ADJ-1" in " ".join(history.split())
    assert "approved by" in history
    back = run("interrupt", "reverse", "ADJ-1", *SAID)
    assert back.code == Exit.DONE, back.err
    assert "reversed" in back.out
    assert "Adjusted" not in run("show", case, "--as", "wang.fang").out
    assert run("interrupt", "reverse", "ADJ-1", *SAID).code == Exit.CONFLICT
    assert run("audit", "verify").code == Exit.DONE


def test_a_report_in_which_nothing_is_decided_yet_compares_no_attainment(case: str) -> None:
    interrupt("--yes")
    told = run("report", "sla")
    assert "Dispatched within 15 minutes" in told.out
    assert "instead of" not in told.out
    assert "With declared interruptions" not in told.out


def test_it_is_told_in_chinese(case: str) -> None:
    assert "1 个案件受影响" in interrupt(language="zh").err
    assert "boss 宣布，sun.qiang 批准" in interrupt("--yes", language="zh").out
    assert "记录之外的调整结果" in run("show", case, "--as", "wang.fang", language="zh").out
    assert "宣布中断" in run("history", case, "--as", "wang.fang", language="zh").out


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        (("--from", "lunch"), Exit.USAGE, "`lunch` is no instant"),
        (("--from", "2099-01-02 09:00"), Exit.USAGE, "an interruption ends after it begins"),
        (("--approver", "boss"), Exit.USAGE, "`boss` declares it and cannot approve it as well"),
        (("--approver", "sun.qian"), Exit.NOT_FOUND, "there is no `sun.qian` at this desk (`sun.qiang`?)"),
        (("--clock", "dispach"), Exit.NOT_FOUND, "there is no promise `dispach` (`dispatch`?)"),
        (("--as", "wang.fang"), Exit.NOT_PERMITTED, "`wang.fang` may not declare interruptions"),
        (("--where", "case.nothing == 1"), Exit.USAGE, "nothing"),
    ],
)
def test_what_cannot_be_declared_is_said(case: str, changes: tuple[str, ...], code: int, words: str) -> None:
    refused = interrupt(*changes, "--yes")
    assert refused.code == code, refused.err
    assert words in refused.err
    assert run("interrupt", "list", "--json").json == {"interruptions": []}


def test_where_nothing_ran_nothing_is_declared(case: str) -> None:
    shown = run("interrupt", "--from", "2020-01-01 08:00", "--until", "2020-01-01 09:00", *SAID, "--yes")
    assert (shown.code, shown.out) == (Exit.DONE, "")
    assert "nothing would change" in shown.err


def test_a_time_alone_is_of_today(case: str) -> None:
    assert run("interrupt", "--from", "00:00", "--until", "23:59", *SAID, "--yes").code == Exit.DONE
