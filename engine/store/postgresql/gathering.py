"""Statements as they are sent, and what one transaction tells in few of them: many sets of values go as arrays.

A statement of its own costs the server twice as much as a row of one of many, and the client three times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import error as StructError
from struct import pack
from typing import Any

import psycopg
from psycopg import pq

from engine.store.statements import Many

FEWEST = 3
"""Sets of values for which one statement is less work than as many."""

FEW = 8
"""Statements among which nobody looks for such: one action's."""

NUL = "a text of PostgreSQL cannot contain NUL"

SHORT = 100
"""Signs of a text that the server reads one by one without much work."""


Told = tuple[str, Sequence[Any], Many | None]
"""A statement, its values, and the statement that does the same for many."""

Ready = tuple[str, Sequence[bytes | None], Sequence[int] | None]
"""A statement as libpq sends it: its text, the values, and which of them are bytes as they are."""


def check(values: Sequence[Any], many: Many | None) -> None:
    """Refuse what could not be sent later, while it is known whose it is."""
    texts = many.texts_of(values) if many is not None else [one for one in values if type(one) is str]
    try:
        joined = "".join(texts)
    except TypeError:  # nothing stands where a text might
        joined = "".join([one for one in texts if type(one) is str])
    if not joined.isascii():
        joined.encode()
    if "\x00" in joined:
        raise psycopg.DataError(NUL)


def ready(text: str, values: Sequence[Any]) -> Ready:
    """Values without a type: the column beside one says it, and one statement serves numbers of every size."""
    if not values:
        return text, (), None
    given = [_DUMPERS[type(value)](value) for value in values]
    if bytes not in map(type, values):
        return text, given, None
    return text, given, [pq.Format(type(value) is bytes) for value in values]


def _text(value: str) -> bytes:
    if "\x00" in value:
        raise psycopg.DataError(NUL)
    return value.encode()


_DUMPERS: dict[type, Callable[[Any], bytes | None]] = {
    str: _text, int: b"%d".__mod__, bytes: bytes, bool: lambda value: b"ft"[value : value + 1],
    type(None): lambda value: None,
}  # fmt: skip
_CHECKED = {**_DUMPERS, str: str.encode}


def _checked(one: Told) -> Ready:
    """One that `check` has let pass; if it has a form for many, its values are texts and numbers."""
    text, values, many = one
    if many is None:
        return ready(text, values)
    return in_one(text, values)


def in_one(text: str, values: Sequence[Any]) -> Ready:
    """One statement for all that was told, of values that `check` has let pass."""
    return text, [_CHECKED[type(value)](value) for value in values], None


def gathered(told: Sequence[Told]) -> list[Ready]:
    """What was told, in few statements; what is told of one row keeps its order.

    What has no form for many keeps its place among all. Else tables do not look at each other, nor rows of one: there
    are no foreign keys, and what gives or frees a unique key has no such form.
    """
    if len(told) < FEW:
        return [_checked(one) for one in told]
    sent: list[Ready] = []
    groups: dict[str, list[Told]] = {}
    touched: dict[str, set[Any]] = {}
    for one in told:
        text, values, many = one
        if many is None:
            sent += _closed(groups, touched)
            sent.append(_checked(one))
            continue
        if many.key:
            row = many.row_of(values)
            rows = touched.get(many.table)
            if rows is not None and row in rows:
                sent += _closed(groups, touched)
                rows = None
            if rows is None:
                rows = touched[many.table] = set()
            rows.add(row)
        if text in groups:
            groups[text].append(one)
        else:
            groups[text] = [one]
    sent += _closed(groups, touched)
    return sent


def _closed(groups: dict[str, list[Told]], touched: dict[str, set[Any]]) -> list[Ready]:
    closed: list[Ready] = []
    for group in groups.values():
        many = group[0][2]
        if len(group) < FEWEST or many is None:
            closed += [_checked(one) for one in group]
        else:
            closed.append(at_once(many, [values for _, values, _ in group]))
    groups.clear()
    touched.clear()
    return closed


def at_once(many: Many, sets: Sequence[Sequence[Any]]) -> Ready:
    """One statement for these sets of values."""
    given: list[bytes] = []
    formats: list[int] = []
    for kind, column in zip(many.kinds, zip(*sets, strict=True), strict=True):
        array, form = _numbers(column) if kind == "bigint" else _texts(column)
        given.append(array)
        formats.append(form)
    return many.text, [*given, b"%d" % len(sets)], [*formats, 0]


_WORDS, _BYTES = int(pq.Format.TEXT), int(pq.Format.BINARY)


def _numbers(column: Sequence[int | None]) -> tuple[bytes, int]:
    """An array of numbers, as the server keeps it if there is nothing special about them."""
    spread: list[int | None] = [8] * (2 * len(column))  # before each number stands how many bytes it has
    spread[1::2] = column
    try:
        return _head(20, column) + pack(">" + "iq" * len(column), *spread), _BYTES
    except StructError:  # nothing, or more than fits, which the server shall refuse
        return f"{{{','.join(['NULL' if one is None else str(one) for one in column])}}}".encode(), _WORDS


def _texts(column: Sequence[str | None]) -> tuple[bytes, int]:
    """An array of texts: short ones in the server's words, others as it keeps them, each with its length."""
    if None not in column:
        joined = "\x00".join(column)  # type: ignore[arg-type]  # there are no others
        if len(joined) < SHORT * len(column):
            if joined.count("\x00") >= len(column):  # one of them would be taken for two
                raise psycopg.DataError(NUL)
            words = joined.replace("\\", "\\\\").replace('"', '\\"').replace("\x00", '","')
            return f'{{"{words}"}}'.encode(), _WORDS
        if "\x00" in "".join(column):  # type: ignore[arg-type]
            raise psycopg.DataError(NUL)
    parts = [_head(25, column)]
    for one in column:
        if one is None:
            parts.append(b"\xff\xff\xff\xff")
        else:
            encoded = one.encode()
            parts.append(len(encoded).to_bytes(4, "big"))
            parts.append(encoded)
    return b"".join(parts), _BYTES


def _head(kind: int, column: Sequence[Any]) -> bytes:
    """Of an array of one dimension: whether something is missing, the server's number of the kind, from 1 up."""
    return pack(">iiiii", 1, None in column, kind, len(column), 1)
