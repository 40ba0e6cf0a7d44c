"""One hash over all that is verified of a case, in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from engine.ports import Imprint
from engine.store.memory.adjusting import MemoryLedgers
from engine.store.memory.desk import MemoryDesk
from engine.store.memory.hearing import MemoryHearing
from engine.store.memory.lists import MemoryLists
from engine.store.memory.walks import MemoryWalks

ALL = 2**53


class MemoryImprints(MemoryDesk, MemoryLists, MemoryWalks, MemoryHearing, MemoryLedgers):
    """The imprints of cases."""

    def imprints(self) -> Iterator[Imprint]:
        """Of every case, by id; archived ones have none."""
        for name in sorted(name for name, _ in self._tables.rows("cases")):
            found = self.imprint(name)
            if found is not None:
                yield found

    def chains(self) -> Iterator[tuple[str, int, str, str]]:
        """Every record that is not archived, by case and sequence: these, its text and its hash."""
        for (case, sequence), record in sorted(self._tables.rows("records"), key=lambda row: row[0]):
            yield case, sequence, record.text, record.hash

    def imprint(self, case: str) -> Imprint | None:
        """Of this case; None where there is no such case."""
        kept = self._kept(case)
        if kept is None:
            return None
        affected, messages = self.affected(case=case), [mail.message for mail in self.outbox(case=case, limit=ALL)]
        declared = [one for one in self.adjustments() if one.id in {row.adjustment for row in affected}]
        files = [(one, self.attachment(case, one.hash)) for one in self.attached(case)]
        beside = self.cycles(case), self.listens(case), affected, declared, files
        text = repr((kept, list(self.records(case)), messages, beside))
        return Imprint(
            case, kept.case.root, kept.case.sequence, kept.case.head, hashlib.sha256(text.encode()).hexdigest()
        )
