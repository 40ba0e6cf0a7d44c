"""Bad databases, bad files, bad flags: one sentence each, what to do now, and no traceback."""

from __future__ import annotations

import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from engine.cli.parameters import CaseId
from tests.cli.desks import REPORT, Ran, fields, report, run

CASEWRIGHT = [sys.executable, "-m", "engine.cli.main"]
THERE = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}

pytestmark = pytest.mark.usefixtures("desk")


def explained(done: Ran, *said: str) -> None:
    """One sentence and a mend, no traceback, nothing on the output."""
    assert done.code in (1, 2), done.out
    assert done.out == ""
    assert done.err.startswith("error: ")
    assert done.err.count("\n") <= 2
    assert "fault of casewright" not in done.err
    for words in said:
        assert words in done.err


# -- databases ---------------------------------------------------------------------------------------------------------


def test_a_locked_database_is_a_sentence_and_nothing_is_lost(desk: Path) -> None:
    case = report()
    holder = sqlite3.connect(desk / "casewright.sqlite", isolation_level=None)
    holder.execute("begin exclusive")
    words = ("do", case, "note", "--as", "wang.fang", "-f", "note=x", "--db", "sqlite:///casewright.sqlite?busy=0.2")
    explained(run(*words), "is locked by another program", "nothing was changed")
    holder.execute("rollback")
    holder.close()
    assert run(*words).code == 0


def test_a_database_of_another_application_is_left_alone(desk: Path) -> None:
    with sqlite3.connect("other.sqlite") as other:
        other.execute("create table recipes (name text)")
        other.execute("pragma application_id = 4711")
    other.close()
    before = Path("other.sqlite").read_bytes()
    explained(run("list", "--db", "other.sqlite", "--as", "boss"), "other.sqlite", "casewright init")
    explained(run("init", "--db", "other.sqlite", "--as", "boss"), "other.sqlite")
    assert Path("other.sqlite").read_bytes() == before


@pytest.mark.parametrize(
    ("database", "said"),
    [
        ("nowhere.sqlite", "there is no database at"),
        ("processes", "processes"),
        ("oracle://desk", "cannot use `oracle` as a database"),
        ("sqlite:///casewright.sqlite?speed=high", "options"),
        ("facts.json", "is not a database"),
    ],
)
def test_a_database_that_cannot_be_used_is_named(database: str, said: str) -> None:
    explained(run("list", "--db", database, "--as", "boss"), said)


def test_doctor_puts_what_to_do_into_the_brackets_of_the_language() -> None:
    Path("empty.sqlite").touch()
    trouble = run("doctor", "--db", "empty.sqlite", language="zh").out.partition("!!")[2]
    assert "（" in trouble
    assert " (" not in trouble


@pytest.mark.parametrize("gone", ["UPDATE actors SET is_active = 0 WHERE id = 'boss'", "DELETE FROM actors"])
def test_where_no_administrator_is_left_doctor_names_the_command_that_makes_one(gone: str) -> None:
    """Nothing of ours takes the last one away; whoever mends a database by hand may."""
    with closing(sqlite3.connect("casewright.sqlite")) as connection, connection:
        connection.execute(gone)
    assert run("publish", "processes/repair.yaml", "--as", "wang.fang").code != 0
    for language in ("zh", "en"):
        (told,) = (line for line in run("doctor", language=language).out.splitlines() if "casewright actor" in line)
        assert told.startswith("!!")
    found = re.search(r"`casewright (actor .*)`", told)
    assert found is not None
    words = found[1].replace("PERSON", "wang.fang").split()
    assert run(*words, "--as", "wang.fang").code == 0
    assert run("publish", "processes/repair.yaml", "--as", "wang.fang").code == 0
    assert "!!" not in run("doctor").out


def test_a_database_opened_for_reading_only_shows_and_refuses_to_change() -> None:
    case = report()
    database = "sqlite:///casewright.sqlite?mode=ro"
    assert run("show", case, "--as", "wang.fang", "--db", database).code == 0
    explained(run("do", case, "note", "--as", "wang.fang", "-f", "note=x", "--db", database), "for reading only")


# -- definitions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"process: repair\n\tversion: 1\n", "error["),
        (b"process: \xff\xfe\n", "not-utf8"),
        (b"process: repair\nprocess: repair\n", "duplicate-key"),
        (b"\0", "unreadable-character"),
        (b"", "error["),
        (b"a: &a [x, x]\nb: &b [*a, *a]\n", "alias"),
        (b"[" * 100_000, "too-deep"),
        (b"x: " + b"y" * 50_000_000, "too-large"),
    ],
)
def test_broken_yaml_of_every_kind_is_a_finding(desk: Path, content: bytes, rule: str) -> None:
    (desk / "processes" / "repair.yaml").write_bytes(content)
    done = run("check", "processes/repair.yaml")
    assert done.code == 1
    assert rule in done.out
    assert "processes/repair.yaml:" in done.out
    assert "Traceback" not in done.err + done.out


def test_findings_come_in_every_form(desk: Path) -> None:
    file = desk / "processes" / "repair.yaml"
    file.write_text(file.read_text("utf-8").replace("to: dispatched", "to: dispached", 1), "utf-8")
    text = run("check")
    assert text.code == 1
    assert "error[unknown-state]" in text.out
    assert "did you mean `dispatched`" in text.out
    assert "1 error" in text.err
    assert run("check", "--json").json["findings"][0]["id"] == "unknown-state"
    sarif = json.loads(run("check", "--format", "sarif").out)
    assert sarif["runs"][0]["results"][0]["ruleId"] == "unknown-state"
    assert run("check", "--format", "github").out.startswith("::error file=processes/repair.yaml")


def test_a_process_with_an_error_is_neither_published_nor_tested(desk: Path) -> None:
    file = desk / "processes" / "repair.yaml"
    file.write_text(file.read_text("utf-8").replace("initial: reported", "initial: reportd", 1), "utf-8")
    for command in (["publish", "--as", "boss"], ["test"]):
        done = run(*command)
        assert done.code == 1
        assert "did you mean `reported`" in done.out


def test_a_published_version_never_changes_its_behaviour(desk: Path) -> None:
    file = desk / "processes" / "repair.yaml"
    file.write_text(file.read_text("utf-8").replace("goal: 15m", "goal: 16m", 1), "utf-8")
    explained(run("publish", "--as", "boss"), "raise `version:` to 2")


def test_new_words_take_effect_at_once(desk: Path) -> None:
    file = desk / "processes" / "repair.yaml"
    file.write_text(file.read_text("utf-8").replace("zh: 已报修", "zh: 刚报修", 1), "utf-8")
    case = report()
    done = run("publish", "processes/repair.yaml", "--as", "boss")
    assert "has new words" in done.out
    assert "刚报修" in run("show", case, "--as", "wang.fang", language="zh").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "nowhere"], "nowhere"),
        (["check", "casewright.toml"], "does not end in `.yaml`"),
        (["test", "empty"], "`empty` holds no process"),
        (["new", "Lost-Found"], "cannot be the name of a process"),
        (["new", "repair"], "is there already"),
    ],
)
def test_paths_and_names_that_do_not_fit_are_explained(words: list[str], said: str) -> None:
    Path("empty").mkdir()
    done = run(*words)
    assert done.code in (2, 3, 5)
    assert said in done.err


# -- flags -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-f", "technician"], "does not say NAME=VALUE"),
        (["--form", "nowhere.json"], "there is no file `nowhere.json`"),
        (["--form", "casewright.toml"], "is not JSON"),
        (["--form", "casewright.toml"], 'help: it is like {"place": "3-201", "hours": 2, "member": true}'),
        (["--occurred-at", "yesterday"], "`yesterday` is no time"),
        (["--expect-revision", "-1"], "not in the range"),
        (["-f", "technician=li.wei", "-f", "slip=\0"], "NUL"),
        (["-f", "technician=li.wei", "-f", "slip=\ud800"], "U+D800"),
    ],
)
def test_a_flag_that_does_not_fit_is_explained(words: list[str], said: str) -> None:
    case = report()
    done = run("do", case, "dispatch", "--as", "zhao.lei", *words)
    assert done.code in (1, 2, 3, 6)
    assert said in done.err
    assert "fault of casewright" not in done.err


def test_any_text_comes_back_exactly() -> None:
    text = "  ‏שלום 🧯 e\u0301 \u202e 𠮷 \u00a0 '\"\\ %s {} "
    opened = run("open", "repair", "--as", "wang.fang", "--json", *fields(*REPORT[:-2], "member=no", f"fault={text}"))
    assert opened.code == 0, opened.err
    shown = run("show", opened.json["case"]["id"], "--as", "wang.fang", "--json")
    assert shown.json["data"]["fault"] == text


def test_the_same_trouble_is_told_in_chinese() -> None:
    done = run("show", "R-99", "--as", "wang.fang", language="zh")
    assert done.err == "错误：没有案件 `R-99`\n提示：用 `casewright list --find` 可按电话或姓名查找\n"


def test_with_debug_the_traceback_is_shown() -> None:
    with pytest.raises(Exception, match="there is no case"):
        run("show", "R-99", "--as", "wang.fang", "--debug")


# -- command lines -----------------------------------------------------------------------------------------------------


def test_an_answer_without_its_flag_is_told_how_it_is_given() -> None:
    done = run("do", report(), "note", "note=no heat", "--as", "wang.fang")
    assert done.code == 2
    assert "there is no place for `note=no heat`; an answer is given by `-f 'note=no heat'`" in done.err


def test_a_word_too_many_is_named() -> None:
    done = run("show", report(), "now")
    assert done.code == 2
    assert done.err.rstrip().endswith("there is no place for `now`")


# -- files of others, and outputs that do not take what is written -----------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["import", "gbk", "--as", "boss"], "it is not text in UTF-8"),
        (["party", "import", "gbk", "--as", "boss"], "it is not text in UTF-8"),
        (["convert", "gbk", "--from", "table"], "it is not text in UTF-8"),
        (["calendar", "elapsed", "--file", "gbk"], "it is not text in UTF-8"),
        (["draw", "repair", "-o", "nowhere/x.svg"], "no folder to write it into"),
        (["draw", "repair", "-o", "facts.json/x.svg"], "a part of its path is a file"),
        (["draw", "repair", "-o", "x" * 300 + ".svg"], "its name is too long"),
    ],
)
def test_a_file_that_cannot_be_read_or_written_is_named_with_what_to_do(words: list[str], said: str) -> None:
    Path("gbk").write_bytes("状态,事件,目标\n".encode("gbk"))  # what a Chinese spreadsheet calls CSV
    explained(run(*words), words[-1] if words[0] == "draw" else "gbk", said, "help: ")


def test_why_a_file_cannot_be_used_is_said_in_chinese_though_the_system_speaks_english() -> None:
    done = run("draw", "repair", "-o", "nowhere/x.svg", language="zh")
    assert done.err == "错误：`nowhere/x.svg`：没有这个文件，或没有可以写入的文件夹\n提示：请核对路径，或先建好文件夹\n"


def test_a_project_file_that_is_none_is_told_with_what_a_line_looks_like(desk: Path) -> None:
    (desk / "casewright.toml").write_text('database = "desk.sqlite\n', "utf-8")
    explained(run("list", "--as", "boss"), "casewright.toml", "line 1", 'database = "casewright.sqlite"')
    (desk / "casewright.toml").write_bytes("# 报修\n".encode("gbk"))
    explained(run("list", "--as", "boss"), "it is not text in UTF-8")


@pytest.mark.parametrize("unbuffered", ["1", ""])
def test_an_output_that_is_full_is_no_fault_of_ours(unbuffered: str) -> None:
    with open("/dev/full", "w") as full:
        failed = subprocess.run(
            [*CASEWRIGHT, "show", report(), "--as", "boss"], stdout=full, stderr=subprocess.PIPE, text=True,
            env={**THERE, "PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    assert failed.returncode == 1
    assert "the disk is full" in failed.stderr
    assert "may have been before" in failed.stderr


def test_closed_outputs_are_not_written_into_the_database() -> None:
    # The first file that is opened takes the number of a closed one: the database would have got what we print.
    case = report()
    shell = f"{shlex.join([*CASEWRIGHT, 'do', case, 'note', '-f', 'note=x', '--as', 'wang.fang'])} <&- >&- 2>&-"
    assert subprocess.run(["sh", "-c", shell], env=THERE).returncode == 0
    assert run("audit", "verify", "--as", "boss").code == 0
    assert "note: x" in run("history", case, "--as", "wang.fang").out


# -- what is typed and pasted ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["R-1", " R-1 ", "R-1\u200b", "\ufeffr-1\n", "r1", "Ｒ－１", "r–1", "ｒ１"], ids=ascii
)
def test_the_id_of_a_case_is_understood_however_it_was_typed_or_pasted(typed: str) -> None:
    assert CaseId().convert(typed, None, None) == "R-1"


@pytest.mark.parametrize("typed", ["wu min", "１３９", "R-", "repair", "-1", ""], ids=ascii)
def test_what_is_no_id_stays_as_it_was_typed(typed: str) -> None:
    assert CaseId().convert(typed, None, None) == typed


def test_a_line_break_in_an_answer_makes_up_no_other_answer_and_a_wide_blank_is_shown() -> None:
    case = report("fault=no light\n  Member: no", "customer=吴\u3000敏")
    shown = run("show", case, "--as", "wang.fang").out
    assert "  no light Member: no\n" in shown  # the summary is one line
    assert "  Fault reported: no light\n      Member: no\n" in shown
    assert "Customer: 吴\u3000敏" in shown


def test_a_refused_merging_and_opening_are_called_what_they_are() -> None:
    case = report()
    done = run("merge", case, case, "--as", "wang.fang")
    assert f"`{case}` cannot be merged into itself" in done.err
    assert f"!! merging into {case} refused:" in run("history", case, "--as", "wang.fang").out
    assert "`repair` has no action `disp` (`dispatch`?)" in run("do", case, "disp", "--as", "zhao.lei").err
    done = run("open", "repair", "-f", "channel=phone", "--as", "li.wei")
    assert "`li.wei` (Technician) may not open `repair`; it is for: Agent, Repair duty officer" in done.err
