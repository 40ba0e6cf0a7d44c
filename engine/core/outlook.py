"""What lists and workers need to know of a case, derived from it after each step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from engine.core.cases import Case
from engine.core.clocks import due_at
from engine.core.permits import offered
from engine.core.plan import Plan

PAUSED = 2**51
"""Where the sort keys of paused cases begin: behind every instant."""

NO_PROMISE = 2**52

NONE: tuple[int, str] | tuple[None, None] = (None, None)


class Outlook(NamedTuple):
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
        return Outlook(state)
    dues, overdues, paused = _promises(plan, case)
    due = min(dues) if dues else NONE
    overdue = min(overdues) if overdues else NONE
    least, key = NONE, NO_PROMISE
    if dues or overdues:
        key = min(dues + overdues)[0]
    elif paused:
        least = left, _ = min(paused)
        key = PAUSED + left
    return Outlook(state, waiting(plan, case), due[0], due[1], overdue[0], overdue[1], least[0], least[1], key)


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


def _promises(plan: Plan, case: Case) -> tuple[list[tuple[int, str]], list[tuple[int, str]], list[tuple[int, str]]]:
    """The running promises: when they are due, since when they are overdue, what is left of those that are paused.

    A goal moved into the future takes a breached clock off the list, not out of the record (D5).
    """
    dues, overdues, paused = [], [], []
    for name, head in case.clocks.items():
        if not head.active:
            continue
        if head.is_breach_fired:
            overdues += [(head.breached_at, name)] if head.breached_at is not None else []
        elif (at := due_at(head, plan.calendar_of[name])) is not None:
            dues.append((at, name))
        if head.paused and head.goal is not None and head.goal.kind == "length":
            paused.append((max(head.goal.value - head.used, 0), f"{name}: {', '.join(head.paused)}"))
    return dues, overdues, paused
