"""What a transaction will read first, as statements to be asked together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from engine.ports import Ahead
from engine.sealing import owner_of_addresses
from engine.store.rows import Memo
from engine.store.statements import Text


def statements_of(
    ahead: Ahead, texts: Mapping[str, Text], memo: Memo, claimed: Collection[str] = ()
) -> list[tuple[Text, tuple[Any, ...]]]:
    """The statements that will be run for this, and their values; roots that are `claimed` are locked already."""
    return [(texts[name], values) for name, values in _asked(ahead, memo, claimed)]


def _asked(ahead: Ahead, memo: Memo, claimed: Collection[str]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for setting in ahead.settings:
        yield "SETTING", (setting,)
    for person in ahead.people:
        yield "ONE_PERSON", (person,)
    for request in ahead.requests:
        yield "REQUEST", request
    if ahead.opens is not None:
        yield "TIME", ()
        yield "LOCK_TIMETABLE", (ahead.opens,)
        yield "TIMETABLE", (ahead.opens,)
    if ahead.due is not None:
        before, most = ahead.due
        yield "DUE_TIMETABLES", (before,)
        yield "DUE", (before, most)
        yield "TIME", ()  # that of the locks taken
    if ahead.is_next:
        yield "NEXT_DUE", ()
        yield "NEXT_OPENING", ()
    for person in ahead.reached:
        yield "ADDRESSES", (owner_of_addresses(person), person)
    for root in ahead.families:
        if root not in claimed:
            yield "LOCK", (root,)
        yield from _family(root, memo)
    for root in ahead.seen:
        yield from _family(root, memo)


def _family(root: str, memo: Memo) -> Iterator[tuple[str, tuple[Any, ...]]]:
    yield "FAMILY", (root,)  # in a statement of its own: it sees what whoever held the lock has left
    if not memo.is_thought_known(root):
        yield "SECRETS", (root,)
        if memo.has_private:
            yield "PERSONAL", (root,)
