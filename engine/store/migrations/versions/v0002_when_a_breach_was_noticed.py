"""When a breach was noticed: how late the engine itself was stands beside how late the promise was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; of breaches before it nobody knows."""
    if op.get_bind().dialect.name != "sqlite":
        op.add_column("clock_cycles", sa.Column("noticed_ms", sa.BigInteger()))
        return
    # SQLite would write the column behind the primary key: a database must look the same however it came to be.
    op.rename_table("clock_cycles", "clock_cycles_before")
    words, numbers = sa.Text(), sa.BigInteger()
    op.create_table(
        "clock_cycles",
        sa.Column("case_id", words, nullable=False),
        sa.Column("clock", words, nullable=False),
        sa.Column("cycle", numbers, nullable=False, autoincrement=False),
        sa.Column("started_ms", numbers, nullable=False),
        sa.Column("ended_ms", numbers),
        sa.Column("result", words, nullable=False),
        sa.Column("goal_kind", words, nullable=False),
        sa.Column("goal_ms", numbers, nullable=False),
        sa.Column("used_ms", numbers, nullable=False),
        sa.Column("breached_ms", numbers),
        sa.Column("turns", words, nullable=False),
        sa.Column("noticed_ms", numbers),
        sa.PrimaryKeyConstraint("case_id", "clock", "cycle", name="pk_clock_cycles"),
    )
    op.execute("INSERT INTO clock_cycles SELECT *, NULL FROM clock_cycles_before")
    op.drop_table("clock_cycles_before")


def downgrade() -> None:
    """Forget when breaches were noticed."""
    op.drop_column("clock_cycles", "noticed_ms")
