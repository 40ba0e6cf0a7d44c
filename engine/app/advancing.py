"""Families in which something has fallen due, carried forward one after the other; one that fails is set aside."""

from __future__ import annotations

from typing import NamedTuple

from engine.app.faults import fault_of
from engine.app.opening import open_some
from engine.app.saving import Saving
from engine.core.cases import Family
from engine.core.decide import MOST_FIRINGS, carry, is_due
from engine.errors import Outrun, StoreUnavailable
from engine.ports import Ahead, Fault, Transaction

FAMILIES = 100
"""How many families are taken at a time at most."""

LONGEST = 20
"""How long, in ms, families are carried forward in one transaction: whoever wants one of them waits no longer."""


class Advanced(NamedTuple):
    """How many families were carried forward, and how many were set aside."""

    families: int
    faults: int


def advance_some(
    saving: Saving, tx: Transaction, now: int, besides: str = "", *, due_before: int | None = None
) -> Advanced:
    """Carry what is due before `now` forward, in due order, at most a hundred families; the root `besides` is left.

    What the calendar opens comes first, and is carried forward with the others. After 20 ms the rest is left as well.
    What falls due at `due_before` or later may be left too.
    """
    until = saving.time.monotonic() + LONGEST
    due_before = now if due_before is None else due_before
    opened = open_some(saving, tx, due_before, FAMILIES)
    roots = [root for root in tx.due_roots(due_before, FAMILIES) if root != besides]
    tx.look_ahead(Ahead(families=tuple(roots)))
    poisoned: list[Fault] = []
    met = 0
    for root in roots:
        if met and saving.time.monotonic() > until:
            break
        met += 1
        before: Family | None = None
        try:
            with tx.part():
                before = saving.family(tx, root, lock=True)
                carried = carry(before, now, saving.context(tx, now), MOST_FIRINGS)
                saving.save(tx, before, (), carried, None)
        except (Outrun, StoreUnavailable):  # nobody's fault: all of it is done again
            raise
        except Exception as error:  # whatever a family does to the engine, the others go on
            poisoned.append(fault_of(root, error, now, before))
    for fault in poisoned:
        tx.set_aside(fault)
    return Advanced(opened.done + met - len(poisoned), opened.faults + len(poisoned))


def carry_family(saving: Saving, tx: Transaction, root: str, until: int, clock: int) -> None:
    """Carry one family forward to an instant, whatever that takes."""
    family = saving.family(tx, root, lock=True)
    while is_due(family, until):
        carried = carry(family, until, saving.context(tx, clock))
        saving.save(tx, family, (), carried, None)
        family = carried.family


def carry_import(saving: Saving, tx: Transaction, name: str, when: tuple[int, int], besides: str = "") -> None:
    """Carry every family of an unfinished import forward to an instant, at that clock; the root `besides` is left."""
    until, clock = when
    after = ""
    while roots := tx.importing_due(name, until, after, FAMILIES):
        for root in roots:
            if root != besides:
                carry_family(saving, tx, root, until, clock)
        after = roots[-1]


def advance_others(saving: Saving, tx: Transaction, now: int, own: str) -> None:
    """Carry every family but this one forward: who looks into others sees them as a read shows them."""
    while any(advance_some(saving, tx, now, own)):
        pass
