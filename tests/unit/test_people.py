"""Who may, who never, whose turn it is, who holds the case, and how much each may give."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.core.cases import Actor, Command
from tests.unit.worlds import Play, actor, rules

Begin = Callable[..., Play]

DESK_DAY = """
initial: open
never_by: [case.person]
opening: {by: [agent], form: {allow: [person, note]}}
actions:
  name_it: {by: [agent, boss], form: {require: [person]}, to: stay}
states:
  open:
    waiting_on: agent
    actions:
      by_role: {by: [agent], to: stay}
      by_field: {by: [case.person], to: stay}
      by_did: {by: [did.by_role], to: stay}
      by_assignee: {by: [assignee], to: stay}
      by_turn: {by: [waiting_on], to: stay}
      not_twice: {by: [agent], never_by: [did.by_role], to: stay}
      shut: {by: [boss], to: guarded}
      close: {by: [agent], to: closed}
  guarded:
    never_by: [did.shut]
    actions: {go: {by: [boss], to: open}}
  closed: {final: done}
"""


def begun(play: Begin, **form: str) -> Play:
    p = play(DESK_DAY)
    p.open(**form)
    return p


# -- who may -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "may", "may_not"),
    [
        ("by_role", "agent:x", "boss:x"),
        ("by_role", "boss+agent:x", "manager:lin"),
        ("by_did", "manager:lin", "agent:x"),
        ("by_assignee", "manager:wu", "agent:x"),
        ("by_turn", "agent:x", "boss:x"),
    ],
)
def test_an_action_is_for_a_role_or_for_the_person_that_is_named(
    play: Begin, action: str, may: str, may_not: str
) -> None:
    p = begun(play)
    p.do("by_role", "agent:lin")
    p.hold("assign", "boss:li", "wu")
    assert p.refused(action, may_not) == ["by"]
    p.do(action, may)


def test_the_person_a_field_names_may_act_whatever_their_roles(play: Begin) -> None:
    p = play(DESK_DAY.replace("never_by: [case.person]\n", ""))
    p.open(person="T7")
    p.do("by_field", "manager:T7")
    assert p.refused("by_field", "agent:lin") == ["by"]


def test_nobody_in_a_list_may_act_where_it_is_empty(play: Begin) -> None:
    p = begun(play)
    assert p.refused("by_field", "agent:lin") == ["by"]


def test_whose_turn_it_is_follows_what_is_assigned(play: Begin) -> None:
    p = play("""
    initial: open
    states: {open: {waiting_on: [assignee, agent], actions: {look: {by: [agent, boss], to: stay}}}}
    """)
    p.open()
    assert p.one().waiting == ("role:agent",)
    p.hold("assign", "boss:li", "wu")
    assert p.one().waiting == ("person:wu", "role:agent")
    p.hold("release", "agent:wu")
    assert p.one().waiting == ("role:agent",)


def test_whose_turn_it_is_may_depend_on_the_case(play: Begin) -> None:
    p = play("""
    initial: open
    states:
      open:
        waiting_on: [{if: has(case.person), is: case.person}, {if: did.look > 1, is: boss}, {is: agent}]
        actions: {look: {by: [agent], form: {allow: [person]}, to: stay}}
    """)
    p.open()
    assert p.one().waiting == ("role:agent",)
    p.do("look")
    p.do("look")
    assert p.one().waiting == ("role:boss",)
    p.do("look", person="T7")
    assert p.one().waiting == ("person:T7",)


def test_whose_turn_it_is_follows_a_promise_that_is_missed(play: Begin) -> None:
    p = play("""
    initial: open
    states: {open: {waiting_on: [{if: clocks.c.breached, is: boss}, {is: agent}]}}
    clocks: {c: {goal: 1h}}
    """)
    p.open()
    p.wait("61m")
    assert p.one().waiting == ("role:boss",)


# -- who never ---------------------------------------------------------------------------------------------------------


def test_who_did_one_thing_may_be_kept_from_another(play: Begin) -> None:
    p = begun(play)
    p.do("by_role", "agent:lin")
    assert p.refused("not_twice", "agent:lin") == ["never_by"]
    p.do("not_twice", "agent:wu")


def test_who_is_excluded_from_the_process_never_acts(play: Begin) -> None:
    p = begun(play, person="lin")
    assert p.refused("by_role", "agent:lin") == ["never_by"]
    assert p.refused("by_field", "agent:lin") == ["never_by"]


def test_who_is_excluded_from_a_state_acts_again_outside_it(play: Begin) -> None:
    p = begun(play)
    p.do("shut", "boss:li")
    assert p.refused("go", "boss:li") == ["never_by"]
    p.do("go", "boss:wu")
    p.do("shut", "boss:li")


def test_whoever_opens_a_case_that_excludes_them_has_opened_it_and_does_no_more(play: Begin) -> None:
    p = begun(play, person="lin")
    assert p.one().done["opening"].actors == ("lin",)
    assert p.refused("by_role", "agent:lin") == ["never_by"]


@pytest.mark.parametrize("verb", ["claim", "assign"])
def test_who_is_excluded_neither_claims_nor_is_assigned(play: Begin, verb: str) -> None:
    p = begun(play, person="lin")
    assert p.hold(verb, "agent:lin" if verb == "claim" else "boss:li", "lin") == ["never_by"]


def test_who_becomes_excluded_loses_the_case_at_that_step(play: Begin) -> None:
    p = begun(play)
    assert p.hold("claim", "agent:lin") == []
    record = p.do("name_it", "boss:li", person="lin").record
    assert p.one().assignee is None
    assert record["assignee"] == ["lin", None]


# -- who holds it ------------------------------------------------------------------------------------------------------


def test_of_two_who_claim_one_gets_it_and_the_other_is_told_who(play: Begin) -> None:
    p = begun(play)
    assert p.hold("claim", "agent:lin") == []
    told = p.world.command(Command(verb="claim", case=p.case, actor=actor("agent:wu")))
    assert rules(told) == ["claimed"]
    assert "`lin`" in told[0].words["en"]
    assert p.hold("claim", "agent:lin") == []  # once more changes nothing


def test_who_can_do_nothing_here_cannot_claim(play: Begin) -> None:
    p = begun(play)
    assert p.hold("claim", "manager:x") == ["by"]


def test_who_holds_a_case_is_told_to_who_works_it(play: Begin) -> None:
    """It was said that somebody else does not hold it, and nobody knew whom to ask."""
    p = begun(play)

    def why_not(who: str) -> str:
        (reason,) = p.world.command(Command(verb="release", case=p.case, actor=actor(who)))
        return reason.words["en"]

    assert why_not("agent:lin") == f"`{p.case}` is held by nobody"
    p.hold("claim", "agent:wu")
    told = f"`{p.case}` is held by `wu`, not by `lin`; ask them to release it, or a supervisor to assign it"
    assert why_not("agent:lin") == told
    assert why_not("manager:x") == f"`{p.case}` is not held by `x`"


@pytest.mark.parametrize(("who", "refused"), [("agent:wu", []), ("boss:li", []), ("agent:lin", ["by"])])
def test_the_holder_or_a_supervisor_releases(play: Begin, who: str, refused: list[str]) -> None:
    p = begun(play)
    p.hold("claim", "agent:wu")
    assert p.hold("release", who) == refused
    assert p.one().assignee == ("wu" if refused else None)


@pytest.mark.parametrize(("who", "refused"), [("agent:lin", []), ("boss:li", []), ("manager:x", ["by"])])
def test_who_works_here_or_a_supervisor_assigns(play: Begin, who: str, refused: list[str]) -> None:
    p = begun(play)
    assert p.hold("assign", who, "wu") == refused


def test_an_assignment_shuts_nobody_out(play: Begin) -> None:
    p = begun(play)
    p.hold("assign", "boss:li", "wu")
    p.do("by_role", "agent:lin")


@pytest.mark.parametrize("verb", ["claim", "assign"])
def test_a_closed_case_is_held_by_nobody(play: Begin, verb: str) -> None:
    p = begun(play)
    p.hold("claim", "agent:lin")
    p.do("close")
    assert p.one().assignee is None
    assert p.hold(verb, "boss+agent:lin", "wu") == ["state"]


def test_in_whose_name_somebody_acts_is_recorded(play: Begin) -> None:
    p = begun(play)
    stand_in = actor("agent:wu")._replace(on_behalf_of="lin")
    assert p.world.act(p.case, "by_role", {}, stand_in) == ()
    assert (p.records()[-1]["actor"], p.records()[-1]["for"]) == ("wu", "lin")


# -- how much ----------------------------------------------------------------------------------------------------------

AUTHORITY = """
initial: open
authority: {concession: {agent: 5.00, boss: 20.00, manager: unlimited}}
actions:
  told: {by: [agent], form: {require: [amount]}, guards: {may: {must: form.amount <= actor.may.concession}}, to: stay}
states:
  open:
    actions:
      give:
        by: [agent, boss, manager, technician]
        form: {require: [amount]}
        guards: {may: {must: form.amount <= actor.may.concession}}
        to: stay
      lead: {by: [agent, boss], guards: {leads: {must: "'boss' in actor.roles"}}, to: stay}
      own: {by: [agent], guards: {own: {must: actor.id == 'lin'}}, to: stay}
"""


@pytest.mark.parametrize(
    ("who", "amount", "refused"),
    [
        ("agent:a", "5.00", []),
        ("agent:a", "5.01", ["may"]),
        ("agent+boss:a", "20.00", []),  # the most of the actor's roles
        ("boss:a", "20.01", ["may"]),
        ("manager+agent:a", "90000000000000.00", []),  # above every amount
        ("technician:a", "0.00", []),
        ("technician:a", "0.01", ["may"]),  # a role not named has 0
    ],
)
def test_an_authority_is_the_most_of_the_actors_roles(play: Begin, who: str, amount: str, refused: list[str]) -> None:
    p = play(AUTHORITY)
    p.open()
    if refused:
        assert p.refused("give", who, amount=amount) == refused
    else:
        p.do("give", who, amount=amount)


def test_guards_see_who_acts_and_with_which_roles(play: Begin) -> None:
    p = play(AUTHORITY)
    p.open()
    assert p.refused("lead", "agent:lin") == ["leads"]
    p.do("lead", "agent+boss:lin")
    assert p.refused("own", "agent:wu") == ["own"]
    p.do("own", "agent:lin")


def test_the_engine_has_no_roles_and_no_authority(play: Begin) -> None:
    p = play(
        "initial: open\nopening: {by: [agent], then: [{open: child, as: kid}]}\n"
        "states: {open: {actions: {go: {by: [agent], then: [{tell: kid, do: told, with: {amount: 0.01}}], to: stay}}}}",
        child=AUTHORITY,
    )
    p.open()
    p.do("go")
    assert p.records(verb="tell refused")[0]["refused"] == [["may"]]


def test_persons_named_in_a_form_must_hold_the_role_their_field_asks_and_it_is_recorded(play: Begin) -> None:
    p = play(
        "initial: open\nfields: {fitter: {type: person, role: technician}}\n"
        "states: {open: {actions: {send: {by: [agent], form: {require: [fitter]}, to: stay}}}}"
    )
    p.open()
    people = {"T7": ("technician", "agent"), "lin": ("agent",)}
    told = Command(verb="do", case=p.case, name="send", actor=Actor(id="lin", roles=("agent",)), people=people)
    assert rules(p.world.command(told.but(form={"fitter": "lin"}))) == ["form:fitter"]
    assert p.world.command(told.but(form={"fitter": "T7"})) == ()
    assert p.records()[-1]["people"] == {"T7": ["technician", "agent"]}
