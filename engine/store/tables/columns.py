"""Of what the tables are made: words, numbers, and indexes of some rows. Nothing here needs one kind of database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, MetaData, Text, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Compared byte by byte everywhere, so that keyset pages have one order on every database.
WORD = Text().with_variant(Text(collation="C"), "postgresql")
SERIAL = BigInteger().with_variant(Integer, "sqlite")


def word(name: str, doc: str, **options: Any) -> Column[str]:
    """A text that must be there."""
    return Column(name, WORD, nullable=False, doc=doc, **options)


def maybe_word(name: str, doc: str) -> Column[str]:
    """A text or nothing."""
    return Column(name, WORD, doc=doc)


def number(name: str, doc: str, **options: Any) -> Column[int]:
    """A whole number that must be there."""
    return Column(name, BigInteger, nullable=False, doc=doc, **options)


def maybe_number(name: str, doc: str) -> Column[int]:
    """A whole number or nothing."""
    return Column(name, BigInteger, doc=doc)


def key(column: Column[Any]) -> Column[Any]:
    """Make a column part of the primary key."""
    column.primary_key = True
    return column


def where(condition: str) -> dict[str, Any]:
    """Options of an index that holds only some rows."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
