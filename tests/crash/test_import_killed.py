"""An import killed again and again, then run to its end, leaves the history of one that was never disturbed."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from engine import Engine
from engine.testing import ManualTime
from tests.crash import day
from tests.crash.rig import LONG, dice, differences, history, playing, proven, tell
from tests.crash.slips import ADMIN, BEGIN

KILLS = 500 if LONG else 50
COPIES = 200 if LONG else 40


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("day") / "day.jsonl"
    path.write_text("\n".join(day.lines(COPIES)) + "\n", "utf-8")
    return path


def fresh(folder: Path) -> Path:
    folder.mkdir()
    path = folder / "desk.db"
    with Engine.open(str(path), time=ManualTime(BEGIN - 86_400_000), create=True) as engine:
        for process in day.PROCESSES:
            engine.publish(day.desk(), process, actor=ADMIN)
    return path


def reached(database: Path) -> int:
    """How many lines an import has come."""
    with closing(sqlite3.connect(database)) as raw:
        return len(raw.execute("SELECT 1 FROM records").fetchall())


def test_an_import_killed_fifty_times_ends_in_the_same_history(file: Path, tmp_path: Path) -> None:
    now = day.end(COPIES)
    undisturbed = fresh(tmp_path / "undisturbed")
    with playing("import", undisturbed, file, now) as player:
        player.wait_for("ready")
        began = time.monotonic()
        player.wait_for("line")
        first = time.monotonic() - began
        whole = player.wait_for("done")
        lasted = time.monotonic() - began
    disturbed, draw, grew = fresh(tmp_path / "disturbed"), dice(), set[int]()
    for number in range(KILLS):
        with playing("import", disturbed, file, now) as player:
            player.wait_for("ready")
            time.sleep(draw.uniform(0, 2 * (first + lasted / KILLS)))
            player.kill()
        grew.add(reached(disturbed))
        if number % 10 == 0:
            proven(disturbed, now)
    tell(f"{KILLS} kills in an import of {lasted:.1f} s; it stood at {sorted(grew)} records")
    assert len(grew) > 5, "the kills came before anything was written, or after all of it was"
    with playing("import", disturbed, file, now) as player:
        rest = player.wait_for("done")
    assert rest[4] <= whole[4] == len(day.BAD_LINES)  # bad lines are told by the run that met them
    proven(disturbed, now)
    assert not differences(history(undisturbed), history(disturbed))
