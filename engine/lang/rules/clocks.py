"""Rules about promises: clocks that cannot be met or never start, ladders whose rungs make no sense."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from engine.lang.rules.rule import CLOCKS, FIELDS, WAYS, Checked, Spot, rule
from engine.lang.rules.walks import Step
from engine.model import Clock, Threshold
from engine.moments import Every, Moment
from engine.timeline import DAY


@rule("clock-unmet", "warning", reads=WAYS | CLOCKS | FIELDS)
def clock_unmet(checked: Checked) -> Iterator[Spot]:
    """A way to `done` on which a promise is neither met nor cancelled by name: closing the case would hide it."""
    walks, states = checked.walks, checked.definition.states
    done = {number for number, state in walks.finals.items() if states[state].final == "done"}
    for clock in checked.definition.clocks.values() if walks.is_whole else ():
        ends = frozenset((*clock.met_by, *clock.cancelled_by))
        start, *way = checked.paths.way(partial(starts_it, clock), ends, done) or (None,)
        if start is not None:
            shown = " → ".join(f"`{_said(step.event)}`" for step in way)
            final = walks.finals[way[-1].target]
            message = (
                f"started by `{_said(start.event)}`, clock `{clock.name}` is neither met nor cancelled on the way "
            )
            message += f"{shown} to `{final}`"
            mend = "name what keeps the promise under `met_by`, or what makes it void under `cancelled_by`"
            yield Spot(checked.name(clock), message, mend)


def _said(event: str) -> str:
    """An action's name, a timer's, or what passes on by itself."""
    return event.rpartition(".")[2] if event.startswith("timer.") else event or "decide"


def starts_it(clock: Clock, step: Step) -> bool:
    """Whether a step is, or enters, a start of the clock."""
    return step.event in clock.starts or not step.entered.isdisjoint(clock.starts)


@rule("clock-never-starts", "warning", reads=WAYS | CLOCKS | FIELDS)
def clock_never_starts(checked: Checked) -> Iterator[Spot]:
    """A clock whose starts never happen."""
    for clock in checked.definition.clocks.values():
        steps = (checked.paths.opening, *checked.walks.steps)
        if checked.walks.is_whole and not any(starts_it(clock, step) for step in steps):
            message = f"clock `{clock.name}` never starts: none of its `starts` can happen"
            yield Spot(checked.key(clock, "starts"), message, "name an action or state that a case comes to")


@rule("on-reopen-unsaid", "error", reads=CLOCKS)
def on_reopen_unsaid(checked: Checked) -> Iterator[Spot]:
    """A clock of a process that opens cases again, and that does not say what then becomes of it."""
    states = checked.definition.states
    finals = {name for name, state in states.items() if state.final not in (None, "region")}
    acts = (act for act in checked.acts if finals.intersection((act.state, *act.places)))
    # An action without ways has one that is misspelt.
    again = next((act.name for act in acts if not act.to or any(branch.value != "stay" for branch in act.to)), None)
    for clock in checked.definition.clocks.values():
        if again is not None and clock.on_reopen is None:
            message = f"`{again}` opens a case again; clock `{clock.name}` does not say what then becomes of it"
            mend = "write `on_reopen:` `resume`, `restart`, `count_through` or `none`"
            yield Spot(checked.name(clock), message, mend)


@rule("pauses-on-instant", "warning", reads=())
def pauses_on_instant(checked: Checked) -> Iterator[Spot]:
    """Pauses of a clock whose goals are all instants: nothing moves those."""
    for clock in checked.definition.clocks.values():
        if not clock.goal or any(branch.value.base == "duration" for branch in clock.goal):
            continue
        for key, written in (("pauses_in", clock.pauses_in), ("pauses_when", clock.pauses_when)):
            if written:
                message = f"every goal of clock `{clock.name}` is an instant, which no pause moves"
                mend = "give it a duration as its goal, or take the pauses away"
                yield Spot(checked.key(clock, key), message, mend)


@rule("timer-longer-than-goal", "warning", reads=WAYS | CLOCKS)
def timer_longer_than_goal(checked: Checked) -> Iterator[Spot]:
    """A timer that keeps a promise only after it is broken."""
    for state in checked.definition.states.values():
        for timer in state.timers.values():
            if timer.after is None or timer.after.base != "duration":
                continue
            targets = {branch.value for branch in timer.to}
            for clock in checked.definition.clocks.values():
                goals = [branch.value.offset for branch in clock.goal if branch.value.base == "duration"]
                feeds = state.name in clock.starts and not targets.isdisjoint(clock.met_by)
                if feeds and len(goals) == len(clock.goal) and max(goals) < timer.after.offset:
                    message = f"timer `{timer.name}` comes after the goal of clock `{clock.name}`, which it meets"
                    related = ((checked.value(clock, "goal"), "the goal"),)
                    yield Spot(
                        checked.value(timer, "after"), message, "let it come earlier, or the goal later", related
                    )


# -- rhythms -----------------------------------------------------------------------------------------------------------


@rule("every-without-max", "warning", reads=())
def every_without_max(checked: Checked) -> Iterator[Spot]:
    """Something that is repeated without end."""
    for part, name in _rhythms(checked):
        if part.every is not None and part.max is None:
            message = f"{name} is repeated every `{checked.cursor(part).plain['every']}` without end"
            yield Spot(checked.key(part, "every"), message, _how_often(part.every))


def _how_often(every: Every | int) -> str:
    """How a repetition is bounded: until somebody answers, but not for ever."""
    length = every if isinstance(every, int) else every.length
    count = DAY // length if length else 0
    return f"say how often with `max`: `max: {count}` is 24h of them" if count > 1 else "say how often with `max`"


@rule("max-without-every", "error", reads=())
def max_without_every(checked: Checked) -> Iterator[Spot]:
    """A number of times for something that comes once."""
    for part, name in _rhythms(checked):
        if part.max is not None and part.every is None and "every" not in checked.cursor(part).plain:
            yield Spot(
                checked.key(part, "max"), f"{name} comes once, so `max` means nothing", "add `every`, or take it away"
            )


def _rhythms(checked: Checked) -> Iterator[tuple[Threshold, str]]:
    seen: set[int] = set()
    for clock in checked.definition.clocks.values():
        for threshold in clock.thresholds:
            if id(threshold) not in seen:
                seen.add(id(threshold))
                yield threshold, f"the threshold at `{threshold.at.text}`"
    for state in checked.definition.states.values():
        for timer in state.timers.values():
            yield timer, f"timer `{timer.name}`"  # type: ignore[misc]  # it has the same three parts


# -- ladders -----------------------------------------------------------------------------------------------------------


@rule("threshold-before-start", "warning", reads=CLOCKS)
def threshold_before_start(checked: Checked) -> Iterator[Spot]:
    """A threshold that lies before the start of every clock that climbs the ladder: it never comes."""
    climbing: dict[int, tuple[Threshold, list[int | None]]] = {}
    for clock in checked.definition.clocks.values():
        for threshold in clock.thresholds:
            points = climbing.setdefault(id(threshold), (threshold, []))[1]
            points += [point_of(threshold.at, branch.value) for branch in clock.goal]
    for threshold, points in climbing.values():
        if points and all(point is not None and point <= 0 for point in points):
            message = f"`{threshold.at.text}` lies before the start of every clock that climbs here, so it never comes"
            yield Spot(checked.value(threshold, "at"), message, "let it come later, or take it away")


def point_of(at: Moment, goal: Moment) -> int | None:
    """When a threshold comes after the start of a clock with this goal; not known of a goal that is an instant."""
    if at.base == "duration":
        return at.offset
    if goal.base != "duration":
        return None
    return goal.offset * at.count // 100 + at.offset if at.base == "percent" else goal.offset + at.offset


@rule("rungs-out-of-order", "warning", reads=CLOCKS)
def rungs_out_of_order(checked: Checked) -> Iterator[Spot]:
    """Two rungs of a ladder of which the second comes first for every clock that climbs it."""
    pairs: dict[tuple[int, int], tuple[Threshold, Threshold, list[bool | None]]] = {}
    for clock in checked.definition.clocks.values():
        for one, other in zip(clock.thresholds, clock.thresholds[1:], strict=False):
            found = pairs.setdefault((id(one), id(other)), (one, other, []))[2]
            found += [_is_crossed(one.at, other.at, branch.value) for branch in clock.goal]
    for one, other, crossed in pairs.values():
        if crossed and all(crossed):
            message = f"`{other.at.text}` comes before `{one.at.text}`, which stands above it"
            yield Spot(checked.value(other, "at"), message, "put the rungs in the order in which they come")


def _is_crossed(one: Moment, other: Moment, goal: Moment) -> bool | None:
    if one.base == other.base == "goal":
        return other.offset < one.offset
    points = point_of(one, goal), point_of(other, goal)
    return None if points[0] is None or points[1] is None else points[1] < points[0]


RULES = (
    clock_unmet, clock_never_starts, on_reopen_unsaid, pauses_on_instant, timer_longer_than_goal, every_without_max,
    max_without_every, threshold_before_start, rungs_out_of_order,
)  # fmt: skip
