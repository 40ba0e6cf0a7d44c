"""Closed families of a process are found without reading the others.

Kept as it was released: later changes of the tables are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

ROOTS = sa.text("parent IS NULL AND closed_ms IS NOT NULL")


def upgrade() -> None:
    """Make the index."""
    op.create_index(
        "ix_cases_closed_roots",
        "cases",
        ["process", "id", "closed_ms"],
        sqlite_where=ROOTS,
        postgresql_where=ROOTS,
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_cases_closed_roots", "cases")
