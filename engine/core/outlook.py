"""What lists and workers need to know of a case, derived from it after each step."""

from __future__ import annotations

from collections.abc import Iterator

from engine.core.cases import Case
from engine.core.permits import offered
from engine.core.plan import Plan
from engine.core.promises.clocks import due_at
from engine.frozen import Frozen

PAUSED = 2**51
"""Where the sort keys of paused cases begin: behind every instant."""

NO_PROMISE = 2**52

Place = tuple[str, tuple[str, ...]]
"""Where a case stands and on whose worklists: what even a steady step changes of its outlook."""

First = tuple[int, str] | tuple[None, None]
"""What comes first, and of which clock."""

NONE: First = (None, None)


class Outlook(Frozen, frozen=True, gc=False):
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

    def at(self, place: Place) -> Outlook:
        """The same at another place."""
        state, waiting = place
        return self.but(state=state, waiting=waiting)


def place_of(plan: Plan, case: Case) -> Place:
    """A case's place in lists."""
    return " + ".join(case.position.leaves), () if case.outcome else waiting(plan, case)


def outlook(plan: Plan, case: Case) -> Outlook:
    """Work out a case's worklist columns."""
    state, receivers = place_of(plan, case)
    if case.outcome:
        return Outlook(state)
    due, overdue, paused = _promises(plan, case)
    least, key = NONE, NO_PROMISE
    if due[0] is not None:
        key = due[0] if overdue[0] is None or due[0] < overdue[0] else overdue[0]
    elif overdue[0] is not None:
        key = overdue[0]
    elif paused:
        least = left, _ = min(paused)
        key = PAUSED + left
    return Outlook(state, receivers, due[0], due[1], overdue[0], overdue[1], least[0], least[1], key)


def waiting(plan: Plan, case: Case) -> tuple[str, ...]:
    """On whose worklists the case stands: its assignee's, its queue's, and those it waits on."""
    if len(case.waiting) == 1 and not case.assignee and not case.queue and not case.waiting[0].startswith("party:"):
        return case.waiting
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


def _promises(plan: Plan, case: Case) -> tuple[First, First, list[tuple[int, str]]]:
    """Which running promise is due first, which is overdue longest, and what is left of those that are paused.

    A goal moved into the future takes a breached clock off the list, not out of the record (D5).
    """
    due, overdue, paused = NONE, NONE, []
    for name, head in case.clocks.items():
        if not head.active:
            continue
        if head.is_breach_fired:
            overdue = _first(overdue, (head.breached_at, name))
        else:
            due = _first(due, (due_at(head, plan.calendar_of[name]), name))
        if head.paused and head.goal is not None and head.goal.kind == "length":
            paused.append((max(head.goal.value - head.used, 0), f"{name}: {', '.join(head.paused)}"))
    return due, overdue, paused


def _first(found: First, other: tuple[int | None, str]) -> First:
    return found if other[0] is None or (found[0] is not None and found < other) else other  # type: ignore[return-value]
