"""One letter too many in any name of a shipped process is found on its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.lang.diagnostics import Diagnostic
from engine.lang.load import load_folder
from engine.lang.source import read
from engine.lang.tree import Items, Node, Scalar, Table

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"[a-z][a-z0-9_]*")
IN_TEXT = re.compile(r"\{([a-z_.0-9]+)\}")
FILES = ("repair.yaml", "return_visit.yaml", "desk.yaml", "messages/repair.yaml", "calendars/contact_hours.yaml")


class Word(NamedTuple):
    """One name of a file: where it stands, and whether it is given there or names something given elsewhere."""

    file: str
    line: int
    column: int
    text: str
    is_given: bool


@cache
def sources() -> Mapping[str, str]:
    """The shipped processes."""
    folder = ROOT / "processes"
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in sorted(folder.rglob("*.yaml"))}


def names_of(file: str) -> Iterator[Word]:
    """Every name of a file: keys, bare words, and the names inside expressions, times and placeholders."""
    document, _ = read(sources()[file], file)
    ahead: list[tuple[Node, tuple[str, ...]]] = [(document.root, ())] if document.root is not None else []
    while ahead:
        node, path = ahead.pop()
        if isinstance(node, Table):
            for key, inner in node.nodes.items():
                span = node.keys[key]
                if NAME.fullmatch(key) and not is_free(path):
                    is_given = bool(path) and path[-1] in GIVEN
                    yield Word(file, span.line, span.column, key, is_given)
                ahead.append((inner, (*path, key)))
        elif isinstance(node, Items):
            ahead += [(inner, path) for inner in node.nodes]
        elif isinstance(node, Scalar) and isinstance(node.plain, str) and path[-1] not in ("desk", "as"):
            yield from words_in(file, node, path)


GIVEN = ("fields", "facts", "columns", "states", "actions", "ladders", "roles", "parties", "choices")
"""Under these keys names are given."""


def is_free(path: tuple[str, ...]) -> bool:
    """Whether the keys there can be any name, because nothing else names them."""
    values_of_choices = len(path) == 2 if path[:1] == ("choices",) else path[-1:] == ("choices",)
    return path[-1:] in (("guards",), ("timers",), ("clocks",), ("measures",)) or values_of_choices


def words_in(file: str, node: Scalar, path: tuple[str, ...]) -> Iterator[Word]:
    """The names inside one value; of a text for people those in braces."""
    line = sources()[file].split("\n")[node.span.line - 1]
    start, end = node.span.column - 1, node.span.end_column - 1
    if node.span.end_line != node.span.line:
        return
    if path[-1] in ("en", "zh", "description", "summary"):
        spots = [(found.start(1), found[1]) for found in IN_TEXT.finditer(line, start, end)]
    else:
        spots = [(start, re.sub(r"'[^']*'", lambda found: " " * len(found[0]), line[start:end]))]
    for at, text in spots:
        for found in re.finditer(r"(?<![\w-])[a-z_][a-z0-9_]*(?![\w-])", text):
            if len(found[0]) > 1:  # single letters are the variables of a walk through a list
                yield Word(file, node.span.line, at + found.start() + 1, found[0], False)


@cache
def names() -> tuple[Word, ...]:
    """Every name that something else depends on: with another one in its place something is wrong."""
    found = [word for file in FILES for word in dict.fromkeys(names_of(file))]
    named = {word.text for word in found if not word.is_given}
    return tuple(word for word in found if not word.is_given or word.text in named)


def with_a_letter(word: Word, at: int, letter: str) -> dict[str, str]:
    """The files with one letter more in this name."""
    lines = sources()[word.file].split("\n")
    line = lines[word.line - 1]
    spot = word.column - 1 + at
    lines[word.line - 1] = line[:spot] + letter + line[spot:]
    return {**sources(), word.file: "\n".join(lines)}


def points_to(found: Diagnostic, word: Word) -> bool:
    """Whether a finding stands on the line of a name, or says that what was meant is declared there."""
    places = [found.span, *(span for span, _ in found.related)]
    if any(place.file == word.file and place.line <= word.line <= place.end_line for place in places):
        return True
    said = f"at line {word.line}" if found.span.file == word.file else f"in {word.file}:{word.line}"
    return re.search(rf"{re.escape(said)}[,?]", found.help or "") is not None


@settings(max_examples=500)
@given(st.data())
def test_one_letter_too_many_in_any_name_is_found_on_its_line(data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(names()))
    at = data.draw(st.integers(1, len(word.text)))
    letter = data.draw(st.sampled_from("aeiqxz"))
    found = load_folder(with_a_letter(word, at, letter)).diagnostics
    assert any(points_to(one, word) for one in found), (word, at, letter, [str(one.span) for one in found])


def test_the_names_that_are_tried_are_nearly_all_there_are() -> None:
    assert len(names()) > 1_500
    assert not load_folder(sources()).diagnostics
