"""How statements are written and compiled: once for each database, to text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    Dialect,
    Insert,
    Select,
    Table,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy import insert as core_insert

from engine.store.statements import Text
from engine.store.statements.many import Wide, inserting, removing


class Hot:
    """A statement and the names of its values in the order in which callers give them."""

    def __init__(
        self, build: ClauseElement | Callable[[str], ClauseElement], *names: str, spare: tuple[str, ...] = (),
        many: Wide | None = None,
    ) -> None:  # fmt: skip
        self.build = build
        self.names = names
        self.spare = spare  # of these, what not every database wants
        self.many = many  # the same for many sets of values

    def text(self, dialect: Dialect) -> Text:
        """The statement in one database's words. Values that SQLAlchemy adds are always the same."""
        element = self.build if isinstance(self.build, ClauseElement) else self.build(dialect.name)
        keys = [name for name in self.names if name in element.table.c] if isinstance(element, Insert) else None
        compiled: Any = element.compile(dialect=dialect, column_keys=keys)
        wanted = tuple(compiled.positiontup)
        added = {name: compiled.params[name] for name in wanted if name not in self.names}
        if not set(self.names) - set(self.spare) <= set(wanted) or None in added.values():
            raise TypeError(f"the statement wants {wanted}, not {self.names}: {compiled}")
        words = " ".join(str(compiled).split())
        many = self.many.text(dialect) if self.many is not None and dialect.name == "postgresql" else None
        if wanted == self.names:
            return Text(words, many=many)
        if many is not None:
            raise TypeError(f"many sets of values are given in the order of one: {compiled}")
        known = [*self.names, *added]
        return Text(words, tuple(known.index(name) for name in wanted), tuple(added.values()))


def insert(table: Table, *, many: bool = False) -> Hot:
    """Insert a whole row, its values in the order of the columns; a number the database gives is left out."""
    names = tuple(column.name for column in table.columns if column.autoincrement is not True)
    return Hot(core_insert(table), *names, many=inserting(core_insert(table), names) if many else None)


def replace(table: Table, *kept: str, filled: tuple[str, ...] = (), many: bool = False) -> Hot:
    """Insert a whole row or replace the one with its primary key, but for columns `kept` from the first.

    Columns to be `filled` take a value over what is there, and never nothing.
    """
    names = tuple(column.name for column in table.columns)
    keys = [column.name for column in table.primary_key]

    def build(dialect: str) -> ClauseElement:
        statement: ClauseElement = replacing(_upsert(dialect, table))
        return statement

    def replacing(upsert: Any) -> Any:
        changed: dict[str, Any] = {
            name: upsert.excluded[name] for name in names if name not in keys and name not in kept
        }
        changed |= {name: func.coalesce(upsert.excluded[name], table.c[name]) for name in filled}
        if changed:
            return upsert.on_conflict_do_update(index_elements=keys, set_=changed)
        return upsert.on_conflict_do_nothing(index_elements=keys)

    return Hot(build, *names, many=inserting(replacing(_upsert("postgresql", table)), names) if many else None)


def remove(table: Table, *names: str) -> Hot:
    """Remove the row of this primary key, its values in the order of these columns."""
    statement = table.delete().where(*(table.c[name] == value(name) for name in names))
    return Hot(statement, *names, many=removing(table, names))


def counting(table: Table, column: str) -> Hot:
    """Insert a row that counts from what is given, or count one on where its key is there.

    A server says at once how far that is; of SQLite's versions only later ones could.
    """
    names = tuple(column.name for column in table.columns)
    keys = [column.name for column in table.primary_key]

    def build(dialect: str) -> ClauseElement:
        upsert = _upsert(dialect, table).on_conflict_do_update(
            index_elements=keys, set_={column: table.c[column] + literal_column("1")}
        )
        counted: ClauseElement = upsert if dialect == "sqlite" else upsert.returning(table.c[column])
        return counted

    return Hot(build, *names)


def database_time(dialect: str) -> ColumnElement[int]:
    """The database's own time, ms UTC, as it runs on within a transaction."""
    if dialect == "sqlite":
        return literal_column("CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)")
    return literal_column("floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint")


def locking(wanted: Select[Any], *, is_free: bool = False, of: Table | None = None) -> Callable[[str], ClauseElement]:
    """Lock a row and tell the database's time; in one flat select it would be read before the wait for the lock.

    With `is_free` nobody is waited for: of a row that somebody else holds nothing is found. `of` a table where more is
    selected from: then it is said which row, too.
    """

    def build(dialect: str) -> ClauseElement:
        locked = wanted.with_for_update(skip_locked=is_free, of=of).subquery("locked")
        told = locked.columns if of is not None else ()
        return select(database_time(dialect), *told).select_from(locked)

    return build


def value(name: str) -> Any:
    """A value that each call gives."""
    return bindparam(name)


def _upsert(dialect: str, table: Table) -> Any:
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)
