"""Names in scenario files: each is one of the process, or the near one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.lang.load import load_folder
from engine.lang.manual.pages import base
from engine.scenarios import read_script, unknown_names

FOLDER = Path(__file__).resolve().parents[2] / "processes"
VISIT = load_folder(
    {
        **base(),
        "example.yaml": base()["example.yaml"]
        + "actions:\n  arrange: {label: {en: Arrange}, by: [agent], to: stay, then: [{open: visit, as: trip, with: "
        "{address: =case.subject}}]}\n",
    }
).definitions


def found(steps: str, given: str = "{as: agent:lin}", process: str = "visit") -> list[tuple[str, str, str | None, int]]:
    text = f"process: {process}\ngiven: {given}\nscenarios:\n  one:\n    - {steps}\n"
    script, findings = read_script(text, "visit.scenarios.yaml")
    assert script is not None, findings
    return [(one.id, one.message, one.help, one.span.column) for one in unknown_names(script, VISIT)]


@pytest.mark.parametrize(
    ("steps", "rule", "message", "mend"),
    [
        ("{do: arive}", "action", "`arive` is not an action of `visit`", "did you mean `arrive`?"),
        ("{do: ask, as: supervisr:xu}", "role", "`supervisr` is not a role of the desk", "did you mean `supervisor`?"),
        (
            "{do: arrive, with: {whom: li}}", "field", "`whom` is not a field of the form of action `arrive`",
            "did you mean `who`?",
        ),
        (
            "{do: arrive, refused: formm}", "name", "`formm` is not a reason of action `arrive` to refuse",
            "did you mean `form`?",
        ),
        (
            "{wait: 1m, expect: {state: plannd}}", "state", "`plannd` is not a state of `visit`",
            "did you mean `planned`?",
        ),
        (
            "{wait: 1m, expect: {clocks.visitd: met}}", "name", "`visitd` is not a clock of `visit`",
            "did you mean `visited`?",
        ),
        (
            "{wait: 1m, expect: {case.adress: x}}", "field", "`adress` is not a field of `visit`",
            "did you mean `address`?",
        ),
        (
            "{wait: 1m, expect: {sent: {latte: [agent]}}}", "message", "`latte` is not a message of `visit`",
            "did you mean `late`?",
        ),
        ("{wait: 1m, expect: {emitted: {gone: {}}}}", "name", "`gone` is not an event of `visit`", None),
        ("{open: {adress: x}}", "field", "`adress` is not a field of the opening's form", "did you mean `address`?"),
        ("{schedule: weekly}", "name", "`weekly` is not a schedule of `visit`", None),
        ("{wait: 1m, facts: {shift: [li]}}", "name", "`shift` is not a fact of `visit`", None),
        ("{wait: 1m, expect: {trip.state: planned}}", "link", "`trip` is not a link of `visit`", None),
    ],
)  # fmt: skip
def test_a_name_that_does_not_exist_is_an_error_with_the_near_one(
    steps: str, rule: str, message: str, mend: str | None
) -> None:
    assert [one[:3] for one in found(steps)] == [(f"unknown-{rule}", message, mend)]


def test_the_place_is_that_of_the_name() -> None:
    assert [one[3] for one in found("{do: arive}")] == [12]
    assert [one[3] for one in found("{wait: 1m, expect: {state: plannd}}")] == [34]


def test_given_is_looked_at_too() -> None:
    given = "{as: agnt:lin, open: {adress: x}}"
    assert [one[0] for one in found("{wait: 1m}", given)] == ["unknown-role", "unknown-field"]


def test_linked_cases_have_names_of_their_own() -> None:
    right = "{case: trip, do: arrive, as: technician:li, with: {who: li}, expect: {trip.state: visited}}"
    assert found(right, process="example") == []
    wrong = right.replace("arrive", "arive").replace("visited", "visitd")
    assert [one[0] for one in found(wrong, process="example")] == ["unknown-action", "unknown-state"]


def test_a_refusal_by_the_form_may_give_what_the_form_does_not_ask() -> None:
    assert found("{do: arrive, with: {address: x}, refused: form}") == []


def test_a_refusal_by_the_role_may_be_that_of_a_stranger() -> None:
    assert found("{do: ask, as: visitor:wu, refused: by}") == []


def test_scenarios_of_a_process_that_is_not_there_name_the_near_one() -> None:
    assert found("{wait: 1m}", process="visti")[0][:3] == (
        "unknown-process", "there is no process `visti` beside these scenarios", "did you mean `visit`?",
    )  # fmt: skip


def test_the_shipped_scenarios_name_nothing_that_is_not_there() -> None:
    sources = {path.relative_to(FOLDER).as_posix(): path.read_text("utf-8") for path in FOLDER.rglob("*.yaml")}
    definitions = load_folder(sources).definitions
    for path in FOLDER.glob("*.scenarios.yaml"):
        script, _ = read_script(path.read_text("utf-8"), path.name)
        assert script is not None
        assert [*unknown_names(script, definitions)] == []
