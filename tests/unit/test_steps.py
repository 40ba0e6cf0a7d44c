"""One step, in its order: may it, form and facts, guards, keep, move, effects, decide, clocks, what follows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.core.cases import Command
from tests.unit.worlds import MINUTE, NINE, Play, actor

Begin = Callable[..., Play]

DESK_DAY = """
initial: open
never_by: [case.person]
facts: {on_shift: {type: list, of: person}, price: {type: money}}
fields: {level: {type: integer, min: 1, max: 3}}
opening: {by: [agent], form: {allow: [note, person]}}
states:
  open:
    waiting_on: agent
    actions:
      check: {by: [agent], to: stay}
      look: {by: [agent], to: stay}
      send:
        by: [boss, technician]
        never_by: [did.check]
        needs: [check, look]
        during: office
        form: {require: [person, level], allow: [note]}
        guards:
          on_shift: {must: form.person in facts.on_shift, else: {en: "{form.person} is not on shift"}}
          not_twice: {must: did.send == 0}
          cheap: {must: facts.price < money("5.00")}
        to: sent
  sent:
    actions:
      back: {by: [boss], to: open}
      close: {by: [boss], to: closed}
  closed:
    final: done
    actions:
      reopen: {by: [agent], within: 2h, to: sent}
"""

ON_SHIFT = {"on_shift": ["T7"], "price": "4.00"}


def begun(play: Begin, at: str = "2026-03-02 09:00") -> Play:
    p = play(DESK_DAY, at=at)
    p.open()
    return p


# -- 2: may it ---------------------------------------------------------------------------------------------------------


def test_what_the_state_does_not_offer_is_refused_with_what_is_possible_and_who_could(play: Begin) -> None:
    p = begun(play)
    reasons = p.world.act(p.case, "close", {}, actor("boss:wu"))
    assert [one.rule for one in reasons] == ["state"]
    said = reasons[0].words["en"]
    assert "`close` is not possible" in said
    assert "possible now: `send`" in said
    for word in ("check", "look", "send", "Agent", "Boss"):
        assert word in p.world.act(p.case, "close", {}, actor("guest:an"))[0].words["en"]


def test_an_action_there_is_not_is_refused_with_the_near_miss(play: Begin) -> None:
    p = begun(play)
    reasons = p.world.act(p.case, "chek", {}, actor("agent:lin"))
    assert "`check`" in reasons[0].words["en"]


def test_all_reasons_of_step_two_are_given_and_none_of_a_later_one(play: Begin) -> None:
    p = begun(play, at="2026-03-02 18:00")
    p.do("check", "agent:lin")
    assert p.refused("send", "agent:lin") == ["by", "never_by", "during", "needs"]


@pytest.mark.parametrize(
    ("at", "refused"), [("2026-03-02 16:59", []), ("2026-03-02 17:00", ["during"]), ("2026-03-07 10:00", ["during"])]
)
def test_during_means_while_that_calendar_is_open(play: Begin, at: str, refused: list[str]) -> None:
    p = begun(play, at=at)
    p.do("check", "agent:wu")
    p.do("look", "agent:wu")
    if refused:
        assert p.refused("send", "boss:li", person="T7", level=1) == refused
    else:
        p.do("send", "boss:li", person="T7", level=1, facts=ON_SHIFT)


def test_needs_are_actions_accepted_since_the_state_was_entered(play: Begin) -> None:
    p = begun(play)
    p.do("check", "agent:wu")
    assert p.refused("send", "boss:li") == ["needs"]
    p.do("look", "agent:wu")
    p.do("send", "boss:li", person="T7", level=1, facts=ON_SHIFT)
    p.do("back", "boss:li")
    assert p.refused("send", "boss:li") == ["needs"]


@pytest.mark.parametrize(("after", "refused"), [("2h", []), ("2h1s", ["within"])])
def test_within_counts_from_the_closing(play: Begin, after: str, refused: list[str]) -> None:
    p = begun(play)
    p.do("check", "agent:wu")
    p.do("look", "agent:wu")
    p.do("send", "boss:li", person="T7", level=1, facts=ON_SHIFT)
    p.wait("1h")
    p.do("close", "boss:li")
    p.wait(after)
    if refused:
        assert p.refused("reopen") == refused
    else:
        p.do("reopen")
        assert (p.state, p.one().outcome, p.one().closed_at) == ("sent", "", None)


# -- 3: form and facts -------------------------------------------------------------------------------------------------


def ready(play: Begin) -> Play:
    p = begun(play)
    p.do("check", "agent:wu")
    p.do("look", "agent:wu")
    return p


def test_all_reasons_of_form_and_facts_are_given_and_no_guard_is_asked(play: Begin) -> None:
    p = ready(play)
    rules = p.refused("send", "boss:li", level=9, phone="1", facts={"price": "five"})
    assert rules == ["form:person", "form:level", "form:phone", "facts:on_shift", "facts:price"]


def test_facts_that_no_expression_of_the_action_names_are_not_kept(play: Begin) -> None:
    p = ready(play)
    record = p.do("send", "boss:li", person="T7", level=1, facts=ON_SHIFT | {"weather": "rain"}).record
    assert record["facts"] == {"on_shift": ["T7"], "price": 400}
    assert "facts" not in p.records()[1]  # `check` reads none


# -- 4: guards ---------------------------------------------------------------------------------------------------------


def test_all_guards_that_fail_are_given(play: Begin) -> None:
    p = ready(play)
    facts = {"on_shift": [], "price": "6.00"}
    assert p.refused("send", "boss:li", person="T7", level=1, facts=facts) == ["on_shift", "cheap"]


def test_a_guards_words_name_what_was_given(play: Begin) -> None:
    p = ready(play)
    reasons = p.world.act(
        p.case, "send", {"person": "T9", "level": 1}, actor("boss:li"), {"on_shift": ["T7"], "price": "1.00"}
    )
    assert reasons[0].words["en"] == "T9 is not on shift"


def test_guards_see_the_case_before_and_the_form(play: Begin) -> None:
    p = play("""
    initial: open
    fields: {count: {type: integer, default: 1}}
    states:
      open:
        actions:
          raise_it:
            by: [agent]
            form: {require: [count]}
            guards: {up: {must: form.count > case.count && did.raise_it == 0 && case.state == 'open'}}
            to: [{if: case.count > 5 && did.raise_it == 1, is: high}, {is: open}]
      high: {}
    """)
    p.open()
    assert p.refused("raise_it", count=1) == ["up"]
    p.do("raise_it", count=6)
    assert p.state == "high"


# -- 5 to 8 ------------------------------------------------------------------------------------------------------------


def test_a_refused_step_leaves_the_case_as_it_was_but_for_its_record(play: Begin) -> None:
    p = ready(play)
    before = p.one()
    p.refused("send", "boss:li", person="T9", level=1, facts=ON_SHIFT)
    after = p.one()
    assert (after.data, after.position, after.done, after.revision) == (
        before.data, before.position, before.done, before.revision,
    )  # fmt: skip
    assert after.sequence == before.sequence + 1


def test_a_refusal_is_recorded_with_its_reasons_form_and_what_its_guards_looked_at(play: Begin) -> None:
    p = ready(play)
    p.refused("send", "boss:li", person="T9", level=1, facts=ON_SHIFT)
    record = p.records()[-1]
    assert record["refused"] == [["on_shift"]]
    assert record["form"] == {"person": "T9", "level": 1}
    assert record["read"] == {"facts.on_shift": ["T7"], "form.person": "T9"}


def test_every_guard_that_held_is_recorded(play: Begin) -> None:
    p = ready(play)
    record = p.do("send", "boss:li", person="T7", level=1, facts=ON_SHIFT).record
    assert record["guards"] == {"on_shift": True, "not_twice": True, "cheap": True}


ORDER = """
initial: outer
fields: {trace: {type: list, of: text}, level: {type: integer}}
opening: {by: [agent], then: [{append: {trace: opening}}]}
actions:
  go:
    by: [agent]
    form: {allow: [level]}
    then: [{append: {trace: then}}]
    to: [{if: has(case.level), is: far, then: [{append: {trace: branch}}]}, {is: outer}]
states:
  outer:
    initial: inner
    on_enter: [{append: {trace: outer}}]
    states:
      inner: {on_enter: [{append: {trace: inner}}]}
  far:
    on_enter: [{append: {trace: far}}]
    decide: [{if: "case.trace.exists(t, t == 'far')", is: rest, then: [{append: {trace: decided}}]}]
  rest: {on_enter: [{append: {trace: rest}}]}
"""


def test_effects_come_in_order_then_the_branchs_then_on_enter_outermost_first(play: Begin) -> None:
    p = play(ORDER)
    p.open()
    assert p.value("trace") == ["opening", "outer", "inner"]
    p.do("go")
    assert p.value("trace")[3:] == ["then", "outer", "inner"]


def test_a_decide_sees_what_entering_did_and_its_effects_come_after(play: Begin) -> None:
    p = play(ORDER)
    p.open()
    p.do("go", level=1)
    assert p.value("trace")[3:] == ["then", "branch", "far", "decided", "rest"]
    assert p.state == "rest"


def test_each_effect_sees_those_before_it(play: Begin) -> None:
    p = play("""
    initial: open
    fields: {a: {type: integer, default: 1}, b: {type: integer, default: 0}}
    states:
      open:
        actions:
          go: {by: [agent], then: [{set: {a: =case.a + 1}}, {set: {b: =case.a * 10}}, {set: {a: 7}}], to: stay}
    """)
    p.open()
    p.do("go")
    assert (p.value("a"), p.value("b")) == (7, 20)


def test_values_of_one_set_all_see_what_was_before_it(play: Begin) -> None:
    p = play("""
    initial: open
    fields: {a: {type: integer, default: 1}, b: {type: integer, default: 2}}
    states: {open: {actions: {swap: {by: [agent], then: [{set: {a: =case.b, b: =case.a}}], to: stay}}}}
    """)
    p.open()
    p.do("swap")
    assert (p.value("a"), p.value("b")) == (2, 1)


def test_before_is_the_case_before_the_step_in_every_effect(play: Begin) -> None:
    p = play("""
    initial: open
    fields: {was: {type: text}, amount_before: {type: money}, amount: {type: money, default: 1}}
    states:
      open:
        actions:
          go:
            by: [agent]
            form: {require: [amount]}
            then: [{set: {amount_before: =before.amount, was: =before.state}}]
            to: next
      next: {}
    """)
    p.open()
    p.do("go", amount="9.00")
    assert (p.value("was"), p.value("amount_before"), p.value("amount")) == ("open", 100, 900)


# -- 9: decide ---------------------------------------------------------------------------------------------------------

WAITING = """
initial: gate
fields: {amount: {type: money, default: 0}}
opening: {by: [agent], form: {allow: [amount]}}
states:
  gate:
    waiting_on: agent
    decide: [{if: 'case.amount > money("5.00")', is: high}, {if: 'case.amount > money("1.00")', is: low}]
    actions: {pay: {by: [agent], form: {require: [amount]}, to: stay}}
    timers: {fills: {after: 1h, then: [{set: {amount: 2}}]}}
  high: {}
  low: {}
clocks:
  c: {goal: 2h, thresholds: [{at: 30m, if: case.state == 'gate' && has(case.severe), then: [{set: {amount: 9}}]}]}
actions: {mark: {by: [agent], form: {require: [severe]}, to: stay}}
"""


def test_a_decide_passes_on_at_once_where_a_branch_holds(play: Begin) -> None:
    p = play(WAITING)
    p.open(amount="9.00")
    assert p.state == "high"
    assert [record["verb"] for record in p.records()] == ["open"]


def test_a_decide_waits_until_one_branch_holds_and_passes_on_in_that_step(play: Begin) -> None:
    p = play(WAITING)
    p.open()
    assert p.state == "gate"
    record = p.do("pay", amount="1.50").record
    assert p.state == "low"
    assert record["to"] == ["low"]


@pytest.mark.parametrize(("mark", "at", "state"), [(False, 60, "low"), (True, 30, "high")])
def test_what_time_changes_lets_a_decide_pass_in_the_same_record(play: Begin, mark: bool, at: int, state: str) -> None:
    p = play(WAITING)
    p.open()
    if mark:
        p.do("mark", severe=True)
    p.wait("61m")
    moved = [record for record in p.records() if record.get("to") == [state]]
    assert [(record["at"], record["verb"]) for record in moved] == [
        (NINE + at * MINUTE, "threshold" if mark else "timer")
    ]


def test_a_claim_lets_a_decide_pass(play: Begin) -> None:
    p = play("""
    initial: pool
    states:
      pool: {actions: {look: {by: [agent], to: stay}}, decide: [{if: has(case.assignee), is: held}]}
      held: {actions: {look_on: {by: [agent], to: stay}}}
    """)
    p.open()
    assert p.hold("claim", "agent:wu") == []
    assert (p.state, p.one().assignee) == ("held", "wu")


CIRCLE = """
initial: open
fields: {amount: {type: money, default: 0}}
states:
  open:
    actions: {go: {by: [agent], to: one}, pay: {by: [agent], form: {require: [amount]}, to: stay}}
    timers: {later: {after: 1h, to: one}}
  one: {decide: [{is: two}]}
  two: {decide: [{is: one}]}
"""


def test_a_circle_of_decides_refuses_the_command_and_nothing_happens(play: Begin) -> None:
    p = play(CIRCLE)
    p.open()
    assert p.refused("go") == ["error"]
    assert p.state == "open"
    assert p.one().done.get("go") is None


def test_a_circle_of_decides_by_time_is_a_record_and_the_firing_is_over(play: Begin) -> None:
    p = play(CIRCLE)
    p.open()
    p.wait("3h")
    record = p.records(verb="timer")[0]
    assert "does not come to rest" in record["error"]
    assert p.state == "open"
    assert p.one().next_due is None


BROKEN = """
initial: open
fields: {count: {type: integer, default: 0}, level: {type: integer, max: 3}}
states:
  open:
    actions:
      divide: {by: [agent], then: [{set: {level: =6 / case.count}}], to: stay}
      guarded: {by: [agent], guards: {g: {must: 6 / case.count > 1}}, to: stay}
      branching: {by: [agent], to: [{if: 6 / case.count > 1, is: next}, {is: open}]}
      too_much: {by: [agent], then: [{set: {level: =case.count + 9}}], to: next}
    timers:
      bad: {after: 1h, then: [{set: {count: 1}}, {set: {level: =9 + case.count}}], to: next}
      good: {after: 2h, to: next}
  next: {}
"""


@pytest.mark.parametrize("action", ["divide", "guarded", "branching", "too_much"])
def test_an_error_refuses_the_whole_command(play: Begin, action: str) -> None:
    p = play(BROKEN)
    p.open()
    assert p.refused(action) == ["error"]
    assert p.state == "open"


def test_an_error_by_time_is_a_record_and_the_firing_is_over(play: Begin) -> None:
    p = play(BROKEN)
    p.open()
    p.wait("61m")
    assert "`level`" in p.records(verb="timer")[0]["error"]
    assert (p.state, p.value("count")) == ("open", 0)  # not half done
    p.wait("1h")
    assert p.state == "next"


# -- 10 to 12 ----------------------------------------------------------------------------------------------------------


def test_messages_are_fixed_after_the_whole_step(play: Begin) -> None:
    p = play("""
    initial: open
    states:
      open:
        actions:
          go:
            by: [agent]
            form: {require: [note]}
            then: [{notify: boss, message: told}, {set: {note: changed}}]
            to: next
      next: {on_enter: [{set: {note: entered}}]}
    """)
    p.open()
    p.do("go", note="given")
    assert p.messages()[0].values == {"case.id": "T-1", "case.note": "entered"}


def test_the_record_says_where_it_led_what_changed_and_what_became_of_clocks(play: Begin) -> None:
    p = play("""
    initial: open
    states:
      open: {actions: {go: {by: [agent], form: {allow: [note]}, then: [{assign: boss}], to: next}}}
      next: {}
    clocks: {c: {goal: 1h, met_by: [go]}}
    """)
    p.open()
    record = dict(p.do("go", note="x").record)
    assert record["from"] == ["open"]
    assert record["to"] == ["next"]
    assert record["changed"] == {"note": "x"}
    assert record["clocks"] == [["c", "met", 0, 0]]
    assert record["assignee"] == [None, "boss"]
    assert (record["verb"], record["name"], record["actor"], record["roles"]) == ("do", "go", "lin", ["agent"])


def test_revision_counts_accepted_commands_and_what_time_changed(play: Begin) -> None:
    p = play("""
    initial: open
    states:
      open:
        actions: {look: {by: [agent], to: stay}}
        timers: {quiet: {after: 1h, then: []}, moves: {after: 2h, to: next}}
      next: {}
    """)
    p.open()
    assert p.one().revision == 1
    p.do("look")
    assert p.one().revision == 2
    p.refused("look", "boss:li")
    assert p.one().revision == 2
    p.wait("61m")
    assert p.one().revision == 2  # a timer that changes nothing
    p.wait("1h")
    assert p.one().revision == 3


def test_did_counts_what_was_accepted_since_opening_by_anyone_and_reopening_does_not_reset_it(play: Begin) -> None:
    p = play("""
    initial: open
    fields: {seen: {type: integer}}
    actions: {count: {by: [agent], then: [{set: {seen: =did.look * 10 + did.opening}}], to: stay}}
    states:
      open: {actions: {look: {by: [agent, boss], to: stay}, close: {by: [agent], to: closed}}}
      closed: {final: done, actions: {reopen: {by: [agent], to: open}}}
    """)
    p.open()
    p.do("look")
    p.do("look", "boss:wu")
    p.refused("look", "manager:x")
    p.do("close")
    p.do("reopen")
    p.do("count")
    assert p.value("seen") == 21
    assert p.one().done["look"].actors == ("lin", "wu")


def test_an_action_whose_branches_all_fail_is_refused(play: Begin) -> None:
    p = play(
        "initial: open\nstates: {open: {actions: {go: {by: [agent], form: {allow: [severe]},"
        " to: [{if: has(case.severe), is: next}]}}}, next: {}}"
    )
    p.open()
    assert p.refused("go") == ["error"]
    p.do("go", severe=True)
    assert p.state == "next"


def test_the_innermost_action_of_one_name_replaces_the_others(play: Begin) -> None:
    p = play("""
    initial: plain
    actions: {go: {by: [agent], to: special}, back: {by: [agent], to: plain}}
    states:
      plain: {}
      special: {actions: {go: {by: [boss], to: done}}}
      other: {actions: {go: none}}
      done: {actions: {back: {by: [agent], to: other}}}
    """)
    p.open()
    p.do("go")
    assert p.refused("go", "agent:lin") == ["by"]  # the outer one is not asked
    p.do("go", "boss:wu")
    p.do("back")
    assert p.state == "other"
    assert p.refused("go", "agent:lin") == ["state"]


def test_a_command_raised_to_the_floor_says_by_how_much(play: Begin) -> None:
    p = play("initial: open\nstates: {open: {actions: {look: {by: [agent], to: stay}}}}")
    p.open()
    p.world.now -= 1_500
    p.do("look")
    assert (p.records()[-1]["at"], p.records()[-1]["raised"]) == (NINE, 1_500)


def test_what_a_clients_clock_said_is_kept_and_moves_nothing(play: Begin) -> None:
    p = play("initial: open\nstates: {open: {actions: {look: {by: [agent], to: stay}}}}")
    p.open()
    told = Command(verb="do", case=p.case, name="look", actor=actor("agent:lin"), occurred_at=NINE - 5)
    assert p.world.command(told) == ()
    assert (p.records()[-1]["at"], p.records()[-1]["occurred_at"]) == (NINE, NINE - 5)
