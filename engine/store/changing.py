"""How a row of `cases` is changed: only columns that differ, and only if the case still is what it was.

Indexes of the columns that are left out stay untouched.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import compress, groupby
from operator import itemgetter, ne, or_
from typing import Any, get_args, get_type_hints

from engine.store.rows import CaseRow
from engine.store.statements import Many

_GUARDED = ("id", "revision", "sequence", "family_order")

USUAL: tuple[str, ...] = ("revision", "sequence", "head", "family_order", "floor_ms", "state", "waiting", "body")
"""What hardly a step leaves as it was; no index has any of these columns."""

_OF_KEYS = frozenset({"process", "business_key", "is_unique", "closed_ms"})
"""What decides whether another case may have the same unique key."""

_KINDS = {
    name: "bigint" if int in (kind, *get_args(kind)) else "text" for name, kind in get_type_hints(CaseRow).items()
}
"""Of what kind the columns are, as PostgreSQL calls it."""

_usual_of, _guarded_of = (itemgetter(*map(CaseRow._fields.index, columns)) for columns in (USUAL, _GUARDED))
_IS_USUAL = tuple([name in USUAL for name in CaseRow._fields])
"""Written with others whether they differ or not: else a step in the same ms as the last is a statement of its own."""

_STEADY = tuple(
    slice(places[0], places[-1] + 1)
    for is_steady, run in groupby(range(len(CaseRow._fields)), lambda place: CaseRow._fields[place] not in USUAL)
    if is_steady and (places := [*run])
)
"""Where the other columns stand in a row."""


Change = tuple[tuple[str, ...], tuple[Any, ...]]
"""The columns that change, if any, and the values of the statement: of these columns, and what the case was."""


def change_of(was: CaseRow, row: CaseRow) -> Change:
    """What changed between these rows."""
    if _is_usual(was, row):
        columns, values = USUAL, _usual_of(row)
        if values == _usual_of(was):
            return (), ()
    else:
        marks = tuple(map(or_, _IS_USUAL, map(ne, was, row)))
        columns, values = tuple(compress(CaseRow._fields, marks)), tuple(compress(row, marks))
    return columns, values + _guarded_of(was)


def _is_usual(was: CaseRow, row: CaseRow) -> bool:
    """Whether no other columns changed: compared in whole runs, which costs less than to ask each."""
    for places in _STEADY:
        if was[places] != row[places]:
            return False
    return True


@lru_cache(maxsize=1_000)
def update_of(columns: tuple[str, ...]) -> str:
    """Change these columns, if the case still is what it was."""
    changes = ", ".join(f"{name} = ?" for name in columns)
    guards = " AND ".join(f"{name} = ?" for name in _GUARDED)
    return f"UPDATE cases SET {changes} WHERE {guards}"


USUAL_UPDATE = update_of(USUAL)


def sure_change_of(was: CaseRow, row: CaseRow, columns: tuple[str, ...]) -> tuple[str, Many | None]:
    """How a change of these columns is told to a server."""
    is_unique = bool(was.is_unique or row.is_unique)
    return sure_update_of(columns, is_unique=is_unique, is_usual=was.fault is None and was.importing is None)


@lru_cache(maxsize=1_000)
def sure_update_of(columns: tuple[str, ...], *, is_unique: bool, is_usual: bool) -> tuple[str, Many | None]:
    """The same on a server, failing where it changes nothing, and that for many cases, failing where one was changed.

    Nobody looks at its answer before the commit is on its way. Where the case has a key that no other open one of its
    process may have, what gives or frees it keeps its place among the other writes. A usual case is neither set aside
    nor being imported, and must not be so now: that is marked without a step.
    """
    names = (*columns, *_GUARDED)
    places = [f"${place}" for place in range(1, len(names) + 1)]
    also = " AND fault IS NULL AND importing IS NULL" if is_usual else ""
    changes, guards = _equal(names, places, len(columns))
    one = f"UPDATE cases SET {changes} WHERE {guards}{also}"
    sure = f"WITH changed AS ({one} RETURNING 1) SELECT 1 / count(*) FROM changed"
    if is_unique and not _OF_KEYS.isdisjoint(columns):
        return sure, None
    kinds = [_KINDS[name] for name in names]
    arrays = ", ".join(f"{place}::{kind}[]" for place, kind in zip(places, kinds, strict=True))
    given = [f"given_{place}" for place in range(len(names))]
    count = f"${len(names) + 1}"
    changes, guards = _equal(names, given, len(columns))
    sets = f"(SELECT * FROM unnest({arrays}) LIMIT {count}) AS given ({', '.join(given)})"
    every = f"UPDATE cases SET {changes} FROM {sets} WHERE {guards}{also}"
    many = f"WITH changed AS ({every} RETURNING 1) SELECT 1 / (count(*) = {count})::int FROM changed"
    return sure, Many(many, kinds, "cases", (len(columns),))


def _equal(names: Sequence[str], values: Sequence[str], count: int) -> tuple[str, str]:
    """So many columns set to these values, and the others compared with them."""
    pairs = [f"{name} = {value}" for name, value in zip(names, values, strict=True)]
    return ", ".join(pairs[:count]), " AND ".join(pairs[count:])
