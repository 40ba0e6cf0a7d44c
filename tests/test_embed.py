"""The page for hosts and the suite of a host (`tests/embed`) are one, and lean on nothing but public names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine
from engine import testing
from tests.docs.page import Page

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "howto" / "embed.md"
SUITE = ROOT / "tests" / "embed"
PUBLIC = {"engine": set(engine.__all__), "engine.testing": set(testing.__all__)}


def private(source: str) -> Iterator[str]:
    """Give every name of ours that a text imports and that is not for hosts."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "engine")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("engine", "tests"):
            names = {alias.name for alias in node.names}
            yield from (f"{node.module}.{name}" for name in sorted(names - PUBLIC.get(str(node.module), set())))


def test_the_page_shows_the_files_of_the_suite_as_they_are() -> None:
    shown = {block.directives["file"]: block.text for block in Page.read(PAGE).blocks() if "file" in block.directives}
    assert {"orders.py", "request.py", "processes/takeback.yaml"} <= shown.keys()
    for name, text in shown.items():
        assert text == (SUITE / name).read_text("utf-8"), f"copy `tests/embed/{name}` to the page, or back"


@pytest.mark.parametrize("file", sorted(SUITE.glob("*.py")), ids=lambda file: file.name)
def test_the_suite_of_a_host_uses_public_names_only(file: Path) -> None:
    assert [*private(file.read_text("utf-8"))] == []


def test_the_page_uses_public_names_only() -> None:
    lines = [line for block in Page.read(PAGE).blocks() if block.language == "pycon" for line in block.lines]
    assert [*private("\n".join(line[4:] for line in lines if line.startswith(">>> from")))] == []


def test_the_look_for_private_names_sees_them() -> None:
    seen = [
        *private("from engine.store import open_store\nimport engine.app\nfrom engine import Engine, _APP\nimport os")
    ]
    assert seen == ["engine.store.open_store", "engine.app", "engine._APP"]
