"""What is declared beside the ledger: time that does not count, or terms that were wrong; why, and who approved it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Kind = Literal["interruption", "correction"]

TERMS = ("calendar", "goal")
"""What a correction puts right, in what was asked: a calendar's document; a goal's text, and which one it `was`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """Why and by whom an adjustment was taken back."""

    reason: str
    by: str
    approver: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """What is declared of promises beside their ledger.

    An interruption lets them stand still from `since` up to `until`; a correction measures those that began in that
    time by another calendar or goal.
    """

    id: str
    kind: Kind = "interruption"
    since: int
    until: int
    reason: str
    approver: str  # never who declared it
    declared_by: str
    declared_at: int
    asked: Mapping[str, Any] = field(default_factory=dict)  # process, clocks, state, where; and `TERMS`
    reversal: Reversal | None = None
    is_finished: bool = True  # declared, or reversed, on every case; else the same command goes on with it

    @property
    def said(self) -> dict[str, Any]:
        """What a case's record says of it."""
        return {
            "id": self.id, "kind": self.kind, "from": self.since, "until": self.until, "reason": self.reason,
            "approver": self.approver, **{name: self.asked[name] for name in TERMS if name in self.asked},
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """A clock of a case that an adjustment affects."""

    adjustment: str
    case: str
    clock: str
    is_reversed: bool = False


class Ledgers(Protocol):
    """What a store keeps of it; `engine.ports` has the rest of what it must do."""

    def save_adjustment(self, adjustment: Adjustment) -> None:
        """Add an adjustment, or replace what is known of it."""

    def adjustments(self) -> list[Adjustment]:
        """Every adjustment, the oldest first."""

    def affect(self, rows: Iterable[Affected]) -> None:
        """Note which clocks of which cases it affects, or no longer does."""

    def affected(self, *, case: str | None = None, adjustment: str | None = None) -> list[Affected]:
        """What affects this case, or what this adjustment affects; one of the two must be given."""

    def adjusted_cases(self) -> list[str]:
        """Cases that some adjustment affects which is not reversed, by id."""
