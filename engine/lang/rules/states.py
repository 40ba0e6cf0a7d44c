"""Rules about states: whether each can be reached and left, who is waited for, what ends a case."""

from __future__ import annotations

from collections.abc import Iterator

from engine.chart import Arc
from engine.lang.rules.rule import FIELDS, WAYS, Checked, Spot, rule
from engine.lang.rules.walks import Walks
from engine.model import Action, State, Timer, Who


@rule("unreachable-state", "warning", reads=WAYS)
def unreachable_state(checked: Checked) -> Iterator[Spot]:
    """A state to which nothing leads."""
    walks = checked.walks
    reached = walks.reached()
    for name, state in checked.definition.states.items():
        if walks.is_whole and name not in reached and (not state.parent or state.parent in reached):
            mend = "let an action, timer or branch go to it, or take it away"
            yield Spot(checked.name(state), f"nothing leads to state `{name}`", mend)


@rule("trap", "error", reads=WAYS)
def trap(checked: Checked) -> Iterator[Spot]:
    """States from which a case can never end."""
    walks, states = checked.walks, checked.definition.states
    if not any(state.final in ("done", "failed", "cancelled") for state in states.values()):
        mend = "write `final: done` in the state that ends it"
        found = checked.known.outline.root.get("states")
        yield Spot(found.name_span if found else checked.name(None), "no state ends the case", mend)
        return
    ending = walks.before(walks.finals)
    caught = {number for number in range(len(walks.positions)) if number not in ending} if walks.is_whole else set()
    told: set[str] = set()
    while caught:
        trap = _innermost(walks, next(iter(caught)))
        told |= {leaf for number in trap for leaf in walks.positions[number].leaves}
        caught -= walks.before(trap)
    for name in (name for name in states if name in told):
        message = f"from state `{name}` the case can never end"
        mend = "give it an action, timer or branch that leads to a final state"
        there = {number for number, at in enumerate(walks.positions) if name in at.leaves}
        if walks.after(there) == there:
            mend = "if a case ends there, write `final: done`; if not, give it an action, timer or branch"
        yield Spot(checked.name(states[name]), message, mend)


def _innermost(walks: Walks, start: int) -> set[int]:
    """The positions in which a case that comes from there goes round for ever."""
    while True:
        onward = walks.after([start])
        leaving = onward - walks.before([start])
        if not leaving:
            return onward
        start = next(iter(leaving))


@rule("final-waits", "error", reads=())
def final_waits(checked: Checked) -> Iterator[Spot]:
    """A final state with timers, branches or somebody to wait for: all that is over when a case ends."""
    for name, state in checked.definition.states.items():
        if state.final in (None, "region"):
            continue
        for key, written in (("timers", state.timers), ("decide", state.decide), ("waiting_on", state.waiting_on)):
            if written:
                message = f"state `{name}` ends the case, so its `{key}` means nothing"
                yield Spot(checked.key(state, key), message, "take it away, or let another state come first")


@rule("final-stays", "error", reads=())
def final_stays(checked: Checked) -> Iterator[Spot]:
    """An action of a final state that does not open the case again."""
    for name, state in checked.definition.states.items():
        if state.final in (None, "region"):
            continue
        for action in state.actions.values():
            if any(branch.value == "stay" for branch in action.to):
                message = f"action `{action.name}` stays in `{name}`, which ends the case"
                mend = "actions of a final state open the case again: let it go to a state that is not final"
                yield Spot(checked.value(action, "to"), message, mend)


@rule("nobody-waits", "warning", reads=WAYS)
def nobody_waits(checked: Checked) -> Iterator[Spot]:
    """A state that says nowhere whose turn it is: its cases are in nobody's list."""
    states = checked.definition.states
    for state in checked.leaves():
        passes = bool(state.decide) and state.decide[-1].when is None
        around = (states[name].waiting_on for name in checked.around(state.name))
        if not (state.final or passes or state.waiting_on or any(around)):
            message = f"state `{state.name}` waits on nobody, so its cases stand in nobody's list"
            yield Spot(checked.name(state), message, "say whose turn it is: `waiting_on: …`")


@rule("waits-for-idle", "warning", reads=WAYS | FIELDS)
def waits_for_idle(checked: Checked) -> Iterator[Spot]:
    """A state that waits on somebody who can do nothing there."""
    offered = _offered(checked)
    for state in checked.leaves():
        acts = offered.get(state.name, {})
        if not acts:
            continue
        for who in (who for branch in state.waiting_on for who in branch.value):
            if who.kind in ("role", "field") and not any(_may(checked, who, action) for action in acts):
                said = f"`{who.name}`" if who.kind == "role" else f"`case.{who.name}`"
                message = f"state `{state.name}` waits on {said}, who can do nothing there"
                mend = "give them an action of the state, or say who it really waits on"
                yield Spot(checked.cursor(who).span, message, mend)


def _offered(checked: Checked) -> dict[str, dict[Action, None]]:
    """Leaf → the actions by which somebody can work on a case there; a note that leaves all as it is does not count."""
    found: dict[str, dict[Action, None]] = {}
    for step in checked.walks.steps:
        for action in (way.action for way in step.ways if way.action is not None):
            if action.state or any(branch.value != "stay" for branch in action.to):
                for leaf in checked.walks.positions[step.source].leaves:
                    found.setdefault(leaf, {})[action] = None
    return found


def _may(checked: Checked, waited: Who, action: Action) -> bool:
    fields = checked.definition.fields

    def role_of(who: Who) -> str | None:
        return who.name if who.kind == "role" else fields[who.name].role if who.name in fields else None

    wanted = role_of(waited)
    for who in action.by:
        if who == waited or who.kind in ("waiting_on", "assignee", "did"):
            return True
        if wanted is not None and role_of(who) == wanted and "role" in (who.kind, waited.kind):
            return True
    return False


@rule("nothing-to-return-to", "error", reads=WAYS)
def nothing_to_return_to(checked: Checked) -> Iterator[Spot]:
    """A `previous` that can come where nothing is remembered."""
    for origin, arcs in _returning(checked):
        if not origin.state:  # where several regions are active, another rule speaks
            arcs = [(number, arc) for number, arc in arcs if len(checked.walks.positions[number].leaves) == 1]
        empty = next((number for number, arc in arcs if not _can_return(checked, number, arc)), None)
        if empty is not None:
            leaf = " and ".join(f"`{name}`" for name in checked.walks.positions[empty].leaves)
            message = f"there is nothing to go back to where the case came to {leaf} by opening"
            yield Spot(checked.value(origin, "to"), message, "name the state to go to")


def _can_return(checked: Checked, number: int, arc: Arc) -> bool:
    return checked.walks.chart.can_return(checked.walks.positions[number], arc)


Returning = list[tuple[int, Arc]]


def _returning(checked: Checked) -> Iterator[tuple[Action | Timer, Returning]]:
    """Everything that returns, with the positions at which it may come and its arc there."""
    walks = checked.walks
    numbers = [number for number in range(len(walks.positions)) if number not in walks.finals]
    timers = [timer for state in checked.definition.states.values() for timer in state.timers.values()]
    origins: list[Action | Timer] = [*checked.acts, *timers]
    for origin in origins:
        if not any(branch.value == "previous" for branch in origin.to):
            continue
        places = [origin.state] if origin.state else sorted(getattr(origin, "places", ())) or [""]
        found: Returning = []
        for number in numbers:
            active = walks.active(number)
            here = [place for place in places if not place or place in active]
            found += [(number, Arc(place, origin.name, recall=origin.state)) for place in here[:1]]
        yield origin, found


@rule("return-in-regions", "error", reads=WAYS)
def return_in_regions(checked: Checked) -> Iterator[Spot]:
    """A top action that returns while several regions are active: it cannot say which."""
    walks = checked.walks
    for origin, arcs in _returning(checked):
        several = next((number for number, _ in arcs if len(walks.positions[number].leaves) > 1), None)
        if not origin.state and several is not None:
            leaves = " and ".join(f"`{name}`" for name in walks.positions[several].leaves)
            message = f"action `{origin.name}` returns to the previous state where {leaves} are active at once"
            yield Spot(checked.value(origin, "to"), message, "write it into the states from which it returns")


@rule("decide-cycle", "error", reads=WAYS)
def decide_cycle(checked: Checked) -> Iterator[Spot]:
    """States that pass a case on in a circle without anything happening."""
    onward: dict[str, dict[str, None]] = {}
    for state in checked.definition.states.values():
        for branch in state.decide:
            onward.setdefault(state.name, {})[branch.value] = None
    yield from _circles(checked, onward, "decide", "`decide` passes the case on in a circle")


@rule("timer-cycle", "error", reads=WAYS)
def timer_cycle(checked: Checked) -> Iterator[Spot]:
    """Timers at instants of fields that send a case in a circle: once past, they all fire at once."""
    onward: dict[str, dict[str, None]] = {}
    for state in checked.definition.states.values():
        for timer in state.timers.values():
            if timer.at is not None and timer.at.field:
                for branch in timer.to:
                    onward.setdefault(state.name, {})[branch.value] = None
    yield from _circles(
        checked, onward, "timers", "timers send the case in a circle as soon as their instants are past"
    )


def _circles(checked: Checked, onward: dict[str, dict[str, None]], key: str, said: str) -> Iterator[Spot]:
    told: set[str] = set()
    for start in onward:
        way = _way_back(start, onward)
        if way and start not in told:
            told |= set(way)
            shown = " → ".join(f"`{name}`" for name in (*way, start))
            state = checked.definition.states[start]
            yield Spot(checked.key(state, key), f"{said}: {shown}", "let one of these states wait for an action")


def _way_back(start: str, onward: dict[str, dict[str, None]]) -> list[str]:
    ahead = [[start]]
    seen: set[str] = set()
    while ahead:
        way = ahead.pop(0)
        for target in onward.get(way[-1], ()):
            if target == start:
                return way
            if target not in seen:
                seen.add(target)
                ahead.append([*way, target])
    return []


@rule("same-action-in-regions", "warning", reads=WAYS)
def same_action_in_regions(checked: Checked) -> Iterator[Spot]:
    """One action offered by two regions: both take it at once."""
    for group in (state for state in checked.definition.states.values() if state.parallel):
        first: dict[str, tuple[str, Action]] = {}
        for region in group.children:
            for action in _inside(checked, region):
                other = first.setdefault(action.name, (region, action))
                if other[0] != region:
                    message = f"regions `{other[0]}` and `{region}` both offer `{action.name}`, so both take it at once"
                    related = ((checked.name(other[1]), "the other one"),)
                    yield Spot(checked.name(action), message, "give one of them another name", related)


def _inside(checked: Checked, state: str) -> Iterator[Action]:
    found = checked.definition.states[state]
    yield from found.actions.values()
    for child in found.children:
        yield from _inside(checked, child)


@rule("restarts-regions", "warning", reads=WAYS)
def restarts_regions(checked: Checked) -> Iterator[Spot]:
    """A way from one region into another, or to the group itself: all its regions begin anew."""
    states = checked.definition.states
    for action in (action for action in checked.acts if action.state):
        own = [action.state, *checked.around(action.state)]
        for branch in action.to:
            if branch.value not in states:
                continue
            target = [branch.value, *checked.around(branch.value)]
            group = next((name for name in own if states[name].parallel and name in target), None)
            if group is None or group == action.state or _region(own, group) == _region(target, group):
                continue
            message = f"going from `{action.state}` to `{branch.value}` begins all regions of `{group}` anew"
            yield Spot(checked.value(action, "to"), message, "stay inside the region, or leave the group")


def _region(way: list[str], group: str) -> str:
    """Of a state with those around it, the region of a group in which it lies."""
    place = way.index(group)
    return way[place - 1] if place else ""


@rule("removed-not-offered", "warning", reads=WAYS)
def removed_not_offered(checked: Checked) -> Iterator[Spot]:
    """An action taken away where nothing offers it."""
    states = checked.definition.states
    for state in states.values():
        for name in sorted(state.removed):
            if not any(_is_offered(checked, state, action) for action in checked.acts if action.name == name):
                message = f"`{name}` is not offered in `{state.name}`, so there is nothing to take away"
                yield Spot(checked.key(state, "actions", name), message, "take this line away")


def _is_offered(checked: Checked, state: State, action: Action) -> bool:
    here = {state.name, *checked.around(state.name)}
    places = action.places or ({action.state} if action.state else set())
    if not places or places & here:
        return True
    return any(place in active and state.name in active for place in places for active in _actives(checked))


def _actives(checked: Checked) -> Iterator[frozenset[str]]:
    return (checked.walks.active(number) for number in range(len(checked.walks.positions)))


@rule("same-label", "warning", reads=())
def same_label(checked: Checked) -> Iterator[Spot]:
    """Two states, or two actions of one state, that people cannot tell apart."""
    groups: list[list[State] | list[Action]] = [list(checked.definition.states.values())]
    groups += [list(state.actions.values()) for state in checked.definition.states.values()]
    groups.append([action for action in checked.definition.actions.values() if not action.places])
    for group in groups:
        first: dict[tuple[str, str], State | Action] = {}
        for part in group:
            for language, label in part.label.items():
                other = first.setdefault((language, label), part)
                if other is not part:
                    message = f"`{other.name}` and `{part.name}` are both called “{label}”"
                    related = ((checked.value(other, "label"), "the other one"),)
                    yield Spot(checked.value(part, "label"), message, "give each a label of its own", related)
                    break


RULES = (
    unreachable_state, trap, final_waits, final_stays, nobody_waits, waits_for_idle, nothing_to_return_to,
    return_in_regions, decide_cycle, timer_cycle, same_action_in_regions, restarts_regions, removed_not_offered,
    same_label,
)  # fmt: skip
