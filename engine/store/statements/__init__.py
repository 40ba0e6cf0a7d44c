"""Every statement's text, compiled beforehand for each database: `python -m engine.store.statements` writes the files.

So a command need not import SQLAlchemy, which would take longer than all the command does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal

Kind = Literal["sqlite", "postgresql"]
KINDS: tuple[Kind, ...] = ("sqlite", "postgresql")


class Text:
    """A statement in one database's words."""

    __slots__ = ("_pick", "added", "order", "text")

    def __init__(self, text: str, order: tuple[int, ...] | None = None, added: tuple[Any, ...] = ()) -> None:
        self.text = text
        self.order = order  # which value where, if not as they are given: two or more
        self.added = added  # values that are always the same, behind those given
        self._pick: Callable[[tuple[Any, ...]], tuple[Any, ...]] | None = None if order is None else itemgetter(*order)

    def values(self, given: tuple[Any, ...]) -> tuple[Any, ...]:
        """The values in the order in which the text wants them."""
        return given if self._pick is None else self._pick((*given, *self.added))


def compiled_file(kind: Kind) -> Path:
    """Where the statements in this database's words are kept."""
    return Path(__file__).with_name(f"{kind}.json")


def texts_of(kind: Kind) -> Mapping[str, Text]:
    """The statements in this database's words, by name."""
    stored = json.loads(compiled_file(kind).read_text(encoding="utf-8"))
    return {
        name: Text(text, None if order is None else tuple(order), tuple(added))
        for name, (text, order, added) in stored.items()
    }
