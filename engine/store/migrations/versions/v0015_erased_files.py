"""Files go into the archive locked, so their key can be destroyed there too; that it was is kept for good.

Kept as it was released: later changes of the tables are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

SQLITE = (
    """
    CREATE TRIGGER erased_files_are_never_changed BEFORE UPDATE ON erased_files
    BEGIN SELECT RAISE(ABORT, 'that files were erased stays on record'); END
    """,
    """
    CREATE TRIGGER erased_files_are_never_deleted BEFORE DELETE ON erased_files
    BEGIN SELECT RAISE(ABORT, 'that files were erased stays on record'); END
    """,
    """
    CREATE TRIGGER erased_files_are_never_replaced BEFORE INSERT ON erased_files
    WHEN EXISTS (SELECT 1 FROM erased_files WHERE case_id = NEW.case_id)
    BEGIN SELECT RAISE(ABORT, 'that files were erased stays on record'); END
    """,
)

SERVER = (
    """
    CREATE FUNCTION erased_files_are_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'that files were erased stays on record: % is refused', TG_OP
            USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER erased_files_are_never_changed BEFORE UPDATE OR DELETE ON erased_files
    FOR EACH ROW EXECUTE FUNCTION erased_files_are_never_changed()
    """,
    """
    CREATE TRIGGER erased_files_are_never_emptied BEFORE TRUNCATE ON erased_files
    FOR EACH STATEMENT EXECUTE FUNCTION erased_files_are_never_changed()
    """,
)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "erased_files",
        sa.Column("case_id", WORD, nullable=False),
        sa.Column("erased_ms", sa.BigInteger(), nullable=False),
        sa.Column("erased_by", WORD, nullable=False),
        sa.Column("reason", WORD, nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="pk_erased_files"),
        sqlite_with_rowid=False,
    )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else SERVER:
        op.execute(statement)


def downgrade() -> None:
    """What was erased is proved by nothing else."""
    raise RuntimeError("that files were erased cannot be taken back")
