"""One step on one case while it is being decided; `finish` makes it a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.chart import Arc, Microstep
from engine.chart.drawing import DECIDE, Way
from engine.core.alarms import armed, followed, resumed, suspended
from engine.core.audit import canonical, link
from engine.core.cases import EMPTY, ENGINE, Actor, Alarm, Case, Covered, Cycle, Done, Family, Outgoing, Step, changed
from engine.core.clocks import Event
from engine.core.effects import Queued, StepFailed, run
from engine.core.people import persons, receivers
from engine.core.plan import Plan
from engine.core.promises import advance_clocks, dues
from engine.core.sight import Context, Sight, Unknown, chosen, holds
from engine.core.texts import values_of
from engine.fields import Value
from engine.model import Action, Branch, Effect

Microsteps = Callable[[Callable[[Arc], bool]], Iterator[Microstep]]
"""What a state machine gives for a judge of its arcs."""


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
        "_waited_on", "actor", "alert", "asked", "before", "case", "context", "covered", "cycles", "events", "first",
        "happened", "is_late", "microsteps", "now", "outgoing", "plan", "private", "queued", "record", "sealed",
        "sight", "start_at",
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
        self.events: list[Event] = []
        self.queued: list[Queued] = []
        self.outgoing: list[tuple[Outgoing, tuple[str, ...]]] = []
        self.cycles: list[Cycle] = []
        self.private: Mapping[str, Value] = case.private
        self.sealed: dict[str, Value] = {}
        self.alert: Alert | None = None
        self.is_late = False  # it fell due long before anybody looked
        self.asked: dict[str, Any] = {}
        self.microsteps = 0
        self.covered: set[Covered] = set()
        self.start_at: int | None = None
        self._waited_on = case.data, case.assignee
        self.first: Sequence[Effect] = ()  # effects of the opening, before those of the states it enters

    # -- changing ------------------------------------------------------------------------------------------------

    def change(self, **changes: Any) -> None:
        """Change the case; expressions see it from now on."""
        vars(self.case).update(changes)
        if self.sight.worked_out:
            self.sight.refresh()

    def keep(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Keep these values, each right for its field; None clears, personal ones as commitments. What was kept."""
        data, kept = dict(self.case.data), {}
        for name, value in values.items():
            field = self.plan.definition.fields[name]
            if value is None:
                data.pop(name, None)
            if field.personal:
                value = self._seal(name, value)
            if value is not None:
                data[name] = value
            kept[name] = value
        self.change(data=data)
        return kept

    def _seal(self, name: str, value: Value) -> Value:
        self.sealed[name] = value
        self.private = {**self.private, name: value}
        if value is None:
            return None
        return self.context.seal(self.case, self.before.sequence + 1, name, value)

    def count(self, action: str) -> None:
        """The action was accepted: who did it how often, and which checklists it ticks."""
        case, actor = self.case, self.actor.id
        done = case.done.get(action, Done())
        actors = done.actors if actor in done.actors else (*done.actors, actor)
        needed = case.needed
        if action in self.plan.needers:
            active = self.plan.active(case.position)
            for state in self.plan.needers[action]:
                if (not state or state in active) and action not in needed.get(state, ()):
                    needed = {**needed, state: (*needed.get(state, ()), action)}
        self.happened.add(action)
        self.change(done={**case.done, action: Done(done.count + 1, actors)}, needed=needed)

    def queue(self, queued: Queued) -> None:
        """Open or tell another case once this step is whole."""
        self.queued.append(queued)

    def send(self, kind: str, receiver: str, message: str, names: tuple[str, ...], exclude: tuple[str, ...]) -> None:
        """Tell somebody; the values of the text are fixed when the step is whole."""
        self.outgoing.append((self._outgoing(kind, receiver, message, exclude=exclude), names))

    def emit(self, name: str, values: Mapping[str, Value], failed: str | None) -> None:
        """Let an event out."""
        self.outgoing.append((self._outgoing("event", name, name, values=values, failed=failed), ()))

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

    # -- moving --------------------------------------------------------------------------------------------------

    def move(self, microsteps: Microsteps, allowed: Sequence[Action] = ()) -> None:
        """Take every microstep until the case rests, doing each one's work before the next is chosen.

        `allowed` are the actions whose guards hold; other ways are judged by their branch alone.
        """

        def passes(arc: Arc) -> bool:
            way = arc.payload
            assert isinstance(way, Way)
            if way.action is not None and way.action not in allowed:
                return False
            return way.branch.when is None or holds(way.branch.when, self.sight)

        for microstep in microsteps(passes):
            self.microsteps += 1
            self._take(microstep)

    def _take(self, microstep: Microstep) -> None:
        ways: list[Way] = []
        entered: list[str] = []
        alarms, needed = dict(self.case.alarms), dict(self.case.needed)
        states = self.plan.definition.states
        again = self.plan.chart.may_return_to(microstep.position) if microstep.position.past else frozenset()
        for kind, what in microstep.work:
            if isinstance(what, Arc):
                if isinstance(what.payload, Way):
                    ways.append(what.payload)
                continue
            if kind == "exit":
                self._leave(what, alarms, needed, what in again)
            elif kind == "enter":
                entered.append(what)
                needed.pop(what, None)
                if states[what].timers:
                    alarms.update(armed(states[what], self.plan, self.case.data, self.now))
            elif kind == "return":
                self._return(what, alarms)
        self.happened.update(entered)
        self.change(position=microstep.position, alarms=alarms, needed=needed)
        if microstep.final is not None or self.case.outcome:
            self._end_or_reopen(microstep)
        self._wait()
        first, self.first = self.first, ()
        for way in ways:
            self.covered.add(("branch", id(way.branch), True))
            act = way.action or way.timer
            first = (*first, *(act.then if act else ()), *way.branch.then)
        if effects := (*first, *(effect for state in entered for effect in states[state].on_enter)):
            run(effects, self)

    def _leave(self, state: str, alarms: dict[str, Any], needed: dict[str, Any], may_return: bool) -> None:
        for name, timer in self.plan.timers_of[state]:
            alarm = alarms.pop(name, None)
            if may_return and alarm is not None:
                alarms[name] = suspended(timer, alarm, self.plan, self.now)
        if not may_return:
            needed.pop(state, None)

    def _return(self, state: str, alarms: dict[str, Any]) -> None:
        for name, timer in self.plan.timers_of[state]:
            if name in alarms:
                alarms[name] = resumed(timer, alarms[name], self.plan, self.case.data, self.now)

    def _end_or_reopen(self, microstep: Microstep) -> None:
        if microstep.final is not None:
            if self.case.outcome and self.before.position.leaves == microstep.position.leaves:
                return  # it stays closed
            plan, outcome = self.plan, self.plan.definition.states[microstep.final].final
            alarms = {n: suspended(plan.timers[n], a, plan, self.now) for n, a in self.case.alarms.items()}
            self.change(closed_at=self.now, outcome=outcome, alarms=alarms, assignee=None, queue=None)
        else:
            needed = {state: ticked for state, ticked in self.case.needed.items() if state}
            self.change(closed_at=None, outcome="", needed=needed, alarms=self._going_on())

    def _going_on(self) -> dict[str, Alarm]:
        """The alarms of a case opened again: those of states that were active all the time go on with what was left."""
        plan, case = self.plan, self.case
        active = plan.active(case.position)
        return {
            name: resumed(plan.timers[name], alarm, plan, case.data, self.now)
            if plan.timers[name].state in active else alarm
            for name, alarm in case.alarms.items()
        }  # fmt: skip

    def _wait(self) -> None:
        """Whose turn it is: what the innermost state of each leaf says."""
        self._waited_on = self.case.data, self.case.assignee
        waiting: dict[str, None] = {}
        if not self.case.outcome:
            for branches in self.plan.waits(self.case.position):
                branch: Branch[Any] | None = chosen(branches, self.sight)
                if branch is not None:
                    self.covered.add(("branch", id(branch), True))
                    waiting.update(dict.fromkeys(receivers(branch.value, self.case)))
        if tuple(waiting) != self.case.waiting:
            self.change(waiting=tuple(waiting))

    def see_whose_turn(self) -> None:
        """Decide anew whose turn it is, where what was done since may have changed it."""
        data, holder = self._waited_on
        if self.plan.waits_on_conditions or data is not self.case.data or holder != self.case.assignee:
            self._wait()

    # -- finishing -----------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """What follows from the case after: waiting decides, exclusion, whose turn it is, timers, promises."""
        plan, data = self.plan, self.case.data
        if plan.has_decides and not self.case.outcome:
            position = self.case.position
            self.move(lambda passes: plan.machine.run(position, DECIDE, passes))
            data = self.case.data
        if self.case.assignee and self.case.assignee in persons(plan.definition.never_by, self.case):
            self.change(assignee=None)
        self.see_whose_turn()
        if data is not self.before.data and self.case.alarms and not self.case.outcome:
            active = plan.active(self.case.position)
            self.change(alarms=followed(self.case.alarms, plan, data, self.now, active))
        advance_clocks(self)

    def ask(self, question: str, **values: Value) -> Any:
        """The answer to what must be looked up in other families; recorded with this step."""
        text = f"{question} {canonical(values)}"
        if not self.context.asks:
            raise StepFailed("what falls due by time cannot look up other cases")
        if text not in self.context.found:
            raise Unknown(text, question, values)
        self.asked[text] = self.context.found[text]
        return self.asked[text]

    def finish(self, order: int, **more: Any) -> Step:
        """The step as a value: the case after it, linked to the record that tells it."""
        before, case = self.before, self.case
        touched = _touched(before.data, case.data)
        record = self._record(order, touched, more)
        text, digest = link(record)
        self.change(
            sequence=before.sequence + 1, head=digest, revision=before.revision + self._revises(touched),
            next_due=self._next_due(case), private=self.private,
        )  # fmt: skip
        return Step(
            case=case, record=record, text=text, hash=digest,
            outgoing=self._fixed() if self.outgoing else (), cycles=tuple(self.cycles),
            microsteps=self.microsteps, private=self.sealed, covered=frozenset(self.covered),
        )  # fmt: skip

    def _record(self, order: int, touched: Mapping[str, Value], more: Mapping[str, Any]) -> dict[str, Any]:
        before, case = self.before, self.case
        record = {
            **self.record, **more, "case": case.id, "seq": before.sequence + 1, "order": order, "at": self.now,
            "recorded_at": self.context.clock, "prev": before.head,
            "definition": [case.process, case.version, *self.plan.hashes],
        }  # fmt: skip
        if case.position != before.position:
            if before.position.leaves:
                record["from"] = list(before.position.leaves)
            record["to"] = list(case.position.leaves)
        if touched:
            record["changed"] = touched
        if self.events:
            record["clocks"] = self.events
        was, holder = before.assignee or before.queue, case.assignee or case.queue
        if was != holder:
            record["assignee"] = [was, holder]
        if self.asked:
            record["found"] = self.asked
        return record

    def _revises(self, touched: Mapping[str, Value]) -> int:
        before, case = self.before, self.case
        is_other = touched or case.position != before.position or case.assignee != before.assignee
        return 1 if is_other or case.queue != before.queue or self.actor != ENGINE else 0

    def _next_due(self, case: Case) -> int | None:
        if not case.alarms and not case.clocks:
            return None
        alarms = [alarm.due for alarm in case.alarms.values() if alarm.due is not None]
        return min((*alarms, *dues(self.plan, case)), default=None)

    def _fixed(self) -> tuple[Outgoing, ...]:
        """Messages with the values of their placeholders, as they are when the step is whole."""
        alert, labels = self.alert, self.plan.definition.clocks
        clock = {"label": {"clock": alert.clock}, "left": alert.left} if alert and alert.clock in labels else {}
        return tuple(
            replace(message, values=values_of(names, self.sight, clock)) if names else message
            for message, names in self.outgoing
        )


def _touched(before: Mapping[str, Value], after: Mapping[str, Value]) -> dict[str, Value]:
    """The fields that are not what they were; None where one is unset now."""
    if after is before:
        return {}
    touched = {name: value for name, value in after.items() if before.get(name) != value}
    for name in before.keys() - after.keys():
        touched[name] = None
    return touched
