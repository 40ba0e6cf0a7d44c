"""Many sets of values in one statement: the same rows as by one statement each, in the same order where it matters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Conflict
from engine.ports import Ahead, Transaction
from engine.store import open_store
from engine.store.address import read_address
from engine.store.changing import sure_update_of
from engine.store.postgresql.gathering import FEW, FEWEST, Told, at_once, gathered
from engine.store.postgresql.pool import connect
from engine.store.postgresql.store import PostgresStore
from engine.store.postgresql.supposing import NO_REQUESTS, SAME_CASES
from engine.store.postgresql.wire import LEAST, MOST, MUCH, Expected, Wire
from engine.store.sql import Late
from engine.store.statements import Many, texts_of
from tests import postgres
from tests.contract.builders import MORNING, a_case, a_message, a_step, get, opening, put, step

STATEMENTS = texts_of("postgresql")
SOME = 20


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres.database() as made:
        yield made


@pytest.fixture(scope="module")
def wire(url: str) -> Iterator[Wire]:
    made = Wire(connect(read_address(url)))
    yield made
    made.close()


@pytest.fixture
def store() -> Iterator[PostgresStore]:
    with postgres.database() as url:
        made = open_store(url)
        assert isinstance(made, PostgresStore)
        yield made
        made.close()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The texts that go to the server at once, from now on."""
    seen: list[list[str]] = []
    send = Wire._send

    def watched(self: Wire, statements: Sequence[tuple[str, Any, Any]], told: int) -> list[Expected]:
        seen.append([text for text, _, _ in statements])
        return send(self, statements, told)

    monkeypatch.setattr(Wire, "_send", watched)
    return seen


# -- values ------------------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=300)
NUMBERS = st.integers(-(2**63), 2**63 - 1)


@given(rows=st.lists(st.tuples(st.none() | TEXTS, st.none() | NUMBERS, TEXTS, NUMBERS), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_every_value_comes_back_as_it_went(wire: Wire, rows: list[tuple[Any, ...]]) -> None:
    kinds = ("text", "bigint", "text", "bigint")
    arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(kinds, 1))
    many = Many(f"SELECT * FROM unnest({arrays}) LIMIT $5", kinds, "", ())
    found, failed, _ = wire._exchange([at_once(many, rows)])
    assert failed is None
    assert found[0].fetchall() == rows


def test_a_number_that_is_too_large_is_refused_by_the_server(wire: Wire) -> None:
    many = Many("SELECT * FROM unnest($1::bigint[]) LIMIT $2", ("bigint",), "", ())
    _, failed, _ = wire._exchange([at_once(many, [(2**63,), (1,), (2,)])])
    assert isinstance(failed, psycopg.errors.NumericValueOutOfRange)


# -- order -------------------------------------------------------------------------------------------------------------

PLACES = st.tuples(
    st.sampled_from(["role:a", "role:b"]), st.integers(1, 2), st.just(1), st.sampled_from(["R-1", "R-2"])
)
WRITES = st.lists(st.tuples(st.sampled_from(["NEW_WAITING", "NO_WAITING", "LINK"]), PLACES), max_size=30)


def told(writes: Sequence[tuple[str, tuple[Any, ...]]]) -> Iterator[Told]:
    """Such as would not fail one by one: what is there is not added again."""
    there: set[tuple[Any, ...]] = set()
    for name, place in writes:
        text = STATEMENTS[name]
        if name == "LINK":
            yield text.text, (place[3], place[0], "of"), text.many
        elif (name == "NEW_WAITING") != (place in there):
            there ^= {place}
            yield text.text, place, text.many


@given(writes=WRITES)
@settings(max_examples=60, deadline=None)
def test_the_rows_are_those_that_one_by_one_would_leave(wire: Wire, writes: list[tuple[str, tuple[Any, ...]]]) -> None:
    every = list(told(writes))
    left = []
    for statements in ([(text, values) for text, values, _ in every], None):
        wire._ask([("BEGIN", ()), ("DELETE FROM waiting", ()), ("DELETE FROM links", ())])
        if statements is not None:
            wire._ask(statements)
        else:
            assert wire._exchange(gathered(every))[1] is None
        left.append([
            sorted(wire.execute(f"SELECT * FROM {table}").fetchall()) for table in ("waiting", "links")
        ])  # fmt: skip
        wire._ask([("ROLLBACK", ())])
    assert left[0] == left[1]


def test_rows_of_one_text_go_at_once_and_few_statements_as_they_are() -> None:
    text = STATEMENTS["NEW_WAITING"]
    rows: list[Told] = [(text.text, ("role:a", 1, 1, f"R-{number}"), text.many) for number in range(FEW)]
    assert len(gathered(rows)) == 1
    assert len(gathered(rows[:-1])) == FEW - 1


def test_what_has_no_form_for_many_keeps_its_place() -> None:
    text = STATEMENTS["NEW_WAITING"]
    rows: list[Told] = [(text.text, ("role:a", 1, 1, f"R-{number}"), text.many) for number in range(2 * FEWEST)]
    mark: Told = ("SAVEPOINT part", (), None)
    found = [text for text, _, _ in gathered([*rows[:FEWEST], mark, *rows[FEWEST:], mark])]
    assert text.many is not None
    assert found == [text.many.text, "SAVEPOINT part", text.many.text, "SAVEPOINT part"]


# -- in the store ------------------------------------------------------------------------------------------------------


def some(store: PostgresStore, count: int = SOME) -> tuple[str, ...]:
    names = tuple(f"R-{number}" for number in range(1, count + 1))
    for name in names:
        put(store, opening(a_case(name)))
    return names


def test_a_batch_is_read_and_written_in_a_few_statements(store: PostgresStore, sent: list[list[str]]) -> None:
    names = some(store)
    sent.clear()

    def work(tx: Transaction) -> None:
        for name in names:
            family = tx.family(name, lock=True)
            assert family is not None
            tx.save(step(family, {"data": {"seen": name}}))

    store.do(work, lambda: Ahead(families=names))
    # begin, version; locks, families | most cases, records | the other cases, records; commit
    assert [len(texts) for texts in sent] == [2 + 2, 2, 2 + 1]
    with store.read() as tx:
        assert [tx.family(name, lock=False).cases[name].data["seen"] for name in names] == list(names)  # type: ignore[union-attr]


def test_what_was_locked_when_it_was_found_to_be_due_is_not_locked_again(
    store: PostgresStore, sent: list[list[str]]
) -> None:
    for number in range(1, SOME + 1):
        put(store, opening(a_case(f"R-{number}", next_due=MORNING + number)))
    sent.clear()

    def work(tx: Transaction) -> list[str]:
        roots = tx.due_roots(MORNING + 10, SOME)
        tx.look_ahead(Ahead(families=tuple(roots)))
        with suppress(ZeroDivisionError), tx.part():
            assert all(tx.family(root, lock=True) is not None for root in roots)
            raise ZeroDivisionError
        return roots

    roots = store.do(work)
    assert roots == [f"R-{number}" for number in range(1, 10)]
    assert sum("FOR UPDATE" in text for texts in sent for text in texts) == 1


def test_of_one_case_each_step_comes_after_the_one_before(store: PostgresStore) -> None:
    put(store, opening(a_case()))

    def work(tx: Transaction) -> None:
        for number in range(SOME):
            family = tx.family("R-1", lock=True)
            assert family is not None
            tx.save(step(family, {"data": {"seen": number}}))

    before = get(store, "R-1").cases["R-1"].sequence
    store.do(work, lambda: Ahead(families=("R-1",)))
    after = get(store, "R-1").cases["R-1"]
    assert (after.sequence - before, after.data["seen"]) == (SOME, SOME - 1)


def test_messages_are_numbered_in_the_order_in_which_they_were_sent(store: PostgresStore) -> None:
    names = tuple(f"R-{number}" for number in range(SOME, 0, -1))

    def work(tx: Transaction) -> None:
        for name in names:
            case = a_case(name)
            sent = a_step(case, outgoing=(a_message(case), a_message(case, 1)))
            tx.save(opening(case, steps=(sent,)))

    store.do(work)
    with store.read() as tx:
        assert [mail.message.case for mail in tx.outbox()] == [name for name in names for _ in (0, 1)]
        assert [mail.message.number for mail in tx.outbox()] == [0, 1] * SOME


def test_one_case_of_many_that_was_changed_meanwhile_keeps_all_from_being_kept(store: PostgresStore) -> None:
    names = some(store)

    def work(tx: Transaction) -> None:
        for name in names:
            family = tx.family(name, lock=True)
            assert family is not None
            if name == names[7]:
                rows = tx._rows  # type: ignore[attr-defined]
                rows[name] = rows[name]._replace(head="h0", revision=0, sequence=0, family_order=0)
                family.cases[name] = a_case(name, revision=0, sequence=0, order=0, head="h0")  # type: ignore[index]
            tx.save(step(family, {"data": {"seen": name}}))

    with pytest.raises(Conflict):
        store.do(work, lambda: Ahead(families=names))
    assert all("seen" not in get(store, name).cases[name].data for name in names)


def test_a_unique_key_that_one_case_frees_may_be_taken_by_the_next(store: PostgresStore) -> None:
    """Whatever else is written goes in groups; these two keep their order."""
    some(store)
    put(store, opening(a_case("K-1"), keys={"K-1": ("k", True)}))

    def work(tx: Transaction) -> None:
        for name in ("A-1", "A-2", "A-3"):
            tx.save(opening(a_case(name)))
        family = tx.family("K-1", lock=True)
        assert family is not None
        tx.save(step(family, {"closed_at": MORNING, "outcome": "done"}))
        tx.save(opening(a_case("K-2"), keys={"K-2": ("k", True)}))

    store.do(work, lambda: Ahead(families=("K-1",)))
    with store.read() as tx:
        assert tx.open_with_key("repair", "k") == "K-2"


# -- while the work goes on --------------------------------------------------------------------------------------------


def test_much_that_was_told_goes_ahead_and_is_there_at_the_end(store: PostgresStore, sent: list[list[str]]) -> None:
    def work(tx: Transaction) -> None:
        for number in range(1, 2 * MUCH):
            tx.save(opening(a_case(f"R-{number}")))

    store.do(work)
    assert len(sent) > 3
    with store.read() as tx:
        assert len(list(tx.roots())) == 2 * MUCH - 1


def test_where_the_steps_to_come_are_known_many_go_first_and_few_at_last(wire: Wire, sent: list[list[str]]) -> None:
    wire._ask([("BEGIN", ())])
    sent.clear()
    wire.left = 100
    for _ in range(100):
        for _ in range(4):
            wire.tell("SELECT 7", ())
        wire.push()
    assert [len(texts) for texts in sent] == [MOST, 136, 44, LEAST]
    wire._ask([("COMMIT", ())])
    assert len(sent[-1]) == 4 + 1


def test_a_batch_says_how_many_steps_are_to_come(store: PostgresStore, sent: list[list[str]]) -> None:
    names = [f"R-{number}" for number in range(1, 2 * MUCH)]
    store.do(lambda tx: [tx.save(opening(a_case(name))) for name in names])

    def work(tx: Transaction) -> list[int]:
        lefts = []
        for name in names:
            family = tx.family(name, lock=True)
            assert family is not None
            tx.save(step(family, {"data": {"seen": 1}}))
            lefts.append(tx._deferring.left)  # type: ignore[attr-defined]
        return lefts

    assert store.do(work, lambda: Ahead(families=tuple(names))) == [*reversed(range(len(names)))]
    assert store.do(lambda tx: tx._deferring.left) == 0  # type: ignore[attr-defined]


def test_what_may_yet_be_taken_back_does_not_go_ahead(store: PostgresStore, sent: list[list[str]]) -> None:
    def work(tx: Transaction) -> None:
        with tx.part():
            for number in range(1, 2 * MUCH):
                tx.save(opening(a_case(f"R-{number}")))
            assert len(sent) == 1
        assert len(sent) == 2

    store.do(work)


def test_what_failed_ahead_is_told_at_the_commit_and_the_connection_goes_on(store: PostgresStore) -> None:
    put(store, opening(a_case("R-3")))

    def work(tx: Transaction) -> None:
        for number in range(1, 2 * MUCH):
            tx.save(opening(a_case(f"R-{number}")))

    with pytest.raises(Conflict):
        store.do(work)
    with pytest.raises(ZeroDivisionError):
        store.do(lambda tx: (work(tx), 1 / 0))
    assert len(store._pool._idle) == 1
    put(store, opening(a_case("R-1")))
    with store.read() as tx:
        assert list(tx.roots()) == ["R-1", "R-3"]


def test_a_signal_while_much_is_sent_leaves_no_half_told_connection(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> list[Expected]:
        raise KeyboardInterrupt

    def work(tx: Transaction, *, is_interrupted: bool = False) -> None:
        if is_interrupted:
            monkeypatch.setattr(Wire, "_send", interrupted)
        for number in range(1, 2 * MUCH):
            tx.save(opening(a_case(f"R-{number}")))

    with pytest.raises(KeyboardInterrupt):
        store.do(partial(work, is_interrupted=True))
    monkeypatch.undo()
    assert store._pool._idle == []
    store.do(work)
    with store.read() as tx:
        assert len(list(tx.roots())) == 2 * MUCH - 1


def test_a_stopped_process_that_has_told_much_is_idle_to_the_server(wire: Wire, url: str) -> None:
    """So the server ends its transaction after a minute, and nobody waits longer for what it had locked."""
    (process,) = wire.execute("SELECT pg_backend_pid()").fetchone() or ()
    wire._ask([("BEGIN", ())])
    for _ in range(MUCH):
        wire.tell("SELECT 7", ())
    wire.push()
    with psycopg.connect(url, autocommit=True) as other:
        asked = "SELECT state FROM pg_stat_activity WHERE pid = %s AND query = 'SELECT 7'"
        seen, until = "", monotonic() + 10
        while seen != "idle in transaction" and monotonic() < until:
            (seen,) = other.execute(asked, (process,)).fetchone() or ("",)
    assert seen == "idle in transaction"
    assert wire.end()


def test_more_goes_ahead_than_either_side_holds(wire: Wire) -> None:
    wire._ask([("BEGIN", ())])
    for _ in range(8 * MUCH):
        wire.tell("SELECT $1::text", ("x" * 20_000,))
        wire.push()
    assert wire.execute("SELECT 1").fetchone() == (1,)
    assert wire.end()


def test_what_failed_ahead_is_told_apart_from_what_is_asked(wire: Wire) -> None:
    wire._ask([("BEGIN", ())])
    for _ in range(MUCH):
        wire.tell("SELECT 1 / $1::bigint", (0,))
    wire.push()
    with pytest.raises(Late):
        wire.execute("SELECT 1")
    assert wire.end()
    assert wire.execute("SELECT 1").fetchone() == (1,)


# -- how the server goes about it --------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [("revision", "sequence", "body"), ("next_due_ms", "family_due_ms", "closed_ms")])
def test_many_are_changed_along_the_index_even_where_a_table_is_small_yet(wire: Wire, columns: tuple[str, ...]) -> None:
    """The plan is made once and stays while the table grows."""
    _, many = sure_update_of(columns, is_unique=False, is_usual=True)
    assert many is not None
    plan = generic(wire, many)
    assert "Index Scan using pk_cases" in plan
    assert "Hash" not in plan


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("NO_WAITING", "pk_waiting"),
        ("LOCK", "pk_cases"),
        ("LOCK_FREE", "pk_cases"),
        ("FAMILY", "ix_cases_root_birth"),
        ("REQUEST", "pk_requests"),
    ],
)
def test_many_are_found_along_the_index_even_where_a_table_is_small_yet(wire: Wire, name: str, index: str) -> None:
    many = STATEMENTS[name].many
    assert many is not None
    plan = generic(wire, many)
    assert index in plan
    assert "Hash" not in plan


@pytest.mark.parametrize(("many", "index"), [(SAME_CASES, "pk_cases"), (NO_REQUESTS, "pk_requests")])
def test_what_was_supposed_is_proven_along_the_index(wire: Wire, many: Many, index: str) -> None:
    plan = generic(wire, many)
    assert index in plan
    assert "Hash" not in plan


def generic(wire: Wire, many: Many) -> str:
    """The plan that is made without looking at the values."""
    wire._ask(
        [("BEGIN", ()), ("SET LOCAL plan_cache_mode = force_generic_plan", ()), (f"PREPARE many AS {many.text}", ())]
    )
    values = ", ".join(["NULL"] * (len(many.kinds) + 1))
    found = wire.execute(f"EXPLAIN EXECUTE many ({values})").fetchall()
    wire._ask([("DEALLOCATE many", ()), ("ROLLBACK", ())])
    return "\n".join(line for (line,) in found)


def test_a_text_that_an_array_would_take_for_two_is_refused_before_it_is_sent() -> None:
    many = STATEMENTS["FAMILY"].many
    assert many is not None
    with pytest.raises(psycopg.DataError, match="NUL"):
        at_once(many, [("R-1",), ("R-2\x00R-3",), ("R-4",)])
