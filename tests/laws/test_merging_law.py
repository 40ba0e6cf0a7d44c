"""The law holds for merging too: when workers looked leaves no trace in either family, and both can be replayed."""

from __future__ import annotations

import json
import os
import random
from typing import Any

import pytest

from engine.core.cases import Actor
from engine.core.replay import replay
from engine.scenarios.world import World
from tests.laws.family_world import END, LIBRARY, START
from tests.unit.worlds import MINUTE

HISTORIES = 1_000 if os.environ.get("CASEWRIGHT_LONG") else 12
WU = Actor(id="wu", roles=("boss", "agent"))
NOT_COMPARED = ("recorded_at", "prev")
ACTIONS = ("note", "hear", "stir", "calm_down", "park", "split", "close")


def played(seed: int, poll: int | None) -> list[dict[str, Any]]:
    """Three families, merged and acted upon at random; a worker looks every so often, or only when somebody acts."""
    lot = random.Random(seed)
    world = World(LIBRARY, START)
    cases = [str(world.open("thing", {"phone": "139"} if lot.random() < 0.7 else {}, WU)) for _ in range(3)]
    times = sorted(lot.choice((START + lot.randrange(300) * MINUTE, START + lot.randrange(15) * 11 * MINUTE))
                   for _ in range(14))  # fmt: skip
    for at in times:
        case, into = lot.sample(cases, 2)
        action = lot.choice((*ACTIONS, "merge", "merge"))
        form = {"note": "x"} if action == "note" else {}
        reach(world, at, poll)
        if action == "merge":
            child = f"{case}.1"
            world.merge(child if lot.random() < 0.3 and child in world.root_of else case, into, WU)
        else:
            world.act(case, action, form, WU)
    reach(world, END, poll)
    return [json.loads(step.text) for step in world.steps]


def reach(world: World, at: int, poll: int | None) -> None:
    while poll is not None and world.now + poll < at:
        world.wait_until(world.now + poll)
    world.sleep_until(at)


def by_case(records: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        kept = {name: value for name, value in record.items() if name not in NOT_COMPARED}
        found.setdefault(record["case"], []).append(kept)
    return found


@pytest.mark.parametrize("poll", [7 * MINUTE, 61 * MINUTE + 1])
def test_when_workers_looked_leaves_no_trace_in_merged_families(poll: int) -> None:
    for seed in range(HISTORIES):
        assert by_case(played(seed, poll)) == by_case(played(seed, None)), f"seed {seed}"


def test_both_families_of_a_merging_replay_and_it_happened_often_enough_to_prove_something() -> None:
    merged = refused = sent = 0
    for seed in range(HISTORIES):
        records = played(seed, None)
        families: dict[str, list[dict[str, Any]]] = {}
        for record in records:
            families.setdefault(record["case"].partition(".")[0], []).append(record)
            merged += record["verb"] == "merge" and "refused" not in record
            refused += record["verb"] == "merge" and "refused" in record
            sent += "sent_to" in record
        for root, family in families.items():
            found = replay([json.dumps(one) for one in sorted(family, key=lambda one: one["order"])], LIBRARY)
            assert found.flaw is None, f"seed {seed}, {root}: {found.flaw}"
    assert min(merged, refused, sent) >= 6, (merged, refused, sent)
