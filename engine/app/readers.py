"""Which of many cases somebody may read: what is left out where a list is of something else than cases."""

from __future__ import annotations

from collections.abc import Iterable

from engine.core.cases import Actor
from engine.core.plan import Library
from engine.ports import Transaction
from engine.views import may_read


def readable(tx: Transaction, library: Library, cases: Iterable[str], who: Actor) -> frozenset[str]:
    """Those of these cases that this actor may read; of one that has left for the archive administrators hear."""
    return frozenset(case for case in set(cases) if _may_read(tx, library, case, who))


def _may_read(tx: Transaction, library: Library, case: str, who: Actor) -> bool:
    family = tx.family(case.partition(".")[0], lock=False)
    one = family.cases.get(case) if family is not None else None
    if one is None:
        return "admin" in who.roles
    return may_read(library.plan(one.process, one.version), one, who)
