"""Who holds a case, what is attached and where it ends, as steps of a scenario."""

from __future__ import annotations

import pytest

from engine.core.plan import library_in_memory
from engine.lang.load import load_process
from engine.scenarios import play_all, read_script
from engine.scenarios.names import unknown_names
from tests.simulation.desks import DESK, JOB

LOADED = load_process({"desk.yaml": DESK, "job.yaml": JOB}, "job", rules=False).definition
assert LOADED is not None
LIBRARY = library_in_memory([LOADED])
OPENED = "process: job\ngiven: {as: agent:lin}\nscenarios:\n  it is held:\n    - {open: {}}\n"


def failures(*steps: str) -> list[str]:
    """Play these after an opening; what failed, or what is wrong with the file."""
    script, findings = read_script(OPENED + "".join(f"    - {step}\n" for step in steps), "job.scenarios.yaml")
    assert LOADED is not None
    if script is None:
        return [finding.message for finding in findings]
    unknown = [finding.message for finding in unknown_names(script, {"job": LOADED})]
    return unknown or [outcome.failure.message for outcome in play_all(script, LIBRARY) if outcome.failure]


@pytest.mark.parametrize(
    "steps",
    [
        [
            "{claim: true, expect: {assignee: lin, recorded: {verb: claim}}}",
            "{release: true, expect: {assignee: none}}",
        ],
        [
            "{claim: true}",
            "{claim: true, as: agent:wu, refused: claimed}",
            "{release: true, as: agent:wu, refused: by}",
        ],
        ["{assign: wu, expect: {assignee: wu}}", "{assign: wu, as: manager:chen, refused: by}"],
        ["{attach: photo.jpg, expect: {recorded: {verb: attach}}}"],
        ["{open: {kind: again}}", "{merge: true, expect: {clocks.quick: cancelled}}", "{merge: true, refused: state}"],
        ["{wait: 16m}", "{open: {}}", "{merge: true}", "{do: finish, expect: {recorded: {verb: merge}}}"],
        ["{wait: 16m}", "{open: {}}", "{take_in: true}", "{do: finish, expect: {recorded: {verb: do, name: finish}}}"],
    ],
)
def test_a_case_is_held_and_merged(steps: list[str]) -> None:
    assert failures(*steps) == []


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (["{merge: true}"], "`merge` has no case to end in: open one before this one"),
        (["{take_in: true}"], "`take_in` has no case to end in: open one before this one"),
        (["{claim: true, do: finish}"], "`claim` cannot stand beside `do`: each is a step"),
        (["{claim: true, release: true}"], "`release` cannot stand beside `claim`: each is a step"),
        (["{claim: true, refused: claimd}"], "`claimd` is not a reason of `claim` to refuse"),
        (["{assign: wu, as: manager:chen}"], "`assign` was refused: "),
    ],
)
def test_what_cannot_be_so_is_said(steps: list[str], said: str) -> None:
    assert [message[: len(said)] for message in failures(*steps)] == [said]
