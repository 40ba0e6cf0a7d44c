"""What the row keeps of a promise is what its records give, whatever happens and however late workers look."""

from __future__ import annotations

import os
import random

from engine.core.cases import Step
from engine.core.promises.clocks import used_until
from engine.core.promises.ledger import Stood, ledger_of
from tests.laws.family_world import LIBRARY, commands, happening, looks, play
from tests.unit.worlds import MINUTE

HISTORIES = 500 if os.environ.get("CASEWRIGHT_LONG") else 12


def played(seed: int) -> list[Step]:
    lot = random.Random(f"ledger {seed}")
    told = commands(lot, MINUTE)
    return play(happening(lot, told, looks(lot, told, MINUTE)))


def test_head_and_ledger_agree_after_every_record_of_random_families() -> None:
    compared = paused = 0
    for seed in range(HISTORIES):
        history: dict[str, list[Stood]] = {}
        for number, step in enumerate(played(seed)):
            stood = history.setdefault(step.case.id, [])
            stood.append(Stood(step.record["at"], step.case))
            if number % 5:
                continue  # every fifth is enough: what was wrong once stays wrong
            plan = LIBRARY.plan(step.case.process, step.case.version)
            later = step.record["at"] + 7 * MINUTE
            for name, head in step.case.clocks.items():
                calendar = plan.calendar(plan.definition.clocks[name].calendar)
                intervals = ledger_of(plan, name, stood, later)
                spent = sum(one.used for one in intervals if one.cycle == head.cycle)
                assert spent == used_until(head, later, calendar), f"seed {seed}, {step.case.id}.{name}, {number}"
                compared += 1
                paused += bool(head.paused)
    assert compared > 200
    assert paused > 20
