"""`docs/domain.md` names places and scenarios that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.lang.source import read

ROOT = Path(__file__).resolve().parents[2]
TABLE = (ROOT / "docs/domain.md").read_text("utf-8")


@cache
def plain(name: str) -> Any:
    """The content of a file of `processes/`, as it was written."""
    path = ROOT / "processes" / f"{name}.yaml"
    document, findings = read(path.read_bytes(), path.name)
    assert not findings
    assert document.root is not None
    return document.root.plain


def rows(text: str) -> Iterator[list[str]]:
    """The rows of the tables in a text, as cells."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3 and set(cells[0]) != {"-"}:
            yield cells


PLACES = sorted({(file, path) for file, path in re.findall(r"`([\w/]+): ([\w.]+)`", TABLE)})
SCENARIOS = sorted(
    {
        title
        for _, _, shown in rows(TABLE[: TABLE.index("## Ours")])
        if not shown.startswith("(") and shown != "Shown by"
        for title in shown.split("; ")
        if title
    }
)


@pytest.mark.parametrize(("file", "path"), PLACES)
def test_a_place_named_in_the_table_is_in_the_definition(file: str, path: str) -> None:
    found = plain(file)
    for step in path.split("."):
        found = found[step]
    assert found


@pytest.mark.parametrize("title", SCENARIOS)
def test_a_scenario_named_in_the_table_exists(title: str) -> None:
    files = (path.stem for path in (ROOT / "processes").glob("*.scenarios.yaml"))
    assert title in {known for file in files for known in plain(file)["scenarios"]}


def test_the_table_was_read() -> None:
    assert len(PLACES) > 50
    assert len(SCENARIOS) > 25


def test_the_same_day_promise_is_to_be_kept_in_95_of_100_cases() -> None:
    assert plain("repair")["clocks"]["same_day"]["target"] == "95%"
