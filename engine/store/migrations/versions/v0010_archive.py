"""Closed cases leave for an archive, and what is left of them proves what left.

Kept as it was released: later changes of the tables are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
WORDS = ("case_id", "root", "process", "head", "file", "file_hash", "archived_by")
COLUMNS = (
    "case_id", "root", "process", "version", "opened_ms", "closed_ms", "sequence", "head", "file", "file_hash",
    "archived_ms", "archived_by",
)  # fmt: skip

NAMED = "EXISTS (SELECT 1 FROM archived WHERE case_id = OLD.case_id AND sequence >= OLD.sequence)"

SQLITE = (
    "DROP TRIGGER records_are_never_deleted",
    f"""
    CREATE TRIGGER records_are_never_deleted BEFORE DELETE ON records WHEN NOT {NAMED}
    BEGIN SELECT RAISE(ABORT, 'records are append-only: none is ever deleted'); END
    """,
    """
    CREATE TRIGGER archived_is_never_changed BEFORE UPDATE ON archived
    BEGIN SELECT RAISE(ABORT, 'what is left of archived cases is never changed'); END
    """,
    """
    CREATE TRIGGER archived_is_never_deleted BEFORE DELETE ON archived
    BEGIN SELECT RAISE(ABORT, 'what is left of archived cases is never deleted'); END
    """,
    """
    CREATE TRIGGER archived_is_never_replaced BEFORE INSERT ON archived
    WHEN EXISTS (SELECT 1 FROM archived WHERE case_id = NEW.case_id)
    BEGIN SELECT RAISE(ABORT, 'the case was archived already'); END
    """,
)

SERVER = (
    f"""
    CREATE OR REPLACE FUNCTION records_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF {NAMED} THEN RETURN OLD; END IF;
        END IF;
        RAISE EXCEPTION 'records are append-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE FUNCTION archived_is_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'what is left of archived cases stays: % is refused', TG_OP
            USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER archived_is_never_changed BEFORE UPDATE OR DELETE ON archived
    FOR EACH ROW EXECUTE FUNCTION archived_is_never_changed()
    """,
    """
    CREATE TRIGGER archived_is_never_emptied BEFORE TRUNCATE ON archived
    FOR EACH STATEMENT EXECUTE FUNCTION archived_is_never_changed()
    """,
)


def upgrade() -> None:
    """Make the table, and let records leave that it names."""
    op.create_table(
        "archived",
        *(sa.Column(name, WORD if name in WORDS else sa.BigInteger(), nullable=False) for name in COLUMNS),
        sa.PrimaryKeyConstraint("case_id", name="pk_archived"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_archived_root", "archived", ["root"])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else SERVER:
        op.execute(statement)


def downgrade() -> None:
    """What left is proved by nothing else."""
    raise RuntimeError("the archive cannot be taken back: cases have left for it")
