"""A server's desk goes back to a minute: the page's own settings and commands, on real servers."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from tests import postgres
from tests.contract.test_postgresql_page import CASEWRIGHT
from tests.crash.tally import tried
from tests.crash.test_backup import a_copy_between, check_older, published

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "howto" / "backup.md").read_text("utf-8").partition("### Back to any minute")[2]
ARCHIVING, RECOVERING = re.findall(r"```text\n(.*?)```", PAGE.partition("\n## ")[0], re.DOTALL)
COPY, AGAIN, BEGIN = re.findall(r"```sh\n(.*?)```", PAGE.partition("\n## ")[0], re.DOTALL)


class Machine(NamedTuple):
    """A server, and the disk that stands for `/backup`."""

    server: postgres.Server
    backup: Path

    def settings(self, block: str) -> Iterator[str]:
        """What the page sets, on this disk."""
        for line in block.replace("/backup", str(self.backup)).splitlines():
            name, value = line.split(" = ", 1)
            yield f"{name}={value.strip(chr(39))}"

    def run(self, block: str) -> None:
        """Run the page's commands, as the server's user where they are not ours."""
        for words in map(shlex.split, block.replace("/backup", str(self.backup)).splitlines()):
            if words[0] == "casewright":
                words = [word.replace("//db.example:5433/", "//casewright@:5433/") for word in words]
                words = [sys.executable, "-c", CASEWRIGHT, *words[1:], "--as", "lin"]
            whose = {} if words[0] == sys.executable else self.server._as
            done = subprocess.run(
                words, cwd=self.server.folder, capture_output=True, text=True, **whose,
                env={
                    "PATH": f"{self.server.programs}:{os.environ['PATH']}", "HOME": str(self.server.folder),
                    "PGHOST": str(self.server.folder), "PGUSER": self.server.user,
                    "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8",
                },
            )  # fmt: skip
            assert done.returncode == 0, (words, done.stdout, done.stderr)


@pytest.fixture
def machine() -> Iterator[Machine]:
    postgres.needs_server()
    server = postgres.Server()
    made = Machine(server, server.folder / "backup")
    server._run("/bin/mkdir", "-p", str(made.backup / "log"))
    server.settings = tuple(made.settings(ARCHIVING))
    server.start()
    yield made
    if (made.backup / "again" / "postmaster.pid").exists():
        server._run("pg_ctl", "stop", "--mode=immediate", f"--pgdata={made.backup / 'again'}")
    server.end()


def test_a_desk_goes_back_to_the_minute_before_a_mishap(machine: Machine) -> None:
    server, minute = machine.server, list[datetime]()
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE desk")

        def note() -> None:
            minute.extend(connection.execute("SELECT clock_timestamp()").fetchone() or ())

        published(server.url("desk"))
        machine.run(COPY)
        checkpoint, lost = a_copy_between(server.url("desk"), note)
    server.stop()  # orderly: a server that is cut off has archived all but the last minute
    machine.run(AGAIN)
    settings = {**dict(one.split("=", 1) for one in machine.settings(RECOVERING)), "listen_addresses": ""}
    settings |= {"recovery_target_time": minute[0].isoformat(), "unix_socket_directories": str(server.folder)}
    written = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
    server._run("/bin/sh", "-c", f"cat >> {machine.backup}/again/postgresql.auto.conf <<'END'\n{written}END")
    machine.run(BEGIN)
    tried(server.url("desk"), "server gone back to a minute")
    check_older(server.url("desk") + "&port=5433", checkpoint, lost)
