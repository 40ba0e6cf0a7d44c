"""A promise as a value over its ledger: what one step does to a clock, and when what falls due (time.md, D1–D8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from engine.calendars import Calendar
from engine.core.cases import Goal, Head
from engine.frozen import Frozen, changed
from engine.model import Clock, Threshold
from engine.moments import Moment

AT_ATTACH = "at_attach"
"""What an event says of a point that lay behind when it was armed or moved."""

NOBODY = ("nobody",)
"""Whose turn it was while a case waited on nobody, so that turns add up to the time used."""
Event = list[Any]
"""What happened to a clock, as its record keeps it: `[clock, what, detail…]`."""


class Seen(Frozen, frozen=True, gc=False):
    """What one step means to one clock."""

    now: int
    happened: frozenset[str]  # actions accepted, states entered, `opening`
    holds: bool = True  # its `if`
    moment: Moment | None = None  # the branch of its goal
    field_at: int | None = None  # what the instant field of that branch holds
    pauses: tuple[str, ...] = ()  # reasons
    turn: tuple[str, ...] = ()  # whose turn it was until this step
    is_new_turn: bool = False
    start_at: int | None = None  # from when clocks that start at this opening count
    reopened: bool = False
    outcome: str = ""  # of the case, if this step ends it

    def asked(self, holds: bool, moment: Moment | None, field_at: int | None) -> Seen:
        """The same once its `if` and its goal were asked for; `but` would take four times as long."""
        return Seen(
            self.now, self.happened, holds, moment, field_at, self.pauses, self.turn, self.is_new_turn, self.start_at,
            self.reopened, self.outcome,
        )  # fmt: skip

    @property
    def has_goal(self) -> bool:
        """Whether a cycle could run: its `if` holds and its goal names something."""
        return self.holds and self.moment is not None and (self.moment.base != "field" or self.field_at is not None)


class Firing(NamedTuple):
    """What falls due on a clock; `rank` is the place of its threshold in the definition, a breach comes last."""

    due: int
    is_breach: bool
    clock: str
    rank: int
    threshold: Threshold | None
    is_past: bool = False  # its point lay behind when it was armed or moved (D6)


def instant_of(moment: Moment, start: int, field_at: int | None, calendar: Calendar) -> int | None:
    """The instant a point names, counted from `start`; None while its field is unset."""
    match moment.base:
        case "field":
            if field_at is None:
                return None
            at = field_at
        case "business_days":
            at = calendar.add_days(start, moment.count, "business")
        case "calendar_days":
            at = calendar.add_days(start, moment.count, "calendar")
        case "end_of_day":  # of the day that many days on: counted from its end, a closed day would slip in
            return calendar.end_of_day(_days_on(moment, start, calendar)) + moment.offset
        case "end_of_business_day":
            return calendar.end_of_business_day(_days_on(moment, start, calendar)) + moment.offset
        case "end_of_month":
            at = calendar.end_of_month(start)
        case "by":
            at = calendar.at_clock(start, moment.count)
        case _:
            return calendar.add(start, moment.offset)
    if moment.days:
        at = calendar.add_days(at, moment.days, moment.day_kind, roll=moment.day_kind == "business")
    return at + moment.offset


def _days_on(moment: Moment, start: int, calendar: Calendar) -> int:
    return calendar.add_days(start, moment.days, moment.day_kind, roll=False) if moment.days else start


def goal_of(seen: Seen, start: int, calendar: Calendar) -> Goal | None:
    """The goal of a cycle that starts then; None where the clock has none."""
    if seen.moment is None or not seen.holds:
        return None
    if seen.moment.base == "duration":
        return Goal("length", seen.moment.offset)
    at = instant_of(seen.moment, start, seen.field_at, calendar)
    return None if at is None else Goal("instant", at)


def used_until(head: Head, now: int, calendar: Calendar) -> int:
    """The time used up to `now`: open and not paused."""
    return head.used if head.mark is None else head.used + calendar.elapsed(head.mark, now)


def settle(head: Head, now: int, turn: tuple[str, ...], calendar: Calendar) -> Head:
    """Move the mark to now; the time since the last one is used, and was the turn of these."""
    if head.mark is None or now <= head.mark:
        return head
    spent = calendar.elapsed(head.mark, now)
    turns = head.turns
    if spent:
        turns = dict(turns)
        for who in turn or NOBODY:
            turns[who] = turns.get(who, 0) + spent
    used, goal, reached = head.used + spent, head.goal, head.reached_at
    if reached is None and goal is not None and goal.kind == "length" and head.used < goal.value <= used:
        reached = calendar.add(head.mark, goal.value - head.used)  # kept: pauses after it move nothing
    return changed(head, used=used, mark=now, turns=turns, reached_at=reached)


# -- one step ----------------------------------------------------------------------------------------------------------


class Advanced(NamedTuple):
    """A clock after one step: its head, what happened, and the cycles that reports must know of, as they stood then."""

    head: Head
    events: list[Event]
    kept: list[Head]  # ended, or withdrawn by reopening


def advance(clock: Clock, head: Head, seen: Seen, calendar: Calendar) -> Advanced:
    """What one step does to a clock, by D3: cancelled, met, gone, restarted, changed, paused, started, end."""
    step = _Advance(clock, seen, calendar)
    return Advanced(step.run(head), step.events, step.kept)


class _Advance:
    """One clock in one step."""

    def __init__(self, clock: Clock, seen: Seen, calendar: Calendar) -> None:
        self.clock = clock
        self.seen = seen
        self.calendar = calendar
        self.events: list[Event] = []
        self.kept: list[Head] = []

    def run(self, head: Head) -> Head:
        clock, seen = self.clock, self.seen
        if seen.is_new_turn:
            head = settle(head, seen.now, seen.turn, self.calendar)
        if seen.reopened:
            head = self._reopen(head)
        if head.active and self._hit(clock.cancelled_by):
            head = self._end(head, "cancelled")
        if head.active and self._hit(clock.met_by):
            head = changed(self._end(head, "met"), is_satisfied=True)
            if clock.repeats and not seen.outcome:
                head = self._begin(head, seen.now)
        head = self._change(head)
        head = self._pause(head) if head.active else head
        head = self._start(head)
        if seen.outcome and head.active:
            head = self._end(head, "cancelled" if seen.outcome == "cancelled" else "not_needed")
        return head

    def _hit(self, names: tuple[str, ...]) -> bool:
        return not self.seen.happened.isdisjoint(names)

    def _tell(self, what: str, *detail: Any) -> None:
        self.events.append([self.clock.name, what, *detail])

    def _begin(self, head: Head, start: int) -> Head:
        goal = goal_of(self.seen, start, self.calendar)
        if goal is None:
            return head
        now = self.seen.now
        fresh = Head(
            active=True, cycle=head.cycle + 1, goal=goal, started_at=start, armed_at=now, mark=start,
            has_started=True, exists=True,
        )  # fmt: skip
        if self.seen.pauses:
            fresh = changed(settle(fresh, now, (), self.calendar), mark=None, paused=self.seen.pauses)
        self._tell("started", fresh.cycle, *([] if start == now else [start]))
        if self.seen.pauses:
            self._tell("paused", *self.seen.pauses)
        ahead = [threshold for _, _, threshold in _points(self.clock, fresh)]
        if len(ahead) <= len(self.clock.thresholds):  # with the breach there would be one more
            for threshold in self.clock.thresholds:
                if threshold not in ahead:
                    self._tell("not_applicable", threshold.at.text)
        return fresh

    def _end(self, head: Head, result: Literal["met", "cancelled", "not_needed"]) -> Head:
        head = settle(head, self.seen.now, self.seen.turn, self.calendar)
        kept: Literal["met", "breached", "cancelled", "not_needed"] = result if head.breached_at is None else "breached"
        self._tell(kept, head.used, self.seen.now - head.started_at)
        head = changed(
            head, active=False, result=kept, mark=None, paused=(), ended_at=self.seen.now, is_satisfied=False
        )
        self.kept.append(head)
        return head

    def _change(self, head: Head) -> Head:
        """`if` or goal gone, restarted, goal changed."""
        if not head.active:
            return head
        goal = goal_of(self.seen, head.started_at, self.calendar)
        if goal is None:
            return changed(self._end(head, "cancelled"), exists=False)
        if self._hit(self.clock.restarts_on):
            return self._restart(head)
        if goal == head.goal or head.is_kept or self.clock.on_change == "keep":
            return head
        if self.clock.on_change == "restart":
            return self._restart(head)
        return self._carry(head, goal)

    def _restart(self, head: Head) -> Head:
        head = settle(head, self.seen.now, self.seen.turn, self.calendar)
        self._tell("restarted", head.used, self.seen.now - head.started_at)
        if head.breached_at is not None:
            self.kept.append(changed(head, active=False, result="breached", ended_at=self.seen.now))
        return self._begin(head, self.seen.now)

    def _carry(self, head: Head, goal: Goal) -> Head:
        """The time used counts against the new goal; what was fired and now lies ahead is armed anew (D8)."""
        now = self.seen.now
        head = changed(settle(head, now, self.seen.turn, self.calendar), goal=goal, armed_at=now, reached_at=None)
        if goal.kind == "length" and goal.value <= head.used:
            head = changed(head, reached_at=now)  # it was moved behind what is used already
        ahead = {
            threshold.at.text for threshold in self.clock.thresholds if _is_ahead(head, _point(head, threshold.at), now)
        }
        again = ahead.intersection(head.fired) or (head.is_breach_fired and _is_ahead(head, goal.value, now))
        self._tell("changed", goal.kind, goal.value)
        return changed(
            head,
            fired={text: count for text, count in head.fired.items() if text not in ahead},
            is_breach_fired=head.is_breach_fired and not _is_ahead(head, goal.value, now),
            generation=head.generation + (1 if again else 0),
        )

    def _pause(self, head: Head) -> Head:
        pauses, now = self.seen.pauses, self.seen.now
        if pauses == head.paused:
            return head
        if not pauses:
            self._tell("resumed")
            return changed(head, paused=(), mark=now, armed_at=now)
        if not head.paused:
            self._tell("paused", *pauses)
            head = changed(settle(head, now, self.seen.turn, self.calendar), mark=None)
        return changed(head, paused=pauses)

    def _start(self, head: Head) -> Head:
        seen, exists = self.seen, self.seen.has_goal
        hit = self._hit(self.clock.starts)
        came_true = exists and not head.exists and head.has_started and (self.clock.repeats or not head.is_satisfied)
        if not head.active and exists and not seen.outcome and (hit or came_true):
            from_before = seen.start_at is not None and "opening" in seen.happened and "opening" in self.clock.starts
            head = self._begin(head, seen.start_at if from_before and seen.start_at is not None else seen.now)
        has_started = head.has_started or hit
        if exists == head.exists and has_started == head.has_started:
            return head
        return changed(head, exists=exists, has_started=has_started)

    def _reopen(self, head: Head) -> Head:
        policy = self.clock.on_reopen
        if not head.cycle or head.active or policy in (None, "none"):
            return head
        if policy == "restart":
            return self._begin(head, self.seen.now)
        self._tell("withdrawn", head.result)
        now = self.seen.now
        mark = head.ended_at if policy == "count_through" else now
        head = changed(head, active=True, result="", mark=mark, ended_at=None, armed_at=now, is_satisfied=False)
        head = settle(head, now, (), self.calendar)
        self.kept.append(head)
        return head


# -- what falls due ----------------------------------------------------------------------------------------------------


def _point(head: Head, moment: Moment) -> int:
    """A threshold's point: of used time where the goal is a length, else an instant (D2)."""
    goal = head.goal
    if goal is None:
        raise AssertionError("an active clock has a goal")
    if moment.base == "goal":
        return goal.value + moment.offset
    base = _base(head)
    if moment.base == "percent":
        return base - (-(goal.value - base) * moment.count // 100) + moment.offset  # rounded up
    return base + moment.offset


def _base(head: Head) -> int:
    """From where its points are counted: no used time, or the instant of its start."""
    return head.started_at if head.goal is not None and head.goal.kind == "instant" else 0


def _is_ahead(head: Head, point: int, now: int) -> bool:
    return point > (now if head.goal is not None and head.goal.kind == "instant" else head.used)


def _due(head: Head, point: int, calendar: Calendar) -> int | None:
    """When a point takes effect: not before it was armed; never while a goal of used time is paused (D6, D7)."""
    at, goal, armed = point, head.goal, head.armed_at
    if goal is None or goal.kind == "length":
        if head.mark is None:
            return None
        at = calendar.add(head.mark, point - head.used) if point > head.used else head.mark
    return at if at > armed else armed


def _is_past(head: Head, point: int, calendar: Calendar) -> bool:
    """Whether a point that takes effect lay behind when it was armed."""
    if head.mark is None or (head.goal is not None and head.goal.kind == "instant"):
        return point < head.armed_at
    if point <= head.used:
        return point < head.used
    return calendar.add(head.mark, point - head.used) < head.armed_at


def due_at(head: Head, calendar: Calendar) -> int | None:
    """The promised instant: when the used time will reach the goal, were nothing to change (D1)."""
    if not head.active or head.goal is None:
        return None
    if head.goal.kind == "instant":
        return head.goal.value
    if head.reached_at is not None:
        return head.reached_at
    return None if head.mark is None else calendar.add(head.mark, max(head.goal.value - head.used, 0))


def remaining(head: Head, now: int, calendar: Calendar) -> int | None:
    """What is left of a promise, below 0 what it is over: time to be used, or up to a goal that is an instant (D2)."""
    if not head.active or head.goal is None:
        return None
    return head.goal.value - (now if head.goal.kind == "instant" else used_until(head, now, calendar))


def firings(clock: Clock, head: Head, calendar: Calendar) -> Iterator[Firing]:
    """What falls due on this clock, were nothing to change: each threshold's next occurrence, and the breach."""
    for point, rank, threshold in _points(clock, head):
        due = _due(head, point, calendar)
        if due is not None:
            yield Firing(due, threshold is None, clock.name, rank, threshold, _is_past(head, point, calendar))


def first_due(clock: Clock, head: Head, calendar: Calendar) -> int | None:
    """When the first of the firings falls due: no later point takes effect before an earlier one."""
    points = _points(clock, head)
    return _due(head, min(points)[0], calendar) if points else None


def _points(clock: Clock, head: Head) -> list[tuple[int, int, Threshold | None]]:
    """The points of a clock that have not fired, each with its rank; no threshold: the breach."""
    found: list[tuple[int, int, Threshold | None]] = []
    goal, fired = head.goal, head.fired
    if not head.active or goal is None:
        return found
    base, value = _base(head), goal.value
    for rank, threshold in enumerate(clock.thresholds):
        at = threshold.at
        count = fired.get(at.text, 0) if fired else 0
        if count and (threshold.every is None or (threshold.max is not None and count >= threshold.max)):
            continue
        point = value + at.offset if at.base == "goal" else _point(head, at)
        if point > base or point >= value:  # a warning not after the start is never sent (D6)
            found.append((point + count * threshold.every if count and threshold.every else point, rank, threshold))
    if not head.is_breach_fired:
        found.append((goal.value, len(clock.thresholds), None))
    return found


def fire(head: Head, firing: Firing) -> tuple[Head, list[Event]]:
    """Take note that it fired; its effects are the caller's."""
    attached = [AT_ATTACH] if firing.is_past else []
    if firing.threshold is not None:
        text = firing.threshold.at.text
        count = head.fired.get(text, 0) + 1
        return changed(head, fired={**head.fired, text: count}), [[firing.clock, "threshold", text, count, *attached]]
    first = head.breached_at is None
    head = changed(head, is_breach_fired=True, breached_at=firing.due if first else head.breached_at)
    return head, [[firing.clock, "breached" if first else "breached_again", *attached]]
