"""What a process takes for granted: that nobody has changed what it knows; it decides on that, and the commit proves.

So an action need not ask before it is decided: one message there and back in place of two. With what is written goes
for each thing that was supposed a statement that fails, and all with it, if it is not so; then it is asked and decided
as ever. Nothing stands that was decided on what was not so when it was kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter, itemgetter
from time import monotonic_ns
from typing import Any, NamedTuple

from psycopg.errors import LockNotAvailable

from engine.core.cases import Case
from engine.errors import Outrun, StoreUnavailable
from engine.ports import Ahead
from engine.store.postgresql.answers import Asked, Rows, Statement, Values
from engine.store.postgresql.gathering import Ready, Told
from engine.store.postgresql.numbering import NEXT, NEXT_OF_SEVERAL, Numbers
from engine.store.postgresql.trouble import NothingKept
from engine.store.rows import CaseRow, Memo
from engine.store.schema import HEAD
from engine.store.statements import Many, Text

TIME_KNOWN = 60_000_000_000
"""Ns for which the server's clock is told from ours after it was asked: so long they hardly part."""

LATEST = 1_000
"""Ms that may go by from what was taken for the instant to the proof: who was stopped meanwhile decides anew."""

AHEAD = 5
"""Ms that the server's clock may be behind what it was taken for."""

LONGEST_REST = 64
"""Transactions for which nothing is supposed, at most, once it was not so."""

PATIENCE = 10
"""Ms to wait for who holds a case, at most: whoever takes longer is waited for by oneself, not on the others' time."""

SAME_DESK = (
    "SELECT 1 / (date_part('epoch', clock_timestamp()) * 1000 BETWEEN $1 AND $2 "
    "AND EXISTS (SELECT FROM casewright_schema WHERE version_num = $3 AND mark = $4))::int"
)
"""That it is about that instant, the tables are ours, and nothing changed their mark."""

SAME_DESK_PATIENTLY = f"{SAME_DESK}, set_config('lock_timeout', '{PATIENCE}ms', true)"

MOST_KEPT = 5_000
"""Settings, people and calendars that are known; beyond that all are asked for again."""

SETTINGS = frozenset({"catalogue"})
"""What the mark of the tables changes with; other settings are not known."""

_MATCHED = ("id", "revision", "sequence", "family_order", "head")
"""What says that no step was done on a family of one case: every step counts on, and the head names them all."""

_OF_CASE = CaseRow._fields
_matched = itemgetter(*map(_OF_CASE.index, _MATCHED))
_ARE_SAME = " AND ".join(f"cases.{name} = {{}}" for name in _MATCHED) + " AND fault IS NULL AND importing IS NULL"
_ONE = _ARE_SAME.format(*[f"${place}" for place in range(1, 6)])
_EACH = _ARE_SAME.format(*[f"given.{name}" for name in _MATCHED])
SAME_CASE = f"SELECT 1 / count(*) FROM (SELECT FROM cases WHERE {_ONE} FOR UPDATE SKIP LOCKED) AS same"
"""Lock a case if it is as it was, waiting for nobody."""

SAME_CASES = Many(
    f"SELECT 1 / (count(*) = $6)::int FROM (SELECT FROM (SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], "
    f"$4::bigint[], $5::text[]) LIMIT $6) AS given ({', '.join(_MATCHED)}) JOIN cases ON {_EACH} "
    "FOR UPDATE OF cases SKIP LOCKED) AS same",
    ("text", "bigint", "bigint", "bigint", "text"), "", (),
)  # fmt: skip

NO_REQUEST = "SELECT 1 / (NOT EXISTS (SELECT FROM requests WHERE sender = $1 AND key = $2))::int"
NO_REQUESTS = Many(
    "SELECT 1 / (NOT EXISTS (SELECT FROM (SELECT * FROM unnest($1::text[], $2::text[]) LIMIT $3) AS given (s, k) "
    "JOIN requests ON sender = s AND key = k))::int",
    ("text", "text"), "", (),
)  # fmt: skip


class Supposed(NamedTuple):
    """What is supposed, what stands for the answers, and the statements that prove it."""

    answers: Mapping[Statement, Rows]
    repeated: Mapping[Statement, int]  # how often each will be wanted besides
    desk: Ready  # said first: that the time, people, settings and tables are so
    others: Sequence[Told]  # that what else is so, but for cases
    cases: Mapping[str, Told]  # that each of these is as it was
    numbers: Numbers
    drawn: list[str]  # prefixes of which the next number was supposed as well

    def draw(self, prefix: str) -> tuple[int, Told] | None:
        """The next number of a prefix, once, and what draws it; None: it is to be asked for."""
        if prefix in self.drawn or (number := self.numbers.next_of(prefix)) is None:
            return None
        self.drawn.append(prefix)
        return number, (NEXT, (prefix, number - 1), NEXT_OF_SEVERAL)

    def proofs_with(self, told: Sequence[Told]) -> list[Told]:
        """What is to be said besides before all this is told. Who changes a case that is what it was has proven it.

        Of several not, as that would wait for who holds it, on the others' time.
        """
        if len(self.cases) == 1:
            for _, values, many in told:
                if many is not None and many.table == "cases" and values[many.key[0]] in self.cases:
                    return [*self.others]
        return [*self.others, *self.cases.values()]


class Known(NamedTuple):
    """Of what a transaction will read first: what is to be asked, and what stands for the answers to the rest."""

    mark: str  # if the tables have this one
    asked: Sequence[Asked]
    answers: Mapping[Statement, Rows]
    repeated: Mapping[Statement, int]  # how often each will be wanted besides


Found = tuple[Any, ...] | None


class _Facts:
    """What is so for as long as the tables have this mark: rows of settings and people, that there is no calendar."""

    __slots__ = ("desks", "mark", "rows")

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.rows: dict[Statement, Found] = {}
        self.desks: dict[tuple[tuple[str, ...], tuple[str, ...]], dict[Statement, tuple[Any, ...]]] = {}
        """Settings and people that are asked for together."""


_ASKED = ("SETTING", "ONE_PERSON", "REQUEST", "LOCK_FREE", "FAMILY", "TIME", "LOCK_TIMETABLE", "TIMETABLE")


class Supposing:
    """What the processes' last transactions read of the desk, and of the server's clock; cases stand in the memo."""

    def __init__(self, texts: Mapping[str, Text], memo: Memo) -> None:
        self._texts = {name: texts[name].text for name in _ASKED}
        self._times = {texts[name].text for name in ("LOCK", "LOCK_FREE", "TIME")}
        self._learnt = {*self._times, *(texts[name].text for name in ("SETTING", "ONE_PERSON", "TIMETABLE"))}
        self._memo = memo
        self._facts = _Facts("")
        self._ahead: int | None = None  # by how many ns the server's clock stands before ours, at least
        self._asked_at = 0
        self.numbers = Numbers()
        self._rest = 0  # how often nothing is to be supposed yet
        self._longer = 1

    # -- what is known -------------------------------------------------------------------------------------------------

    def learn(self, mark: str, asked: Sequence[Asked], answers: Mapping[Statement, Rows]) -> None:
        """Remember what was asked with the beginning of a transaction, after the mark, and answered just now.

        What others learn meanwhile after another mark is theirs.
        """
        facts = self._facts
        if facts.mark != mark or len(facts.rows) > MOST_KEPT:
            facts = self._facts = _Facts(mark)
        for text, values in asked:
            if text.text not in self._learnt or (answer := answers.get((text.text, values))) is None:
                continue
            found = answer.again().fetchone()
            if text.text in self._times:
                if found is not None:
                    self._hear_time(found[0] * 1_000_000)
            elif self._is_of_mark(text.text, values, found):
                facts.rows[text.text, values] = found

    def _is_of_mark(self, text: str, values: Values, found: Found) -> bool:
        """Whether this is so as long as the mark is the same: how far a calendar has come is not."""
        if text == self._texts["SETTING"]:
            return values[0] in SETTINGS
        return text == self._texts["ONE_PERSON"] or found is None

    def known(self, asked: Sequence[Asked]) -> Known:
        """What of this is known as long as the tables have the same mark, so that it need not be asked."""
        facts, left, answers, repeated = self._facts, list[Asked](), dict[Statement, Rows](), dict[Statement, int]()
        for one in asked:
            statement = one[0].text, one[1]
            row = facts.rows.get(statement)
            if row is None:
                left.append(one)
            elif statement in answers:
                repeated[statement] = repeated.get(statement, 0) + 1
            else:
                answers[statement] = Rows.remembered([row])
        return Known(facts.mark, left, answers, repeated)

    def _hear_time(self, server: int) -> None:
        # It took some time to hear of it, so the server's clock stands at least so far before ours.
        now = monotonic_ns()
        least = server - now
        is_new = self._ahead is None or now - self._asked_at > TIME_KNOWN
        self._ahead = least if is_new else max(self._ahead or least, least)
        self._asked_at = now

    def held(self) -> None:
        """What was supposed was so."""
        self._longer = max(1, self._longer // 2)

    def failed(self, supposed: Supposed, error: Exception) -> None:
        """Nothing was kept, and the rest is asked; what asking does not mend, or may have been kept, is raised.

        If it was not so, others work on the same, and for a while nothing is supposed; or they open, and no number is.
        """
        is_held = isinstance(error.__cause__, LockNotAvailable)
        if isinstance(error, StoreUnavailable) and not isinstance(error, NothingKept) and not is_held:
            raise error
        if isinstance(error, Outrun):
            if supposed.drawn:
                self.numbers.missed(supposed.drawn)
            else:
                self._rest, self._longer = self._longer, min(2 * self._longer, LONGEST_REST)
                self._memo.doubt()
            self._ahead = None

    # -- supposing -----------------------------------------------------------------------------------------------------

    def suppose(self, aheads: Sequence[Ahead]) -> Supposed | None:
        """What would be answered to these if nothing has changed; None where that is not known."""
        now = monotonic_ns()
        if self._rest > 0:
            self._rest -= 1
            return None
        if self._ahead is None or now - self._asked_at > TIME_KNOWN:
            return None
        instant, facts = (self._ahead + now) // 1_000_000, self._facts
        answers: dict[Statement, Rows] = {}
        cases: dict[str, Told] = {}
        others: list[Told] = []
        for ahead in aheads:
            if _else_of(ahead) != _NOTHING or not self._know_families(ahead.families, instant, answers, cases):
                return None
            if ahead.opens is not None:
                calendar = self._texts["TIMETABLE"], (ahead.opens,)
                if calendar not in facts.rows:
                    return None
                answers |= self._of_opening((ahead.opens,), instant)
            for request in ahead.requests:
                answers[self._texts["REQUEST"], request] = Rows.remembered([])
                others.append((NO_REQUEST, request, NO_REQUESTS))
        desk = self._desk_of(facts, aheads)
        if desk is None:
            return None
        for asked, row in desk.items():
            answers[asked] = Rows(None, None, [row])
        text = SAME_DESK_PATIENTLY if cases else SAME_DESK  # of an opening the number is waited for
        values = b"%d" % (instant - AHEAD), b"%d" % (instant + LATEST), HEAD.encode(), facts.mark.encode()
        repeated = dict.fromkeys(desk, len(aheads) - 1) if len(aheads) > 1 else {}
        return Supposed(answers, repeated, (text, values, None), others, cases, self.numbers, [])

    def _of_opening(self, process: Values, instant: int) -> dict[Statement, Rows]:
        texts = self._texts
        return {
            (texts["TIME"], ()): Rows.remembered([(instant,)]),
            (texts["LOCK_TIMETABLE"], process): Rows.remembered([]),
            (texts["TIMETABLE"], process): Rows.remembered([]),
        }

    def _desk_of(self, facts: _Facts, aheads: Sequence[Ahead]) -> Mapping[Statement, tuple[Any, ...]] | None:
        """The rows of settings and people that these will ask for, if they are known."""
        settings, people = aheads[0].settings, aheads[0].people
        if len(aheads) > 1:
            settings = tuple(dict.fromkeys([name for ahead in aheads for name in ahead.settings]))
            people = tuple(dict.fromkeys([name for ahead in aheads for name in ahead.people]))
        desk = facts.desks.get((settings, people))
        if desk is None:
            texts, wanted = self._texts, list[Statement]()
            wanted += [(texts["SETTING"], (name,)) for name in settings]
            wanted += [(texts["ONE_PERSON"], (name,)) for name in people]
            found = {one: row for one in wanted if (row := facts.rows.get(one)) is not None}
            if len(found) == len(set(wanted)):
                desk = facts.desks[settings, people] = found
        return desk

    def _know_families(
        self, roots: Sequence[str], instant: int, answers: dict[Statement, Rows], proofs: dict[str, Told]
    ) -> bool:
        """Whether each of these families is known; what would be answered, and what proves it, is put to the rest."""
        lock, family = self._texts["LOCK_FREE"], self._texts["FAMILY"]
        for root in roots:
            kept = self._memo.kept(root)
            if kept is None or not _is_alone(*kept):
                return False
            row = kept[0]
            answers[lock, (root,)] = Rows(None, None, [(instant,)])
            answers[family, (root,)] = Rows(None, None, [row])
            proofs[root] = SAME_CASE, _matched(row), SAME_CASES
        return True


_else_of = attrgetter("due", "is_next", "seen", "reached")
_NOTHING = _else_of(Ahead())
"""What else may be asked ahead, and is not supposed."""

_PARENT, _FAULT, _IMPORTING = map(_OF_CASE.index, ("parent", "fault", "importing"))


def _is_alone(row: tuple[Any, ...], case: Case) -> bool:
    """Whether a case is a family by itself, and nothing but steps changes its row."""
    return row[_PARENT] is None and row[_FAULT] is None and row[_IMPORTING] is None and not case.children
