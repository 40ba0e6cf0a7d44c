"""What is declared beside the ledger, and which clocks it affects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from engine.core.promises.adjustments import Adjustment, Affected, Reversal
from engine.json_text import encode
from engine.store.rows import decode, plain
from engine.store.sql import Work


class Ledgers(Work):
    """Adjustments on a database."""

    def save_adjustment(self, adjustment: Adjustment) -> None:
        """Add an adjustment, or replace what is known of it."""
        it = checked(adjustment)
        self._run(
            "ADJUSTMENT", it.id, it.kind, it.since, it.until, it.reason, it.approver, it.declared_by, it.declared_at,
            encode(dict(it.asked)), None if it.reversal is None else encode(asdict(it.reversal)), int(it.is_finished),
        )  # fmt: skip

    def adjustments(self) -> list[Adjustment]:
        """Every adjustment, the oldest first."""
        return [_adjustment(row) for row in self._run("ADJUSTMENTS").fetchall()]

    def affect(self, rows: Iterable[Affected]) -> None:
        """Note which clocks of which cases it affects, or no longer does."""
        for row in rows:
            self._run("AFFECT", row.case, row.adjustment, row.clock, int(row.is_reversed))

    def affected(self, *, case: str | None = None, adjustment: str | None = None) -> list[Affected]:
        """What affects this case, or what this adjustment affects."""
        found = self._run("AFFECTED_BY", adjustment) if case is None else self._run("AFFECTED_OF", case)
        rows = [
            Affected(adjustment=by, case=of, clock=clock, is_reversed=bool(is_reversed))
            for of, by, clock, is_reversed in found.fetchall()
        ]
        return [row for row in rows if adjustment in (None, row.adjustment)]

    def adjusted_cases(self) -> list[str]:
        """Cases that some adjustment affects which is not reversed, by id."""
        return [case for (case,) in self._run("ADJUSTED_CASES").fetchall()]


def checked(adjustment: Adjustment) -> Adjustment:
    """The adjustment, if its texts can be stored."""
    plain(adjustment.reason, "a reason")
    plain(adjustment.approver, "an approver")
    return adjustment


def _adjustment(row: Any) -> Adjustment:
    known_as, kind, since, until, reason, approver, by, at, asked, reversal, is_finished = row
    return Adjustment(
        id=known_as, kind=kind, since=since, until=until, reason=reason, approver=approver, declared_by=by,
        declared_at=at, asked=decode(asked), reversal=None if reversal is None else Reversal(**decode(reversal)),
        is_finished=bool(is_finished),
    )  # fmt: skip
