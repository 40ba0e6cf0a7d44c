"""Few messages to a server: what is read first is asked together, what is written goes with the commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import psycopg
import pytest

from engine import Accepted, Act, Engine, Refusal
from engine.errors import Conflict, NotFound, StoreUnavailable, UsageError
from engine.ports import Ahead, Person, Transaction
from engine.store import open_store
from engine.store.address import read_address
from engine.store.postgresql.pool import connect
from engine.store.postgresql.store import PostgresStore
from engine.store.postgresql.trouble import explain
from engine.store.postgresql.wire import OFTEN, Wire
from engine.store.sql import Late
from engine.testing import ADMIN, ManualTime
from tests import postgres
from tests.app.desks import LIN, NINE, open_errand, send, sources
from tests.contract.builders import a_case, get, opening, put, step
from tests.contract.exchanges import counted


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres.database() as made:
        yield made


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    made = open_store(url)
    assert isinstance(made, PostgresStore)
    with made.write() as tx:  # tests share a database
        for table in ("waiting", "links", "case_keys", "requests", "outbox", "cases"):
            tx._do(f"DELETE FROM {table}")
        tx._do("SET LOCAL session_replication_role = replica")  # so that no trigger is asked
        tx._do("DELETE FROM records")
    yield made
    made.close()


@pytest.fixture
def wire(url: str) -> Iterator[Wire]:
    made = Wire(connect(read_address(url)))
    yield made
    made.close()


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many statements each message there and back holds, from now on."""
    return counted(monkeypatch)


# -- how many messages -------------------------------------------------------------------------------------------------


def test_an_action_is_two_messages_there_and_back_and_so_is_a_batch(trips: list[int]) -> None:
    """For who has not worked on the cases lately; else it is one (`test_supposing.py`)."""
    with postgres.database() as own, Engine.open(own, time=ManualTime(NINE)) as other:
        other.publish(sources(), "errand", actor=ADMIN)
        cases = [open_errand(other) for _ in range(20)]
        with Engine.open(own, time=ManualTime(NINE)) as engine:
            assert engine.definition("errand")
            trips.clear()
            assert isinstance(engine.act(cases[0], "remark", {"note": "x"}, actor=LIN, key="k"), Accepted)
            assert len(trips) == 2
            trips.clear()
            many = [Act(case=case, action="remark", form={"note": "y"}) for case in cases]
            assert all(isinstance(one, Accepted) for one in engine.act_many(many, actor=LIN))
            assert len(trips) == 2
            trips.clear()
            assert engine.act(cases[0], "remark", {"note": "x"}, actor=LIN, key="k").is_repeat  # type: ignore[union-attr]


def test_a_part_that_is_taken_back_before_it_was_sent_is_never_sent(store: PostgresStore, trips: list[int]) -> None:
    def work(tx: Transaction) -> None:
        tx.save(opening(a_case("R-1")))
        with suppress(ZeroDivisionError), tx.part():
            tx.save(opening(a_case("R-2")))
            raise ZeroDivisionError
        tx.save(opening(a_case("R-3")))

    store.do(work)
    assert len(trips) == 2
    assert roots(store) == ["R-1", "R-3"]


def test_a_part_is_known_to_the_server_only_if_something_is_asked_within(
    store: PostgresStore, trips: list[int]
) -> None:
    def work(tx: Transaction, asks: bool) -> None:
        with tx.part():
            tx.save(opening(a_case(f"R-{asks:d}")))
            assert not asks or tx.root_of("R-1") == "R-1"

    store.do(lambda tx: work(tx, False))
    quiet = sum(trips)
    store.do(lambda tx: work(tx, True))
    assert sum(trips) - quiet == quiet + len(["SAVEPOINT", "what is asked"])
    assert roots(store) == ["R-0", "R-1"]


def test_an_opening_is_three_messages(trips: list[int]) -> None:
    """The number is drawn by itself: whoever draws one keeps others from it until the commit."""
    with postgres.database() as own, Engine.open(own, time=ManualTime(NINE)) as other:
        other.publish(sources(), "errand", actor=ADMIN)
        open_errand(other)
        with Engine.open(own, time=ManualTime(NINE)) as engine:
            assert engine.definition("errand")
            trips.clear()
            open_errand(engine)
            assert len(trips) == 3


def test_a_round_of_the_outbox_is_claimed_and_settled_as_one(trips: list[int]) -> None:
    """Each message was nine there and back: claimed, read piece by piece, and settled by itself."""
    with postgres.database() as own, Engine.open(own, time=ManualTime(NINE)) as engine:
        engine.publish(sources(), "errand", actor=ADMIN)
        engine.save_person(Person(id="run", name="Run", roles=("runner",)), actor=ADMIN)
        engine.save_addresses("run", {"email": "run@desk.example"}, actor=ADMIN)
        cases = [open_errand(engine) for _ in range(20)]
        for case in cases:
            send(engine, case)
        reached: list[str] = []
        engine.on("job", lambda one: reached.append(one.reach["run"]["email"]))
        engine.on("*", lambda one: None)
        trips.clear()
        assert engine.deliver_some().delivered == 40
        assert reached == ["run@desk.example"] * 20
        assert len(trips) <= 40 * 2 + 10
        assert [mail.attempts for mail in engine.outbox(status="delivered")] == [1] * 40
        trips.clear()
        assert engine.deliver_some().delivered == 0
        assert len(trips) <= 4


def test_whoever_a_form_names_is_looked_up_with_the_rest(trips: list[int]) -> None:
    """The desk's whole staff was asked for besides, only to see whether it keeps any."""
    with postgres.database() as own, Engine.open(own) as engine:
        engine.publish(sources(), "errand", actor=ADMIN)
        engine.save_person(Person(id="run", name="Run", roles=("runner",)), actor=ADMIN)
        engine.save_person(Person(id="mo", name="Mo", roles=("agent",)), actor=ADMIN)
        first, second = open_errand(engine), open_errand(engine)
        send(engine, first)
        trips.clear()
        send(engine, second)
        assert len(trips) == 1
        third = open_errand(engine)
        facts = {"at_work": ["mo"]}
        assert isinstance(engine.act(third, "send", {"runner": "mo"}, facts=facts, actor=LIN), Refusal)


@pytest.mark.parametrize(("name", "kind"), [("a\x00b", NotFound), ("a\udc80b", UsageError)])
def test_what_cannot_be_asked_ahead_is_told_where_it_is_wanted(url: str, name: str, kind: type[Exception]) -> None:
    with Engine.open(url) as engine:
        with pytest.raises(UsageError):
            engine.act(name, "remark", actor=ADMIN)
        with pytest.raises(kind, match=r"is published|half a character"):
            engine.open_case(name, actor=ADMIN)


def test_personal_values_are_read_with_the_first_message(trips: list[int]) -> None:
    """They were asked for case by case, when the rows had been read."""
    with postgres.database() as own, Engine.open(own, time=ManualTime(NINE)) as other:
        other.publish(sources(), "errand", actor=ADMIN)
        cases = [open_errand(other, phone=f"139 {number}") for number in range(12)]
        with Engine.open(own, time=ManualTime(NINE)) as engine:
            assert engine.definition("errand")
            for first in (other, engine):
                trips.clear()
                acts = [Act(case=case, action="remark", form={"note": "y"}) for case in cases]
                assert all(isinstance(one, Accepted) for one in engine.act_many(acts, actor=LIN))
                assert len(trips) <= 4, "the second time it is supposed at first, and taken back"
                for case in cases:
                    first.act(case, "remark", {"note": "z"}, actor=LIN)
            assert engine.case(cases[3], actor=LIN).data["phone"] == "139 3"


@pytest.mark.parametrize("was_changed", [False, True])
def test_a_key_that_a_transaction_made_is_what_it_reads_next(store: PostgresStore, was_changed: bool) -> None:
    """That there was none is what had been asked ahead, in case somebody else had changed the case."""
    case = put(store, opening(a_case()))
    if was_changed:
        store.memo.find(store.memo.kept("R-1")[0][:-1])  # type: ignore[index]

    def work(tx: Transaction) -> str:
        family = tx.family("R-1", lock=True)
        assert family is not None
        tx.save(step(family, {"private": {"phone": "139"}}))
        family = tx.family("R-1", lock=True)
        assert family is not None
        return family.cases["R-1"].secret

    assert case.cases["R-1"].secret == ""
    assert store.do(work, lambda: Ahead(families=("R-1",))) == "aa"


# -- what fails late ---------------------------------------------------------------------------------------------------


def roots(store: PostgresStore) -> list[str]:
    with store.read() as tx:
        return list(tx.roots())


def test_a_part_that_is_taken_back_after_it_was_sent_leaves_nothing(store: PostgresStore) -> None:
    def work(tx: Transaction) -> None:
        tx.save(opening(a_case("R-1")))
        with suppress(ZeroDivisionError), tx.part():
            tx.save(opening(a_case("R-2")))
            assert tx.root_of("R-2") == "R-2"
            raise ZeroDivisionError
        assert tx.root_of("R-2") is None
        tx.save(opening(a_case("R-3")))

    store.do(work)
    assert roots(store) == ["R-1", "R-3"]


def test_who_decided_on_what_was_changed_meanwhile_is_told_at_the_commit(store: PostgresStore) -> None:
    stale = put(store, opening(a_case()))
    put(store, step(stale, {"data": {"seen": 1}}))

    def work(tx: Transaction) -> str:
        assert tx.family("R-1", lock=True) is not None
        rows = tx._rows  # type: ignore[attr-defined]
        rows["R-1"] = rows["R-1"]._replace(revision=1, sequence=1, family_order=1)
        tx.save(step(stale, {"data": {"seen": 2}}))
        return "not kept yet"

    with pytest.raises(Conflict):
        store.do(work)
    assert get(store, "R-1").cases["R-1"].data["seen"] == 1


def test_of_two_with_one_unique_key_the_later_is_told_at_the_commit(store: PostgresStore) -> None:
    put(store, opening(a_case("R-1"), keys={"R-1": ("k", True)}))
    with pytest.raises(Conflict):
        store.do(lambda tx: tx.save(opening(a_case("R-2"), keys={"R-2": ("k", True)})))
    assert roots(store) == ["R-1"]


def test_a_write_that_fails_for_itself_is_said(store: PostgresStore) -> None:
    with pytest.raises(UsageError, match="cannot be stored"):
        store.do(lambda tx: tx.save(opening(a_case("R-1", opened_at=2**63))))
    assert roots(store) == []


def test_what_cannot_be_sent_at_all_is_said_at_once(store: PostgresStore) -> None:
    with pytest.raises(UsageError, match="half a character"):
        store.do(lambda tx: tx.save(opening(a_case("R-1", data={"text": "\udc80"}))))
    assert roots(store) == []


def test_what_was_asked_ahead_is_read_once_and_then_anew(store: PostgresStore, trips: list[int]) -> None:
    put(store, opening(a_case()))
    trips.clear()

    def work(tx: Transaction) -> list[int]:
        seen = []
        for number in (1, 2, 3):
            family = tx.family("R-1", lock=True)
            assert family is not None
            seen.append(family.cases["R-1"].sequence)
            tx.save(step(family, {"data": {"seen": number}}))
        return seen

    assert store.do(work, lambda: Ahead(families=("R-1",))) == [1, 2, 3]
    assert len(trips) == 1 + 2 * 3 + 1  # the beginning; a lock, a look and a secret for each of the others; the commit
    assert get(store, "R-1").cases["R-1"].data["seen"] == 3


def test_settings_and_people_asked_ahead_are_forgotten_once_some_are_written(store: PostgresStore) -> None:
    def work(tx: Transaction) -> str | None:
        tx.set_setting("colour", "green")
        return tx.setting("colour")

    assert store.do(work, lambda: Ahead(settings=("colour",))) == "green"


# -- the wire itself ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, "", "三楼", "it's", 0, -(2**63), 2**63 - 1, b"", b"\x00\xff" * 9, True, False])
def test_a_value_comes_back_as_it_went(wire: Wire, value: object) -> None:
    kinds = {str: "text", int: "bigint", bytes: "bytea", bool: "boolean", type(None): "text"}
    text = f"SELECT $1::{kinds[type(value)]}"
    for _ in range(OFTEN + 1):
        (found,) = wire.execute(text, (value,)).fetchone() or ()
        assert (found, type(found)) == (value, type(value))


def test_a_text_with_nul_is_refused_and_the_wire_goes_on(wire: Wire) -> None:
    with pytest.raises(psycopg.DataError):
        wire.execute("SELECT $1::text", ("a\x00b",))
    assert wire.execute("SELECT 1").fetchall() == [(1,)]


def test_more_than_either_side_holds_goes_through(wire: Wire) -> None:
    long = "x" * 100_000
    answers = wire._ask([("SELECT $1::text", (long,)) for _ in range(200)])
    assert all(one.fetchone() == (long,) for one in answers)


def test_a_statement_that_fails_leaves_those_after_it_undone(wire: Wire) -> None:
    wire._ask([("CREATE TEMP TABLE seen (number bigint PRIMARY KEY)", ())])
    insert = "INSERT INTO seen VALUES ($1)"
    with pytest.raises(psycopg.errors.UniqueViolation):
        wire._ask([("BEGIN", ()), (insert, (1,)), (insert, (1,)), ("COMMIT", ())])
    wire._ask([("ROLLBACK", ())])
    assert wire.execute("SELECT count(*) FROM seen").fetchone() == (0,)


def test_what_had_waited_and_fails_is_told_apart_from_what_is_asked(wire: Wire) -> None:
    wire.tell("SELECT 1 / $1::bigint", (0,))
    with pytest.raises(Late) as late:
        wire.execute("SELECT 1")
    assert isinstance(late.value.error, psycopg.errors.DivisionByZero)
    with pytest.raises(psycopg.errors.DivisionByZero):
        wire.execute("SELECT 1 / $1::bigint", (0,))


def test_a_text_that_could_not_be_prepared_is_prepared_later(wire: Wire) -> None:
    for _ in range(OFTEN + 1):
        with pytest.raises(psycopg.errors.UndefinedTable):
            wire._ask([("SELECT * FROM later", ())])
    wire._ask([("CREATE TEMP TABLE later (number bigint)", ())])
    for _ in range(OFTEN + 1):
        assert wire.execute("SELECT * FROM later").fetchall() == []


def test_on_a_connection_that_a_pooler_lends_nothing_of_another_program_s_is_run(wire: Wire) -> None:
    """A pooler by transaction: what one program has prepared, another one meets under the names it gave itself."""
    mine, theirs = "SELECT 'mine', $1::text", "SELECT 'theirs', $1::text"
    other = Wire(wire.cursor)  # another program, on the same connection of the server
    for _ in range(OFTEN):
        other.execute(theirs, ("x",))
    wire.execute("DEALLOCATE ALL")  # the next of the server's connections, where nothing of this is prepared
    for _ in range(OFTEN):
        wire.execute(mine, ("x",))
    with pytest.raises(psycopg.errors.InvalidSqlStatementName) as missing:
        other.execute(theirs, ("x",))
    for _ in range(OFTEN - 1):
        other.execute(mine, ("x",))
    with pytest.raises(psycopg.errors.DuplicatePreparedStatement) as there:
        other.execute(mine, ("x",))
    for error in (missing.value, there.value):
        said = explain(error, "desk")
        assert isinstance(said, StoreUnavailable)
        assert "gives each transaction another connection" in said.message
        assert "pool_mode = session" in str(said.mend)


def test_a_server_that_ends_the_connection_is_heard(wire: Wire, url: str) -> None:
    (process,) = wire.execute("SELECT pg_backend_pid()").fetchone() or ()
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (process,))
    with pytest.raises(psycopg.OperationalError):
        wire.execute("SELECT pg_sleep(10)")
    assert wire.cursor.connection.closed


def test_a_connection_lost_while_it_lay_idle_is_replaced_and_nobody_hears_of_it(store: PostgresStore, url: str) -> None:
    """What it had been told when it was last used says nothing of the tables now."""
    ahead = partial(Ahead, families=("R-1",))
    store.do(lambda tx: tx.save(opening(a_case("R-1"))), ahead)
    with psycopg.connect(url, autocommit=True) as other:
        ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
        other.execute(ends, (other.info.backend_pid,))
    assert store.do(lambda tx: tx.family("R-1", lock=True), ahead) is not None


def test_a_connection_cut_while_the_commit_is_on_its_way_leaves_its_outcome_unknown(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writes go with the commit, so nothing may be said of them either."""
    hear = Wire._hear

    def cut(self: Wire, *expected: Any) -> object:
        heard = hear(self, *expected)
        if heard.rows and heard.rows[-1].status == b"COMMIT":
            raise psycopg.OperationalError("the connection was cut")
        return heard

    monkeypatch.setattr(Wire, "_hear", cut)
    with pytest.raises(StoreUnavailable, match="while the step was being kept"):
        store.do(lambda tx: tx.save(opening(a_case())))
    monkeypatch.undo()
    assert roots(store) == ["R-1"]
