"""Writers, workers and whoever makes a database, killed where they stand: what was said to be done is there, once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine import Engine
from engine.app import Accepted
from engine.core.cases import Actor
from engine.testing import ManualTime
from tests.crash.kept import (
    delivered,
    differences,
    has_tables,
    history,
    kept,
    let_go,
    proven,
    records,
    run_to_the_end,
)
from tests.crash.players import CASES, FastTime
from tests.crash.rig import LONG, Player, all_playing, dice, playing, tell
from tests.crash.slips import BEGIN, END, HOUR, set_up

ROUNDS = 200 if LONG else 6
WHOLE = 20 if LONG else 2
"""After how many rounds everything is looked through, which takes the longer the more there is."""

WRITERS = ("lin", "wang", "zhao")
WORKERS = 3
SLIPS = 20 if LONG else 5
LONGEST = 9.0
"""Seconds: longer than anybody waits for a database that is locked."""

OVER = 110 * HOUR
"""When all that a slip does by itself is over: for so long the workers have something to do."""


@pytest.fixture
def desk(place: str) -> str:
    """A database with the desk published and its cases open."""
    set_up(place, CASES)
    return place


@pytest.fixture
def slips(place: str) -> str:
    """The same with more cases, for workers alone."""
    set_up(place, SLIPS)
    return place


@pytest.fixture
def undisturbed(tmp_path: Path) -> str:
    """The desk of those slips, on which everything happened at its instant and nobody was killed."""
    place = str(tmp_path / "undisturbed.db")
    set_up(place, SLIPS)
    run_to_the_end(place)
    return place


def steps_of_time(count: int, seconds: float) -> Iterator[FastTime]:
    """The time in which slips do something, in so many parts that follow each other; each passes within so long."""
    part = OVER // count
    for number in range(count):
        first = BEGIN + number * part
        yield FastTime(first, first + part, time.monotonic(), part / seconds / 1_000)


def test_every_acknowledged_step_of_a_killed_writer_is_there_once(desk: str) -> None:
    draw, following = dice(), dict.fromkeys(WRITERS, 0)
    acknowledged: dict[tuple[str, str], tuple[str, int]] = {}
    for number in range(ROUNDS):
        with all_playing(("act", desk, sender, first) for sender, first in following.items()) as writers:
            for writer in writers:
                writer.wait_for("has" if number % 2 else "ready")  # on a slow machine too something is done
            time.sleep(draw.uniform(0, 0.15))
            for writer in draw.sample(writers, len(writers)):
                writer.kill()
        for sender, writer in zip(WRITERS, writers, strict=True):
            for _, key, case, sequence in [heard for heard in writer.said if heard[0] == "has"]:
                acknowledged[sender, key] = case, sequence
                following[sender] += 1  # the one asked last is asked again, with the same key
        if number % WHOLE == 0:
            found = kept(desk)
            assert not [key for key in acknowledged if found[key] != 1]
            assert set(found.values()) <= {1}
            proven(desk, BEGIN)
    tell(f"{len(acknowledged)} steps acknowledged by {len(WRITERS)} writers at once, each killed {ROUNDS} times")
    assert len(acknowledged) > ROUNDS
    told, found = records(desk), kept(desk)
    assert set(found) >= set(acknowledged)
    assert set(found.values()) <= {1}
    assert all(told[case][seq - 1]["key"] == key for (_, key), (case, seq) in acknowledged.items())
    proven(desk, BEGIN)


def test_an_unknown_outcome_asked_again_with_its_key_is_done_once(desk: str) -> None:
    draw, repeats = dice(), list[bool]()
    for number in range(ROUNDS):
        sender = f"clerk {number}"
        with playing("act", desk, sender, 0) as writer:
            writer.wait_for("asks")
            time.sleep(draw.uniform(0, 0.02))
            writer.kill()
        _, key, case = [heard for heard in writer.said if heard[0] == "asks"][-1]
        with Engine.open(desk, time=ManualTime(BEGIN)) as engine:
            clerk = Actor(id=sender, roles=("clerk",))
            result = engine.act(case, "pass_on", {"remark": key}, actor=clerk, key=key)
        assert isinstance(result, Accepted)
        repeats.append(result.is_repeat)
        assert kept(desk)[sender, key] == 1
    tell(f"of {ROUNDS} unknown outcomes {sum(repeats)} had been done")
    proven(desk, BEGIN)


def test_an_event_whose_teller_is_killed_and_tells_it_again_acts_once(desk: str) -> None:
    draw, following = dice(), 0
    for number in range(ROUNDS):
        with playing("events", desk, "feed", following) as teller:
            teller.wait_for("has" if number % 2 else "ready")
            time.sleep(draw.uniform(0, 0.1))
            teller.kill()
        following += sum(heard[0] == "has" for heard in teller.said)  # the one under way is told again
    let_go(desk)
    with Engine.open(desk, time=ManualTime(BEGIN)) as engine:
        assert not engine.waiting_events() or following % 2 == 0, "only that of a case not opened yet"
    proven(desk, BEGIN)
    found = kept(desk)
    assert [found["feed", f"event {number}"] for number in range(following)] == [1] * following
    assert [found["feed", f"open {number}"] for number in range(following)] == [1] * following
    tell(f"{following} events told and taken up, their teller killed {ROUNDS} times")
    assert following >= ROUNDS // 2


def test_killed_workers_leave_the_history_of_one_that_never_stopped(slips: str, undisturbed: str) -> None:
    draw, said = dice(), list[str]()
    for number, clock in enumerate(steps_of_time(ROUNDS, seconds=0.1)):
        with all_playing([("work", slips, clock)] * WORKERS) as workers:
            for worker in workers:
                worker.wait_for("ready")
            if number == 3:  # the first hours are over: something waits for sure
                Player.wait_for_any(workers, "delivered")
            time.sleep(draw.uniform(0, 0.1))
            for worker in workers:
                worker.kill()
        said += [heard[1] for worker in workers for heard in worker.said if heard[0] == "delivered"]
        if number % WHOLE == 0:
            proven(slips, BEGIN)
    last = run_to_the_end(slips)
    again = len(said) - len(set(said))
    tell(f"{len(said)} deliveries by killed workers, {again} of them again, {len(last)} at the end")
    assert said
    assert not differences(history(undisturbed), history(slips))
    assert delivered(slips) <= {*said, *last}
    proven(slips, END)


def test_a_worker_that_stands_still_beyond_any_lease_fires_nothing_twice(slips: str, undisturbed: str) -> None:
    """Of the desk's time hours pass meanwhile, where a message is another's again after a minute."""
    draw = dice()
    pauses = [LONGEST if LONG and number % 50 == 0 else draw.uniform(0, 0.1) for number in range(ROUNDS)]
    clock = FastTime(BEGIN, BEGIN + OVER, time.monotonic() + 1, OVER / (2 * sum(pauses)) / 1_000)
    with all_playing([("work", slips, clock)] * 2) as workers:
        for worker in workers:
            worker.wait_for("ready")
        Player.wait_for_any(workers, "delivered")
        for pause in pauses:
            still = draw.choice(workers)
            still.stop()
            time.sleep(pause)
            still.go_on()
            time.sleep(draw.uniform(0, 0.1))
    last = run_to_the_end(slips)
    said = [heard[1] for worker in workers for heard in worker.said if heard[0] == "delivered"]
    tell(f"{len(said)} deliveries by two of whom one stood still at a time, {len(last)} at the end")
    assert not differences(history(undisturbed), history(slips))
    assert delivered(slips) <= {*said, *last}
    proven(slips, END)


def test_a_database_whose_making_was_killed_is_made_by_the_next_attempt(places: Callable[[], str]) -> None:
    draw, undisturbed = dice(), places()
    began = time.monotonic()
    with playing("make", undisturbed) as maker:
        maker.wait_for("done")
    lasted, expected = time.monotonic() - began, history(undisturbed)
    for _ in range(ROUNDS):
        place = places()
        with playing("make", place) as maker:
            maker.wait_for("ready")
            time.sleep(draw.uniform(0, lasted))
            maker.kill()
        let_go(place)
        cases = len(history(place)) if has_tables(place) else 0
        set_up(place, CASES - cases)
        proven(place, BEGIN)
        assert not differences(expected, history(place))
