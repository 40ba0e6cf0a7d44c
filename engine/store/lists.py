"""Worklists, searches and due work: what is found by columns and indexes, never by reading cases."""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.core.cases import Cycle
from engine.ports import Listing, Query
from engine.store.rows import CaseRow, cycle_of, data_of, like, outlook_of
from engine.store.sql import Work

_COLUMNS = ", ".join(f"cases.{name}" for name in CaseRow._fields)
_PLACE = "cases.sort_key, cases.opened_ms, cases.id"
_PLACE_IN_QUEUE = "waiting.sort_key, waiting.opened_ms, waiting.case_id"


class Part(NamedTuple):
    """A part of a statement that is put together for one occasion, with the values it wants."""

    text: str
    values: tuple[Any, ...] = ()


class Lists(Work):
    """Finding cases."""

    def worklist(self, query: Query) -> list[Listing]:
        """One page, in the order of lists."""
        wanted = [_first_of_each(query)] if query.waiting else _filters(query, _PLACE)
        conditions = _joined(wanted)
        text = f"SELECT {_COLUMNS} FROM cases WHERE {conditions.text} ORDER BY {_PLACE} LIMIT ?"
        rows = self._ask(text, (*conditions.values, query.limit)).fetchall()
        return [_listing(CaseRow._make(row)) for row in rows]

    def count(self, query: Query) -> int:
        """How many rows all pages together have; `limit` and `after` do not matter."""
        conditions = _joined([*_filters(query), *([_in_queues(query)] if query.waiting else [])])
        found: int = self._ask(f"SELECT count(*) FROM cases WHERE {conditions.text}", conditions.values).fetchone()[0]
        return found

    def search(self, text: str, hmac: str) -> tuple[str, ...]:
        """Ids of cases whose id, business key or (by HMAC) personal value equals the text."""
        return tuple(sorted(case for (case,) in self._run("SEARCH", text, hmac).fetchall()))

    def due_roots(self, before: int, limit: int) -> list[str]:
        """Roots whose family has something due before that instant, in due order; locked, skipping locked ones."""
        roots = [root for (root,) in self._run("DUE", before, limit).fetchall()]
        self._claimed.update(roots)
        return roots

    def importing_due(self, name: str, before: int, after: str, limit: int) -> list[str]:
        """Roots of an unfinished import whose family has something due before that instant, by id, after that id."""
        return [root for (root,) in self._run("IMPORTING_DUE", name, before, after, limit).fetchall()]

    def count_due(self, before: int) -> int:
        """How many families have something due before that instant."""
        found: int = self._run("COUNT_DUE", before).fetchone()[0]
        return found

    def next_due(self) -> int | None:
        """When something falls due next; families set aside and those of unfinished imports do not count."""
        found: int | None = self._run("NEXT_DUE").fetchone()[0]
        return found

    def cycles(self, case: str) -> list[Cycle]:
        """The finished and the broken cycles of a case's clocks."""
        return [cycle_of(row) for row in self._run("CYCLES", case).fetchall()]


def _first_of_each(query: Query) -> Part:
    """The first page of every queue asked for: whatever stands on their common first page is among them.

    One walk along an index for each; asking for all of them at once would read and sort them whole.
    """
    wanted = _joined(_filters(query, _PLACE_IN_QUEUE))
    pages, values = [], []
    for number, receiver in enumerate(sorted(set(query.waiting))):
        pages.append(
            f"SELECT case_id FROM (SELECT waiting.case_id FROM waiting JOIN cases ON cases.id = waiting.case_id "
            f"WHERE waiting.receiver = ? AND {wanted.text} ORDER BY {_PLACE_IN_QUEUE} LIMIT ?) AS page{number}"
        )
        values += [receiver, *wanted.values, query.limit]
    return Part(f"cases.id IN ({' UNION '.join(pages)})", tuple(values))


def _in_queues(query: Query) -> Part:
    marks = ", ".join("?" * len(query.waiting))
    return Part(f"cases.id IN (SELECT case_id FROM waiting WHERE receiver IN ({marks}))", query.waiting)


def _joined(parts: list[Part]) -> Part:
    if not parts:
        return Part("1 = 1")
    return Part(" AND ".join(part.text for part in parts), tuple(value for part in parts for value in part.values))


def _filters(query: Query, place: str | None = None) -> list[Part]:
    """Every condition but whom a case waits for; with `place`, also to come after the last row seen."""
    wanted = []
    if query.is_open is not None:
        wanted.append(Part(f"cases.closed_ms IS {'' if query.is_open else 'NOT '}NULL"))
    if query.assignee is not None:
        wanted.append(Part("cases.assignee = ?", (query.assignee,)))
    if query.process is not None:
        wanted.append(Part("cases.process = ?", (query.process,)))
    if query.state is not None:
        leaf = like(f" + {query.state} + ")
        wanted.append(Part("(' + ' || cases.state || ' + ') LIKE ? ESCAPE '~'", (leaf,)))
    if query.ids is not None:
        marks = ", ".join("?" * len(query.ids))
        wanted.append(Part(f"cases.id IN ({marks})", query.ids) if query.ids else Part("1 = 0"))
    if query.overdue_at is not None:
        wanted.append(Part("(cases.overdue_since_ms IS NOT NULL OR cases.due_ms < ?)", (query.overdue_at,)))
    if query.due_before is not None:
        wanted.append(Part("cases.due_ms < ?", (query.due_before,)))
    if place is not None and query.after is not None:
        wanted.append(Part(f"({place}) > (?, ?, ?)", query.after))
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
        data=data_of(row.body),
        revision=row.revision,
    )
