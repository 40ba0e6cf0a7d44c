"""Whatever a case of a shipped process went through, `record` makes a scenario of it that passes and tells the same."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from engine.cli.designing.folder import checked_paths
from engine.core.cases import Actor, Case, Command, Step
from engine.core.plan import Library, Plan, library_in_memory
from engine.resources import data_folder
from engine.scenarios import play, read_script
from engine.scenarios.childhood import Told
from engine.scenarios.recording import recorded
from engine.scenarios.registers import members, registers_for
from engine.scenarios.trying import Here, Tries
from engine.scenarios.world import World
from engine.values import read_instant

LONG = os.environ.get("CASEWRIGHT_LONG") == "1"
SEEDS = range(60 if LONG else 2)
STEPS = 14
KEPT = ("at", "verb", "name", "from", "to", "clocks", "assignee", "registered")
PROCESSES = sorted(path.name.partition(".")[0] for path in data_folder("processes").glob("*.scenarios.yaml"))


@pytest.fixture(scope="module")
def library() -> Library:
    return library_in_memory(checked_paths([data_folder("processes")]).definitions.values())


class Drive:
    """One case and its family, driven by dice."""

    def __init__(self, library: Library, process: str, seed: int) -> None:
        self.library = library
        plan = library.newest(process, 0)
        assert plan is not None
        self.plan: Plan = plan
        self.dice = random.Random(f"{process} {seed}").randrange
        self.register = registers_for(library.plans.values())
        self.world = World(library, read_instant("2026-03-02 09:00", plan.definition.desk.zone))
        self.world.members = {
            party: members(plan.definition.desk, party, known) for party, known in self.register.items()
        }
        self.main = ""

    def tries(self, process: str) -> Tries:
        plan = self.library.newest(process, 0)
        assert plan is not None
        return Tries(plan, self.dice, self.register)

    def open(self) -> None:
        opening, tries = self.plan.definition.opening, self.tries(self.plan.definition.process)
        for _ in range(30):
            actor = tries.one_of([*tries.actors(opening, None)] or [Actor(id="agent.1", roles=("agent",))])
            here = Here(None, self.world.now, actor.id)
            form = tries.form(opening.form, here)
            opened = self.world.open(self.plan.definition.process, form, actor, tries.facts(opening, form, here))
            if isinstance(opened, str):
                self.main = opened
                return

    def go_on(self) -> None:
        family = self.world.families[self.world.root_of[self.main]]
        known = [family.cases[self.main]]
        for one in known:  # grows while it is walked: whom links lead to
            known += (family.cases[child] for child in one.links.values() if child in family.cases)
        case = known[self.dice(len(known))]
        tries = self.tries(case.process)
        dues = [one.next_due for one in family.cases.values() if one.next_due is not None]
        chance = self.dice(5)
        if chance == 0:
            self.world.wait_until(tries.one_of(tries.instants(self.world.now, dues)))
        elif chance == 1:
            self.hold(case)
        else:
            self.act(case, tries)

    def hold(self, case: Case) -> None:
        verb = ("claim", "release", "assign")[self.dice(3)]
        role = sorted(self.plan.roles)[self.dice(len(self.plan.roles))]
        name = f"{role}.2" if verb == "assign" else ""
        self.world.command(Command(verb=verb, case=case.id, name=name, actor=Actor(id=f"{role}.1", roles=(role,))))

    def act(self, case: Case, tries: Tries) -> None:
        plan = tries.plan
        acts = [
            action
            for event in plan.chart.possible(case.position)
            for action in plan.course(case.position, event).actions[:1]
        ]
        actors = [*tries.actors(action := tries.one_of(acts), case)] if acts else []
        if actors:
            actor = tries.one_of(actors)
            here = Here(case, self.world.now, actor.id)
            form = tries.form(action.form, here)
            self.world.act(case.id, action.name, form, actor, tries.facts(action, form, here))


def history(steps: Sequence[Step], without_refusals: bool) -> list[Mapping[str, Any]]:
    records = (step.record for step in steps if not (without_refusals and "refused" in step.record))
    # Of the reasons of a refusal the first is told; with facts that its record does not keep there may be more of them.
    return [{key: record[key] for key in KEPT if key in record} | {"is": "refused" in record} for record in records]


@pytest.mark.parametrize("process", PROCESSES)
def test_a_case_driven_by_dice_is_recorded_as_a_scenario_that_passes(library: Library, process: str) -> None:
    told = 0
    for seed in SEEDS:
        drive = Drive(library, process, seed)
        drive.open()
        for _ in range(STEPS if drive.main else 0):
            drive.go_on()
        if not drive.main:
            continue
        told += 1
        steps = [step for step in drive.world.steps if step.case.root == drive.main]
        family = drive.world.families[drive.main].cases.values()
        stood = [*(step.case for step in steps), *family]
        links = {child: (case.id, link) for case in stood for link, child in case.links.items()}
        found = recorded(Told(steps, links), library, "as it was")
        assert {one.kind for one in found.unsaid} <= {"expectation", "refusal"}, (found.unsaid, found.text)
        script, findings = read_script(found.text, "recorded.scenarios.yaml")
        assert script is not None, findings
        outcome = play(script.scenarios[0], script, library)
        assert outcome.failure is None
        own = [step for step in outcome.steps if step.case.root == outcome.steps[0].case.root]
        left_out = any(one.kind == "refusal" for one in found.unsaid)
        assert history(own, left_out) == history(steps, left_out), found.text
    assert told
