"""A process that is forked while a store is open, as a web server does that loads its program first.

Two processes must not share a connection. So those that lie idle are closed before the fork, and each side opens its
own when it next needs one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from engine.errors import StoreUnavailable


class Minding(NamedTuple):
    """What a store does about a fork."""

    before: Callable[[Any], None]  # close what lies idle; let nobody take or give back a connection until it is over
    after: Callable[[Any, bool], None]  # go on; in the child (True) with nothing that the parent has


_open: WeakKeyDictionary[object, Minding] = WeakKeyDictionary()
_held: list[tuple[object, Minding]] = []  # between before and after: the same ones


def mind_forks(store: object, minding: Minding) -> None:
    """Let this store do that at every fork for as long as it lives."""
    _open[store] = minding


def torn_off(path: str) -> StoreUnavailable:
    """What to say in a child that has a copy of what SQLite remembers of the parent's locks, and not the locks."""
    return StoreUnavailable(
        f"this process was forked while another thread was using the database `{path}`",
        help="open the engine anew here, in the child; or fork before threads begin to use it",
    )


def _before() -> None:
    for store, minding in list(_open.items()):
        minding.before(store)
        _held.append((store, minding))


def _after(is_child: bool) -> None:
    while _held:
        store, minding = _held.pop()
        minding.after(store, is_child)


if hasattr(os, "register_at_fork"):  # elsewhere nothing forks
    os.register_at_fork(before=_before, after_in_parent=lambda: _after(False), after_in_child=lambda: _after(True))
