"""`casewright --help` and what happens before any command runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from engine.cli.catalogue import AUDIENCES, COMMANDS
from engine.cli.elsewhere import CALLED, OPTIONS
from engine.cli.main import casewright
from engine.cli.translate import use_language
from engine.resources import data_folder


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(casewright(), list(words))
    return done.exit_code, done.stdout, done.stderr


def test_the_overview_names_every_command_under_whom_it_is_for() -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert all(audience + ":" in out for audience, _ in AUDIENCES)
    assert all(entry.summary in out for entry in COMMANDS.values())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_examples_first(command: str) -> None:
    code, out, _ = run(command, "--help")
    assert code == 0
    lines = [line for line in out.splitlines() if line.strip()]
    assert lines[0].startswith("Usage: casewright " + command)
    assert lines[1].startswith("  casewright " + command)


def test_a_command_misspelt_is_answered_by_the_one_probably_meant() -> None:
    code, out, err = run("lsit")
    assert (code, out) == (2, "")
    assert "there is no command `lsit`; did you mean `list`?" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "--overdew"), "there is no option `--overdew`; did you mean `--overdue`?"),
        (("list", "--colr"), "there is no option `--colr`; did you mean `--color`?"),  # nor `--columns`
        (("list", "--js=x"), "there is no option `--js`; did you mean `--json`?"),
        (("--colour", "never", "list"), "there is no option `--colour`; did you mean `--color`?"),
        (("actor", "change", "--roll", "agent"), "there is no option `--roll`"),  # the dashes do not make it `--color`
        (("actor", "change", "--role", "agent"), "there is no option `--role`; did you mean `--give`?"),
        (("list", "--role", "agent"), "there is no option `--role`; did you mean `--queue`?"),
        (("report", "sla", "--since", "2026-03-01"), "there is no option `--since`; did you mean `--from`?"),
        (("show", "R-1", "--User", "wang"), "there is no option `--User`; did you mean `--as`?"),
        (("list", "-q"), "there is no option `-q`"),
    ],
)
def test_an_option_misspelt_is_answered_by_one_that_is_like_it_or_by_none(words: tuple[str, ...], said: str) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.endswith(f"{said}\n")


def test_what_is_far_from_every_command_is_no_misspelling() -> None:
    _, _out, err = run("frobnicate")
    assert err.endswith("there is no command `frobnicate`\n")


@pytest.mark.parametrize(
    ("word", "ours"),
    [
        ("deploy", "publish"),
        ("Users", "actor"),
        ("approve", "do CASE approve"),
        ("sla", "report sla"),
        ("undo", "do CASE --list"),
    ],
)
def test_a_command_known_from_elsewhere_is_answered_by_ours(word: str, ours: str) -> None:
    _, _out, err = run(word)
    assert err.endswith(f"there is no command `{word}`; did you mean `{ours}`?\n")


def test_what_is_piped_in_and_is_no_text_is_told_in_every_locale(tmp_path: Path) -> None:
    """In `C.UTF-8` it was; where `en_US.UTF-8` is installed Python is strict, and `play` called it our own fault."""
    root, lost = str(Path(__file__).parents[2]), data_folder("processes") / "lost_found.yaml"
    env = {**os.environ, "PYTHONIOENCODING": "utf-8:strict", "CASEWRIGHT_LANG": "en", "PYTHONPATH": root}

    def piped(*words: str) -> tuple[int, str]:
        called = [sys.executable, "-c", "from engine.cli.main import main; main()", *words]
        done = subprocess.run(
            called, input=b"\xff\n", env=env, cwd=tmp_path, capture_output=True, timeout=120, check=False
        )
        return done.returncode, done.stderr.decode()

    assert piped("init")[0] == 0
    readers = {
        "play": ("play", str(lost)),
        "a form": ("open", "lost_found", "--form", "-"),
        "questions": ("calendar", "add", "round_the_clock", "--file", "-"),
    }
    for reader, words in readers.items():
        code, err = piped(*words)
        assert (code, "`-`: it is not text in UTF-8" in err) == (1, True), (reader, err)


def test_what_others_call_it_is_told_of_commands_that_there_are() -> None:
    firsts = {ours.split()[0] for ours in CALLED}
    assert firsts <= set(COMMANDS)
    words = [word for words in CALLED.values() for word in words.split()]
    assert (len(words), set(words) & set(COMMANDS)) == (len(set(words)), set())


def test_what_others_call_it_is_told_of_options_that_there_are() -> None:
    root = casewright()
    groups: list[click.Command] = [root]
    there: set[str] = set()
    while groups:
        command = groups.pop()
        context = click.Context(command)
        there |= {name for param in command.get_params(context) for name in param.opts}
        if isinstance(command, click.Group):
            groups += [
                found for name in command.list_commands(context) if (found := command.get_command(context, name))
            ]
    assert {f"--{ours}" for ours in OPTIONS} <= there


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["do"], "错误：缺少参数 `案件号`。"),
        (["actor", "add"], "错误：缺少参数 `人员`。"),
        (["list", "--limit", "x"], "错误：`--limit` 的值无效：`x` 不是有效的整数。"),
        (
            ["convert", "--from", "tabel", "x.csv"],
            "错误：`--from` 的值无效：`tabel` 不在 `scxml`、`xstate`、`table` 之中。",
        ),
        (["list", "--overdew"], "错误：没有选项 `--overdew`；是否想输入 `--overdue`？"),
        (["hear", "parcel_back"], "错误：缺少选项 `--key`。"),
        (["attach", "R-1", "a, b.txt"], "错误：`文件` 的值无效：文件 `a, b.txt` 不存在。"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_told_with_chinese_signs(words: list[str], said: str) -> None:
    use_language("zh")
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == said


def test_values_are_called_in_chinese_in_the_help() -> None:
    use_language("zh")
    _, out, _err = run("do", "--help")
    assert "--expect-revision 整数" in out
    assert not re.search(r"--[a-z-]+ (?:[A-Z]{2,}|INTEGER RANGE)", out)


@pytest.mark.parametrize("words", [["--help"], ["list", "--help"], ["lsit"], ["do"]])
def test_a_chinese_reader_meets_no_english_sentence(words: list[str]) -> None:
    use_language("zh")
    _, out, err = run(*words)
    english = [
        line
        for line in (out + err).splitlines()
        if line.isascii() and len(line.split()) > 4 and "casewright" not in line
    ]
    assert english == []


HEAVY = {"sqlalchemy", "alembic", "jsonschema", "yaml", "rich", "transitions", "tomllib", "holidays"}


def test_the_overview_is_told_without_loading_what_commands_need(root: Path) -> None:
    script = (
        "import sys; sys.argv = ['casewright', '--help']\n"
        "from engine.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sys.modules)"
    )
    words = [sys.executable, "-c", script]
    done = subprocess.run(
        words, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(root)}
    )
    assert HEAVY.isdisjoint(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("columns", ["60", "100"])
@pytest.mark.parametrize("command", ["audit", "db", "report", "interrupt", "calendar"])
def test_what_a_command_of_commands_holds_is_told_in_whole_sentences(
    command: str, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    _code, told, _err = run(command, "--help")
    assert "..." not in told
    assert told.rstrip().endswith(".")
