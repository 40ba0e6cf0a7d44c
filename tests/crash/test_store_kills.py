"""Killed at any point, the database has all of a step or none of it, and every step that was acknowledged."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import sleep

import pytest

from engine.ports import Store, Transaction
from engine.store import open_store
from tests.crash.rig import LONG, dice, tell
from tests.crash.store_writer import FAMILIES, turn
from tests.crash.tally import KILL, tried

Start = Callable[[Path, str], subprocess.Popen[str]]
KILLS = 150 if LONG else 6
MAKE = """
import sys
import engine.store.sqlite.upgrading
from engine.store import upgrade
print(flush=True)
upgrade(sys.argv[1])
"""
WHOLE = 10 if LONG else 1
"""After how many kills everything is looked through, which takes the longer the more there is."""

CUTS = 2_000 if LONG else 100


def check(store: Store) -> dict[str, int]:
    """How far every family came; each must be whole: cases, records, messages, requests, personal values."""
    with store.read() as work:
        return {root: whole(work, root) for root in work.roots()}


def reach(store: Store) -> dict[str, int]:
    """How far every family came, whole or not."""
    with store.read() as work:
        families = {root: work.family(root, lock=False) for root in work.roots()}
    return {root: family.cases[root].sequence for root, family in families.items() if family is not None}


def whole(work: Transaction, root: str) -> int:
    """How far a family came, if it is whole."""
    family = work.family(root, lock=False)
    assert family is not None
    case, child = family.cases.values()
    count = case.sequence
    assert child.sequence == count
    assert (case.data["count"], child.data["count"], case.private) == (count, count, {"phone": str(count)})
    records = list(work.family_records(root))
    assert [record.order for record in records] == list(range(1, 2 * count + 1))
    assert [record.sequence for record in records if record.case == root] == list(range(1, count + 1))
    mails = work.outbox(case=root, limit=10**6)
    assert [mail.message.values["count"] for mail in mails] == list(range(1, count + 1))
    for number in range(1, count + 1):
        request = work.request("lin", f"{root}-{number}")
        assert request is not None
        assert request.sequence == number
    assert work.request("lin", f"{root}-{count + 1}") is None
    return count


def waiting_is_whole(path: Path) -> None:
    """The rows of worklists are those the cases say."""
    with closing(sqlite3.connect(path)) as raw:
        told = raw.execute("SELECT 'role:dispatcher', sort_key, opened_ms, id FROM cases ORDER BY id").fetchall()
        assert raw.execute("SELECT * FROM waiting ORDER BY case_id").fetchall() == told
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start programs that write; none outlives the test, however that ends."""
    started: list[subprocess.Popen[str]] = []

    def starting(path: Path, name: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.crash.store_writer", str(path), name]
        root = Path(__file__).parents[2]
        started.append(subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True, bufsize=1))
        return started[-1]

    yield starting
    for writer in started:
        writer.kill()
        writer.communicate(timeout=30)


def kill(writer: subprocess.Popen[str], path: Path) -> list[tuple[str, int]]:
    """Kill it where it stands; what it had acknowledged."""
    assert writer.poll() is None, "it writes until it is killed"
    tried(path, KILL + "programs on the store alone")
    writer.send_signal(signal.SIGKILL)
    assert writer.stdout is not None
    said = writer.stdout.read()  # not `communicate`, which would miss what was read ahead with the first line
    writer.wait(timeout=30)
    lines = [line.split() for line in said.splitlines(keepends=True) if line.endswith("\n")]
    return [(name, int(sequence)) for name, sequence in lines]


def test_whatever_was_acknowledged_survives_kills_and_nothing_is_half_done(tmp_path: Path, start: Start) -> None:
    path, lots = tmp_path / "desk.db", dice()
    reached: dict[str, int] = {}
    for number in range(KILLS):
        writer = start(path, "A")
        assert writer.stdout is not None
        reached |= dict([tuple_of(writer.stdout.readline())])
        sleep(lots.uniform(0, 0.3))
        for name, sequence in kill(writer, path):
            assert sequence == reached.get(name, 0) + 1, "one step after the other, each acknowledged once"
            reached[name] = sequence
        with closing(open_store(str(path))) as store:
            found = check(store) if number % WHOLE == 0 else reach(store)
        if number % WHOLE == 0:
            waiting_is_whole(path)
        ahead = {name: count - reached.get(name, 0) for name, count in found.items()}
        assert all(more >= 0 for more in ahead.values()), "an acknowledged step is gone"
        assert max(ahead.values()) <= 1, "of each thread only the step of the kill may be there unacknowledged"
        reached = found
    with closing(open_store(str(path))) as store:
        assert check(store) == reached
    waiting_is_whole(path)
    tell(f"{sum(reached.values())} steps, their writers killed {KILLS} times")
    assert sum(reached.values()) >= KILLS


def tuple_of(line: str) -> tuple[str, int]:
    name, sequence = line.split()
    return name, int(sequence)


def test_killing_one_program_leaves_another_at_work(tmp_path: Path, start: Start) -> None:
    path = tmp_path / "desk.db"
    open_store(str(path), create=True).close()
    staying, reached = start(path, "B"), dict[str, int]()
    assert staying.stdout is not None
    for _ in range(KILLS // 4):
        going = start(path, "A")
        assert going.stdout is not None
        going.stdout.readline()
        staying.stdout.readline()
        sleep(0.1)
        kill(going, path)
        with closing(open_store(str(path))) as store:
            there = reach(store)
        going_on = set[str]()
        while len(going_on) < 2:  # what it said before is read first; what it does now goes beyond what is there
            name, reached[name] = tuple_of(staying.stdout.readline())
            going_on |= {name} if reached[name] > there.get(name, 0) else set()
    reached |= dict(kill(staying, path))
    with closing(open_store(str(path))) as store:
        found = check(store)
    waiting_is_whole(path)
    assert len(reached) > 1
    assert all(found[name] >= sequence for name, sequence in reached.items())


def test_however_much_of_the_log_is_lost_what_is_left_is_whole(tmp_path: Path) -> None:
    """As after a power cut: the log ends anywhere, also in the middle of a page."""
    path, lots = tmp_path / "desk.db", dice()
    with closing(open_store(str(path), create=True)) as store:
        for _ in range(60):
            turn(store, f"C-{lots.randrange(FAMILIES)}", lots.choice((10, 3_000, 20_000)))
        copies = {end: tmp_path / f"copy.db{end}" for end in ("", "-wal")}
        for end, copy in copies.items():
            shutil.copy(f"{path}{end}", copy)
    log = copies["-wal"].read_bytes()
    assert len(log) > 100_000
    counts = []
    for cut in sorted(lots.sample(range(len(log)), CUTS)):
        again = tmp_path / "again.db"
        shutil.copy(copies[""], again)
        Path(f"{again}-wal").write_bytes(log[:cut])
        tried(again, "tail of the log cut off")
        with closing(open_store(f"sqlite:///{again}", create=True)) as store:
            counts.append(sum(check(store).values()))
        again.unlink()
    assert counts == sorted(counts), "a longer log holds no fewer steps"
    assert counts[-1] > counts[0]


def test_a_program_killed_while_it_makes_the_database_leaves_none_or_all_of_it(tmp_path: Path) -> None:
    lots, made = dice(), 0
    for number in range(KILLS // 2):
        path = tmp_path / f"{number}.db"
        maker = subprocess.Popen([sys.executable, "-c", MAKE, str(path)], stdout=subprocess.PIPE, text=True)
        assert maker.stdout is not None
        maker.stdout.readline()
        while number % 2 and not path.exists():  # however slow the machine, it has begun
            assert maker.poll() is None
            sleep(0.001)
        sleep(lots.uniform(0, 0.12))
        if maker.poll() is None:
            tried(path, KILL + "whoever makes a database")
        maker.kill()
        maker.communicate(timeout=30)
        made += path.exists()
        with closing(open_store(str(path), create=True)) as store:
            turn(store, "A-1", 10)
            assert check(store) == {"A-1": 1}
    assert made


@pytest.mark.parametrize("spoil", ["case", "message"])
def test_the_check_of_these_tests_finds_half_a_step(tmp_path: Path, spoil: str) -> None:
    path = tmp_path / "desk.db"
    with closing(open_store(str(path), create=True)) as store:
        for _ in range(3):
            turn(store, "A-1", 10)
        assert check(store) == {"A-1": 3}
        with closing(sqlite3.connect(path, isolation_level=None)) as raw:
            raw.execute("UPDATE cases SET sequence = 2 WHERE id = 'A-1'" if spoil == "case" else "DELETE FROM outbox")
        with pytest.raises(AssertionError):
            check(store)
