"""What lists and workers need to know of a case, derived from it after each step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.core.cases import Case, Head
from engine.core.clocks import due_at
from engine.core.permits import offered
from engine.core.plan import Plan

PAUSED = 2**51
"""Where the sort keys of paused cases begin: behind every instant."""

NO_PROMISE = 2**52


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The derived worklist columns of a case. `due_at` is the earliest unbreached due instant of its running clocks."""

    state: str  # active leaves joined by " + "
    waiting: tuple[str, ...] = ()  # `person:ID` and `role:NAME`, sorted; for a party, the roles that may act
    due_at: int | None = None
    due_clock: str | None = None
    overdue_since: int | None = None
    overdue_clock: str | None = None
    remaining: int | None = None  # of the paused clock with the least left, when nothing runs
    paused_by: str | None = None  # why
    sort_key: int = NO_PROMISE  # least remaining first: overdue, running, paused, without a promise


def outlook(plan: Plan, case: Case) -> Outlook:
    """Work out a case's worklist columns."""
    state = " + ".join(case.position.leaves)
    if case.outcome:
        return Outlook(state=state)
    due = min(_due(plan, case), default=(None, None))
    overdue = min(_overdue(case), default=(None, None))
    paused = min(_paused(case), default=(None, None)) if due[0] is None and overdue[0] is None else (None, None)
    first = min((at for at in (due[0], overdue[0]) if at is not None), default=None)
    key = first if first is not None else PAUSED + paused[0] if paused[0] is not None else NO_PROMISE
    return Outlook(
        state=state, waiting=waiting(plan, case), due_at=due[0], due_clock=due[1], overdue_since=overdue[0],
        overdue_clock=overdue[1], remaining=paused[0], paused_by=paused[1], sort_key=key,
    )  # fmt: skip


def waiting(plan: Plan, case: Case) -> tuple[str, ...]:
    """On whose worklists the case stands: its assignee's, its queue's, and those it waits on."""
    names = {f"person:{case.assignee}"} if case.assignee else set()
    if case.queue:
        names.add(f"role:{case.queue}")
    for who in case.waiting:
        if who.startswith("party:"):
            names.update(_acting_roles(plan, case))
        else:
            names.add(who)
    return tuple(sorted(names))


def _acting_roles(plan: Plan, case: Case) -> Iterator[str]:
    """Nobody outside acts: whoever may act for the party sees the case."""
    for event in plan.chart.possible(case.position):
        for action in offered(plan, case.position, event):
            if action.state:  # what is possible everywhere is nobody's turn
                yield from (f"role:{who.name}" for who in action.by if who.kind == "role")


def _running(case: Case) -> Iterator[tuple[str, Head]]:
    return ((name, head) for name, head in case.clocks.items() if head.active)


def _due(plan: Plan, case: Case) -> Iterator[tuple[int, str]]:
    for name, head in _running(case):
        at = due_at(head, plan.calendar(plan.definition.clocks[name].calendar))
        if at is not None and not head.is_breach_fired:
            yield at, name


def _overdue(case: Case) -> Iterator[tuple[int, str]]:
    """A goal moved into the future takes a breached clock off the list, not out of the record (D5)."""
    for name, head in _running(case):
        if head.is_breach_fired and head.breached_at is not None:
            yield head.breached_at, name


def _paused(case: Case) -> Iterator[tuple[int, str]]:
    for name, head in _running(case):
        if head.paused and head.goal is not None and head.goal.kind == "length":
            yield max(head.goal.value - head.used, 0), f"{name}: {', '.join(head.paused)}"
