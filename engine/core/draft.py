"""One step on one case while it is being decided: what it has changed, noted and queued so far.

`effects`, `promises/step` and `moving` change it; `finishing` makes it a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.core.audit import new_secret
from engine.core.cases import (
    EMPTY,
    ENGINE,
    Actor,
    Case,
    Covered,
    Cycle,
    Done,
    Family,
    Outgoing,
    Reason,
    Registered,
)
from engine.core.people import receivers
from engine.core.plan import Plan
from engine.core.promises.clocks import Event
from engine.core.sight import Context, Sight, Unknown, chosen, question
from engine.fields import Value
from engine.frozen import changed, put
from engine.model import Branch, Effect, OpenCase, Tell

NEVER = Done()


class StepFailed(Exception):
    """An effect cannot be carried out: its value is not what the field holds, or its expression fails."""


class StepRefused(StepFailed):
    """An effect may not be carried out, for a reason that the rules foresee."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.words["en"])
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Queued:
    """An `open` or `tell` of a step, to be a whole step of its own behind it."""

    effect: OpenCase | Tell
    values: Mapping[str, Value]
    elsewhere: str | None = None  # the id of a case of its own family that must be opened
    refused: tuple[tuple[str, ...], ...] = ()  # why that case cannot be opened, if it was tried
    facts: Mapping[str, Value] = field(default_factory=dict)  # handed on


@dataclass(frozen=True, slots=True)
class Alert:
    """The clock on whose behalf effects run: what its message may say of it."""

    clock: str
    cycle: int
    threshold: str
    left: int


class Draft:
    """Reads and changes the case it is given; what was there before stays in `before`."""

    __slots__ = (
        "actor", "alert", "asked", "before", "case", "context", "covered", "cycles", "entered", "events", "first",
        "given", "happened", "has_moved_dues", "is_late", "is_turn_seen", "microsteps", "now", "outgoing", "plan",
        "private", "queued", "record", "registered", "sealed", "sight", "start_at",
    )  # fmt: skip

    def __init__(self, plan: Plan, case: Case, family: Family, now: int, context: Context) -> None:
        self.plan = plan
        self.before = case
        self.case = changed(case)  # ours alone until the step is finished: it is changed in place
        self.now = now
        self.context = context
        self.sight = Sight(plan, self.case, family, context.library, now)
        self.sight.earlier = case
        self.actor: Actor = ENGINE
        self.record: dict[str, Any] = {}
        self.happened: set[str] = set()
        self.given: set[str] = set()  # fields that were set or cleared
        self.events: list[Event] = []
        self.queued: tuple[Queued, ...] = ()
        self.outgoing: tuple[tuple[Outgoing, tuple[str, ...]], ...] = ()
        self.cycles: tuple[Cycle, ...] = ()
        self.registered: tuple[Registered, ...] = ()
        self.entered: Sequence[Registered] = ()  # by steps before this one that no register shows yet
        self.private: Mapping[str, Value] = case.private
        self.sealed: Mapping[str, Value] = EMPTY
        self.alert: Alert | None = None
        self.has_moved_dues = False  # a promise did more than count on: it may fall due at another instant
        self.is_late = False  # it fell due long before anybody looked
        self.is_turn_seen = False  # nothing has changed since it was decided whose turn it is
        self.asked: Mapping[str, Any] = EMPTY
        self.microsteps = 0
        self.covered: set[Covered] = set()
        self.start_at: int | None = None
        self.first: Sequence[Effect] = ()  # effects of the opening, before those of the states it enters

    # -- changing ------------------------------------------------------------------------------------------------

    def change(self, **changes: Any) -> None:
        """Change the case; expressions see it from now on."""
        for name, value in changes.items():
            self.put(name, value)

    def put(self, name: str, value: Any) -> None:
        """Change one field of the case, as every step does."""
        put(self.case, name, value)
        self.is_turn_seen = False
        if self.sight.worked_out:
            self.sight.refresh()

    def keep(self, values: Mapping[str, Value]) -> Mapping[str, Value]:
        """Keep these values, each right for its field; None clears, personal ones as commitments. What was kept."""
        self.given.update(values)
        if None not in values.values() and self.plan.kept_otherwise.isdisjoint(values):
            self.put("data", {**self.case.data, **values})
            return values
        data, kept, fields = dict(self.case.data), {}, self.plan.definition.fields
        for name, value in values.items():
            field = fields[name]
            if value is None:
                data.pop(name, None)
            elif field.roll:
                value = self.plan.calendar(None).next_opening(value)
            if field.personal:
                value = self._seal(name, value)
            if field.party:
                self._know(name, field.party, value)
            if value is not None:
                data[name] = value
            kept[name] = value
        self.put("data", data)
        return kept

    def _know(self, name: str, party: str, id: Value) -> None:
        """Keep what the register says of whom a field names from now on."""
        said = self.known_of(party, id) if id is not None else None
        if id is not None and said is None:
            raise StepFailed(f"`{id}` is not on the register of `{party}`")
        others = {field: known for field, known in self.case.known.items() if field != name}
        self.change(known={**others, name: said} if said is not None else others)

    def known_of(self, party: str, id: Value) -> Mapping[str, Value] | None:
        """What the register of a party says openly of one; None for who is not on it. Recorded with this step."""
        kept: Mapping[str, Value] | None = self.ask("party", party=party, id=id)
        for entry in (*self.entered, *self.registered):
            if (entry.party, entry.id) == (party, id):
                usual = kept if kept is not None else self.plan.definition.desk.parties[party].usual
                kept = {**usual, **entry.values}
        return kept

    def _seal(self, name: str, value: Value) -> Value:
        self.sealed = {**self.sealed, name: value}
        self.private = {**self.private, name: value}
        if value is None:
            return None
        if not self.case.secret and self.context.entropy:
            self.change(secret=new_secret(self.context.entropy, self.case.id))
        return self.context.seal(self.case, self.before.sequence + 1, name, value)

    def forget(self) -> None:
        """Let every personal value go, and the key that opens them."""
        self.sealed = {**self.sealed, **dict.fromkeys(self.private)}
        self.private = {}
        self.change(secret="")

    def count(self, action: str) -> None:
        """The action was accepted: who did it how often, and which checklists it ticks."""
        case, actor = self.case, self.actor.id
        done = case.done.get(action, NEVER)
        actors = done.actors if actor in done.actors else (*done.actors, actor)
        if action in self.plan.needers:
            needed = case.needed
            active = self.plan.place(case.position).active
            for state in self.plan.needers[action]:
                if (not state or state in active) and action not in needed.get(state, ()):
                    needed = {**needed, state: (*needed.get(state, ()), action)}
            self.put("needed", needed)
        self.happened.add(action)
        self.put("done", {**case.done, action: Done(done.count + 1, actors)})

    def queue(self, queued: Queued) -> None:
        """Open or tell another case once this step is whole."""
        self.queued += (queued,)

    def send(self, kind: str, receiver: str, message: str, names: tuple[str, ...], exclude: tuple[str, ...]) -> None:
        """Tell somebody; the values of the text are fixed when the step is whole."""
        self.outgoing += ((self._outgoing(kind, receiver, message, exclude=exclude), names),)

    def emit(self, name: str, values: Mapping[str, Value], failed: str | None) -> None:
        """Let an event out."""
        self.outgoing += ((self._outgoing("event", name, name, values=values, failed=failed), ()),)

    def _outgoing(self, receiver_kind: Any, receiver: str, name: str, **more: Any) -> Outgoing:
        alert = self.alert
        more = {"values": EMPTY, **more}
        return Outgoing(
            case=self.case.id, sequence=self.before.sequence + 1, number=len(self.outgoing), at=self.now,
            kind="emit" if receiver_kind == "event" else "notify", receiver=receiver, receiver_kind=receiver_kind,
            name=name,
            clock=alert.clock if alert else None, cycle=alert.cycle if alert else 0,
            threshold=alert.threshold if alert else None, is_late=self.is_late,
            status="imported" if self.case.importing else "waiting", **more,
        )  # fmt: skip

    def ask(self, what: str, **values: Value) -> Any:
        """The answer to what must be looked up in other families, or a register; recorded with this step."""
        text, context = question(what, **values), self.context
        if text in context.found:
            answer = context.found[text]
        elif not context.asks:
            raise StepFailed("what falls due by time cannot look up other cases, or a register")
        elif context.answer is None:
            raise Unknown(text, what, values)
        else:
            answer = context.answer(Unknown(text, what, values))
        self.asked = {**self.asked, text: answer}
        return answer

    # -- whose turn it is ----------------------------------------------------------------------------------------

    def decide_whose_turn(self) -> None:
        """Whose turn it is: what the innermost state of each leaf says."""
        case = self.case
        waiting: tuple[str, ...] = ()
        if not case.outcome:
            awaited = self.plan.place(case.position).awaited
            if awaited is None:
                waiting = self._chosen_turn()
            else:
                waiting = tuple(dict.fromkeys(receivers(awaited.whos, case))) if awaited.whos else awaited.waiting
                self.covered |= awaited.covered
        if waiting != case.waiting:
            self.put("waiting", waiting)
        self.is_turn_seen = True

    def _chosen_turn(self) -> tuple[str, ...]:
        """Whose turn it is where conditions have a say in it."""
        waiting: dict[str, None] = {}
        for branches in self.plan.place(self.case.position).waits:
            branch: Branch[Any] | None = chosen(branches, self.sight)
            if branch is not None:
                self.covered.add(("branch", id(branch), True))
                waiting.update(dict.fromkeys(receivers(branch.value, self.case)))
        return tuple(waiting)

    def see_whose_turn(self) -> None:
        """Decide anew whose turn it is, where more than the state says it and has changed since."""
        if self.is_turn_seen:
            return
        awaited = self.plan.place(self.case.position).awaited
        if awaited is None or awaited.whos:
            self.decide_whose_turn()
