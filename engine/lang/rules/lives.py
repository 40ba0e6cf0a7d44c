"""Rules about how long a promise can live: what lies after its last end, starts in its own stop, pauses in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import permutations
from typing import NamedTuple

from engine.hours import format_duration
from engine.lang.rules.clocks import point_of, starts_it
from engine.lang.rules.rule import CLOCKS, FIELDS, WAYS, Checked, Spot, rule
from engine.lang.rules.walks import Step
from engine.model import Clock, Threshold, Timer

NEVER = float("inf")


@rule("threshold-after-exit", "warning", reads=WAYS | CLOCKS | FIELDS)
def threshold_after_exit(checked: Checked) -> Iterator[Spot]:
    """A threshold that lies after every end of all clocks that climb the ladder: timers have ended them before."""
    climbing: dict[int, tuple[Threshold, list[tuple[Clock, float, int | None]]]] = {}
    for clock in checked.definition.clocks.values() if checked.walks.is_whole else ():
        longest = _Life(checked, clock).longest() if clock.thresholds else NEVER
        for threshold in clock.thresholds:
            lives = climbing.setdefault(id(threshold), (threshold, []))[1]
            lives += [(clock, longest, point_of(threshold.at, branch.value)) for branch in clock.goal]
    for threshold, lives in climbing.values():
        if lives and all(point is not None and point > longest for _, longest, point in lives):
            clock, longest, _ = max(lives, key=lambda life: life[1])
            ended = format_duration(int(longest))
            message = (
                f"`{threshold.at.text}` never comes: timers have ended clock `{clock.name}` {ended} after its start"
            )
            yield Spot(checked.value(threshold, "at"), message, "let it come earlier, or the timers later")


class _Life(NamedTuple):
    """How long one clock can run, by the timers that take a case on whatever people do."""

    checked: Checked
    clock: Clock

    def longest(self) -> float:
        """The most it can use, in ms; no number where nothing bounds it."""
        walks, clock = self.checked.walks, self.clock
        reopens = any(step.source in walks.finals for step in walks.steps)
        begins_again = clock.restarts_on or clock.repeats or clock.when or clock.on_change == "restart"
        if begins_again or (reopens and clock.on_reopen != "none"):
            return NEVER
        begun = [step for step in (self.checked.paths.opening, *walks.steps) if starts_it(clock, step)]
        running = [step.target for step in begun if not self._ends(step)]
        if any(self._stay(position) == NEVER for position in running):
            return NEVER  # most clocks, and quickly
        lives = self._lives()
        return max((lives.get(position, NEVER) for position in running), default=0 if begun else NEVER)

    def _lives(self) -> dict[int, float]:
        """The most a clock can use from each position on; those that can go round are left out."""
        walks = self.checked.walks
        stays = {position: self._stay(position) for position in range(len(walks.positions))}
        ways: dict[int, set[int]] = {position: set() for position, stay in stays.items() if stay < NEVER}
        for step in walks.steps:
            if step.source in ways and not self._ends(step) and (step.target != step.source or step.entered):
                ways[step.source].add(step.target)
        lives: dict[int, float] = {}
        known = -1
        while known < len(lives):
            known = len(lives)
            for position in sorted(ways.keys() - lives.keys(), reverse=True):  # what is found last leads on least
                if ways[position] <= lives.keys():
                    lives[position] = stays[position] + max((lives[way] for way in ways[position]), default=0)
        return lives

    def _ends(self, step: Step) -> bool:
        """Whether a step ends the clock, or the case."""
        ends = {*self.clock.met_by, *self.clock.cancelled_by}
        is_final = step.target in self.checked.walks.finals
        return is_final or step.event in ends or not step.entered.isdisjoint(ends)

    def _stay(self, position: int) -> float:
        """How long a case can stay at a position."""
        states = self.checked.definition.states
        timers = (timer for state in self.checked.walks.active(position) for timer in states[state].timers.values())
        return min(
            (timer.after.offset for timer in timers if timer.after and self._surely_leaves(timer)), default=NEVER
        )

    def _surely_leaves(self, timer: Timer) -> bool:
        """Whether a timer leaves its state, measured so that the clock uses no more than it."""
        process = self.checked.definition.calendar
        same = (timer.calendar or process) in ("always", self.clock.calendar or process)
        leaves = any(branch.when is None and branch.value != "stay" for branch in timer.to)
        stays = any(branch.value == "stay" for branch in timer.to)
        is_length = timer.after is not None and timer.after.base == "duration"
        return same and leaves and not stays and is_length and timer.when is None


# -- a promise inside another -----------------------------------------------------------------------------------------


@rule("goal-longer-than-whole", "warning", reads=WAYS | CLOCKS | FIELDS)
def goal_longer_than_whole(checked: Checked) -> Iterator[Spot]:
    """A promise of a first step with longer time than the promise of the whole, which begins with it."""
    clocks = checked.definition.clocks.values() if checked.walks.is_whole else ()
    for step, whole in permutations(clocks, 2):
        least, most = _goal(step, min), _goal(whole, max)
        if least is None or most is None or least <= most or not _counts_alike(checked, step, whole):
            continue
        if _always_first(checked, step, whole):
            message = f"clock `{step.name}` has {format_duration(least)}, but it is met before `{whole.name}` can be, "
            message += f"which begins with it and has {format_duration(most)}"
            related = ((checked.value(whole, "goal"), "the goal of the whole"),)
            yield Spot(checked.value(step, "goal"), message, "give the step less time than the whole", related)


def _goal(clock: Clock, of: Callable[[Iterable[int]], int]) -> int | None:
    """The least or the most time a clock gives; none where a goal is an instant."""
    goals = [branch.value for branch in clock.goal]
    return of(goal.offset for goal in goals) if goals and all(goal.base == "duration" for goal in goals) else None


def _counts_alike(checked: Checked, step: Clock, whole: Clock) -> bool:
    """Whether two clocks begin together and use time alike; one that pauses more has longer still."""
    process = checked.definition.calendar
    same = (step.calendar or process) == (whole.calendar or process) and set(step.starts) == set(whole.starts)
    plain = not (step.when or whole.when or whole.pauses_when or step.repeats or whole.repeats)
    return (
        same and plain and set(whole.pauses_in) <= set(step.pauses_in) and not (step.restarts_on or whole.restarts_on)
    )


def _always_first(checked: Checked, step: Clock, whole: Clock) -> bool:
    """Whether on every way the step is met before the whole is."""
    running = running_at(checked, step)
    steps = [one for one in checked.walks.steps if _meets(whole, one)]
    return bool(steps and step.met_by) and all(one.source not in running for one in steps)


def running_at(checked: Checked, clock: Clock) -> set[int]:
    """The positions at which a clock may run: begun, and neither met nor cancelled."""
    walks = checked.walks
    begun = [step for step in (checked.paths.opening, *walks.steps) if starts_it(clock, step)]
    ahead = [step.target for step in begun if not _meets(clock, step)]
    found = set(ahead)
    onward: dict[int, list[Step]] = {}
    for step in walks.steps:
        onward.setdefault(step.source, []).append(step)
    for position in ahead:  # grows while it is walked
        for step in onward.get(position, ()):
            if step.target not in found and not _meets(clock, step) and step.target not in walks.finals:
                found.add(step.target)
                ahead.append(step.target)
    return found


def _meets(clock: Clock, step: Step) -> bool:
    """Whether a step does, or enters, what keeps the promise or makes it void."""
    ends = {*clock.met_by, *clock.cancelled_by}
    return step.event in ends or not step.entered.isdisjoint(ends)


# -- stops -------------------------------------------------------------------------------------------------------------


def _stops(checked: Checked, clock: Clock, name: str) -> Iterator[tuple[str, str]]:
    """What of `met_by` and `cancelled_by` a name is, or lies in, with what that does."""
    around = [name, *checked.around(name)] if name in checked.definition.states else [name]
    for key, does in (("met_by", "meets"), ("cancelled_by", "cancels")):
        yield from ((stop, does) for stop in around if stop in getattr(clock, key))


@rule("start-in-stop", "warning", reads=())
def start_in_stop(checked: Checked) -> Iterator[Spot]:
    """A clock that is started by what stops it: the start comes last, so it runs on after its own end."""
    for clock in checked.definition.clocks.values():
        for name in clock.starts if not clock.repeats else ():
            for stop, does in _stops(checked, clock, name):
                inside = "" if stop == name else f" lies in `{stop}`, which"
                message = (
                    f"`{name}` starts clock `{clock.name}` and{inside} {does} it; the start comes last, so it runs on"
                )
                mend = "start it by what comes before its end; where each one starts the next, write `repeats: true`"
                yield Spot(checked.item(clock, "starts", name), message, mend)


@rule("pause-in-stop", "warning", reads=())
def pause_in_stop(checked: Checked) -> Iterator[Spot]:
    """A state that is to pause a clock, and ends it."""
    for clock in checked.definition.clocks.values():
        for name in clock.pauses_in:
            for stop, does in _stops(checked, clock, name):
                inside = "" if stop == name else f" lies in `{stop}`, which"
                message = f"`{name}` is to pause clock `{clock.name}`, but{inside} {does} it"
                yield Spot(checked.item(clock, "pauses_in", name), message, "let it do one of the two")


RULES = (threshold_after_exit, goal_longer_than_whole, start_in_stop, pause_in_stop)
