"""Transactions of several threads: writers in one line, readers beside them."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import pytest

from engine.errors import Conflict, StoreUnavailable
from engine.ports import Store
from tests.contract.builders import a_case, get, opening, put, step
from tests.threads import together


def test_steps_of_many_threads_on_one_case_stand_in_one_line(store: Store) -> None:
    put(store, opening(a_case(data={"seen": []})))

    def act(number: int) -> None:
        for turn in range(10):
            with store.write() as work:
                family = work.family("R-1", lock=True)
                assert family is not None
                seen = [*family.cases["R-1"].data["seen"], [number, turn]]
                work.save(step(family, {"data": {"seen": seen}}))

    assert together(8, act) == [None] * 8
    case = get(store, "R-1").cases["R-1"]
    assert (case.sequence, len(case.data["seen"])) == (81, 80)
    assert [turn for number, turn in case.data["seen"] if number == 3] == list(range(10))
    with store.read() as work:
        assert [record.sequence for record in work.records("R-1")] == list(range(1, 82))


def test_of_those_who_decided_on_the_same_case_one_wins(store: Store) -> None:
    family = put(store, opening(a_case()))

    def act(number: int) -> str:
        with store.write() as work:
            work.save(step(family, {"assignee": f"p{number}"}))
        return f"p{number}"

    results = together(6, act)
    winners = [result for result in results if isinstance(result, str)]
    assert len(winners) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 5
    assert get(store, "R-1").cases["R-1"].assignee == winners[0]


def test_of_those_who_open_with_one_unique_key_one_wins(store: Store) -> None:
    def act(number: int) -> None:
        with store.write() as work:
            work.save(opening(a_case(f"C-{number}"), keys={f"C-{number}": ("6222", True)}))

    results = together(6, act)
    assert results.count(None) == 1
    with store.read() as work:
        assert len(list(work.roots())) == 1


def test_numbers_are_given_once(store: Store) -> None:
    def act(_: int) -> list[int]:
        numbers = []
        for _ in range(20):
            with store.write() as work:
                numbers.append(work.next_number("R"))
        return numbers

    assert sorted(number for numbers in together(5, act) for number in numbers) == list(range(1, 101))


def test_a_reader_sees_what_was_there_when_it_began(store: Store) -> None:
    family = put(store, opening(a_case()))
    with store.read() as reader:
        put(store, step(family, {"assignee": "lin"}))
        put(store, opening(a_case("R-2")))
        seen = reader.family("R-1", lock=False)
        assert seen is not None
        assert seen == family
        assert list(reader.roots()) == ["R-1"]
        assert get(store, "R-1").cases["R-1"].assignee == "lin"
    with store.read() as reader:
        assert list(reader.roots()) == ["R-1", "R-2"]


def test_readers_and_a_writer_do_not_wait_for_each_other(store: Store) -> None:
    put(store, opening(a_case()))
    began, may_end = Event(), Event()

    def write() -> None:
        with store.write() as work:
            family = work.family("R-1", lock=True)
            assert family is not None
            work.save(step(family, {"assignee": "lin"}))
            began.set()
            assert may_end.wait(60)

    with ThreadPoolExecutor(1) as pool:
        writing: Future[None] = pool.submit(write)
        assert began.wait(60)
        assert get(store, "R-1").cases["R-1"].assignee is None
        may_end.set()
        writing.result(60)
    assert get(store, "R-1").cases["R-1"].assignee == "lin"


def test_readers_see_whole_transactions_only(store: Store) -> None:
    put(store, opening(a_case("R-1")))
    put(store, opening(a_case("R-2")))
    over = Event()

    def work_or_look(number: int) -> int:
        looks = 0
        if number == 0:
            for turn in range(60):
                with store.write() as work:
                    for name in ("R-1", "R-2"):
                        family = work.family(name, lock=True)
                        assert family is not None
                        work.save(step(family, {"assignee": f"p{turn}"}))
            over.set()
        while number and not over.is_set():
            with store.read() as work:
                both = [work.family(name, lock=False) for name in ("R-1", "R-2")]
                assert len({family.cases[family.root].assignee for family in both if family}) == 1
            looks += 1
        return looks

    results = together(3, work_or_look)
    assert not [result for result in results if isinstance(result, BaseException)]


def test_a_thread_that_writes_may_not_begin_to_write_again(store: Store) -> None:
    with store.write(), pytest.raises(RuntimeError, match="writing already"), store.write():
        pass
    with store.write() as work:
        work.set_setting("zone", "UTC")


def test_a_store_with_an_open_transaction_is_not_closed(store: Store) -> None:
    with store.read() as work:
        with pytest.raises(RuntimeError, match="still open"):
            store.close()
        assert work.setting("zone") is None
    with store.write() as work:
        with pytest.raises(RuntimeError, match="still open"):
            store.close()
        work.set_setting("zone", "UTC")


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    for begin in (store.read, store.write):
        with pytest.raises(StoreUnavailable, match="has been closed"), begin():
            pass
