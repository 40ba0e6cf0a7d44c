"""Events that hold private values are found without reading the others.

Kept as it was released: later changes of the tables are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

SOME = sa.text("private <> '{}'")


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_heard_private", "heard", ["number"], sqlite_where=SOME, postgresql_where=SOME)


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_heard_private", "heard")
