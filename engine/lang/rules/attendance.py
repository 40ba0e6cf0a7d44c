"""Rules about whether somebody can act: at every hour that counts, and whatever the case's data are."""

from __future__ import annotations

from collections.abc import Iterator

from engine.calendars import Calendar
from engine.expressions import Expression
from engine.lang.rules.lives import running_at
from engine.lang.rules.rule import FIELDS, WAYS, Checked, Spot, rule
from engine.lang.rules.samples import Point, Samples, samples_of
from engine.lang.rules.walks import Step
from engine.model import Action, AppendTo, ClearFields, Clock, SetFields, State, UpdateRows
from engine.values import show_instant

SOME_MONDAY = 1_772_409_600_000  # 2026-03-02 in UTC: rules read no clock
QUARTER, QUARTERS_OF_A_WEEK = 900_000, 7 * 24 * 4


def _steps_from(checked: Checked, leaf: State) -> list[Step]:
    """What can happen to a case in a leaf."""
    positions = checked.walks.positions
    return [step for step in checked.walks.steps if leaf.name in positions[step.source].leaves]


def _acts(steps: list[Step]) -> list[Action]:
    return list(dict.fromkeys(way.action for step in steps for way in step.ways if way.action is not None))


def _onward(checked: Checked, leaf: State) -> list[Action]:
    """The actions that take a case on from a leaf; none where it ends, or something takes it on without anybody."""
    steps = [] if leaf.final else _steps_from(checked, leaf)
    if any(way.action is None for step in steps for way in step.ways):
        return []
    return [act for act in _acts(steps) if any(branch.value != "stay" for branch in act.to)]


# -- hours -------------------------------------------------------------------------------------------------------------


@rule("nobody-at-times", "warning")
def nobody_at_times(checked: Checked) -> Iterator[Spot]:
    """A state in which nobody may act at times that a clock counts, and no timer helps."""
    definition = checked.definition
    for leaf in checked.leaves():
        onward = _onward(checked, leaf)
        names = sorted({act.during for act in onward if act.during is not None})
        if not onward or any(act.during is None for act in onward):
            continue
        for clock in _running_in(checked, leaf):
            counting = definition.calendars[clock.calendar or definition.calendar]
            at = _uncovered(counting, [definition.calendars[name] for name in names])
            if at is not None:
                said = " and ".join(f"`{name}`" for name in names)
                message = f"clock `{clock.name}` counts while nobody may act in state `{leaf.name}`: {said} "
                message += f"{'is' if len(names) == 1 else 'are'} closed, for example {show_instant(at, counting.zone)}"
                mend = "let one action be possible then, add a timer, or let the clock count by the same calendar"
                yield Spot(checked.name(leaf), message, mend, ((checked.name(clock), "the clock"),))


def _running_in(checked: Checked, leaf: State) -> list[Clock]:
    """The clocks that may run in a state and use up hours there."""
    here = {number for number, position in enumerate(checked.walks.positions) if leaf.name in position.leaves}
    paused = {leaf.name, *checked.around(leaf.name)}
    return [
        clock for clock in checked.definition.clocks.values()
        if any(branch.value.base == "duration" for branch in clock.goal) and paused.isdisjoint(clock.pauses_in)
        and not here.isdisjoint(running_at(checked, clock))
    ]  # fmt: skip


def _uncovered(counting: Calendar, open_by: list[Calendar]) -> int | None:
    """A quarter of an hour of a week that counts, and in which none of some calendars is open."""
    quarters = range(SOME_MONDAY, SOME_MONDAY + QUARTERS_OF_A_WEEK * QUARTER, QUARTER)
    return next((at for at in quarters if counting.is_open(at) and not any(one.is_open(at) for one in open_by)), None)


# -- guards ------------------------------------------------------------------------------------------------------------


@rule("guards-exclude", "warning", reads=WAYS | FIELDS)
def guards_exclude(checked: Checked) -> Iterator[Spot]:
    """An action whose guards can never hold together."""
    for act in (act for act in checked.acts if len(act.guards) > 1):
        conditions = [guard.must for guard in act.guards]
        samples = samples_of(checked.definition, conditions)
        if samples.known and not any(_all_hold(samples, conditions, point) for point in samples.points()):
            alone = [samples_of(checked.definition, [condition]).constant(condition) for condition in conditions]
            if all(answer is None for answer in alone):
                names = ", ".join(f"`{guard.name}`" for guard in act.guards)
                message = f"the guards {names} never hold together, so action `{act.name}` is always refused"
                yield Spot(checked.key(act, "guards"), message, "loosen one of them, or write two actions")


def _all_hold(samples: Samples, conditions: list[Expression], point: Point) -> bool:
    return all(samples.answer(condition, point) is not False for condition in conditions)


@rule("guards-gap", "warning", reads=WAYS | FIELDS)
def guards_gap(checked: Checked) -> Iterator[Spot]:
    """A state that no action leaves where the case's data are of some kind."""
    for leaf in checked.leaves():
        onward = _onward(checked, leaf)
        guards = [[guard.must for guard in act.guards if _reads_the_case_alone(guard.must)] for act in onward]
        if not guards or not all(guards):
            continue
        conditions = [condition for each in guards for condition in each]
        fields = {name.removeprefix("case.") for condition in conditions for name in condition.names}
        if fields & (_changed(_acts(_steps_from(checked, leaf))) | _asked_on_the_way(checked, leaf)):
            continue
        samples = samples_of(checked.definition, conditions, sure=checked.known.presence.during(leaf.name))
        for point in samples.points() if samples.known else ():
            if not any(_all_hold(samples, each, point) for each in guards):
                message = f"state `{leaf.name}` cannot be left where {samples.said(point)}: every guard refuses"
                yield Spot(checked.name(leaf), message, "give it an action for these cases, or a timer")
                break


def _reads_the_case_alone(condition: Expression) -> bool:
    return bool(condition.names) and all(name.startswith("case.") for name in condition.names)


def _changed(acts: list[Action]) -> set[str]:
    """The fields that can be given another value before the state is left."""
    found: set[str] = set()
    for act in (act for act in acts if any(branch.value == "stay" for branch in act.to)):
        found |= {*act.form.require, *act.form.allow}
        for effect in act.then:
            if isinstance(effect, (SetFields, AppendTo)):
                found |= effect.values.keys()
            elif isinstance(effect, ClearFields):
                found |= set(effect.names)
            elif isinstance(effect, UpdateRows):
                found.add(effect.field)
    return found


def _asked_on_the_way(checked: Checked, leaf: State) -> set[str]:
    """The fields by which it is decided whether a case comes there: of those not every value does."""
    positions = checked.walks.positions
    found: set[str] = set()
    for step in checked.walks.steps:
        if leaf.name in positions[step.target].leaves and leaf.name not in positions[step.source].leaves:
            for way in step.ways:
                chosen = way.action.to if way.action is not None else (way.branch,)
                conditions = [branch.when for branch in chosen if branch.when is not None]
                conditions += [guard.must for guard in way.action.guards] if way.action is not None else []
                found |= {name.partition(".")[2] for condition in conditions for name in condition.names}
    return found


RULES = (nobody_at_times, guards_exclude, guards_gap)
