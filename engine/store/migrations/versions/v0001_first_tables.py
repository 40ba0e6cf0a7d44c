"""The first tables.

Kept as it was released: later changes of the tables are revisions of their own.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# A column: name, type, `key` of the primary key or `null` if it may be empty. `clustered`: kept in
# the order of its key.
TABLES = {
    "cases": """
        id word key, root word, parent word null, ordinal number, birth number, process word, version number,
        personal number, revision number, sequence number, head word, family_order number, floor_ms number,
        next_due_ms number null, family_due_ms number null, importing word null, fault word null, state word,
        waiting word, due_ms number null, due_clock word null, overdue_since_ms number null, overdue_clock word
        null, remaining_ms number null, paused_by word null, sort_key number, assignee word null, queue word null,
        business_key word null, is_unique number, opened_ms number, closed_ms number null, outcome word, body word
    """,
    "waiting clustered": """
        receiver word key, sort_key number key, opened_ms number key, case_id word key
    """,
    "records": """
        case_id word key, sequence number key, family_order number, text word, hash word
    """,
    "personal clustered": """
        case_id word key, field word key, value word, search word null
    """,
    "case_keys clustered": """
        case_id word key, secret word
    """,
    "links clustered": """
        target word key, case_id word key, link word key
    """,
    "requests clustered": """
        sender word key, key word key, digest word, case_id word, sequence number, at_ms number
    """,
    "counters clustered": """
        prefix word key, number number
    """,
    "outbox": """
        id serial key, case_id word, sequence number, number number, at_ms number, kind word, receiver word,
        receiver_kind word, name word, body word, status word, attempts number, next_ms number, error word null,
        delivered_ms number null
    """,
    "clock_cycles": """
        case_id word key, clock word key, cycle number key, started_ms number, ended_ms number null, result word,
        goal_kind word, goal_ms number, used_ms number, breached_ms number null, turns word
    """,
    "definitions": """
        id serial key, process word, version number, prefix word, behaviour_hash word, words_hash word, sources
        word, published_ms number, published_by word
    """,
    "sources": """
        hash word key, text word
    """,
    "attachments": """
        id serial key, case_id word, hash word, name word, media_type word, at_ms number
    """,
    "contents": """
        hash word key, content bytes
    """,
    "actors": """
        id word key, name word, roles word, is_active number, language word null
    """,
    "faults": """
        id word key, root word, at_ms number, message word, traceback word
    """,
    "settings": """
        name word key, value word
    """,
}
INDEXES = (
    ("ix_cases_assignee", "cases", "assignee", "assignee IS NOT NULL AND closed_ms IS NULL"),
    ("ix_cases_business_key", "cases", "business_key process", "business_key IS NOT NULL"),
    ("ix_cases_family_due_ms_id", "cases", "family_due_ms id", "family_due_ms IS NOT NULL"),
    ("ix_cases_importing", "cases", "importing", "importing IS NOT NULL"),
    ("ix_cases_process_opened_ms", "cases", "process opened_ms", "process <> ''"),
    ("ix_cases_closed", "cases", "sort_key opened_ms id", "closed_ms IS NOT NULL"),
    ("ix_cases_root_birth", "cases", "root birth", ""),
    ("ix_cases_worklist", "cases", "sort_key opened_ms id", "closed_ms IS NULL"),
    ("uq_cases_business_key", "cases", "process business_key", "is_unique = 1 AND closed_ms IS NULL"),
    ("ix_personal_search", "personal", "search case_id", "search IS NOT NULL"),
    ("ix_outbox_waiting", "outbox", "next_ms id", "status = 'waiting'"),
    ("uq_outbox_place", "outbox", "case_id sequence number", ""),
    ("ix_definitions_process", "definitions", "process version", ""),
    ("ix_attachments_case_id", "attachments", "case_id hash", ""),
)

WORD = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TYPES: dict[str, Any] = {
    "word": WORD,
    "number": sa.BigInteger(),
    "bytes": sa.LargeBinary(),
    "serial": sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
}

APPEND_ONLY = (
    """
    CREATE TRIGGER records_are_never_changed BEFORE UPDATE ON records
    BEGIN SELECT RAISE(ABORT, 'records are append-only: none is ever changed'); END
    """,
    """
    CREATE TRIGGER records_are_never_deleted BEFORE DELETE ON records
    BEGIN SELECT RAISE(ABORT, 'records are append-only: none is ever deleted'); END
    """,
    # REPLACE removes the row in its way without asking the trigger above.
    """
    CREATE TRIGGER records_are_never_replaced BEFORE INSERT ON records
    WHEN EXISTS (SELECT 1 FROM records WHERE case_id = NEW.case_id AND sequence = NEW.sequence)
        OR EXISTS (SELECT 1 FROM records WHERE rowid = NEW.rowid)
    BEGIN SELECT RAISE(ABORT, 'records are append-only: there is one in this place'); END
    """,
)
"""In SQLite's words."""

APPEND_ONLY_SERVER = (
    """
    CREATE FUNCTION records_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'records are append-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER records_are_never_changed BEFORE UPDATE OR DELETE ON records
    FOR EACH ROW EXECUTE FUNCTION records_are_append_only()
    """,
    # Rules of rows are not asked by it.
    """
    CREATE TRIGGER records_are_never_emptied BEFORE TRUNCATE ON records
    FOR EACH STATEMENT EXECUTE FUNCTION records_are_append_only()
    """,
)
"""In PostgreSQL's words. Nothing there replaces a row without the first trigger or the primary key."""


def upgrade() -> None:
    """Make the tables, their indexes, and the triggers that keep the records."""
    for name, columns in TABLES.items():
        _make_table(*name.split(), columns=columns)
    for name, table, columns, condition in INDEXES:
        where = sa.text(condition) if condition else None
        unique = name.startswith("uq_")
        op.create_index(name, table, columns.split(), unique=unique, sqlite_where=where, postgresql_where=where)
    for trigger in APPEND_ONLY if op.get_bind().dialect.name == "sqlite" else APPEND_ONLY_SERVER:
        op.execute(trigger)


def _make_table(name: str, *options: str, columns: str) -> None:
    made: list[Any] = []
    keys = []
    for column in columns.split(","):
        title, kind, *rest = column.split()
        made.append(sa.Column(title, TYPES[kind], nullable="null" in rest, autoincrement=kind == "serial"))
        if "key" in rest:
            keys.append(title)
    made.append(sa.PrimaryKeyConstraint(*keys, name=f"pk_{name}"))
    serial = "serial" in columns.split()
    op.create_table(
        name, *made, sqlite_with_rowid="clustered" not in options, **({"sqlite_autoincrement": True} if serial else {})
    )


def downgrade() -> None:
    """There is nothing before the first tables."""
    raise RuntimeError("the first tables cannot be taken back; delete the file instead")
