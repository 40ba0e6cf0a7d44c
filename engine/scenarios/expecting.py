"""What a scenario may expect after a step, from what happened in it: states, promises, messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.core.cases import Case, Step
from engine.scenarios.sent import sent_names


def expected(
    steps: Sequence[Step], cases: Mapping[str, Case], root: str, link_of: Callable[[str], str]
) -> dict[str, Any]:
    """Where the family stands, what promises became, what was sent; `link_of` names a case as seen from the root."""
    expect: dict[str, Any] = {}
    for case in dict.fromkeys((root, *(step.record["case"] for step in steps))):
        link = "" if case == root else f"{link_of(case)}."
        if leaves := sorted(cases[case].position.leaves):
            expect[f"{link}state"] = leaves if len(leaves) > 1 else leaves[0]
        touched = [entry[0] for step in steps if step.record["case"] == case for entry in step.record.get("clocks", ())]
        for clock in dict.fromkeys(touched):
            if clock in cases[case].clocks:
                expect[f"{link}clocks.{clock}"] = cases[case].clocks[clock].status
    sent = [one for step in steps for one in step.outgoing if one.status == "waiting"]
    if sent:
        expect["sent"] = sent_names(sent)
    return expect
