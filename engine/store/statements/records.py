"""Statements on records. On PostgreSQL they stand in months, by the instant of each.

So a case is looked for in the months of its life alone: from when it was opened to its family's floor, before which
nothing more can be.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ClauseElement, Select, column, select, table
from sqlalchemy import insert as core_insert

from engine.store.statements.many import inserting
from engine.store.statements.writing import Hot, value
from engine.store.tables import cases, records

in_months = table("records", *(column(one.name, one.type) for one in records.columns), column("at_ms", BigInteger))
"""As PostgreSQL has them."""


def _new(dialect: str) -> ClauseElement:
    return core_insert(records if dialect == "sqlite" else in_months)


def _of_case(dialect: str) -> ClauseElement:
    there = records if dialect == "sqlite" else in_months
    found: Select[tuple[object, ...]] = (
        select(*(there.c[one.name] for one in records.columns))
        .where(there.c.case_id == value("case_id"), there.c.sequence > value("after"))
        .order_by(there.c.sequence)
        .limit(value("most"))
    )
    if dialect == "sqlite":
        return found
    root, own = cases.alias("root"), cases.alias("own")
    opened = select(own.c.opened_ms).where(own.c.id == value("case_id")).scalar_subquery()
    floor = select(root.c.floor_ms).join(own, own.c.root == root.c.id).where(own.c.id == value("case_id"))
    return found.where(there.c.at_ms.between(opened, floor.scalar_subquery()))


_NAMES = tuple(one.name for one in in_months.columns)
NEW_RECORD = Hot(_new, *_NAMES, spare=("at_ms",), many=inserting(core_insert(in_months), _NAMES))
RECORDS = Hot(_of_case, "case_id", "after", "most")

STATEMENTS = {name: found for name, found in list(globals().items()) if isinstance(found, Hot)}
"""Every statement above, by name."""
