"""Whether a recorded scenario goes as the case went, and what is left out of it where it does not."""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.core.plan import Library
from engine.scenarios.play import play
from engine.scenarios.script import read_script


class Unsaid(NamedTuple):
    """What the case went through and the scenario does not show: of which kind, and at which step or thing."""

    kind: str
    what: str


class Failed(NamedTuple):
    """The step at which the scenario does not go as the case went, and what is otherwise there."""

    step: int
    subject: str
    message: str


def failed_at(text: str, library: Library) -> Failed | None:
    """Where a file with one scenario does not pass, if it does not."""
    script, findings = read_script(text, "recorded.scenarios.yaml")
    if script is None:
        return Failed(0, "", "; ".join(found.message for found in findings))
    failure = play(script.scenarios[0], script, library).failure
    if failure is None:
        return None
    steps = script.scenarios[0].steps
    number = next((number for number, step in enumerate(steps) if step.place == failure.place), 0)
    subject = failure.message[1:].partition("`")[0] if failure.message.startswith("`") else ""
    return Failed(number, subject, failure.message)


def left_out(written: list[dict[str, Any]], failed: Failed) -> Unsaid | None:
    """Take out what does not go as it went and is not needed for the rest: an expectation, or a refusal."""
    step = written[failed.step]
    if step.get("expect", {}).pop(failed.subject, None) is not None:
        return Unsaid("expectation", f"{failed.subject}: {failed.message}")
    if step.get("case") == "parent":
        written[failed.step] = {key: step[key] for key in ("until",) if key in step}
        return Unsaid("parent", failed.message)
    if "refused" not in step or "open" in step:
        return None
    written[failed.step] = {key: step[key] for key in ("until", "expect") if key in step}
    return Unsaid("refusal", failed.message)
