"""What is declared beside the ledger, in memory."""

from __future__ import annotations

from collections.abc import Iterable

from engine.core.promises.adjustments import Adjustment, Affected
from engine.store.adjusting import checked
from engine.store.memory.cases import MemoryWork


class MemoryLedgers(MemoryWork):
    """Adjustments in memory."""

    def save_adjustment(self, adjustment: Adjustment) -> None:
        """Add an adjustment, or replace what is known of it."""
        self._tables.put("adjustments", adjustment.id, checked(adjustment))

    def adjustments(self) -> list[Adjustment]:
        """Every adjustment, the oldest first."""
        found: list[Adjustment] = [one for _, one in self._tables.rows("adjustments")]
        return sorted(found, key=lambda one: (one.declared_at, len(one.id), one.id))

    def affect(self, rows: Iterable[Affected]) -> None:
        """Note which clocks of which cases it affects, or no longer does."""
        for row in rows:
            self._tables.put("affected", (row.case, row.adjustment, row.clock), row)

    def affected(self, *, case: str | None = None, adjustment: str | None = None) -> list[Affected]:
        """What affects this case, or what this adjustment affects; one of the two must be given."""
        found = sorted(self._tables.rows("affected"), key=lambda pair: pair[0])
        return [row for _, row in found if case in (None, row.case) and adjustment in (None, row.adjustment)]

    def adjusted_cases(self) -> list[str]:
        """Cases that some adjustment affects which is not reversed, by id."""
        return sorted({row.case for _, row in self._tables.rows("affected") if not row.is_reversed})
