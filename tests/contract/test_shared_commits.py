"""Steps that share one commit: on SQLite, whoever writes takes along what those behind in line want."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event, get_ident
from time import monotonic, sleep
from typing import Any

import pytest

from engine import Engine
from engine.errors import Conflict, StoreUnavailable
from engine.ports import Store, Transaction
from engine.store.address import read_address
from engine.store.sqlite.opening import open_sqlite
from engine.store.sqlite.store import SqliteStore
from engine.testing import ManualTime
from tests.contract.builders import a_case, get, opening, put, step

Work = Callable[[Transaction], Any]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteStore]:
    """Where however slow the machine all who wait are taken along."""
    monkeypatch.setattr("engine.store.line.LONGEST", 600.0)
    made = open_sqlite(read_address(f"sqlite:///{tmp_path / 'desk.db'}?busy=10&synchronous=NORMAL"), create=True)
    yield made
    made.close()


def said(store: SqliteStore) -> list[str]:
    """What the writer's connection is told from now on."""
    with store.write():
        pass
    kept: list[str] = []
    assert store._writer is not None
    store._writer.set_trace_callback(kept.append)
    return kept


def stands(store: SqliteStore, count: int) -> None:
    """Wait until so many stand in line."""
    until = monotonic() + 60
    while len(store._line._behind) < count:
        assert monotonic() < until
        sleep(0.001)


def in_line(store: SqliteStore, first: Work, *others: Work) -> list[Future[Any]]:
    """The first begins; the others come while it is at work, one after the other; what each is answered."""
    begun, go_on = Event(), Event()

    def at_work(tx: Transaction) -> Any:
        begun.set()
        assert go_on.wait(60)
        return first(tx)

    with ThreadPoolExecutor(1 + len(others)) as pool:
        answers = [pool.submit(store.do, at_work)]
        assert begun.wait(60)
        for number, other in enumerate(others, 1):
            answers.append(pool.submit(store.do, other))
            stands(store, number)
        go_on.set()
    return answers


def opens(number: int) -> Work:
    def work(tx: Transaction) -> int:
        tx.save(opening(a_case(f"R-{number}")))
        return number

    return work


def fails(tx: Transaction) -> None:
    """Write, and end with an error."""
    opens(99)(tx)
    raise Conflict("revision 2, you expected 1")


def roots(store: Store) -> list[str]:
    with store.read() as tx:
        return list(tx.roots())


def test_what_is_done_is_answered(store: Store) -> None:
    assert store.do(opens(1)) == 1
    assert roots(store) == ["R-1"]


def test_what_ends_with_an_error_leaves_nothing(store: Store) -> None:
    with pytest.raises(Conflict, match="expected 1"):
        store.do(fails)
    assert roots(store) == []


def test_those_who_come_while_one_writes_share_his_commit(file: SqliteStore) -> None:
    texts = said(file)
    answers = in_line(file, opens(1), opens(2), opens(3), opens(4))
    assert [one.result() for one in answers] == [1, 2, 3, 4]
    assert texts.count("COMMIT") == 1
    assert roots(file) == ["R-1", "R-2", "R-3", "R-4"]


def test_one_that_fails_harms_nobody(file: SqliteStore) -> None:
    texts = said(file)
    answers = in_line(file, opens(1), opens(2), fails, opens(3))
    assert [one.result() for one in answers if one is not answers[2]] == [1, 2, 3]
    assert isinstance(answers[2].exception(), Conflict)
    assert texts.count("COMMIT") == 1
    assert roots(file) == ["R-1", "R-2", "R-3"]


def test_the_first_fails_alone(file: SqliteStore) -> None:
    texts = said(file)
    answers = in_line(file, fails, opens(1), opens(2))
    assert isinstance(answers[0].exception(), Conflict)
    assert [one.result() for one in answers[1:]] == [1, 2]
    assert (texts.count("COMMIT"), roots(file)) == (1, ["R-1", "R-2"])


def test_nobody_is_answered_before_the_commit(file: SqliteStore) -> None:
    """Not even with an error: it may come of what others have written, which is not kept yet."""
    said(file)
    assert file._writer is not None
    answers: list[Future[Any]] = []
    early: list[bool] = []

    def look(text: str) -> None:
        if text == "COMMIT":
            early.extend(one.done() for one in answers)

    file._writer.set_trace_callback(look)
    begun, go_on = Event(), Event()

    def at_work(tx: Transaction) -> None:
        begun.set()
        assert go_on.wait(60)
        opens(1)(tx)

    with ThreadPoolExecutor(3) as pool:
        answers.append(pool.submit(file.do, at_work))
        assert begun.wait(60)
        for number, work in enumerate((opens(2), fails), 1):
            answers.append(pool.submit(file.do, work))
            stands(file, number)
        go_on.set()
    assert early == [False, False, False]


def test_each_step_sees_what_those_before_it_did(file: SqliteStore) -> None:
    put(file, opening(a_case(data={"seen": []})))

    def notes(number: int) -> Work:
        def work(tx: Transaction) -> None:
            family = tx.family("R-1", lock=True)
            assert family is not None
            tx.save(step(family, {"data": {"seen": [*family.cases["R-1"].data["seen"], number]}}))

        return work

    for one in in_line(file, notes(1), notes(2), fails, notes(3))[:2]:
        one.result()
    case = get(file, "R-1").cases["R-1"]
    assert (case.data["seen"], case.sequence) == ([1, 2, 3], 4)


def test_where_the_disk_is_full_for_one_the_others_are_kept(file: SqliteStore) -> None:
    """A full disk may end the whole transaction, so each does his own again, alone."""
    said(file)
    assert file._writer is not None
    pages = file._writer.execute("PRAGMA page_count").fetchone()[0]
    file._writer.execute(f"PRAGMA max_page_count = {pages + 40}")

    def too_much(tx: Transaction) -> None:
        tx.save(opening(a_case("R-9", data={"text": "x" * 1_000_000})))

    answers = in_line(file, opens(1), opens(2), too_much, opens(3))
    assert [one.result() for one in answers if one is not answers[2]] == [1, 2, 3]
    assert isinstance(answers[2].exception(), StoreUnavailable)
    assert roots(file) == ["R-1", "R-2", "R-3"]


def test_who_wants_a_transaction_of_his_own_is_not_overtaken(file: SqliteStore) -> None:
    order: list[str] = []

    def notes(name: str) -> Work:
        return lambda tx: order.append(name)

    def own() -> None:
        with file.write():
            order.append("own")

    begun, go_on = Event(), Event()

    def at_work(tx: Transaction) -> None:
        begun.set()
        assert go_on.wait(60)

    with ThreadPoolExecutor(4) as pool:
        pool.submit(file.do, at_work)
        assert begun.wait(60)
        for number, call in enumerate(((file.do, notes("a")), (own,), (file.do, notes("b"))), 1):
            pool.submit(*call)  # type: ignore[arg-type]
            stands(file, number)
        go_on.set()
    assert order == ["a", "own", "b"]


def test_who_waits_too_long_leaves_the_line(tmp_path: Path) -> None:
    store = open_sqlite(read_address(f"sqlite:///{tmp_path / 'desk.db'}?busy=0.1"), create=True)
    with ThreadPoolExecutor(1) as pool:
        with store.write():
            late = pool.submit(store.do, opens(1))
            assert isinstance(late.exception(), StoreUnavailable)
        assert pool.submit(store.do, opens(2)).result() == 2
    assert roots(store) == ["R-2"]
    store.close()


def test_who_is_interrupted_leaves_the_others_to_themselves(file: SqliteStore) -> None:
    """Ctrl-C meets the thread that is at work, whosever work it is."""
    first: list[int] = []

    def leads(_: Transaction) -> None:
        first.append(get_ident())

    def interrupted(tx: Transaction) -> int:
        if get_ident() == first[0]:
            raise KeyboardInterrupt
        return int(opens(2)(tx))

    answers = in_line(file, leads, interrupted, opens(3))
    assert isinstance(answers[0].exception(), KeyboardInterrupt)
    assert [one.result() for one in answers[1:]] == [2, 3]
    assert roots(file) == ["R-2", "R-3"]


def test_a_worker_hears_of_what_was_decided_for_another(tmp_path: Path) -> None:
    """A worker that takes a step along is woken by it, as if the other thread had written alone."""
    with Engine.open(str(tmp_path / "desk.db"), time=ManualTime(), create=True) as engine:
        store, recipe = engine._store, engine._recipe
        assert isinstance(store, SqliteStore)
        begun, go_on = Event(), Event()

        def at_work(tx: Transaction) -> None:
            begun.set()
            assert go_on.wait(60)

        with ThreadPoolExecutor(2) as pool:
            led = pool.submit(recipe.kept, at_work)
            assert begun.wait(60)
            pool.submit(recipe.kept, lambda tx: recipe._near.add(get_ident()))
            stands(store, 1)
            go_on.set()
            led.result()
        assert engine.woken.is_set()
        assert recipe._near == set()


def test_a_signal_after_the_commit_leaves_those_taken_along_in_doubt_and_does_nothing_twice(file: SqliteStore) -> None:
    said(file)
    standing = file._checkpoints

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(standing, "committed", interrupted)
        first, second = in_line(file, opens(1), opens(2))
    with pytest.raises(KeyboardInterrupt):
        first.result()
    with pytest.raises(StoreUnavailable, match="was interrupted"):
        second.result()
    assert [get(file, case).cases[case].revision for case in ("R-1", "R-2")] == [1, 1]
    assert file.do(opens(3)) == 3, "the line is free"
