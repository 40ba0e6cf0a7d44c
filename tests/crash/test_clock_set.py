"""A machine whose clock is set amid work, in a real process: no step is dated back, and no timer fires twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from engine import Accepted, Engine
from tests.crash.kept import fired, history, rows
from tests.crash.rig import ROOT
from tests.crash.slips import CLERK, set_up
from tests.crash.tally import database_of, tried

STEPS = (0, -60, -7_260, 0, 7_200, 0)
"""Seconds by which the clock stands off: right, a little late, hours late, right again, hours early, right again."""


def opened(place: str) -> str:
    """A slip of now, by the clocks there are."""
    set_up(place, 0)
    with Engine.open(place) as engine:
        engine.tick(accept_clock=True)
        found = engine.open_case("slip", {"who": "somebody"}, actor=CLERK)
        assert isinstance(found, Accepted)
        return found.case.id


def test_a_clock_set_back_and_forth_dates_nothing_back_and_fires_nothing_twice(place: str, clock: Path) -> None:
    case, began, begun_at = opened(place), time.time() * 1_000, clock_of_server(place)
    words = [sys.executable, "-m", "tests.crash.clock_setter", place, case, *map(str, STEPS)]
    environment = {**os.environ, "LD_PRELOAD": str(clock)}
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    tried(place, "clock set amid work", len(STEPS) - 1)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [round((shown - began) / 600_000) for shown, *_ in told] == [round(step / 600) for step in STEPS]
    assert [[isinstance(one, str) for one in found] for _, *found in told] == refused(place)
    instants = [one for _, *found in told for one in found if isinstance(one, int)]
    assert instants == sorted(instants)
    every = history(place)
    assert [record["at"] for record in every[case] if record["name"] == "pass_on"] == instants
    fires = Counter((case, *once) for case, found in fired(every).items() for once in found)
    assert set(fires.values()) <= {1}
    if begun_at is None:
        assert fires, "of a file it is the machine's clock that counts, and it stood hours ahead once"
    else:
        assert begun_at <= instants[0] <= instants[-1] <= (clock_of_server(place) or 0)
    with Engine.open(place) as engine:
        engine.tick(accept_clock=True)
        assert not engine.verify().problems


def clock_of_server(place: str) -> int | None:
    """What the server's clock shows, which nobody sets; None where there is no server."""
    if database_of(place) != "PostgreSQL":
        return None
    ((found,),) = rows(place, "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint")
    return int(found)


def refused(place: str) -> list[list[bool]]:
    """Which actions find that the clock jumped, at each setting: of a server it is the server's clock that counts."""
    if database_of(place) == "PostgreSQL":
        return [[False] * 3 for _ in STEPS]
    return [[jumped, jumped, False] for jumped in (False, False, True, True, True, True)]
