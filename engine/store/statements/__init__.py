"""Every statement's text. For SQLite they are compiled beforehand: `python -m engine.store.statements` writes the file.

So a command on a SQLite database need not import SQLAlchemy, which would take longer than all the command does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

COMPILED = Path(__file__).with_name("sqlite.json")


class Text(NamedTuple):
    """A statement in one database's words."""

    text: str
    order: tuple[int, ...] | None = None  # which value where, if not as they are given
    added: tuple[Any, ...] = ()  # values that are always the same, behind those given

    def values(self, given: tuple[Any, ...]) -> tuple[Any, ...]:
        """The values in the order in which the text wants them."""
        if self.order is None:
            return given
        every = (*given, *self.added)
        return tuple([every[place] for place in self.order])


def sqlite_texts() -> Mapping[str, Text]:
    """The statements in SQLite's words, by name."""
    stored = json.loads(COMPILED.read_text(encoding="utf-8"))
    return {
        name: Text(text, None if order is None else tuple(order), tuple(added))
        for name, (text, order, added) in stored.items()
    }
