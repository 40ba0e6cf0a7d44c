"""The one law: a case's history depends only on what was done to it and when, never on when a worker looked.

Random families are told random things, often at the very instants at which something falls due, while workers look at
random times through clocks that differ. The histories must be those of a world without any worker, in which the same
commands come at the instants at which they took effect. `test_law_mutants.py` shows that the law sees what it is there
to see, `test_law_of_reads.py` that it holds through the whole engine.
"""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest

from engine.core.replay import replay
from tests.laws.family_world import LIBRARY, commands, differences, happening, looks, play
from tests.unit.worlds import MINUTE

HISTORIES = 3_000 if os.environ.get("CASEWRIGHT_LONG") else 40
"""For each skew; each is played twice."""

SKEWS = (0, 3, 2 * MINUTE)


@pytest.mark.parametrize("skew", SKEWS)
def test_histories_do_not_depend_on_when_workers_looked_nor_on_clocks_that_differ(skew: int) -> None:
    assert differences(skew, range(HISTORIES)) == []


def test_the_histories_are_rich_enough_to_prove_something() -> None:
    verbs: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for seed in range(40):
        lot = random.Random(seed)
        for step in play(list(commands(lot, 0))):
            record = step.record
            verbs[record["verb"]] += 1
            seen.update(event[1] for event in record.get("clocks", ()))
            seen.update(name for name in ("refused", "not_applicable", "assignee", "changed") if name in record)
            seen.update(record.get("to", ()))
    assert min(verbs[verb] for verb in ("do", "open", "tell", "timer", "threshold", "breach", "judge")) >= 20, verbs
    assert min(verbs[verb] for verb in ("claim", "assign", "tell refused")) >= 5, verbs
    clocks = ("started", "met", "cancelled", "restarted", "changed", "paused", "resumed", "not_needed", "withdrawn")
    states = ("quiet", "waiting", "gate", "looking", "told", "closed", "awake", "asleep", "gone")
    facts = ("refused", "not_applicable", "assignee", "changed")
    assert [name for name in (*clocks, *states, *facts) if seen[name] < 3] == [], seen


def test_every_history_replays_to_the_same_records() -> None:
    for seed in range(20):
        lot = random.Random(seed)
        told = commands(lot, MINUTE)
        steps = play(happening(lot, told, looks(lot, told, MINUTE)))
        found = replay([step.text for step in steps], LIBRARY)
        assert found.flaw is None, f"seed {seed}: {found.flaw}"
        assert [step.record["seq"] for step in found.steps] == [step.record["seq"] for step in steps]
