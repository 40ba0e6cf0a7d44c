"""The months of the audit on PostgreSQL: partitions that are there before they begin, and refuse what the table did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from threading import Event
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine

from engine.app import Engine
from engine.store import open_store, upgrade
from engine.store.migrating import run_migrations
from engine.store.postgresql.months import AHEAD, make_months
from engine.store.postgresql.store import PostgresStore
from engine.store.rows import BLANK, case_row
from engine.testing import ADMIN, ManualTime
from tests import postgres
from tests.app.desks import LIN, NINE, open_errand, sources
from tests.contract.builders import a_case, month, opening, outlook, put

DAY = 86_400_000


def instant(year: int, month: int, day: int = 1) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1_000


@pytest.fixture
def url() -> Iterator[str]:
    with postgres.database() as made:
        yield made


@pytest.fixture
def empty() -> Iterator[str]:
    with postgres.database("template0") as made:
        yield made


@pytest.fixture
def raw(url: str) -> Iterator[psycopg.Connection[Any]]:
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        yield connection


def parts(connection: psycopg.Connection[Any]) -> list[str]:
    found = connection.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'records'::regclass")
    return sorted(name for (name,) in found.fetchall())


def where(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Case → the partition in which its records stand."""
    return dict(connection.execute("SELECT case_id, tableoid::regclass::text FROM records").fetchall())


def test_this_month_and_the_next_three_are_there_from_the_beginning(raw: psycopg.Connection[Any]) -> None:
    assert parts(raw) == sorted(["records_before", "records_later", *map(month, range(AHEAD + 1))])
    assert make_months(raw) == 0


def test_a_record_goes_to_the_month_of_its_instant(url: str, raw: psycopg.Connection[Any]) -> None:
    now = int(datetime.now(UTC).timestamp()) * 1_000
    ats = {"R-1": now, "R-2": instant(2019, 5), "R-3": now + 4_000 * DAY}
    with closing(open_store(url)) as store:
        for name, at in ats.items():
            put(store, opening(a_case(name, opened_at=at)))
        with store.read() as tx:
            assert [len(list(tx.records(name))) for name in ("R-1", "R-2", "R-3")] == [1, 1, 1]
            assert set(tx.hashes_at([*((name, 1) for name in ats), ("R-1", 2), ("R-4", 1)])) == {
                (name, 1) for name in ats
            }
    assert where(raw) == {"R-1": month(0), "R-2": "records_before", "R-3": "records_later"}


@pytest.mark.parametrize("change", ["UPDATE {} SET hash = ''", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("part", ["records_before", "records_later", month(0), month(AHEAD)])
def test_no_month_lets_a_record_be_changed(url: str, raw: psycopg.Connection[Any], part: str, change: str) -> None:
    """Nor does one that is named itself, in place of the whole table."""
    year, number = (int(word) for word in month(0).split("_")[1:])
    ats = {"records_before": 5, "records_later": 4_000_000_000_000, month(0): instant(year, number)}
    year, number = (int(word) for word in month(AHEAD).split("_")[1:])
    at = (ats | {month(AHEAD): instant(year, number)})[part]
    raw.execute("INSERT INTO records VALUES ('R-1', 1, 1, '{}', 'h', %s)", (at,))
    for name in (part, "records"):
        with pytest.raises(psycopg.errors.RestrictViolation, match="records are append-only"):
            raw.execute(change.format(name))
    assert where(raw) == {"R-1": part}


def test_what_came_for_a_month_nobody_had_made_goes_there_once_it_is(url: str, raw: psycopg.Connection[Any]) -> None:
    """Nothing is refused for want of a partition, and none of it stays in the wrong one."""
    (since,) = raw.execute("SELECT months_of_records_until()").fetchone() or (0,)
    ats = {"R-1": since + 3 * DAY, "R-2": since + 40 * DAY, "R-3": since + 900 * DAY}
    for name, at in ats.items():
        raw.execute("INSERT INTO records VALUES (%s, 1, 1, '{}', 'h', %s)", (name, at))
    assert set(where(raw).values()) == {"records_later"}
    assert raw.execute("SELECT make_months_of_records(%s)", (since + 45 * DAY,)).fetchone() == (2,)
    assert where(raw) == {"R-1": month(AHEAD + 1), "R-2": month(AHEAD + 2), "R-3": "records_later"}
    with pytest.raises(psycopg.errors.RestrictViolation):
        raw.execute(f"DELETE FROM {month(AHEAD + 1)}")
    with pytest.raises(psycopg.errors.UniqueViolation):
        raw.execute("INSERT INTO records SELECT * FROM records WHERE case_id = 'R-2'")


def test_who_reads_all_of_the_audit_is_not_disturbed_by_a_new_month(url: str, raw: psycopg.Connection[Any]) -> None:
    """Nor are those who come after: whoever makes it gives up soon, and tries again an hour later."""
    raw.execute(f"ALTER TABLE records DETACH PARTITION {month(AHEAD)}; DROP TABLE {month(AHEAD)}")
    with closing(psycopg.connect(url)) as reader:
        reader.execute("SELECT count(*) FROM records")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            make_months(raw)
        reader.rollback()
    assert make_months(raw) == 1


def missing(raw: psycopg.Connection[Any]) -> None:
    """As if nobody had looked for months."""
    for later in range(1, AHEAD + 1):
        raw.execute(f"DROP TABLE {month(later)}")


def test_a_worker_makes_the_months_that_are_missing(url: str, raw: psycopg.Connection[Any]) -> None:
    missing(raw)
    woken = Event()
    with closing(open_store(url)) as store, store.listening(woken):
        assert woken.wait(60)
        assert month(AHEAD) in parts(raw)


def test_doctor_warns_of_a_month_that_is_missing_and_an_upgrade_makes_it(
    url: str, raw: psycopg.Connection[Any]
) -> None:
    def said() -> tuple[bool, str]:
        with Engine.open(url, time=ManualTime(NINE)) as engine:
            [found] = [check for check in engine.doctor() if check.name == "months"]
        return found.ok, found.words["en"]

    assert said() == (True, f"the audit has its months until {month(AHEAD)[8:].replace('_', '-')}")
    missing(raw)
    ok, words = said()
    assert not ok
    assert "run a worker, or `casewright db upgrade`" in words
    assert upgrade(url)
    assert said()[0]
    assert not upgrade(url)


def test_an_upgrade_brings_every_record_to_its_month(empty: str) -> None:
    """A record that somebody has spoiled holds up nothing: `audit verify` finds it."""
    ats = {"R-1": instant(2025, 1, 31), "R-2": instant(2025, 2), "R-3": instant(2025, 2, 28), "R-4": instant(1999, 3)}
    database = create_engine(empty.replace("postgresql:", "postgresql+psycopg:", 1))
    with database.begin() as connection:
        run_migrations(connection, "0010")
        for name, at in ats.items():
            case = a_case(name, opened_at=at)
            row = case_row(case, outlook(case), BLANK._replace(birth=0), None)
            connection.exec_driver_sql(f"INSERT INTO cases VALUES ({', '.join(['%s'] * len(row))})", tuple(row))
            text = json.dumps({"at": at, "data": {"at": 5}})
            connection.exec_driver_sql("INSERT INTO records VALUES (%s, 1, 1, %s, 'h')", (name, text))
        connection.exec_driver_sql("INSERT INTO records VALUES ('R-4', 2, 2, '{', 'h')")
    database.dispose()
    assert upgrade(empty)
    with closing(psycopg.connect(empty)) as connection:
        assert where(connection) == {
            "R-1": "records_2025_01", "R-2": "records_2025_02", "R-3": "records_2025_02", "R-4": "records_before"
        }  # fmt: skip
        assert {month(-1), month(0), month(AHEAD)} <= set(parts(connection))
        kept = connection.execute("SELECT to_regclass('records_before_months'), to_regproc('instant_of_record')")
        assert kept.fetchone() == (None, None)


def test_a_case_is_looked_for_in_the_months_of_its_life_alone(url: str) -> None:
    """However many months there are: those before its opening and after its family's last step are never opened."""
    with closing(open_store(url)) as store:
        assert isinstance(store, PostgresStore)
        put(store, opening(a_case("R-1", opened_at=instant(2020, 1))))
        with store.read() as work:
            text = work._texts["RECORDS"]
            plan = work._do(f"EXPLAIN (ANALYZE, COSTS OFF) {text.text}", text.values(("R-1", 0, 500))).fetchall()
    lines = [line for (line,) in plan]
    read = [line for line in lines if " on records_" in line and "never executed" not in line]
    assert [line.split(" on ")[1].split()[0] for line in read] == ["records_before"]
    assert "Seq Scan on records" not in " ".join(lines)


def test_a_desk_is_verified_over_its_months(url: str, raw: psycopg.Connection[Any]) -> None:
    time = ManualTime(int(datetime.now(UTC).timestamp()) * 1_000)
    with Engine.open(url, time=time) as engine:
        engine.publish(sources(), "errand", actor=ADMIN)
        case = open_errand(engine)
        for _ in range(3):
            time.move(40 * DAY)
            engine.act(case, "remark", {"note": "still there"}, actor=LIN)
        found = engine.verify()
    assert (found.cases, found.problems) == (1, ())
    assert len(set(raw.execute("SELECT tableoid FROM records").fetchall())) > 3
