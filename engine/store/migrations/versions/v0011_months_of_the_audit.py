"""On PostgreSQL the audit stands in months, each a partition of its own.

Kept as it was released: later changes of the tables are revisions of their own.
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"

MOST = 120
"""Months that are made of records that are there; what is older stands together."""

FUNCTIONS = (
    # A trigger of the whole table would not be asked by who names a partition, and before version 13 there is none.
    """
    CREATE FUNCTION make_part_of_records(name text, bounds text) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        EXECUTE format('CREATE TABLE %I (LIKE records INCLUDING STORAGE)', name);
        EXECUTE format('CREATE TRIGGER records_are_never_changed BEFORE UPDATE OR DELETE ON %I '
            'FOR EACH ROW EXECUTE FUNCTION records_are_append_only()', name);
        EXECUTE format('CREATE TRIGGER records_are_never_emptied BEFORE TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION records_are_append_only()', name);
        -- unlike `PARTITION OF` it keeps nobody from reading and writing
        EXECUTE format('ALTER TABLE records ATTACH PARTITION %I %s', name, bounds);
    END $$
    """,
    """
    CREATE FUNCTION month_of(at_ms bigint, later integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
        SELECT (extract(epoch FROM date_trunc('month', timestamp '1970-01-01' + at_ms * interval '1 ms')
            + later * interval '1 month') * 1000)::bigint
    $$
    """,
    """
    CREATE FUNCTION months_of_records_until() RETURNS bigint LANGUAGE sql STABLE AS $$
        SELECT max(substring(pg_get_expr(part.relpartbound, part.oid) FROM 'TO \\(''?(-?[0-9]+)')::bigint)
        FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid WHERE inhparent = 'records'::regclass
    $$
    """,
    # What came for a month that nobody had made stands in `records_later`, and goes to its month once that is made.
    """
    CREATE FUNCTION make_months_of_records(until bigint) RETURNS integer LANGUAGE plpgsql AS $$
    DECLARE
        since bigint;
        made integer := 0;
        is_behind boolean;
    BEGIN
        LOCK TABLE records IN SHARE UPDATE EXCLUSIVE MODE;
        since := months_of_records_until();
        IF since > until THEN
            RETURN 0;
        END IF;
        SELECT EXISTS (SELECT 1 FROM records_later WHERE at_ms < month_of(until, 1)) INTO is_behind;
        IF is_behind THEN
            CREATE TEMP TABLE records_moved ON COMMIT DROP AS SELECT * FROM records_later;
            DROP TABLE records_later;
        END IF;
        WHILE since <= until LOOP
            PERFORM make_part_of_records(
                to_char(timestamp '1970-01-01' + since * interval '1 ms', '"records_"YYYY"_"MM'),
                format('FOR VALUES FROM (%s) TO (%s)', since, month_of(since, 1)));
            since := month_of(since, 1);
            made := made + 1;
        END LOOP;
        IF is_behind THEN
            PERFORM make_part_of_records('records_later', 'DEFAULT');
            INSERT INTO records SELECT * FROM records_moved;
            DROP TABLE records_moved;
        END IF;
        RETURN made;
    END $$
    """,
)

# A record that somebody has spoiled must not hold up the rest: `audit verify` is to find it.
INSTANT = """
    CREATE FUNCTION instant_of_record(text text) RETURNS bigint LANGUAGE plpgsql AS $$
    BEGIN
        RETURN coalesce((text::jsonb ->> 'at')::bigint, 0);
    EXCEPTION WHEN OTHERS THEN
        RETURN 0;
    END $$
"""

NOW = "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
FIRST = f"""
    SELECT greatest(
        least(min(opened_ms), {NOW}),
        (extract(epoch FROM now() - interval '{MOST} months') * 1000)::bigint
    ) FROM cases
"""


def upgrade() -> None:
    """Copy the records into their months. Their index is built when they are there."""
    if op.get_bind().dialect.name == "sqlite":
        return
    for function in (*FUNCTIONS, INSTANT):
        op.execute(function)
    op.execute("ALTER TABLE records RENAME TO records_before_months")
    op.execute("ALTER TABLE records_before_months RENAME CONSTRAINT pk_records TO pk_records_before_months")
    op.execute(
        "CREATE TABLE records (LIKE records_before_months INCLUDING STORAGE, at_ms bigint NOT NULL) "
        "PARTITION BY RANGE (at_ms)"
    )
    first = op.get_bind().exec_driver_sql(f"SELECT month_of(({FIRST}), 0)").scalar_one()
    op.execute(f"SELECT make_part_of_records('records_before', 'FOR VALUES FROM (MINVALUE) TO ({first})')")
    op.execute("SELECT make_part_of_records('records_later', 'DEFAULT')")
    op.execute("SELECT make_months_of_records((extract(epoch FROM now() + interval '3 months') * 1000)::bigint)")
    op.execute("INSERT INTO records SELECT *, instant_of_record(text) FROM records_before_months")
    op.execute("ALTER TABLE records ADD CONSTRAINT pk_records PRIMARY KEY (case_id, sequence, at_ms)")
    op.execute("DROP TABLE records_before_months")
    op.execute("DROP FUNCTION instant_of_record")


def downgrade() -> None:
    """Nobody needs them in one piece again."""
    raise RuntimeError("the months of the audit are not put together again; go back to the copy made before")
