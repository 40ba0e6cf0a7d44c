"""The timers of states: armed on entering, kept aside while a state may be returned to, due at their instants."""

from __future__ import annotations

from collections.abc import Mapping

from engine.core.cases import Alarm
from engine.core.plan import Plan
from engine.core.promises.clocks import instant_of
from engine.fields import Value
from engine.model import State, Timer

Data = Mapping[str, Value]


def alarm_name(timer: Timer) -> str:
    """By what name a case remembers it."""
    return f"{timer.state}.{timer.name}"


def armed(state: State, plan: Plan, data: Data, now: int) -> dict[str, Alarm]:
    """The alarms of a state entered now."""
    return {alarm_name(timer): _armed(timer, plan, data, now) for timer in state.timers.values()}


def _armed(timer: Timer, plan: Plan, data: Data, now: int) -> Alarm:
    calendar = plan.calendar(timer.calendar)
    if timer.at is not None:
        return _following(timer, Alarm(due=None, since=now), plan, data, now)
    if timer.after is not None:
        due = instant_of(timer.after, now, _field(timer.after.field, data), calendar)
        return Alarm(due=None if due is None else max(due, now), since=now)
    return Alarm(due=timer.every.next(now, calendar) if timer.every else None, since=now)


def _field(name: str, data: Data) -> int | None:
    value = data.get(name) if name else None
    return value if isinstance(value, int) else None


def _following(timer: Timer, alarm: Alarm, plan: Plan, data: Data, now: int) -> Alarm:
    """An `at` timer follows its field: unset it has no due, past it fires at once, and once for each instant named."""
    if timer.at is None:
        return alarm
    at = instant_of(timer.at, alarm.since, _field(timer.at.field, data), plan.calendar(timer.calendar))
    if at == alarm.at:
        return alarm
    return Alarm(due=None if at is None else max(at, now), since=alarm.since, count=alarm.count, at=at)


def followed(
    alarms: Mapping[str, Alarm], plan: Plan, data: Data, now: int, active: frozenset[str]
) -> Mapping[str, Alarm]:
    """The same alarms after fields have changed; those of states that are not active wait for the return."""
    fresh = {
        name: _following(timer, alarm, plan, data, now) if (timer := plan.timers[name]).state in active else alarm
        for name, alarm in alarms.items()
    }
    return fresh if fresh != alarms else alarms


def suspended(timer: Timer, alarm: Alarm, plan: Plan, now: int) -> Alarm:
    """Left, but perhaps to be returned to: what is left of it is kept."""
    if alarm.due is None:
        return alarm
    left = plan.calendar(timer.calendar).elapsed(now, alarm.due)
    return Alarm(due=None, since=alarm.since, count=alarm.count, left=left, at=alarm.at)


def resumed(timer: Timer, alarm: Alarm, plan: Plan, data: Data, now: int) -> Alarm:
    """Returned to: `after` and `every` go on with what was left, `at` as its field says."""
    if alarm.left is None:
        return _following(timer, alarm, plan, data, now)
    if timer.at is not None:
        return _following(timer, Alarm(due=None, since=alarm.since, count=alarm.count), plan, data, now)
    return Alarm(due=plan.calendar(timer.calendar).add(now, alarm.left), since=alarm.since, count=alarm.count)


def fired(timer: Timer, alarm: Alarm, plan: Plan) -> Alarm:
    """After an occurrence: the next one, on the grid of the first."""
    count = alarm.count + 1
    more = timer.every is not None and alarm.due is not None and (timer.max is None or count < timer.max)
    due = timer.every.next(alarm.due, plan.calendar(timer.calendar)) if more and timer.every and alarm.due else None
    return Alarm(due=due, since=alarm.since, count=count, at=alarm.at)
