"""A copy made while everybody works is whole: as of one instant, verified, without keys, and it works when put back."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from io import StringIO
from pathlib import Path
from threading import Event, Thread

import pytest

from engine import Engine
from engine.errors import Conflict, KeyMissing, NotFound, UsageError
from engine.store import back_up, bring_keys_back
from engine.testing import ManualTime
from tests import postgres
from tests.app.desks import ADMIN, KEY, LIN, NINE, RUN, done, open_errand, send, sources
from tests.crash.rig import LONG, tell
from tests.crash.tally import tried

ROUNDS = 20 if LONG else 3
PHONE = "139 0000 0001"


class Busy:
    """A desk at which clerks and a worker are at work until it is left."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = Engine.open(url, time=ManualTime(NINE))
        self.acknowledged: list[str] = []
        self.trouble: list[BaseException] = []
        self._over, self._going = Event(), Event()
        self._going.set()
        self._threads = [Thread(target=self._kept(work)) for work in (self._open, self._open, self._fire)]

    def __enter__(self) -> Busy:
        for thread in self._threads:
            thread.start()
        while len(self.acknowledged) < 10 and not self.trouble:
            self._over.wait(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._going.set()
        for thread in self._threads:
            thread.join()
        self.engine.close()
        assert not self.trouble

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Begin nothing new meanwhile: what nobody looks at only makes the next copy longer."""
        self._going.clear()
        yield
        self._going.set()

    def _kept(self, work: Callable[[], None]) -> Callable[[], None]:
        def loop() -> None:
            try:
                while not self._over.is_set():
                    self._going.wait()
                    with suppress(Conflict):
                        work()
            except BaseException as error:
                self.trouble.append(error)

        return loop

    def _open(self) -> None:
        case = open_errand(self.engine, phone=PHONE)
        send(self.engine, case)
        self.acknowledged.append(case)

    def _fire(self) -> None:
        self.engine.run_once()
        self._over.wait(0.005)


def published(url: str, *, create: bool = True) -> None:
    with Engine.open(url, time=ManualTime(NINE), create=create) as engine:
        for process in ("errand", "call"):
            engine.publish(sources(), process, actor=ADMIN)


def check(url: str, acknowledged: list[str]) -> None:
    """The copy is whole, has all that was acknowledged before it was begun, and nobody can read what is private."""
    with Engine.open(url, time=ManualTime(NINE)) as copy:
        found = copy.verify()
        assert not found.problems
        assert found.cases >= len(acknowledged) >= 10
        for case in acknowledged:
            assert [record["name"] for record in copy.history(case)] == ["errand", "send"]
        with suppress(KeyMissing):
            assert PHONE not in repr(copy.case(acknowledged[0], actor=LIN))


def test_a_copy_of_a_file_in_use_is_whole_and_holds_no_key(tmp_path: Path) -> None:
    desk = tmp_path / "desk.db"
    published(str(desk))
    with Busy(str(desk)) as busy:
        for number in range(ROUNDS):
            copy, keys = tmp_path / f"copy{number}.db", tmp_path / f"copy{number}.keys"
            acknowledged = list(busy.acknowledged)
            back_up(str(desk), copy, keys)
            assert PHONE.encode() not in copy.read_bytes()
            with closing(sqlite3.connect(copy)) as connection:
                assert connection.execute("SELECT count(*) FROM case_keys").fetchone() == (0,)
            tried(desk, "copy made while others work")
            with busy.resting():
                check(str(copy), acknowledged)
            tell(f"copy {number}: {len(acknowledged)} cases acknowledged before it")
    assert sorted(file.name for file in tmp_path.glob(".*")) == []


def test_a_copy_put_back_with_its_keys_is_the_desk_as_it_was(tmp_path: Path) -> None:
    desk, copy, keys = (tmp_path / name for name in ("desk.db", "copy.db", "copy.keys"))
    published(str(desk))
    with Engine.open(str(desk), time=ManualTime(NINE)) as engine:
        case, erased = open_errand(engine, phone=PHONE), open_errand(engine, phone="139 0000 0002")
        back_up(str(desk), copy, keys)
        engine.erase(erased, actor=ADMIN, reason="asked for")
        back_up(str(desk), tmp_path / "later.db", tmp_path / "later.keys")
    shutil.copy(copy, restored := tmp_path / "restored.db")
    assert bring_keys_back(str(restored), keys) == bring_keys_back(str(restored), keys) + 2
    with Engine.open(str(restored), time=ManualTime(NINE)) as engine:
        assert engine.case(case).data["phone"] == PHONE
        done(engine.act(case, "send", {"runner": "run"}, actor=LIN, facts={"at_work": ["run"]}))
        done(engine.act(case, "deliver", {"fee": 1}, actor=RUN))
        assert not engine.verify().problems
    # With the keys of a later day, what was erased until then is gone from the older copy as well.
    shutil.copy(copy, older := tmp_path / "older.db")
    assert bring_keys_back(str(older), tmp_path / "later.keys") == 1
    with Engine.open(str(older), time=ManualTime(NINE)) as engine:
        assert engine.case(case).data["phone"] == PHONE
        with suppress(KeyMissing):
            assert "139 0000 0002" not in repr(engine.case(erased))


def test_a_backup_replaces_no_file_and_a_broken_one_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, copy = tmp_path / "desk.db", tmp_path / "copy.db"
    published(str(desk))
    copy.write_text("precious")
    with pytest.raises(UsageError, match="there already"):
        back_up(str(desk), copy)
    assert copy.read_text() == "precious"
    with pytest.raises(NotFound):
        back_up(str(tmp_path / "nowhere.db"), tmp_path / "new.db")
    with pytest.raises(UsageError, match="no file"):
        back_up("postgresql://127.0.0.1/desk", tmp_path / "new.db")
    before = [*sorted(tmp_path.iterdir()), tmp_path / "desk.db-wal", tmp_path / "desk.db-shm"]
    monkeypatch.setattr(
        "engine.store.sqlite.copying._copied", lambda *_: (_ for _ in ()).throw(sqlite3.DatabaseError("no"))
    )
    with pytest.raises(Exception, match="no"):
        back_up(str(desk), tmp_path / "new.db")
    assert [file for file in sorted(tmp_path.iterdir()) if file not in before] == []


MINUTE = 60_000


def a_copy_between(url: str, copied: Callable[[], None]) -> tuple[list[str], list[str]]:
    """What happens before a copy and after it, up to a checkpoint: its lines, and the cases that have more since."""
    with Engine.open(url, time=ManualTime(NINE)) as engine:
        cases = [open_errand(engine, phone=PHONE) for _ in range(4)]
        done(engine.act(cases[0], "drop", actor=LIN))
        engine.checkpoint(KEY, StringIO(), actor=ADMIN)
    copied()
    with Engine.open(url, time=ManualTime(NINE + MINUTE)) as engine:
        send(engine, cases[1])
        engine.erase(cases[2], actor=ADMIN, reason="asked for")
        later, out = open_errand(engine), StringIO()
        engine.checkpoint(KEY, out, actor=ADMIN)
        assert not engine.verify_checkpoint(out.getvalue().splitlines(), trust=KEY.fingerprint).problems
    return out.getvalue().splitlines(), [cases[1], cases[2], later]


def check_older(url: str, checkpoint: list[str], lost: list[str]) -> None:
    """A copy that is whole in itself, and older than a checkpoint that was kept: it is named what it lacks."""
    with Engine.open(url, time=ManualTime(NINE + MINUTE)) as engine:
        assert not engine.verify().problems
        found = engine.verify_checkpoint(checkpoint, trust=KEY.fingerprint).problems
    assert "it is an older copy" in found[0].message
    assert [one.case for one in found[1:]] == lost
    assert ["gone with its records" in one.message for one in found[1:]] == [False, False, True]
    assert all(one.sequence == 2 for one in found[1:3]), "the record that the copy lacks"


def test_an_older_copy_that_was_put_back_lacks_what_a_checkpoint_names(tmp_path: Path) -> None:
    desk, copy = tmp_path / "desk.db", tmp_path / "copy.db"
    published(str(desk))
    checkpoint, lost = a_copy_between(str(desk), lambda: back_up(str(desk), copy, tmp_path / "copy.keys"))
    bring_keys_back(str(copy), tmp_path / "copy.keys")
    check_older(str(copy), checkpoint, lost)


def dumped(url: str, dump: Path, restored: str) -> None:
    """Dump a server's database without its keys, and put it back under another name."""
    programs = postgres.programs()
    assert programs is not None
    for words in (
        ["pg_dump", "--format=custom", "--exclude-table-data=case_keys", f"--file={dump}", url],
        ["pg_restore", "--no-owner", f"--dbname={restored}", str(dump)],
    ):
        ran = subprocess.run([str(programs / words[0]), *words[1:]], capture_output=True, text=True, env=os.environ)
        assert ran.returncode == 0, ran.stderr


@pytest.fixture
def restored() -> Iterator[tuple[str, str]]:
    """A desk on a server, and an empty database beside it."""
    postgres.needs_server()
    server = postgres.shared()
    name, beside = server.new(postgres.made()), server.new()
    published(server.url(name), create=False)
    yield server.url(name), server.url(beside)
    for database in (name, beside):
        server.drop(database)


def test_a_dump_of_a_server_in_use_is_whole_and_holds_no_key(restored: tuple[str, str], tmp_path: Path) -> None:
    desk, beside = restored
    with Busy(desk) as busy:
        acknowledged = list(busy.acknowledged)
        dumped(desk, tmp_path / "desk.dump", beside)
    tried(desk, "copy made while others work")
    check(beside, acknowledged)


def test_an_older_dump_that_was_put_back_lacks_what_a_checkpoint_names(
    restored: tuple[str, str], tmp_path: Path
) -> None:
    desk, beside = restored
    checkpoint, lost = a_copy_between(desk, lambda: dumped(desk, tmp_path / "desk.dump", beside))
    check_older(beside, checkpoint, lost)
