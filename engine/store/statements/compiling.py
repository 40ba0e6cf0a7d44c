"""Compiling every statement to text."""

from __future__ import annotations

import json

from sqlalchemy import Dialect
from sqlalchemy.dialects import sqlite

from engine.store.statements import Text, cases, desk
from engine.store.statements.writing import Hot


def compiled(dialect: Dialect) -> dict[str, Text]:
    """Every statement in one database's words, by name."""
    written = {**vars(cases), **vars(desk)}
    return {name: found.text(dialect) for name, found in written.items() if isinstance(found, Hot)}


def page() -> str:
    """The file of SQLite's texts."""
    texts = compiled(sqlite.dialect(paramstyle="qmark"))
    return json.dumps({name: list(text) for name, text in sorted(texts.items())}, indent=1, ensure_ascii=False) + "\n"
