"""An import killed at any moment, again and again, ends in the same history as one that was left in peace."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from engine.app import Engine, Search
from engine.core.cases import Actor
from engine.resources import data_folder
from tests.cli.desks import run
from tests.cli.terminal import ROOT
from tests.crash.day import of_copy, shipped

IS_LONG = os.environ.get("CASEWRIGHT_LONG") == "1"
KILLS = 50 if IS_LONG else 5
COPIES = 200 if IS_LONG else 24
BOSS = Actor(id="boss", roles=("admin",))


def many_days(copies: int) -> str:
    """The demo's day, lived by several desks at once: enough lines to be killed between."""
    day = (data_folder("processes") / "demo" / "day.jsonl").read_text("utf-8").splitlines()
    told = shipped()
    written = []
    for text in day:
        line = json.loads(text)
        if "tick" in line:
            written.append(text)
        if line not in told:
            continue
        written += [json.dumps(of_copy(line, copy), ensure_ascii=False) for copy in range(copies)]
    return "\n".join(written) + "\n"


@pytest.fixture
def desk(desk: Path) -> Path:
    """The desk, with the days to import."""
    (desk / "days.jsonl").write_text(many_days(COPIES), "utf-8")
    return desk


def start(folder: Path) -> subprocess.Popen[bytes]:
    """The import, of lines that it is given one by one: it stands still where there are no more yet."""
    return subprocess.Popen(
        [sys.executable, "-m", "engine.cli.main", "import", "/dev/stdin", "--name", "days.jsonl", "--as", "boss"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_in_the_middle(folder: Path, lines: bytes, after: float) -> int:
    """Start the import, give it so many lines and no end, kill it some time after it did some; how it ended."""
    before = lines_done(folder)
    with start(folder) as process:
        giving = threading.Thread(target=give, args=(process, lines))
        giving.start()
        try:
            while lines_done(folder) == before:  # however slow the machine, it comes on
                assert process.poll() is None
                time.sleep(0.005)
            time.sleep(after)
        finally:
            process.kill()
            giving.join()
            process.stdin = None  # whoever gave has closed it
    return process.returncode


def give(process: subprocess.Popen[bytes], lines: bytes) -> None:
    """Write them, and no end, until it is killed."""
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin:
        process.stdin.write(lines)
        process.stdin.flush()
        process.wait()


def lines_done(folder: Path) -> int:
    """How many lines the import has come, by what it has written itself."""
    with closing(sqlite3.connect(folder / "casewright.sqlite")) as raw:
        kept = raw.execute("SELECT value FROM settings WHERE name = 'import:days.jsonl'").fetchone()
    return int(json.loads(kept[0])["reached"]) if kept else 0


def history() -> list[Any]:
    """Everything that happened, but for when it was recorded and what is secret."""
    with Engine.open("casewright.sqlite") as engine:
        waiting = [row.id for row in engine.worklist(Search(actor=BOSS, all=True, is_open=None, limit=10_000)).rows]
        return [_bare(dict(record)) for case in sorted(waiting) for record in engine.history(case)]


def _bare(record: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in record.items() if name not in ("recorded_at", "prev", "definition")}
    for part in ("form", "changed"):
        if part in kept:
            kept[part] = {name: "sealed" if isinstance(value, dict) else value for name, value in kept[part].items()}
    return kept


def test_an_import_killed_again_and_again_ends_in_the_same_history(desk: Path) -> None:
    in_peace = desk.parent / "peace"
    shutil.copytree(desk, in_peace)
    os.chdir(in_peace)
    assert run("import", "days.jsonl", "--as", "boss").code == 0
    expected = history()
    os.chdir(desk)
    chance = random.Random(2026)
    days = (desk / "days.jsonl").read_bytes().splitlines(keepends=True)
    for number in range(1, KILLS + 1):
        given = b"".join(days[: number * len(days) // (KILLS + 1)])
        assert kill_in_the_middle(desk, given, chance.uniform(0, 0.25)) == -signal.SIGKILL
    rest = run("import", "days.jsonl", "--as", "boss", "--json").json
    assert rest["skipped"] > 0
    found = history()
    assert len(found) == len(expected) > 1_000
    assert found == expected
    assert run("audit", "verify").code == 0
