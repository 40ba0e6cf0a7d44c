"""What lists and workers need to know of a case, derived from it after each step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The derived worklist columns of a case. `due_at` is the earliest unbreached due instant of its running clocks."""

    state: str  # active leaves joined by " + "
    waiting: tuple[str, ...] = ()  # persons and roles (parties: the roles that may act), sorted; persons as `person:ID`, roles as `role:NAME`
    due_at: int | None = None
    due_clock: str | None = None
    overdue_since: int | None = None
    overdue_clock: str | None = None
    remaining: int | None = None  # of the paused clock with the least left, when nothing runs
    paused_by: str | None = None  # why
    sort_key: int = 0  # least remaining first: overdue < running < paused < without a promise
