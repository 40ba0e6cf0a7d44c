"""Moving an open case to another version of its process: one step, as the newer version's `migrate` says.

Nothing is lost on the way: a state, promise or value of which neither version says what becomes of it is a refusal, and
so is a promise kept so far that would be missed by the move alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from engine.chart import Position
from engine.chart.drawing import is_whole
from engine.core.alarms import alarm_name, armed, followed
from engine.core.cases import Alarm, Case, Command, Head, Reason
from engine.core.draft import Draft
from engine.core.plan import Plan
from engine.core.promises.clocks import Seen, advance, remaining, settle
from engine.core.promises.step import NEW, advanced, cycle_of, turn_of
from engine.core.reasons import listed, meant, reason
from engine.core.sight import Sight
from engine.fields import Field, Value
from engine.frozen import changed
from engine.migration import Fate, Migration
from engine.model import Clock

MOVE = "(migrate)"
"""What happens to a promise that is to end or to begin with the move; no action can be called so."""


def migrate(draft: Draft, command: Command) -> list[Reason]:
    """Move the draft's case to the version that the command names, or say everything that speaks against it."""
    case, since = draft.case, draft.plan
    if case.merged_into:
        return [reason("state", "merged", case=case.id, into=case.merged_into)]
    if case.outcome:
        return [reason("state", "final", case=case.id)]
    plan = draft.context.library.plans[case.process, command.version]
    way = plan.definition.migrate.get(case.version)
    if way is None:
        name = "migrate_there" if command.version <= case.version else "migrate_unsaid"
        names: dict[str, Any] = {
            "case": case.id,
            "process": case.process,
            "since": case.version,
            "version": command.version,
        }
        return [reason("migrate", name, **names)]
    moving = _Moving(since, plan, way)
    if reasons := [
        *moving.lost_key(),
        *moving.lost_places(case.position),
        *moving.lost_values(case),
        *moving.lost_promises(case),
    ]:
        return reasons
    draft.record["migration"] = {"from": case.version, "reason": command.form.get("reason", "")}
    _go_over(draft, moving, command)
    return list(_move_promises(draft, moving))


def oversights(since: Plan, plan: Plan, way: Migration) -> list[Reason]:
    """What a migration forgets of an earlier version, whatever cases there are, and names it never had."""
    moving = _Moving(since, plan, way)
    leaves = [name for name, state in since.definition.states.items() if not state.children]
    open_ones = [name for name in leaves if since.definition.states[name].final in (None, "region")]
    found = [*moving.lost_key(), *moving.unknown_names()]
    found += [one for name in open_ones for one in moving.lost_state(name)]
    return found + [moving.lost_promise(name) for name in since.definition.clocks if not moving.knows_fate_of(name)]


class _Moving:
    """Two versions and what the newer one says of the way."""

    def __init__(self, since: Plan, plan: Plan, way: Migration) -> None:
        self.since = since
        self.plan = plan
        self.way = way
        self.versions: dict[str, Any] = {"since": since.definition.version, "version": plan.definition.version}
        self.places = {name: place for place, name in enumerate(plan.definition.states)}

    def targets(self, state: str) -> tuple[str, ...]:
        """Where cases of an earlier state go."""
        return self.way.states.get(state, (state,))

    def lost_state(self, state: str) -> Iterator[Reason]:
        """Why an earlier state has no place."""
        states = self.plan.definition.states
        for target in self.targets(state):
            if target not in states or states[target].children:
                yield reason("migrate", "migrate_state", state=state, **self.versions)
            elif states[target].final not in (None, "region"):
                yield reason("migrate", "migrate_final", state=target, **self.versions)

    def lost_key(self) -> Iterator[Reason]:
        """That a key is to be unique which was not: open cases may share one already."""
        since, plan = self.since.definition, self.plan.definition
        if plan.unique and not (since.unique and since.key == plan.key):
            yield reason("migrate", "migrate_unique", key=plan.key, **self.versions)

    def lost_places(self, position: Position) -> Iterator[Reason]:
        """Why a position has no place: states that are gone, or new ones that cannot be active together."""
        remembered = (name for state, leaves in position.past for name in (state, *leaves))
        lost = [one for name in dict.fromkeys((*position.leaves, *remembered)) for one in self.lost_state(name)]
        yield from lost
        leaves = self._in_order(position.leaves)
        if not lost and not is_whole(self.plan.definition.states, leaves):
            yield reason("migrate", "migrate_whole", states=listed(leaves), **self.versions)

    def position(self, position: Position) -> Position:
        """Where the case stands afterwards, and what is remembered of states left."""
        past: dict[str, tuple[str, ...]] = {}
        for state, leaves in position.past:
            past |= dict.fromkeys(self.targets(state), self._in_order(leaves))
        return Position(self._in_order(position.leaves), tuple(sorted(past.items(), key=lambda one: one[0])))

    def _in_order(self, leaves: Iterable[str]) -> tuple[str, ...]:
        found = dict.fromkeys(target for leaf in leaves for target in self.targets(leaf))
        return tuple(sorted(found, key=lambda name: self.places.get(name, 0)))

    def lost_values(self, case: Case) -> Iterator[Reason]:
        """Values the newer version has no field for."""
        fields, before = self.plan.definition.fields, self.since.definition.fields
        for name, value in case.data.items():
            if name in self.way.drop:
                continue
            if name not in fields or _kind(fields[name]) != _kind(before[name]) or not _is_choice(fields[name], value):
                yield reason("migrate", "migrate_field", field=name, **self.versions)

    def fate(self, clock: str) -> Fate | None:
        """What becomes of a promise; None where nothing is to be done with it."""
        return self.way.clocks.get(clock)

    def knows_fate_of(self, clock: str) -> bool:
        """Whether it is said what becomes of an earlier promise under way, or it is the same one still."""
        return self.fate(clock) is not None or self._is_same(clock)

    def _is_same(self, clock: str) -> bool:
        here = self.plan.definition.clocks.get(clock)
        return here is not None and _nature(self.plan, here) == _nature(self.since, self.since.definition.clocks[clock])

    def lost_promise(self, clock: str) -> Reason:
        """That it is not said what becomes of a promise."""
        return reason("migrate", "migrate_clock", clock=clock, **self.versions)

    def lost_promises(self, case: Case) -> Iterator[Reason]:
        """Promises under way of which it is not said what becomes of them."""
        under_way = (name for name, head in case.clocks.items() if head.active)
        yield from (self.lost_promise(name) for name in under_way if not self.knows_fate_of(name))

    def unknown_names(self) -> Iterator[Reason]:
        """Names that the earlier version never had."""
        since, plan = self.since.definition, self.plan.definition
        named: tuple[tuple[Iterable[str], Iterable[str]], ...] = (
            (self.way.states, since.states), (self.way.drop, since.fields),
            (self.way.clocks, {**since.clocks, **plan.clocks}),
        )  # fmt: skip
        for names, known in named:
            for name in names:
                if name not in known:
                    yield reason("migrate", "migrate_unknown", name=name, near=meant(name, known), **self.versions)


# -- the case ----------------------------------------------------------------------------------------------------------


def _go_over(draft: Draft, moving: _Moving, command: Command) -> None:
    """Put the case under the newer version; its promises come after."""
    case, plan = draft.case, moving.plan
    sight = Sight(plan, case, draft.sight.family, draft.context.library, draft.now)
    sight.earlier, sight.actor = draft.before, command.actor
    draft.plan, draft.sight, draft.actor = plan, sight, command.actor
    data = {name: value for name, value in case.data.items() if name not in moving.way.drop}
    position = moving.position(case.position)
    draft.change(
        version=plan.definition.version, position=position, data=data, needed=_needed(moving, case.needed),
        alarms=_alarms(draft, moving, position, data), counts=_counts(plan, case), known=_known(plan, case, data),
    )  # fmt: skip
    gone = draft.private.keys() & set(moving.way.drop)
    draft.private = {name: value for name, value in draft.private.items() if name not in gone}
    draft.sealed = {**draft.sealed, **dict.fromkeys(gone)}
    draft.decide_whose_turn()


def _counts(plan: Plan, case: Case) -> dict[str, int]:
    """What was counted at opening; of what was not, this case alone is known."""
    return dict.fromkeys(plan.definition.counts, 1) | dict(case.counts)


def _known(plan: Plan, case: Case, data: Mapping[str, Value]) -> dict[str, Mapping[str, Value]]:
    """What registers said of those whom fields name, as the newer version's registers have it."""
    fields, parties = plan.definition.fields, plan.definition.desk.parties
    return {name: parties[str(fields[name].party)].openly(said) for name, said in case.known.items() if name in data}


def _needed(moving: _Moving, needed: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Checklists go on in the states they have become."""
    found: dict[str, tuple[str, ...]] = {}
    for state, ticked in needed.items():
        found |= dict.fromkeys(moving.targets(state) if state else ("",), ticked)
    return found


def _alarms(draft: Draft, moving: _Moving, position: Position, data: Mapping[str, Value]) -> Mapping[str, Alarm]:
    """A timer of the same name goes on as it was set; one the state never had is set now."""
    plan, active, found = moving.plan, moving.plan.place(position).active, {}
    for name in sorted(active & plan.timers_of.keys()):
        found.update(armed(plan.definition.states[name], plan, data, draft.now))
    for name, alarm in draft.case.alarms.items():
        timer = moving.since.timers[name]
        for target in moving.targets(timer.state):
            if (here := alarm_name(replace(timer, state=target))) in plan.timers:
                found[here] = alarm
    return followed(found, plan, data, draft.now, active)


def _kind(field: Field) -> tuple[Any, ...]:
    of_table = field.columns if field.type == "table" else {}
    columns = {name: _kind(column) for name, column in of_table.items()}
    return field.type, field.party, field.personal, field.of.type if field.of else None, columns


def _is_choice(field: Field, value: Value) -> bool:
    return field.type != "choice" or not field.choices or value in field.choices


# -- its promises ------------------------------------------------------------------------------------------------------


def _move_promises(draft: Draft, moving: _Moving) -> Iterator[Reason]:
    """Let every promise go its way; what is kept so far must not be missed by the move alone."""
    since, plan = moving.since.definition, moving.plan.definition
    heads: dict[str, Head] = {}
    for name, clock in since.clocks.items():
        head = draft.before.clocks.get(name, NEW)
        calendar = moving.since.calendar_of[clock.name]
        if head.active:
            before = remaining(head, draft.now, calendar) or 0
            head = settle(head, draft.now, turn_of(draft.before), calendar)
            head = _moved(draft, moving, clock, head)
            if head.active and head.breached_at is None and before > 0 and _left(draft, plan.clocks[name], head) <= 0:
                yield reason("migrate", "migrate_breach", clock=name, **moving.versions)
        if name in plan.clocks:
            heads[name] = head
    for name, clock in plan.clocks.items():
        if moving.fate(name) == "start" and not heads.get(name, NEW).active:
            heads[name] = _advanced(draft, replace(clock, starts=(MOVE,)), heads.get(name, NEW))
    draft.has_moved_dues = True
    draft.change(clocks=heads)


def _left(draft: Draft, clock: Clock, head: Head) -> int:
    return remaining(head, draft.now, draft.plan.calendar_of[clock.name]) or 0


def _moved(draft: Draft, moving: _Moving, clock: Clock, head: Head) -> Head:
    """One promise under way, its time counted up to now by the earlier calendar."""
    fate, here = moving.fate(clock.name), moving.plan.definition.clocks.get(clock.name)
    if here is None or fate == "end":
        return _ended(draft, clock, head, moving)
    head = changed(head, armed_at=draft.now)  # rungs that now lie behind are climbed now, not in the past
    match fate:
        case "carry":
            return _advanced(draft, replace(here, on_change="carry"), changed(head, is_kept=False))
        case "restart":
            return _advanced(draft, replace(here, restarts_on=(MOVE,)), head)
        case "keep":
            return changed(head, is_kept=head.is_kept or _goals(clock) != _goals(here))
        case _:
            return changed(head, armed_at=draft.before.clocks[clock.name].armed_at)


def _advanced(draft: Draft, clock: Clock, head: Head) -> Head:
    seen = Seen(now=draft.now, happened=frozenset((MOVE,)), pauses=head.paused, turn=turn_of(draft.before))
    return advanced(draft, clock, head, seen)


def _ended(draft: Draft, clock: Clock, head: Head, moving: _Moving) -> Head:
    seen = Seen(now=draft.now, happened=frozenset((MOVE,)), holds=False, turn=turn_of(draft.before))
    calendar = moving.since.calendar_of[clock.name]
    over = advance(replace(clock, cancelled_by=(MOVE,)), head, seen, calendar)
    draft.events += over.events
    draft.cycles += tuple([cycle_of(draft.case.id, clock.name, cycle) for cycle in over.kept])
    return over.head


def _goals(clock: Clock) -> list[tuple[Any, ...]]:
    return [(branch.value, branch.when.text if branch.when else "") for branch in clock.goal]


def _nature(plan: Plan, clock: Clock) -> tuple[Any, ...]:
    """What a promise is, without its words and whom it tells."""
    thresholds = [(one.at, one.every, one.max, one.late, one.when.text if one.when else "") for one in clock.thresholds]
    return (
        _goals(clock), clock.starts, clock.met_by, clock.pauses_in, clock.pauses_when and clock.pauses_when.text,
        clock.cancelled_by, clock.restarts_on, clock.when and clock.when.text, clock.repeats, clock.on_change,
        clock.on_reopen, thresholds, plan.calendar_of[clock.name].document(),
    )  # fmt: skip
