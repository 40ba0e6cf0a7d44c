"""Rights in a server's database: who works at the desk owns no table, and cannot take away what guards the audit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from engine import Actor, Engine
from engine.errors import StoreUnavailable
from engine.store import open_store
from engine.store.postgresql.months import AHEAD, make_months
from engine.testing import ManualTime
from tests import postgres
from tests.app.desks import ADMIN, LIN, MINUTE, NINE, done, open_errand, send, sources
from tests.contract.builders import month

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "postgresql.md"


@pytest.fixture(scope="module")
def owned() -> Iterator[str]:
    """A database whose tables the role `casewright` owns, with the rights that the page gives to `clerk`."""
    with postgres.database() as url:
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("CREATE ROLE clerk LOGIN")
            for statement in granted():
                owner.execute(statement)
        with Engine.open(url, time=ManualTime(NINE)) as engine:
            for process in ("call", "errand"):
                engine.publish(sources(), process, actor=ADMIN)
        yield url
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("DROP OWNED BY clerk; DROP ROLE clerk")


def granted() -> list[str]:
    """What the page tells whoever owns the tables to grant."""
    text = re.findall(r"```text\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    statements = [" ".join(line.split()) for block in text for line in block.split(";") if line.strip()]
    return [statement for statement in statements if statement.startswith(("GRANT", "ALTER DEFAULT"))]


@pytest.fixture
def clerk(owned: str) -> str:
    return owned.replace("//casewright@", "//clerk@")


def test_a_day_at_the_desk_needs_no_more_than_the_page_grants(clerk: str, tmp_path: Path) -> None:
    time = ManualTime(NINE)
    with Engine.open(clerk, time=time) as engine:
        engine.on("*", lambda one: None)
        case = open_errand(engine, phone="139")
        done(engine.attach(case, "slip.txt", b"slip", actor=LIN))
        send(engine, case)
        done(engine.act(case, "deliver", {"fee": 1}, actor=Actor(id="run", roles=("runner",))))
        late = open_errand(engine)
        time.move(16 * MINUTE)
        assert engine.tick().advanced == 1
        assert engine.case(late).clocks["sent"].status == "breached"
        assert engine.erase(case, actor=ADMIN, reason="asked")
        assert engine.verify().problems == ()
        assert [check.name for check in engine.doctor() if not check.ok and check.name != "server"] == ["people"]


def test_a_worker_that_owns_no_table_makes_the_months_that_are_missing(owned: str, clerk: str) -> None:
    with psycopg.connect(owned, autocommit=True) as owner:
        for later in range(1, AHEAD + 1):
            owner.execute(f"DROP TABLE {month(later)}")  # type: ignore[arg-type]
        woken = Event()
        with closing(open_store(clerk)) as store, store.listening(woken):
            assert woken.wait(10)
        (whose,) = owner.execute(
            "SELECT tableowner FROM pg_tables WHERE tablename = %s", (month(AHEAD),)
        ).fetchone() or ("",)
        assert whose == "casewright"


def test_who_asks_for_more_months_gets_those_of_a_year(owned: str, clerk: str) -> None:
    with psycopg.connect(owned, autocommit=True) as owner, psycopg.connect(clerk, autocommit=True) as program:
        program.execute("SELECT make_coming_months_of_records(100000)")
        there = "SELECT to_regclass(%s), to_regclass(%s)"
        found = owner.execute(there, (month(12), month(13))).fetchone()
        assert found == (month(12), None)


def test_what_a_caller_calls_records_is_never_what_the_owner_touches(owned: str, clerk: str) -> None:
    """Else a temporary table with a trigger would run whatever its maker wants, as the owner."""
    with psycopg.connect(owned, autocommit=True) as owner, psycopg.connect(clerk, autocommit=True) as program:
        owner.execute(f"DROP TABLE IF EXISTS {month(12)}")  # type: ignore[arg-type]
        program.execute("CREATE TEMP TABLE records (LIKE public.records) PARTITION BY RANGE (at_ms)")
        program.execute("SELECT make_coming_months_of_records(12)")
        parts = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'pg_temp.records'::regclass"
        assert program.execute(parts).fetchone() == (0,)
        assert owner.execute("SELECT to_regclass(%s)", (month(12),)).fetchone() == (month(12),)


def test_who_was_not_granted_it_makes_no_month(owned: str, clerk: str) -> None:
    with psycopg.connect(owned, autocommit=True) as owner:
        owner.execute("REVOKE EXECUTE ON FUNCTION make_coming_months_of_records FROM clerk")
        try:
            with psycopg.connect(clerk, autocommit=True) as program, pytest.raises(InsufficientPrivilege):
                make_months(program)
        finally:
            owner.execute("GRANT EXECUTE ON FUNCTION make_coming_months_of_records TO clerk")


@pytest.mark.parametrize(
    ("trick", "refused"),
    [
        ("ALTER TABLE records DISABLE TRIGGER ALL", "must be owner"),
        ("DROP TRIGGER archived_is_never_changed ON archived", "must be owner"),
        ("SET session_replication_role = replica", "permission denied"),
        ("TRUNCATE records", "permission denied"),
        ("DROP TABLE records", "must be owner"),
        ("UPDATE records SET text = ''", "append-only"),
        ("DELETE FROM records", "append-only"),
        ("CREATE TABLE mine (x int)", "permission denied"),
    ],
)
def test_who_works_at_the_desk_cannot_take_away_what_guards_the_audit(clerk: str, trick: str, refused: str) -> None:
    with Engine.open(clerk, time=ManualTime(NINE)) as engine:
        open_errand(engine)
    with psycopg.connect(clerk, autocommit=True) as program, pytest.raises(psycopg.Error, match=refused):
        program.execute(trick)  # type: ignore[arg-type]


def test_who_may_not_write_at_all_is_told_whom_to_ask(owned: str, clerk: str) -> None:
    with psycopg.connect(owned, autocommit=True) as owner:
        owner.execute("REVOKE INSERT ON records FROM clerk")
    try:
        with Engine.open(clerk, time=ManualTime(NINE)) as engine, pytest.raises(StoreUnavailable) as met:
            open_errand(engine)
        assert "let the owner of the tables grant it" in str(met.value.mend)
    finally:
        with psycopg.connect(owned, autocommit=True) as owner:
            owner.execute("GRANT INSERT ON records TO clerk")
