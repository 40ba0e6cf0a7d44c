"""Compiling every statement to text."""

from __future__ import annotations

import json

from sqlalchemy import Dialect
from sqlalchemy.dialects import sqlite

from engine.store.statements import Text
from engine.store.statements.adjusting import STATEMENTS as ON_ADJUSTMENTS
from engine.store.statements.cases import STATEMENTS as ON_CASES
from engine.store.statements.desk import STATEMENTS as ON_DESK


def compiled(dialect: Dialect) -> dict[str, Text]:
    """Every statement in one database's words, by name."""
    return {name: found.text(dialect) for name, found in {**ON_CASES, **ON_DESK, **ON_ADJUSTMENTS}.items()}


def page() -> str:
    """The file of SQLite's texts."""
    texts = compiled(sqlite.dialect(paramstyle="qmark"))
    return json.dumps({name: list(text) for name, text in sorted(texts.items())}, indent=1, ensure_ascii=False) + "\n"
