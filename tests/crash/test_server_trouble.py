"""What can go wrong between a desk and its server: an answer that is lost, a disk that is full."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from select import select

import psycopg
import pytest

from engine import Accepted, Engine
from engine.errors import StoreUnavailable
from engine.testing import ManualTime
from tests import postgres
from tests.crash.rig import LONG, dice, tell
from tests.crash.slips import BEGIN, CLERK, set_up
from tests.crash.tally import tried
from tests.crash.test_database_trouble import disk

CUTS = 500 if LONG else 12


class Cable:
    """What lies between a client and the server's socket: once asked to, it loses the answer to what is sent next."""

    def __init__(self, folder: Path, server: str) -> None:
        self.server = f"{server}/.s.PGSQL.5432"
        self.loses = 0  # the answer to this exchange from now on, if not 0
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(folder / ".s.PGSQL.5432"))
        self._socket.listen()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """Let nobody in any more, and wait until all have left."""
        self._socket.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(20)
        self._socket.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._socket.accept()
                self._threads.append(threading.Thread(target=self._carry, args=(near,)))
                self._threads[-1].start()

    def _carry(self, near: socket.socket) -> None:
        far = socket.socket(socket.AF_UNIX)
        far.connect(self.server)
        is_lost = False
        with near, far, suppress(OSError):
            while True:
                for one in select([near, far], [], [])[0]:
                    said = one.recv(1 << 20)
                    if not said or (one is far and is_lost):
                        return
                    if one is near and self.loses:
                        self.loses -= 1
                        is_lost = not self.loses
                    (far if one is near else near).sendall(said)


@pytest.fixture
def server() -> postgres.Server:
    postgres.needs_server()
    return postgres.shared()


@pytest.fixture
def desk(server: postgres.Server) -> Iterator[str]:
    """The name of a database with the desk published and its cases open."""
    name = server.new()
    set_up(server.url(name), 3)
    yield name
    server.drop(name)


def kept(url: str, case: str) -> list[dict[str, object]]:
    with psycopg.connect(url) as raw:
        found = raw.execute("SELECT text FROM records WHERE case_id = %s ORDER BY sequence", (case,))
        return [json.loads(text) for (text,) in found]


def fill(engine: Engine) -> None:
    """Attach files until an error says that it is enough."""
    for number in range(40):
        engine.attach("S-1", f"{number}.bin", os.urandom(1_000_000), actor=CLERK)


def test_a_step_whose_answer_was_lost_is_done_once_however_often_it_is_asked(
    server: postgres.Server, desk: str
) -> None:
    """The first message asks, the second keeps: whichever answer is lost, the same key gives the same step."""
    draw, unknown, known = dice(), 0, 0
    folder = Path(f"/tmp/cw-cable-{os.getpid()}")  # a socket's path must be short
    folder.mkdir()
    cable = Cable(folder, str(server.folder))
    url = f"postgresql://{server.user}@/{desk}?host={folder}"
    try:
        with Engine.open(url, time=ManualTime(BEGIN)) as engine:
            for number in range(CUTS):
                cable.loses = draw.choice((1, 2, 2))
                for _ in range(3):
                    try:
                        done = engine.act("S-1", "pass_on", {"remark": str(number)}, actor=CLERK, key=f"k{number}")
                    except StoreUnavailable as lost:
                        is_unknown = "while the step was being kept" in lost.message
                        unknown, known = unknown + is_unknown, known + (not is_unknown)
                        cable.loses = 0
                        continue
                    assert isinstance(done, Accepted)
                    break
            assert not engine.verify().problems
    finally:
        cable.close()
        shutil.rmtree(folder)
    tried(url, "connection cut between commit and answer", unknown)
    tried(url, "connection cut before the commit", known)
    tell(f"{CUTS} steps, the answer to {unknown} of their commits lost")
    assert unknown
    remarks = [record["form"]["remark"] for record in kept(server.url(desk), "S-1")[1:]]  # type: ignore[index]
    assert remarks == [str(number) for number in range(CUTS)]


def test_a_server_whose_disk_is_full_says_so_and_goes_on_once_it_is_freed(
    server: postgres.Server, desk: str, tmp_path: Path
) -> None:
    folder = Path(f"/tmp/cw-full-{os.getpid()}")
    with disk(folder, "24M") as change:
        shutil.chown(folder, "nobody")
        with psycopg.connect(server.url("postgres"), autocommit=True) as raw:
            raw.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
            raw.execute(f'CREATE DATABASE small TEMPLATE "{desk}" TABLESPACE small')
        try:
            with Engine.open(server.url("small"), time=ManualTime(BEGIN)) as engine:
                with pytest.raises(StoreUnavailable, match="is full"):
                    fill(engine)
                tried(server.url("small"), "disk full, then freed")
                attached = len(engine.attachments("S-1"))
                change("size=64M")
                assert len(kept(server.url("small"), "S-1")) == 1 + attached  # a new connection needs some room too
                engine.attach("S-1", "last.bin", os.urandom(1_000_000), actor=CLERK)
                assert len(engine.attachments("S-1")) == attached + 1
                assert not engine.verify().problems
        finally:
            server.drop("small")
            with psycopg.connect(server.url("postgres"), autocommit=True) as raw:
                raw.execute("DROP TABLESPACE small")
