"""What a page names in passing is there: commands with their flags, and files. Examples are run elsewhere."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from engine import Engine
from engine.cli.main import casewright
from tests.docs.__main__ import ROOT, pages

PAGES = {path.relative_to(ROOT).as_posix(): path for path in (*pages(ROOT), *sorted((ROOT / "changes").rglob("*.md")))}
ROOM = ("benchmarks/", "changes/", "docs/", "engine/", "processes/", "schemas/", "tests/")
OF_THE_WHEEL = {"engine/data/"}
EXAMPLES = {"lost_item", "scrap_check", "giveback", "job", "call"}
"""Files that a reader writes while going through a page."""

IN_PASSING = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def named(text: str) -> Iterator[str]:
    """What stands in backticks outside of examples."""
    return (
        found[1] for found in IN_PASSING.finditer(re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE))
    )


def flags(command: click.Command) -> set[str]:
    """What may stand behind this command."""
    return {flag for one in command.params for flag in (*one.opts, *one.secondary_opts)} | {"--help", "-h"}


def wrong_in(words: list[str]) -> str | None:
    """The first word of a command line that no command knows."""
    command: click.Command = casewright()
    allowed, reached = flags(command), 0
    context = click.Context(command)
    for place, word in enumerate(words):
        if word.startswith("-"):
            if word.rstrip(",.").split("=")[0] not in allowed:
                return word
        elif isinstance(command, click.Group) and place == reached and re.fullmatch(r"[a-z]+", word):
            inner = command.get_command(context, word)
            if inner is None:
                return None if reached else word  # `report repair` is short for a command of it
            command, reached = inner, place + 1
            allowed |= flags(inner)
            if isinstance(inner, click.Group):  # `correct FILE` too
                allowed |= {flag for one in inner.commands.values() for flag in flags(one)}
    return None


@pytest.mark.parametrize("name", PAGES)
def test_commands_that_a_page_names_exist(name: str) -> None:
    lines = [line for line in named(PAGES[name].read_text("utf-8")) if re.match(r"casewright [a-z-]", line)]
    assert [(line, found) for line in lines if (found := wrong_in(line.split()[1:])) is not None] == []


@pytest.mark.parametrize("name", PAGES)
def test_files_that_a_page_names_exist(name: str) -> None:
    paths = [path for path in named(PAGES[name].read_text("utf-8")) if re.fullmatch(r"[\w./-]+", path)]
    gone = [
        path
        for path in paths
        if path.startswith(ROOM) and path not in OF_THE_WHEEL and not re.search(r"[A-Z]{4}", path)
        and Path(path).name.partition(".")[0] not in EXAMPLES and not (ROOT / path).exists()
    ]  # fmt: skip
    assert gone == []


def parameters(verb: str) -> set[str]:
    """What a verb of the engine takes, by name."""
    return {name for name in inspect.signature(getattr(Engine, verb)).parameters if name != "self"}


def unknown_in(call: str) -> set[str]:
    """Of `verb(name, *, name=…)` the names that this verb of the engine does not take."""
    found = re.fullmatch(r"(?:engine\.)?(\w+)\(([\w\s,*=…]*)\)", call)
    if found is None or not callable(getattr(Engine, found[1], None)):
        return set()
    return {part.partition("=")[0].strip() for part in found[2].split(",")} - {"", "*", "…"} - parameters(found[1])


def test_the_page_of_the_api_names_what_verbs_take() -> None:
    text = re.sub(
        r"^```.*?^```$", "", PAGES["docs/reference/api.md"].read_text("utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    calls = re.findall(r"`([^`]+\([^`]*\))`", text)
    assert len([call for call in calls if unknown_in(call.replace("(", "(nobody, ", 1))]) > 40
    assert {call: found for call in calls if (found := unknown_in(call))} == {}


@pytest.mark.parametrize("line", ["watch", "list --nothing", "db backup --keyz", "audit verify --vouch"])
def test_what_is_no_command_is_found(line: str) -> None:
    assert wrong_in(line.split()) is not None


def test_what_is_one_is_left_alone() -> None:
    lines = (
        "list --mine",
        "report repair",
        "correct FILE --preview",
        "audit verify --checkpoint F --trust KEY",
        "demo",
    )
    assert [wrong_in(line.split()) for line in lines] == [None] * 5
    assert list(named("a `b c` and\n```sh\n`not this`\n```\n``nor this`` but `d`")) == ["b c", "d"]
    assert PAGES["README.md"] == ROOT / "README.md"
