"""`casewright --help` and what happens before any command runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.cli.catalogue import AUDIENCES, COMMANDS
from engine.cli.main import casewright
from engine.cli.translate import use_language


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


def test_an_option_misspelt_is_a_usage_error() -> None:
    code, _, err = run("list", "--overdew")
    assert code == 2
    assert "--overdue" in err


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
