"""Families: what cases open and tell, in which order all takes effect, and what other families are asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.core import decide
from tests.unit.worlds import HOUR, MINUTE, NINE, Play, library

Begin = Callable[..., Play]

PARENT = """
initial: open
opening:
  by: [agent]
  form: {allow: [amount, note]}
  then: [{open: child, as: first, with: {note: =case.note}, if: has(case.note)}]
actions:
  another: {by: [agent], then: [{open: child, as: second}], to: stay}
  poke: {by: [agent], then: [{tell: first, do: poked, with: {note: hard}}], to: stay}
  poke_all: {by: [agent], then: [{tell: children, do: poked}], to: stay}
  poke_both: {by: [agent], then: [{tell: second, do: poked}, {tell: first, do: poked}], to: stay}
  heard: {by: [boss], to: stay}
states:
  open: {waiting_on: agent, actions: {close: {by: [agent], to: closed}}}
  closed: {final: done}
"""

CHILD = """
initial: asleep
opening: {by: [boss], form: {allow: [note]}}
states:
  asleep:
    waiting_on: agent
    actions:
      poked: {by: [boss], never_by: [did.opening], form: {allow: [note]}, to: awake}
      end: {by: [agent], to: gone}
    timers: {wakes: {after: 1h, to: awake}}
  awake:
    waiting_on: boss
    actions: {end: {by: [agent], then: [{tell: parent, do: heard}], to: gone}}
  gone: {final: done}
"""


def begun(play: Begin, parent: str = PARENT, child: str = CHILD) -> Play:
    p = play(parent, child=child)
    p.open(note="n")
    return p


# -- open --------------------------------------------------------------------------------------------------------------


def test_what_is_copied_unset_is_not_there_in_the_child(play: Begin) -> None:
    p = play(PARENT.replace(", if: has(case.note)", ""), child=CHILD)
    p.open()
    assert p.value("note", "T-1.1") is None


def test_a_childs_id_is_its_parents_and_an_ordinal(play: Begin) -> None:
    p = begun(play)
    p.do("another")
    assert p.one().links == {"first": "T-1.1", "second": "T-1.2"}
    kid = p.one("T-1.2")
    assert (kid.parent, kid.root, kid.ordinal) == ("T-1", "T-1", 2)


def test_opening_by_open_skips_by_and_keeps_all_else(play: Begin) -> None:
    p = begun(play)
    assert p.value("note", "T-1.1") == "n"
    late = CHILD.replace("opening: {by: [boss]", "opening: {during: office, by: [boss]")
    p = play(PARENT, child=late, at="2026-03-07 09:00")
    p.open(note="n")
    assert p.records(verb="open refused")[0]["refused"] == [["during"]]


def test_a_refused_open_is_a_record_on_the_teller_and_the_step_stands(play: Begin) -> None:
    p = begun(
        play,
        child=CHILD.replace("form: {allow: [note]}}\n", "guards: {never: {must: 1 > 2}}, form: {allow: [note]}}\n", 1),
    )
    assert p.verbs() == [("T-1", "open", "thing"), ("T-1", "open refused", "child")]
    assert p.one().links == {}
    p.do("another")
    assert p.one().children == 0  # no number is lost


def test_the_link_is_to_the_youngest_case_opened_so(play: Begin) -> None:
    p = begun(play)
    p.do("another")
    p.do("another")
    assert p.one().links["second"] == "T-1.3"


def test_a_child_lives_on_when_its_parent_ends(play: Begin) -> None:
    p = begun(play)
    p.do("close")
    p.wait("2h")
    assert p.state_of("T-1.1") == "awake"
    p.do("end", case="T-1.1")
    assert p.records(verb="tell refused", case="T-1.1")[0]["refused"] == [["state"]]


def test_what_falls_due_opens_on_the_version_newest_then() -> None:
    lib = library({"thing": PARENT, "child": CHILD})
    newer = replace(lib.plans["child", 1].definition, version=2)
    plans = {**lib.plans, ("child", 2): type(lib.plans["child", 1])(newer)}
    p = Play(replace(lib, plans=plans, published={**lib.published, "child": ((0, 1), (NINE + HOUR, 2))}))
    p.open(note="n")
    p.wait("1h")
    p.do("another")
    assert [p.one(kid).version for kid in ("T-1.1", "T-1.2")] == [1, 2]


# -- tell --------------------------------------------------------------------------------------------------------------


def test_tell_skips_by_and_never_by_and_its_actor_is_the_engine(play: Begin) -> None:
    p = begun(play)
    p.do("poke")
    assert p.state_of("T-1.1") == "awake"
    record = p.records("T-1.1")[-1]
    assert (record["verb"], record["actor"], record.get("roles")) == ("tell", "engine", None)
    assert record["form"] == {"note": "hard"}


@pytest.mark.parametrize(
    ("rule", "written"),
    [
        ("needs", "needs: [end], "),
        ("during", "during: office, "),
        ("closed_eyes", "guards: {closed_eyes: {must: 1 > 2}}, "),
    ],
)
def test_tell_keeps_all_else(play: Begin, rule: str, written: str) -> None:
    p = play(PARENT, child=CHILD.replace("poked: {", "poked: {" + written), at="2026-03-07 09:00")
    p.open(note="n")
    p.do("poke")
    assert p.records(verb="tell refused")[0]["refused"] == [[rule]]
    assert p.records(verb="tell refused")[0]["told"] == "T-1.1"


def test_a_refused_tell_is_a_record_on_the_teller_and_the_step_stands(play: Begin) -> None:
    p = begun(play)
    p.do("poke")
    p.do("poke")  # awake, it cannot be poked
    assert p.one().done["poke"].count == 2
    assert [record["refused"] for record in p.records(verb="tell refused")] == [[["state"]]]


def test_an_error_in_what_is_told_is_a_refusal_of_it(play: Begin) -> None:
    p = begun(
        play,
        child=CHILD.replace("to: awake}", "then: [{set: {note: '=string(6 / (did.opening - 1))'}}], to: awake}", 1),
    )
    p.do("poke")
    assert p.records(verb="tell refused")[0]["refused"] == [["error"]]
    assert p.state_of("T-1.1") == "asleep"


def test_telling_a_link_never_opened_is_refused(play: Begin) -> None:
    p = play(PARENT, child=CHILD)
    p.open()
    p.do("poke")
    assert p.records(verb="tell refused")[0]["refused"] == [["state"]]


def test_children_are_told_by_number_but_for_those_that_have_ended(play: Begin) -> None:
    p = begun(play)
    p.do("another")
    p.do("another")
    p.do("end", case="T-1.2")
    p.do("poke_all")
    told = [case for case, verb, _ in p.verbs() if verb == "tell"]
    assert told == ["T-1.1", "T-1.3"]


def test_tells_take_effect_in_the_order_given_each_a_step_of_its_own_at_the_same_instant(play: Begin) -> None:
    p = begun(play)
    p.do("another")
    p.wait("10m")
    p.do("poke_both")
    assert p.verbs()[-3:] == [("T-1", "do", "poke_both"), ("T-1.2", "tell", "poked"), ("T-1.1", "tell", "poked")]
    assert {step.record["at"] for step in p.world.steps[-3:]} == {NINE + 10 * MINUTE}


def test_what_is_told_tells_behind_what_was_told_before_it(play: Begin) -> None:
    p = begun(play, child=CHILD.replace("to: awake}", "then: [{tell: parent, do: heard}], to: awake}", 1))
    p.do("another")
    p.do("poke_both")
    assert [(case, name) for case, _, name in p.verbs()[-5:]] == [
        ("T-1", "poke_both"), ("T-1.2", "poked"), ("T-1.1", "poked"), ("T-1", "heard"), ("T-1", "heard"),
    ]  # fmt: skip


PING = """
initial: open
opening: {by: [agent], then: [{open: pong, as: other}]}
states: {open: {actions: {hit: {by: [agent], then: [{tell: other, do: hit}], to: stay}}}}
"""
PONG = """
initial: open
opening: {by: [agent]}
states: {open: {actions: {hit: {by: [agent], then: [{tell: parent, do: hit}], to: stay}}}}
"""


def test_tell_goes_eight_deep_and_the_ninth_is_refused(play: Begin) -> None:
    p = play(PING, pong=PONG)
    p.open()
    p.do("hit")
    told = [case for case, verb, _ in p.verbs() if verb == "tell"]
    assert told == ["T-1.1", "T-1"] * 4
    assert p.verbs()[-1] == ("T-1", "tell refused", "hit")
    assert p.records()[-1]["refused"] == [["depth"]]


def test_a_process_that_opens_itself_comes_to_an_end(play: Begin) -> None:
    p = play("initial: open\nopening: {by: [agent], then: [{open: thing, as: next}]}\nstates: {open: {}}")
    p.open()
    assert len(p.world.families["T-1"].cases) == 9
    assert p.world.steps[-1].record["refused"] == [["depth"]]


# -- linked, decide, clocks of others ----------------------------------------------------------------------------------

WATCHING = """
initial: waits
actions: {heard: {by: [boss], to: stay}}
opening: {by: [agent], then: [{open: child, as: kid}]}
states:
  waits:
    waiting_on: [{if: "has(linked.kid) && linked.kid.state == 'awake'", is: boss}, {is: agent}]
    decide: [{if: has(linked.kid) && linked.kid.final, is: done}]
    actions: {wake: {by: [agent], then: [{tell: kid, do: poked}, {notify: boss, message: told, if: TOLD}], to: stay}}
  done: {on_enter: [{tell: kid, do: end}]}
clocks: {c: {goal: 1h, pauses_when: "has(linked.kid) && linked.kid.state == 'awake'"}}
"""


def watching(play: Begin, told: str = "1 > 2") -> Play:
    p = play(WATCHING.replace("TOLD", told), child=CHILD)
    p.open()
    return p


def test_what_a_step_changes_in_another_member_is_a_record_of_its_own_there(play: Begin) -> None:
    p = watching(play)
    p.wait("10m")
    p.do("poked", "boss:wu", case="T-1.1")
    assert p.verbs()[-2:] == [("T-1.1", "do", "poked"), ("T-1", "judge", "")]
    assert (p.status(), p.used()) == ("paused", 10 * MINUTE)
    assert p.one().waiting == ("role:boss",)


def test_a_waiting_decide_is_judged_after_every_record_of_the_family_and_what_it_tells_is_told(play: Begin) -> None:
    p = watching(play)
    p.do("end", case="T-1.1")
    assert p.state == "done"
    assert p.verbs()[-3:] == [("T-1.1", "do", "end"), ("T-1", "judge", ""), ("T-1", "tell refused", "end")]


def test_it_is_judged_by_time_too(play: Begin) -> None:
    p = watching(play)
    p.sleep("3h")
    assert [(record["verb"], record["at"] - NINE) for record in p.records()][1:] == [("judge", HOUR)]


def test_linked_shows_what_was_told_only_from_then_on(play: Begin) -> None:
    p = watching(play, told="has(linked.kid) && linked.kid.state == 'awake'")
    p.do("wake")
    assert p.sent() == []
    assert p.state_of("T-1.1") == "awake"


def test_a_member_that_would_decide_in_a_circle_stays_where_it_is(play: Begin) -> None:
    woken = "has(linked.kid) && linked.kid.state == 'awake'"
    p = play(
        "initial: a\nactions: {heard: {by: [boss], to: stay}}\nopening: {by: [agent], then: [{open: child, as: kid}]}\n"
        f'states: {{a: {{decide: [{{if: "{woken}", is: b}}]}}, b: {{decide: [{{is: a}}]}}}}',
        child=CHILD,
    )
    p.open()
    p.do("poked", "boss:wu", case="T-1.1")
    assert (p.state, p.state_of("T-1.1")) == ("a", "awake")


# -- order and floor ---------------------------------------------------------------------------------------------------


def test_a_command_comes_before_what_falls_due_at_its_instant(play: Begin) -> None:
    p = begun(play)
    p.wait("1h")
    p.do("end", case="T-1.1")
    p.wait("1s")
    assert p.records("T-1.1", "timer") == []


def test_at_one_instant_root_before_children_by_number_and_breaches_last(play: Begin) -> None:
    timed = "timers: {t: {after: 1h, then: []}}"
    clock = "\nclocks: {c: {goal: 1h}}"
    p = play(
        PARENT.replace("open: {waiting_on: agent,", "open: {" + timed + ", waiting_on: agent,") + clock,
        child=CHILD + clock,
    )
    p.open(note="n")
    p.do("another")
    p.wait("2h")
    due = [(case, verb) for case, verb, _ in p.verbs() if verb in ("timer", "breach")]
    assert due == [
        ("T-1", "timer"), ("T-1.1", "timer"), ("T-1.2", "timer"), ("T-1", "breach"), ("T-1.1", "breach"),
        ("T-1.2", "breach"),
    ]  # fmt: skip


def test_children_of_children_come_after_their_parent_and_before_its_next_sibling(play: Begin) -> None:
    grand = "initial: open\nopening: {by: [agent]}\nstates: {open: {timers: {t: {after: 1h, then: []}}}}"
    child = CHILD.replace("opening: {by: [boss], ", "opening: {by: [boss], then: [{open: grand, as: own}], ")
    p = play(PARENT, child=child, grand=grand)
    p.open(note="n")
    p.do("another")
    p.wait("2h")
    assert [case for case, verb, _ in p.verbs() if verb == "timer"] == ["T-1.1", "T-1.1.1", "T-1.2", "T-1.2.1"]


def test_the_whole_family_is_carried_forward_before_a_command(play: Begin) -> None:
    p = begun(play)
    p.sleep("3h")  # no worker looked; the command's instant carries all
    p.do("another")
    assert [verb for _, verb, _ in p.verbs()][-3:] == ["timer", "do", "open"]


def test_the_floor_is_t_after_a_command_and_a_millisecond_more_after_what_fell_due(play: Begin) -> None:
    p = begun(play)
    family = p.world.families["T-1"]
    assert family.cases["T-1"].floor == NINE
    p.wait("61m")
    assert p.world.families["T-1"].cases["T-1"].floor == NINE + HOUR + 1
    assert decide.instant(p.world.families["T-1"], NINE) == NINE + HOUR + 1


def test_a_refusal_moves_the_floor_as_a_command_does(play: Begin) -> None:
    p = begun(play)
    p.wait("5m")
    p.refused("heard", "agent:lin")
    assert p.world.families["T-1"].cases["T-1"].floor == NINE + 5 * MINUTE


def test_a_carrying_forward_stops_at_its_limit_and_goes_on(play: Begin) -> None:
    p = play("initial: open\nstates: {open: {timers: {t: {every: 1m, then: []}}}}")
    p.open()
    family = p.world.families["T-1"]
    carried = decide.carry(family, NINE + HOUR, p.world._context(NINE), limit=25)
    assert (len(carried.steps), carried.is_more) == (25, True)
    rest = decide.carry(carried.family, NINE + HOUR, p.world._context(NINE), limit=100)
    assert (len(rest.steps), rest.is_more) == (34, False)
