"""The reference page of the tables, made from their metadata: `python -m tests.contract.tables_page` writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Column, LargeBinary, Table, Text

from engine.store.tables import metadata

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "tables.md"

HEAD = """\
# Tables

What a casewright database holds. The tables are made and changed by migrations only (`casewright init`,
`casewright db upgrade`); reading them is welcome, writing to them is the engine's business: `casewright audit verify`
finds what was changed behind its back. This page is made from the tables' own definition and checked against it.

- Instants end in `_ms`: whole milliseconds since 1970 in UTC. Lengths of time are milliseconds as well.
- Documents are JSON in text columns and come back letter for letter.
- Money inside documents is in minor units (490 is 4.90), dates are `YYYY-MM-DD`.
- A family is a case and all that was opened from it; its oldest member is the root.
- On SQLite the file carries the application id `CWRT` and stays in write-ahead mode.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(line for table in metadata.tables.values() for line in section(table))])


def section(table: Table) -> Iterator[str]:
    """One table."""
    yield f"## `{table.name}`"
    yield ""
    yield str(table.info["about"])
    yield ""
    yield "| column | type | holds |"
    yield "|---|---|---|"
    for column in table.columns:
        yield f"| `{column.name}`{' 🔑' if column.primary_key else ''} | {kind(column)} | {column.doc} |"
    yield ""
    indexes = sorted(table.indexes, key=lambda index: str(index.name))
    for index in indexes:
        named = ", ".join(f"`{column.name}`" for column in index.columns)
        condition = index.dialect_options["sqlite"]["where"]
        only = f" where `{condition}`" if condition is not None else ""
        yield f"- {'unique: ' if index.unique else 'index: '}{named}{only}"
    if indexes:
        yield ""


def kind(column: Column[object]) -> str:
    """The type in a word, and whether it may be empty."""
    word = "text" if isinstance(column.type, Text) else "bytes" if isinstance(column.type, LargeBinary) else "number"
    return f"{word}, may be empty" if column.nullable else word


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
