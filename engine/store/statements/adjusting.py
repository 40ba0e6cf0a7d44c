"""Statements on adjustments, for every database."""

from __future__ import annotations

from sqlalchemy import func, literal_column, select

from engine.store.statements.writing import Hot, replace, value
from engine.store.tables import adjustments, affected

ADJUSTMENT = replace(adjustments)
ADJUSTMENTS = Hot(
    select(adjustments).order_by(adjustments.c.declared_ms, func.length(adjustments.c.id), adjustments.c.id)
)

AFFECT = replace(affected)
AFFECTED_OF = Hot(
    select(affected).where(affected.c.case_id == value("of")).order_by(affected.c.adjustment, affected.c.clock), "of"
)
AFFECTED_BY = Hot(
    select(affected).where(affected.c.adjustment == value("by")).order_by(affected.c.case_id, affected.c.clock), "by"
)
ADJUSTED_CASES = Hot(
    select(affected.c.case_id)
    .where(affected.c.is_reversed == literal_column("0"))
    .distinct()
    .order_by(affected.c.case_id)
)

STATEMENTS = {name: found for name, found in list(globals().items()) if isinstance(found, Hot)}
"""Every statement above, by name."""
