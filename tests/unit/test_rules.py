"""Rules: where they speak beyond the manual's examples, and where they keep silent."""

from __future__ import annotations

import pytest

from engine.lang.diagnostics import Diagnostic
from engine.lang.load import load_folder, load_process
from engine.lang.manual.pages import base, example_sources
from engine.lang.rules.samples import samples_of
from engine.lang.rules.walks import MOST_POSITIONS, walks_of

HEAD = """\
fields:
  subject: {type: text, label: {en: Subject}}
  stars: {type: integer, min: 0, max: 5, label: {en: Stars}}
  price: {type: money, label: {en: Price}}
  urgent: {type: yes_no, label: {en: Urgent}}
  owner: {type: person, role: technician, label: {en: Owner}}
opening: {by: [agent], form: {require: [subject, channel, stars, price, urgent, owner]}}
"""


def findings(text: str) -> tuple[Diagnostic, ...]:
    return load_process(example_sources(text), "example").diagnostics


def ids(text: str) -> list[str]:
    return [found.id for found in findings(text)]


def leaving(to: str, more: str = "") -> str:
    """A process whose top action `leave` goes there."""
    return f"{HEAD}actions:\n  leave: {{label: {{en: Leave it}}, by: [agent], {more}to: {to}}}\n"


def states(*actions: str, more: str = "") -> str:
    """A process with these actions in `working`, and perhaps other states."""
    inner = "".join(f"      {action}\n" for action in actions)
    working = f"  working:\n    label: {{en: Working}}\n    waiting_on: agent\n    actions:\n{inner}"
    return f"{HEAD}states:\n{working}{more}  closed: {{label: {{en: Closed}}, final: done}}\n"


def act(name: str, to: str, more: str = "") -> str:
    """One action of an agent."""
    return f"{name}: {{label: {{en: {name.title()}}}, by: [agent], {more}to: {to}}}"


def other(name: str, *actions: str) -> str:
    """One state more."""
    inner = "".join(f"      {action}\n" for action in actions)
    return f"  {name}:\n    label: {{en: {name.title()}}}\n    waiting_on: agent\n    actions:\n{inner}"


CLOSE = "close: {label: {en: Close}, by: [agent], to: closed}"


# ---------------------------------------------------------------- what is told beside other errors

REOPENED = f"""{HEAD}clocks: {{answer: {{label: {{en: Answered}}, goal: 1h, met_by: [close], thresholds: usual}}}}
states:
  working: {{label: {{en: Working}}, waiting_on: agent, actions: {{{CLOSE}}}}}
  lost: {{label: {{en: Lost}}, waiting_on: agent, actions: {{{act("end", "closed")}}}}}
  closed: {{label: {{en: Closed}}, final: done, actions: {{{act("again", "working")}}}}}
"""


@pytest.mark.parametrize(
    ("spoilt", "first", "told"),
    [
        (("goal: 1h", "goal: 1x"), "bad-time", {"unreachable-state"}),  # ways are whole, promises are not
        (("stars: {type: integer", "stars: {type: intger"), "wrong-value", {"unreachable-state", "on-reopen-unsaid"}),
        (("label: {en: Lost}", "label: {xx: Lost}"), "unknown-language", {"unreachable-state", "on-reopen-unsaid"}),
        (("to: working}", "to: workin}"), "unknown-state", {"on-reopen-unsaid"}),  # who knows where that leads
        (("states:", "staets:"), "unknown-key", set()),  # and what all else of it would be
    ],
)
def test_rules_speak_beside_an_error_as_long_as_they_read_nothing_of_what_is_wrong(
    spoilt: tuple[str, str], first: str, told: set[str]
) -> None:
    assert set(ids(REOPENED)) == {"unreachable-state", "on-reopen-unsaid"}
    assert spoilt[0] in REOPENED
    found = set(ids(REOPENED.replace(*spoilt)))
    assert first in found
    assert found & {"unreachable-state", "on-reopen-unsaid", "trap", "clock-unmet", "clock-never-starts"} == told


def test_an_action_that_stays_in_a_final_state_opens_nothing_again() -> None:
    assert set(ids(REOPENED.replace("to: working}", "to: stay}"))) == {"unreachable-state", "final-stays"}


def test_a_brace_that_stands_alone_in_a_text_is_found() -> None:
    found = findings(f'summary: "{{case.subject"\n{HEAD}')
    assert [(one.id, one.message, one.span.column) for one in found if one.id == "unknown-placeholder"] == [
        ("unknown-placeholder", "`{` stands alone in this text", 11)
    ]


# ---------------------------------------------------------------- conditions and branches


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("[{if: case.urgent, is: closed}, {is: stay}]", []),
        ("[{if: case.urgent, is: closed}, {if: '!case.urgent', is: stay}]", []),
        ("[{if: case.urgent, is: closed}, {if: case.urgent, is: stay}]", ["branch-gap", "branch-never-taken"]),
        ("[{if: 'true', is: closed}, {is: stay}]", ["constant-condition"]),
        ("[{if: case.stars < 3, is: closed}, {if: case.stars >= 3, is: stay}]", []),
        ("[{if: case.stars < 3, is: closed}, {if: case.stars > 3, is: stay}]", ["branch-gap"]),
        ("[{if: case.stars < 3, is: closed}, {if: case.stars < 2, is: stay}, {is: stay}]", ["branch-never-taken"]),
        ("[{if: \"case.price < money('5.00')\", is: closed}, {if: \"case.price >= money('5.00')\", is: stay}]", []),
        ("[{if: \"case.price <= money('5.00')\", is: closed}]", ["branch-gap"]),
        ("[{if: case.channel == 'phone', is: closed}, {if: case.channel == 'mail', is: stay}]", []),
        ("[{if: \"case.channel in ['phone', 'mail']\", is: closed}, {is: stay}]", ["constant-condition"]),
        ("[{if: case.subject == 'x', is: closed}, {if: case.subject == 'z', is: stay}]", ["branch-gap"]),
        ("[{if: did.leave < 2, is: closed}, {if: did.leave >= 2, is: stay}]", []),
        ("[{if: did.leave < 1, is: closed}, {is: stay}]", ["branch-never-taken"]),  # it was just accepted
        ("[{if: did.close < 1, is: closed}, {is: stay}]", []),
        ("[{if: size(case.subject) > 3, is: closed}]", []),  # not plain: nothing is claimed
        ("[{if: case.opened_at < now, is: closed}]", []),
    ],
)  # fmt: skip
def test_branches_are_told_apart_by_boundary_values(to: str, expected: list[str]) -> None:
    assert sorted(ids(leaving(to))) == sorted(expected)


def test_a_gap_says_where_it_is() -> None:
    (found,) = findings(leaving("[{if: case.stars < 3, is: closed}, {if: case.stars > 3, is: stay}]"))
    assert found.message == "no branch of action `leave` may hold where `case.stars` is 3: then it is refused"
    (found,) = findings(leaving("[{if: \"case.price != money('5.00')\", is: closed}]"))
    assert "`case.price` is 5.00" in found.message


def test_a_guard_on_the_same_field_keeps_the_checker_from_claiming_a_gap() -> None:
    guards = "guards: {some: {must: case.stars != 3, else: {en: Not three}}}, "
    assert ids(leaving("[{if: case.stars < 3, is: closed}, {if: case.stars > 3, is: stay}]", guards)) == []


@pytest.mark.parametrize(
    ("must", "is_constant"),
    [
        ("true", True),
        ("1 < 2", True),
        ("case.urgent || !case.urgent", True),
        ("case.stars <= 5", True),
        ("case.stars < 5", False),
        ("case.urgent", False),
        ("case.stars == case.stars + 0", False),  # not plain
        ("did.leave >= 0", True),
        ("did.leave > 3", False),
    ],
)
def test_a_condition_that_never_changes_is_found(must: str, is_constant: bool) -> None:
    guards = f"guards: {{some: {{must: '{must}', else: {{en: Refused}}}}}}, "
    assert ids(leaving("stay", guards)) == (["constant-condition"] if is_constant else [])


def test_samples_know_only_plain_conditions() -> None:
    definition = load_process(
        example_sources(leaving("[{if: case.stars < 3 && case.urgent, is: closed}, {is: stay}]")), "example"
    ).definition
    assert definition is not None
    condition = definition.actions["leave"].to[0].when
    assert condition is not None
    samples = samples_of(definition, [condition], sure=["stars", "urgent"])
    assert samples.known
    assert dict(zip(samples.names, samples.values, strict=True)) == {
        "case.stars": (0, 2, 3, 4, 5), "case.urgent": (True, False),
    }  # fmt: skip


# ---------------------------------------------------------------- ways


def test_a_trap_names_only_the_states_in_which_a_case_is_caught() -> None:
    circle = other("first", act("hop", "second")) + other("second", act("back", "first"))
    text = states(CLOSE, act("go", "before"), more=other("before", act("into", "first")) + circle)
    said = [found.message for found in findings(text) if found.id == "trap"]
    assert said == [f"from state `{name}` the case can never end" for name in ("first", "second")]


def test_a_process_that_never_ends_is_told_once() -> None:
    text = states(act("hop", "working")).replace("  closed: {label: {en: Closed}, final: done}\n", "")
    assert [(found.id, found.message) for found in findings(text)] == [("trap", "no state ends the case")]


def test_returning_to_a_state_that_can_end_is_no_trap() -> None:
    assert ids(states(CLOSE, act("rest", "resting"), more=other("resting", act("back", "previous")))) == []


def test_a_timer_out_is_no_trap() -> None:
    resting = "  resting: {label: {en: Resting}, waiting_on: agent, timers: {lapse: {after: 1h, to: closed}}}\n"
    assert ids(states(act("rest", "resting"), more=resting)) == []


def test_only_the_outermost_unreachable_state_is_told() -> None:
    group = (
        "  group:\n    label: {en: Group}\n    waiting_on: agent\n    initial: inner\n    states:\n"
        f"      inner: {{label: {{en: Inner}}, actions: {{{act('out', 'closed')}}}}}\n"
    )
    assert [found.message for found in findings(states(CLOSE, more=group))] == ["nothing leads to state `group`"]


def test_too_many_positions_claim_nothing() -> None:
    regions = "".join(
        f"      region{number}:\n        label: {{en: Region {number}}}\n        initial: a{number}\n        states:\n"
        + "".join(
            f"          {letter}{number}: {{label: {{en: {letter}{number}}}, actions: {{to_{following}{number}: "
            f"{{label: {{en: To {following}}}, by: [agent], to: {following}{number}}}}}}}\n"
            for letter, following in zip("abcdefgh", "bcdefghi", strict=True)
        )
        + f"          i{number}: {{label: {{en: i{number}}}, final: true}}\n"
        for number in range(1, 6)
    )
    text = (
        f"{HEAD}initial: all\nstates:\n  all:\n    label: {{en: All}}\n    parallel: true\n    waiting_on: agent\n"
        f"    done: closed\n    states:\n{regions}  closed: {{label: {{en: Closed}}, final: done}}\n"
    )
    loaded = load_process(example_sources(text), "example")
    assert loaded.diagnostics == ()
    assert loaded.definition is not None
    walks = walks_of(loaded.definition)
    assert not walks.is_whole
    assert len(walks.positions) < 2 * MOST_POSITIONS


@pytest.mark.parametrize(
    ("waiting_on", "by", "is_idle"),
    [
        ("agent", "[agent]", False),
        ("supervisor", "[agent]", True),
        ("case.owner", "[case.owner, agent]", False),
        ("case.owner", "[technician]", False),  # the owner holds this role
        ("technician", "[case.owner]", False),
        ("case.owner", "[agent]", True),
        ("customer", "[agent]", False),  # parties never act
        ("supervisor", "[waiting_on]", False),
    ],
)
def test_who_is_waited_for_can_do_something(waiting_on: str, by: str, is_idle: bool) -> None:
    text = states(f"close: {{label: {{en: Close}}, by: {by}, to: closed}}").replace(
        "waiting_on: agent", f"waiting_on: {waiting_on}"
    )
    assert ids(text) == (["waits-for-idle"] if is_idle else [])


def test_a_note_that_anybody_may_write_is_no_work() -> None:
    note = "actions:\n  note: {label: {en: Note}, by: [supervisor], form: {require: [note]}, to: stay}\n"
    assert ids(note + states(CLOSE).replace("waiting_on: agent", "waiting_on: supervisor")) == ["waits-for-idle"]


# ---------------------------------------------------------------- clocks


CLOCK = "clocks:\n  answer: {{label: {{en: Answered}}, goal: {goal}, starts: [{starts}], met_by: [{met_by}]}}\n"


def test_a_way_closed_by_a_guard_on_an_unset_field_is_no_way() -> None:
    clock = CLOCK.format(goal="4h", starts="opening", met_by="answer")
    close = act("close", "closed", "guards: {noted: {must: has(case.note), else: {en: Note it}}}, ")
    answer = act("answer", "stay", "form: {require: [note]}, ")
    assert ids(clock + states(answer, close)) == []
    assert ids(clock + states(answer, CLOSE)) == ["clock-unmet"]


def test_a_way_that_clears_the_field_again_is_none() -> None:
    clock = CLOCK.format(goal="4h", starts="opening, again", met_by="answer")
    close = act("close", "closed", "guards: {noted: {must: has(case.note), else: {en: Note it}}}, ")
    answer = act("answer", "stay", "form: {require: [note]}, ")
    again = act("again", "stay", "then: [{clear: [note]}], ")
    assert ids(clock + states(answer, close, again)) == []
    kept = again.replace("then: [{clear: [note]}], ", "")
    found = findings(clock + states(answer, close, kept))
    assert [one.id for one in found] == ["clock-unmet"]
    assert found[0].message.startswith(
        "started by `again`, clock `answer` is neither met nor cancelled on the way `close`"
    )


def test_what_needs_an_action_comes_only_after_it() -> None:
    clock = CLOCK.format(goal="4h", starts="opening", met_by="answer")
    assert ids(clock + states(act("answer", "stay"), act("close", "closed", "needs: [answer], "))) == []


def test_a_checklist_begins_anew_with_its_state() -> None:
    clock = CLOCK.format(goal="4h", starts="opening, again", met_by="answer")
    answer, close = act("answer", "stay"), act("close", "closed", "needs: [answer], ")
    assert ids(clock + states(answer, close, act("again", "working"))) == []
    found = findings(clock + states(answer, close, act("again", "stay")))
    assert [one.message.partition(" on the way ")[2] for one in found] == ["`close` to `closed`"]


def test_what_nobody_can_do_is_no_way() -> None:
    clock = CLOCK.format(goal="4h", starts="opening", met_by="send")
    owner = HEAD.replace(", owner]", "]")
    send = "send: {label: {en: Send}, by: [agent], form: {require: [owner]}, to: stay}"
    close = "close: {label: {en: Close}, by: [case.owner], to: closed}"
    assert ids(clock + states(send, close).replace(HEAD, owner)) == []


def test_a_clock_may_be_unmet_where_the_case_fails() -> None:
    clock = CLOCK.format(goal="4h", starts="opening", met_by="close")
    drop = "drop: {label: {en: Drop}, by: [agent], to: dropped}"
    dropped = "  dropped: {label: {en: Dropped}, final: failed}\n"
    assert ids(clock + states(CLOSE, drop, more=dropped)) == []


def test_a_rung_before_the_start_of_only_some_clocks_is_left_alone() -> None:
    ladder = "ladders:\n  both: [{at: goal - 1h, then: [{notify: supervisor, message: late}]}]\n"
    short = "  short: {label: {en: Short}, goal: 30m, met_by: [close], thresholds: both}\n"
    long = "  long: {label: {en: Long}, goal: 4h, met_by: [close], thresholds: both}\n"
    assert ids(f"{ladder}clocks:\n{short}{long}" + states(CLOSE)) == []
    assert ids(f"{ladder}clocks:\n{short}" + states(CLOSE)) == ["threshold-before-start"]


def test_rungs_crossed_for_one_goal_only_are_left_alone() -> None:
    ladder = "ladders:\n  both: [{at: goal - 1h, then: []}, {at: 50%, then: []}]\n"
    short = "  short: {label: {en: Short}, goal: 90m, met_by: [close], thresholds: both}\n"
    long = "  long: {label: {en: Long}, goal: 4h, met_by: [close], thresholds: both}\n"
    assert ids(f"{ladder}clocks:\n{short}{long}" + states(CLOSE)) == []
    assert ids(f"{ladder}clocks:\n{long}" + states(CLOSE)) == ["rungs-out-of-order"]


def test_pauses_of_a_clock_with_one_duration_are_right() -> None:
    text = (
        "clocks:\n  answer:\n    label: {en: Answered}\n    met_by: [close]\n    pauses_in: [working]\n"
        "    goal: [{if: case.urgent, is: 1h}, {is: end_of_day}]\n"
    )
    assert ids(text + states(CLOSE)) == []
    assert ids(text.replace("is: 1h", "is: end_of_month") + states(CLOSE)) == ["pauses-on-instant"]


# ---------------------------------------------------------------- people, checklists, texts


def test_reopening_lets_anything_have_been_done_before() -> None:
    text = states(act("go", "later", "never_by: [did.close], "), more=other("later", act("close", "closed")))
    assert ids(text) == ["never-before"]
    reopen = f"final: done, actions: {{{act('reopen', 'working')}}}"
    assert ids(text.replace("final: done", reopen)) == []


def test_a_checklist_may_hold_what_a_group_around_offers() -> None:
    text = f"""\
{HEAD}initial: group
states:
  group:
    label: {{en: Group}}
    waiting_on: agent
    initial: inner
    actions:
      measure: {{label: {{en: Measure}}, by: [agent], to: stay}}
    states:
      inner:
        label: {{en: Inner}}
        actions:
          close: {{label: {{en: Close}}, by: [agent], needs: [measure], to: closed}}
  closed: {{label: {{en: Closed}}, final: done}}
"""
    assert ids(text) == []


def test_an_action_for_nobody_may_be_told() -> None:
    lost = "lost: {label: {en: Lost}, by: [], to: stay}"
    assert ids(states(CLOSE, lost)) == ["nobody-can-act"]
    send = "send: {label: {en: Send}, by: [agent], then: [{emit: parcel, failed: lost}], to: stay}"
    assert ids(states(CLOSE, lost, send)) == []


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        ("{case.subjct}", "did you mean `case.subject`, declared at line 2?"),
        ("{form.subject}", "what a form asks is kept in the case: write `{case.subject}`"),
        ("{subject}", "write `{case.subject}`"),
        ("{topic}", "a placeholder is a name such as"),
        ("{}", "a placeholder is a name such as"),
        ("{clock.lable}", "did you mean `clock.label`?"),
        ("{did.clsoe}", "did you mean `did.close`, declared"),
    ],
)
def test_a_placeholder_that_means_nothing_is_mended(words: str, mend: str) -> None:
    sources = example_sources(
        states(CLOSE, "tell: {label: {en: Tell}, by: [agent], then: [{notify: customer, message: mine}], to: stay}")
    )
    sources["messages/example.yaml"] = f'mine: {{text: {{en: "Dear customer, {words}"}}}}\n'
    (found,) = load_process(sources, "example").diagnostics
    assert (found.id, found.span.column) == ("unknown-placeholder", 35)
    assert (found.help or "").replace("example.yaml:", "line ").replace("in line", "at line").startswith(mend)


def test_local_rules_speak_also_where_something_else_is_broken() -> None:
    guard = "note: {label: {en: Note}, by: [agent], guards: {few: {must: did.note < 3}}, to: stay}"
    assert ids(states(CLOSE, guard).replace("waiting_on: agent", "waiting_on: agnet")) == [
        "unknown-role",
        "guard-without-else",
    ]


def test_whole_rules_wait_until_everything_can_be_read() -> None:
    alone = other("alone", act("out", "closed")).replace("waiting_on: agent", "waiting_on: agnet")
    assert ids(states(CLOSE, more=alone)) == ["unknown-role"]


def test_a_folder_with_a_broken_process_does_not_say_what_is_unused() -> None:
    files = {**base(), "example.yaml": "process: ["}
    assert [found.id for found in load_folder(files).diagnostics] == ["syntax"]


# ---------------------------------------------------------------- whether somebody can act


def guarded(**actions: str) -> str:
    """A process whose actions close the case, each under a condition; the conditions read the case."""
    return states(
        *(
            f"{name}: {{label: {{en: {name}}}, by: [agent], to: closed,"
            f' guards: {{g: {{must: "{must}", else: {{en: Not now}}}}}}}}'
            for name, must in actions.items()
        )
    )


@pytest.mark.parametrize(
    ("first", "second", "gap"),
    [
        ("case.stars > 3", "case.stars < 3", "`case.stars` is 3"),
        ("case.stars > 3", "case.stars <= 3", None),
        ("case.urgent", "case.stars > 3", "`case.stars` is 0 and `case.urgent` is false"),
        ("case.channel == 'phone'", "case.channel == 'mail'", None),  # every choice has its action
        ("case.price > money('5.00')", "case.price < money('5.00')", "`case.price` is 5.00"),
        ("case.urgent", "actor.id != case.owner", None),  # who comes is not known
    ],
)
def test_a_state_that_some_data_cannot_leave_is_told_with_them(first: str, second: str, gap: str | None) -> None:
    told = [one.message for one in findings(guarded(one=first, other=second)) if one.id == "guards-gap"]
    assert told == ([f"state `working` cannot be left where {gap}: every guard refuses"] if gap else [])


def test_a_gap_is_no_gap_where_the_field_can_still_be_changed() -> None:
    text = guarded(one="case.stars > 3") + (
        "actions:\n  mend: {label: {en: Mend}, by: [agent], form: {require: [stars]}, to: stay}\n"
    )
    assert "guards-gap" not in ids(text)


def test_a_gap_is_no_gap_where_it_is_decided_on_the_way() -> None:
    text = states(
        "close: {label: {en: Close}, by: [agent], to: [{if: case.stars > 3, is: good}, {is: closed}]}",
        more="  good:\n    label: {en: Good}\n    waiting_on: agent\n    actions:\n"
        "      thank: {label: {en: Thank}, by: [agent], to: closed,"
        ' guards: {g: {must: "case.stars > 3", else: {en: Not now}}}}\n',
    )
    assert "guards-gap" not in ids(text)


@pytest.mark.parametrize(
    ("clock", "more", "is_told"),
    [
        ("goal: 8h, met_by: [close]", "", True),
        ("goal: 8h, met_by: [close], calendar: hours", "", False),
        ("goal: 8h, met_by: [close], pauses_in: [working]", "", False),
        ("goal: 3 calendar_days, met_by: [close]", "", False),  # counts days, not hours
        ("goal: 8h, met_by: [close]", "    timers: {by_itself: {after: 3h, to: closed}}\n", False),
    ],
)
def test_hours_in_which_nobody_may_act_are_told_where_a_clock_counts_them(clock: str, more: str, is_told: bool) -> None:
    text = (
        f"clocks:\n  quick: {{label: {{en: Quick}}, {clock}}}\n"
        "states:\n  working:\n    label: {en: Working}\n    waiting_on: agent\n    actions:\n"
        "      close: {label: {en: Close}, by: [agent], during: hours, to: closed}\n"
        f"{more}  closed: {{label: {{en: Closed}}, final: done}}\n"
    )
    assert ("nobody-at-times" in ids(text)) is is_told


@pytest.mark.parametrize(
    ("first", "is_told"),
    [
        ("goal: 4h, met_by: [answer]", True),
        ("goal: 2h, met_by: [answer]", False),
        ("goal: 4h, met_by: [answer, close]", True),
        ("goal: 4h, met_by: [skip]", False),  # not on every way
        ("goal: 4h, met_by: [answer], starts: [answered_to]", False),  # begins later
        ("goal: 4h, met_by: [answer], calendar: hours", False),  # other hours
    ],
)
def test_a_step_with_more_time_than_the_whole_is_told(first: str, is_told: bool) -> None:
    text = (
        f"clocks:\n  step: {{label: {{en: Step}}, {first}}}\n"
        "  whole: {label: {en: Whole}, goal: 2h, met_by: [close]}\n"
        "states:\n  working:\n    label: {en: Working}\n    waiting_on: agent\n    actions:\n"
        "      answer: {label: {en: Answer}, by: [agent], to: answered_to}\n"
        "      skip: {label: {en: Skip}, by: [agent], to: answered_to}\n"
        "  answered_to:\n    label: {en: Answered}\n    waiting_on: agent\n    actions:\n"
        "      close: {label: {en: Close}, by: [agent], to: closed}\n"
        "  closed: {label: {en: Closed}, final: done}\n"
    )
    text = text.replace("      skip: {label: {en: Skip}, by: [agent], to: answered_to}\n", "") if is_told else text
    assert ("goal-longer-than-whole" in ids(text)) is is_told
