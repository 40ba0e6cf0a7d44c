"""Worklists, searches and due work, in memory."""

from __future__ import annotations

from engine.core.cases import Cycle
from engine.core.outlook import Outlook
from engine.ports import Listing, Query
from engine.store.memory.cases import Kept, MemoryWork


class MemoryLists(MemoryWork):
    """Finding cases."""

    def worklist(self, query: Query) -> list[Listing]:
        """One page, in the order of lists."""
        found = sorted((kept for kept in self._matching(query)), key=place_of)
        if query.after is not None:
            found = [kept for kept in found if place_of(kept) > query.after]
        return [_listing(kept) for kept in found[: query.limit]]

    def count(self, query: Query) -> int:
        """How many rows all pages together have; `limit` and `after` do not matter."""
        return len(self._matching(query))

    def listed(self, case: str) -> tuple[Outlook, tuple[str, ...]] | None:
        """A case's line in lists, and on which worklists it stands of those that the line names; None: no such case."""
        kept = self._kept(case)
        return None if kept is None else (kept.outlook, kept.outlook.waiting)

    def _matching(self, query: Query) -> list[Kept]:
        return [kept for _, kept in self._tables.rows("cases") if _matches(kept, query)]

    def search(self, text: str, hmac: str) -> tuple[str, ...]:
        """Ids of cases whose id, business key or (by HMAC) personal value equals the text."""
        found = {name for name, kept in self._tables.rows("cases") if text in (name, kept.key)}
        found |= {case for (case, _), search in self._tables.rows("searches") if search and search == hmac}
        return tuple(sorted(found))

    def due_roots(self, before: int, limit: int) -> list[str]:
        """Roots whose family has something due before that instant, in due order."""
        due = sorted((instant, root) for root, instant in self._tables.rows("due") if instant < before)
        return [root for _, root in due[:limit]]

    def importing_due(self, name: str, before: int, after: str, limit: int) -> list[str]:
        """Roots of an unfinished import whose family has something due before that instant, by id, after that id."""
        cases = (kept.case for _, kept in self._tables.rows("cases") if kept.case.importing == name)
        due = {case.root for case in cases if case.next_due is not None and case.next_due < before}
        return sorted(root for root in due if root > after)[:limit]

    def count_due(self, before: int) -> int:
        """How many families have something due before that instant."""
        return sum(1 for _, instant in self._tables.rows("due") if instant < before)

    def next_due(self) -> int | None:
        """When something falls due next; families set aside and those of unfinished imports do not count."""
        return min((instant for _, instant in self._tables.rows("due")), default=None)

    def cycles(self, case: str) -> list[Cycle]:
        """The finished and the broken cycles of a case's clocks."""
        found = {key: cycle for key, cycle in self._tables.rows("cycles") if key[0] == case}
        return [found[key] for key in sorted(found)]


def place_of(kept: Kept) -> tuple[int, int, str]:
    """Where a case stands in lists."""
    return kept.outlook.sort_key, kept.case.opened_at, kept.case.id


def _matches(kept: Kept, query: Query) -> bool:
    case, outlook = kept.case, kept.outlook
    is_open = case.closed_at is None
    return (
        (query.is_open is None or query.is_open == is_open)
        and (not query.waiting or (is_open and not set(query.waiting).isdisjoint(outlook.waiting)))
        and (query.assignee is None or query.assignee == case.assignee)
        and (query.process is None or query.process == case.process)
        and (query.state is None or query.state in outlook.state.split(" + "))
        and (query.ids is None or case.id in query.ids)
        and (
            query.overdue_at is None
            or outlook.overdue_since is not None
            or _is_before(outlook.due_at, query.overdue_at)
        )
        and (query.due_before is None or _is_before(outlook.due_at, query.due_before))
    )


def _is_before(at: int | None, end: int) -> bool:
    return at is not None and at < end


def _listing(kept: Kept) -> Listing:
    case = kept.case
    return Listing(
        id=case.id,
        process=case.process,
        version=case.version,
        outlook=kept.outlook,
        assignee=case.assignee,
        queue=case.queue,
        key=kept.key,
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        data=case.data,
        revision=case.revision,
    )
