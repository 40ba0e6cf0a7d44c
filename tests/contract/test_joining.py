"""What a step writes goes to a server as one statement, once the same kinds were often told together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from engine import Accepted, Engine
from engine.errors import Conflict
from engine.ports import Person
from engine.store.postgresql import joining
from engine.store.postgresql.gathering import Told
from engine.store.postgresql.joining import Joining, join
from engine.store.postgresql.numbering import NEXT, NEXT_OF_SEVERAL
from engine.store.statements import Many
from engine.testing import ADMIN, ManualTime
from tests import postgres
from tests.app.desks import NINE, open_errand, send, sources
from tests.contract.exchanges import watch

BY_ID = Many("", ("text",), "cases", (0,))
IN_LISTS = Many("", ("text",), "waiting", (0,))
NUMBERED = Many("", ("text",), "outbox", ())

SURE = "WITH changed AS (UPDATE cases SET state = $2 WHERE id = $1 RETURNING 1) SELECT 1 / count(*) FROM changed"
GONE, NEW = "DELETE FROM waiting WHERE receiver = $1", "INSERT INTO waiting (receiver) VALUES ($1)"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "WORTH", 1)


# -- the statement -----------------------------------------------------------------------------------------------------


def test_an_update_that_must_change_something_decides_for_all() -> None:
    assert join([SURE, GONE, NEW]) == (
        "WITH changed AS (UPDATE cases SET state = $2 WHERE id = $1 RETURNING 1), "
        "part2 AS (DELETE FROM waiting WHERE receiver = $3), "
        "part3 AS (INSERT INTO waiting (receiver) VALUES ($4)) "
        "SELECT 1 / count(*) FROM changed"
    )


def test_without_one_the_last_stands_for_itself() -> None:
    assert join([GONE, NEW]) == (
        "WITH part1 AS (DELETE FROM waiting WHERE receiver = $1) INSERT INTO waiting (receiver) VALUES ($2)"
    )


NUMBER: Told = (NEXT, ("R", 6), NEXT_OF_SEVERAL)
BORN: Told = ("INSERT INTO cases (id) VALUES ($1)", ("R-7",), BY_ID)
STEP: Told = (SURE, ("R-1", "a"), BY_ID)


@pytest.mark.parametrize(
    ("told", "is_joined"),
    [
        ([STEP, (GONE, ("role:a",), IN_LISTS), (NEW, ("role:b",), IN_LISTS)], True),
        ([STEP, (GONE, ("role:a",), IN_LISTS), (NEW, ("role:a",), IN_LISTS)], False),  # one row, in this order
        ([(SURE, ("R-1", "a"), None), (GONE, ("role:a",), IN_LISTS)], False),  # it gives or frees a unique key
        ([STEP, (NEW, ("m1",), NUMBERED)], True),
        ([STEP, (NEW, ("m1",), NUMBERED), (NEW, ("m2",), NUMBERED)], False),  # numbered as they were sent
        ([STEP, ("RELEASE part", (), None)], False),
        ([STEP, (SURE, ("R-2", "a"), BY_ID)], False),  # the steps of several callers
        ([(GONE, ("role:a",), IN_LISTS), (NEW, ("role:b",), IN_LISTS)], False),  # no step
        ([NUMBER, BORN, (NEW, ("role:a",), IN_LISTS)], True),
        ([NUMBER, STEP], False),  # each would have to fail by itself
    ],
)
def test_only_writes_of_different_rows_are_joined(told: list[Told], is_joined: bool) -> None:
    knowing = Joining()
    assert [knowing.joined(told) is not None for _ in range(2)] == [is_joined, is_joined]


def test_numbers_go_as_the_server_keeps_them_and_where_nothing_stands_nothing_goes() -> None:
    knowing, many = Joining(), Many("", ("text", "bigint", "text"), "cases", (0,))
    given = [("R-1", 7, "a"), ("R-1", None, "a"), ("R-1", 2**63, None)]
    sent = [knowing.joined([(SURE, values, many), (NEW, ("role:b",), IN_LISTS)]) for values in given]
    numbers = [(0, 1, 0, 0), (0, 1, 0, 0), None]
    assert [one[2] for one in sent if one is not None] == numbers, "what does not fit goes in words, to be refused"
    assert [one[1][1:3] for one in sent if one is not None] == [
        [(7).to_bytes(8, "big"), b"a"], [None, b"a"], [b"9223372036854775808", None]
    ]  # fmt: skip


def test_it_is_done_once_it_is_worth_planning_and_for_so_many_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "WORTH", 3)
    monkeypatch.setattr(joining, "MOST", 1)
    knowing = Joining()
    told: list[Told] = [STEP, (GONE, ("role:a",), IN_LISTS), (NEW, ("role:b",), IN_LISTS)]
    assert [knowing.joined(told) is not None for _ in range(4)] == [False, False, True, True]
    others: list[Told] = [STEP, (GONE, ("role:a",), IN_LISTS)]
    assert [knowing.joined(others) for _ in range(5)] == [None] * 5


# -- a desk ------------------------------------------------------------------------------------------------------------


@contextmanager
def opened(url: str, time: ManualTime | None = None) -> Iterator[Engine]:
    with Engine.open(url, time=time or ManualTime(NINE)) as engine:
        engine.publish(sources(), "errand", actor=ADMIN)
        engine.save_person(Person(id="run", name="Run", roles=("runner",)), actor=ADMIN)
        engine.save_person(Person(id="lin", name="Lin", roles=("agent",)), actor=ADMIN)
        yield engine


def work(engine: Engine) -> None:
    """Errands are opened, remarked on, sent and dropped."""
    for number in range(6):
        case = open_errand(engine)
        assert isinstance(engine.act(case, "remark", {"note": f"n{number}"}, actor="lin"), Accepted)
        send(engine, case)
        assert isinstance(engine.act(case, "remark", {"note": "again"}, actor="lin", key=f"k{number}"), Accepted)
        if number % 2:
            engine.act(case, "drop", {}, actor="lin")


def rows_of(url: str) -> dict[str, list[tuple[Any, ...]]]:
    tables = ("cases", "waiting", "records", "clock_cycles", "links")
    with psycopg.connect(url) as server:
        kept = {table: server.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall() for table in tables}
        kept["requests"] = server.execute("SELECT sender, key, case_id, sequence FROM requests ORDER BY key").fetchall()
        kept["outbox"] = server.execute("SELECT * FROM outbox ORDER BY id").fetchall()
    return kept


def test_what_is_joined_leaves_the_rows_that_it_leaves_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for worth in (1, 10**6):
        monkeypatch.setattr(joining, "WORTH", worth)
        with postgres.database() as url, opened(url) as engine:
            work(engine)
            assert engine.verify().problems == ()
            found.append(rows_of(url))
    assert len(found[0]["records"]) > 20
    assert len(found[0]["outbox"]) >= 6
    assert found[0] == found[1]


def test_an_action_is_then_the_proof_and_one_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[list[str]] = []
    with postgres.database() as url, opened(url) as engine:
        case = open_errand(engine, actor="lin")
        send(engine, case)
        watch(monkeypatch, lambda statements, _told: sent.append([text for text, _, _ in statements]))
        assert isinstance(engine.act(case, "remark", {"note": "x"}, actor="lin"), Accepted)
        assert [len(message) for message in sent] == [2]
        assert sent[0][1].count(" AS (") >= 2


def test_of_a_case_that_is_not_what_it_was_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by what it is joined with, either."""
    with postgres.database() as url, opened(url) as engine, Engine.open(url, time=ManualTime(NINE)) as other:
        case = open_errand(engine, actor="lin")
        for _ in range(2):
            engine.act(case, "remark", {"note": "x"}, actor="lin")
        other.act(case, "drop", {}, actor="lin")
        with psycopg.connect(url) as server:
            before = server.execute("SELECT count(*) FROM records").fetchone()
        with pytest.raises(Conflict):
            engine.act(case, "remark", {"note": "x"}, actor="lin", expect_revision=3)
        with psycopg.connect(url) as server:
            assert server.execute("SELECT count(*) FROM records").fetchone() == before
            assert server.execute("SELECT count(*) FROM waiting").fetchone() == (0,)
        assert engine.verify().problems == ()


def test_a_step_in_the_same_millisecond_as_the_last_is_the_same_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each kind of step would be two, each to be planned, and to become usual by itself."""
    told: list[str] = []
    time = ManualTime(NINE)
    with postgres.database() as url, opened(url, time) as engine:
        watch(monkeypatch, lambda statements, _told: told.extend([text for text, _, _ in statements]))
        kinds: list[list[str]] = []
        for later in (0, 1_000):
            case = open_errand(engine)
            time.move(later)
            told.clear()
            send(engine, case)
            kinds.append([text for text in told if "UPDATE cases" in text])
    assert len(kinds[0]) == 1
    assert kinds[0] == kinds[1]
