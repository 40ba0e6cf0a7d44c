"""A program that writes without end and says after each commit what it has written: `PATH NAME` are its arguments.

Every step goes with a message, a request, a personal value and a child, so that half of one would show.
"""

from __future__ import annotations

import random
import sys
from threading import Lock, Thread

from engine.core.cases import Family
from engine.ports import Save, Store, Transaction
from engine.store import open_store
from tests.contract.builders import a_case, a_child, a_message, a_request, a_step, family_of, moved, opening, outlook

FAMILIES = 5
SAYING = Lock()


def first(name: str) -> Save:
    """The opening of a family of two."""
    root = a_case(name, data={"count": 1}, private={"phone": "1"}, secret="aa")
    child = a_child(root, data={"count": 1})
    message = a_message(root, values={"count": 1})
    steps = (a_step(root, outgoing=(message,)), a_step(child))
    return opening(root, children=(child,), steps=steps, request=a_request(root, f"{name}-1", sequence=1))


def then(family: Family, size: int) -> Save:
    """One step of both, of some size."""
    root, child = family.cases.values()
    count = root.sequence + 1
    changes = {"data": {"count": count, "note": "x" * size}, "private": {"phone": str(count)}}
    after = moved(root, **changes).but(order=root.order + 2, next_due=count)
    other = moved(child, data={"count": count}).but(order=0)
    message = a_message(after, values={"count": count})
    return Save(
        before=family,
        after=family_of(after, other),
        steps=(a_step(after, outgoing=(message,)), a_step(other)),
        outlooks={after.id: outlook(after, sort_key=count), other.id: outlook(other, sort_key=count)},
        request=a_request(after, f"{after.id}-{count}", sequence=count),
    )


def turn(store: Store, name: str, size: int) -> int:
    """One step, in a commit that others may share; the sequence it reached."""

    def work(tx: Transaction) -> int:
        family = tx.family(name, lock=True)
        save = first(name) if family is None else then(family, size)
        tx.save(save)
        return save.after.cases[name].sequence

    return store.do(work)


def write(store: Store, name: str) -> None:
    """Write one family, beside the others of this process, until killed."""
    lots = random.Random(name)
    while True:
        sequence = turn(store, name, lots.choice((10, 10, 10, 3_000, 60_000)))
        with SAYING:
            sys.stdout.write(f"{name} {sequence}\n")
            sys.stdout.flush()


def main() -> None:
    """Write with as many threads as there are families."""
    path, prefix = sys.argv[1:]
    store = open_store(path, create=True)
    for number in range(FAMILIES):
        Thread(target=write, args=(store, f"{prefix}-{number}")).start()


if __name__ == "__main__":
    main()
