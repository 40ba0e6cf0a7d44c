"""Adjustments, and which promises of which cases they affect.

Kept as it was released: later changes of the tables are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the two tables and their index."""
    op.create_table(
        "adjustments",
        *(sa.Column(name, WORD, nullable=False) for name in ("id", "kind")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("since_ms", "until_ms")),
        *(sa.Column(name, WORD, nullable=False) for name in ("reason", "approver", "declared_by")),
        sa.Column("declared_ms", sa.BigInteger(), nullable=False),
        sa.Column("asked", WORD, nullable=False),
        sa.Column("reversal", WORD, nullable=True),
        sa.Column("is_finished", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_adjustments"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "affected",
        *(sa.Column(name, WORD, nullable=False) for name in ("case_id", "adjustment", "clock")),
        sa.Column("is_reversed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "adjustment", "clock", name="pk_affected"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_affected_adjustment", "affected", ["adjustment", "case_id"])


def downgrade() -> None:
    """Take them back, with all that was declared."""
    op.drop_table("affected")
    op.drop_table("adjustments")
