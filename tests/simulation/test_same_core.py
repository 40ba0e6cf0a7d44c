"""A simulated case is decided as every other: the same commands give the same history where everything is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.cli.designing.folder import checked_paths
from engine.core.cases import Case, Command, Step
from engine.core.plan import Library, Plan, library_in_memory
from engine.core.promises.listening import Heard, heard_by
from engine.scenarios import World, play_all, read_script
from engine.simulation.assumptions import Assumptions
from engine.simulation.desk import Families
from engine.simulation.reading import Wanted, read_assumptions
from engine.simulation.run import Variant, tally
from engine.simulation.together import simulate

ROOT = Path(__file__).resolve().parent.parent.parent


@cache
def shipped() -> Library:
    return library_in_memory(checked_paths([ROOT / "processes"]).definitions.values())


def assumed(process: str) -> Assumptions:
    file = ROOT / "benchmarks" / "assumed" / f"{process}.yaml"
    plan = shipped().newest(process, 0)
    assert plan is not None
    found = read_assumptions(file.read_bytes(), file.name, Wanted(plan.definition, lambda name: ""))
    assert found.said is not None, found.findings
    return found.said


class Watched:
    """What a simulation asks of its cases, asked of cases that are kept as well."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps: list[Step] = []
        self.cases: dict[str, Case] = {}
        self.kept: World | None = None
        for name in ("open", "act", "carry", "_count"):
            monkeypatch.setattr(Families, name, self._both(name, getattr(Families, name)))

    def _both(self, name: str, done: Any) -> Any:
        def both(families: Families, *given: Any) -> Any:
            if self.kept is None:
                self.kept = World(families.world.library, families.world.now)
            self._again(name, families, given)
            outcome = done(families, *given)
            self.cases = {case.id: case for case in families.everybody()}
            return outcome

        return both

    def _again(self, name: str, families: Families, given: tuple[Any, ...]) -> None:
        assert self.kept is not None
        match name, given:
            case "_count", ():
                self.steps += families.world.steps
            case "open", (form, actor, facts, now):
                self.kept.now = now
                self.kept.open(families.plan.definition.process, form, actor, facts)
            case "act", (Command() as command, now):
                self.kept.now = now
                self.kept.command(command)
            case "carry", (root, until):
                self.kept.carry(root, until)


def uncommitted(value: Any) -> Any:
    if isinstance(value, dict):
        return {"sealed": ""} if set(value) == {"sealed"} else {name: uncommitted(one) for name, one in value.items()}
    return value


def decided(case: Case) -> Iterator[tuple[str, Any]]:
    """All that stands on a case, but for its hash and the key of what is personal."""
    for name, value in case.parts().items():
        if name not in ("head", "secret"):
            yield name, uncommitted(value)


def after(step: Step) -> tuple[object, ...]:
    """All that a step comes to, but for what only its keeper makes: record, hash and messages."""
    return dict(decided(step.case)), step.cycles, step.microsteps, step.covered, step.registered, step.is_steady


def days(process: str) -> Variant:
    """One day of a process."""
    return Variant(title="", library=shipped(), assumed=replace(assumed(process), days=1), seed=5)


@pytest.mark.parametrize("process", ["repair", "refund", "complaint"])
def test_a_simulated_history_is_the_one_that_a_desk_would_keep(process: str, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(monkeypatch)
    seen = tally(days(process))
    assert watched.kept is not None
    kept = {case.id: case for family in watched.kept.families.values() for case in family.cases.values()}
    assert seen.opened > 20
    assert len(watched.steps) > 200
    assert {name: dict(decided(case)) for name, case in watched.cases.items()} == {
        name: dict(decided(case)) for name, case in kept.items()
    }
    assert [after(step) for step in watched.steps] == [after(step) for step in watched.kept.steps]
    assert all(step.hash for step in watched.kept.steps)
    assert not any(step.text or step.hash or step.outgoing for step in watched.steps)


@pytest.mark.parametrize("process", ["repair", "refund", "courier_claim"])
def test_answers_that_were_read_once_are_those_that_are_read_each_time(
    process: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_once = simulate([days(process)])
    monkeypatch.setattr("engine.simulation.answering._taken", lambda raw, field, zone: raw)
    assert simulate([days(process)]) == read_once


def histories(process: str) -> list[list[tuple[Mapping[str, Any], Case]]]:
    """Every record of its scenarios, and the case after it."""
    script, _ = read_script((ROOT / "processes" / f"{process}.scenarios.yaml").read_text("utf-8"), process)
    assert script is not None
    played = play_all(script, shipped())
    assert not [one.failure for one in played if one.failure]
    return [[(step.record, step.case) for step in one.steps] for one in played]


@pytest.mark.parametrize("process", ["case_check", "handover", "order_exception", "parts_list", "refund"])
def test_what_has_come_to_rest_stays_there_until_something_it_reads_is_otherwise(
    process: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = shipped().newest(process, 0)
    assert plan is not None
    assert (plan.has_decides, plan.is_watchful) == (True, False)
    expected = histories(process)
    monkeypatch.setattr(Plan, "is_watchful", True)  # asked again after every record
    assert histories(process) == expected


@pytest.mark.parametrize("process", ["repair", "complaint", "visit_report"])
def test_a_promise_under_way_is_not_moved_by_what_starts_it_nor_one_at_rest_by_what_ends_it(
    process: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = histories(process)

    def all_that_listen(plan: Plan, happened: frozenset[str]) -> Heard:
        heard = heard_by(plan.watched, happened)
        return Heard(heard.starting | heard.moving, heard.starting | heard.moving, plan.watched)

    monkeypatch.setattr(Plan, "heard", all_that_listen)
    assert histories(process) == expected
