"""One option names the file that a command writes, and none is written over unless that is said."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from engine.cli.catalogue import COMMANDS
from engine.cli.exits import Exit
from engine.cli.main import casewright
from tests.cli.desks import report, run

WRITING = [
    ["draw", "return_visit", "-o", "FILE.svg"],
    ["record", "R-1", "--as", "boss", "-o", "FILE"],
    ["convert", "steps.csv", "-o", "FILE.yaml"],
    ["convert", "return_visit", "--to", "scxml", "-o", "FILE"],
    ["export", "--format", "csv", "--as", "boss", "-o", "FILE"],
    ["report", "sla", "--csv", "FILE"],
    ["report", "sla", "--html", "FILE"],
    ["report", "measures", "return_visit", "visits", "--csv", "FILE", "--as", "boss"],
    ["test", "processes/return_visit.yaml", "-k", "satisfied", "--html", "FILE"],
    ["test", "processes/return_visit.yaml", "--generate", "--tries", "1", "-o", "FILE"],
]


def test_what_is_there_is_written_over_only_where_that_is_said(desk: Path) -> None:
    report()
    Path("steps.csv").write_text("state,event,target\na,go,b\n", "utf-8")
    for template in WRITING:
        words = [word.replace("FILE", "out") for word in template]
        file = Path(next(word for word in template if word.startswith("FILE")).replace("FILE", "out"))
        file.write_text("kept", "utf-8")
        refused = run(*words)
        assert (refused.code, refused.out) == (Exit.CONFLICT, ""), words
        assert f"`{file}` is there already; nothing was written" in refused.err
        assert "--force" in refused.err
        assert file.read_text("utf-8") == "kept", words
        done = run(*words, "--force")
        assert done.code in (Exit.DONE, Exit.FAILED), done.err  # 1: too little coverage, a form that says less
        assert file.read_text("utf-8-sig") != "kept" or "--generate" in words  # by one try nothing may be found


def commands() -> list[tuple[str, click.Command]]:
    """Every command and every command of a group, by its name."""
    whole = casewright()
    context = click.Context(whole)
    found: list[tuple[str, click.Command]] = []
    for name in COMMANDS:
        command = whole.get_command(context, name)
        assert command is not None
        inner = command.commands if isinstance(command, click.Group) else {"": command}
        found += [(f"{name} {sub}".strip(), one) for sub, one in inner.items()]
    return found


def test_a_file_to_write_is_named_by_one_option_everywhere() -> None:
    for name, command in commands():
        flags = {flag for param in command.params if isinstance(param, click.Option) for flag in param.opts}
        assert "--out" not in flags, name
        assert ("-o" in flags) == ("--output" in flags), name
        may_be_forced = name.split()[-1] not in ("keygen", "checkpoint")  # a key, and what is signed, stays
        assert ("--force" in flags) == (may_be_forced and bool(flags & {"--output", "--html", "--csv"})), name


@pytest.mark.parametrize(("ending", "begins"), [("xes", "<?xml"), ("ocel", "{"), ("csv", "\ufeffcase"), ("jsonl", "{")])
def test_an_export_is_written_as_its_file_is_named(ending: str, begins: str, desk: Path) -> None:
    report()
    done = run("export", "-o", f"desk.{ending}", "--as", "boss")
    assert (done.code, Path(f"desk.{ending}").read_text("utf-8").startswith(begins)) == (0, True), done.err


@pytest.mark.parametrize("words", [(), ("-o", "desk.json"), ("-o", "desk")])
def test_an_export_that_nothing_says_the_format_of_is_asked_for_it(words: tuple[str, ...], desk: Path) -> None:
    asked = run("export", *words, "--as", "boss")
    assert (asked.code, asked.out) == (2, "")
    assert asked.err.endswith("help: name a file that ends in .xes, .ocel, .csv or .jsonl, or say --format\n")
    assert not Path("desk.json").exists()
