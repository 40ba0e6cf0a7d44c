"""`draw` at a desk: by file, by name, by version, of a case; and what is wrong is said in a sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from tests.cli.desks import report, run


def test_a_process_is_drawn_by_its_name_its_file_and_its_version(desk: Path) -> None:
    by_name = run("draw", "repair").out
    assert by_name.startswith("Repair dispatch (version 1)\nopened by Agent, Repair duty officer → Reported\n")
    assert run("draw", "processes/repair.yaml").out == by_name == run("draw", "repair@1").out
    assert run("draw", "repair", language="zh").out.startswith("维修派工（版本 1）")


def test_colours_change_no_word_of_the_drawing(desk: Path) -> None:
    plain, coloured = run("draw", "repair").out, run("--color", "always", "draw", "repair").out
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_the_ending_of_the_file_says_how_it_is_drawn(desk: Path) -> None:
    for ending, beginning in {"svg": "<svg ", "mmd": "---\ntitle:", "html": "<!DOCTYPE html>", "txt": "Repair"}.items():
        done = run("draw", "repair", "-o", f"x.{ending}")
        assert (done.code, done.out) == (Exit.DONE, "")
        assert Path(f"x.{ending}").read_text("utf-8").startswith(beginning)
    assert run("draw", "repair", "--format", "svg").out == Path("x.svg").read_text("utf-8")


def test_a_case_is_marked_and_none_of_its_data_is_told(desk: Path) -> None:
    case = report()
    page = run("draw", "--case", case, "--as", "wang.fang", "--format", "html").out
    assert page.count('class="state active"') == 1
    assert "✗ <b>Send a technician</b>" in page
    assert not any(private in page for private in ("吴敏", "13900000000", "3-201", "no power"))
    assert "● now here" in run("draw", "repair", "--case", case, "--as", "wang.fang").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("draw", "repiar"), Exit.NOT_FOUND, "did you mean `repair`?"),
        (("draw", "repair@7"), Exit.NOT_FOUND, "`repair` version 7 is not published"),
        (("draw", "processes"), Exit.USAGE, "is a folder, and one process is wanted"),
        (("draw", "casewright.toml"), Exit.USAGE, "its name does not end in `.yaml`"),
        (("draw", "processes/desk.yaml"), Exit.USAGE, "`processes/desk.yaml` is no process"),
        (("draw",), Exit.USAGE, "it is not said what to draw"),
        (("draw", "repair", "-o", "x.png"), Exit.USAGE, "name a file that ends in .svg, .mmd, .html or .txt"),
        (("draw", "repair", "-o", "no/such/x.svg"), Exit.FAILED, "no folder to write it into"),
        (("draw", "--case", "R-77"), Exit.NOT_FOUND, "there is no case `R-77`"),
    ],
)
def test_what_cannot_be_drawn_is_said(desk: Path, words: tuple[str, ...], code: int, said: str) -> None:
    done = run(*words, "--as", "wang.fang")
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_a_case_of_another_process_is_not_drawn_as_this_one(desk: Path) -> None:
    done = run("draw", "refund", "--case", report(), "--as", "wang.fang")
    assert done.code == Exit.USAGE
    assert "is a case of `repair`" in done.err


def test_a_process_with_errors_shows_them_instead(desk: Path) -> None:
    file = Path("processes/repair.yaml")
    file.write_text(file.read_text("utf-8").replace("to: dispatched", "to: dispached", 1), "utf-8")
    done = run("draw", "repair")
    assert done.code == Exit.FAILED
    assert "unknown-state" in done.out
