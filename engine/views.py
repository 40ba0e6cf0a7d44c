"""What the engine shows of cases: frozen values for screens and hosts, masked for those who may not see."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from engine.core.cases import EMPTY, Actor, Case, Family, Head, Reason, Status
from engine.core.people import is_among, is_named
from engine.core.permits import Asking, not_permitted, offered, who_may_not
from engine.core.plan import Library, Plan
from engine.core.promises.clocks import due_at, remaining, used_until
from engine.core.sight import Sight
from engine.core.texts import fill, placeholders, values_of
from engine.fields import Field, Value, Words, is_sealed
from engine.frozen import changed
from engine.model import Clock, Form
from engine.sealing import LockedValues, WithPrivate


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockView:
    """One promise of a case as it stands."""

    label: Words
    status: Status
    goal: str | None  # as the definition says it
    cycle: int
    started_at: int | None
    due_at: int | None
    remaining: int | None  # ms of open time; None where it is not running or paused
    used: int
    paused: tuple[str, ...]
    breached_at: int | None
    ended_at: int | None


class Unreadable(NamedTuple):
    """Private fields whose values are there, but whose key is not: neither erased nor kept from this reader."""

    fields: tuple[str, ...] = ()
    why: str = ""
    mend: str | None = None


ALL_READABLE = Unreadable()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """One case as it stands. `data` is stored values; personal ones are sealed for who does not work the case.

    Its `repr` leaves `data` out: a host writes views to its log.
    """

    id: str
    process: str
    version: int
    label: Words
    summary: Words
    position: tuple[str, ...]
    waiting_on: tuple[str, ...]
    assignee: str | None
    queue: str | None
    data: Mapping[str, Value] = dataclasses.field(repr=False)
    known: Mapping[str, Mapping[str, Value]]  # of each field that names one of a register what that said openly
    erased: tuple[str, ...]  # personal fields whose values are gone for everybody
    unreadable: Unreadable = ALL_READABLE  # those that would be shown, were their key here
    clocks: Mapping[str, ClockView]
    links: Mapping[str, str]
    opened_at: int
    closed_at: int | None
    outcome: Literal["", "done", "failed", "cancelled"]
    revision: int
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One thing an action asks for, with what the case holds now."""

    field: Field
    required: bool
    present: Value = dataclasses.field(default=None, repr=False)  # which may be private, as `CaseView.data`


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An action of the present state: may this actor do it now, and if not, why."""

    action: str
    label: Words
    is_allowed: bool
    reasons: tuple[Reason, ...] = ()
    form: tuple[FormField, ...] = ()
    show: tuple[str, ...] = ()


class Views(Protocol):
    """What makes the views of a case when somebody looks."""

    def before(self) -> CaseView | None:
        """The case as it was, if it was there."""

    def after(self) -> CaseView:
        """The case as it is now."""


class Accepted:
    """A command that was carried out. `is_repeat`: by an earlier call with the same key.

    The views are made, and the record is read, when they are first looked at, of the case as it stood then: many
    callers look at none, and what a text holds nobody looks through for garbage.
    """

    __slots__ = ("_before", "_case", "_record", "is_repeat")

    def __init__(
        self, case: CaseView | Views, before: CaseView | Views | None, record: Mapping[str, Any] | str, *,
        is_repeat: bool = False,
    ) -> None:  # fmt: skip
        self._case = case
        self._before = before
        self._record = record
        self.is_repeat = is_repeat

    @property
    def record(self) -> Mapping[str, Any]:
        """What the audit says of the command."""
        if isinstance(self._record, str):
            found: dict[str, Any] = json.loads(self._record)
            self._record = found
        return self._record

    @property
    def case(self) -> CaseView:
        """The case after the command."""
        if not isinstance(self._case, CaseView):
            self._case = self._case.after()
        return self._case

    @property
    def before(self) -> CaseView | None:
        """The case before the command; None for an opening or a repeat."""
        if self._before is not None and not isinstance(self._before, CaseView):
            self._before = self._before.before()
        return self._before

    def __getstate__(self) -> tuple[None, dict[str, object]]:
        """For other processes, which have nothing to make the views of."""
        return None, {"_case": self.case, "_before": self.before, "_record": self._record, "is_repeat": self.is_repeat}

    def __repr__(self) -> str:
        return f"Accepted({self.case.id}, revision {self.case.revision}{', repeated' if self.is_repeat else ''})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A foreseen "no", with every reason."""

    case: CaseView | None
    reasons: tuple[Reason, ...]

    def __repr__(self) -> str:
        rules = ", ".join(f"{reason.rule} {reason.field}" if reason.field else reason.rule for reason in self.reasons)
        return f"Refusal({self.case.id if self.case else 'no case'}: {rules})"  # no words: a log is no place for values


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """An event of another system that changed no case."""

    status: Literal["kept", "refused", "ignored", "dropped"]
    number: int  # by which it is shown and dropped
    until: int  # waits, or is remembered, until then
    cases: tuple[str, ...] = ()  # those it may be about, where none or several fitted
    is_repeat: bool = False  # what was answered the first time


Result = Accepted | Refusal

Heard = Accepted | Refusal | Noted
"""What became of an event of another system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worklist:
    """One page of a list: what it shows of how many, and how many families wait to be carried forward."""

    rows: tuple[CaseView, ...]
    total: int  # also those the reader may not see
    behind: int = 0
    next: tuple[int, int, str] | None = None  # what to ask for to see the next page; None: this is the last
    spoilt: int = 0  # cases of this page whose stored rows nobody can read


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Another open case that may be about the same matter, and the fields that both answer alike."""

    case: CaseView
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeing:
    """For whom a view is made, at what instant."""

    plan: Plan
    library: Library
    now: int
    actor: Actor | None = None  # None: the host itself, who sees all
    family: Family | None = None


def works(plan: Plan, case: Case, actor: Actor) -> bool:
    """Whether they work the case: hold it, may do an action of its present state, or did one."""
    if case.assignee == actor.id or any(actor.id in done.actors for done in case.done.values()):
        return True
    here = (action for event in plan.chart.possible(case.position) for action in offered(plan, case.position, event))
    return any(not who_may_not(plan, case, action, actor) for action in here)


def is_excluded(plan: Plan, case: Case, actor: Actor) -> bool:
    """Whether `never_by` of the process names this person: who keeps out of a case does not read it either."""
    return is_named(actor.id, plan.definition.never_by, case)


def may_read(plan: Plan, case: Case, actor: Actor) -> bool:
    """Who works a case reads it; else `seen_by`, or unsaid every role named in the process; never who is excluded."""
    if is_excluded(plan, case, actor):
        return False
    if "admin" in actor.roles or works(plan, case, actor):
        return True
    whos = plan.definition.seen_by
    return is_among(actor, whos, case) if whos else bool(plan.roles.intersection(actor.roles))


def case_view(case: Case, seeing: Seeing) -> CaseView:
    """The case for this reader; who is excluded learns only which case it is, in the answer to their own command."""
    plan, definition = seeing.plan, seeing.plan.definition
    if seeing.actor is not None and is_excluded(plan, case, seeing.actor):
        return _closed_book(plan, case)
    is_open_book = seeing.actor is None or works(plan, case, seeing.actor)
    unreadable = _unreadable(case) if is_open_book else ALL_READABLE
    is_shown = is_open_book and case.private and not unreadable.fields
    return CaseView(
        id=case.id, process=case.process, version=case.version, label=definition.label,
        summary=_summary(plan, case, seeing), position=case.position.leaves, waiting_on=case.waiting,
        assignee=case.assignee, queue=case.queue,
        data=WithPrivate(case.data, case.private) if is_shown else case.data,
        known=case.known, erased=_erased(case), unreadable=unreadable,
        clocks={name: clock_view(plan, clock, case, seeing.now) for name, clock in definition.clocks.items()},
        links=case.links, opened_at=case.opened_at, closed_at=case.closed_at, outcome=case.outcome,
        revision=case.revision, sequence=case.sequence,
    )  # fmt: skip


def _erased(case: Case) -> tuple[str, ...]:
    """The fields of which a seal is left and nothing that it sealed."""
    return tuple(name for name, value in case.data.items() if name not in case.private and is_sealed(value))


def _unreadable(case: Case) -> Unreadable:
    """The fields that cannot be opened here; nothing is opened to find out."""
    trouble = case.private.trouble if isinstance(case.private, LockedValues) else None
    if trouble is None:
        return ALL_READABLE
    return Unreadable(tuple(name for name in case.data if name in case.private), trouble.message, trouble.mend)


def _closed_book(plan: Plan, case: Case) -> CaseView:
    return CaseView(
        id=case.id, process=case.process, version=case.version, label=plan.definition.label, summary={},
        position=case.position.leaves, waiting_on=(), assignee=None, queue=None, data={}, known={}, erased=(),
        clocks={}, links={},
        opened_at=case.opened_at, closed_at=case.closed_at, outcome=case.outcome, revision=case.revision,
        sequence=case.sequence,
    )  # fmt: skip


def _summary(plan: Plan, case: Case, seeing: Seeing) -> Words:
    text = plan.definition.summary
    if not text:
        return {}
    words = dict.fromkeys(plan.definition.desk.languages, text)
    sight = Sight(plan, case, seeing.family, seeing.library, seeing.now)
    return fill(words, values_of(placeholders(words), sight), sight)


def clock_view(plan: Plan, clock: Clock, case: Case, now: int) -> ClockView:
    """One promise at this instant."""
    head, calendar = case.clocks.get(clock.name, Head()), plan.calendar_of[clock.name]
    return ClockView(
        label=clock.label, status=head.status, goal=_goal_text(clock, head), cycle=head.cycle,
        started_at=head.started_at if head.cycle else None, due_at=due_at(head, calendar),
        remaining=remaining(head, now, calendar), used=used_until(head, now, calendar),
        paused=head.paused, breached_at=head.breached_at, ended_at=None if head.active else head.ended_at,
    )  # fmt: skip


def _goal_text(clock: Clock, head: Head) -> str | None:
    if head.goal is None:
        return clock.goal[0].value.text if len(clock.goal) == 1 else None
    for branch in clock.goal:
        is_length = branch.value.base == "duration"
        if is_length == (head.goal.kind == "length") and (not is_length or branch.value.offset == head.goal.value):
            return branch.value.text
    return None


def offers(case: Case, actor: Actor, seeing: Seeing) -> Iterator[Offer]:
    """Every action of the present state, whether this actor may do it now, and why not."""
    plan = seeing.plan
    shown = _answered(case) if works(plan, case, actor) else changed(case, private=EMPTY)  # who only reads sees seals
    for event in plan.chart.possible(case.position) if not case.merged_into else ():
        actions = offered(plan, case.position, event)
        if not actions:
            continue
        asking = Asking(actor, seeing.now)
        reasons = [why for action in actions for why in not_permitted(plan, case, action, asking)]
        form = plan.asked(actions).form
        yield Offer(
            action=event, label=actions[0].label, is_allowed=not reasons, reasons=tuple(_once(reasons)),
            form=tuple(form_fields(plan, form, shown)), show=form.show,
        )  # fmt: skip


def _answered(case: Case) -> Case:
    """The case without answers that cannot be opened here: a form begins without them."""
    closed = _unreadable(case).fields
    if not closed:
        return case
    return changed(case, private=EMPTY, data={name: value for name, value in case.data.items() if name not in closed})


def _once(reasons: Iterable[Reason]) -> Iterator[Reason]:
    seen: list[Reason] = []
    for one in reasons:
        if one not in seen:
            seen.append(one)
            yield one


def form_fields(plan: Plan, form: Form, case: Case | None) -> Iterator[FormField]:
    """What a form asks for, required fields first."""
    data = WithPrivate(case.data, case.private) if case is not None else EMPTY
    for names, required in ((form.require, True), (form.allow, False)):
        for name in names:
            yield FormField(field=plan.definition.fields[name], required=required, present=data.get(name))
