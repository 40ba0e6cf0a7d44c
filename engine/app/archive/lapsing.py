"""When the time of a closed family is over, by what `retention` of its processes says."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.core.cases import Case, Family
from engine.core.plan import Library
from engine.ports import Transaction
from engine.retention import Retention, Span

Said = Callable[[Retention], Span | None]
"""One of the spans that a retention names."""


def keep_of(retention: Retention) -> Span | None:
    """After which closed cases leave for the archive."""
    return retention.keep


def private_of(retention: Retention) -> Span | None:
    """After which private values of closed cases are erased."""
    return retention.private


def span_of(library: Library, process: str, now: int, said: Said) -> Span | None:
    """What the newest version says counts for every case: how long something is kept is no promise of a version."""
    plan = library.newest(process, now)
    retention = None if plan is None else plan.definition.retention
    return None if retention is None else said(retention)


def over_at(library: Library, family: Family, now: int, said: Said) -> int | None:
    """When such a time of the whole family is over; None while a case is open, or of a process that keeps for good.

    Private values are kept only by cases of processes that have private fields.
    """
    ends = []
    closed = [case.closed_at for case in family.cases.values()]
    for case in family.cases.values():
        span = span_of(library, case.process, now, said)
        if span is not None:
            ends.append((span, library.plan(case.process, case.version).definition.desk.zone))
        elif said is keep_of or _has_private(library, case):
            return None
    last = max((at for at in closed if at is not None), default=0)
    return None if None in closed else max((span.after(last, zone) for span, zone in ends), default=None)


def _has_private(library: Library, case: Case) -> bool:
    return any(field.personal for field in library.plan(case.process, case.version).definition.fields.values())


def is_taken_in(tx: Transaction, family: Family) -> bool:
    """Whether an open case of another family took one of these in, and answers for it."""
    for case in family.cases.values():
        into = case.merged_into
        other = tx.family(tx.root_of(into) or "", lock=False) if into and into not in family.cases else None
        if other is not None and into is not None and other.cases[into].closed_at is None:
            return True
    return False


def with_private_over(tx: Transaction, library: Library, now: int) -> Iterator[str]:
    """Roots of closed families that still hold private values or files though the time of these is over."""
    spans = [span for process in library.published if (span := span_of(library, process, now, private_of))]
    before = now - min((span.least for span in spans), default=now)
    for process in sorted(library.published) if spans else ():
        for root in tx.closed_families(process, before, with_private=True):
            if (family := tx.family(root, lock=False)) is not None and is_private_over(tx, library, family, now):
                yield root


def is_private_over(tx: Transaction, library: Library, family: Family, now: int) -> bool:
    """Whether the time of a family's private values is over, and nobody needs them any more."""
    over = over_at(library, family, now, private_of)
    return over is not None and over <= now and not is_taken_in(tx, family)
