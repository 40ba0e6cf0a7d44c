"""At a real terminal: questions are asked, answers checked at once, colours shown, Ctrl-C leaves nothing half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.desks import BEGUN, act, fields, report, run
from tests.cli.terminal import ROOT, Terminal

pytestmark = pytest.mark.usefixtures("desk")


def test_what_the_form_requires_is_asked_with_label_type_and_choices(desk: Path) -> None:
    screen = Terminal(["open", "repair", "--as", "wang.fang", *fields("customer=Wu", "phone=139", "place=3-201")], desk)
    screen.wait_for("Channel [channel] (phone Phone, online Online, visit Visit, mail Mail):")
    screen.type("fax")
    screen.wait_for("fax")
    screen.wait_for("Error:")
    screen.type("phone")
    screen.wait_for("Fault reported [fault]:")
    screen.type("no power 停电")
    screen.wait_for("Member [member] (yes or no):")
    screen.type("yes")
    screen.wait_for("opened → reported")
    assert screen.end() == 0
    assert "no power 停电" in screen.text


def test_a_prompt_offers_the_present_value(desk: Path) -> None:
    case = report()
    run("do", case, "reschedule", "--as", "wang.fang", "-f", "visit_at=2099-01-01 10:00")
    screen = Terminal(["do", case, "reschedule", "--as", "wang.fang"], desk)
    screen.wait_for("Agreed visit [visit_at] (2026-03-02 14:00) [2099-01-01 10:00]:")
    screen.type("")
    assert screen.end() == 0
    assert "visit_at 2099-01-01 10:00" in screen.text


def test_a_table_is_asked_row_by_row_and_what_is_known_is_shown(desk: Path) -> None:
    case = report()
    act(case, *BEGUN)
    screen = Terminal(["do", case, "diagnose", "--as", "li.wei", *fields("diagnosis=fuse", "hours=0.5")], desk)
    screen.wait_for("Work and material by the price list [material], row by row:")
    for answer in ("fuse", "two", "2", "12.50", ""):
        screen.type(answer)
    assert screen.end() == 0
    assert "diagnosing → quoting" in screen.text
    assert "must be a whole number" in screen.text
    screen = Terminal(["do", case, "quote_price", "--as", "li.wei"], desk)
    screen.wait_for("Hours estimated: 0.5")
    screen.wait_for("Item: fuse")
    screen.type("25")
    assert screen.end() == 0


def test_a_person_is_checked_at_once(desk: Path) -> None:
    case = report()
    screen = Terminal(["do", case, "dispatch", "--as", "zhao.lei", "-f", "slip=P-1"], desk)
    screen.wait_for("Technician [technician]")
    screen.type("wang.fang")
    screen.wait_for("`wang.fang` does not hold the role Technician; there is")
    screen.type("li.wie")
    screen.wait_for("nobody here is called `li.wie`; there is `li.wei`")
    screen.type("li.wei")
    screen.wait_for("dispatched")
    assert screen.end() == 0


def test_no_input_never_asks_also_at_a_terminal(desk: Path) -> None:
    screen = Terminal(["open", "repair", "--as", "wang.fang", "--no-input"], desk)
    assert screen.end() == 6
    assert "`channel` is missing" in screen.text


def test_who_may_not_open_is_told_before_anything_is_asked(desk: Path) -> None:
    screen = Terminal(["open", "repair", "--as", "li.wei"], desk)
    assert screen.end() == 4
    assert "[by]" in screen.text
    assert "Channel [channel]" not in screen.text


def test_ctrl_c_at_a_question_cancels_and_changes_nothing(desk: Path) -> None:
    before = run("list", "--all", "--as", "wang.fang", "--json").json["total"]
    screen = Terminal(["open", "repair", "--as", "wang.fang"], desk)
    screen.wait_for("Channel [channel]")
    screen.interrupt()
    assert screen.end() == 8
    assert "cancelled" in screen.text
    assert run("list", "--all", "--as", "wang.fang", "--json").json["total"] == before


def test_questions_are_asked_in_chinese_too(desk: Path) -> None:
    screen = Terminal(["--lang", "zh", "open", "repair", "--as", "wang.fang"], desk)
    screen.wait_for("渠道 [channel]（phone 电话、online 网络、visit 来访、mail 信函）：")
    screen.interrupt()
    assert screen.end() == 8
    assert "已取消" in screen.text


def test_who_plays_at_a_terminal_is_told_how_and_leaves_by_a_word(desk: Path) -> None:
    screen = Terminal(["play", "processes/repair.yaml"], desk)
    screen.wait_for("`quit` ends")
    screen.wait_for("possible: open")
    screen.type("help")
    screen.wait_for("a line is an action")
    screen.type("quit")
    assert screen.end() == 0


def test_a_terminal_has_colour_and_no_color_takes_it_away(desk: Path) -> None:
    case = report()
    coloured = Terminal(["do", case, "--list", "--as", "zhao.lei"], desk)
    assert coloured.end() == 0
    plain = Terminal(["do", case, "--list", "--as", "zhao.lei"], desk, NO_COLOR="1")
    assert plain.end() == 0
    assert "\x1b[" in coloured.raw
    assert "\x1b[" not in plain.raw
    assert coloured.text == plain.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_delivers_and_stops_when_it_is_told(desk: Path, number: int) -> None:
    case = report()
    run("do", case, "dispatch", "--as", "zhao.lei", *fields("technician=li.wei", "slip=P-1"))
    screen = Terminal(["worker"], desk)
    screen.wait_for(f"→ li.wei: New job {case}")
    screen.stop(number)
    assert screen.end() == 0
    assert "stopped" in screen.text


def test_a_narrow_terminal_gets_blocks(desk: Path) -> None:
    report()
    screen = Terminal(["list", "--as", "zhao.lei"], desk, COLUMNS="60")
    assert screen.end() == 0
    assert "  next promise: dispatch" in screen.text


def test_a_reader_who_leaves_early_is_no_error(desk: Path) -> None:
    report()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = f"{sys.executable} -m engine.cli.main list --as zhao.lei | :"
    done = subprocess.run(["sh", "-c", words], cwd=desk, env=environment, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
