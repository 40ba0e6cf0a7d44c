"""Who opens, killed where they stand: each acknowledged case is there once, and no number is missing or given twice."""

from __future__ import annotations

import time

from tests.crash.kept import kept, let_go, proven, records
from tests.crash.rig import LONG, all_playing, dice, tell
from tests.crash.slips import BEGIN, set_up

ROUNDS = 100 if LONG else 4
OPENERS = ("lin", "wang")


def test_every_acknowledged_opening_of_killed_openers_is_there_once_and_no_number_is_lost(place: str) -> None:
    """At first both at once; then one alone, who may suppose that nobody else draws numbers."""
    set_up(place, 0)
    draw, following = dice(), dict.fromkeys(OPENERS, 0)
    acknowledged: dict[tuple[str, str], str] = {}
    for _ in range(ROUNDS):
        with all_playing(("open", place, sender, first) for sender, first in following.items()) as openers:
            for opener in openers:  # however slow the machine, each opens a case
                opener.wait_until(lambda heard: heard[0] == "has" and heard[2] is not None)
            for opener in draw.sample(openers, len(openers)):
                time.sleep(draw.uniform(0, 0.15))
                opener.kill()
        for sender, opener in zip(OPENERS, openers, strict=True):
            answers = [(key, case) for said, key, case in [heard for heard in opener.said if heard[0] == "has"]]
            following[sender] += len(answers)  # the one asked last is asked again, with the same key
            acknowledged.update({(sender, key): case for key, case in answers if case is not None})
    let_go(place)
    told, found = records(place), kept(place)
    assert all(found[opening] == 1 for opening in acknowledged)
    assert set(found.values()) <= {1}
    assert all(told[case][0]["key"] == key for (_, key), case in acknowledged.items())
    assert sorted(int(case.removeprefix("S-")) for case in told) == [*range(1, len(told) + 1)]
    proven(place, BEGIN)
    tell(f"{len(acknowledged)} openings acknowledged by {len(OPENERS)} at once, each killed {ROUNDS} times")
    assert len(acknowledged) >= ROUNDS * len(OPENERS)
