"""Rights in a server's database: who works at the desk owns no table, and cannot take away what guards the audit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from engine import Actor, Engine
from engine.errors import StoreUnavailable
from engine.testing import ManualTime
from tests import postgres
from tests.app.desks import ADMIN, LIN, MINUTE, NINE, done, open_errand, send, sources

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
