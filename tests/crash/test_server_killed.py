"""PostgreSQL itself stopped at once, amid the work of many processes: what was acknowledged is there, once."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from pathlib import Path

from tests import postgres
from tests.crash.kept import fired, history, kept, proven, records, run_to_the_end
from tests.crash.players import CASES, FastTime
from tests.crash.rig import LONG, Player, all_playing, dice, tell
from tests.crash.slips import BEGIN, END, HOUR, set_up
from tests.crash.tally import tried

RESTARTS = 20 if LONG else 2
CLIENTS = tuple(f"client {number}" for number in range(8))
WORKERS = 4
OPEN = 90 * HOUR
"""For so long the slips are acted on; ten hours later they are given up by themselves."""


def goes_on(writer: Player, sender: str, there: Mapping[tuple[str, str], int]) -> None:
    """Wait until it has done more than is there: what it said before is heard first."""
    writer.wait_until(lambda heard: heard[0] == "has" and (sender, heard[1]) not in there)


def test_a_server_restarted_amid_work_strands_nobody_and_loses_nothing(
    durable: postgres.Server, tmp_path: Path
) -> None:
    undisturbed, desk, draw = str(tmp_path / "undisturbed.db"), durable.url(durable.new()), dice()
    for place in (undisturbed, desk):
        set_up(place, CASES)
    clock = FastTime(BEGIN, BEGIN + OPEN, time.monotonic(), OPEN / RESTARTS / 2_000)  # two seconds each
    clients, working = [("insist", desk, sender) for sender in CLIENTS], [("work", desk, clock)] * WORKERS
    with all_playing(clients) as writers, all_playing(working) as workers:
        for player in (*writers, *workers):
            player.wait_for("ready")
        for number in range(RESTARTS):
            time.sleep(draw.uniform(0.1, 0.4))
            durable.stop(signal.SIGQUIT)
            tried(desk, "server stopped at once and started, amid 4 workers and 8 clients")
            if number == 0:  # the other times it may be there again before anybody has looked
                Player.wait_for_any(writers, "away")
            durable.start()
            there = kept(desk)
            for sender, writer in zip(CLIENTS, writers, strict=True):
                goes_on(writer, sender, there)  # nobody is stranded
        for player in (*writers, *workers):
            player.kill()
    run_to_the_end(undisturbed)
    run_to_the_end(desk)
    found, told = kept(desk), records(desk)
    steps = [
        (sender, *heard[1:])
        for sender, one in zip(CLIENTS, writers, strict=True)
        for heard in one.said
        if heard[0] == "has"
    ]
    away = sum(heard[0] == "away" for one in writers for heard in one.said)
    tell(
        f"{len(steps)} steps acknowledged by {len(writers)} clients, beside {len(workers)} workers, "
        f"across {RESTARTS} restarts at once; {away} times told that it was away"
    )
    assert away
    assert set(found.values()) <= {1}
    assert all(told[case][sequence - 1]["key"] == key for _, key, case, sequence in steps)
    assert fired(told) == fired(history(undisturbed))
    proven(desk, END)
    durable.drop(desk.partition("@/")[2].partition("?")[0])
