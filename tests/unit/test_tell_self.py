"""`tell: self`: what a case tells itself is done when the step is whole, in order, before anything from outside."""

from __future__ import annotations

from engine.core.cases import Actor
from engine.core.plan import library_in_memory
from engine.lang.load import load_process
from engine.model import TELL_DEPTH
from engine.scenarios.world import World

DESK = "desk: shop\nlanguages: [en]\nzone: Asia/Shanghai\ncurrency: CNY\nroles: {agent: {en: Agent}}\n"
HEAD = """process: job
version: 1
prefix: J
label: {en: Job}
calendar: always
initial: new
fields: {path: {type: list, of: text, label: {en: Path}}, count: {type: integer, default: 0, label: {en: Count}}}
opening: {by: [agent]}
states:
  new:
    label: {en: New}
    waiting_on: agent
    actions:
"""
LIN = Actor(id="lin", roles=("agent",))


def process(*actions: str) -> str:
    lines = [f"      {one.replace('{', '{label: {en: A}, by: [agent], ', 1)}\n" for one in actions]
    return HEAD + "".join(lines) + "  over: {label: {en: Over}, final: done}\n"


def world(text: str) -> World:
    loaded = load_process({"desk.yaml": DESK, "job.yaml": text}, "job", rules=False)
    assert loaded.definition is not None, loaded.diagnostics
    made = World(library_in_memory([loaded.definition]), 0)
    made.open("job", {}, LIN)
    return made


def told(made: World) -> list[tuple[str, str]]:
    return [(step.record["verb"], step.record["name"]) for step in made.steps[1:]]


def test_what_is_told_is_done_in_order_and_what_that_tells_behind_it() -> None:
    made = world(
        process(
            "both: {then: [{tell: self, do: first}, {tell: self, do: second}], to: stay}",
            "first: {then: [{append: {path: 'first'}}, {tell: self, do: third}], to: stay}",
            "second: {then: [{append: {path: 'second'}}], to: stay}",
            "third: {then: [{append: {path: 'third'}}], to: stay}",
        )
    )
    assert made.act("J-1", "both", {}, LIN) == ()
    assert told(made) == [("do", "both"), ("tell", "first"), ("tell", "second"), ("tell", "third")]
    assert made.case("J-1").data["path"] == ["first", "second", "third"]
    assert len({step.record["at"] for step in made.steps[1:]}) == 1


def test_what_is_not_possible_any_more_is_refused_on_record_and_the_step_stands() -> None:
    made = world(process("end: {then: [{tell: self, do: again}], to: over}", "again: {to: stay}"))
    assert made.act("J-1", "end", {}, LIN) == ()
    assert made.case("J-1").outcome == "done"
    assert told(made) == [("do", "end"), ("tell refused", "again")]


def test_a_form_is_given_with_it() -> None:
    made = world(
        process(
            "ask: {then: [{tell: self, do: take, with: {count: =case.count + 2}}], to: stay}",
            "take: {form: {require: [count]}, to: stay}",
        )
    )
    made.act("J-1", "ask", {}, LIN)
    assert made.case("J-1").data["count"] == 2


def test_a_circle_is_found_and_one_with_a_condition_ends_at_the_depth_that_tells_go() -> None:
    around = process("go: {then: [{tell: self, do: back}], to: stay}", "back: {then: [{tell: self, do: go}], to: stay}")
    found = load_process({"desk.yaml": DESK, "job.yaml": around}, "job").diagnostics
    assert [one.message for one in found if one.id == "tell-cycle"] == [
        "`go` tells `back`, which tells `go` again", "`back` tells `go`, which tells `back` again",
    ]  # fmt: skip
    made = world(
        process("go: {then: [{set: {count: =case.count + 1}}, {if: case.count < 99, tell: self, do: go}], to: stay}")
    )
    made.act("J-1", "go", {}, LIN)
    assert made.case("J-1").data["count"] == TELL_DEPTH + 1
    assert told(made)[-1] == ("tell refused", "go")


def test_an_action_that_the_process_does_not_have_is_found() -> None:
    text = process("go: {then: [{tell: self, do: goo}], to: over}")
    found = load_process({"desk.yaml": DESK, "job.yaml": text}, "job")
    assert [(one.id, one.message) for one in found.diagnostics if one.severity == "error"] == [
        ("unknown-action", "`goo` is not an action of `job`")
    ]


def test_an_action_that_reads_facts_cannot_be_told_by_the_case_itself() -> None:
    text = process(
        "go: {then: [{tell: self, do: look}], to: stay}",
        "look: {guards: {there: {must: size(facts.here) > 0, else: {en: Nobody}}}, to: stay}",
    ).replace("opening:", "facts: {here: {type: list, of: text}}\nopening:")
    found = load_process({"desk.yaml": DESK, "job.yaml": text}, "job").diagnostics
    assert [one.message for one in found if one.id == "told-reads-facts"] == [
        "action `look` is told by the case itself, when nobody brings `facts.here`"
    ]
