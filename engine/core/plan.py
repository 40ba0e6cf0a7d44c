"""A definition made ready for deciding: its state machine, and what can be known before any case exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

from engine.calendars import Calendar
from engine.chart import Arc, Microstep, Position
from engine.chart.drawing import Way, chart_of
from engine.core.cases import Covered
from engine.core.machine import ProcessMachine
from engine.core.places import Place, Remembered, States
from engine.core.promises.listening import Heard, heard_by, watched_of
from engine.errors import VerificationFailed
from engine.expressions import Expression
from engine.fields import Field, Value
from engine.model import (
    Action,
    Assign,
    Effect,
    Form,
    Notify,
    OpenCase,
    Opening,
    ProcessDefinition,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an action asks for, in several regions together."""

    form: Form
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """What an action means where a case stands, as far as that is known before any case."""

    actions: tuple[Action, ...]  # several where regions offer it
    asked: Asked
    open_to: frozenset[str]  # roles of which one suffices: nothing but who acts has a say in whether they may
    guards: dict[str, bool]  # what a record says where all of them hold


@dataclass(frozen=True, slots=True)
class Doing:
    """What a microstep brings with it beside the move: its effects in order, and the branches it went through."""

    effects: tuple[Effect, ...]
    covered: frozenset[Covered]
    is_timed: bool  # whether a state that it enters has timers


class Plan:
    """One version of a process, ready. Shared by its cases and by threads; holds nothing of any case."""

    def __init__(self, definition: ProcessDefinition) -> None:
        self.definition = definition
        self.chart = chart_of(definition)
        self.machine = ProcessMachine(self.chart)
        self.figures: Mapping[str, Value] = {name: figure.default for name, figure in definition.figures.items()}
        self.has_regions = any(state.parallel for state in definition.states.values())
        self.has_decides = any(state.decide or state.done for state in definition.states.values())
        self.effects = tuple(self._effects())  # wherever they stand
        self.links = tuple(dict.fromkeys(one.link for one in self.effects if isinstance(one, OpenCase)))
        self._places = Remembered(partial(Place, definition))
        self._courses = Remembered(self._course)
        self._doing = Remembered(self._doing_of)
        self._heard = Remembered(self._heard_of)
        self._asked = Remembered(self._asked_by)
        self.timers_of = {  # by the name a case remembers them by
            name: tuple((f"{name}.{timer.name}", timer) for timer in state.timers.values())
            for name, state in definition.states.items()
        }
        self.timers = dict(timer for timers in self.timers_of.values() for timer in timers)
        self.hashes = (definition.behaviour_hash, definition.words_hash)
        self.calendar_of = {name: self.calendar(clock.calendar) for name, clock in definition.clocks.items()}
        self.watched = {name: watched_of(clock, definition.fields) for name, clock in definition.clocks.items()}
        self.asks_roles = frozenset(name for name, field in definition.fields.items() if _asks_role(field))
        self.needers = _needers(self.actions())
        self.keeping = tuple(one for one in definition.incoming.values() if one.otherwise == "keep")
        self.looked_up = _looked_up(definition)
        self.personal = frozenset(name for name, field in definition.fields.items() if field.personal)
        self.kept_otherwise = frozenset(name for name, field in definition.fields.items() if _is_kept_otherwise(field))
        self.on_registers = frozenset(name for name, field in definition.fields.items() if field.party)

    def calendar(self, name: str | None) -> Calendar:
        """The calendar of this name; unsaid, the process's own."""
        return self.definition.calendars[name or self.definition.calendar]

    def place(self, position: Position) -> Place:
        """What is said of the states that a case stands in."""
        return self._places[position.leaves]

    def course(self, position: Position, name: str) -> Course:
        """What this action means at a position; no actions where it is not offered."""
        return self._courses[position, name]

    def _course(self, offer: tuple[Position, str]) -> Course:
        position, name = offer
        ways = (arc.payload for arc in self.machine.offers(position, name))
        found = dict.fromkeys(way.action for way in ways if isinstance(way, Way) and way.action is not None)
        actions = tuple(found)
        open_to = (
            [_open_to(action) for action in actions] if actions and not self.place(position).excluded else [NO_ROLES]
        )
        guards = dict.fromkeys((guard.name for action in actions for guard in action.guards), True)
        return Course(actions, self.asked(actions), frozenset.intersection(*open_to), guards)

    def asked(self, actions: tuple[Action, ...]) -> Asked:
        """What these actions of one name ask for together."""
        return self._asked[actions]

    def _asked_by(self, actions: tuple[Action, ...]) -> Asked:
        facts = dict.fromkeys(name for action in actions for name in self.facts_of[action])
        return Asked(_joined([action.form for action in actions]), tuple(facts))

    def heard(self, happened: frozenset[str]) -> Heard:
        """The promises that listen to what happened in a step."""
        return self._heard[happened]

    def _heard_of(self, happened: frozenset[str]) -> Heard:
        return heard_by(self.watched, happened)

    def doing(self, microstep: Microstep) -> Doing:
        """What this microstep brings with it: effects of action or timer, then of the branch, then of the states."""
        return self._doing[microstep.arcs, microstep.entered]

    def _doing_of(self, taken: tuple[tuple[Arc, ...], States]) -> Doing:
        arcs, entered = taken
        ways = [arc.payload for arc in arcs if isinstance(arc.payload, Way)]
        effects: list[Effect] = []
        for way in ways:
            act = way.action or way.timer
            effects += (*act.then, *way.branch.then) if act else way.branch.then
        for state in entered:
            effects += self.definition.states[state].on_enter
        covered = frozenset(("branch", id(way.branch), True) for way in ways)
        return Doing(tuple(effects), covered, any(self.timers_of[state] for state in entered))

    @cached_property
    def facts_of(self) -> Mapping[Action | Opening, tuple[str, ...]]:
        """The facts that each action's expressions name."""
        acts: list[Action | Opening] = [*self.actions(), self.definition.opening]
        return {act: _facts(act) for act in acts}

    def actions(self) -> Iterator[Action]:
        """Every action, the top's first."""
        yield from self.definition.actions.values()
        for state in self.definition.states.values():
            yield from state.actions.values()

    @cached_property
    def roles(self) -> frozenset[str]:
        """Every role the process names: who acts, is waited for, told or assigned, and whom a field asks for."""
        whos = [*self.definition.opening.by, *(who for action in self.actions() for who in action.by)]
        whos += [w for s in self.definition.states.values() for branch in s.waiting_on for w in branch.value]
        whos += [who for effect in self.effects if isinstance(effect, Notify | Assign) for who in effect.who]
        asked = {field.role or (field.of.role if field.of else None) for field in self.definition.fields.values()}
        return frozenset(who.name for who in whos if who.kind == "role") | {role for role in asked if role}

    @cached_property
    def is_watchful(self) -> bool:
        """Whether it can move by itself once it has come to rest: by time, another member, or what a rest changes."""
        clocks, states = self.definition.clocks.values(), self.definition.states.values()
        conditions = [when for clock in clocks for when in (clock.when, clock.pauses_when)]
        conditions += [branch.when for clock in clocks for branch in clock.goal]
        conditions += [branch.when for state in states for branch in (*state.decide, *state.done)]
        conditions += [branch.when for state in states for branch in state.waiting_on]
        return any(when is not None and any(map(_may_change, when.names)) for when in conditions)

    def _effects(self) -> list[Effect]:
        definition = self.definition
        effects: list[Effect] = list(definition.opening.then)
        for action in self.actions():
            effects += [*action.then, *(effect for branch in action.to for effect in branch.then)]
        for state in definition.states.values():
            effects += state.on_enter
            for timer in state.timers.values():
                effects += [*timer.then, *(effect for branch in timer.to for effect in branch.then)]
            effects += [effect for branch in (*state.decide, *state.done) for effect in branch.then]
        for clock in definition.clocks.values():
            effects += [effect for threshold in clock.thresholds for effect in threshold.then]
        return effects


def _may_change(name: str) -> bool:
    """Whether what an expression reads may be otherwise though no step is taken on the case, or after one's effects."""
    return name in ("now", "case.assignee", "case.waiting_on") or name.startswith(("linked.", "clocks."))


def _needers(actions: Iterable[Action]) -> Mapping[str, tuple[str, ...]]:
    """Action → the states ("" the top) in which an action that needs it is written."""
    found: dict[str, dict[str, None]] = {}
    for action in actions:
        for need in action.needs:
            found.setdefault(need, {})[action.state] = None
    return {need: tuple(states) for need, states in found.items()}


def _looked_up(definition: ProcessDefinition) -> tuple[tuple[str, ...], ...]:
    """The fields by which other cases ask for cases of this process."""
    counted = [tuple(sorted(count.same)) for count in definition.counts.values()]
    return tuple(dict.fromkeys([*([(definition.key,)] if definition.key else []), *counted]))


NO_ROLES: frozenset[str] = frozenset()


def _open_to(action: Action) -> frozenset[str]:
    """The roles that may do this whatever the case holds and whenever it is; none where more has a say in it."""
    if action.never_by or action.needs or action.during is not None or action.within is not None:
        return NO_ROLES
    return frozenset(who.name for who in action.by if who.kind == "role")


def _is_kept_otherwise(field: Field) -> bool:
    """Whether what is given is not simply what stands in the case."""
    return field.roll or field.personal or field.party is not None


def _asks_role(field: Field) -> bool:
    return field.role is not None or (field.of is not None and field.of.role is not None)


def _joined(forms: Sequence[Form]) -> Form:
    """What several regions ask for: what one requires is required."""
    require = dict.fromkeys(name for form in forms for name in form.require)
    allow = dict.fromkeys(name for form in forms for name in form.allow if name not in require)
    return Form(tuple(require), tuple(allow), tuple(dict.fromkeys(name for form in forms for name in form.show)))


def _facts(act: Action | Opening) -> tuple[str, ...]:
    handed: set[str] = set()
    expressions = [guard.must for guard in act.guards]
    branches = act.to if isinstance(act, Action) else ()
    expressions += [branch.when for branch in branches if branch.when is not None]
    for effect in (*act.then, *(effect for branch in branches for effect in branch.then)):
        expressions += expressions_in(effect)
        handed.update(effect.facts if isinstance(effect, OpenCase) else ())
    names = (name for expression in expressions for name in expression.names if name.startswith("facts."))
    return tuple(sorted(handed.union(name.partition(".")[2].partition(".")[0] for name in names)))


def expressions_in(effect: Effect) -> Iterator[Expression]:
    """Every expression an effect evaluates."""
    if effect.when is not None:
        yield effect.when
    for attribute in ("values", "where", "key", "id"):
        found = getattr(effect, attribute, None)
        for value in found.values() if isinstance(found, Mapping) else (found,):
            cells = value.values() if isinstance(value, Mapping) else (value,)
            yield from (cell for cell in cells if isinstance(cell, Expression))


@dataclass(frozen=True, slots=True)
class Library:
    """Every version of every process that a decision may need."""

    plans: Mapping[tuple[str, int], Plan]
    published: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)  # process → (since, version)

    def plan(self, process: str, version: int) -> Plan:
        """One version; `VerificationFailed` if there is none: no case is of one that was not published."""
        try:
            return self.plans[process, version]
        except KeyError:
            raise no_plan(process, version) from None

    def newest(self, process: str, at: int) -> Plan | None:
        """The version newest at that instant; the first one before any was published."""
        versions = self.published.get(process, ())
        if not versions:
            return None
        held = [version for since, version in versions if since <= at] or [versions[0][1]]
        return self.plans[process, max(held)]


def library_in_memory(definitions: Iterable[ProcessDefinition]) -> Library:
    """These definitions, each in force from the beginning: what is played in memory."""
    plans = {(one.process, one.version): Plan(one) for one in definitions}
    return Library(plans, {process: ((0, version),) for process, version in plans})


def no_plan(process: str, version: int) -> VerificationFailed:
    """What a case of a version is met with that is not there."""
    return VerificationFailed(
        f"version {version} of `{process}` is not in this database, though there are cases of it",
        help="publish that version again, or go back to the last backup",
    )
