"""How a desk's engine stands, in numbers: what is behind, what waits, what is broken. No word of any case is in it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.ports import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """The figures, and for each what it counts; spans are ms."""

    due: int  # families with something due that nobody has carried out
    lag: int  # for how long the oldest of these, or an opening by the calendar, has been due
    waiting: int  # messages on their way out
    waiting_for: int  # for how long the oldest of these has been
    failing: int  # of these, those that were tried and failed
    dead: int  # messages given up
    faults: int  # families set aside


def vitals_of(tx: Transaction, now: int) -> Vitals:
    """The figures as of this transaction."""
    waiting, oldest = tx.count_mail("waiting")
    due_at = min((at for at in (tx.next_due(), tx.next_opening()) if at is not None), default=now)
    return Vitals(
        due=tx.count_due(now) + len(tx.due_timetables(now)), lag=max(now - due_at, 0),
        waiting=waiting, waiting_for=0 if oldest is None else max(now - oldest, 0),
        failing=tx.count_mail("waiting", failed=1)[0],
        dead=tx.count_mail("dead")[0], faults=len(tx.faults()),
    )  # fmt: skip
