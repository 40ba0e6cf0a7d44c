"""One connection's way to its server and back: statements go together, and one wait answers all of them.

libpq's pipeline mode, by psycopg's own wrapper of libpq: a cursor of psycopg's costs more for each statement than the
server. What only writes waits here until something is asked or committed, and goes with it; or, once there is much of
it, goes ahead, and the server works on it while the next is decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import Any, NamedTuple

import psycopg
from psycopg import pq

from engine.store.postgresql.answers import Asked, Questions, Reader, Rows, Statement
from engine.store.postgresql.gathering import Ready, Told, check, gathered, ready
from engine.store.postgresql.joining import Joining
from engine.store.postgresql.supposing import Supposed
from engine.store.postgresql.trouble import NothingDone
from engine.store.sql import Late
from engine.store.statements import Many

PREPARED = 300
"""Statements a connection keeps prepared."""

OFTEN = 3
"""How often a text is used until it is prepared; those put together for one occasion hardly ever are."""

A_STEP = 12
"""Statements that may be joined to one: what is said of one case at most."""

MUCH = 64
"""Statements that wait no longer than until nobody can take them back, where nobody knows how many are to come."""

FOR_EACH, LEAST, MOST = 8, 16, 200
"""Where it is known how many steps are to come: so many for each of them, within these bounds. At first many go
together, which is less work; at last so few that the server has done nearly all when the commit comes."""

Expected = str | Reader | None
"""Of an answer: the text that is prepared by it, how what is asked is read, or None: nobody asked."""

Cursor = psycopg.RawCursor[tuple[Any, ...]]

BEGIN: Ready = ("BEGIN ISOLATION LEVEL READ COMMITTED", (), None)
COMMIT: Statement = ("COMMIT", ())
ROLLBACK: Statement = ("ROLLBACK", ())
RELEASE: Told = ("RELEASE part", (), None)

_ROWS, _DONE = int(pq.ExecStatus.TUPLES_OK), int(pq.ExecStatus.COMMAND_OK)
_SYNC = int(pq.ExecStatus.PIPELINE_SYNC)
_BAD, _IDLE = int(pq.ConnStatus.BAD), int(pq.TransactionStatus.IDLE)
"""As numbers: to name a member of an enumeration costs as much as a call."""


def named(text: str) -> bytes:
    """A prepared statement's name, by its text: where a pooler gives us somebody else's connection, what has our name
    there is what we mean, or the server says that there is none."""
    return b"cw_" + sha256(text.encode()).hexdigest()[:24].encode()


class Heard(NamedTuple):
    """What the server said: answers to what was asked, the first error, and whether it is of something only told."""

    rows: list[Rows]
    failed: psycopg.Error | None
    is_late: bool


class Mark(NamedTuple):
    """How far a transaction was: the round trips made, and the statements that waited then."""

    trips: int
    waiting: int


class Wire:
    """A connection of psycopg's, on which statements go together."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.trips = 0
        self.begun: list[Rows] = []
        self._connection = cursor.connection
        self._libpq = cursor.connection.pgconn
        self._waiting: list[Told] = []
        self._under_way: list[Expected] = []  # sent ahead: what each answer to come is to, as in `_send`
        self._pushed = 0  # how often something was
        self.left = 0  # steps that are to come, as far as is known
        self.unproven: Supposed | None = None  # what is supposed, until something is sent
        self.answers: dict[Statement, Rows] = {}  # to what was asked ahead, until somebody wants to know
        self.repeated: dict[Statement, int] = {}  # how often they will be asked besides
        self._names: dict[str, bytes] = {}
        self._uses: dict[str, int] = {}
        self._joining = Joining()
        self._reader = Reader(cursor.connection, is_prepared=False)
        self._readers: dict[str, Reader] = {}  # of what is prepared
        self._selector = DefaultSelector()
        self._events = EVENT_READ
        self._selector.register(self._libpq.socket, EVENT_READ)

    def close(self) -> None:
        """Let go of the connection."""
        self._selector.close()
        self._connection.close()

    def end(self) -> bool:
        """The transaction is over, and rolled back if it was not committed; whether the connection is still whole."""
        self._waiting.clear()
        self.unproven = None
        self.forget_ahead()
        if self._libpq.transaction_status != _IDLE and self._libpq.status != _BAD:
            try:
                if self._under_way:
                    self._exchange([])  # whatever was told
                self._ask([ROLLBACK])
            except psycopg.Error:
                self.close()
        return bool(self._libpq.status != _BAD)

    def begin(self, texts: Sequence[Statement], ahead: Sequence[Asked], supposed: Supposed | None = None) -> None:
        """Begin a transaction, and ask what it will read first; the answers to the former are `begun`.

        With something supposed it begins only with what is asked or committed first. As that may be the commit, nothing
        is begun where the server has said something since it was last heard, as it does before it leaves.
        """
        self.begun = []
        if supposed is not None:
            self._listen_for(EVENT_READ)
            if self._selector.select(0):
                raise NothingDone("the server has let go of the connection")
            self.unproven = supposed
            self.answers.update(supposed.answers)
            self.repeated.update(supposed.repeated)
            return
        try:
            questions = Questions(ahead)
        except (UnicodeEncodeError, psycopg.DataError):
            questions = Questions(())  # what cannot be asked is told where it is wanted
        found, failed, _ = self._exchange([*[ready(text, values) for text, values in texts], *questions.ready])
        self.begun = found[: len(texts)]
        if failed is not None:
            raise failed
        self._know(questions, found[len(texts) :])

    # -- asking --------------------------------------------------------------------------------------------------------

    def execute(self, text: str, values: Sequence[Any] = ()) -> Rows:
        """What this statement is answered, those that waited sent before it."""
        given = tuple(values)
        if self.answers and (found := self.answers.pop((text, given), None)) is not None:
            if self.repeated and (left := self.repeated.pop((text, given), 0)):
                self.answers[text, given] = found.again()
                self.repeated[text, given] = left - 1
            return found
        return self._ask([(text, given)])[0]

    def _ask(self, asked: Sequence[Statement]) -> list[Rows]:
        """What these statements are answered, in one round trip with those that waited."""
        return self._asked([ready(text, values) for text, values in asked])

    def commit(self) -> None:
        """Keep all that was told; raises `Late` for what had waited, or what the commit itself met.

        What goes in one message is a transaction of its own, without a word of it.
        """
        while self._waiting and self._waiting[-1] == RELEASE:
            self._waiting.pop()  # what is released at the end of all is kept with it
        if self.unproven is None:
            if self._ask([COMMIT])[0].status != b"COMMIT":
                raise RuntimeError("nothing was kept: a statement of this transaction failed")
            return
        told = self._gathered(begins=False)
        _, failed, is_late = self._exchange(told, len(told))
        if failed is not None:
            raise Late(failed) if is_late else failed

    def _asked(self, asked: Sequence[Ready]) -> list[Rows]:
        waiting = self._gathered()
        found, failed, is_late = self._exchange([*waiting, *asked], len(waiting))
        if failed is not None:
            raise Late(failed) if is_late else failed
        return found

    def tell(self, text: str, values: Sequence[Any] = (), many: Many | None = None) -> None:
        """Send this with what is asked or committed next; nobody wants to know its answer."""
        if values:
            check(values, many)
        self._waiting.append((text, values, many))

    def push(self) -> None:
        """Nothing that was told will be left out: if there is much of it, let the server begin; what it says waits."""
        self.left -= 1
        if len(self._waiting) < (max(LEAST, min(FOR_EACH * self.left, MOST)) if self.left > 0 else MUCH):
            return
        waiting = self._gathered()
        self.trips += 1
        try:
            if not self._under_way:
                self._libpq.enter_pipeline_mode()
            self._under_way += self._send(waiting, len(waiting))
            self._pushed += 1
            self._libpq.pipeline_sync()  # only then does the server count how long a stopped process leaves it idle
            self._libpq.consume_input()  # so that it never waits to be heard
        except BaseException:
            self.close()  # as in `_exchange`
            raise

    def _gathered(self, *, begins: bool = True) -> list[Ready]:
        """What waits, as it is sent; at first behind what begins the transaction, and proves what was supposed."""
        waiting, self._waiting = self._waiting, []
        supposed, self.unproven = self.unproven, None
        proofs = supposed.proofs_with(waiting) if supposed is not None else []
        joined = self._joined(waiting) if 1 < len(waiting) <= A_STEP else None
        said = gathered([*proofs, *waiting]) if joined is None else [*(gathered(proofs) if proofs else ()), joined]
        if supposed is None:
            return said
        return [BEGIN, supposed.desk, *said] if begins else [supposed.desk, *said]

    def _joined(self, told: Sequence[Told]) -> Ready | None:
        joined = self._joining.joined(told)
        if joined is None or (joined[0] not in self._names and len(self._names) >= PREPARED):
            return None
        self._uses[joined[0]] = OFTEN
        return joined

    def look_ahead(self, asked: Iterable[Asked]) -> None:
        """Ask now what will be asked one by one; each answer is good once."""
        questions = Questions(one for one in asked if (one[0].text, one[1]) not in self.answers)
        if questions.ready:
            self._know(questions, self._asked(questions.ready))

    def _know(self, questions: Questions, found: Sequence[Rows]) -> None:
        self.answers.update(questions.answers(found))
        self.repeated.update(questions.repeated)

    def forget_ahead(self) -> None:
        """What was asked ahead may not be so any more."""
        self.answers.clear()
        self.repeated.clear()

    # -- parts ---------------------------------------------------------------------------------------------------------

    def mark(self) -> Mark:
        """How far the transaction is now."""
        return Mark(self.trips, len(self._waiting))

    def back_to(self, mark: Mark) -> bool:
        """Leave out what has waited since; whether that is all, so that the server knows nothing of it."""
        is_all = mark.trips == self.trips
        del self._waiting[mark.waiting if is_all else 0 :]
        return is_all

    def leave_out(self, mark: Mark) -> bool:
        """Leave out the first statement told since then; False: it was sent already."""
        if mark.trips != self.trips:
            return False
        del self._waiting[mark.waiting]
        return True

    # -- there and back ------------------------------------------------------------------------------------------------

    def _exchange(self, statements: Sequence[Ready], told: int = 0) -> Heard:
        """Send all and hear all; so many of the first are only told."""
        self.trips += 1
        try:
            if not self._under_way:
                self._libpq.enter_pipeline_mode()
            expected, self._under_way = [*self._under_way, *self._send(statements, told)], []
            syncs, self._pushed = self._pushed + 1, 0
            self._libpq.pipeline_sync()
            heard = self._hear(expected, syncs)
            self._libpq.exit_pipeline_mode()
        except BaseException:
            self.close()  # nobody knows what is still on its way
            raise
        return heard

    def _send(self, statements: Sequence[Ready], told: int) -> list[Expected]:
        """What to expect of each answer to come; so many of the first are only told."""
        libpq, names, readers = self._libpq, self._names, self._readers
        expected: list[Expected] = []
        for place, (text, values, formats) in enumerate(statements):
            name = names.get(text)
            if name is None and self._is_often(text):
                name = names[text] = named(text)
                readers[text] = Reader(self._connection, is_prepared=True)
                libpq.send_prepare(name, text.encode())
                expected.append(text)
            if name is None:
                libpq.send_query_params(text.encode(), values, param_formats=formats)
                expected.append(None if place < told else self._reader)
            else:
                libpq.send_query_prepared(name, values, formats)
                expected.append(None if place < told else readers[text])
        return expected

    def _is_often(self, text: str) -> bool:
        if len(self._uses) > 10 * PREPARED:
            self._uses.clear()
        used = self._uses[text] = self._uses.get(text, 0) + 1
        return used >= OFTEN and len(self._names) < PREPARED

    def _hear(self, expected: Sequence[Expected], syncs: int) -> Heard:
        """The answers to all that was sent, up to the last of so many marks; a refused statement undoes the others."""
        rows, turn, done = list[Rows](), iter(expected), 0
        failed: psycopg.Error | None = None
        while syncs:
            try:
                result = self._next_result()
            except psycopg.OperationalError as lost:
                if failed is not None and not done:
                    raise NothingDone(str(failed)) from failed
                raise failed or lost from lost  # what the server said last says more
            status = result.status
            if status == _SYNC:
                syncs -= 1
                continue
            self._libpq.get_result()  # None: it ends each statement's answer, and nobody need wait for it
            of = next(turn, "")  # nothing: the commit of what went in one message failed
            if status not in (_ROWS, _DONE):
                failed = failed or psycopg.errors.error_from_result(result)
                self._forget(of)
            elif not isinstance(of, str):
                done += 1
                if of is not None:
                    rows.append(Rows(result, of))
        return Heard(rows, failed, failed is not None and done < expected.count(None))

    def _next_result(self) -> pq.abc.PGresult:
        while self._libpq.is_busy():
            self._wait()
            self._libpq.consume_input()
        result = self._libpq.get_result()
        if result is None:
            raise psycopg.OperationalError("the server has closed the connection")
        return result

    def _forget(self, expected: Expected) -> None:
        """What was to be prepared by this answer is not."""
        if isinstance(expected, str):
            self._names.pop(expected, None)
            self._readers.pop(expected, None)

    def _wait(self) -> None:
        """Until the server says something, or takes more of what is not sent yet; psycopg's connections never block."""
        self._listen_for(EVENT_READ | EVENT_WRITE if self._libpq.flush() else EVENT_READ)
        self._selector.select()

    def _listen_for(self, events: int) -> None:
        if events != self._events:
            self._selector.modify(self._libpq.socket, events)
            self._events = events
