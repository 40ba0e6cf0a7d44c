"""What a process hears: how it is written, what is wrong with it, and how scenarios tell events."""

from __future__ import annotations

import pytest

from engine.core.hearing import answers, marks_of, meant
from engine.core.plan import Library, Plan
from engine.core.run import newborn
from engine.lang.load import Loaded, load_process
from engine.model import Incoming
from engine.scenarios import play_all, read_script
from engine.scenarios.coverage import coverage_of

DESK = """
desk: gate
languages: [en]
zone: Europe/Berlin
currency: EUR
roles: {agent: {en: Agent}, scanner: {en: Scanner}}
parties: {guest: {label: {en: Guest}}}
"""

LOAN = """
process: loan
version: 1
prefix: L
label: {en: Loan}
calendar: always
initial: lent
fields:
  tag:   {type: text, label: {en: Tag}}
  shelf: {type: integer, label: {en: Shelf}}
  who:   {type: text, personal: true, label: {en: Who}}
  state_of: {type: choice, choices: {good: {en: Good}, bad: {en: Bad}}, label: {en: State}}
  papers: {type: list, of: text, label: {en: Papers}}
incoming:
  passed: {from: scanner, find: {tag: rfid}, do: back, with: {state_of: looks}, otherwise: keep, for: 2h}
opening: {by: [agent], form: {require: [tag], allow: [shelf, who, papers]}}
states:
  lent:
    label: {en: Lent}
    waiting_on: agent
    actions: {back: {label: {en: Back}, by: [agent, scanner], form: {require: [state_of]}, to: returned}}
  returned: {label: {en: Returned}, final: done}
"""

PASSED = "passed: {from: scanner, find: {tag: rfid}, do: back, with: {state_of: looks}, otherwise: keep, for: 2h}"


def load(changed: str = PASSED) -> Loaded:
    return load_process({"desk.yaml": DESK, "loan.yaml": LOAN.replace(PASSED, changed)}, "loan")


def test_an_event_is_built_as_it_is_written() -> None:
    definition = load().definition
    assert definition is not None
    one = definition.incoming["passed"]
    assert isinstance(one, Incoming)
    assert (one.sender, one.find, one.action, one.values) == ("scanner", {"tag": "rfid"}, "back", {"state_of": "looks"})
    assert one.otherwise == "keep"
    assert one.keep_for is not None
    assert one.keep_for.text == "2h"


@pytest.mark.parametrize(
    ("written", "rule", "message", "mend"),
    [
        (PASSED.replace("scanner", "scaner"), "unknown-role", "`scaner` is not a role of the desk", "`scanner`"),
        (PASSED.replace("scanner", "guest"), "party-acts", "`guest` is a party, and parties never act", "role of the"),
        (PASSED.replace("{tag:", "{tga:"), "unknown-field", "`tga` is not a field of the case", "`tag`"),
        (PASSED.replace("{tag:", "{who:"), "personal-read", "no case is found by it", "`id`"),
        (PASSED.replace("{tag:", "{papers:"), "wrong-find", "`papers` is list, and no case is found by that", "`id`"),
        (PASSED.replace("do: back", "do: bakc"), "unknown-action", "event `passed` does `bakc`", "`back`"),
        (PASSED.replace("state_of: looks", "shelf: s"), "unknown-field", "does not ask for `shelf`", "state_of"),
        (PASSED.replace(", for: 2h", ""), "missing-key", "`otherwise: keep` needs `for`", "30 calendar_days"),
        (PASSED.replace("keep", "ignore"), "unknown-key", "with `otherwise: ignore` none is", "take it away"),
        (PASSED.replace("2h", "1d"), "bare-days", "`1d` can mean three things", None),
        (PASSED.replace("rfid", "my tag"), "wrong-value", "`tag` cannot be `my tag`", "write `my_tag`"),
        (PASSED.replace("otherwise: keep", "otherwise: kept"), "wrong-value", "`otherwise` of event `passed`", None),
        (PASSED.replace("{tag: rfid}", "{}"), "wrong-value", "`find` of event `passed`", None),
        (PASSED.replace("from:", "form:"), "unknown-key", "`form` is not a key of event `passed`", "`from`"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_event_is_one_finding(written: str, rule: str, message: str, mend: str | None) -> None:
    found = [one for one in load(written).diagnostics if one.severity == "error"]
    assert [one.id for one in found] == [rule], [one.message for one in found]
    assert message in found[0].message
    assert mend is None or mend in (found[0].help or "")


@pytest.fixture
def plan() -> Plan:
    definition = load().definition
    assert definition is not None
    return Plan(definition)


def test_values_are_read_as_the_fields_they_are_compared_with(plan: Plan) -> None:
    one = plan.definition.incoming["passed"]
    assert meant(plan, one, {"rfid": "T1"}) == ({"tag": "T1"}, [])
    values, reasons = meant(plan, one, {"rfid": 7})
    assert not values
    assert [reason.rule for reason in reasons] == ["find"]
    assert answers(plan, one, {"rfid": "T1", "looks": "good", "colour": "red"}) == {"state_of": "good"}


SCENARIOS = """
process: loan
given: {at: 2026-03-02 09:00, open: {tag: T1}, as: "agent:lin"}
scenarios:
  done:
    - {open: {}}
    - {hear: passed, with: {rfid: T1, looks: good}, expect: {state: returned, heard: done, case.state_of: good}}
  kept and taken up:
    - {hear: passed, with: {rfid: T1, looks: bad}, expect: {heard: kept}}
    - {wait: 1h59m, open: {}, expect: {state: returned}}
  over:
    - {hear: passed, with: {rfid: T1, looks: bad}, expect: {heard: kept}}
    - {wait: 2h, open: {}, expect: {state: lent}}
  two cases:
    - {open: {}}
    - {open: {}}
    - {hear: passed, with: {rfid: T1, looks: bad}, expect: {heard: kept, state: lent}}
  not by an agent:
    - {open: {}}
    - {hear: passed, from: agent, with: {rfid: T1, looks: good}, refused: by}
    - {hear: passed, with: {rfid: T1}, refused: form}
    - {hear: passed, with: {looks: good}, refused: find}
"""


def test_scenarios_tell_events_and_count_them(plan: Plan) -> None:
    script, findings = read_script(SCENARIOS, "loan.scenarios.yaml")
    assert script is not None, findings
    outcomes = play_all(script, Library({("loan", 1): plan}, {"loan": ((0, 1),)}))
    assert [(one.scenario, one.failure) for one in outcomes if one.failure is not None] == []
    coverage = coverage_of(plan, outcomes)
    assert coverage.there["event"] == ("passed heard", "passed otherwise")
    assert coverage.missing["event"] == ()
    assert coverage_of(plan, outcomes[:1]).missing["event"] == ("passed otherwise",)


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ("{hear: passed, with: {rfid: T9, looks: good}}", "`passed` found no case, and was kept"),
        ("{hear: pased, with: {rfid: T1}}", "`loan` hears no event `pased`"),
        ("{hear: passed, with: {rfid: T1, looks: good}, expect: {heard: kept}}", "`kept`, but is `done`"),
        ("{hear: passed, with: {rfid: T1}}", "`passed` was refused: "),
    ],
)  # fmt: skip
def test_a_scenario_that_expects_otherwise_says_what_became_of_the_event(plan: Plan, step: str, why: str) -> None:
    head = SCENARIOS.split("scenarios:")[0]
    script, findings = read_script(
        f"{head}scenarios:\n  one:\n    - {{open: {{}}}}\n    - {step}\n", "loan.scenarios.yaml"
    )
    assert script is not None, findings
    [outcome] = play_all(script, Library({("loan", 1): plan}, {"loan": ((0, 1),)}))
    assert outcome.failure is not None
    assert why in outcome.failure.message


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{hear: passed, do: back}", "`hear` cannot stand beside `do`"),
        ("{hear: passed, open: {}}", "`hear` cannot stand beside `open`"),
        ("{with: {rfid: T1}}", "`with` needs `do` or `hear` beside it"),
        ("{from: scanner}", "`from` needs `hear` beside it"),
    ],
)
def test_steps_that_cannot_be_say_so(step: str, message: str) -> None:
    script, findings = read_script(f"process: loan\nscenarios:\n  one:\n    - {step}\n", "loan.scenarios.yaml")
    assert script is None
    assert message in findings[0].message


def test_a_case_has_marks_only_while_it_has_the_values(plan: Plan) -> None:
    case = newborn(plan, "L-1", 0)
    assert marks_of(plan, case) == frozenset()
    with_tag = case.but(data={"tag": "T1"})
    assert [event for event, _ in marks_of(plan, with_tag)] == ["passed"]
    assert marks_of(plan, case.but(data={"tag": "T2"})) != marks_of(plan, with_tag)
    assert marks_of(plan, with_tag.but(outcome="done")) == frozenset()
