"""A PostgreSQL server of the tests' own: from the system's package, in a temporary folder, gone with the tests.

As root it runs as `nobody`, since the server refuses to be root. It listens on a socket in its folder alone.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

USER = "casewright"
NAMED = os.environ.get("POSTGRESQL_BIN")  # where the server's programs are, if the usual places do not have them
PLAIN = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
"""Nothing is lost but in a power cut, which no test of this kind makes."""


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`, the newest version that is here."""
    folders = [Path(NAMED)] if NAMED else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name.split(".")[0]))
    folders += [Path(found).resolve().parent for name in ("initdb",) if (found := shutil.which(name))]
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


class Server:
    """One server, started and stopped as a test likes."""

    def __init__(self, *settings: str, user: str = USER, preload: str = "", language: str = "") -> None:
        found = programs()
        assert found is not None
        self.programs = found
        self.settings = settings
        self.user = user
        self.preload = preload  # a library that its processes are started with
        self.language = language  # what its messages are translated to, where that is here and `lc_messages` is not C
        self.folder = Path(tempfile.mkdtemp(prefix="cw-pg-", dir="/tmp"))  # a socket's path must be short
        self.names = count(1)
        self.process: subprocess.Popen[bytes] | None = None
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody")
            self._as = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        self._run("initdb", "-D", "data", "-U", user, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")

    def _run(self, program: str, *args: str) -> None:
        done = subprocess.run(
            [self.programs / program, *args], cwd=self.folder, env=self._environment(), capture_output=True, text=True,
            **self._as,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def _environment(self) -> dict[str, str]:
        clock = {name: os.environ[name] for name in ("CLOCK_STEP", "LD_PRELOAD") if name in os.environ}  # see hours.py
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(self.folder), **clock}

    def start(self) -> None:
        """Start it, and wait until it answers."""
        told = [f"-c{setting}" for setting in (*self.settings, "max_connections=150", "deadlock_timeout=200ms")]
        more = {"LANGUAGE": self.language} | ({"LD_PRELOAD": self.preload} if self.preload else {})
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(
            [self.programs / "postgres", "-D", "data", "-k", str(self.folder), "-h", "", *told],
            cwd=self.folder, env=self._environment() | more, stdout=log, stderr=log,
            preexec_fn=_die_with_the_tests, **self._as,
        )  # fmt: skip
        log.close()
        self.wait()

    def wait(self, seconds: float = 60) -> None:
        """Wait until it answers."""
        until = time.monotonic() + seconds
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                assert self.process is not None
                if self.process.poll() is not None or time.monotonic() > until:
                    raise AssertionError((self.folder / "log").read_text()[-2000:]) from None
                time.sleep(0.02)

    def stop(self, how: int = signal.SIGINT) -> None:
        """Stop it; SIGINT: orderly, SIGQUIT: at once, as if the power were cut but for the disk's cache."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(60)
            self.process = None

    def end(self) -> None:
        """Stop it for good and remove what it kept."""
        with suppress(subprocess.TimeoutExpired):
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """Where a database of this server is."""
        return f"postgresql://{self.user}@/{database}?host={self.folder}"

    def new(self, template: str = "template0") -> str:
        """A new database, by its name."""
        name = f"d{next(self.names)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE {name} TEMPLATE "{template}"')
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever uses it."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _die_with_the_tests() -> None:
    """Let no server be left behind by tests that are killed; where the system has no such wish, one may be."""
    with suppress(Exception):
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


@cache
def shared() -> Server:
    """The server that all tests of this run share, each with a database of its own."""
    server = Server(*PLAIN)
    server.start()
    return server


@cache
def made() -> str:
    """A database of the shared server with the engine's tables, to be copied."""
    from engine.store import upgrade

    name = shared().new()
    upgrade(shared().url(name))
    return name


def needs_server() -> None:
    """Skip where no server can be had, and say so; where one is promised, its absence is a failure."""
    if programs() is None:
        reason = "no PostgreSQL here: `apt-get install postgresql` brings one; POSTGRESQL_BIN names another place"
        assert not os.environ.get("POSTGRESQL_EXPECTED"), reason
        pytest.skip(reason)


@contextmanager
def database(template: str | None = None) -> Iterator[str]:
    """The address of a database of one's own: with the engine's tables, or as the template is; afterwards gone."""
    needs_server()
    server = shared()
    name = server.new(made() if template is None else template)
    try:
        yield server.url(name)
    finally:
        server.drop(name)


def end_shared() -> None:
    """End the shared server, if there is one."""
    if shared.cache_info().currsize:
        shared().end()
