"""Statements for many sets of values at once, on PostgreSQL: each is given an array of every value.

A join with the sets shall go through the index, one by one, however small a table is when its plan is made: the plan
stays while the table grows. Of how many there are the planner knows nothing but that they are limited, and takes it for
one; so the plan is also the same for every number and made once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ClauseElement,
    Dialect,
    FromClause,
    Insert,
    Subquery,
    Table,
    bindparam,
    cast,
    delete,
    func,
    select,
    update,
)
from sqlalchemy import Text as Words

from engine.store.statements import Many

COUNT = "count"
_KINDS: Mapping[str, Any] = {"text": Words(), "bigint": BigInteger()}


class _Sets(NamedTuple):
    """The sets of values as rows, and of what kind each value is."""

    rows: Subquery
    kinds: Mapping[str, str]


class Wide(NamedTuple):
    """A statement on many sets: what it writes and which values name a row; or asking, where its answer has them."""

    build: ClauseElement
    kinds: Mapping[str, str]
    table: str
    key: tuple[int, ...]

    def text(self, dialect: Dialect) -> Many:
        """The statement in one database's words."""
        compiled: Any = self.build.compile(dialect=dialect)
        if tuple(compiled.positiontup) != (*self.kinds, COUNT):
            raise TypeError(f"the statement wants {compiled.positiontup}, not {(*self.kinds, COUNT)}: {compiled}")
        return Many(" ".join(str(compiled).split()), tuple(self.kinds.values()), self.table, self.key)


def _sets_of(kinds: Mapping[str, str], *, is_ordered: bool = False) -> _Sets:
    """The arrays that are given as rows; where their order matters, with the place of each."""
    arrays = [cast(bindparam(name), ARRAY(_KINDS[kind])) for name, kind in kinds.items()]
    rows = func.unnest(*arrays).table_valued(*kinds, **({"with_ordinality": "place"} if is_ordered else {}))
    return _Sets(select(rows.render_derived("sets")).limit(bindparam(COUNT)).subquery("given"), kinds)


def inserting(statement: Insert, names: Sequence[str]) -> Wide:
    """Insert a row for each set, in their order: so the database numbers them."""
    table = statement.table
    given = _sets_of(_kinds_of(table, names), is_ordered=True)
    rows = select(*(given.rows.c[name] for name in names)).order_by(given.rows.c.place)
    return Wide(statement.from_select(list(names), rows), given.kinds, str(table.name), _key_of(table, names))


def removing(table: Table, names: Sequence[str]) -> Wide:
    """Remove the row that each set names."""
    given = _sets_of(_kinds_of(table, names))
    statement = delete(table).where(*(table.c[name] == given.rows.c[name] for name in names))
    return Wide(statement, given.kinds, table.name, _key_of(table, names))


def updating(
    table: Table, kinds: Mapping[str, str], id: str, changes: Callable[[FromClause], Mapping[str, Any]]
) -> Wide:
    """Change the row that each set names by its `id`, as the set says."""
    given = _sets_of(kinds)
    statement = update(table).where(table.c.id == given.rows.c[id]).values(dict(changes(given.rows)))
    return Wide(statement, kinds, table.name, ([*kinds].index(id),))


def asking(build: Callable[[Subquery], ClauseElement], kinds: Mapping[str, str], *places: int) -> Wide:
    """Ask for the rows of each set, by which they have `place` as well; the answer has their values in these places."""
    given = _sets_of(kinds, is_ordered=True)
    return Wide(build(given.rows), kinds, "", places)


def _kinds_of(table: FromClause, names: Sequence[str]) -> dict[str, str]:
    return {name: "bigint" if isinstance(table.c[name].type, BigInteger) else "text" for name in names}


def _key_of(table: FromClause, names: Sequence[str]) -> tuple[int, ...]:
    """Which of the values name a row; none where the database numbers them."""
    key = [column.name for column in table.primary_key]
    return tuple(names.index(name) for name in key) if set(key) <= set(names) else ()
