"""A process definition and its parts: frozen, already checked. `lang` builds it, everything else reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeAlias, TypeVar

from engine.calendars import Calendar
from engine.expressions import Expression
from engine.fields import Field, Value, Words
from engine.measure import Measure
from engine.migration import Migration
from engine.moments import Every, Moment
from engine.retention import Retention

T = TypeVar("T")

TELL_DEPTH = 8
"""How deep `tell` goes: so many, each caused by the one before."""

# -- small parts -------------------------------------------------------------------------------------------------------

Assigned: TypeAlias = "Value | Expression"
"""A literal stored value, or an expression that computes one."""


@dataclass(frozen=True, slots=True)
class Branch(Generic[T]):
    """One way of several: the first whose condition holds counts; only the last has none."""

    value: T
    when: Expression | None = None
    then: tuple[Effect, ...] = ()


Branches = tuple[Branch[T], ...]


@dataclass(frozen=True, slots=True)
class Who:
    """A person or several, named as the language does."""

    kind: Literal["role", "party", "field", "did", "assignee", "waiting_on", "actor"]
    name: str = ""  # of the role, party, field or action


Whos = tuple[Who, ...]


@dataclass(frozen=True, slots=True)
class Guard:
    """A named condition of an action, with the words shown when it does not hold."""

    name: str
    must: Expression
    words: Words


@dataclass(frozen=True, slots=True)
class Form:
    """What an action asks for: names of fields."""

    require: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    show: tuple[str, ...] = ()


# -- effects -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Something to be done after deciding, if `when` holds."""

    when: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFields(Effect):
    """`set: {field: value}`."""

    values: Mapping[str, Assigned]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearFields(Effect):
    """`clear: [field]`."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendTo(Effect):
    """`append: {list: value}`: one item more at the end of a list or table field."""

    values: Mapping[str, Assigned]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRows(Effect):
    """`update: {items: {where: …, set: …}}`: rows of a table for which `where` holds; both see the row as `row`."""

    field: str
    where: Expression | None
    values: Mapping[str, Assigned]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify(Effect):
    """`notify: WHO, message: NAME`."""

    who: Whos
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign(Effect):
    """`assign: WHO`: a person, a field that names one, or a role as a queue."""

    who: Whos  # empty: nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Emit(Effect):
    """`emit: NAME, with: {…}`: the one way out to other systems."""

    name: str
    values: Mapping[str, Assigned]
    failed: str | None = None  # the action told to the case when delivery is dead


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase(Effect):
    """`open: PROCESS, as: LINK, with: {…}, facts: […]`: a child, or with `key` a case of its own."""

    process: str
    link: str
    values: Mapping[str, Assigned]
    key: Assigned | None = None
    facts: tuple[str, ...] = ()  # of those brought with the action, handed on to the opening


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell(Effect):
    """`tell: LINK, do: ACTION, with: {…}`: an action of a member of the family."""

    target: str  # a link, `self`, `parent` or `children`
    action: str
    values: Mapping[str, Assigned]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(Effect):
    """`register: PARTY, id: VALUE, with: {…}`: what the desk keeps of one of a party from now on."""

    party: str
    id: Assigned
    values: Mapping[str, Assigned]  # what is not given stays
    is_new: bool = False  # `new`: refused if the register has that id already


# -- what people and time do -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Action:
    """What a person or a system may do to a case. `state` is where it is written; "" is the top of the process."""

    name: str
    state: str
    label: Words
    by: Whos
    never_by: Whos = ()
    places: frozenset[str] = frozenset()  # `in` of a top action; empty: every state that is not final
    needs: tuple[str, ...] = ()
    during: str | None = None  # a calendar
    within: Moment | None = None  # on a final state's action: how long after closing
    form: Form = Form()
    guards: tuple[Guard, ...] = ()
    then: tuple[Effect, ...] = ()
    to: Branches[str] = ()  # a state, `stay` or `previous`


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Opening:
    """The first action of a case."""

    by: Whos
    never_by: Whos = ()
    form: Form = Form()
    guards: tuple[Guard, ...] = ()
    then: tuple[Effect, ...] = ()
    counts_from: str | None = None  # an instant field
    during: str | None = None
    label: Words = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """An alarm of a state. Exactly one of `after`, `at`, `every` starts it (`every` may follow `after`)."""

    name: str
    state: str
    after: Moment | None = None
    at: Moment | None = None
    every: Every | None = None
    max: int | None = None  # occurrences, the first included
    late: Literal["once", "each", "skip"] = "once"
    when: Expression | None = None
    calendar: str | None = None
    then: tuple[Effect, ...] = ()
    to: Branches[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A point on a clock with effects, known by its text."""

    at: Moment
    every: int | None = None  # ms
    max: int | None = None
    late: Literal["once", "each", "skip"] = "once"
    when: Expression | None = None
    then: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One promise, measured."""

    name: str
    label: Words
    goal: Branches[Moment]
    starts: tuple[str, ...] = ("opening",)  # `opening`, actions, states
    met_by: tuple[str, ...] = ()
    pauses_in: tuple[str, ...] = ()
    pauses_when: Expression | None = None
    cancelled_by: tuple[str, ...] = ()
    restarts_on: tuple[str, ...] = ()
    when: Expression | None = None  # `if`
    repeats: bool = False
    calendar: str | None = None  # unsaid: the process's
    on_change: Literal["carry", "restart", "keep"] = "carry"
    on_reopen: Literal["resume", "restart", "count_through", "none"] | None = None
    thresholds: tuple[Threshold, ...] = ()
    target: float | None = None  # share of cycles to be met, 0..1


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A named node; one with `children` is a group or, if `parallel`, runs them side by side."""

    name: str
    label: Words
    parent: str = ""
    children: tuple[str, ...] = ()
    parallel: bool = False
    initial: str | None = None
    final: Literal["done", "failed", "cancelled", "region"] | None = None
    waiting_on: Branches[Whos] = ()
    never_by: Whos = ()
    on_enter: tuple[Effect, ...] = ()
    actions: Mapping[str, Action] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()  # actions written `name: none`
    timers: Mapping[str, Timer] = field(default_factory=dict)
    decide: Branches[str] = ()
    done: Branches[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Cases that the calendar opens: one at each instant of a rhythm."""

    name: str
    every: Every
    values: Mapping[str, Assigned]  # what the opening's form is given
    calendar: str | None = None  # by whose zone and hours; unsaid: the process's
    party: str | None = None  # one case for each of this party's register …
    when: Expression | None = None  # … for whom this holds at the instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """An event of another system: which case it is about, and which action it does there."""

    name: str
    sender: str  # `from`: the role of the systems that tell it
    find: Mapping[str, str]  # field of the case, or `id` → field of the event that must be equal
    action: str
    values: Mapping[str, str] = field(default_factory=dict)  # `with`: field of the form → field of the event
    otherwise: Literal["refuse", "ignore", "keep"]  # if no case fits, or several do
    keep_for: Moment | None = None  # how long it is kept


# -- the whole ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Outside people: told and waited for; they never act. Each name is a field of the case."""

    name: str
    label: Words
    contact: Mapping[str, str] = field(default_factory=dict)  # name, phone, email, channel → field
    during: str | None = None
    register: Mapping[str, Field] = field(default_factory=dict)  # what is kept of each; empty: nothing is
    kept_by: tuple[str, ...] = ()  # roles that keep the register and read its personal fields

    @property
    def usual(self) -> dict[str, Value]:
        """What the register keeps of one of whom nothing is said."""
        return {name: one.default for name, one in self.register.items() if one.default is not None}

    def openly(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Of what is kept of one that which is not personal."""
        kept = {**self.usual, **values}
        return {name: kept[name] for name, one in self.register.items() if name in kept and not one.personal}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A text for people, with placeholders."""

    name: str
    text: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """`counts`: cases of this process with equal fields opened in the time up to this one, this one included."""

    name: str
    same: tuple[str, ...]
    within: int  # ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every process of a desk shares."""

    name: str
    languages: tuple[str, ...]
    zone: str
    currency: str
    roles: Mapping[str, Words]
    parties: Mapping[str, Party]
    assigners: tuple[str, ...] = ("supervisor",)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProcessDefinition:
    """One version of one process, with all it uses of the desk, the calendars and the messages."""

    process: str
    version: int
    prefix: str
    label: Words
    description: str = ""
    summary: str = ""
    calendar: str
    initial: str
    desk: Desk
    facts: Mapping[str, Field]
    fields: Mapping[str, Field]  # the process's own and the desk's
    figures: Mapping[str, Field]  # named numbers; the value is the field's default
    opening: Opening
    actions: Mapping[str, Action]  # of the top
    states: Mapping[str, State]  # every one, in document order, parents first
    clocks: Mapping[str, Clock]
    messages: Mapping[str, Message]
    calendars: Mapping[str, Calendar]
    never_by: Whos = ()
    seen_by: Whos = ()
    authority: Mapping[str, Mapping[str, int | None]] = field(default_factory=dict)  # None: unlimited
    key: str | None = None
    unique: bool = False
    counts: Mapping[str, Count] = field(default_factory=dict)
    schedule: Mapping[str, Schedule] = field(default_factory=dict)
    incoming: Mapping[str, Incoming] = field(default_factory=dict)
    measures: Mapping[str, Measure] = field(default_factory=dict)
    retention: Retention | None = None  # the newest version's counts for all
    migrate: Mapping[int, Migration] = field(default_factory=dict)  # earlier version → how its open cases come here
    sources: Mapping[str, str] = field(default_factory=dict)  # path → text it was read from, all of it
    behaviour_hash: str = ""
    words_hash: str = ""
