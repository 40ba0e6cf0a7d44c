"""The audit's records as stored, and the keys that keep one command from acting twice."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge

from engine.ports import Request, StoredRecord
from engine.store.sql import Work

PAGE = 500
"""Records fetched at a time."""


class History(Work):
    """What has happened, as it was written."""

    def records(self, case: str, *, after: int = 0) -> Iterator[StoredRecord]:
        """The records of one case by sequence, those after `after`."""
        page = self._run("RECORDS", case, after, PAGE).fetchall()
        while page:
            for row in page:
                yield StoredRecord(case=row[0], sequence=row[1], order=row[2], text=row[3], hash=row[4])
            page = self._run("RECORDS", case, page[-1][1], PAGE).fetchall() if len(page) == PAGE else []

    def family_records(self, root: str) -> Iterator[StoredRecord]:
        """Every record of the family, in the family's order."""
        members = [member for (member,) in self._run("MEMBERS", root).fetchall()]
        if len(members) == 1:
            return self.records(members[0])
        # Each case's own records stand in the family's order already, so no index over the family is needed.
        return merge(*(self.records(member) for member in members), key=lambda record: record.order)

    def request(self, sender: str, key: str) -> Request | None:
        """What this sender's key stands for."""
        found = self._run("REQUEST", sender, key).fetchone()
        if found is None:
            return None
        sender, key, digest, case, sequence, at = found
        return Request(sender=sender, key=key, digest=digest, case=case, sequence=sequence, at=at)

    def forget_requests(self, closed_before: int) -> int:
        """Forget the keys of cases closed before that instant; how many."""
        return self._run("FORGET", closed_before).rowcount
