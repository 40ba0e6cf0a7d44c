"""Scenarios say in which step what was not as expected, and coverage says what they left out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.core.plan import Library
from engine.scenarios import Outcome, coverage_of, play_all, read_script
from tests.unit.worlds import library

PROCESS = """
initial: open
never_by: [did.leave]
facts: {price: {type: money}}
fields: {fee: {type: money}}
opening: {by: [agent], form: {require: [note], allow: [phone, visit_at]}, guards: {said: {must: form.note != 'none'}}}
actions: {leave: {by: [agent], to: stay}}
states:
  open:
    waiting_on: [{if: did.look > 0, is: boss}, {is: agent}]
    actions:
      look: {by: [agent], needs: [leave], to: stay}
      pay:
        by: [agent, boss]
        form: {require: [fee]}
        guards: {enough: {must: form.fee >= facts.price}}
        then: [{notify: boss, message: told, if: form.fee > facts.price}, {open: child, as: visit}]
        to: [{if: 'case.fee > money("9.00")', is: high}, {is: low}]
    timers: {nag: {every: 1h, max: 2, then: [{notify: agent, message: told}]}}
  high: {waiting_on: customer, actions: {back: {by: [agent], to: open}}}
  low: {actions: {end: {by: [agent], to: closed}}}
  closed: {final: done}
clocks:
  c:
    goal: 30m
    met_by: [pay]
    pauses_in: [high]
    thresholds: [{at: goal, then: [{notify: boss, message: late}, {assign: boss}]}]
"""

CHILD = """
initial: planned
opening: {by: [agent]}
states:
  planned: {on_enter: [{notify: manager, message: told}], actions: {visit: {by: [agent], to: made}}}
  made: {final: done}
clocks: {soon: {goal: 2h, met_by: [visit]}}
"""

GIVEN = """
process: thing
given: {at: 2026-03-02 09:00, open: {note: x, phone: "139"}, as: agent:lin, facts: {price: 5.00}}
scenarios:
  one:
"""

LIBRARY: Library = library({"thing": PROCESS, "child": CHILD})


def played(steps: str) -> Outcome:
    script, findings = read_script(
        GIVEN + "\n".join(f"    - {line.strip()}" for line in steps.strip().splitlines()), "s.yaml"
    )
    assert script is not None, findings
    return play_all(script, LIBRARY)[0]


@pytest.mark.parametrize(
    "steps",
    [
        "{wait: 30m, expect: {clocks.c: running, clocks.c.left: 0s}}",
        "{wait: 30m}\n"
        "{wait: 1s, expect: {clocks.c: breached, clocks.c.left: -1s, assignee: boss, sent: {late: [boss]}}}",
        "{until: 2026-03-02 09:10, expect: {clocks.c.left: 20m, state: open, assignee: none, sent: {}}}",
        "{do: pay, with: {fee: 4.99}, refused: enough}",
        "{do: pay, with: {fee: 6.00}, facts: {price: 7.00}, refused: enough}",
        "{do: pay, as: manager:li, with: {fee: 6.00}, refused: by}",
        "{do: end, refused: state}",
        "{do: pay, refused: form}",
        "{do: leave}\n{do: leave, refused: never_by}",
        "{do: look, refused: needs}",
        "{open: {note: null}, refused: form}",
        "{open: {note: 'none'}, refused: said}",
        "{open: {note: other}, expect: {case.note: other, case.phone: '139', case.fee: null}}",
        "{do: pay, with: {fee: 9.01},"
        " expect: {state: high, clocks.c: met, case.fee: 9.01, sent: {told: [boss, manager]}}}",
        "{do: pay, with: {fee: 5.00}, expect: {state: low, visit.state: planned, visit.clocks.soon: running,"
        " visit.sent: {told: [manager]}, sent: {told: [manager]}}}",
        "{do: pay, with: {fee: 5.00}}\n{wait: 1h, expect: {visit.clocks.soon.left: 1h, visit.assignee: null}}",
        "{do: pay, with: {fee: 5.00}}\n{case: visit, do: visit, expect: {visit.state: made, state: low}}",
        "{expect: {visit.state: none}}",
        "{wait: 2h, expect: {sent: {told: [agent], late: [boss]}}}\n{wait: 1s, expect: {sent: {told: [agent]}}}",
    ],
)
def test_what_is_expected_and_is_so_holds(steps: str) -> None:
    assert played(steps).failure is None


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("{expect: {state: low}}", "`state` was to be `low`, but is `open`"),
        ("{expect: {clocks.c: met}}", "`clocks.c` was to be `met`, but is `running`"),
        ("{wait: 10m, expect: {clocks.c.left: 21m}}", "`clocks.c.left` was to be `21m`, but is `20m`"),
        ("{expect: {assignee: lin}}", "`assignee` was to be `lin`, but is `none`"),
        ("{expect: {case.note: other}}", "`case.note` was to be `other`, but is `x`"),
        ("{expect: {case.nothing: other}}", "`case.nothing` is not a field of `thing`"),
        ("{expect: {clocks.nothing: met}}", "`nothing` is not a clock of `thing`"),
        ("{wait: 30m, expect: {clocks.c: breached}}", "but is `running`; what falls due at this very instant has not"),
        ("{wait: 31m, expect: {sent: {}}}", "`sent` was to be {}, but is {late: [boss]}"),
        ("{wait: 31m, expect: {sent: {late: [manager]}}}", "`sent` was to be {late: [manager]}, but is {late: [boss]}"),
        ("{do: pay, with: {fee: 1.00}}", "`pay` was refused: no [enough]"),
        ("{do: pay, with: {fee: 6.00}, refused: enough}", "`pay` was to be refused by `enough`, but it was done"),
        ("{do: end, refused: by}", "it was to be refused by `by`, but it was by: `end` is not possible"),
        ("{until: 2026-03-02 08:00}", "`until: 2026-03-02 08:00` lies in the past of the scenario"),
        ("{case: visit, do: visit}", "there is no case linked as `visit`"),
        ("{expect: {visit.state: planned}}", "`visit.state` was to be `planned`, but is `none`"),
        ("{do: pay, with: {fee: 5.00}, expect: {visit.sent: {}}}", "`visit.sent` was to be {}, but is {told: [man"),
        (
            "{open: {note: 'none'}, refused: said}\n{do: look}",
            "`look` has no case to act on: the opening was refused, and none was opened since",
        ),
    ],
)  # fmt: skip
def test_what_is_not_as_expected_is_named_with_what_is(steps: str, message: str) -> None:
    failure = played(steps).failure
    assert failure is not None
    assert message in failure.message


def test_a_failure_stands_at_its_step_and_later_ones_are_not_played() -> None:
    outcome = played("{wait: 1m}\n{expect: {state: low}}\n{do: pay, with: {fee: 5.00}}")
    assert outcome.failure is not None
    assert outcome.failure.place.line == 7
    assert [step.record["verb"] for step in outcome.steps] == ["open"]


def test_a_family_that_fires_without_end_is_a_failure_of_its_step() -> None:
    circle = """
    initial: one
    opening: {by: [agent], form: {allow: [visit_at]}}
    states:
      one: {timers: {t: {at: case.visit_at, to: two}}}
      two: {timers: {t: {at: case.visit_at, to: one}}}
    """
    text = (
        "process: thing\ngiven: {as: agent:lin, open: {visit_at: 2026-03-02 09:30}}\n"
        "scenarios: {one: [{wait: 1h, expect: {state: one}}]}"
    )
    script, _ = read_script(text, "s.yaml")
    assert script is not None
    failure = play_all(script, library({"thing": circle}))[0].failure
    assert failure is not None
    assert "more than 100 times at one instant" in failure.message


# -- coverage ----------------------------------------------------------------------------------------------------------


def missing(steps: str) -> dict[str, tuple[str, ...]]:
    found = coverage_of(LIBRARY.plan("thing", 1), [played(steps)]).missing
    return {kind: names for kind, names in found.items() if names}


def test_nothing_tried_leaves_all_out_but_how_it_opens() -> None:
    found = missing("{expect: {state: open}}")
    assert found["state"] == ("high", "low", "closed")
    assert found["action"] == ("leave", "look", "pay", "back", "end")
    assert found["guard"] == ("opening.said fails", "pay.enough holds", "pay.enough fails")
    assert found["threshold"] == ("c goal",)
    assert found["pause"] == ("c high",)
    assert found["timer"] == ("open.nag",)
    assert found["branch"] == ("open.waiting_on 1", "open.pay.to 1", "open.pay.to 2")
    assert found["effect"] == ("open.pay.then 1 done", "open.pay.then 1 left out")
    assert found["refusal"] == ("look needs",)


EVERYTHING = """
    {open: {note: 'none'}, refused: said}
    {open: {note: x}}
    {do: look, refused: needs}
    {do: leave, as: agent:wu}
    {do: look}
    {wait: 61m}
    {do: pay, with: {fee: 1.00}, refused: enough}
    {do: pay, with: {fee: 10.00}, expect: {state: high}}
    {do: back}
    {do: pay, with: {fee: 5.00}}
    {do: end}
"""


def test_everything_tried_leaves_out_what_no_scenario_could_have_seen() -> None:
    assert missing(EVERYTHING) == {"pause": ("c high",)}  # the clock was met on the way there
    share = coverage_of(LIBRARY.plan("thing", 1), [played(EVERYTHING)]).share
    assert 0.95 < share < 1


@pytest.mark.parametrize(
    ("left_out", "found"),
    [
        ("{do: look, refused: needs}", {"refusal": ("look needs",)}),
        ("{do: pay, with: {fee: 1.00}, refused: enough}", {"guard": ("pay.enough fails",)}),
        ("{wait: 61m}", {"threshold": ("c goal",), "timer": ("open.nag",)}),
        ("{do: end}", {"state": ("closed",), "action": ("end",)}),
        ("{open: {note: 'none'}, refused: said}", {"guard": ("opening.said fails",)}),
    ],
)
def test_each_thing_left_out_is_named(left_out: str, found: dict[str, tuple[str, ...]]) -> None:
    assert missing(EVERYTHING.replace(left_out + "\n", "\n").replace("\n    \n", "\n")) == {
        "pause": ("c high",), **found
    }  # fmt: skip


def test_several_scenarios_cover_together() -> None:
    plan = LIBRARY.plan("thing", 1)
    some = [played("{do: pay, with: {fee: 5.00}}"), played("{do: pay, with: {fee: 1.00}, refused: enough}")]
    apart = [set(coverage_of(plan, [one]).missing["guard"]) for one in some]
    assert set(coverage_of(plan, some).missing["guard"]) == apart[0] & apart[1]


def test_a_guard_of_a_region_left_out_has_been_seen_to_fail() -> None:
    regions = """
    initial: both
    states:
      both:
        parallel: true
        states:
          l: {initial: l1, states: {l1: {actions: {go: {by: [agent], guards: {never: {must: 1 > 2}}, to: l2}}}, l2: {}}}
          r: {initial: r1, states: {r1: {actions: {go: {by: [agent], to: r2}}}, r2: {}}}
    """
    lib = library({"thing": regions})
    script, findings = read_script(
        "process: thing\ngiven: {as: agent:lin}\nscenarios: {one: [{do: go, expect: {state: [l1, r2]}}]}", "s.yaml"
    )
    assert script is not None, findings
    outcome = play_all(script, lib)
    assert outcome[0].failure is None
    assert "go.never fails" not in coverage_of(lib.plan("thing", 1), outcome).missing["guard"]


def test_a_state_that_decides_at_once_has_been_seen_when_it_was_passed() -> None:
    """No case rests in it, so its coverage was never whole."""
    lib = library({"thing": "initial: fork\nstates: {fork: {decide: [{if: 1 > 2, is: l}, {is: r}]}, l: {}, r: {}}"})
    script, findings = read_script(
        "process: thing\ngiven: {as: agent:lin}\nscenarios: {one: [{expect: {state: r}}]}", "s.yaml"
    )
    assert script is not None, findings
    assert coverage_of(lib.plan("thing", 1), play_all(script, lib)).missing["state"] == ("l",)


def test_a_script_that_is_wrong_leaves_nothing_to_play() -> None:
    reads: Callable[[str], object] = lambda text: read_script(text, "s.yaml")[0]  # noqa: E731
    assert reads("process: thing\nscenarios: {one: [{wait: 1d}]}") is None
    assert reads("process: thing\nscenarios: {one: [{wiat: 1h}]}") is None
    assert reads("process: thing") is None


SCHEDULED = """
initial: open
fields: {kind: {type: text}}
opening: {by: [agent], form: {allow: [kind]}, then: [{notify: boss, message: told}]}
schedule:
  daily: {every: day at 10:00, with: {kind: round}}
  weekly: {every: week on fri at 10:00}
states:
  open: {actions: {end: {by: [agent], to: closed}}, timers: {nag: {after: 1h, then: [{notify: agent, message: told}]}}}
  closed: {final: done}
"""


@pytest.mark.parametrize(
    ("steps", "failure"),
    [
        ("{until: 2026-03-02 10:00, wait: 1s, schedule: daily, expect: {state: open, case.kind: round}}", None),
        ("{until: 2026-03-02 10:00, schedule: daily}", "`daily` has not opened a case yet"),
        ("{wait: 2h, schedule: dayly}", "`dayly` is not a schedule of `thing`"),
        ("{wait: 2h, schedule: daily}; {do: end, expect: {state: closed}}", None),
        # what the calendar opens beside the case sends its own messages
        ("{wait: 2h, expect: {sent: {told: [agent]}}}", None),
        ("{wait: 70m, schedule: daily, expect: {sent: {told: [boss]}}}", None),
        ("{wait: 2970m, schedule: daily}; {until: 2026-03-04 11:00, wait: 1s, expect: {sent: {told: [agent]}}}", None),
    ],
)
def test_a_scenario_plays_the_case_that_the_calendar_opened(steps: str, failure: str | None) -> None:
    text = GIVEN.replace('open: {note: x, phone: "139"}, ', "").replace(", facts: {price: 5.00}", "")
    script, findings = read_script(
        text + "".join(f"    - {step}\n" for step in steps.split("; ")), "thing.scenarios.yaml"
    )
    assert script is not None, findings
    [outcome] = play_all(script, library({"thing": SCHEDULED}))
    assert (outcome.failure and outcome.failure.message) == failure
