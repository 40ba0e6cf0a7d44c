"""Running statements: texts made once, on a held driver connection, with the driver's errors in our words.

Per call SQLAlchemy would cost three to four times the statement itself. What is put together for one occasion (a list
with its filters) is plain SQL as well, with `?` where a value stands; each database marks these places in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from engine.core.cases import Case
from engine.errors import UsageError
from engine.sealing import NO_KEYS, HostKeys
from engine.store.rows import CaseRow, Memo
from engine.store.standing import Standing
from engine.store.statements import Text

CHANNEL = "casewright"
"""Where workers hear that they should look."""

WAKE = f"NOTIFY {CHANNEL}"
ALONE = "SELECT pg_advisory_xact_lock(1129792084)"
"""The number is `CWRT`."""


class Cursor(Protocol):
    """What a driver answers."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def fetchone(self) -> Any:
        """The next row or None."""

    def fetchall(self) -> list[Any]:
        """All rows left."""


@dataclass(frozen=True, slots=True)
class Driver:
    """The statements in one database's words, what its driver raises, and what that means."""

    texts: Mapping[str, Text]
    locks_rows: bool  # and has a time of its own; else the whole database is locked by who writes
    taken: type[Exception]  # something unique is there already, or a rule of the tables forbids it
    failed: type[Exception]  # everything the driver raises
    explain: Callable[[Exception], Exception]
    keys: HostKeys = NO_KEYS  # by which those of private values are wrapped
    marked: Callable[[str], str] = str  # a text with `?` where values stand, as the driver wants it


class Work:
    """One transaction's connection, and what it has read: the common part of everything it can do."""

    def __init__(
        self, execute: Callable[[str, Sequence[Any]], Cursor], driver: Driver, memo: Memo,
        standing: Standing | None = None,
    ) -> None:  # fmt: skip
        self._execute = execute
        self._texts = driver.texts
        self._taken = driver.taken
        self._driver = driver
        self._locks_rows = driver.locks_rows
        self._memo = memo
        self._time: int | None = None  # the database's, when a row was last locked, until it is asked for
        self._standing = standing  # what the connection knew at the beginning; without it everything is read
        self._known = standing  # None as well once it is in doubt
        self._seen = Standing()  # what this transaction read and wrote on top of it
        self._rows: dict[str, CaseRow] = {}  # rows of `cases` as they stand in this transaction
        self._saved: dict[str, Case] = {}
        self.spoiled: BaseException | None = None  # a write failed; only its part or all of it can be taken back
        self.lost: Exception | None = None  # the database failed; nothing more is possible

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of the work: if an exception leaves it, its writes are taken back and the rest may go on."""
        saved, spoiled = dict(self._saved), self.spoiled
        self._do("SAVEPOINT part")
        try:
            yield
            if self.spoiled is not spoiled:
                raise RuntimeError("nothing was kept: a write of this part failed") from self.spoiled
        except BaseException:
            if self.lost is None:
                self._do("ROLLBACK TO part")
                self._do("RELEASE part")
                self._forget()
                self._saved, self.spoiled = saved, spoiled
            raise
        self._do("RELEASE part")

    def database_time(self) -> int | None:
        """The database's own time, not before the last lock taken; None where it has none."""
        if not self._locks_rows:
            return None
        found, self._time = self._time, None  # good once: who asks again wants to know what it is now
        if found is None:
            found = int(self._run("TIME").fetchone()[0])
        return found

    def alone(self) -> None:
        """Wait until no other transaction is under way that asked for this, and keep others waiting until the end."""
        if self._locks_rows:
            self._do(ALONE)

    def wake(self) -> None:
        """Once this is committed, let the workers of other processes look at once, where the database can tell them."""
        if self._locks_rows:
            self._do(WAKE)

    def _lock(self, statement: str, key: str) -> None:
        """Lock a row, where rows are locked, and take the time after that."""
        if self._locks_rows and (found := self._run(statement, key).fetchone()) is not None:
            self._time = found[0]

    def remember(self) -> None:
        """After the commit: cases written here need not be read again."""
        for name, case in self._saved.items():
            row = self._rows.get(name)
            if row is not None:
                self._memo.keep(row, case)
        if self._standing is not None:
            if self._known is None:
                self._standing.clear()
            self._standing.take(self._seen, self._rows, self._memo)

    def _forget(self) -> None:
        """More than cases was written, or something was taken back: what was read is not sure any more."""
        self._rows.clear()
        self._doubt()

    def _doubt(self) -> None:
        """What is known of families, people and settings may no longer be so."""
        self._seen.clear()
        self._known = None

    def _run(self, statement: str, *values: Any) -> Cursor:
        text, order, _ = known = self._texts[statement]
        return self._do(text, values if order is None else known.values(values))

    def _ask(self, text: str, values: Sequence[Any]) -> Cursor:
        """Run a text put together for one occasion, with `?` where a value stands."""
        return self._do(self._driver.marked(text), values)

    def _do(self, text: str, values: Sequence[Any] = ()) -> Cursor:
        if self.lost is not None:
            # A database that fails may have ended the transaction: what came now would be kept on its own.
            raise self.lost
        try:
            return self._execute(text, values)
        except Exception as error:
            raise self._explained(error) from error

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
