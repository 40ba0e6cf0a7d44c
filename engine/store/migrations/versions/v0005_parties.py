"""The desk's registers of outside people.

Kept as it was released: later changes of the tables are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table; nobody is in it."""
    op.create_table(
        "parties",
        sa.Column("party", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", WORD, nullable=False),
        sa.Column("is_active", sa.BigInteger(), nullable=False),
        sa.Column("data", WORD, nullable=False),
        sa.Column("private", WORD, nullable=False),
        sa.PrimaryKeyConstraint("party", "id", "number", name="pk_parties"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Forget whom the desk knew."""
    op.drop_table("parties")
