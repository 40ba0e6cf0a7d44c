"""The engine inside a transaction of the host's: both are kept or neither, whatever happens, on every database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, MetaData, Table, Text

from engine import Accepted, Conflict, Engine, Inside, KeyReused, Refusal, SetAside, UsageError, run_worker
from engine.core.run import Poisoned
from engine.store.hosted import wrong_driver
from engine.testing import ManualTime, engine_in_memory
from tests.app.desks import BOSS, HOUR, LIN, MINUTE, NINE, done, refused, sources
from tests.contract.hosts import HOSTS, Host

MILK = {"what": "milk", "phone": "13900000001"}


@pytest.fixture
def time() -> ManualTime:
    return ManualTime(NINE)


@pytest.fixture(params=HOSTS)
def host(request: pytest.FixtureRequest, tmp_path: Path, time: ManualTime) -> Iterator[Host]:
    """A host on each database in turn; whatever a test did, the audit must hold."""
    with HOSTS[request.param](tmp_path, time) as one:
        with one.engine:
            yield one
            assert not one.engine.verify().problems
        one.database.dispose()


class Oops(Exception):
    """The host's own trouble."""


def rolled_back(host: Host, work: Callable[[Connection], object]) -> None:
    """Do this in a transaction that the host does not commit."""
    with pytest.raises(Oops), host.database.begin() as connection:  # noqa: PT012
        work(connection)
        raise Oops


def open_inside(host: Host, **more: object) -> str:
    with host.database.begin() as connection:
        return done(host.engine.inside(connection).open_case("errand", MILK, actor=LIN, **more)).id  # type: ignore[arg-type]


# -- both or neither ---------------------------------------------------------------------------------------------------


def test_a_step_and_the_hosts_rows_are_committed_together(host: Host) -> None:
    with host.database.begin() as connection:
        case = done(host.engine.inside(connection).open_case("errand", MILK, actor=LIN)).id
        host.order(connection, "A-1", case)
    assert host.orders() == ["A-1"]
    assert host.engine.case(case).position == ("waiting",)


def test_a_step_and_the_hosts_rows_are_rolled_back_together(host: Host) -> None:
    kept = open_inside(host)

    def work(connection: Connection) -> None:
        inside = host.engine.inside(connection)
        host.order(connection, "A-1")
        done(inside.act(kept, "send", {"runner": "run"}, actor=LIN, facts={"at_work": ["run"]}, key="k"))
        done(inside.open_case("errand", MILK, actor=LIN))
        inside.attach(kept, "note.txt", b"paper", actor=LIN)

    rolled_back(host, work)
    assert host.orders() == []
    assert (host.engine.case(kept).revision, host.engine.case(kept).position) == (1, ("waiting",))
    assert len(host.engine.history(kept)) == 1
    assert host.engine.outbox() == []
    assert host.engine.attachments(kept) == []
    assert host.engine.verify().cases == 1


def test_a_refusal_stands_or_falls_with_the_host(host: Host) -> None:
    case = open_inside(host)

    def refuse(connection: Connection) -> None:
        inside = host.engine.inside(connection)
        assert refused(inside.act(case, "send", {"runner": "run"}, actor=LIN, facts={"at_work": []})) == ["at_work"]
        assert len(inside.history(case)) == 2

    rolled_back(host, refuse)
    assert len(host.engine.history(case)) == 1
    with host.database.begin() as connection:
        refuse(connection)
    assert [record["verb"] for record in host.engine.history(case)] == ["open", "do"]
    assert host.engine.history(case)[-1]["refused"]


def test_what_was_rolled_back_has_used_up_neither_its_number_nor_its_key(host: Host) -> None:
    rolled_back(host, lambda c: done(host.engine.inside(c).open_case("errand", MILK, actor=LIN, key="k")))
    with host.database.begin() as connection:
        opened = host.engine.inside(connection).open_case("errand", {"what": "tea"}, actor=LIN, key="k")
    assert isinstance(opened, Accepted)
    assert (opened.case.id, opened.is_repeat, opened.case.data["what"]) == ("E-1", False, "tea")


def test_the_same_case_opened_again_after_a_rollback_has_only_its_own_secret(host: Host) -> None:
    """Both have one id, one instant and one content; were the first one remembered, the audit would not verify."""

    def work(connection: Connection) -> None:
        inside = host.engine.inside(connection)
        case = done(inside.open_case("parcel", {"waybill": "SF1"}, actor=LIN)).id
        assert inside.case(case).data["waybill"] == "SF1"

    rolled_back(host, work)
    with host.database.begin() as connection:
        work(connection)
    with host.database.begin() as connection:
        done(host.engine.inside(connection).act("P-1", "hand_out", actor=LIN))
    assert host.engine.verify().problems == ()


def test_a_step_that_fails_is_taken_back_alone_and_the_host_may_go_on(host: Host) -> None:
    case = open_inside(host, key="k")
    with host.database.begin() as connection:
        inside = host.engine.inside(connection)
        host.order(connection, "A-1")
        with pytest.raises(KeyReused):
            inside.open_case("errand", {"what": "tea"}, actor=LIN, key="k")
        with pytest.raises(Conflict):
            inside.act(case, "remark", {"note": "x"}, actor=LIN, expect_revision=7)
        done(inside.act(case, "remark", {"note": "y"}, actor=LIN))
        host.order(connection, "A-2")
    assert host.orders() == ["A-1", "A-2"]
    assert host.engine.case(case).data["note"] == "y"
    assert host.engine.case(case).revision == 2


def test_nothing_is_seen_by_others_before_the_host_commits(host: Host) -> None:
    with host.database.begin() as connection:
        inside = host.engine.inside(connection)
        done(inside.open_case("parcel", {"waybill": "SF1"}, actor=LIN))
        assert inside.case("P-1").data["waybill"] == "SF1"
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(host.engine.verify).result().cases == 0
    assert host.engine.verify().cases == 1


def test_the_host_may_put_savepoints_of_its_own_around_a_step(host: Host) -> None:
    with host.database.begin() as connection:
        inside = host.engine.inside(connection)
        done(inside.open_case("errand", MILK, actor=LIN))
        with pytest.raises(Oops), connection.begin_nested():  # noqa: PT012
            done(inside.act("E-1", "hold", actor=LIN))
            raise Oops
        assert inside.case("E-1").position == ("waiting",)
        with connection.begin_nested():
            done(inside.act("E-1", "remark", {"note": "x"}, actor=LIN))
    assert (host.engine.case("E-1").position, host.engine.case("E-1").revision) == (("waiting",), 2)


def test_a_step_inside_carries_the_case_forward_as_any_other(host: Host, time: ManualTime) -> None:
    case = open_inside(host)
    time.move(15 * MINUTE + 1)
    rolled_back(host, lambda c: host.engine.inside(c).act(case, "remark", {"note": "x"}, actor=LIN))
    assert len(host.engine.history(case)) == 1
    with host.database.begin() as connection:
        done(host.engine.inside(connection).act(case, "remark", {"note": "x"}, actor=LIN))
    assert [record["verb"] for record in host.engine.history(case)] == [
        "open",
        "threshold",
        "threshold",
        "breach",
        "do",
    ]


def test_a_case_on_which_the_engine_fails_is_set_aside_with_the_host(
    host: Host, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = open_inside(host)
    time.move(HOUR)

    def poisoned(*_: object) -> None:
        raise Poisoned("it fires without end")

    monkeypatch.setattr("engine.app.recipe.carry", poisoned)
    with pytest.raises(SetAside), host.database.begin() as connection:
        host.engine.inside(connection).act(case, "remark", {"note": "x"}, actor=LIN)
    assert host.engine.faults() == []
    with host.database.begin() as connection, pytest.raises(SetAside):
        host.engine.inside(connection).act(case, "remark", {"note": "x"}, actor=LIN)
    assert [fault.root for fault in host.engine.faults()] == [case]


# -- what is due, what is sent -----------------------------------------------------------------------------------------


def test_a_worker_finds_what_a_host_has_committed(host: Host, time: ManualTime) -> None:
    told: list[str] = []
    host.engine.on("*", lambda one: told.append(one.name))
    case = open_inside(host)
    rolled_back(host, lambda c: host.engine.inside(c).act(case, "order", actor=LIN))
    host.engine.tick()
    assert told == []
    with host.database.begin() as connection:
        done(host.engine.inside(connection).act(case, "order", actor=LIN))
    host.engine.tick()
    assert sorted(told) == ["order_in", "ordered"]
    time.move(10 * MINUTE + 1)
    host.engine.tick()
    assert "due" in told


def test_a_worker_of_the_process_looks_at_once_when_it_is_told_of_a_commit(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.worker.POLL", 600.0)
    told, stop = threading.Event(), threading.Event()
    host.engine.on("*", lambda _: told.set())
    worker = threading.Thread(target=run_worker, args=(host.engine, stop))
    worker.start()
    try:
        with host.database.begin() as connection:
            case = done(host.engine.inside(connection).open_case("errand", MILK, actor=LIN)).id
            done(host.engine.inside(connection).act(case, "order", actor=LIN))
        host.engine.committed()
        assert told.wait(60)
    finally:
        stop.set()
        worker.join(60)
    assert not worker.is_alive(), "a worker that waits hears that it is to stop"


# -- many at once ------------------------------------------------------------------------------------------------------


def test_many_threads_each_with_a_transaction_leave_a_serial_history(host: Host) -> None:
    case = open_inside(host)

    def one(number: int) -> None:
        with host.database.begin() as connection:
            host.order(connection, f"A-{number:02}")
            done(host.engine.inside(connection).act(case, "remark", {"note": str(number)}, actor=LIN))
            if number % 3 == 0:
                raise Oops

    with ThreadPoolExecutor(8) as pool:
        errors = [job.exception() for job in [pool.submit(one, number) for number in range(30)]]
    assert [type(error) for error in errors] == [Oops if number % 3 == 0 else type(None) for number in range(30)]
    kept = [f"{number}" for number in range(30) if number % 3]
    assert sorted(record["form"]["note"] for record in host.engine.history(case)[1:]) == sorted(kept)
    assert host.orders() == [f"A-{int(number):02}" for number in kept]


def test_hosts_and_engines_of_their_own_stand_in_one_line(host: Host) -> None:
    case = open_inside(host)

    def one(number: int) -> None:
        if number % 2:
            done(host.engine.act(case, "remark", {"note": "own"}, actor=LIN))
            return
        with host.database.begin() as connection:
            done(host.engine.inside(connection).act(case, "remark", {"note": "inside"}, actor=LIN))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(one, range(24)))
    assert host.engine.case(case).revision == 25


def test_a_thread_does_not_wait_for_its_own_transaction(host: Host) -> None:
    with host.database.begin() as connection:
        done(host.engine.inside(connection).open_case("errand", MILK, actor=LIN))
        with pytest.raises(UsageError, match="own transaction is open"):  # nor is it told, late, that it is locked
            host.engine.open_case("errand", MILK, actor=LIN)
    assert done(host.engine.open_case("errand", MILK, actor=LIN)).id == "E-2"


# -- how it must be used -----------------------------------------------------------------------------------------------


def test_a_tool_that_compares_the_hosts_tables_can_leave_ours_out(host: Host) -> None:
    theirs = MetaData()
    Table("orders", theirs, Column("number", Text, primary_key=True), Column("errand", Text))
    with host.database.begin() as connection:
        own = {"include_name": lambda name, kind, _parents: kind != "table" or name in theirs.tables}
        for opts, is_dropped in (({}, True), (own, False)):
            found = compare_metadata(MigrationContext.configure(connection, opts=opts), theirs)
            assert ("remove_table" in [change[0] for change in found]) is is_dropped


def test_a_connection_of_asyncio_is_refused_with_what_to_do() -> None:
    connection: Any = SimpleNamespace(dialect=SimpleNamespace(is_async=True, driver="asyncpg"))
    error = wrong_driver(connection, "PostgreSQL through psycopg")
    assert "asyncio, here of the driver `asyncpg`" in error.message
    assert "`asyncio.to_thread`" in (error.help or "")


def test_a_connection_without_a_transaction_is_refused(host: Host) -> None:
    with host.database.connect() as connection:
        with pytest.raises(UsageError, match="has no transaction begun"):
            host.engine.inside(connection).open_case("errand", MILK, actor=LIN)
        with connection.begin():
            inside = host.engine.inside(connection)
            done(inside.open_case("errand", MILK, actor=LIN))
        with pytest.raises(UsageError, match="has no transaction begun"):
            inside.case("E-1")
    with pytest.raises(UsageError, match="has no transaction begun"):
        inside.case("E-1")


def test_what_is_no_connection_is_refused(host: Host) -> None:
    with pytest.raises(UsageError, match="expected a SQLAlchemy `Connection`, got `str`") as raised:
        host.engine.inside("shop.db").case("E-1")  # type: ignore[arg-type]
    assert raised.value.help == "a session has one: `session.connection()`"


def test_an_engine_in_memory_has_no_database_to_share(host: Host) -> None:
    other = engine_in_memory(sources(), "errand")
    with host.database.begin() as connection, pytest.raises(UsageError, match="shares no database"):
        other.inside(connection)


def test_a_closed_engine_says_so(host: Host, time: ManualTime) -> None:
    other = Engine.open(host.url, time=time)
    other.close()
    with host.database.begin() as connection, pytest.raises(Exception, match="has been closed"):
        other.inside(connection)


def test_one_face_serves_several_transactions_of_its_connection(host: Host) -> None:
    with host.database.connect() as connection:
        inside = host.engine.inside(connection)
        assert isinstance(inside, Inside)
        for _ in range(3):
            with connection.begin():
                assert isinstance(inside.open_case("errand", MILK, actor=LIN), Accepted)
        with connection.begin() as last:
            assert isinstance(inside.open_case("errand", {}, actor=LIN), Refusal)
            last.rollback()
    assert host.engine.verify().cases == 3


# -- the law -----------------------------------------------------------------------------------------------------------

VERBS = st.sampled_from(["open", "remark", "hold", "resume", "order", "drop", "wait", "key"])
TRANSACTIONS = st.lists(st.tuples(st.lists(VERBS, min_size=1, max_size=4), st.booleans()), max_size=6)


def play(face: Engine | Inside, verb: str, number: int) -> None:
    """Do something to the first case; whether it is refused is not our affair here."""
    if verb == "open":
        face.open_case("errand", MILK, actor=LIN)
    elif verb == "key":
        face.open_case("parcel", {"waybill": f"SF{number}"}, actor=LIN, key=str(number))
    elif verb != "wait":
        face.act(
            "E-1", verb, {"note": str(number)} if verb == "remark" else {}, actor=BOSS if verb == "resume" else LIN
        )


@given(TRANSACTIONS)
@settings(max_examples=15)
@pytest.mark.parametrize("kind", HOSTS)
def test_only_what_was_committed_has_happened(
    kind: str, tmp_path_factory: pytest.TempPathFactory, transactions: list[tuple[list[str], bool]]
) -> None:
    """Whatever a host commits and rolls back: the cases are those of an engine that never met the rest."""
    time = ManualTime(NINE)
    with HOSTS[kind](tmp_path_factory.mktemp("law"), time) as host:
        with host.engine, engine_in_memory(sources(), "errand", "call", "parcel", time=time) as model:
            compare(host, model, time, transactions)
        host.database.dispose()


def compare(host: Host, model: Engine, time: ManualTime, transactions: list[tuple[list[str], bool]]) -> None:
    for face in (host.engine, model):
        face.open_case("errand", MILK, actor=LIN)
    for at, (verbs, is_kept) in enumerate(transactions):
        with host.database.connect() as connection, connection.begin() as transaction:
            for number, verb in enumerate(verbs):
                play(host.engine.inside(connection), verb, 10 * at + number)
                if is_kept:
                    play(model, verb, 10 * at + number)
            if not is_kept:
                transaction.rollback()
        time.move(7 * MINUTE if "wait" in verbs else 0)
    assert pictures(host.engine) == pictures(model)
    assert host.engine.verify().problems == ()


def pictures(engine: Engine) -> list[object]:
    """What can be seen of every case, and what is on its way out."""
    cases = [f"E-{number}" for number in range(1, 40)] + [f"P-{number}" for number in range(1, 40)]
    seen: list[object] = [(mail.message.case, mail.message.name, mail.status) for mail in engine.outbox()]
    for case in cases:
        try:
            seen.append((engine.case(case), [record["verb"] for record in engine.history(case)]))
        except Exception:
            seen.append(None)
    return seen


def test_the_picture_of_a_case_sees_a_difference(host: Host) -> None:
    before = pictures(host.engine)
    open_inside(host)
    assert pictures(host.engine) != before
