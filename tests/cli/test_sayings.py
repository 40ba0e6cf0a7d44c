"""Every sentence of an engine's error can be said in Chinese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import errors
from engine.cli.said.rights import RIGHTS
from engine.cli.sayings import BOOK, said_again
from engine.cli.translate import use_language

ROOT = Path(__file__).resolve().parents[2]
OURS = {name for name, value in vars(errors).items() if isinstance(value, type)} | {"BadLine", "Poisoned"}
TALK_AMONG_OURSELVES = tuple(
    f"engine/{name}.py"
    for name in (
        "app/doors",
        "app/kinds",
        "store/forking",
        "store/hosted",
        "store/memory/store",
        "store/memory/overlay",
        "store/postgresql/hosted",
        "store/sqlite/hosted",
        "testing",
    )
)
"""What only hosts meet: kinds of values, forks, stores that no command opens, and what they use in their tests."""


def is_known(text: str) -> bool:
    """Whether a sentence, its blanks filled in, is recognised."""
    return any(template.pattern.fullmatch(re.sub(r"\{[^{}]*\}", "§", text)) for template in BOOK.templates)


def sentences() -> Iterator[tuple[str, str]]:
    """Find every sentence given to an error, and its place."""
    for file in sorted((ROOT / "engine").rglob("*.py")):
        place = file.relative_to(ROOT).as_posix()
        if place.startswith("engine/cli/") or place in TALK_AMONG_OURSELVES:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in OURS:
                given = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "help")]
                for one in given:
                    for text in texts(one):
                        yield text, f"{place}:{one.lineno}"


def texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)


def test_no_sentence_of_an_error_is_missing_from_the_catalogue() -> None:
    assert [f"{place}: {text}" for text, place in sentences() if not is_known(text)] == []


WORDS_OF_OTHERS = {
    "engine/conversion": {"Misread", "Unsaid", "_note"},
    "engine/deliverers": {"NotDelivered", "wrong"},
}
"""What is named of a chart, and why a message is not delivered: no errors of ours, and shown all the same."""
WITHOUT_WORDS = {"§", "`§`", "`<§>`", "`§`§"}


def words_of_others() -> Iterator[tuple[str, str]]:
    """Find every sentence on a chart or a delivery: handed to whoever notes it, or worked out for them."""
    for folder, noting in WORDS_OF_OTHERS.items():
        for file in sorted((ROOT / folder).glob("*.py")):
            if file.name.startswith(("write_", "export")):
                continue  # what is lost on the way out is held by its own test
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                given: list[ast.expr] = []
                if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in noting:
                    given = node.args
                elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "why":
                    given = [node.value]
                elif isinstance(node, ast.FunctionDef) and node.name in ("_said", "_lack"):
                    given = [one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value]
                for one in given:
                    for text in texts(one):
                        if " " in text:
                            yield text, f"{file.name}:{one.lineno}"


def test_what_is_said_of_charts_and_deliveries_is_in_the_catalogue() -> None:
    use_language("zh")
    found = {re.sub(r"\{\}", "§", text): place for text, place in words_of_others()}
    asked = {text: f"`[deliver.x]`: `key` {text}" for text in found}
    assert len(found) > 50
    assert {
        place: text
        for text, place in found.items()
        if BOOK.again(text) == text and BOOK.again(asked[text]) in (asked[text], asked[text].replace(": ", "："))
    } == {}


def test_the_store_s_explanations_are_in_the_catalogue() -> None:
    from engine.store import derived
    from engine.store.postgresql import trouble as server
    from engine.store.sqlite import trouble

    pairs = (*trouble._MEANING.values(), trouble._OTHER, *server._MEANING.values(), server._OTHER, server._LOST,
             server._UNKNOWN, server._UNREACHABLE)  # fmt: skip
    told = {text for pair in pairs for text in pair}
    assert {text for text in (*told, derived.TAKEN) if not is_known(text)} == set()


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("there is no case `R-9`", "没有案件 `R-9`"),
        ("there is no case `R-9` any more", "案件 `R-9` 已不存在"),
        ("`wu` is not known at this desk (`wu.di`?)", "本服务台没有 `wu`（`wu.di`？）"),
        ("`wu` acts no more at this desk", "`wu` 在本服务台已停用"),
        ("something never said before", "something never said before"),
        ("Expecting ':' delimiter: line 1 column 6 (char 5)", "第 1 行第 6 列：此处应有 `:`"),
        (
            "`[deliver.x]`: `bogus` means nothing here; there is `events`, `host`",
            "`[deliver.x]`：`bogus` 有误：在这里没有意义；可用的有 `events`、`host`",
        ),
    ],
)
def test_an_error_is_said_again_in_chinese(english: str, chinese: str) -> None:
    assert said_again(english) == english
    use_language("zh")
    assert said_again(english) == chinese


def test_what_only_administrators_may_do_is_named_in_every_language() -> None:
    said = re.compile(r'admin_of\(tx, \w+, "([^"]+)"\)')
    asked = {what for file in (ROOT / "engine" / "app").rglob("*.py") for what in said.findall(file.read_text("utf-8"))}
    assert {"publish", "list the archive"} <= asked
    assert asked <= set(RIGHTS)
