"""Assumptions to begin with: of every shipped process they can be read and played as they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.simulation.reading import Wanted, read_assumptions
from engine.simulation.run import Variant
from engine.simulation.sample import Comments, sample
from engine.simulation.together import simulate
from tests.simulation.desks import job
from tests.simulation.test_same_core import shipped

NOTES = Comments("guesses", "at random", "by chance")


@pytest.mark.parametrize("process", sorted(shipped().published))
def test_a_sample_of_a_shipped_process_is_played_as_it_is(process: str) -> None:
    definition = shipped().plans[process, 1].definition
    found = read_assumptions(sample(definition, NOTES).encode(), "day.yaml", Wanted(definition, lambda name: ""))
    assert found.findings == ()
    assert found.said is not None
    assumed = replace(found.said, days=2)
    (shown,) = simulate([Variant(title="", library=shipped(), assumed=assumed, seed=1)])
    # What is guessed may be refused by a guard of the opening; then that is told, and says what to write.
    assert shown.closed > 0 or {one.action for one in shown.refused} & {"opening"}


def test_a_sample_names_what_leads_on_and_who_is_needed() -> None:
    lines = sample(job()[0], NOTES).splitlines()
    assert "opening: {as: agent}" in lines
    assert "  here: {all_of: expert}" in lines
    assert "  ask: {chance: 1, takes: {triangular: [2m, 5m, 15m]}, with: {helper: {one_of: expert}}}" in lines
    assert lines[-2:] == ["  - {role: agent, count: 2}", "  - {role: expert, count: 2}"]
