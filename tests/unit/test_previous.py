"""`previous`: entering remembers the leaves that the microstep left, and `previous` enters exactly these again."""

from __future__ import annotations

from collections.abc import Callable

from tests.unit.worlds import HOUR, MINUTE, Play

Begin = Callable[..., Play]

REPAIR = """
initial: diagnosing
fields: {entered: {type: integer, default: 0}}
actions:
  refer: {by: [agent], to: referred}
  again: {by: [agent], in: [waiting_part, referred], to: waiting_part}
  pass: {by: [agent], to: gate}
states:
  diagnosing:
    waiting_on: agent
    on_enter: [{set: {entered: =case.entered + 1}}]
    actions:
      wait: {by: [agent], to: waiting_part}
      tick: {by: [agent], to: stay}
      conclude: {by: [agent], needs: [tick], to: done}
      close: {by: [agent], to: closed}
  waiting_part: {waiting_on: customer, actions: {back: {by: [agent], to: previous}}}
  referred: {waiting_on: boss, actions: {back: {by: [agent], to: previous}}}
  gate: {decide: [{is: referred}]}
  done: {}
  closed: {final: done, actions: {back: {by: [agent], to: previous}}}
clocks:
  c: {goal: 5h, starts: [diagnosing], met_by: [referred], pauses_in: [waiting_part]}
"""


def begun(play: Begin, *actions: str) -> Play:
    p = play(REPAIR)
    p.open()
    for action in actions:
        p.do(action)
    return p


def test_previous_twice_goes_back_the_way_it_came(play: Begin) -> None:
    p = begun(play, "wait", "refer", "back", "back")
    assert p.state == "diagnosing"


def test_returns_do_not_count(play: Begin) -> None:
    p = begun(play, "wait", "refer", "back")
    assert p.state == "waiting_part"
    p.do("refer")
    p.do("back")
    assert p.state == "waiting_part"  # not referred, though that was left last
    p.do("back")
    assert p.state == "diagnosing"


def test_steps_of_a_state_from_itself_do_not_count(play: Begin) -> None:
    p = begun(play, "wait", "again", "back")
    assert p.state == "diagnosing"


def test_states_passed_by_decide_do_not_count(play: Begin) -> None:
    p = begun(play, "wait", "pass")
    assert p.state == "referred"
    p.do("back")
    assert p.state == "waiting_part"


def test_where_nothing_is_remembered_it_is_not_offered(play: Begin) -> None:
    p = play("initial: open\nstates: {open: {actions: {back: {by: [agent], to: previous}}}}")
    p.open()
    assert p.refused("back") == ["state"]


def test_returning_is_not_entering(play: Begin) -> None:
    p = begun(play, "wait")
    assert p.value("entered") == 1
    p.do("back")
    assert p.value("entered") == 1


def test_needs_go_on_after_a_return_and_begin_anew_after_entering(play: Begin) -> None:
    p = begun(play, "tick", "wait", "back")
    p.do("conclude")
    assert p.state == "done"
    p = begun(play, "tick", "wait")
    assert p.refused("conclude") == ["state"]
    p.do("back")
    p.do("refer")
    p.do("back")
    p.do("conclude")


def test_no_clock_starts_or_is_met_by_a_return(play: Begin) -> None:
    p = begun(play)
    p.wait("10m")
    p.do("refer")
    assert p.status() == "met"
    p.do("back")
    assert (p.status(), p.clock().cycle) == ("met", 1)


def test_a_return_ends_a_pause_as_any_way_out_of_its_state(play: Begin) -> None:
    p = begun(play, "wait")
    p.wait("1h")
    p.do("back")
    assert p.status() == "running"
    p.wait("10m")
    assert p.used() == 10 * MINUTE


def test_a_closed_case_opens_again_where_it_was(play: Begin) -> None:
    p = begun(play, "tick", "close")
    assert p.one().outcome == "done"
    p.do("back")
    assert (p.state, p.one().outcome) == ("diagnosing", "")


def test_a_top_action_returns_from_the_present_leaf(play: Begin) -> None:
    p = play("""
    initial: a
    actions: {back: {by: [agent], in: [b, c], to: previous}, go: {by: [agent], to: c}}
    states: {a: {actions: {go: {by: [agent], to: b}}}, b: {}, c: {}}
    """)
    p.open()
    p.do("go")
    p.do("go")
    assert p.state == "c"
    p.do("back")
    assert p.state == "b"
    p.do("back")
    assert p.state == "a"


REGIONS = """
initial: both
actions: {leave: {by: [agent], to: aside}}
states:
  both:
    parallel: true
    states:
      left:
        initial: l1
        states:
          l1: {actions: {left_on: {by: [agent], to: l2}}}
          l2: {actions: {left_back: {by: [agent], to: previous}}}
      right:
        initial: r1
        states:
          r1: {actions: {right_on: {by: [agent], to: r2}}, timers: {t: {after: 2h, to: r2}}}
          r2: {}
  aside: {actions: {back: {by: [agent], to: previous}}}
"""


def test_in_a_region_the_regions_own_leaf_is_entered_again_and_the_others_stay(play: Begin) -> None:
    p = play(REGIONS)
    p.open()
    p.do("left_on")
    p.do("right_on")
    p.do("left_back")
    assert p.state == "l1 + r2"


def test_every_leaf_that_one_step_left_is_entered_again(play: Begin) -> None:
    p = play(REGIONS)
    p.open()
    p.do("left_on")
    p.wait("1h")
    p.do("leave")
    p.wait("10h")
    assert p.state == "aside"
    p.do("back")
    assert p.state == "l2 + r1"
    p.wait("61m")
    assert p.state == "l2 + r2"  # the hour that was left of its timer
    assert p.fired() == [(12 * HOUR, "timer", "r1.t")]
