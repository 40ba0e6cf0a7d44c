"""Cases and what happens to them, as frozen values. Instants are int milliseconds UTC, durations int milliseconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from engine.chart import NOWHERE, Position
from engine.fields import Value
from engine.frozen import Frozen, field

Status = Literal["none", "running", "paused", "met", "breached", "cancelled", "not_needed"]
"""How a promise stands. `breached` and `running` exclude each other here: a breached cycle shows as breached."""

EMPTY: Mapping[str, Any] = MappingProxyType({})


class Goal(Frozen, frozen=True, gc=False, array_like=True):
    """What a cycle must reach: a length of used time, or an instant."""

    kind: Literal["length", "instant"]
    value: int


class Head(Frozen, frozen=True, gc=False, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where one clock of one case stands; its ledger is in the records."""

    active: bool = False  # a cycle is under way, running or paused
    result: Literal["", "met", "breached", "cancelled", "not_needed"] = ""  # of the last finished cycle
    cycle: int = 0
    goal: Goal | None = None
    started_at: int = 0
    armed_at: int = 0  # from when points already past take effect
    used: int = 0  # up to the mark
    reached_at: int | None = None  # when the used time reached a goal that is a length
    mark: int | None = None  # running since; None while paused or finished
    paused: tuple[str, ...] = ()  # reasons: states, or `pauses_when`
    generation: int = 0
    fired: Mapping[str, int] = field(default_factory=dict)  # threshold's text → occurrences so far
    breached_at: int | None = None  # first breach of this cycle
    is_breach_fired: bool = False  # for the present goal
    ended_at: int | None = None
    has_started: bool = False  # one of `starts` has happened
    exists: bool = False  # its `if` holds and it has a goal
    is_satisfied: bool = False  # the last cycle was ended by `met_by`
    is_kept: bool = False  # this cycle's goal is of an earlier version and stays as it is
    turns: Mapping[str, int] = field(default_factory=dict)  # whose turn → used time

    @property
    def status(self) -> Status:
        """How the promise stands, in one word."""
        if self.active:
            if self.breached_at is not None:
                return "breached"
            return "paused" if self.paused else "running"
        return self.result or "none"


class Alarm(Frozen, frozen=True, gc=False, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """An armed timer of a state, known by `state.timer`."""

    due: int | None  # None: suspended, over, or its field is unset
    since: int  # armed at
    count: int = 0  # occurrences so far
    left: int | None = None  # while suspended by leaving a state that `previous` may enter again
    at: int | None = None  # the instant its field last named


class Done(Frozen, frozen=True, gc=False):
    """How often an action was accepted, and by whom, in order of their first time."""

    count: int = 0
    actors: tuple[str, ...] = ()


class Case(Frozen, frozen=True, gc=False, kw_only=True):
    """A snapshot of one case: all that decides what may happen next."""

    id: str
    root: str
    parent: str | None = None
    ordinal: int = 0  # its number among its parent's children
    process: str
    version: int
    position: Position = NOWHERE
    data: Mapping[str, Value] = field(default_factory=dict)  # personal fields hold commitments
    done: Mapping[str, Done] = field(default_factory=dict)
    needed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # state ("" = top) → actions accepted since
    alarms: Mapping[str, Alarm] = field(default_factory=dict)
    clocks: Mapping[str, Head] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)  # link → youngest case opened so
    counts: Mapping[str, int] = field(default_factory=dict)  # what `counts` found at opening
    known: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    """Of each field that names one of a register what that said openly when it was given."""
    children: int = 0
    assignee: str | None = None
    queue: str | None = None  # a role the case was assigned to
    waiting: tuple[str, ...] = ()  # whose turn it is: `person:ID`, `role:NAME`, `party:NAME`
    opened_at: int = 0
    closed_at: int | None = None
    outcome: Literal["", "done", "failed", "cancelled"] = ""  # "" while open
    revision: int = 0
    sequence: int = 0  # records so far
    head: str = ""  # hash of the newest record
    next_due: int | None = None
    floor: int = 0  # on the root: no command of the family may be earlier
    order: int = 0  # on the root: records of the family so far
    importing: str | None = None  # the unfinished import it belongs to
    fault: str | None = None  # on the root: the fault that set the family aside
    private: Mapping[str, Value] = field(default_factory=dict)  # personal values in clear; never in records
    secret: str = ""  # the key of the personal values, as it is stored; none before the first of them

    @property
    def merged_into(self) -> str | None:
        """The case that took this one in and answers for it since."""
        return self.links.get(MERGED_INTO)


class Family(Frozen, frozen=True, gc=False):
    """A root and all that descends from it, by id; the root first, then in order of birth."""

    root: str
    cases: Mapping[str, Case]


class Actor(NamedTuple):
    """Who acts, with the roles held at that time."""

    id: str
    roles: tuple[str, ...] = ()
    on_behalf_of: str | None = None


ENGINE = Actor(id="engine")
"""Who fires timers and tells."""

MERGED_INTO, MERGED = "merged-into", "merged"
"""Links of a case that was merged, and of the one that took it in, to the other; no process can name the first."""

Verb = Literal[
    "open",
    "do",
    "tell",
    "claim",
    "release",
    "assign",
    "attach",
    "merge",
    "take_in",
    "migrate",
    "adjust",
    "reverse",
    "erase",
]

BESIDE: Mapping[str, str] = MappingProxyType({"adjust": "adjustment", "reverse": "reversal", "erase": "erasure"})
"""Verbs that only put something on record beside the case, from which nothing follows, and where the record has it."""


class Command(Frozen, frozen=True, gc=False):
    """What somebody asks of one case. `form` and `facts` are as given unless `is_stored`."""

    verb: Verb
    case: str  # of an opening: the id the case will have
    actor: Actor
    name: str = ""  # process, action, person to assign, or the other case of a merging
    form: Mapping[str, Any] = EMPTY
    facts: Mapping[str, Any] = EMPTY
    key: str | None = None
    occurred_at: int | None = None  # what a client's clock said; data only
    people: Mapping[str, Sequence[str]] | None = None  # roles of the persons named in the form; None: not asked
    likely: Mapping[str, Sequence[str]] = EMPTY  # of those it names, whom nobody knows, and who was probably meant
    found: Mapping[str, Any] = EMPTY  # looked up in other families: question → answer
    version: int = 0  # of the definition, for an opening or a migration
    sent_to: str | None = None  # the merged case it was sent to, whose survivor it reached
    importing: str | None = None
    schedule: str = ""  # of an opening by the calendar: the schedule's name
    party: str = ""  # and for whom of a register
    heard: str = ""  # the event of another system that does this
    heard_at: int | None = None  # when that came, if it was kept since
    given: Mapping[str, str] = EMPTY  # `by` whom that was given to this case, and for what `reason`
    is_stored: bool = False  # its values are as stored: told by a case, or replayed from a record


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a command is refused. `rule` is a guard's name, or state by never_by during needs facts form error …"""

    rule: str
    words: Mapping[str, str]  # by language
    field: str | None = None
    read: tuple[tuple[str, Value], ...] = ()  # what a guard that does not hold looked at, but for personal values


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message or event for the outbox, fixed after its step."""

    case: str
    sequence: int  # of the record it belongs to
    number: int  # within the record
    at: int
    kind: Literal["notify", "emit"]
    receiver: str  # person, role, party; for `emit` its name
    receiver_kind: Literal["person", "role", "party", "event"]
    name: str  # of the message or event
    values: Mapping[str, Value]  # placeholders or payload; personal ones as {"personal": field}
    clock: str | None = None
    cycle: int = 0
    threshold: str | None = None
    exclude: tuple[str, ...] = ()  # persons who are never told as a role
    failed: str | None = None  # the action told when delivery is dead
    missed: int = 1  # occurrences it stands for
    status: Literal["waiting", "superseded", "imported"] = "waiting"
    is_late: bool = False
    superseded_by: tuple[int, int] | None = None  # record and number of what is sent in its place


class Cycle(Frozen, frozen=True, gc=False, kw_only=True):
    """One cycle of a clock for reports: written from its first breach on, else at its end."""

    case: str
    clock: str
    cycle: int
    started_at: int
    ended_at: int | None
    result: str
    goal: Goal
    used: int
    breached_at: int | None
    turns: Mapping[str, int]
    noticed_at: int | None = None  # when the engine recorded its first breach; None where that is not known

    def following(self, earlier: Cycle | None) -> Cycle:
        """What is kept of it after an earlier saving: only the step of the breach itself says when it was noticed."""
        if earlier is None or self.noticed_at is not None:
            return self
        return self.but(noticed_at=earlier.noticed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What a step put on a register of outside people."""

    party: str
    id: str
    values: Mapping[str, Value]  # but for personal ones; what is not given stays
    private: Mapping[str, Value]  # personal ones in clear; never in records


Covered = tuple[str, int, bool]
"""A part of the definition that a step went through: its kind, the identity of the part, and which way."""


class Step(Frozen, frozen=True, gc=False):
    """One record and the case as it stands after it."""

    case: Case
    record: Mapping[str, Any]
    text: str  # canonical JSON of the record
    hash: str
    outgoing: tuple[Outgoing, ...] = ()
    cycles: tuple[Cycle, ...] = ()
    microsteps: int = 0  # triggers of the state machine it took
    private: Mapping[str, Value] = EMPTY  # personal values it set (None: cleared)
    covered: Set[Covered] = frozenset()
    registered: tuple[Registered, ...] = ()
    is_steady: bool = False  # what falls due, who holds the case and whether it is open is as it was


class Applied(Frozen, frozen=True, gc=False):
    """What was decided: the steps in order, the command's own first, and the family after them."""

    case: Case  # the case addressed, after its step
    family: Family
    steps: tuple[Step, ...]
    elsewhere: tuple[Command, ...] = ()  # openings of families of their own, for the same transaction


@dataclass(frozen=True, slots=True)
class Refused:
    """A foreseen "no", with the record of the refusal."""

    case: Case | None  # None for an opening
    reasons: tuple[Reason, ...]
    family: Family | None = None
    steps: tuple[Step, ...] = ()
