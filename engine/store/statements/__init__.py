"""Every statement's text, compiled beforehand for each database: `python -m engine.store.statements` writes the files.

So a command need not import SQLAlchemy, which would take longer than all the command does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

Kind = Literal["sqlite", "postgresql"]
KINDS: tuple[Kind, ...] = ("sqlite", "postgresql")


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
