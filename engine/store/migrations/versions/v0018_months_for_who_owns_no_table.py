"""On PostgreSQL who owns no table may let the coming months of the audit be made.

Only an owner of `records` can add a partition; so a worker with no more rights than it needs had somebody else make
them month by month. The function does it for the owner, for a year beforehand at most, and for whoever was granted it.

Kept as it was released: later changes of the tables are revisions of their own.
"""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"

MOST = 12

ON_SERVER = (
    f"""
    CREATE FUNCTION make_coming_months_of_records(later integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        RETURN make_months_of_records(
            month_of(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint, least(later, {MOST})));
    END $$
    """,
    # It acts as the owner: what the caller calls `records`, in a schema or among temporary tables, is not meant.
    """
    DO $$ BEGIN
        EXECUTE format(
            'ALTER FUNCTION make_coming_months_of_records(integer) SET search_path = %I, pg_temp', current_schema());
    END $$
    """,
    "REVOKE ALL ON FUNCTION make_coming_months_of_records(integer) FROM PUBLIC",
)


def upgrade() -> None:
    """Make the function."""
    if op.get_bind().dialect.name == "postgresql":
        for statement in ON_SERVER:
            op.get_bind().exec_driver_sql(statement.replace("%", "%%"))


def downgrade() -> None:
    """Take it away."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION make_coming_months_of_records(integer)")
