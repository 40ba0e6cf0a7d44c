"""Which tables a server's database has: none, ours, older or newer ones, or another program's of the same names."""

from __future__ import annotations

from time import time_ns

from engine.errors import StoreUnavailable
from engine.store.postgresql.wire import Cursor
from engine.store.schema import SELECT_VERSION, State, check_revision
from engine.stored import Server

OUR_TABLES = ("cases", "records", "outbox", "settings")
"""Enough of them to know that their names are taken; the migration itself would refuse the others."""


def state_of(cursor: Cursor, path: str) -> State:
    """How the tables stand; a foreign or newer database is refused with a sentence."""
    # In one statement: tables made meanwhile are not taken for somebody else's.
    encoding, is_ours, taken = cursor.execute(
        "SELECT current_setting('server_encoding'), to_regclass('casewright_schema') IS NOT NULL, count(*) "
        "FROM pg_tables WHERE schemaname = current_schema() AND tablename = ANY ($1)",
        (list(OUR_TABLES),),
    ).fetchone() or ("", False, 0)
    if encoding != "UTF8":
        raise StoreUnavailable(
            f"the database `{path}` keeps text as {encoding}, in which not every name can be written",
            help="nothing was changed; make one that keeps it as UTF8: `createdb -E UTF8 -T template0 …`",
        )
    if is_ours:
        return check_revision(revision_of(cursor), path)
    if not taken:
        return "empty"
    raise StoreUnavailable(
        f"the database `{path}` belongs to another application: it has tables of our names",
        help="nothing was changed; name another database, or another schema: `?options=-csearch_path%3Dcasewright`",
    )


def has_tables(cursor: Cursor) -> bool:
    """Whether our tables are there."""
    return cursor.execute("SELECT to_regclass('casewright_schema') IS NOT NULL", ()).fetchone() == (True,)


def whereabouts(cursor: Cursor) -> tuple[object, ...]:
    """Which database of which server, and which tables there: the same however one came to it."""
    found = cursor.execute(
        "SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()), "
        "to_regclass('casewright_schema')::oid FROM pg_control_system()",
        (),
    ).fetchone()
    return found or ()


def revision_of(cursor: Cursor) -> str | None:
    """The revision of our tables there."""
    found = cursor.execute(SELECT_VERSION, ()).fetchone()
    return found[0] if found else None


def lets_only_read(cursor: Cursor) -> bool:
    """Whether the server does not let us write: it follows another one, is set so, or we have no right."""
    asked = (
        "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean "
        "OR NOT has_table_privilege('records', 'INSERT')"
    )
    return bool((cursor.execute(asked, ()).fetchone() or (False,))[0])


LASTING = ("fsync", "full_page_writes", "synchronous_commit")
"""Settings without which a commit that was answered may not outlive a power cut."""

LAST_MONTH = (
    "SELECT to_char(timestamp '1970-01-01' + (ends - 1) * interval '1 ms', 'YYYY-MM'), ends > month_of($1, 1) "
    "FROM (SELECT months_of_records_until() AS ends) AS made"
)


def state_of_server(cursor: Cursor) -> Server:
    """How the server stands; of its clock half the way there and back is left out."""
    asked = time_ns()
    version, at, used, most, *levels = cursor.execute(
        "SELECT current_setting('server_version'), floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint, "
        "(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), "
        "current_setting('max_connections')::int, " + ", ".join(f"current_setting('{name}')" for name in LASTING),
        (),
    ).fetchone() or ("", 0, 0, 0)
    here = (asked + time_ns()) // 2_000_000
    last_month, has_next_month = cursor.execute(LAST_MONTH, (at,)).fetchone() or ("", False)
    return Server(
        name=f"PostgreSQL {version.partition(' ')[0]}",
        connections=used,
        most=most,
        volatile=tuple(name for name, level in zip(LASTING, levels, strict=True) if level == "off"),
        ahead=at - here,
        last_month=last_month,
        has_next_month=has_next_month,
    )
