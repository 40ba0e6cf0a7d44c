"""An import killed again and again, then run to its end, leaves the history of one that was never disturbed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import Engine
from engine.testing import ManualTime
from tests.crash import day
from tests.crash.kept import differences, history, let_go, proven, rows
from tests.crash.players import JOB
from tests.crash.rig import LONG, dice, playing, tell
from tests.crash.slips import ADMIN, BEGIN

KILLS = 250 if LONG else 8
COPIES = 200 if LONG else 16


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("day") / "day.jsonl"
    path.write_text("\n".join(day.lines(COPIES)) + "\n", "utf-8")
    return path


def fresh(place: str) -> str:
    with Engine.open(place, time=ManualTime(BEGIN - 86_400_000), create=True) as engine:
        for process in day.PROCESSES:
            engine.publish(day.desk(), process, actor=ADMIN)
    return place


def reached(place: str) -> int:
    """How many records an import has come."""
    ((count,),) = rows(place, "SELECT count(*) FROM records")
    return int(count)


def lines_done(place: str) -> int:
    """How many lines an import has come, by what it has written itself."""
    kept = rows(place, f"SELECT value FROM settings WHERE name = 'import:{JOB}'")
    return int(json.loads(kept[0][0])["reached"]) if kept else 0


def test_an_import_killed_again_and_again_ends_in_the_same_history(file: Path, places: Callable[[], str]) -> None:
    now = day.end(COPIES)
    undisturbed = fresh(places())
    with playing("import", undisturbed, file, now) as player:
        whole = player.wait_for("done")
    disturbed, draw, grew = fresh(places()), dice(), set[int]()
    share = len(file.read_text("utf-8").splitlines()) // KILLS
    for number in range(KILLS):
        line = lines_done(disturbed)
        most = max((number + 1) * share, line + 1)  # however fast the machine, it does not come to its end
        with playing("import", disturbed, file, now, most if number < KILLS - 1 else None) as player:
            player.wait_for("ready")
            if number % 2:  # however slow the machine, it comes on
                player.wait_until(lambda one, line=line: one[0] == "done" or one[1] > line)  # type: ignore[misc]
            time.sleep(draw.uniform(0, 0.05))
            player.kill()
        let_go(disturbed)
        grew.add(reached(disturbed))
        if number % (25 if LONG else 5) == 0:
            proven(disturbed, now)
    tell(f"{KILLS} kills in an import; it stood at {sorted(grew)} records")
    assert len(grew) > 3, "the kills came before anything was written, or after all of it was"
    with playing("import", disturbed, file, now) as player:
        rest = player.wait_for("done")
    assert rest[4] <= whole[4] == len(day.BAD_LINES)  # bad lines are told by the run that met them
    proven(disturbed, now)
    assert not differences(history(undisturbed), history(disturbed))
