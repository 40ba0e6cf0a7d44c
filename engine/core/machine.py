"""A case moves here, and only here: the one file that imports `transitions`.

Each process version has one flat ``transitions.Machine``. Its states are the positions a case can be in, its
transitions the microsteps between them; for a process without groups both are the declared ones, one to one.
`chart` works out what a microstep leaves and enters, once; `transitions` finds it, tests its guards, takes it.

Every change of state, opening and staying included, is one ``transitions.Event.trigger``. It is looked up on its class
each time, so whoever patches it counts them all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, cast

from transitions import Event, EventData, Machine, Transition

from engine.chart import NOWHERE, Arc, Chart, Microstep, Position
from engine.errors import DefinitionError
from engine.frozen import Frozen

LIMIT = 100  # microsteps in one step; more means that `decide` states run in a circle
KEEP = 20_000  # prepared events at positions, and ways on from them; beyond that the machine is built anew
WIDE = 64  # outcomes of the guards of one event at one position; more are prepared only as they are met

OPENING = "opening"
DONE = "done."
"""What follows a group's end is an arc of `done.GROUP`. It waits until it may be taken, and for ever if it stays."""

Passes = Callable[[Arc], bool]
"""Whether an arc may be taken now, by its payload. Only True says yes; asked at most once per arc and microstep."""

_Offered = tuple[tuple[Arc, ...], ...]
_Answers = tuple[tuple[Arc, bool], ...]
_Guard = Callable[..., bool | None]


class Endless(DefinitionError):
    """The process runs in a circle without coming to rest."""


class _Cursor:
    """What `transitions` moves. It lives for one trigger."""

    __slots__ = ("_passes", "answers", "state", "step")

    def __init__(self, state: str, passes: Passes) -> None:
        self.state = state
        self.step: Microstep | None = None
        self.answers: dict[Arc, bool] = {}
        self._passes = passes

    def allows(self, arc: Arc) -> bool:
        answer = self.answers.get(arc)
        if answer is None:
            answer = self.answers[arc] = self._passes(arc) is True
        return answer


class _Way(Transition):
    """A microstep between two positions."""

    def __init__(self, *args: Any, step: Microstep, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.step = step

    def execute(self, event_data: EventData) -> bool:
        """Be at the target if the guards allow. What leaving and entering mean is the microstep's work."""
        if not self._eval_conditions(event_data):
            return False
        cursor: Any = event_data.model
        cursor.state, cursor.step = self.dest, self.step
        return True


class _Event(Event):
    """An event of a machine that has no callbacks: none is looked for before, after or around a transition."""

    def _trigger(self, event_data: EventData) -> bool:
        place = cast(_Cursor, event_data.model).state
        event_data.state = self.machine.states[place]
        for way in self.transitions[place]:
            event_data.transition = way
            if way.execute(event_data):
                event_data.result = True
                break
        return event_data.result is True


class _Places(Machine):
    """The flat machine. Its guards are callables, never strings: it would import what these name, and call it."""

    event_cls = _Event
    transition_cls = _Way

    def _process(self, trigger: Callable[[], bool]) -> bool:
        """Take it at once: a machine that neither queues nor calls back is never in the middle of another."""
        return trigger()

    def place(self, position: Position) -> str:
        """The name of a position's state, which is added when it is new."""
        name = _name(position)
        if name not in self.states:
            self.add_state(name)
        return name

    def connect(self, event: str, position: Position, answers: _Answers, step: Microstep) -> Event:
        """Add a way that is open when the guards give these answers."""
        name = f"on {event}"  # never one of the names `transitions` reserves
        source, target = self.place(position), self.place(step.position)
        # In the order in which they are asked, the failing ones too: no guard is asked that need not be.
        conditions: list[str | _Guard] = [_guard(arc, answer) for arc, answer in answers]
        self.add_transition(name, source, target, conditions=conditions, step=step)
        return self.events[name]


class _Prepared(Frozen, frozen=True):
    """What an event means at a position."""

    place: str
    ended: tuple[str, ...]  # groups, whatever the event
    offered: _Offered
    trigger: Event | None  # none: nothing can be taken
    met: set[_Answers] | None  # the outcomes prepared so far, where there are too many to prepare all


class ProcessMachine:
    """The moves of one process version. Shared by its cases and by threads; holds nothing of any case."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self._events = chart.events | {OPENING}
        self._has_ends = any(event.startswith(DONE) for event in chart.events)
        self._goes_on = self._has_ends or "" in chart.events  # by itself
        self._lock = threading.Lock()
        self._forget()

    def run(self, position: Position, event: str, passes: Passes) -> Iterator[Microstep]:
        """The microsteps of one command or timer until the case rests; none at all if nothing may be taken.

        A case that is not there yet is `NOWHERE`, and its event is `OPENING`. Do the work of each microstep before
        asking for the next: later guards then see it. The event "" takes what has waited and may be taken now.
        """
        step = self.fire(position, event, passes) if event else self._follow(position, passes)
        count = 0
        while step is not None:
            count += 1
            if count > LIMIT:
                raise _endless(step.position)
            yield step
            if step.final is not None or not self._goes_on:
                return
            step = self._follow(step.position, passes)

    def offers(self, position: Position, event: str) -> list[Arc]:
        """Every arc this event might take here, so that each failing guard can be named."""
        offered = self._find(position, event).offered if event in self._events else ()
        return list(dict.fromkeys(arc for arcs in offered for arc in arcs))

    def fire(self, position: Position, event: str, passes: Passes) -> Microstep | None:
        """One microstep, or None if nothing may be taken. An error in a guard comes out as it is."""
        if event not in self._events:
            return None
        prepared = self._find(position, event)
        if prepared.trigger is None:
            return None
        cursor = _Cursor(prepared.place, passes)
        if prepared.met is not None:
            self._meet(position, event, prepared, cursor)
        prepared.trigger.trigger(cursor)
        return cursor.step

    def _follow(self, position: Position, passes: Passes) -> Microstep | None:
        """What follows by itself: arcs without event first, then groups that have come to their end."""
        step = self.fire(position, "", passes)
        if step is None and self._has_ends:
            ends = (self.fire(position, f"{DONE}{group}", passes) for group in self._find(position, "").ended)
            return next((step for step in ends if step is not None), None)
        return step

    # -- the flat machine, grown as it is used -------------------------------------------------------------------

    def _forget(self) -> None:
        self._machine = _Places(model=None, initial=None, auto_transitions=False, send_event=True)
        self._prepared: dict[tuple[Position, str], _Prepared] = {}
        self._kept = 0

    def _find(self, position: Position, event: str) -> _Prepared:
        try:
            return self._prepared[position, event]
        except KeyError:
            return self._prepare(position, event)

    def _prepare(self, position: Position, event: str) -> _Prepared:
        with self._lock:
            if (position, event) in self._prepared:
                return self._prepared[position, event]
            if self._kept >= KEEP:
                self._forget()
            offered, trigger = self.chart.offered(position, event), None
            outcomes = list(islice(_outcomes(offered, {}), WIDE + 1))
            is_wide = len(outcomes) > WIDE
            for answers in outcomes[:1] if is_wide else outcomes:
                if (step := self._step(position, event, offered, answers)) is not None:
                    trigger = self._machine.connect(event, position, answers, step)
            met = set(outcomes[:1]) if is_wide else None
            place, ended = self._machine.place(position), self.chart.ended(position)
            prepared = _Prepared(place, ended, offered, trigger, met)
            self._prepared[position, event] = prepared
            self._kept += 1 + len(outcomes)
            return prepared

    def _meet(self, position: Position, event: str, prepared: _Prepared, cursor: _Cursor) -> None:
        """Prepare the way for the answers the guards give now, if they give them for the first time."""
        for arcs in prepared.offered:
            any(cursor.allows(arc) for arc in arcs)
        answers = tuple(cursor.answers.items())
        with self._lock:
            if prepared.met is None or prepared.trigger is None or answers in prepared.met:
                return
            if self._kept >= KEEP:
                self._forget()
            if (step := self._step(position, event, prepared.offered, answers)) is not None:
                cast(_Places, prepared.trigger.machine).connect(event, position, answers, step)
            prepared.met.add(answers)
            self._kept += 1

    def _step(self, position: Position, event: str, offered: _Offered, answers: _Answers) -> Microstep | None:
        """What is taken when the guards give these answers: of each leaf's arcs the first that may be."""
        if position == NOWHERE:
            return self.chart.begin() if event == OPENING else None
        held = {arc for arc, answer in answers if answer}
        first = (next((arc for arc in arcs if arc in held), None) for arcs in offered)
        taken = tuple(dict.fromkeys(arc for arc in first if arc is not None))
        if not taken or (event.startswith(DONE) and all(arc.stays for arc in taken)):
            return None
        return self.chart.microstep(position, self.chart.without_conflicts(taken, position))


def _outcomes(offered: _Offered, known: dict[Arc, bool]) -> Iterator[_Answers]:
    """All answers that the guards can give, asked one leaf after the other until one holds."""
    for arcs in offered:
        for arc in arcs:
            if arc not in known:
                yield from _outcomes(offered, {**known, arc: True})
                yield from _outcomes(offered, {**known, arc: False})
                return
            if known[arc]:
                break
    yield tuple(known.items())


def _guard(arc: Arc, answer: bool) -> _Guard:
    def holds(event_data: Any) -> bool:
        return event_data.model.allows(arc) is answer

    return holds


def _name(position: Position) -> str:
    remembered = (f" [{state}: {' + '.join(leaves)}]" for state, leaves in position.past)
    return " + ".join(position.leaves) + "".join(remembered) or "(not opened)"


def _endless(position: Position) -> Endless:
    return Endless(
        f"the process does not come to rest: after {LIMIT} microsteps it goes on to `{_name(position)}`",
        help="look for `decide` and `done` branches that lead back to where they began",
    )
