"""Every statement's text, compiled beforehand for each database: `python -m engine.store.statements` writes the files.

So a command need not import SQLAlchemy, which would take longer than all the command does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal

Kind = Literal["sqlite", "postgresql"]
KINDS: tuple[Kind, ...] = ("sqlite", "postgresql")


class Many:
    """A statement for many sets of values at once: it is given an array of each value, and how many there are.

    If it writes, `key` says which of the values name the row, where others may write it too; if it asks, where in its
    answer the values stand.
    """

    __slots__ = ("key", "kinds", "row_of", "table", "text", "texts_of")

    def __init__(self, text: str, kinds: Sequence[str], table: str, key: Sequence[int]) -> None:
        self.text = text
        self.kinds = tuple(kinds)  # of each value: `text` or `bigint`
        self.table = table  # of whose rows it writes one for each set; empty: it asks
        self.key = tuple(key)
        self.row_of = _getter(self.key)
        self.texts_of = _getter([place for place, kind in enumerate(kinds) if kind == "text"])

    def stored(self) -> list[Any]:
        """As it is kept in a file."""
        return [self.text, self.kinds, self.table, self.key]


Pick = Callable[[tuple[Any, ...]], tuple[Any, ...]]


def _picking(order: tuple[int, ...] | None, added: tuple[Any, ...]) -> Pick | None:
    if order is None:
        return None
    picked: Pick = itemgetter(*order)
    return (lambda given: picked((*given, *added))) if added else picked


def _getter(places: Sequence[int]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """What takes the values in these places."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda values: tuple([values[place] for place in places])


class Text:
    """A statement in one database's words."""

    __slots__ = ("added", "many", "order", "pick", "text")

    def __init__(
        self, text: str, order: tuple[int, ...] | None = None, added: tuple[Any, ...] = (), many: Many | None = None
    ) -> None:
        self.text = text
        self.order = order  # which value where, if not as they are given: two or more
        self.added = added  # values that are always the same, behind those given
        self.many = many  # where it pays to have many sets of values done at once
        self.pick = _picking(order, added)  # the values in the order in which the text wants them

    def values(self, given: tuple[Any, ...]) -> tuple[Any, ...]:
        """The values in the order in which the text wants them."""
        return given if self.pick is None else self.pick(given)

    def stored(self) -> list[Any]:
        """As it is kept in a file."""
        return [self.text, self.order, self.added, *([self.many.stored()] if self.many is not None else [])]


def compiled_file(kind: Kind) -> Path:
    """Where the statements in this database's words are kept."""
    return Path(__file__).with_name(f"{kind}.json")


def texts_of(kind: Kind) -> Mapping[str, Text]:
    """The statements in this database's words, by name."""
    stored = json.loads(compiled_file(kind).read_text(encoding="utf-8"))
    return {name: _text(*given) for name, given in stored.items()}


def _text(text: str, order: list[int] | None, added: list[Any], many: list[Any] | None = None) -> Text:
    return Text(text, None if order is None else tuple(order), tuple(added), None if many is None else Many(*many))
