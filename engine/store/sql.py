"""Running statements: texts made once, on a held driver connection, with the driver's errors in our words.

Per call SQLAlchemy would cost three to four times the statement itself. What is put together for one occasion (a list
with its filters) is plain SQL as well, with `?` where a value stands; each database marks these places in its own way.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from engine.core.cases import Case
from engine.errors import Outrun, UsageError
from engine.ports import Ahead
from engine.sealing import NO_KEYS, HostKeys
from engine.store.ahead import statements_of
from engine.store.derived import TAKEN
from engine.store.rows import CaseRow, Memo, half_a_character
from engine.store.standing import Standing
from engine.store.statements import Many, Text

CHANNEL = "casewright"
"""Where workers hear that they should look."""

WAKE = f"NOTIFY {CHANNEL}"
ALONE = "SELECT pg_advisory_xact_lock(1129792084)"
"""The number is `CWRT`."""
MOST_WAITING = 500
"""Cases whose rows wait at most."""
ALONE_ABOUT = "SELECT pg_advisory_xact_lock(1129792084, hashtext(?))"


class Cursor(Protocol):
    """What a driver answers."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def fetchone(self) -> Any:
        """The next row or None."""

    def fetchall(self) -> list[Any]:
        """All rows left."""


class Late(Exception):
    """A write that had waited to be sent failed; nothing of its transaction can be kept."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error  # the driver's


class Held(Exception):
    """What this transaction wants to lock is held by somebody else, and it does not wait for anybody."""


class Supposition(Protocol):
    """What a transaction takes for granted until it is proven."""

    def draw(self, prefix: str) -> tuple[int, tuple[str, Sequence[Any], Many | None]] | None:
        """The next number of a prefix, and the statement that draws it and proves that; None: it is to be asked for."""


class Deferring(Protocol):
    """A connection on which what only writes waits for what is asked or committed next, and goes with it."""

    @property
    def answers(self) -> MutableMapping[tuple[str, tuple[Any, ...]], Any]:
        """To what was asked ahead, until somebody wants to know."""

    @property
    def unproven(self) -> Supposition | None:
        """What is supposed, until something is sent."""

    def tell(self, text: str, values: Sequence[Any] = (), many: Many | None = None) -> None:
        """Send this with the next; or one statement in place of many of this text, in any order but of one row's."""

    def push(self) -> None:
        """What was told until now will not be left out: it may be sent while the work goes on."""

    def look_ahead(self, asked: Iterable[tuple[Text, tuple[Any, ...]]]) -> None:
        """Ask now, and together, what will be asked one by one; each answer is good once."""

    def forget_ahead(self) -> None:
        """What was asked ahead may not be so any more."""

    def mark(self) -> Any:
        """How far the transaction is."""

    def back_to(self, mark: Any) -> bool:
        """Leave out what has waited since then; whether that is all, so that the database knows nothing of it."""

    def leave_out(self, mark: Any) -> bool:
        """Leave out the first statement told since then; False: it was sent already."""


@dataclass(frozen=True, slots=True)
class Driver:
    """The statements in one database's words, what its driver raises, and what that means."""

    texts: Mapping[str, Text]
    locks_rows: bool  # and has a time of its own; else the whole database is locked by who writes
    taken: type[Exception] | tuple[type[Exception], ...]  # it is there already, or a rule of the tables forbids it
    failed: type[Exception]  # everything the driver raises
    explain: Callable[[Exception], Exception]
    keys: HostKeys = NO_KEYS  # by which those of private values are wrapped
    has_months: bool = False  # in which records stand
    waits: bool = True  # for who holds what is to be locked; else `Held` is raised
    marked: Callable[[str], str] = str  # a text with `?` where values stand, as the driver wants it


class Work:
    """One transaction's connection, and what it has read: the common part of everything it can do."""

    def __init__(
        self, execute: Callable[[str, Sequence[Any]], Cursor], driver: Driver, memo: Memo,
        standing: Standing | None = None, deferring: Deferring | None = None,
    ) -> None:  # fmt: skip
        self._execute = execute
        self._deferring = deferring
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
        self.drawn: dict[str, int] = {}  # the last number of each prefix
        self._parts = 0  # under way
        self._claimed: set[str] = set()  # roots that were locked when they were found
        self.spoiled: BaseException | None = None  # a write failed; only its part or all of it can be taken back
        self.lost: Exception | None = None  # the database failed; nothing more is possible
        self.is_ending = False  # the database has been told to commit
        self.executemany: Callable[[str, Sequence[Sequence[Any]]], Cursor] | None = (
            None  # where a batch's rows may wait
        )
        self._waiting: dict[str, list[Sequence[Any]]] | None = None  # by its statement, in order, if any may wait
        self._lets_wait = False  # what is written now
        self._flush_at = MOST_WAITING  # cases written here

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of the work: if an exception leaves it, its writes are taken back and the rest may go on."""
        saved, spoiled = dict(self._saved), self.spoiled
        mark = self._deferring.mark() if self._deferring is not None else None
        self._tell("SAVEPOINT part")
        self._parts += 1
        try:
            yield
            if self.spoiled is not spoiled:
                raise RuntimeError("nothing was kept: a write of this part failed") from self.spoiled
        except BaseException:
            self._parts -= 1
            if self.lost is None:
                is_unsent = self._deferring is not None and self._deferring.back_to(mark)
                if not is_unsent:
                    self._tell("ROLLBACK TO part")
                    self._tell("RELEASE part")
                self._forget(is_unsent=is_unsent)
                self._saved, self.spoiled = saved, spoiled
            raise
        self._parts -= 1
        if self._deferring is None or not self._deferring.leave_out(mark):
            self._tell("RELEASE part")
        self._push()

    def _push(self) -> None:
        """A step is whole: outside of a part, the database may go on with it."""
        if self._deferring is None or self._parts or self.lost is not None:
            return
        try:
            self._deferring.push()
        except Exception as error:
            raise self._explained(error) from error

    def look_ahead(self, ahead: Ahead) -> None:
        """This will be read next: where each answer would be a message there and back, all are asked for together."""
        if self._deferring is None or self.lost is not None:
            return
        try:
            self._deferring.look_ahead(statements_of(ahead, self._texts, self._memo, self._claimed))
        except Exception as error:
            raise self._explained(error) from error

    def database_time(self) -> int | None:
        """The database's own time, not before the last lock taken; None where it has none."""
        if not self._locks_rows:
            return None
        found, self._time = self._time, None  # good once: who asks again wants to know what it is now
        if found is None:
            found = int(self._run("TIME").fetchone()[0])
        return found

    def alone(self, about: str = "") -> None:
        """Wait until no other transaction is under way that asked for this, and keep others waiting until the end."""
        if self._locks_rows and about:
            self._ask(ALONE_ABOUT, (about,))
        elif self._locks_rows:
            self._do(ALONE)

    def wake(self) -> None:
        """Once this is committed, let the workers of other processes look at once, where the database can tell them."""
        if self._locks_rows:
            self._tell(WAKE)

    def _lock(self, statement: str, key: str) -> None:
        """Lock a row, where rows are locked, and take the time after that."""
        if not self._locks_rows:
            return
        if (found := self._run(statement, key).fetchone()) is not None:
            self._time = found[0]
        elif not self._driver.waits:
            raise Held(key)

    def remember(self) -> None:
        """After the commit: cases written here need not be read again."""
        self._memo.keep_all(self._saved, self._rows)
        if self._standing is not None:
            if self._known is None:
                self._standing.clear()
            self._standing.take(self._seen, self._rows, self._memo)

    def _forget(self, *, is_unsent: bool = False, has_cases: bool = False) -> None:
        """More than cases was written, or something was taken back: what was read is not sure any more.

        What was asked ahead still is where the database was not told of any of it. Rows of cases are still as they
        were if nothing was taken back, and what was written `has_cases` untouched.
        """
        if not has_cases:
            self._rows.clear()
            self.drawn.clear()
        if not is_unsent:
            self._claimed.clear()
            if self._deferring is not None:
                self._deferring.forget_ahead()
        self._doubt()

    def _doubt(self) -> None:
        """What is known of families, people and settings may no longer be so."""
        self._seen.clear()
        self._known = None

    def _key_of(self, owner: str) -> str:
        """The stored key of this owner; empty where there is none."""
        found = self._run("KEY_OF", owner).fetchone()
        return "" if found is None else str(found[0])

    def _key_for(self, owner: str) -> str:
        """The stored key of this owner, made now where there is none yet."""
        key = self._key_of(owner)
        if not key:
            key = self._driver.keys.wrap(bytes.fromhex(secrets.token_hex(32)), owner)
            self._run("NEW_SECRET", owner, key)
        return key

    def _run(self, statement: str, *values: Any, is_beside: bool = False) -> Cursor:
        """Run a statement for its answer. One `is_beside` asks for nothing that was written here and may wait."""
        known = self._texts[statement]
        return self._do(known.text, values if known.pick is None else known.pick(values), is_beside=is_beside)

    def _write(self, statement: str, *values: Any, is_alone: bool = False) -> None:
        """Run a statement whose answer nobody needs; where that takes longer, it is sent with the next one.

        One `is_alone` if no other of its table may be done before it that was said after it, nor the other way round.
        """
        known = self._texts[statement]
        given = values if known.pick is None else known.pick(values)
        if self._deferring is not None:
            self._tell(known.text, given, None if is_alone else known.many)
            return
        if self._waiting is not None:
            if self._lets_wait and not is_alone:
                self._let_wait(known.text, given)
                return
            self.flush()
        if self.lost is not None:
            raise self.lost
        try:  # as `_do`, without another call: a step writes four rows
            self._execute(known.text, given)
        except Exception as error:
            raise self._explained(error) from error

    def _gather(self, root: str) -> None:
        """From the second step of a transaction on, let rows that are only written wait, and go together.

        None of a step looks at one of another family, so kinds may change places; where two want the same key one of
        them is alone.
        """
        if self.executemany is None or self._parts:
            return
        if self._waiting is None:
            self._waiting = {}
        elif root in self._saved or len(self._saved) >= self._flush_at:
            self.flush()
        self._lets_wait = True

    def _let_wait(self, text: str, values: Sequence[Any]) -> None:
        waiting = self._waiting
        assert waiting is not None
        if text in waiting:
            waiting[text].append(values)
        else:
            waiting[text] = [values]

    def flush(self) -> None:
        """Write what waits, kind by kind: deciding and writing by turns, each finds the processor full of the other."""
        if not self._waiting or self.executemany is None:
            return
        waiting, self._waiting = self._waiting, {}
        self._flush_at = len(self._saved) + MOST_WAITING
        if self.lost is not None:
            raise self.lost
        try:
            for text, rows in waiting.items():
                changed = self.executemany(text, rows).rowcount
                if changed != len(rows) and text.startswith("UPDATE"):
                    raise Outrun(TAKEN)
        except Exception as error:
            found = Outrun(TAKEN) if isinstance(error, self._taken) else self._explained(error)
            raise self._spoiled(found) from error

    def _tell(self, text: str, values: Sequence[Any] = (), many: Many | None = None) -> None:
        if self._deferring is None:
            self._do(text, values)
            return
        if self.lost is not None:
            raise self.lost
        try:
            self._deferring.tell(text, values, many)
        except Exception as error:
            raise self._explained(error) from error

    def _ask(self, text: str, values: Sequence[Any]) -> Cursor:
        """Run a text put together for one occasion, with `?` where a value stands."""
        return self._do(self._driver.marked(text), values)

    def _do(self, text: str, values: Sequence[Any] = (), *, is_beside: bool = False) -> Cursor:
        if self.lost is not None:
            # A database that fails may have ended the transaction: what came now would be kept on its own.
            raise self.lost
        if self._waiting is not None and not is_beside:
            self.flush()
        try:
            return self._execute(text, values)
        except Exception as error:
            raise self._explained(error) from error

    def _explained(self, error: Exception) -> Exception:
        if isinstance(error, Late):
            self.lost = self.too_late(error)
            return self._spoiled(self.lost)
        if isinstance(error, UnicodeEncodeError):
            return self._spoiled(half_a_character(error))
        if isinstance(error, OverflowError):
            return self._spoiled(UsageError("a number is too large to be stored; at most 2^63 - 1 is possible"))
        if isinstance(error, self._driver.taken) or not isinstance(error, self._driver.failed):
            return error
        self.lost = self._driver.explain(error)
        return self._spoiled(self.lost)

    def too_late(self, late: Late) -> Exception:
        """What it means that a write failed after the work had gone on."""
        return Outrun(TAKEN) if isinstance(late.error, self._driver.taken) else self._driver.explain(late.error)

    def _spoiled(self, error: Exception) -> Exception:
        """An error after which nothing of this transaction may be kept."""
        self.spoiled = error
        return error
