"""Steps of a process that share a commit on a server: none waits for another's case, or hears of another's trouble."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Event
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest

from engine.errors import Conflict, Outrun, StoreUnavailable
from engine.ports import Ahead, Transaction
from engine.store import open_store
from engine.store.line import ENOUGH, Line, Place
from engine.store.postgresql.store import PostgresStore
from engine.store.postgresql.wire import Wire
from engine.store.transaction import SqlTransaction
from tests import postgres
from tests.contract.builders import a_case, get, opening, put, step
from tests.contract.exchanges import watch

Work = Callable[[Transaction], Any]
RECORDS = "INSERT INTO records"
CASES = ("R-1", "R-2", "R-3", "R-4", "R-5")


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresStore]:
    """With cases, and one turn, so that it is known who comes behind: however slow the machine all are taken along."""
    monkeypatch.setattr("engine.store.postgresql.store.LONGEST", 600.0)
    with postgres.database() as url:
        made = open_store(f"{url}&busy=10")
        assert isinstance(made, PostgresStore)
        made._line = Line()
        for case in CASES:
            put(made, opening(a_case(case)))
        yield made
        made.close()


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many records each commit keeps, from now on."""
    kept: list[int] = []

    def note(statements: list[Any], told: int) -> None:
        said = [(text, values) for text, values, _ in statements]
        if said[-1][0] == "COMMIT" or told == len(said):
            rows = (int(values[-1]) if "unnest" in text else 1 for text, values in said if text.startswith(RECORDS))
            kept.append(sum(rows))

    watch(monkeypatch, note)
    return kept


def notes(case: str, mark: str = "seen") -> tuple[Work, Callable[[], Ahead]]:
    """One step on a case, and what it asks for ahead."""

    def work(tx: Transaction) -> str:
        family = tx.family(case, lock=True)
        assert family is not None
        tx.save(step(family, {"data": {"mark": mark}}))
        return case

    return work, partial(Ahead, (case,))


def fails(case: str) -> tuple[Work, Callable[[], Ahead]]:
    """A step that writes, and ends with an error."""
    work, ahead = notes(case)

    def failing(tx: Transaction) -> None:
        work(tx)
        raise Conflict("revision 2, you expected 1")

    return failing, ahead


def stands(store: PostgresStore, count: int) -> None:
    """Wait until so many stand in line."""
    until = monotonic() + 60
    while len(store._line._behind) < count:
        assert monotonic() < until
        sleep(0.001)


def in_line(store: PostgresStore, *others: tuple[Work, Callable[[], Ahead]]) -> list[Future[Any]]:
    """While the case R-5 is worked on, these come one after the other; what each is answered."""
    begun, go_on = Event(), Event()
    first, ahead = notes("R-5")

    def at_work(tx: Transaction) -> Any:
        begun.set()
        assert go_on.wait(60)
        return first(tx)

    with ThreadPoolExecutor(1 + len(others)) as pool:
        answers = [pool.submit(store.do, at_work, ahead)]
        assert begun.wait(60)
        for number, other in enumerate(others, 1):
            answers.append(pool.submit(store.do, *other))
            stands(store, number)
        go_on.set()
    return answers[1:]


def marks(store: PostgresStore) -> dict[str, str]:
    return {case: get(store, case).cases[case].data.get("mark", "") for case in CASES[:4]}


def test_those_who_come_while_one_writes_share_a_commit(store: PostgresStore, commits: list[int]) -> None:
    answers = in_line(store, notes("R-1"), notes("R-2"), notes("R-3"))
    assert [one.result() for one in answers] == ["R-1", "R-2", "R-3"]
    assert commits == [1, 3]


def test_one_that_fails_harms_nobody_and_is_told_after_the_commit(store: PostgresStore, commits: list[int]) -> None:
    answers = in_line(store, notes("R-1"), fails("R-2"), notes("R-3"))
    assert isinstance(answers[1].exception(), Conflict)
    assert marks(store) == {"R-1": "seen", "R-2": "", "R-3": "seen", "R-4": ""}
    assert commits == [1, 2]


def test_what_the_server_refuses_is_told_in_a_sentence(store: PostgresStore) -> None:
    def work(tx: Transaction) -> None:
        tx._do("INSERT INTO cases SELECT * FROM cases WHERE id = 'R-1'")  # type: ignore[attr-defined]

    with pytest.raises(StoreUnavailable, match="could not do what was asked"):
        store.do(work, partial(Ahead, ("R-1",)))
    assert store.do(*notes("R-1")) == "R-1"


def test_the_first_who_fails_harms_nobody(store: PostgresStore, commits: list[int]) -> None:
    answers = in_line(store, fails("R-1"), notes("R-2"))
    assert isinstance(answers[0].exception(), Conflict)
    assert answers[1].result() == "R-2"
    assert commits == [1, 1]


def test_a_case_that_somebody_else_holds_keeps_only_those_waiting_who_want_it(store: PostgresStore) -> None:
    """Whoever does others' work takes no case that is held; who wants it waits for it by himself, in his own time."""
    with ThreadPoolExecutor(3) as pool:
        with psycopg.connect(store._address.url) as other:
            other.execute("SELECT id FROM cases WHERE id IN ('R-1', 'R-3') FOR UPDATE")
            held = [pool.submit(store.do, *notes("R-1")), pool.submit(store.do, *notes("R-3"))]
            assert pool.submit(store.do, *notes("R-2")).result(60) == "R-2"
            assert not any(one.done() for one in held)
        assert [one.result(60) for one in held] == ["R-1", "R-3"]


def test_who_came_along_for_a_case_that_was_held_stands_in_line_once_more(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where processes work on the same cases it is free by then, and he shares a commit after all."""
    entered: list[str] = []
    enter = Line.enter

    def counted(self: Line, place: Place, seconds: float) -> bool:
        entered.append(place.ahead.families[0])
        return enter(self, place, seconds)

    monkeypatch.setattr(Line, "enter", counted)
    with psycopg.connect(store._address.url) as other, ThreadPoolExecutor(1) as pool:
        other.execute("SELECT id FROM cases WHERE id = 'R-1' FOR UPDATE")

        def let_go() -> None:
            until = monotonic() + 60
            while entered.count("R-1") < 2 and monotonic() < until:
                sleep(0.001)
            other.rollback()

        pool.submit(let_go)
        answers = in_line(store, notes("R-2"), notes("R-1"))
    assert [one.result() for one in answers] == ["R-2", "R-1"]
    assert sorted(entered) == ["R-1", "R-1", "R-2", "R-5"]
    assert marks(store) == {"R-1": "seen", "R-2": "seen", "R-3": "", "R-4": ""}


def test_another_family_that_is_held_is_not_waited_for_on_the_others_time(store: PostgresStore) -> None:
    def reaches_over(tx: Transaction) -> str:
        notes("R-1")[0](tx)
        return str(notes("R-4", "reached")[0](tx))

    with psycopg.connect(store._address.url) as other:
        other.execute("SELECT id FROM cases WHERE id = 'R-4' FOR UPDATE")
        begun = Event()

        def let_go() -> None:
            assert begun.wait(60)
            sleep(0.3)
            other.rollback()

        def then_done(tx: Transaction) -> str:
            begun.set()
            return str(notes("R-2")[0](tx))

        with ThreadPoolExecutor(1) as pool:
            pool.submit(let_go)
            answers = in_line(store, (reaches_over, partial(Ahead, ("R-1",))), (then_done, partial(Ahead, ("R-2",))))
    assert [one.result() for one in answers] == ["R-4", "R-2"]
    assert marks(store) == {"R-1": "seen", "R-2": "seen", "R-3": "", "R-4": "reached"}
    assert get(store, "R-1").cases["R-1"].revision == 2, "what was begun for it was taken back"


def test_two_on_one_case_are_never_in_one_commit(store: PostgresStore, commits: list[int]) -> None:
    for one in in_line(store, notes("R-1", "a"), notes("R-2"), notes("R-1", "b")):
        one.result()
    assert commits == [1, 2, 1]
    assert marks(store)["R-1"] == "b"
    assert get(store, "R-1").cases["R-1"].sequence == 3


def test_where_the_server_keeps_nothing_each_does_his_own_again(store: PostgresStore) -> None:
    """What one wrote is found wanting only with the commit, for all of them."""

    def twice(tx: Transaction) -> None:
        tx.save(opening(a_case("R-1")))  # there is one

    answers = in_line(store, notes("R-3"), (twice, partial(Ahead, ("R-2",))), notes("R-4"))
    assert isinstance(answers[1].exception(), Outrun)
    assert [answers[0].result(), answers[2].result()] == ["R-3", "R-4"]
    assert marks(store) == {"R-1": "", "R-2": "", "R-3": "seen", "R-4": "seen"}


def test_a_connection_lost_with_the_commit_leaves_the_outcome_unknown_for_all(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody may do his own again: it may have been kept, as it was here."""
    hear = Wire._hear

    def cut(self: Wire, *expected: Any) -> Any:
        heard = hear(self, *expected)
        if not heard.rows or heard.rows[-1].status == b"COMMIT":
            raise psycopg.OperationalError("the connection was cut")
        return heard

    monkeypatch.setattr(Wire, "_hear", cut)
    answers = in_line(store, notes("R-1"), notes("R-2"), fails("R-3"))
    monkeypatch.undo()
    for one in answers:
        with pytest.raises(StoreUnavailable, match="while the step was being kept"):
            one.result()
    assert [get(store, case).cases[case].revision for case in CASES[:3]] == [2, 2, 1]


def test_a_signal_after_the_commit_leaves_everybody_in_doubt_and_does_nothing_twice(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember = SqlTransaction.remember

    def interrupted(self: SqlTransaction) -> None:
        remember(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(SqlTransaction, "remember", interrupted)
    first, second = in_line(store, notes("R-1"), notes("R-2"))
    monkeypatch.undo()
    with pytest.raises(KeyboardInterrupt):
        first.result()
    with pytest.raises(StoreUnavailable, match="was interrupted"):
        second.result()
    assert [get(store, case).cases[case].revision for case in CASES[:2]] == [2, 2]


def test_a_signal_while_waiting_for_those_behind_gives_the_turn_on(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Line) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Line, "_gather", interrupted)
    work, ahead = notes("R-1")
    with pytest.raises(KeyboardInterrupt):
        store.do(work, ahead)
    monkeypatch.undo()
    assert store.do(work, ahead) == "R-1"


def in_turns(line: Line, count: int) -> tuple[list[Place], list[Place]]:
    """One at work, and then the group of the next, with so many behind him; those who stood there."""
    first, second, *others = [Place(lambda tx: None) for _ in range(2 + count)]
    assert line.enter(first, 0)
    assert line.together(first, lambda _: True) == [first]
    line._free -= 1
    for other in others:
        other.stand()
        line._behind.append(other)
    return line.together(second, lambda _: True), others


def test_each_turn_has_its_share_of_those_who_wait() -> None:
    line = Line(2)
    group, others = in_turns(line, 20)
    assert len(group) == 11
    line.leave(1)
    assert len(line._behind) == 9, "whose turn it is now takes the rest along"
    assert len(line.together(others[10], lambda _: True)) == 10


def test_so_few_that_two_turns_do_not_pay_are_all_done_together() -> None:
    line = Line(2)
    group, _ = in_turns(line, 2 * ENOUGH - 3)
    assert len(group) == 2 * ENOUGH - 2
    assert not line._behind


def test_who_comes_while_one_is_at_it_waits_a_moment_to_be_taken_along_and_then_has_a_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever is at it may take long; the moment is over at once here."""
    monkeypatch.setattr("engine.store.line.PATIENCE", 0.0)
    line = Line(2)
    first, second, third = [Place(lambda tx: None) for _ in range(3)]
    assert line.enter(first, 0)
    assert line.enter(second, 5)
    with pytest.raises(TimeoutError):
        line.enter(third, 0.01)
    assert not line._behind


def test_once_enough_wait_the_one_who_comes_has_a_turn_beside_who_is_at_it() -> None:
    line = Line(2)
    assert line.enter(Place(lambda tx: None), 0)
    for _ in range(2 * ENOUGH - 1):
        other = Place(lambda tx: None)
        other.stand()
        line._behind.append(other)
    assert line.enter(Place(lambda tx: None), 0)


def test_who_is_alone_waits_for_nobody(store: PostgresStore, commits: list[int]) -> None:
    """Nor does one whose neighbours have gone, but once."""
    in_line(store, notes("R-1"), notes("R-2"), notes("R-3"))
    for number in range(3):
        store.do(*notes("R-4", str(number)))
    assert store._line._together == 1
    assert commits == [1, 3, 1, 1, 1]
