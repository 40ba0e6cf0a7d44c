"""Fifty clients on one case, in several processes at once, with keys: one serial history, whoever asks twice."""

from __future__ import annotations

from engine import Accepted, Engine
from engine.core.cases import Actor
from engine.testing import ManualTime
from tests.crash.kept import kept, proven, records
from tests.crash.players import TOGETHER
from tests.crash.rig import LONG, all_playing, tell
from tests.crash.slips import BEGIN, set_up
from tests.crash.tally import tried

PROCESSES = 5
STEPS = 40 if LONG else 4


def test_fifty_clients_of_several_processes_leave_a_serial_history_of_one_case(place: str) -> None:
    set_up(place, 1)
    with all_playing(("crowd", place, f"crowd {number}", STEPS) for number in range(PROCESSES)) as crowds:
        said = [step for crowd in crowds for step in crowd.wait_for("done")[1]]
    tried(place, "steps of fifty clients at once on one case", len(said))
    assert len(said) == PROCESSES * TOGETHER * STEPS
    (told,) = records(place).values()
    assert [record["seq"] for record in told] == list(range(1, len(said) + 2))
    assert {(record["actor"], record["key"], record["seq"]) for record in told[1:]} == set(said)
    assert set(kept(place).values()) == {1}
    with Engine.open(place, time=ManualTime(BEGIN)) as engine:
        sender, key, sequence = said[0]
        clerk = Actor(id=sender, roles=("clerk",))
        again = engine.act("S-1", "pass_on", {"remark": key}, actor=clerk, key=key)
        assert isinstance(again, Accepted)
        assert (again.is_repeat, again.record["seq"]) == (True, sequence)
        assert engine.case("S-1").revision == len(said) + 1
    tell(f"{len(said)} steps of {PROCESSES * TOGETHER} clients, one after the other")
    proven(place, BEGIN)
