"""Worklists, searches and due work: what is found by columns and indexes, never by reading cases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_, union

from engine.core.cases import Cycle, Goal
from engine.ports import Listing, Query
from engine.store.rows import CaseRow, decode, outlook_of
from engine.store.sql import Hot, Work, value
from engine.store.tables import cases, clock_cycles, personal, waiting

_DUE = Hot(
    select(cases.c.id)
    .where(cases.c.family_due_ms < value("before"))
    .order_by(cases.c.family_due_ms, cases.c.id)
    .limit(value("most"))
    .with_for_update(skip_locked=True),
    "before",
    "most",
)
_COUNT_DUE = Hot(select(func.count()).select_from(cases).where(cases.c.family_due_ms < value("before")), "before")
_NEXT_DUE = Hot(select(func.min(cases.c.family_due_ms)).where(cases.c.family_due_ms.is_not(None)))
_SEARCH = Hot(
    union(
        select(cases.c.id).where(cases.c.id == value("text")),
        select(cases.c.id).where(cases.c.business_key == value("text")),
        select(personal.c.case_id).where(personal.c.search == value("hmac")),
    ),
    "text",
    "hmac",
)
_CYCLES = Hot(
    select(clock_cycles)
    .where(clock_cycles.c.case_id == value("of"))
    .order_by(clock_cycles.c.clock, clock_cycles.c.cycle),
    "of",
)
_PLACE = (cases.c.sort_key, cases.c.opened_ms, cases.c.id)


class Lists(Work):
    """Finding cases."""

    def worklist(self, query: Query) -> list[Listing]:
        """One page, in the order of lists."""
        wanted = _filters(query)
        if query.after is not None:
            wanted.append(tuple_(*_PLACE) > tuple_(*(literal(part) for part in query.after)))
        chosen = select(cases).order_by(*_PLACE).limit(query.limit)
        if query.waiting:
            wanted = [cases.c.id.in_(_first_of_each(query, wanted))]
        chosen = chosen.where(*wanted)
        return [_listing(CaseRow._make(row)) for row in self._ask(chosen)]

    def count(self, query: Query) -> int:
        """How many rows all pages together have; `limit` and `after` do not matter."""
        chosen = select(func.count()).select_from(cases).where(*_filters(query))
        if query.waiting:
            waits = select(waiting.c.case_id).where(waiting.c.receiver.in_(query.waiting))
            chosen = chosen.where(cases.c.id.in_(waits))
        found: int = self._ask(chosen)[0][0]
        return found

    def search(self, text: str, hmac: str) -> tuple[str, ...]:
        """Ids of cases whose id, business key or (by HMAC) personal value equals the text."""
        return tuple(sorted(case for (case,) in self._run(_SEARCH, text, hmac).fetchall()))

    def due_roots(self, before: int, limit: int) -> list[str]:
        """Roots whose family has something due before that instant, in due order; locked, skipping locked ones."""
        return [root for (root,) in self._run(_DUE, before, limit).fetchall()]

    def count_due(self, before: int) -> int:
        """How many families have something due before that instant."""
        found: int = self._run(_COUNT_DUE, before).fetchone()[0]
        return found

    def next_due(self) -> int | None:
        """When something falls due next; families set aside and those of unfinished imports do not count."""
        found: int | None = self._run(_NEXT_DUE).fetchone()[0]
        return found

    def cycles(self, case: str) -> list[Cycle]:
        """The finished and the broken cycles of a case's clocks."""
        return [_cycle(row) for row in self._run(_CYCLES, case).fetchall()]


def _first_of_each(query: Query, wanted: list[ColumnElement[bool]]) -> Select[Any]:
    """The first page of every queue asked for: whatever stands on their common first page is among them.

    One walk along an index for each; asking for all of them at once would read and sort them whole.
    """
    pages = []
    for receiver in sorted(set(query.waiting)):
        page = (
            select(waiting.c.case_id)
            .join(cases, cases.c.id == waiting.c.case_id)
            .where(waiting.c.receiver == receiver, *wanted)
            .order_by(waiting.c.sort_key, waiting.c.opened_ms, waiting.c.case_id)
            .limit(query.limit)
        )
        if query.after is not None:
            place = tuple_(waiting.c.sort_key, waiting.c.opened_ms, waiting.c.case_id)
            page = page.where(place > tuple_(*(literal(part) for part in query.after)))
        pages.append(select(page.subquery()))
    return select(union(*pages).subquery()) if len(pages) > 1 else pages[0]


def _filters(query: Query) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if query.is_open is not None:
        wanted.append(cases.c.closed_ms.is_(None) if query.is_open else cases.c.closed_ms.is_not(None))
    if query.assignee is not None:
        wanted.append(cases.c.assignee == query.assignee)
    if query.process is not None:
        wanted.append(cases.c.process == query.process)
    if query.state is not None:
        leaves = literal(" + ") + cases.c.state + literal(" + ")
        wanted.append(leaves.contains(f" + {query.state} + ", autoescape=True))
    if query.ids is not None:
        wanted.append(cases.c.id.in_(query.ids))
    if query.is_overdue:
        wanted.append(cases.c.overdue_since_ms.is_not(None))
    if query.due_before is not None:
        wanted.append(cases.c.due_ms < query.due_before)
    return wanted


def _listing(row: CaseRow) -> Listing:
    return Listing(
        id=row.id,
        process=row.process,
        version=row.version,
        outlook=outlook_of(row),
        assignee=row.assignee,
        queue=row.queue,
        key=row.business_key,
        opened_at=row.opened_ms,
        closed_at=row.closed_ms,
        data=decode(row.body).get("data", {}),
        revision=row.revision,
    )


def _cycle(row: Any) -> Cycle:
    case, clock, cycle, started, ended, result, goal_kind, goal, used, breached, turns = row
    return Cycle(
        case=case,
        clock=clock,
        cycle=cycle,
        started_at=started,
        ended_at=ended,
        result=result,
        goal=Goal(goal_kind, goal),
        used=used,
        breached_at=breached,
        turns=decode(turns),
    )
