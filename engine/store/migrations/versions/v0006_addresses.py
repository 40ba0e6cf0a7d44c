"""How people are reached.

Kept as it was released: later changes of the tables are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table; nobody is reached yet."""
    op.create_table(
        "addresses",
        sa.Column("person", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("address", WORD, nullable=False),
        sa.PrimaryKeyConstraint("person", "kind", name="pk_addresses"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Forget how people are reached."""
    op.drop_table("addresses")
