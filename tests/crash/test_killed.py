"""Writers, workers and whoever makes a database, killed where they stand: what was said to be done is there, once."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from engine import Engine
from engine.app import Accepted, Delivery
from engine.core.cases import Actor
from engine.testing import ManualTime
from tests.crash.players import CASES
from tests.crash.rig import LONG, Player, dice, differences, history, playing, proven, tell
from tests.crash.slips import BEGIN, END, set_up

ROUNDS = 200 if LONG else 12
SPEED = 1_200_000 / ROUNDS
"""How fast time goes for the workers, so that there is something to do until the last round."""

WRITERS = ("lin", "wang", "zhao")


def kept(database: Path) -> Counter[tuple[str, str]]:
    """How often each sender's key stands in the records."""
    with closing(sqlite3.connect(database)) as raw:
        records = (json.loads(text) for (text,) in raw.execute("SELECT text FROM records"))
        return Counter((record["actor"], record["key"]) for record in records if "key" in record)


def placed(database: Path, case: str, sequence: int) -> str | None:
    """The key of this record."""
    with closing(sqlite3.connect(database)) as raw:
        found = raw.execute("SELECT text FROM records WHERE case_id = ? AND sequence = ?", (case, sequence)).fetchone()
        return None if found is None else json.loads(found[0]).get("key")


def test_every_acknowledged_step_of_a_killed_writer_is_there_once(database: Path) -> None:
    set_up(database, CASES)
    draw, following = dice(), dict.fromkeys(WRITERS, 0)
    acknowledged: dict[tuple[str, str], tuple[str, int]] = {}
    for _ in range(ROUNDS):
        writers = {sender: Player("act", database, sender, first) for sender, first in following.items()}
        for writer in writers.values():
            writer.wait_for("ready")
        time.sleep(draw.uniform(0, 0.15))
        for sender in draw.sample(WRITERS, len(WRITERS)):
            writers[sender].kill()
            for _, key, case, sequence in [heard for heard in writers[sender].said if heard[0] == "has"]:
                acknowledged[sender, key] = case, sequence
                following[sender] += 1  # the one asked last is asked again, with the same key
        proven(database, BEGIN)
        found = kept(database)
        assert not [key for key in acknowledged if found[key] != 1]
        assert set(found.values()) <= {1}
    tell(f"{len(acknowledged)} steps acknowledged by {len(WRITERS)} writers, each killed {ROUNDS} times")
    assert len(acknowledged) > ROUNDS
    assert all(placed(database, *place) == key for (_, key), place in acknowledged.items())


def test_an_unknown_outcome_asked_again_with_its_key_is_done_once(database: Path) -> None:
    set_up(database, CASES)
    draw, repeats = dice(), list[bool]()
    for number in range(ROUNDS):
        sender = f"clerk {number}"
        with playing("act", database, sender, 0) as writer:
            writer.wait_for("asks")
            time.sleep(draw.uniform(0, 0.02))
            writer.kill()
        _, key, case = [heard for heard in writer.said if heard[0] == "asks"][-1]
        with Engine.open(str(database), time=ManualTime(BEGIN)) as engine:
            clerk = Actor(id=sender, roles=("clerk",))
            result = engine.act(case, "pass_on", {"remark": key}, actor=clerk, key=key)
        assert isinstance(result, Accepted)
        repeats.append(result.is_repeat)
        assert kept(database)[sender, key] == 1
    tell(f"of {ROUNDS} unknown outcomes {sum(repeats)} had been done")
    proven(database, BEGIN)


def test_an_event_whose_teller_is_killed_and_tells_it_again_acts_once(database: Path) -> None:
    set_up(database, CASES)
    draw, following = dice(), 0
    for _ in range(ROUNDS):
        with playing("events", database, "feed", following) as teller:
            teller.wait_for("ready")
            time.sleep(draw.uniform(0, 0.1))
            teller.kill()
        following += sum(heard[0] == "has" for heard in teller.said)  # the one under way is told again
    with Engine.open(str(database), time=ManualTime(BEGIN)) as engine:
        assert not engine.waiting_events() or following % 2 == 0, "only that of a case not opened yet"
    proven(database, BEGIN)
    found = kept(database)
    assert [found["feed", f"event {number}"] for number in range(following)] == [1] * following
    assert [found["feed", f"open {number}"] for number in range(following)] == [1] * following
    tell(f"{following} events told and taken up, their teller killed {ROUNDS} times")
    assert following > ROUNDS // 2


def test_killed_workers_leave_the_history_of_one_that_never_stopped(tmp_path: Path) -> None:
    undisturbed, disturbed = tmp_path / "undisturbed.db", tmp_path / "disturbed.db"
    for path in (undisturbed, disturbed):
        set_up(path, CASES)
    draw, began, said, last = dice(), time.time(), list[str](), list[str]()
    for _ in range(ROUNDS):
        workers = [Player("work", disturbed, began, SPEED) for _ in range(2)]
        for worker in workers:
            worker.wait_for("ready")
        time.sleep(draw.uniform(0, 0.1))
        for worker in workers:
            worker.kill()
            said += [heard[1] for heard in worker.said if heard[0] == "delivered"]
        proven(disturbed, BEGIN)
    run_to_the_end(undisturbed, [])
    run_to_the_end(disturbed, last)
    again = len(said) - len(set(said))
    tell(f"{len(said)} deliveries by killed workers, {again} of them again, {len(last)} at the end")
    assert len(said) > ROUNDS
    assert not differences(history(undisturbed), history(disturbed))
    assert delivered(disturbed) <= {*said, *last}
    proven(disturbed, END)


def run_to_the_end(database: Path | str, said: list[str]) -> None:
    """Carry everything forward that is left, and deliver it."""

    def deliver(delivery: Delivery) -> None:
        said.append(delivery.key)

    with Engine.open(str(database), time=ManualTime(END)) as engine:
        engine.on("*", deliver)
        engine.tick(accept_clock=True)
        assert not engine.faults()
        assert not engine.outbox(status="waiting")


def delivered(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as raw:
        rows = raw.execute("SELECT case_id, sequence, number FROM outbox WHERE status = 'delivered'").fetchall()
    return {f"{case}/{sequence}/{number}" for case, sequence, number in rows}


def test_a_database_whose_making_was_killed_is_made_by_the_next_attempt(tmp_path: Path) -> None:
    draw = dice()
    undisturbed = tmp_path / "undisturbed.db"
    began = time.monotonic()
    with playing("make", undisturbed) as maker:
        maker.wait_for("done")
    lasted = time.monotonic() - began
    for number in range(ROUNDS):
        path = tmp_path / f"{number}.db"
        with playing("make", path) as maker:
            maker.wait_for("ready")
            time.sleep(draw.uniform(0, lasted))
            if maker.is_alive:
                maker.kill()
        cases = len(history(path)) if has_tables(path) else 0
        set_up(path, CASES - cases)
        proven(path, BEGIN)
        assert not differences(history(undisturbed), history(path))


def has_tables(database: Path) -> bool:
    if not database.exists():
        return False
    with closing(sqlite3.connect(database)) as raw:
        return raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'records'").fetchone() is not None
