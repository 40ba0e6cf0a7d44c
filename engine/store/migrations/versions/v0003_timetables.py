"""How far the schedules of processes have come.

Kept as it was released: later changes of the tables are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table. Before it no process could have schedules, so it begins empty."""
    op.create_table(
        "timetables",
        sa.Column("process", WORD, nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("made", sa.BigInteger(), nullable=False),
        sa.Column("due_ms", sa.BigInteger()),
        sa.Column("fault", WORD),
        sa.Column("problem", WORD),
        sa.PrimaryKeyConstraint("process", name="pk_timetables"),
        sqlite_with_rowid=False,
    )
    due = sa.text("due_ms IS NOT NULL AND fault IS NULL")
    op.create_index("ix_timetables_due", "timetables", ["due_ms", "process"], sqlite_where=due, postgresql_where=due)


def downgrade() -> None:
    """Take the table away: what has been opened stays."""
    op.drop_table("timetables")
