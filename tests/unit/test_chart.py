from __future__ import annotations

import pytest

from engine.chart import NOWHERE, Arc, Chart, Position
from tests.unit.charts import Walk, grow, previous, stay, to

REPAIR = """
    reported
    work
      diagnosing
      repairing
    closed outcome
"""

REGIONS = """
    reported
    both parallel
      repair
        repairing
        repaired
        checked
      customer
        informed
        asked
    referred
"""


# -- leaving and entering ----------------------------------------------------------------------------------------------


def test_a_step_leaves_from_inside_out_and_enters_from_outside_in() -> None:
    case = Walk(grow(REPAIR, to("reported", "dispatch", "repairing"), to("repairing", "refer", "reported")))
    case.go("dispatch")
    assert case.work == "exit reported, take dispatch, enter work, enter repairing"
    case.go("refer")
    assert case.work == "exit repairing, exit work, take refer, enter reported"


def test_a_group_as_target_is_entered_at_its_initial_state() -> None:
    assert Walk(grow(REPAIR, to("reported", "dispatch", "work"))).go("dispatch") == "diagnosing"
    drawing = REPAIR.replace("work", "work initial=repairing")
    assert Walk(grow(drawing, to("reported", "dispatch", "work"))).go("dispatch") == "repairing"


def test_a_stay_leaves_and_enters_nothing() -> None:
    case = Walk(grow(REPAIR, stay("reported", "note")))
    before = case.position
    case.go("note")
    assert case.work == "take note"
    assert case.position == before


def test_a_state_that_goes_to_itself_is_left_and_entered() -> None:
    case = Walk(grow(REPAIR, to("reported", "report_again", "reported")))
    case.go("report_again")
    assert case.work == "exit reported, take report_again, enter reported"


@pytest.mark.parametrize(
    ("inner", "work"),
    [
        (True, "exit diagnosing, take repair, enter repairing"),
        (False, "exit diagnosing, exit work, take repair, enter work, enter repairing"),
    ],
)
def test_a_groups_action_to_a_state_inside_it_leaves_the_group_only_if_it_is_not_inner(inner: bool, work: str) -> None:
    arcs = [to("reported", "dispatch", "work"), to("work", "repair", "repairing", inner=inner)]
    case = Walk(grow(REPAIR, *arcs))
    case.go("dispatch", "repair")
    assert case.work == work


def test_a_top_action_may_lead_anywhere_and_is_offered_in_every_state() -> None:
    chart = grow(REPAIR, to("reported", "dispatch", "repairing"), to("", "reschedule", "reported"))
    assert Walk(chart).go("reschedule") == "reported"
    case = Walk(chart)
    assert case.go("dispatch", "reschedule") == "reported"
    assert case.work == "exit repairing, exit work, take reschedule, enter reported"


# -- regions -----------------------------------------------------------------------------------------------------------


def test_a_parallel_group_is_entered_with_all_its_regions() -> None:
    case = Walk(grow(REGIONS, to("reported", "begin", "repaired")))
    assert case.go("begin") == "repaired + informed"
    assert case.work == (
        "exit reported, take begin, enter both, enter repair, enter repaired, "
        "enter customer, default customer, enter informed"
    )


def test_an_action_in_one_region_leaves_the_others_alone() -> None:
    case = Walk(grow(REGIONS, to("reported", "begin", "both"), to("repairing", "finish", "repaired")))
    assert case.go("begin", "finish") == "repaired + informed"
    assert case.work == "exit repairing, take finish, enter repaired"


def test_two_regions_that_offer_one_event_are_both_moved() -> None:
    arcs = [
        to("reported", "begin", "both"),
        to("repairing", "call", "repaired"),
        to("informed", "call", "asked"),
    ]
    case = Walk(grow(REGIONS, *arcs))
    assert case.go("begin", "call") == "repaired + asked"
    assert case.work == "exit informed, exit repairing, take call, take call, enter repaired, enter asked"


def test_of_two_regions_that_would_both_leave_the_group_the_first_wins() -> None:
    arcs = [to("reported", "begin", "both"), to("repairing", "end", "referred"), to("informed", "end", "reported")]
    assert Walk(grow(REGIONS, *arcs)).go("begin", "end") == "referred"


def test_a_parallel_groups_inner_action_moves_the_region_of_its_target_alone() -> None:
    arcs = [
        to("reported", "begin", "both"),
        to("informed", "ask", "asked"),
        to("both", "check", "checked", inner=True),
    ]
    case = Walk(grow(REGIONS, *arcs))
    assert case.go("begin", "ask", "check") == "checked + asked"
    assert case.work == "exit repairing, take check, enter checked"


def test_an_arc_can_name_a_state_in_each_region() -> None:
    chart = grow(REGIONS, Arc("reported", "begin", ("checked", "asked")))
    assert Walk(chart).go("begin") == "checked + asked"


# -- which arcs count --------------------------------------------------------------------------------------------------


def test_the_innermost_action_of_one_name_replaces_the_others_even_where_it_may_not_be_taken() -> None:
    arcs = [to("reported", "cancel", "closed", payload="inner"), to("", "cancel", "repairing", payload="outer")]
    for falls_back, at in ((False, "reported"), (True, "repairing")):
        case = Walk(grow(REPAIR, *arcs, falls_back=falls_back), lambda arc: arc.payload == "outer")
        assert case.go("cancel") == at


def test_an_action_of_one_region_replaces_that_of_the_group_around_all() -> None:
    arcs = [stay("repairing", "note"), stay("both", "note"), stay("", "note")]
    chart = grow(REGIONS, to("reported", "begin", "both"), *arcs)
    case = Walk(chart)
    case.go("begin", "note")
    assert case.steps[0].work == (("take", arcs[0]),)
    case.go("begin")
    assert case.machine.offers(Position(("repaired", "informed")), "note") == [arcs[1]]
    assert case.machine.offers(Position(("reported",)), "note") == [arcs[2]]


def test_arcs_without_event_fall_back_to_those_of_the_group() -> None:
    arcs = [to("diagnosing", "", "repairing"), to("work", "", "reported"), to("reported", "dispatch", "work")]
    case = Walk(grow(REPAIR, *arcs), lambda arc: arc.source != "diagnosing")
    assert case.go("dispatch") == "reported"


def test_a_removed_action_is_offered_by_nobody_while_its_state_is_active() -> None:
    drawing = REGIONS.replace("repairing", "repairing removed=cancel")
    arcs = [
        to("reported", "begin", "both"),
        to("repairing", "finish", "repaired"),
        to("informed", "cancel", "referred"),
        stay("", "cancel"),
        stay("", "note"),
    ]
    case = Walk(grow(drawing, *arcs))
    case.go("begin")
    assert case.machine.offers(case.position, "cancel") == []
    assert case.machine.chart.possible(case.position) == ("finish", "note")
    assert case.go("cancel") == "repairing + informed"
    assert case.go("finish", "cancel") == "referred"


def test_what_a_group_removes_is_removed_in_all_states_inside() -> None:
    arcs = [stay("diagnosing", "cancel"), stay("", "cancel"), to("reported", "dispatch", "work")]
    chart = grow(REPAIR.replace("work", "work removed=cancel"), *arcs)
    assert chart.possible(Position(("reported",))) == ("dispatch", "cancel")
    assert chart.possible(Position(("diagnosing",))) == ()


# -- ends --------------------------------------------------------------------------------------------------------------

ENDS = """
    reported
    both parallel
      repair
        repairing
        given_up outcome
        repaired final
      customer
        informed
        satisfied final
    closed outcome
"""


def test_an_outcome_inside_a_region_ends_the_case() -> None:
    arcs = [to("reported", "begin", "both"), to("repairing", "give_up", "given_up"), to("both", "done.both", "closed")]
    case = Walk(grow(ENDS, *arcs))
    assert case.go("begin", "give_up") == "given_up + informed"
    assert case.steps[-1].final == "given_up"
    assert "done" not in case.work


def test_a_final_state_ends_its_region_and_the_last_region_ends_the_group() -> None:
    arcs = [
        to("reported", "begin", "both"),
        to("repairing", "finish", "repaired"),
        to("informed", "agree", "satisfied"),
        to("both", "done.both", "closed"),
    ]
    case = Walk(grow(ENDS, *arcs))
    assert case.go("begin", "finish") == "repaired + informed"
    assert case.work.endswith("done repair")
    assert case.steps[-1].final is None
    assert case.machine.chart.ended(case.position) == ("repair",)
    assert case.machine.chart.ended(Position(("repaired", "satisfied"))) == ("repair", "both", "customer")
    assert case.go("agree") == "closed"
    assert "done customer, done both" in case.work
    assert case.steps[-1].final == "closed"


def test_a_final_state_outside_all_groups_ends_the_case_too() -> None:
    case = Walk(grow("    reported\n    gone final", to("reported", "go", "gone")))
    case.go("go")
    assert case.steps[-1].final == "gone"


def test_an_ended_case_offers_only_what_its_final_state_itself_offers() -> None:
    arcs = [
        to("reported", "begin", "both"),
        to("repairing", "give_up", "given_up"),
        to("given_up", "reopen", "reported"),
        to("informed", "agree", "satisfied"),
        stay("both", "note"),
        stay("", "note"),
    ]
    case = Walk(grow(ENDS, *arcs))
    case.go("begin", "give_up")
    assert case.machine.chart.possible(case.position) == ("reopen",)
    assert case.go("agree", "note") == "given_up + informed"
    assert case.go("reopen") == "reported"
    assert case.steps[-1].final is None


# -- previous ----------------------------------------------------------------------------------------------------------

VISIT = """
    diagnosing
    waiting_part
    referred
    work
      repairing
      testing
    passing
"""

DETOUR = (
    to("diagnosing", "wait", "waiting_part"),
    to("repairing", "wait", "waiting_part"),
    to("waiting_part", "refer", "referred"),
    to("diagnosing", "repair", "repairing"),
    to("repairing", "test", "testing"),
    previous("waiting_part"),
    previous("referred"),
)


@pytest.mark.parametrize(
    ("way", "at"),
    [
        ("wait previous", "diagnosing"),
        ("repair wait previous", "repairing"),
        ("wait refer previous", "waiting_part"),
        ("wait refer previous previous", "diagnosing"),  # a return is no step to return from
        ("repair wait refer previous previous", "repairing"),
        ("wait refer previous refer previous previous", "diagnosing"),
        ("wait previous wait refer previous previous", "diagnosing"),
        ("wait previous repair wait previous", "repairing"),  # entering anew remembers anew
    ],
)
def test_previous_enters_again_what_the_step_into_this_state_left(way: str, at: str) -> None:
    assert Walk(grow(VISIT, *DETOUR)).go(*way.split()) == at


def test_a_state_is_returned_to_and_so_are_the_groups_around_it() -> None:
    case = Walk(grow(VISIT, *DETOUR))
    case.go("repair", "wait", "previous")
    assert case.work == "exit waiting_part, take previous, return work, return repairing"


def test_a_stay_changes_nothing_of_what_is_remembered() -> None:
    case = Walk(grow(VISIT, *DETOUR, stay("waiting_part", "note")))
    case.go("wait")
    before = case.position
    assert case.go("note", "note") == "waiting_part"
    assert case.position == before
    assert case.go("previous") == "diagnosing"


def test_a_step_of_a_state_to_itself_does_not_count() -> None:
    case = Walk(grow(VISIT, *DETOUR, to("waiting_part", "wait_longer", "waiting_part")))
    assert case.go("wait", "wait_longer", "previous") == "diagnosing"


def test_a_group_that_is_entered_again_from_inside_itself_keeps_what_it_remembers() -> None:
    case = Walk(grow(VISIT, *DETOUR, to("testing", "again", "work"), previous("work", "back")))
    assert case.go("repair", "test", "again", "back") == "diagnosing"


def test_previous_of_a_group_leaves_the_group_whatever_happened_inside() -> None:
    case = Walk(grow(VISIT, *DETOUR, previous("work", "back")))
    assert case.go("repair", "test", "back") == "diagnosing"


def test_a_top_previous_is_of_the_present_leaf() -> None:
    case = Walk(grow(VISIT, *DETOUR, previous("", "back")))
    assert case.machine.chart.possible(case.position) == ("wait", "repair")  # nothing to return to
    assert case.go("repair", "test", "back") == "repairing"
    assert case.work == "exit testing, take back, return repairing"
    assert case.go("back") == "diagnosing"


def test_a_group_may_give_each_state_inside_it_its_own_previous() -> None:
    chart = grow(VISIT, *DETOUR, Arc("work", "back", recall=""))
    assert Walk(chart).go("repair", "test", "back") == "repairing"
    assert chart.possible(Position(("waiting_part",), (("waiting_part", ("diagnosing",)),))) == ("refer", "previous")


def test_a_state_passed_by_decide_does_not_count() -> None:
    arcs = [to("diagnosing", "go_on", "passing"), to("passing", "", "referred"), *DETOUR]
    case = Walk(grow(VISIT, *arcs))
    assert case.go("go_on", "previous") == "diagnosing"


def test_a_state_entered_again_through_decide_from_itself_keeps_what_it_remembers() -> None:
    arcs = [to("waiting_part", "ask", "passing"), to("passing", "", "waiting_part"), *DETOUR]
    assert Walk(grow(VISIT, *arcs)).go("wait", "ask", "previous") == "diagnosing"


def test_a_waiting_decide_that_is_left_by_an_action_counts_like_any_state() -> None:
    arcs = [
        to("diagnosing", "go_on", "passing"),
        to("passing", "", "work"),
        to("passing", "refer", "referred"),
        *DETOUR,
    ]
    case = Walk(grow(VISIT, *arcs), lambda arc: arc.event != "")
    assert case.go("go_on", "refer", "previous") == "passing"


def test_a_state_whose_arc_without_event_stayed_was_not_passed() -> None:
    # Found by chart 17 523 of the long law: one region stays by itself while another leads out of the group.
    arcs = [stay("repairing", ""), to("informed", "", "referred"), previous("referred")]
    chart, begun = grow(REGIONS, *arcs), Position(("repairing", "informed"))
    step = chart.microstep(begun, chart.without_conflicts((arcs[0], arcs[1]), begun))
    assert step.position == Position(("referred",), (("referred", ("repairing",)),))


def test_previous_that_nothing_precedes_is_not_offered() -> None:
    chart = grow(VISIT, previous("diagnosing"), stay("diagnosing", "note"))
    case = Walk(chart)
    arc = Arc("diagnosing", "previous", recall="diagnosing")
    assert not chart.can_return(case.position, arc)
    assert chart.possible(case.position) == ("note",)
    assert case.go("previous") == "diagnosing"
    assert case.steps == []


def test_a_branch_that_cannot_return_leaves_the_others() -> None:
    arcs = [previous("diagnosing", "back"), to("diagnosing", "back", "referred")]
    assert Walk(grow(VISIT, *arcs)).go("back") == "referred"


def test_what_is_out_of_reach_is_forgotten() -> None:
    case = Walk(grow(VISIT, *DETOUR))
    begun = case.position
    case.go("wait", "refer")
    assert dict(case.position.past) == {"waiting_part": ("diagnosing",), "referred": ("waiting_part",)}
    assert case.machine.chart.may_return_to(case.position) == {"waiting_part", "diagnosing"}
    case.go("previous")
    assert dict(case.position.past) == {"waiting_part": ("diagnosing",)}
    case.go("previous")
    assert case.position == begun


def test_only_states_that_offer_previous_remember_and_decide_states_on_the_way_to_them() -> None:
    ways = [to("diagnosing", "on", "passing"), to("diagnosing", "aside", "testing"), to("passing", "", "waiting_part")]
    aside = [to("testing", "", "repairing"), previous("waiting_part")]
    case = Walk(grow(VISIT, *ways, *aside), lambda arc: arc.event != "")
    case.go("aside")
    assert case.position == Position(("testing",))
    case = Walk(grow(VISIT, *ways, *aside), lambda arc: arc.event != "")
    case.go("on")
    assert case.position == Position(("passing",), (("passing", ("diagnosing",)),))


# -- previous and regions ----------------------------------------------------------------------------------------------

BACK = (
    to("reported", "begin", "both"),
    to("repairing", "finish", "repaired"),
    to("repaired", "check", "checked"),
    to("informed", "ask", "asked"),
    to("both", "refer", "referred"),
)


def test_in_a_region_previous_returns_to_the_regions_own_and_the_others_stay() -> None:
    case = Walk(grow(REGIONS, *BACK, previous("repaired", "back")))
    assert case.go("begin", "finish", "ask", "back") == "repairing + asked"
    assert case.work == "exit repaired, take back, return repairing"


def test_two_regions_moved_by_one_step_remember_each_its_own() -> None:
    arcs = [
        to("reported", "begin", "both"),
        to("repairing", "call", "repaired"),
        to("informed", "call", "asked"),
        previous("repaired", "back"),
        previous("asked", "ask_again"),
    ]
    case = Walk(grow(REGIONS, *arcs))
    assert case.go("begin", "call", "back") == "repairing + asked"
    assert case.go("ask_again") == "repairing + informed"


def test_a_region_entered_from_outside_has_nothing_of_its_own_to_return_to() -> None:
    arcs = [to("reported", "begin", "repaired"), previous("repaired", "back"), previous("both", "undo")]
    case = Walk(grow(REGIONS, *arcs))
    case.go("begin")
    assert case.machine.chart.possible(case.position) == ("undo",)
    assert case.go("undo") == "reported"


def test_previous_into_a_parallel_group_enters_every_region_where_it_was_left() -> None:
    case = Walk(grow(REGIONS, *BACK, previous("referred", "back")))
    assert case.go("begin", "finish", "ask", "refer", "back") == "repaired + asked"
    assert case.work == (
        "exit referred, take back, return both, return repair, return repaired, return customer, return asked"
    )


def test_previous_into_an_ended_region_says_again_that_it_has_ended() -> None:
    arcs = [
        to("reported", "begin", "both"),
        to("repairing", "finish", "repaired"),
        to("informed", "agree", "satisfied"),
        to("both", "away", "reported"),
        previous("reported", "back"),
        to("both", "done.both", "closed"),
    ]
    case = Walk(grow(ENDS, *arcs))
    assert case.go("begin", "finish", "away", "back") == "repaired + informed"
    assert case.go("agree") == "closed"


def test_a_region_passed_by_decide_at_its_beginning_begins_anew_on_return() -> None:
    arcs = [*BACK[:1], to("repairing", "", "referred"), previous("referred", "back")]
    case = Walk(grow(REGIONS, *arcs), lambda arc: bool(arc.event) or opened)
    opened = False
    case.go("begin")
    opened = True
    assert case.go("") == "referred"
    opened = False
    assert case.go("back") == "repairing + informed"
    assert case.work == (
        "exit referred, take back, return both, enter repair, default repair, enter repairing, "
        "return customer, return informed"
    )


def test_a_top_previous_in_regions_returns_each_leaf_that_can() -> None:
    case = Walk(grow(REGIONS, *BACK, previous("", "back")))
    assert case.go("begin", "finish", "back") == "repairing + informed"
    assert case.go("finish", "ask", "back") == "repairing + informed"
    assert case.work == "exit asked, exit repaired, take back, return repairing, return informed"


# -- history states ----------------------------------------------------------------------------------------------------

REMEMBERED = """
    outside
    work
      rest
      inner
        one
        two
      shallowly shallow
      deeply deep
"""


@pytest.mark.parametrize(
    ("history", "first", "again"),
    [("shallowly", "rest", "one"), ("deeply", "rest", "two")],
)
def test_a_history_state_enters_what_was_active_when_its_parent_was_left(history: str, first: str, again: str) -> None:
    arcs = [
        to("outside", "in", history),
        to("work", "out", "outside"),
        to("rest", "on", "two"),
        Arc("shallowly", "", ("rest",)),
        Arc("deeply", "", ("rest",)),
    ]
    case = Walk(grow(REMEMBERED, *arcs))
    assert case.go("in") == first
    assert "recall" in case.work
    assert case.go("on", "out", "in") == again
    assert "recall" not in case.work
    assert "return" not in case.work  # SCXML's history is entering, not returning


# -- questions ---------------------------------------------------------------------------------------------------------


def test_a_position_is_in_its_leaves_and_in_all_groups_around_them() -> None:
    chart = grow(REGIONS)
    position = Position(("repairing", "asked"))
    names = ["", "reported", "both", "repair", "repairing", "customer", "asked", "informed"]
    assert [name for name in names if chart.is_in(position, name)] == [
        "", "both", "repair", "repairing", "customer", "asked",
    ]  # fmt: skip
    assert not chart.is_in(NOWHERE, "")


def test_what_is_possible_is_listed_innermost_first_and_once() -> None:
    arcs = [stay("", "note"), to("both", "refer", "referred"), stay("repairing", "note"), stay("informed", "call")]
    assert grow(REGIONS, *arcs).possible(Position(("repairing", "informed"))) == ("note", "refer", "call")


# -- building ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "two words", "*", "=", "a+b", "(a)", "[a]", "a\n"])
def test_a_name_that_positions_could_not_be_named_by_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="single words"):
        Chart().add(name)


def test_a_name_is_used_once() -> None:
    with pytest.raises(ValueError, match="`reported` cannot name a state"):
        grow("    reported\n    reported")


def test_states_are_added_in_document_order() -> None:
    chart = grow("    work\n    closed")
    with pytest.raises(ValueError, match="`late` comes too late"):
        chart.add("late", parent="work")


@pytest.mark.parametrize("arc", [to("gone", "go", "work"), to("work", "go", "gone"), Arc("work", "go", recall="gone")])
def test_an_arc_names_states_that_there_are(arc: Arc) -> None:
    with pytest.raises(ValueError, match="names `gone`, which is no state"):
        grow("    work", arc)


def test_an_arc_leads_on_or_returns() -> None:
    with pytest.raises(ValueError, match="one of the two"):
        grow("    work", Arc("work", "go", ("work",), recall=""))


def test_states_added_after_the_first_question_are_remembered_too() -> None:
    chart = grow("    begun")
    chart.begin()
    chart.microstep(Position(("begun",)), ())
    chart.add("later")
    chart.connect(to("begun", "go", "later"))
    chart.connect(previous("later"))
    assert Walk(chart).go("go", "previous") == "begun"
