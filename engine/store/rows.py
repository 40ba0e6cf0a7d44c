"""A case as one row and back: what lists and workers ask for is a column, everything else one JSON text.

Pure, and without any database library: the order of `CaseRow` is the order of the table's columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from functools import lru_cache, partial
from itertools import compress
from json import JSONDecoder
from operator import attrgetter, ne
from threading import Lock
from typing import Any, Generic, NamedTuple, TypeVar

from msgspec import Raw, Struct, field
from msgspec.json import Decoder, Encoder

from engine.chart import Position
from engine.core.cases import Alarm, Case, Cycle, Done, Family, Goal, Head, Outgoing
from engine.core.outlook import Outlook, Place
from engine.errors import UsageError, VerificationFailed
from engine.json_text import encode
from engine.sealing import LockedValues

T = TypeVar("T")

GO_BACK = "`casewright audit verify` names all such; keep a copy of the database, then go back to the last backup"

decode: Callable[[str], Any] = JSONDecoder().decode
"""What a stored JSON text says."""


class CaseRow(NamedTuple):
    """One row of `cases`, in the order of its columns."""

    id: str
    root: str
    parent: str | None
    ordinal: int
    birth: int  # its place in the family, in order of birth
    process: str
    version: int
    personal: int  # how often its personal values were written
    revision: int
    sequence: int
    head: str
    family_order: int
    floor_ms: int
    next_due_ms: int | None
    family_due_ms: int | None  # on the root: when the family falls due; None while set aside or importing
    importing: str | None
    fault: str | None
    state: str
    waiting: str
    due_ms: int | None
    due_clock: str | None
    overdue_since_ms: int | None
    overdue_clock: str | None
    remaining_ms: int | None
    paused_by: str | None
    sort_key: int
    assignee: str | None
    queue: str | None
    business_key: str | None
    is_unique: int
    opened_ms: int
    closed_ms: int | None
    outcome: str
    body: str  # last, so that a long one is read only where it is asked for


COLUMN_OF = {
    "id": "id", "root": "root", "parent": "parent", "ordinal": "ordinal", "process": "process", "version": "version",
    "revision": "revision", "sequence": "sequence", "head": "head", "order": "family_order", "floor": "floor_ms",
    "next_due": "next_due_ms", "importing": "importing", "fault": "fault", "assignee": "assignee", "queue": "queue",
    "opened_at": "opened_ms", "closed_at": "closed_ms", "outcome": "outcome",
}  # fmt: skip
"""Fields of a case that have a column of their own. `private` and `secret` have tables of their own."""


NOTHING = Raw(b"{}")


class Shape(Generic[T]):
    """A dataclass as a JSON object that leaves out what has its default."""

    def __init__(self, kind: type[T], **readers: Callable[[Any], Any]) -> None:
        self.kind = kind
        self.names = tuple(f.name for f in fields(kind))  # type: ignore[arg-type]
        self.get = attrgetter(*self.names)
        self.readers = readers
        self.defaults = tuple(
            f.default_factory() if f.default_factory is not MISSING else f.default
            for f in fields(kind)  # type: ignore[arg-type]
        )

    def write(self, value: T) -> dict[str, Any]:
        """The fields that differ from their defaults."""
        given = self.get(value)
        return dict(compress(zip(self.names, given, strict=True), map(ne, given, self.defaults)))

    def read(self, stored: dict[str, Any]) -> T:
        """The value again, its sequences as tuples."""
        for name, reader in self.readers.items():
            if name in stored:
                stored[name] = reader(stored[name])
        return self.kind(**stored)


class Body(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """Everything of a case that has no column of its own, as JSON without what has its default."""

    position: tuple[str, ...] = ()
    past: tuple[tuple[str, tuple[str, ...]], ...] = ()
    data: Raw = NOTHING
    done: dict[str, list[Any]] = field(default_factory=dict)  # how often, and by whom
    needed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    alarms: Mapping[str, Alarm] = field(default_factory=dict)
    clocks: Mapping[str, Head] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    known: Raw = NOTHING
    children: int = 0
    waiting: tuple[str, ...] = ()


_body, _as_body = Decoder(Body).decode, Encoder().encode


def case_body(case: Case) -> str:
    """Everything of a case that has no column of its own; of the desk's values any that JSON knows, and no other."""
    position, data, known = case.position, case.data, case.known
    done: dict[str, list[Any]] = {}
    for action, one in case.done.items():
        done[action] = [one.count, *one.actors]
    try:
        body = Body(
            position.leaves, position.past, Raw(encode(data)) if data else NOTHING, done, case.needed, case.alarms,
            case.clocks, case.links, case.counts, Raw(encode(known)) if known else NOTHING, case.children, case.waiting,
        )  # fmt: skip
        return _as_body(body).decode()
    except (TypeError, ValueError, RecursionError) as error:
        raise _unstorable(error) from error


def read_body(text: str) -> dict[str, Any]:
    """The fields of a case that its body holds."""
    body = _body(text)
    return {
        "position": Position(body.position, body.past), "data": decode(str(body.data, "utf-8")),
        "done": {action: Done(count, tuple(actors)) for action, (count, *actors) in body.done.items()},
        "needed": body.needed, "alarms": body.alarms, "clocks": body.clocks, "links": body.links,
        "counts": body.counts, "known": decode(str(body.known, "utf-8")), "children": body.children,
        "waiting": body.waiting,
    }  # fmt: skip


def case_of(row: CaseRow, private: Mapping[str, Any], secret: str) -> Case:
    """The case a row holds, with what other tables keep of it; `VerificationFailed` where nobody can read it."""
    columns = {name: getattr(row, column) for name, column in COLUMN_OF.items()}
    try:
        body = read_body(row.body)
    except Exception as error:  # whatever stands there
        raise VerificationFailed(f"the stored row of `{row.id}` cannot be read: {error}", help=GO_BACK) from error
    return Case(**columns, **body, private=private, secret=secret)


def data_of(body: str) -> Mapping[str, Any]:
    """The data of a case by its body; none where nobody can read it: so it keeps no others from being listed."""
    try:
        return {**decode(body)["data"]}
    except (ValueError, LookupError, TypeError):
        return {}


@lru_cache(maxsize=4_096)
def _waiting_text(receivers: tuple[str, ...]) -> str:
    return encode(receivers)


@lru_cache(maxsize=4_096)
def receivers_of(text: str) -> tuple[str, ...]:
    """Whom a row says its case waits for."""
    return tuple(decode(text))


def waiting_of(row: CaseRow) -> list[tuple[str, int, int, str]]:
    """The rows of `waiting` that a case in this row has."""
    key, opened, name = row.sort_key, row.opened_ms, row.id
    return [(receiver, key, opened, name) for receiver in queues_of(row)]


def queues_of(row: CaseRow) -> tuple[str, ...]:
    """In whose queues the case of a row stands: a closed one in nobody's."""
    return receivers_of(row.waiting) if row.waiting is not None and row.closed_ms is None else ()


def case_row(case: Case, outlook: Outlook, before: CaseRow, family_due: int | None) -> CaseRow:
    """The row of a case. What neither the case nor its outlook knows stays as before."""
    return CaseRow._make((
        case.id, case.root, case.parent, case.ordinal, before.birth, case.process, case.version, before.personal,
        case.revision, case.sequence, case.head, case.order, case.floor, case.next_due, family_due,
        case.importing, case.fault,
        outlook.state, _waiting_text(outlook.waiting), outlook.due_at, outlook.due_clock, outlook.overdue_since,
        outlook.overdue_clock, outlook.remaining, outlook.paused_by, outlook.sort_key,
        case.assignee, case.queue, before.business_key, before.is_unique,
        case.opened_at, case.closed_at, case.outcome,
        case_body(case),
    ))  # fmt: skip


_as_row: Callable[[Sequence[Any]], CaseRow] = partial(tuple.__new__, CaseRow)  # unlike `_make` it does not count them
_REVISION, _NEXT_DUE, _STATE, _DUE = map(CaseRow._fields.index, ("revision", "next_due_ms", "state", "due_ms"))


def moved_values(case: Case, place: Place) -> tuple[Any, ...]:
    """What of a row hardly a step leaves as it was, in the order of the columns: the usual ones."""
    state, receivers = place
    return (
        case.revision, case.sequence, case.head, case.order, case.floor, state, _waiting_text(receivers),
        case_body(case),
    )  # fmt: skip


def moved_row(was: CaseRow, values: tuple[Any, ...]) -> CaseRow:
    """The row of a case after a steady step: all columns but the usual ones are as before."""
    row = [*was]
    row[_REVISION:_NEXT_DUE], row[_STATE:_DUE], row[-1] = values[:5], values[5:7], values[7]
    return _as_row(row)


def outlook_of(row: CaseRow) -> Outlook:
    """The worklist columns of a row."""
    return Outlook(
        state=row.state,
        waiting=receivers_of(row.waiting),
        due_at=row.due_ms,
        due_clock=row.due_clock,
        overdue_since=row.overdue_since_ms,
        overdue_clock=row.overdue_clock,
        remaining=row.remaining_ms,
        paused_by=row.paused_by,
        sort_key=row.sort_key,
    )


BLANK = CaseRow(*[None] * len(CaseRow._fields))._replace(personal=0, is_unique=0)  # type: ignore[arg-type]
"""What stands for the row before, when there was none."""


LATELY = 64
"""After a case was found that somebody else had changed: so many found as they were kept, and others will be, too."""


class Memo:
    """Cases read or written lately: a row that has not changed by a letter is the same case and is not read again.

    Nothing is trusted but the row itself, so it does not matter who wrote it. A row's `personal` and `head` tell
    personal values apart, which stand in a table of their own.
    """

    def __init__(self, limit: int = 2_000, longest: int = 16_000) -> None:
        self._limit = limit
        self._longest = longest
        self.has_private = True  # whether the one kept last has personal values: the next may have some, too
        self._changed = 0  # cases to be found as they were kept until it is thought again that all are
        self._kept: dict[str, tuple[tuple[Any, ...], Case]] = {}
        self._lock = Lock()

    def find(self, row: tuple[Any, ...]) -> Case | None:
        """The case of exactly this row, if it is known."""
        kept = self._kept.get(row[0])
        if kept is None:
            return None
        if kept[0] != row:
            self.doubt()
            return None
        if self._changed:
            self._changed -= 1
        return kept[1]

    def doubt(self) -> None:
        """Somebody else changes what is kept."""
        self._changed = LATELY

    def is_thought_known(self, case: str) -> bool:
        """Whether a case of this name is kept, and as far as was seen lately nobody else changes what is kept."""
        return not self._changed and case in self._kept

    def lacking(self, families: Mapping[str, Family]) -> list[str]:
        """Those of these families of which a case is not kept."""
        kept, lacking = self._kept, []
        for root, family in families.items():
            for name, case in family.cases.items():
                if name not in kept or kept[name][1] is not case:
                    lacking.append(root)
                    break
        return lacking

    def keep_all(self, cases: Mapping[str, Case], rows: Mapping[str, CaseRow]) -> None:
        """Remember these cases by those of these rows that there are."""
        kept, longest = self._kept, self._longest
        for name, case in cases.items():
            row = rows.get(name)
            if row is None:
                continue
            if name in kept and not case.private and len(row[-1]) <= longest:
                kept[name] = row, case
            else:
                self.keep(row, case)

    def kept(self, case: str) -> tuple[tuple[Any, ...], Case] | None:
        """A case and its row as they stood when they were kept, if they are."""
        return self._kept.get(case)

    def keep(self, row: tuple[Any, ...], case: Case) -> None:
        """Remember a case by its row; the one kept longest makes room, a huge one is not kept at all."""
        self.has_private = bool(case.private)
        if len(row[-1]) > self._longest or (case.private and _size(case.private) > self._longest):
            self._kept.pop(row[0], None)
            return
        if row[0] not in self._kept and len(self._kept) >= self._limit:
            with self._lock:
                self._kept.pop(next(iter(self._kept), ""), None)
        self._kept[row[0]] = (row, case)


def _size(private: Mapping[str, Any]) -> int:
    """About how many signs personal values have, unopened; too many without their key, which may come back."""
    if isinstance(private, LockedValues):
        return private.size if private.trouble is None else 1 << 40
    return sum(len(str(value)) for value in private.values())


def cycle_of(row: Sequence[Any]) -> Cycle:
    """The cycle a row of `clock_cycles` holds."""
    case, clock, cycle, started, ended, result, goal_kind, goal, used, breached, turns, noticed = row
    return Cycle(
        case=case, clock=clock, cycle=cycle, started_at=started, ended_at=ended, result=result,
        goal=Goal(goal_kind, goal), used=used, breached_at=breached, turns=decode(turns), noticed_at=noticed,
    )  # fmt: skip


OUTGOING = Shape(Outgoing, exclude=tuple, superseded_by=tuple)
IN_OUTBOX = ("case", "sequence", "number", "at", "kind", "receiver", "receiver_kind", "name")
"""Fields of a message that have columns of their own. Its `status` is what its step decided; the column's changes."""


def outgoing_body(message: Outgoing) -> str:
    """Everything of a message that has no column of its own."""
    stored = OUTGOING.write(message)
    for name in IN_OUTBOX:
        stored.pop(name, None)
    return to_text(stored)


def outgoing_of(columns: Mapping[str, Any], body: str) -> Outgoing:
    """The message its columns and its body hold."""
    return OUTGOING.read({**columns, **decode(body)})


def to_text(value: Any) -> str:
    """JSON text of a stored value, or a sentence about what cannot be one."""
    try:
        return encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise _unstorable(error) from error


def half_a_character(error: UnicodeEncodeError) -> UsageError:
    """What to say of a text that no database can give back."""
    character = f"U+{ord(error.object[error.start]):04X}"
    return UsageError(f"a text holds half a character ({character}), which cannot be stored")


def _unstorable(error: Exception) -> UsageError:
    if isinstance(error, UnicodeEncodeError):
        return half_a_character(error)
    return UsageError(f"a value cannot be stored: {error}; only JSON values without NaN or infinity can")


def plain(text: str, what: str) -> str:
    """A short text that every store gives back exactly."""
    if "\x00" in text:
        raise UsageError(f"{what} holds the character NUL (U+0000), which cannot be stored; leave it out")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        character = f"U+{ord(text[error.start]):04X}"
        raise UsageError(f"{what} holds half a character ({character}), which cannot be stored; leave it out") from None
    return text


def like(text: str) -> str:
    """A pattern for `LIKE … ESCAPE '~'` that finds this text anywhere."""
    for special in "~%_":
        text = text.replace(special, f"~{special}")
    return f"%{text}%"
