"""Compiling every statement to text."""

from __future__ import annotations

import json

from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import BindTyping

from engine.store.statements import Kind, Text
from engine.store.statements.adjusting import STATEMENTS as ON_ADJUSTMENTS
from engine.store.statements.cases import STATEMENTS as ON_CASES
from engine.store.statements.desk import STATEMENTS as ON_DESK
from engine.store.statements.erasing import STATEMENTS as ON_ERASURES
from engine.store.statements.hearing import STATEMENTS as ON_EVENTS
from engine.store.statements.records import STATEMENTS as ON_RECORDS


class Server(postgresql.dialect):  # type: ignore[misc,valid-type]
    """PostgreSQL without a cast around every value: the column beside it says the type."""

    bind_typing = BindTyping.NONE
    supports_statement_cache = True


# PostgreSQL numbers the places of values, `$1`: its driver passes such a text on without reading it.
DIALECTS: dict[Kind, Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": Server(paramstyle="numeric_dollar"),
}


def compiled(dialect: Dialect) -> dict[str, Text]:
    """Every statement in one database's words, by name."""
    every = {**ON_CASES, **ON_DESK, **ON_ADJUSTMENTS, **ON_ERASURES, **ON_EVENTS, **ON_RECORDS}
    return {name: found.text(dialect) for name, found in every.items()}


def page(kind: Kind) -> str:
    """The file of one database's texts."""
    texts = {name: one.stored() for name, one in sorted(compiled(DIALECTS[kind]).items())}
    return json.dumps(texts, indent=1, ensure_ascii=False) + "\n"
