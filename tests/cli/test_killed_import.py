"""An import killed at any moment, again and again, ends in the same history as one that was left in peace."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
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
    return subprocess.Popen(
        [sys.executable, "-m", "engine.cli.main", "import", "days.jsonl", "--as", "boss"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_in_the_middle(folder: Path, after: float) -> bool:
    """Start the import, kill it some time after it began to write; False if it came to its end before."""
    log = folder / "casewright.sqlite-wal"
    before = written(log)
    process = start(folder)
    while process.poll() is None and written(log) == before:
        time.sleep(0.005)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def written(log: Path) -> tuple[int, int]:
    """By what one sees that something was written."""
    try:
        found = log.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


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
    killed = sum(kill_in_the_middle(desk, chance.uniform(0, 0.25)) for _ in range(KILLS))
    assert killed >= min(KILLS, 3)
    rest = run("import", "days.jsonl", "--as", "boss", "--json").json
    assert rest["skipped"] > 0
    found = history()
    assert len(found) == len(expected) > 1_000
    assert found == expected
    assert run("audit", "verify").code == 0
