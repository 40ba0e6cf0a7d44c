"""On PostgreSQL the tables have a mark that changes with all that processes remember of the desk.

With people, with what is published, and when the calendar begins to open cases of a process. As long as a process reads
the same mark, all it knows of these is so: it need not look at each. A mark is never given twice, not even by a server
that went back to a backup: it is made of the transaction and the clock.

Kept as it was released: later changes of the tables are revisions of their own.
"""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"

MARK = "txid_current() || ' ' || clock_timestamp()"

ON_SERVER = (
    f"ALTER TABLE casewright_schema ADD COLUMN mark text NOT NULL DEFAULT {MARK}",
    # Once in a transaction, however many people it brings.
    f"""
    CREATE FUNCTION mark_the_tables() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE casewright_schema SET mark = {MARK} WHERE mark NOT LIKE txid_current() || ' %';
        RETURN NULL;
    END $$
    """,
    # Before any of the rows is locked, so that of two who bring people neither waits for the other.
    "CREATE TRIGGER people_are_marked BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON actors "
    "FOR EACH STATEMENT EXECUTE FUNCTION mark_the_tables()",
    "CREATE TRIGGER publications_are_marked AFTER INSERT OR UPDATE ON settings "
    "FOR EACH ROW WHEN (NEW.name = 'catalogue') EXECUTE FUNCTION mark_the_tables()",
    "CREATE TRIGGER lost_publications_are_marked AFTER UPDATE OR DELETE ON settings "
    "FOR EACH ROW WHEN (OLD.name = 'catalogue') EXECUTE FUNCTION mark_the_tables()",
    "CREATE TRIGGER emptied_settings_are_marked BEFORE TRUNCATE ON settings "
    "FOR EACH STATEMENT EXECUTE FUNCTION mark_the_tables()",
    "CREATE TRIGGER new_calendars_are_marked AFTER INSERT ON timetables "
    "FOR EACH ROW EXECUTE FUNCTION mark_the_tables()",
)


def upgrade() -> None:
    """Make the mark, and what changes it."""
    if op.get_bind().dialect.name == "postgresql":
        for statement in ON_SERVER:
            op.get_bind().exec_driver_sql(statement.replace("%", "%%"))


def downgrade() -> None:
    """Take them away."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION mark_the_tables() CASCADE")
        op.execute("ALTER TABLE casewright_schema DROP COLUMN mark")
