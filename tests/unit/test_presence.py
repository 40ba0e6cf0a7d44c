"""Which fields are surely set: what every way has asked for or set, and nothing has cleared."""

from __future__ import annotations

import pytest

from engine.lang.load import load_process
from engine.lang.manual.pages import example_sources

HEAD = """\
fields:
  subject: {type: text, label: {en: Subject}}
  stars: {type: integer, label: {en: Stars}}
  sure: {type: integer, default: 1, label: {en: Sure}}
"""
READS = "{if: case.stars > 1, is: stay}, {is: closed}"


def unset(text: str) -> list[str]:
    """The lines on which a field may be unset."""
    found = load_process(example_sources(HEAD + text), "example", rules=False).diagnostics
    assert {one.id for one in found} <= {"maybe-unset"}, found
    lines = (HEAD + text).split("\n")
    return [lines[one.span.line - 1].strip().partition(":")[0] for one in found]


def process(opening: str, working: str, other: str = "") -> str:
    """A process with these actions in `working`, and perhaps another state."""
    return f"""\
opening: {{by: [agent], form: {opening}}}
states:
  working:
    label: {{en: Working}}
    waiting_on: agent
    actions:
{working}
{other}
  closed: {{label: {{en: Closed}}, final: done}}
"""


def action(name: str, to: str = "stay", form: str = "", then: str = "", guards: str = "") -> str:
    """One action on a line."""
    form, then, guards = form and f"form: {form}, ", then and f"then: [{then}], ", guards and f"guards: {{{guards}}}, "
    return f"      {name}: {{label: {{en: {name}}}, by: [agent], {form}{guards}{then}to: {to}}}"


def state(name: str, *actions: str) -> str:
    """One state more."""
    return f"  {name}:\n    label: {{en: {name}}}\n    waiting_on: agent\n    actions:\n" + "\n".join(actions)


def test_what_the_opening_requires_is_set() -> None:
    assert unset(process("{require: [subject, stars]}", action("read", f"[{READS}]"))) == []


def test_what_the_opening_only_allows_may_be_unset() -> None:
    assert unset(process("{require: [subject], allow: [stars]}", action("read", f"[{READS}]"))) == ["read"]


def test_a_field_with_a_default_is_set() -> None:
    reads = action("read", f"[{READS}]").replace("stars", "sure")
    assert unset(process("{require: [subject]}", reads)) == []


def test_what_the_action_itself_requires_is_set_for_its_branches() -> None:
    assert unset(process("{require: [subject]}", action("read", f"[{READS}]", "{require: [stars]}"))) == []


def test_what_a_guard_asks_for_is_set_for_the_branches() -> None:
    guard = "known: {must: has(case.stars) && case.stars < 9, else: {en: No stars}}"
    assert unset(process("{require: [subject], allow: [stars]}", action("read", f"[{READS}]", guards=guard))) == []


def test_a_guard_of_either_kind_proves_nothing() -> None:
    guard = "known: {must: has(case.stars) || did.read > 1, else: {en: No stars}}"
    assert unset(process("{require: [subject], allow: [stars]}", action("read", f"[{READS}]", guards=guard))) == [
        "read"
    ]


def test_what_leads_to_a_state_has_set_it() -> None:
    away = action("go", "other", "{require: [stars]}")
    other = state("other", action("read", f"[{READS}]"))
    assert unset(process("{require: [subject]}", away, other)) == []


def test_one_way_that_has_not_set_it_is_enough() -> None:
    away = action("go", "other", "{require: [stars]}") + "\n" + action("slip", "other")
    other = state("other", action("read", f"[{READS}]"))
    assert unset(process("{require: [subject]}", away, other)) == ["read"]


@pytest.mark.parametrize(
    ("then", "is_set"),
    [
        ("{set: {stars: 3}}", True),
        ("{if: did.go > 1, set: {stars: 3}}", False),
        ("{set: {stars: 3}}, {clear: [stars]}", False),
        ("{clear: [stars]}, {set: {stars: 3}}", True),
        ("{set: {stars: =did.go}}", True),
        ("{set: {stars: null}}", False),
    ],
)
def test_effects_set_and_clear(then: str, is_set: bool) -> None:
    away = action("go", "other", then=then)
    other = state("other", action("read", f"[{READS}]"))
    assert unset(process("{require: [subject]}", away, other)) == ([] if is_set else ["read"])


@pytest.mark.parametrize(
    "clears", ["then: [{clear: [stars]}], ", "form: {allow: [stars]}, ", "then: [{if: did.note > 2, clear: [stars]}], "]
)
def test_whatever_may_clear_a_field_in_the_state_unsets_it(clears: str) -> None:
    note = f"      note: {{label: {{en: Note}}, by: [agent], {clears}to: stay}}"
    assert unset(process("{require: [subject, stars]}", note + "\n" + action("read", f"[{READS}]"))) == ["read"]


def test_a_top_action_counts_in_every_state() -> None:
    top = "actions:\n  drop: {label: {en: Drop}, by: [agent], then: [{clear: [stars]}], to: stay}\n"
    assert unset(top + process("{require: [subject, stars]}", action("read", f"[{READS}]"))) == ["read"]


def test_a_top_action_of_other_states_does_not() -> None:
    top = "actions:\n  drop: {label: {en: Drop}, by: [agent], in: [other], then: [{clear: [stars]}], to: closed}\n"
    other = state("other", action("rest", "closed"))
    text = process("{require: [subject, stars]}", action("read", f"[{READS}]") + "\n" + action("go", "other"), other)
    assert unset(top + text) == []


def test_what_was_set_when_a_state_was_left_is_set_when_it_is_returned_to() -> None:
    go = action("go", "with_stars", "{require: [stars]}") + "\n" + action("ask", "asking")
    others = state("with_stars", action("read", f"[{READS}]"), action("ask", "asking"))
    others += "\n" + state("asking", action("back", "previous"))
    assert unset(process("{require: [subject]}", go, others)) == []


def test_what_is_cleared_in_between_is_not() -> None:
    go = action("go", "with_stars", "{require: [stars]}")
    others = state("with_stars", action("read", f"[{READS}]"), action("ask", "asking"))
    others += "\n" + state("asking", action("forget", then="{clear: [stars]}"), action("back", "previous"))
    assert unset(process("{require: [subject]}", go, others)) == ["read"]


def test_a_branch_that_asks_for_a_field_proves_it_to_its_state() -> None:
    go = action("go", "[{if: has(case.stars), is: with_stars}, {is: closed}]")
    others = state("with_stars", action("read", f"[{READS}]"))
    assert unset(process("{require: [subject], allow: [stars]}", go, others)) == []


def test_an_effect_that_asks_for_a_field_may_read_it() -> None:
    then = "{if: has(case.stars), set: {sure: =case.stars + 1}}"
    assert unset(process("{require: [subject], allow: [stars]}", action("go", then=then))) == []


def test_the_case_before_is_read_as_it_was() -> None:
    reads = "[{if: before.stars > 1, is: stay}, {is: closed}]"
    assert unset(process("{require: [subject, stars]}", action("read", reads))) == []
    text = process("{require: [subject], allow: [stars]}", action("read", reads, "{require: [stars]}"))
    assert unset(text) == ["read"]


def test_when_all_regions_have_ended_what_any_has_set_is_set() -> None:
    text = """\
opening: {by: [agent], form: {require: [subject]}}
initial: both
states:
  both:
    label: {en: Both}
    parallel: true
    waiting_on: agent
    done: [{if: case.stars > 1, is: closed}, {is: closed}]
    states:
      one:
        label: {en: One}
        initial: first
        states:
          first:
            label: {en: First}
            actions: {end: {label: {en: End}, by: [agent], form: {require: [stars]}, to: ended}}
          ended: {label: {en: Ended}, final: true}
      two:
        label: {en: Two}
        initial: second
        states:
          second: {label: {en: Second}, actions: {stop: {label: {en: Stop}, by: [agent], to: stopped}}}
          stopped: {label: {en: Stopped}, final: true}
  closed: {label: {en: Closed}, final: done}
"""
    assert unset(text) == []
    assert unset(text.replace("form: {require: [stars]}, ", "")) == ["done"]


REGIONS = """\
opening: {by: [agent], form: {require: [subject, stars]}}
initial: both
states:
  both:
    label: {en: Both}
    parallel: true
    waiting_on: agent
    done: closed
    states:
      one:
        label: {en: One}
        initial: first
        states:
          first: {label: {en: First}, actions: {read: {label: {en: Read}, by: [agent], to: TO}}}
          ended: {label: {en: Ended}, final: true}
      two:
        label: {en: Two}
        initial: second
        states:
          second: {label: {en: Second}, actions: {stop: {label: {en: Stop}, by: [agent], to: stopped}}}
          stopped: {label: {en: Stopped}, final: true}
  closed: {label: {en: Closed}, final: done}
""".replace("TO", "[{if: case.stars > 1, is: stay}, {is: ended}]")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("by: [agent], to: stopped", "by: [agent], then: [{clear: [stars]}], to: stopped"),
        ("by: [agent], to: stopped", "by: [agent], form: {allow: [stars]}, to: stopped"),
        ("stopped: {label: {en: Stopped}", "stopped: {on_enter: [{clear: [stars]}], label: {en: Stopped}"),
        ("label: {en: Two}", "label: {en: Two}\n        on_enter: [{clear: [stars]}]"),
    ],
)
def test_what_another_region_may_clear_may_be_unset(old: str, new: str) -> None:
    assert unset(REGIONS) == []
    assert unset(REGIONS.replace(old, new, 1)) == ["first"]


def test_whose_turn_it_is_is_decided_anew_when_another_region_moves() -> None:
    held = """held:
            label: {en: Held}
            waiting_on: [{if: case.stars > 1, is: agent}, {is: customer}]
            actions: {go_on: {label: {en: Go on}, by: [agent], to: stopped}}
          stopped: {"""
    text = REGIONS.replace("to: [{if: case.stars > 1, is: stay}, {is: ended}]", "to: ended")
    text = text.replace("to: stopped", "to: held").replace("stopped: {", held)
    assert unset(text) == []
    assert unset(text.replace("to: held", "then: [{clear: [stars]}], to: held")) == ["waiting_on"]


def test_what_a_group_sets_on_entering_is_set_inside() -> None:
    text = """\
opening: {by: [agent], form: {require: [subject]}}
initial: group
states:
  group:
    label: {en: Group}
    waiting_on: agent
    initial: inner
    on_enter: [{set: {stars: 3}}]
    states:
      inner: {label: {en: Inner}, actions: {read: {label: {en: Read}, by: [agent], to: TO}}}
  closed: {label: {en: Closed}, final: done}
""".replace("TO", "[{if: case.stars > 1, is: stay}, {is: closed}]")
    assert unset(text) == []
    assert unset(text.replace("set: {stars: 3}", "set: {subject: other}")) == ["inner"]


def test_a_guard_asks_before_the_form_may_clear() -> None:
    guard = "known: {must: has(case.stars), else: {en: No stars}}"
    read = action("read", f"[{READS}]", "{allow: [stars]}", guards=guard)
    assert unset(process("{require: [subject], allow: [stars]}", read)) == ["read"]


def test_a_timer_and_a_threshold_read_what_is_set_in_the_state() -> None:
    timers = "    timers:\n      lapse: {after: 1h, if: case.stars > 1, to: closed}\n"
    text = process("{require: [subject, stars]}", action("read")).replace(
        "    actions:\n", f"{timers}    actions:\n", 1
    )
    assert unset(text) == []
    assert unset(text.replace("require: [subject, stars]", "require: [subject], allow: [stars]")) == ["lapse"]


def test_an_expression_of_the_opening_sees_nothing_but_its_form() -> None:
    few = "{must: %s.stars < 9, else: {en: Too many}}"
    guard = f"opening: {{by: [agent], form: {{require: [subject, stars]}}, guards: {{few: {few}}}}}\n"
    assert unset(guard % "form") == []
    assert unset(guard % "case") == ["opening"]


def test_what_brings_a_case_there_without_it_is_named() -> None:
    rest = state("resting", action("read", f"[{READS}]"), action("back", "working"))
    text = process(
        "{require: [subject]}",
        "\n".join([action("rate", "resting", "{require: [stars]}"), action("skip", "resting")]),
        rest,
    )
    (found,) = load_process(example_sources(HEAD + text), "example", rules=False).diagnostics
    assert found.message == "`case.stars` may be unset here: `skip` brings a case to `resting` without it"
