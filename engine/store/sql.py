"""Statements: written once with SQLAlchemy, compiled once to text, then run on a held driver connection.

Per call SQLAlchemy would cost three to four times the statement itself, so only what is written anew each time (a list
with its filters) is compiled each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

from sqlalchemy import ClauseElement, Dialect, Insert, Table, bindparam
from sqlalchemy import insert as core_insert
from sqlalchemy.dialects import postgresql, sqlite

from engine.core.cases import Case
from engine.errors import UsageError
from engine.store.rows import Memo

_UPSERT: dict[str, Callable[[Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Cursor(Protocol):
    """What a driver answers."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def fetchone(self) -> Any:
        """The next row or None."""

    def fetchall(self) -> list[Any]:
        """All rows left."""


class Text(NamedTuple):
    """A statement in one database's words, and how to order its values: None if as they are given."""

    text: str
    order: Callable[[Sequence[Any]], tuple[Any, ...]] | None


class Hot:
    """A statement and the names of its values in the order in which callers give them."""

    __slots__ = ("build", "names", "texts")

    def __init__(self, build: ClauseElement | Callable[[str], ClauseElement], *names: str) -> None:
        self.build = build
        self.names = names
        self.texts: dict[str, Text] = {}

    def text(self, dialect: Dialect) -> Text:
        """The statement's text, compiled when first asked for."""
        found = self.texts.get(dialect.name)
        if found is None:
            element = self.build if isinstance(self.build, ClauseElement) else self.build(dialect.name)
            found = self.texts[dialect.name] = self.compile(element, dialect)
        return found

    def compile(self, element: ClauseElement, dialect: Dialect) -> Text:
        """Compile and find out in which order the values are wanted; those SQLAlchemy adds are always the same."""
        keys = list(self.names) if isinstance(element, Insert) else None
        compiled: Any = element.compile(dialect=dialect, column_keys=keys)
        wanted = tuple(compiled.positiontup)
        added = {name: compiled.params[name] for name in wanted if name not in self.names}
        if not set(self.names) <= set(wanted) or None in added.values():
            raise TypeError(f"the statement wants {wanted}, not {self.names}: {compiled}")
        if wanted == self.names:
            return Text(str(compiled), None)
        known = [*self.names, *added]
        places = [known.index(name) for name in wanted]
        constants = tuple(added.values())
        return Text(str(compiled), lambda values: tuple([(*values, *constants)[place] for place in places]))


def insert(table: Table) -> Hot:
    """Insert a whole row, its values in the order of the columns; a number the database gives is left out."""
    names = tuple(column.name for column in table.columns if column.autoincrement is not True)
    return Hot(core_insert(table), *names)


def replace(table: Table, *kept: str) -> Hot:
    """Insert a whole row or replace the one with its primary key, but for columns `kept` from the first."""
    names = tuple(column.name for column in table.columns)
    keys = [column.name for column in table.primary_key]

    def build(dialect: str) -> ClauseElement:
        upsert = _UPSERT[dialect](table)
        changed = {name: upsert.excluded[name] for name in names if name not in keys and name not in kept}
        statement: ClauseElement = (
            upsert.on_conflict_do_update(index_elements=keys, set_=changed)
            if changed
            else upsert.on_conflict_do_nothing(index_elements=keys)
        )
        return statement

    return Hot(build, *names)


def value(name: str) -> Any:
    """A value that each call gives."""
    return bindparam(name)


class Driver(NamedTuple):
    """A database's dialect, what its driver raises, and what that means."""

    dialect: Dialect
    taken: type[Exception]  # something unique is there already, or a rule of the tables forbids it
    failed: type[Exception]  # everything the driver raises
    explain: Callable[[Exception], Exception]


class Work:
    """One transaction's connection, and what it has read: the common part of everything it can do."""

    def __init__(self, execute: Callable[[str, Sequence[Any]], Cursor], driver: Driver, memo: Memo) -> None:
        self._execute = execute
        self._dialect = driver.dialect
        self._taken = driver.taken
        self._driver = driver
        self._locks_rows = driver.dialect.name != "sqlite"  # there the whole database is locked
        self._memo = memo
        self._rows: dict[str, Any] = {}  # rows of `cases` as they stand in this transaction
        self._saved: dict[str, Case] = {}
        self.spoiled: BaseException | None = None  # a write failed; only its part or all of it can be taken back
        self.lost: Exception | None = None  # the database failed; nothing more is possible

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of the work: if an exception leaves it, its writes are taken back and the rest may go on."""
        rows, saved, spoiled = dict(self._rows), dict(self._saved), self.spoiled
        self._do("SAVEPOINT part")
        try:
            yield
            if self.spoiled is not spoiled:
                raise RuntimeError("nothing was kept: a write of this part failed") from self.spoiled
        except BaseException:
            if self.lost is None:
                self._do("ROLLBACK TO part")
                self._do("RELEASE part")
                self._rows, self._saved, self.spoiled = rows, saved, spoiled
            raise
        self._do("RELEASE part")

    def remember(self) -> None:
        """After the commit: cases written here need not be read again."""
        for name, case in self._saved.items():
            row = self._rows.get(name)
            if row is not None:
                self._memo.keep(tuple(row), case)

    def _run(self, statement: Hot, *values: Any) -> Cursor:
        text, order = statement.texts.get(self._dialect.name) or statement.text(self._dialect)
        return self._do(text, values if order is None else order(values))

    def _do(self, text: str, values: Sequence[Any] = ()) -> Cursor:
        if self.lost is not None:
            # A database that fails may have ended the transaction: what came now would be kept on its own.
            raise self.lost
        try:
            return self._execute(text, values)
        except Exception as error:
            raise self._explained(error) from error

    def _ask(self, statement: ClauseElement) -> list[Any]:
        """Run a query that was written for this one occasion."""
        compiled: Any = statement.compile(dialect=self._dialect, compile_kwargs={"render_postcompile": True})
        return self._do(str(compiled), [compiled.params[name] for name in compiled.positiontup]).fetchall()

    def _explained(self, error: Exception) -> Exception:
        if isinstance(error, UnicodeEncodeError):
            character = f"U+{ord(error.object[error.start]):04X}"
            return self._spoiled(UsageError(f"a text holds half a character ({character}), which cannot be stored"))
        if isinstance(error, OverflowError):
            return self._spoiled(UsageError("a number is too large to be stored; at most 2^63 - 1 is possible"))
        if isinstance(error, self._driver.taken) or not isinstance(error, self._driver.failed):
            return error
        self.lost = self._driver.explain(error)
        return self._spoiled(self.lost)

    def _spoiled(self, error: Exception) -> Exception:
        """An error after which nothing of this transaction may be kept."""
        self.spoiled = error
        return error
