"""What is private of closed cases ends when the time is over that their processes say, and nothing else does."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from engine import Engine
from engine.app import Round, Search
from engine.ports import Fault
from engine.testing import ManualTime
from engine.worker import run_worker
from tests.app.desks import ADMIN, BOSS, DAY, LIN, deliver, done, open_errand, send, sources
from tests.app.test_archiving import PHONE, closed
from tests.app.test_worker import until


def publish(engine: Engine, **retention: str) -> Mapping[str, str]:
    """Let these processes say so; it counts at once, also for cases that are closed already."""
    own = {name: sources()[f"processes/{name}.yaml"] + f"retention: {said}\n" for name, said in retention.items()}
    for name in retention:
        engine.publish(sources(**own), name, actor=ADMIN)
    return own


@pytest.fixture
def desk(engine: Engine) -> Engine:
    """Errands let go after ninety days, the calls they open after a month."""
    publish(engine, errand="{private: 90 days}", call="{keep: 3 years, private: 1 month}")
    return engine


def test_private_values_and_files_of_a_family_are_erased_when_the_longest_time_is_over(
    desk: Engine, time: ManualTime
) -> None:
    case = closed(desk)
    sealed = desk.verify().sealed
    time.move(89 * DAY)
    assert desk.tick() == Round()
    assert desk.case(case).data["phone"] == PHONE
    time.move(2 * DAY)
    assert desk.tick() == Round(erased=2)
    for one, said in ((case, "90 days"), (f"{case}.1", "1 month")):
        record = desk.history(one)[-1]
        assert (record["verb"], record["actor"], record["erasure"]["fields"]) == ("erase", "engine", ["phone"])
        assert record["erasure"]["reason"] == f"retention: private: {said}"
        assert set(desk.case(one).data["phone"]) == {"sealed"}
        assert desk.attachments(one) == []
    assert desk.worklist(Search(actor=LIN, all=True, find=PHONE)).rows == ()
    found = desk.verify()
    assert (found.problems, found.sealed) == ((), sealed)


def test_it_is_done_once(desk: Engine, time: ManualTime) -> None:
    case = closed(desk)
    time.move(91 * DAY)
    assert desk.tick().erased == 2
    before = desk.history(case)
    time.move(400 * DAY)
    assert desk.tick() == Round()
    assert desk.history(case) == before


def test_an_open_case_and_one_of_a_process_that_keeps_for_good_keep_theirs(engine: Engine, time: ManualTime) -> None:
    publish(engine, errand="{private: 1 day}")
    waiting, both = open_errand(engine, phone=PHONE), closed(engine)  # its call says nothing
    alone = open_errand(engine, phone=PHONE)
    done(engine.act(alone, "drop", actor=LIN))
    on_its_way = open_errand(engine, phone=PHONE)
    send(engine, on_its_way)
    deliver(engine, on_its_way)  # its call is open
    time.move(3 * DAY)
    assert engine.tick().erased == 1
    assert set(engine.case(alone).data["phone"]) == {"sealed"}
    assert [engine.case(one).data["phone"] for one in (waiting, both, on_its_way)] == [PHONE] * 3
    publish(engine, errand="{private: 1 day}", call="{private: 5 days}")  # said later, it counts for old cases too
    assert engine.tick() == Round()
    time.move(3 * DAY)
    assert engine.tick().erased == 2


BARE = sources()["processes/call.yaml"].replace(
    "opening: {by: [agent], form: {allow: [phone]}}", "opening: {by: [agent]}"
)
HANDS_ON = "open: call, as: call, with: {phone: =case.phone}"


def test_a_process_without_private_fields_holds_nothing_up_and_keeps_its_files(time: ManualTime) -> None:
    errand = sources()["processes/errand.yaml"].replace(HANDS_ON, "open: call, as: call")
    own = sources(call=BARE, errand=errand + "retention: {private: 1 day}\n")
    with Engine.open("memory:", time=time) as engine:
        for name in ("call", "errand"):
            engine.publish(own, name, actor=ADMIN)
        case = open_errand(engine, phone=PHONE)
        send(engine, case)
        deliver(engine, case)
        done(engine.attach(f"{case}.1", "notes.txt", b"as agreed", actor=BOSS))
        done(engine.act(f"{case}.1", "call", actor=BOSS))
        time.move(3 * DAY)
        assert engine.tick().erased == 1
        assert set(engine.case(case).data["phone"]) == {"sealed"}
        assert len(engine.attachments(f"{case}.1")) == 1


def test_where_there_is_nothing_to_erase_nothing_is_written(desk: Engine, time: ManualTime) -> None:
    case = open_errand(desk)
    done(desk.act(case, "drop", actor=LIN))
    time.move(91 * DAY)
    assert desk.tick() == Round()
    assert len(desk.history(case)) == 2


def test_a_case_that_is_set_aside_waits_and_the_others_do_not(on_disk: Engine, time: ManualTime) -> None:
    publish(on_disk, errand="{private: 1 day}", call="{private: 1 day}")
    bad, good = closed(on_disk), closed(on_disk)
    time.move(3 * DAY)
    with on_disk._recipe.store.write() as tx:
        tx.set_aside(Fault(id="F1", root=bad, at=time.now(), message="x", traceback="x"))
    assert on_disk.tick().erased == 2
    assert set(on_disk.case(good).data["phone"]) == {"sealed"}
    assert on_disk.case(bad).data["phone"] == PHONE


def test_what_has_lost_its_key_is_taken_away_all_the_same_and_once(
    on_disk: Engine, time: ManualTime, tmp_path: Path
) -> None:
    """As in a copy that was put back without its keys."""
    publish(on_disk, errand="{private: 1 day}", call="{private: 1 day}")
    case = closed(on_disk)
    with closing(sqlite3.connect(tmp_path / "desk.db")) as connection, connection:
        connection.execute("DELETE FROM case_keys")
    time.move(3 * DAY)
    assert on_disk.tick().erased == 2
    with closing(sqlite3.connect(tmp_path / "desk.db")) as connection:
        assert connection.execute("SELECT count(*) FROM personal").fetchone() == (0,)
    before = on_disk.history(case)
    assert on_disk.tick() == Round()
    assert on_disk.history(case) == before


def test_a_worker_does_it_when_nothing_else_waits(desk: Engine, time: ManualTime) -> None:
    case = closed(desk)
    time.move(91 * DAY)
    stop = threading.Event()
    worker = threading.Thread(target=run_worker, args=(desk, stop))
    worker.start()
    try:
        until(lambda: desk.history(case)[-1]["verb"] == "erase")
    finally:
        stop.set()
        worker.join(60)
    assert not desk.verify().problems
