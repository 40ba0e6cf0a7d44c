"""Scenario files as values: what reads like one thing must not do another."""

from __future__ import annotations

import pytest

from engine.scenarios import read_script

FILE = """
process: question
given: {{as: "agent:lin"}}
scenarios:
  a sentence:
    - {step}
"""


@pytest.mark.parametrize("step", ["{do: answer, as: 'agent:lin'}", "{open: {}, expect: {state: asked}}", "{wait: 1s}"])
def test_a_step_does_one_thing(step: str) -> None:
    script, findings = read_script(FILE.format(step=step), "question.scenarios.yaml")
    assert script is not None
    assert findings == []


def test_a_step_that_opens_and_acts_is_found_for_its_action_would_be_left_out() -> None:
    script, (found,) = read_script(FILE.format(step="{open: {}, do: answer}"), "question.scenarios.yaml")
    assert script is None
    assert (found.span.line, found.span.column, found.help) == (6, 18, "make it two steps")
    assert found.message == "`do` cannot stand beside `open`: a step opens a case or does an action"


def test_a_time_that_is_none_is_found_at_its_place() -> None:
    script, (found,) = read_script(FILE.format(step="{wait: 1d}"), "question.scenarios.yaml")
    assert script is None
    assert (found.id, found.span.line) == ("bad-time", 6)
