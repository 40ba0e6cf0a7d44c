"""A run over a family: what falls due, the command, and all that follows from each, one record after the other."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from engine.calendars import CalendarError
from engine.chart import NOWHERE
from engine.chart.drawing import timer_event
from engine.core.alarms import fired
from engine.core.attempt import Reasons, attempt
from engine.core.cases import BESIDE, EMPTY, ENGINE, Case, Command, Family, Registered, Step
from engine.core.draft import Alert, Draft, Queued, StepFailed
from engine.core.effects import run
from engine.core.finishing import finish
from engine.core.forms import read_form
from engine.core.machine import Endless
from engine.core.moving import move, settle
from engine.core.plan import Plan
from engine.core.promises.clocks import Firing as ClockFiring
from engine.core.promises.clocks import fire, firings, first_due, remaining
from engine.core.promises.step import note_fired
from engine.core.reasons import reason, rules_of
from engine.core.saying import said_of
from engine.core.sight import Context, holds
from engine.errors import EngineError
from engine.expressions import ExpressionFailed
from engine.fields import Value
from engine.frozen import changed
from engine.model import TELL_DEPTH, Form, OpenCase, Tell, Timer

SAME_INSTANT = 100  # firings of one case at one instant; more set its family aside
LATE = 60_000  # ms after its instant from which a message says that it is late


class Poisoned(EngineError):
    """The case fires without end at one instant, or its calendar has no answer."""


class Due(NamedTuple):
    """Something that falls due, ordered as time.md orders what falls due at one instant."""

    at: int
    is_breach: bool
    path: tuple[int, ...]  # root before children, children by number
    is_clock: bool
    place: tuple[int, int]  # in the definition
    case: str
    what: Timer | ClockFiring


class Pending(NamedTuple):
    """An effect waiting to be a step of its own."""

    teller: str
    queued: Queued
    depth: int


class Run:
    """Collects steps. The cases it was given stay as they were."""

    def __init__(self, root: str, cases: Mapping[str, Case], context: Context) -> None:
        self.root = root
        self.cases = dict(cases)
        self._family = Family(root, self.cases)  # grows with them
        self.context = context
        self.steps: list[Step] = []
        self.elsewhere: list[Command] = []
        self.entered: tuple[Registered, ...] = ()  # by the steps so far
        start = self.cases.get(root)
        self.floor = start.floor if start else 0
        self.order = start.order if start else 0

    @property
    def family(self) -> Family:
        """The family as it stands, its floor and order on the root."""
        root = self.cases[self.root]
        if root.floor != self.floor or root.order != self.order:
            self.cases[self.root] = changed(root, floor=self.floor, order=self.order)
        return self._family

    def plan(self, case: Case) -> Plan:
        """The plan of the case's version."""
        return self.context.library.plans[case.process, case.version]

    def draft(self, case: Case, now: int) -> Draft:
        """A step on this case, not decided yet."""
        context = self.context
        draft = Draft(context.library.plans[case.process, case.version], case, self._family, now, context)
        if self.entered:
            draft.entered = self.entered
        return draft

    def commit(self, draft: Draft, said: Mapping[str, Any]) -> Step:
        """Make the draft a step; what it changes in others, and what it opens and tells, is not done yet."""
        self.order += 1
        name = draft.case.id
        step = finish(draft, said, self.order, self.floor if name == self.root else None)
        self.cases[name] = step.case
        self.steps.append(step)
        if step.registered:
            self.entered += step.registered
        return step

    # -- a command -----------------------------------------------------------------------------------------------

    def command(self, command: Command, case: Case, now: int) -> Reasons:
        """One whole step and what follows from it, or the reasons why not; then nothing has happened."""
        draft = self.draft(case, now)
        if command.schedule:
            draft.is_late = self.context.clock - now > LATE
        reasons = attempt(draft, command)
        if reasons:
            return reasons
        until = now + 1 if command.schedule else now
        if until > self.floor:
            self.floor = until
        try:
            self.commit(draft, said_of(command, now, self.context.clock) if self.context.is_kept else EMPTY)
            if (draft.queued or self._is_watchful()) and command.verb not in BESIDE:
                self.follow(draft, now)
        except Poisoned:
            return [reason("error", "endless", action=command.name)]
        except CalendarError as failed:
            return [reason("error", action=command.name, problem=str(failed))]
        return []

    def refuse(self, command: Command, case: Case, now: int, reasons: Reasons) -> None:
        """Record that it was refused, why, and with what form; personal values are left out."""
        definition = self.plan(case).definition
        fields = {name: field for name, field in definition.fields.items() if not field.personal}
        form: Mapping[str, Value] = {}
        if command.verb != "attach":  # what a file is called is as private as what is in it
            form, _ = read_form(Form(allow=tuple(fields)), fields, command, definition.desk, command.name)
        read = {name: value for one in reasons for name, value in one.read}
        why = {"refused": rules_of(reasons), "form": form, "read": read}
        self.refuse_as(command, case, now, {name: value for name, value in why.items() if value})

    def refuse_as(self, command: Command, case: Case, now: int, why: Mapping[str, Any]) -> None:
        """Record a refusal; the case stays as it is."""
        self.floor = max(self.floor, now)
        self.commit(self.draft(case, now), {**said_of(command, now, self.context.clock), **why})

    # -- what follows --------------------------------------------------------------------------------------------

    def follow(self, draft: Draft, now: int) -> None:
        """What a step changes in the family, and its `open` and `tell` effects, each a whole step, theirs behind."""
        waiting = deque((*_pending(draft, 1), *self._judge(now, 1)))
        while waiting:
            pending = waiting.popleft()
            for other in self._consequences(pending, now):
                waiting += (*_pending(other, pending.depth + 1), *self._judge(now, pending.depth + 1))

    def _consequences(self, pending: Pending, now: int) -> Iterator[Draft]:
        effect = pending.queued.effect
        if pending.depth > TELL_DEPTH:
            yield self._refused(pending, rules_of([reason("depth", effect=_verb(effect), limit=TELL_DEPTH)]), now)
        elif isinstance(effect, OpenCase):
            yield from self._open(pending, effect, now)
        else:
            for target in self._targets(pending.teller, effect):
                yield from self._tell(pending, effect, target, now)

    def _open(self, pending: Pending, effect: OpenCase, now: int) -> Iterator[Draft]:
        teller = self.cases[pending.teller]
        plan = self.context.library.newest(effect.process, now)
        if plan is None:
            yield self._refused(pending, rules_of([reason("open", "no_process", process=effect.process)]), now)
            return
        own_family = pending.queued.elsewhere
        if pending.queued.refused:
            yield self._refused(pending, [list(rule) for rule in pending.queued.refused], now)
            return
        child = f"{teller.id}.{teller.children + 1}"
        command = Command(
            verb="open", case=own_family or child, name=effect.process, actor=ENGINE, form=pending.queued.values,
            facts=pending.queued.facts, version=plan.definition.version, importing=teller.importing, is_stored=True,
        )  # fmt: skip
        if own_family:
            if own_family not in {each.case for each in self.elsewhere}:
                self.elsewhere.append(command)
            return
        draft, reasons = self.child(teller, effect.link, command, now)
        yield self._refused(pending, rules_of(reasons), now) if reasons else draft

    def child(self, teller: Case, link: str, command: Command, now: int) -> tuple[Draft, Reasons]:
        """Open a child of a case; it is linked with it unless the opening was refused."""
        plan = self.context.library.plans[command.name, command.version or 0]
        case = newborn(plan, command.case, now).but(
            root=self.root, parent=teller.id, ordinal=teller.children + 1, importing=teller.importing
        )
        draft, reasons = self._step(case, command, now)
        if not reasons:
            teller = self.cases[teller.id]
            links = {**teller.links, link: command.case}
            self.cases[teller.id] = changed(teller, children=teller.children + 1, links=links)
        return draft, reasons

    def _step(self, case: Case, command: Command, now: int) -> tuple[Draft, Reasons]:
        draft = self.draft(case, now)
        reasons = attempt(draft, command)
        if not reasons:
            self.commit(draft, said_of(command, now, self.context.clock))
        return draft, reasons

    def _targets(self, teller: str, effect: Tell) -> tuple[str | None, ...]:
        case = self.cases[teller]
        if effect.target == "self":
            return (teller,)
        if effect.target == "parent":
            return (case.parent,)
        if effect.target == "children":
            return tuple(c.id for c in self.cases.values() if c.parent == teller and not c.outcome)
        return (case.links.get(effect.target),)

    def _tell(self, pending: Pending, effect: Tell, target: str | None, now: int) -> Iterator[Draft]:
        if target is None or target not in self.cases:
            yield self._refused(pending, rules_of([reason("state", "no_case", link=effect.target)]), now)
        else:
            command = Command(
                verb="tell", case=target, name=effect.action, actor=ENGINE, form=pending.queued.values, is_stored=True
            )
            draft, reasons = self._step(self.cases[target], command, now)
            yield self._refused(pending, rules_of(reasons), now, target) if reasons else draft

    def _refused(self, pending: Pending, rules: list[list[str]], now: int, target: str = "") -> Draft:
        """A refused `tell` or `open` is a record on the teller, and the step stands."""
        effect = pending.queued.effect
        name = effect.action if isinstance(effect, Tell) else effect.process
        draft = self.draft(self.cases[pending.teller], now)
        draft.record["refused"] = rules
        if target:
            draft.record["told"] = target
        self.commit(draft, {"verb": f"{_verb(effect)} refused", "name": name, "actor": ENGINE.id})
        return draft

    def _judge(self, now: int, depth: int) -> list[Pending]:
        """After every record: waiting `decide`s and what clocks read of others; each change is a record there."""
        waiting: list[Pending] = []
        if not self._is_watchful():
            return waiting
        for _ in range(SAME_INSTANT):
            drafts = [draft for case in tuple(self.cases.values()) if (draft := self._judge_one(case, now)) is not None]
            if not drafts:
                return waiting
            waiting += (pending for draft in drafts for pending in _pending(draft, depth))
        raise Poisoned(f"the family of `{self.root}` changes without end; look for states that decide in a circle")

    def _is_watchful(self) -> bool:
        plans = self.context.library.plans
        for case in self.cases.values():
            if plans[case.process, case.version].is_watchful:
                return True
        return False

    def _judge_one(self, case: Case, now: int) -> Draft | None:
        if case.outcome or not self.plan(case).is_watchful:
            return None
        draft = self.draft(case, now)
        try:
            settle(draft)
        except (ExpressionFailed, StepFailed, Endless):
            return None  # no answer is no yes; the step that comes to it by command says so
        if not draft.microsteps and not draft.events and draft.case.waiting == case.waiting:
            return None
        self.commit(draft, {"verb": "judge", "name": "", "actor": ENGINE.id})
        return draft

    # -- what falls due ------------------------------------------------------------------------------------------

    def carry(self, until: int, limit: int) -> bool:
        """Fire what is due before `until`, in order; whether more is left than the limit allowed."""
        count: Counter[tuple[str, int]] = Counter()
        for _ in range(limit):
            due = self.next_due(until)
            if due is None:
                return False
            count[due.case, due.at] += 1
            if count[due.case, due.at] > SAME_INSTANT:
                raise Poisoned(f"`{due.case}` fires more than {SAME_INSTANT} times at one instant")
            try:
                self.fire(due)
            except CalendarError as failed:
                raise Poisoned(f"`{due.case}`: {failed}") from failed
        return self.next_due(until) is not None

    def next_due(self, until: int) -> Due | None:
        """What falls due first before `until`."""
        early = [case.next_due for case in self.cases.values() if case.next_due is not None and case.next_due < until]
        if not early:
            return None
        at = min(early)
        return min(one for case in self.cases.values() if case.next_due == at for one in self._due(case, at))

    def _due(self, case: Case, at: int) -> Iterator[Due]:
        """What of a case falls due at this instant."""
        plan, path = self.plan(case), self._path(case)
        for place, (name, timer) in enumerate(plan.timers.items() if case.alarms else ()):
            alarm = case.alarms.get(name)
            if alarm is not None and alarm.due == at:
                yield Due(at, False, path, False, (place, 0), case.id, timer)
        for place, (name, clock) in enumerate(plan.definition.clocks.items()):
            head = case.clocks.get(name)
            if head is None or not head.active or first_due(clock, head, plan.calendar_of[name]) != at:
                continue
            for firing in firings(clock, head, plan.calendar_of[name]):
                if firing.due == at:
                    yield Due(at, firing.is_breach, path, True, (place, firing.rank), case.id, firing)

    def _path(self, case: Case) -> tuple[int, ...]:
        path: tuple[int, ...] = ()
        while case.parent is not None:
            path = (case.ordinal, *path)
            case = self.cases[case.parent]
        return path

    def fire(self, due: Due) -> None:
        """One firing at its own instant, and what follows from it."""
        draft = self._marked(due)
        try:
            _perform(draft, due)
            settle(draft)
        except (ExpressionFailed, StepFailed, Endless) as failed:
            draft = self._marked(due)
            draft.record["error"] = str(failed)
        self.floor = max(self.floor, due.at + 1)
        self.commit(draft, {"actor": ENGINE.id})
        if draft.queued or self._is_watchful():
            self.follow(draft, due.at)

    def _marked(self, due: Due) -> Draft:
        """A draft in which it has fired, whatever comes of its effects."""
        draft = self.draft(self.cases[due.case], due.at)
        draft.is_late = self.context.clock - due.at > LATE
        if isinstance(due.what, Timer):
            _mark_timer(draft, due.what)
        else:
            _mark_clock(draft, due.what)
        return draft


def _pending(draft: Draft, depth: int) -> list[Pending]:
    return [Pending(draft.case.id, queued, depth) for queued in draft.queued] if draft.queued else []


def _verb(effect: Tell | OpenCase) -> str:
    return "tell" if isinstance(effect, Tell) else "open"


def _mark_timer(draft: Draft, timer: Timer) -> None:
    name = f"{timer.state}.{timer.name}"
    alarm = fired(timer, draft.case.alarms[name], draft.plan)
    draft.record.update(verb="timer", name=name, count=alarm.count)
    draft.change(alarms={**draft.case.alarms, name: alarm})


def _mark_clock(draft: Draft, firing: ClockFiring) -> None:
    calendar = draft.plan.calendar_of[firing.clock]
    head, events = fire(draft.case.clocks[firing.clock], firing)
    verb = "breach" if firing.is_breach else "threshold"
    draft.record.update(verb=verb, name=firing.clock)
    note_fired(draft, firing.clock, head, events)
    if firing.threshold is not None:
        left = max(remaining(head, draft.now, calendar) or 0, 0)
        draft.alert = Alert(firing.clock, head.cycle, firing.threshold.at.text, left)


def _perform(draft: Draft, due: Due) -> None:
    what = due.what
    if isinstance(what, Timer):
        if holds(what.when, draft.sight):
            move(draft, timer_event(what))
        if not draft.microsteps:
            draft.record["not_applicable"] = True
    elif what.threshold is not None:
        if holds(what.threshold.when, draft.sight):
            run(what.threshold.then, draft)
        else:
            draft.record["not_applicable"] = True


def newborn(plan: Plan, case: str, now: int) -> Case:
    """A case before its opening."""
    definition = plan.definition
    data = {name: field.default for name, field in definition.fields.items() if field.default is not None}
    return Case(
        id=case, root=case, process=definition.process, version=definition.version, position=NOWHERE, data=data,
        opened_at=now,
    )  # fmt: skip
