"""An unfinished import finds its families by when they fall due.

Kept as it was released: later changes of the tables are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

OF_IMPORTS = sa.text("importing IS NOT NULL")


def upgrade() -> None:
    """Add to the index when a case falls due."""
    _indexed("importing", "next_due_ms")


def downgrade() -> None:
    """The index as it was."""
    _indexed("importing")


def _indexed(*columns: str) -> None:
    op.drop_index("ix_cases_importing", "cases")
    op.create_index("ix_cases_importing", "cases", list(columns), sqlite_where=OF_IMPORTS, postgresql_where=OF_IMPORTS)
