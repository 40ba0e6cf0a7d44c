"""What a step means to each promise of its case: the clocks are moved on, their events and cycles noted."""

from __future__ import annotations

from collections.abc import Iterator

from engine.core.cases import Case, Cycle, Head
from engine.core.draft import Draft
from engine.core.plan import Plan
from engine.core.promises.clocks import NOBODY, Event, Seen, advance, first_due, settle
from engine.core.promises.listening import Heard, Watched
from engine.core.sight import chosen, holds
from engine.frozen import changed
from engine.model import Branch, Clock
from engine.moments import Moment

NEW = Head()


def advance_clocks(draft: Draft) -> None:
    """Let the step take effect on every clock it may concern; a closed case's promises rest."""
    plan, before, case = draft.plan, draft.before, draft.case
    reopened = bool(before.outcome) and not case.outcome
    if not plan.watched or (before.outcome and not reopened):
        return
    seen = _seen(draft, reopened)
    heard = plan.heard(seen.happened)
    is_other = case.version != before.version or case.known != before.known  # another version may have other fields
    moved: dict[str, Head] = {}
    for name, watched in (plan.watched if seen.outcome or reopened else heard.watched).items():
        head = case.clocks.get(name)
        pauses = _pauses(draft, watched.clock) if watched.pauses else ()
        if (
            _hears(name, head, heard, seen)
            or (head is not None and head.active and pauses != head.paused)
            or (watched.is_conditional and (head is None or is_other or _reads_anew(watched, draft)))
        ):
            asked = changed(seen, pauses=pauses) if pauses else seen
            moved[name] = advanced(draft, watched.clock, head or NEW, asked)
    if seen.is_new_turn:
        for name, head in case.clocks.items():
            if head.active and name not in moved:
                moved[name] = settle(head, draft.now, seen.turn, plan.calendar_of[name])
    if moved:
        draft.put("clocks", {**case.clocks, **moved})


def _seen(draft: Draft, reopened: bool) -> Seen:
    """What the step means to any promise, before its `if`, its goal and its pauses are asked for."""
    before, case = draft.before, draft.case
    return Seen(
        now=draft.now, happened=frozenset(draft.happened), turn=turn_of(before),
        is_new_turn=case.waiting != before.waiting or case.assignee != before.assignee,
        start_at=draft.start_at, reopened=reopened, outcome="" if before.outcome else case.outcome,
    )  # fmt: skip


def _hears(name: str, head: Head | None, heard: Heard, seen: Seen) -> bool:
    """Whether what happened may start, move or end this promise; `head` is None where it never ran."""
    if seen.reopened:
        return True
    is_moved = bool(seen.outcome) or name in heard.moving
    if head is not None and head.active:
        return is_moved
    return name in heard.starting or (head is None and is_moved)


def _reads_anew(watched: Watched, draft: Draft) -> bool:
    """Whether the step gave a field by which this promise holds or falls due, or it may read more than fields."""
    return watched.reads is None or not watched.reads.isdisjoint(draft.given)


def advanced(draft: Draft, clock: Clock, head: Head, seen: Seen) -> Head:
    """The clock after the step, its events and cycles noted."""
    case = draft.case
    branch: Branch[Moment] | None = chosen(clock.goal, draft.sight)
    moment = branch.value if branch else None
    field_at = case.data.get(moment.field) if moment and moment.field else None
    asked = seen.asked(holds(clock.when, draft.sight), moment, field_at)
    moved = advance(clock, head, asked, draft.plan.calendar_of[clock.name])
    draft.events += moved.events
    draft.cycles += tuple([cycle_of(case.id, clock.name, cycle) for cycle in moved.kept])
    draft.has_moved_dues = True
    if branch is not None and moved.events:
        draft.covered.add(("branch", id(branch), True))
    return moved.head


def _pauses(draft: Draft, clock: Clock) -> tuple[str, ...]:
    states = draft.plan.place(draft.case.position).pausing.get(clock.name, ())
    is_paused = clock.pauses_when is not None and holds(clock.pauses_when, draft.sight)
    return (*states, "pauses_when") if is_paused else states


def turn_of(case: Case) -> tuple[str, ...]:
    """Whose time it is: those the case waits on, and who holds it."""
    waiting = case.waiting or NOBODY
    return (*waiting, f"owner:{case.assignee}") if case.assignee else waiting


def note_fired(draft: Draft, clock: str, after: Head, events: list[Event]) -> None:
    """A threshold or a breach of a clock fired."""
    draft.events += events
    draft.has_moved_dues = True
    if any(event[1] == "breached" for event in events):
        draft.cycles += (_noticed(draft, cycle_of(draft.case.id, clock, after)),)
    draft.change(clocks={**draft.case.clocks, clock: after})


def _noticed(draft: Draft, cycle: Cycle) -> Cycle:
    """When the breach was recorded; what an import tells of was not the engine's to notice in time."""
    return cycle if draft.case.importing else cycle.but(noticed_at=draft.context.clock)


def dues(plan: Plan, case: Case) -> Iterator[int]:
    """When something of each promise first falls due, were nothing to change."""
    for name, head in case.clocks.items():
        if head.active:
            due = first_due(plan.definition.clocks[name], head, plan.calendar_of[name])
            if due is not None:
                yield due


def standing(plan: Plan, case: Case, now: int) -> Iterator[Cycle]:
    """The cycles under way, their time counted up to now: `running`, `paused`, or `overdue` once breached."""
    turn = turn_of(case)
    for name, head in case.clocks.items():
        if head.active:
            upto = settle(head, now, turn, plan.calendar_of[name])
            result = "overdue" if head.status == "breached" else head.status
            yield cycle_of(case.id, name, upto).but(result=result)


def cycle_of(case: str, clock: str, head: Head) -> Cycle:
    """The cycle for reports, as the clock stands."""
    if head.goal is None:
        raise AssertionError("a cycle has a goal")
    standing = "breached" if head.breached_at is not None else "withdrawn"
    return Cycle(
        case=case, clock=clock, cycle=head.cycle, started_at=head.started_at, ended_at=head.ended_at,
        result=head.result or standing, goal=head.goal, used=head.used, breached_at=head.breached_at, turns=head.turns,
    )  # fmt: skip
