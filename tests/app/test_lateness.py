"""Why something due may be late: never because the worker sleeps, and hardly by the clock that it goes by."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from opentelemetry.metrics import get_meter

from engine.app import Engine, Round
from engine.app.life import Life
from engine.errors import ClockJumped, Outrun, StoreUnavailable
from engine.store import open_store
from engine.testing import ADMIN, ManualTime
from engine.time_source import SystemTime
from engine.worker import LEAST, POLL, _Measuring, _Worker
from tests import postgres
from tests.app.desks import NINE, open_errand, sources
from tests.contract.test_wire import trips  # noqa: F401

NOW = 1_000_000


class Desk:
    """What a worker sees of its engine: what is due, and what becomes of firing it."""

    def __init__(self, next_due: int | None, fire: Callable[[], Round]) -> None:
        self.next_due = lambda: next_due
        self.fire_some = fire
        self.now = lambda: NOW
        self.woken = threading.Event()


def pause(next_due: int | None, fire: Callable[[], Round], *, is_woken: bool = False) -> float:
    """For how long the worker sleeps after a round."""
    desk: Any = Desk(next_due, fire)
    worker = _Worker(desk, threading.Event(), None, _Measuring(desk, get_meter("tests"), None))
    worker.is_woken = is_woken
    return worker.trouble.meeting(worker._fire_once)


def raises(error: Exception) -> Callable[[], Round]:
    def fire() -> Round:
        raise error

    return fire


@pytest.mark.parametrize("is_woken", [False, True])
@pytest.mark.parametrize(
    ("next_due", "fire", "expected"),
    [
        (NOW - 5, lambda: Round(advanced=100), 0),  # there is more
        (NOW - 5, lambda: Round(), LEAST),  # somebody else holds it
        (NOW - 1, raises(Outrun("somebody else was faster")), LEAST),
        (NOW, lambda: Round(advanced=1), 0.001),  # due is what lies before now
        (NOW + 4, lambda: Round(), 0.005),
        (NOW + 5_000, lambda: Round(), POLL),
        (None, lambda: Round(), POLL),
        # nothing can be fired then, and both are logged
        (NOW - 5, raises(StoreUnavailable("the server is away", help="wait")), POLL),
        (NOW - 5, raises(ClockJumped("by 600 s", help="accept it")), POLL),
    ],
)
def test_a_worker_never_sleeps_while_something_is_due_that_it_could_fire(
    next_due: int | None, fire: Callable[[], Round], expected: float, is_woken: bool
) -> None:
    assert pause(next_due, fire, is_woken=is_woken) == pytest.approx(expected)


def test_a_call_that_comes_while_the_worker_fires_is_heard() -> None:
    """One that came while more was due was forgotten: a message written meanwhile went out a poll later."""
    rounds = iter([Round(advanced=1), Round()])
    desk: Any = Desk(None, lambda: next(rounds, Round()))
    worker = _Worker(desk, threading.Event(), None, _Measuring(desk, get_meter("tests"), None))
    looks: list[bool] = []

    def look() -> int | None:
        looks.append(worker.posted.is_set())
        if len(looks) == 1:
            worker.posted.clear()
            desk.woken.set()  # somebody writes a message
            return NOW - 5  # and more is due
        worker.over.set()
        return NOW - 5

    desk.next_due = look
    worker._fire()
    assert looks[1]


class Heard:
    """A transaction on a database whose clock stands half a second before ours; how long its answers take."""

    def __init__(self, time: ManualSystemTime, delays: Iterator[int]) -> None:
        self.time = time
        self.delays = delays

    def database_time(self) -> int:
        told = self.time.now() + 500
        self.time.at += next(self.delays)
        return told

    def setting(self, _: str) -> None:
        return None


class ManualSystemTime(SystemTime):
    """The machine's clocks, as a test wants them."""

    at = NOW

    def now(self) -> int:
        return self.at

    def monotonic(self) -> int:
        return self.at


def test_the_answer_that_came_fastest_says_how_the_clock_of_the_database_stands() -> None:
    """A slow answer told an older time, and the worker went by it until the next: so it woke late by as much."""
    time = ManualSystemTime()
    tx: Any = Heard(time, iter([200, 2, 90, 90, 1, 300]))
    life, off = Life(time, tx), []
    for _ in range(5):
        life.read(tx)
        off.append(time.now() + 500 - life.now())
    assert off == [2, 8, 14, 1, 20]


def test_a_round_that_fires_is_three_messages_and_looking_for_the_next_is_two(
    trips: list[int],  # noqa: F811
) -> None:
    """Each of them may wait for a processor, so they are what a worker is late by on a busy machine: they were ten."""
    postgres.needs_server()
    server = postgres.shared()
    name, time = server.new(postgres.made()), ManualTime(NINE)
    with Engine.open(server.url(name), time=time) as engine:
        engine.publish(sources(), "errand", actor=ADMIN)
        for _ in range(2):
            open_errand(engine)
            time.move(60_000)
        due = engine.next_due()
        assert due is not None
        time.move(due + 1 - time.now())
        engine.fire_some()  # what is read but once, and a sign of life
        time.move(60_000)
        trips.clear()
        assert engine.fire_some().advanced
        fired = len(trips)
        engine.next_due()
        assert (fired, len(trips) - fired) == (3, 2)
    server.drop(name)


def test_what_falls_due_while_the_round_begins_is_left_to_the_next() -> None:
    """It is asked for as of before the beginning, and never later than the database's clock allows."""
    with closing(open_store("memory:")) as store:
        engine, time = Engine(store, time=(clock := ManualTime(NINE))), clock
        engine.publish(sources(), "errand", actor=ADMIN)
        open_errand(engine)
        due = engine.next_due()
        assert due is not None
        time.move(due - time.now())
        assert engine.fire_some() == Round()
        time.move(1)
        assert engine.fire_some().advanced == 1
