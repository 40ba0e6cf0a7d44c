"""Where help names a command, a host is told the verb: every command an error names has one, or none on purpose."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from engine import Engine, NotFound
from engine.verbs import COMMAND, ONLY_COMMANDS, VERBS, in_a_host

ENGINE = Path(__file__).resolve().parents[2] / "engine"
TERMINAL = ("cli",)
"""Rooms that only the terminal hears of."""


def named() -> dict[str, str]:
    """Every command that is named outside the command line, and where."""
    found = {}
    for file in sorted(ENGINE.rglob("*.py")):
        if file.relative_to(ENGINE).parts[0] in TERMINAL:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "help":
                for said in COMMAND.findall(ast.unparse(node.value)):
                    found[said] = f"{file.relative_to(ENGINE)}:{node.value.lineno}"
    return found


def test_every_command_that_help_names_has_a_verb_or_none_on_purpose() -> None:
    commands = named()
    assert len(commands) > 20
    beside = [
        f"{place}: {said}" for said, place in commands.items()
        if in_a_host(f"`casewright {said}`").startswith("`casewright") and not said.startswith(ONLY_COMMANDS)
    ]  # fmt: skip
    assert beside == []


@pytest.mark.parametrize("verb", sorted(set(VERBS.values())))
def test_every_verb_told_is_one(verb: str) -> None:
    name = re.match(r"[eE]ngine\.(\w+)\(", verb)
    assert name is not None
    assert callable(getattr(Engine, name[1]))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("`casewright outbox list` shows them", "`engine.outbox()` shows them"),
        ("look at it again: `casewright show R-1`", 'look at it again: `engine.case("R-1")`'),
        ("`casewright incoming show 7` shows it", "`engine.waiting_event(7)` shows it"),
        ("`casewright archive show R-1` reads it", '`engine.archived_history("R-1", folder)` reads it'),
        ("name it: `casewright actor add li --role …`", 'name it: `engine.save_person(Person(id="li", …), actor=…)`'),
        ("or accept it with `casewright tick --accept-clock`", "or accept it with `engine.tick(accept_clock=True)`"),
        ("`casewright privacy keygen -o FILE` makes one", "`casewright privacy keygen -o FILE` makes one"),
        ("choose a new key", "choose a new key"),
    ],
)
def test_a_host_is_told_the_verb(said: str, told: str) -> None:
    assert in_a_host(said) == told


def test_an_error_tells_either() -> None:
    with Engine.open("memory:") as engine, pytest.raises(NotFound) as caught:
        engine.case("E-9")
    assert caught.value.mend == "`casewright list --find` finds one by phone or name"
    assert caught.value.help == "`engine.worklist(Search(actor=…, find=…))` finds one by phone or name"
