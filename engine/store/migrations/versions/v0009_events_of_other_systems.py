"""Events of other systems: which cases they find, and those that wait for one.

Kept as it was released: later changes of the tables are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables. Before them no process could hear anything, so they begin empty."""
    op.create_table(
        "listening",
        sa.Column("event", WORD, nullable=False),
        sa.Column("mark", WORD, nullable=False),
        sa.Column("case_id", WORD, nullable=False),
        sa.PrimaryKeyConstraint("event", "mark", "case_id", name="pk_listening"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_listening_case_id", "listening", ["case_id"])
    op.create_table(
        "heard",
        sa.Column("number", SERIAL, autoincrement=True, nullable=False),
        sa.Column("event", WORD, nullable=False),
        sa.Column("sender", WORD, nullable=False),
        sa.Column("roles", WORD, nullable=False),
        sa.Column("key", WORD, nullable=False),
        sa.Column("digest", WORD, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("occurred_ms", sa.BigInteger()),
        sa.Column("status", WORD, nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("fields", WORD, nullable=False),
        sa.Column("private", WORD, nullable=False),
        sa.Column("cases", WORD, nullable=False),
        sa.Column("reasons", WORD, nullable=False),
        sa.Column("importing", WORD, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_heard"),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_heard_sender", "heard", ["sender", "key"], unique=True)
    op.create_index("ix_heard_until_ms", "heard", ["until_ms"])
    some = sa.text("importing <> ''")
    op.create_index("ix_heard_importing", "heard", ["importing"], sqlite_where=some, postgresql_where=some)
    op.create_table(
        "kept",
        sa.Column("event", WORD, nullable=False),
        sa.Column("mark", WORD, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("event", "mark", "number", name="pk_kept"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_kept_number", "kept", ["number"])


def downgrade() -> None:
    """Forget what was heard."""
    for table in ("kept", "heard", "listening"):
        op.drop_table(table)
