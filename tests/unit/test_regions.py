"""Groups and regions: what a group says for all inside it, and what regions do side by side."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.worlds import MINUTE, Play

Begin = Callable[..., Play]

GROUPS = """
initial: outer
actions: {out: {by: [agent], to: other}, look: {by: [agent], to: stay}}
states:
  outer:
    initial: one
    waiting_on: boss
    never_by: [did.start]
    on_enter: [{set: {note: entered}}]
    actions:
      start: {by: [agent], to: two}
      anew: {by: [agent], to: outer}
      mark: {by: [agent], form: {require: [note]}, to: stay}
    states:
      one: {}
      two: {waiting_on: agent, actions: {mark: {by: [boss], to: one}}}
      failed: {final: failed}
    timers: {t: {after: 1h, to: failed}}
  other: {actions: {return: {by: [agent], to: two}}}
clocks: {c: {goal: 5h, pauses_in: [outer], starts: [other], met_by: [outer]}}
"""


def test_what_a_group_says_holds_for_all_inside_unless_they_say_otherwise(play: Begin) -> None:
    p = play(GROUPS)
    p.open()
    assert p.one().waiting == ("role:boss",)
    p.do("start")
    assert p.one().waiting == ("role:agent",)
    assert p.refused("mark", note="x") == ["by", "never_by"]  # the inner one, and the group excludes who started


def test_a_group_is_entered_at_its_initial_state_and_anew_by_a_step_to_itself(play: Begin) -> None:
    p = play(GROUPS)
    p.open()
    p.do("mark", note="x")
    p.do("start")
    assert (p.state, p.value("note")) == ("two", "x")  # a step inside it does not enter it
    p.do("anew", "agent:wu")
    assert (p.state, p.value("note")) == ("one", "entered")


def test_a_groups_name_stands_for_all_inside_wherever_states_are_listed(play: Begin) -> None:
    p = play(GROUPS)
    p.open()
    p.do("out")
    assert p.status() == "running"
    p.wait("10m")
    p.do("return")
    assert (p.status(), p.used(), p.state) == ("met", 10 * MINUTE, "two")


def test_an_end_inside_a_group_ends_the_case_with_its_outcome(play: Begin) -> None:
    p = play(GROUPS)
    p.open()
    p.wait("61m")
    assert (p.state, p.one().outcome) == ("failed", "failed")
    assert p.refused("look") == ["state"]


@pytest.mark.parametrize(
    ("outcome", "ends"), [("done", "not_needed"), ("failed", "not_needed"), ("cancelled", "cancelled")]
)
def test_an_end_inside_a_region_ends_the_case_whatever_the_others_do(play: Begin, outcome: str, ends: str) -> None:
    p = play(
        "initial: both\nstates: {both: {parallel: true, states: {"
        "l: {initial: l1, states: {l1: {actions: {end: {by: [agent], to: over}}}, over: {final: OUTCOME}}},"
        " r: {initial: r1, states: {r1: {timers: {t: {after: 1h, then: []}}}}}}}}\n"
        "clocks: {c: {goal: 5h}}".replace("OUTCOME", outcome)
    )
    p.open()
    p.do("end")
    assert (p.one().outcome, p.status(), p.one().next_due) == (outcome, ends, None)


def test_guards_see_how_promises_stand(play: Begin) -> None:
    p = play("""
    initial: open
    states:
      open:
        actions:
          pause: {by: [agent], to: away}
          answer: {by: [agent], to: stay}
          run: {by: [agent], guards: {g: {must: clocks.c.running && !clocks.c.breached}}, to: stay}
          late: {by: [agent], guards: {g: {must: clocks.c.breached && clocks.c.running}}, to: stay}
          kept: {by: [agent], guards: {g: {must: clocks.c.met && !clocks.c.running}}, to: stay}
      away:
        actions:
          back: {by: [agent], to: open}
          still: {by: [agent], guards: {g: {must: clocks.c.paused && !clocks.c.running}}, to: stay}
    clocks: {c: {goal: 1h, met_by: [answer], pauses_in: [away]}}
    """)
    p.open()
    p.do("run")
    assert p.refused("late") == p.refused("kept") == ["g"]
    p.do("pause")
    p.do("still")
    p.do("back")
    kept = p.open()
    p.do("answer")
    p.do("kept", case=kept)
    p.case = "T-1"
    p.wait("61m")
    p.do("late")
    assert p.refused("run") == ["g"]


REGIONS = """
initial: both
fields: {a: {type: integer, default: 0}, b: {type: integer, default: 0}}
states:
  both:
    parallel: true
    done: [{is: over}]
    states:
      left:
        initial: left_open
        states:
          left_open:
            waiting_on: agent
            actions:
              shut:
                by: [agent, boss]
                form: {require: [note]}
                guards: {left_ready: {must: case.a > 0}}
                to: left_shut
              tick: {by: [agent], then: [{set: {a: 1}}], to: stay}
          left_shut: {final: true}
      right:
        initial: right_open
        states:
          right_open:
            waiting_on: boss
            actions:
              shut:
                by: [agent]
                form: {allow: [note, amount]}
                guards: {right_ready: {must: case.b > 0}}
                to: right_shut
              tock: {by: [agent], then: [{set: {b: 1}}], to: stay}
              cancel: none
          right_shut: {final: true}
  over: {}
actions: {cancel: {by: [agent], to: over}}
"""


def test_an_action_of_two_regions_joins_their_forms_and_each_by_must_hold(play: Begin) -> None:
    p = play(REGIONS)
    p.open()
    p.do("tick")
    p.do("tock")
    assert p.refused("shut", "boss:wu", note="x") == ["by"]
    assert p.refused("shut", amount="1") == ["form:note"]
    p.do("shut", note="x", amount="1.00")
    assert p.state == "over"


def test_of_two_regions_the_one_whose_guard_fails_is_left_out(play: Begin) -> None:
    p = play(REGIONS)
    p.open()
    assert p.refused("shut", note="x") == ["left_ready", "right_ready"]
    p.do("tick")
    p.do("shut", note="x")
    assert p.state == "left_shut + right_open"
    p.do("tock")
    p.do("shut")
    assert p.state == "over"


def test_an_action_taken_away_is_taken_away_whatever_other_regions_offer(play: Begin) -> None:
    p = play(REGIONS)
    p.open()
    assert p.refused("cancel") == ["state"]
    p.do("tock")
    p.do("tick")
    p.do("shut", note="x")
    assert p.state == "over"


def test_each_region_says_whose_turn_it_is(play: Begin) -> None:
    p = play(REGIONS)
    p.open()
    assert p.one().waiting == ("role:agent", "role:boss")


def test_a_condition_sees_every_active_state_by_in_state(play: Begin) -> None:
    p = play(
        "initial: both\nstates:\n"
        "  both:\n    parallel: true\n    done: [{if: \"in_state('left_good')\", is: well}, {is: ill}]\n    states:\n"
        "      left: {initial: looking, states: {looking: {waiting_on: agent, actions: {"
        "go: {by: [agent], guards: {beside: {must: \"in_state('right') && !in_state('left_good')\"}}, "
        "to: left_good}}}, left_good: {final: true}}}\n"
        "      right: {initial: held, states: {held: {decide: [{if: \"in_state('left_good')\", is: right_done}]}, "
        "right_done: {final: true}}}\n"
        "  well: {final: done}\n  ill: {final: failed}\n"
    )
    p.open()
    p.do("go")
    assert p.state == "well"
