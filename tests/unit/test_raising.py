"""Rows of what a case tells itself: found by the checker exactly where the engine would refuse the last."""

from __future__ import annotations

import pytest

from engine.core.cases import Actor
from engine.core.plan import library_in_memory
from engine.lang.load import load_process
from engine.lang.rules.raising import lines_telling
from engine.model import TELL_DEPTH
from engine.scenarios.world import World

DESK = "desk: shop\nlanguages: [en]\nzone: Asia/Shanghai\ncurrency: CNY\nroles: {agent: {en: Agent}}\n"
HEAD = """process: job
version: 1
prefix: J
label: {en: Job}
calendar: always
initial: s0
fields:
  count:  {type: integer, default: 0, label: {en: Count}}
  urgent: {type: yes_no, default: true, label: {en: Urgent}}
  note:   {type: text, label: {en: Note}}
opening: {by: [agent]}
states:
"""
LIN = Actor(id="lin", roles=("agent",))


def state(name: str, told: str, ways: str, more: str = "") -> str:
    enter = f", on_enter: [{{tell: self, do: {told}{more}}}]" if told else ""
    return f"  {name}: {{label: {{en: {name}}}, waiting_on: agent{enter}, actions: {{{ways}}}}}\n"


def way(name: str, to: str, more: str = "") -> str:
    return f"{name}: {{label: {{en: {name}}}, by: [agent], {more}to: {to}}}"


def chain(length: int, more: str = "") -> str:
    """`go` leads to s1, and from there each state's telling on entering leads to the next, so many times."""
    middle = (state(f"s{n}", f"e{n}", way(f"e{n}", f"s{n + 1}"), more) for n in range(1, length + 1))
    last = state(f"s{length + 1}", "", way("end", "over"))
    return HEAD + state("s0", "", way("go", "s1")) + "".join(middle) + last + "  over: {label: {en: O}, final: done}\n"


def around(to: str = "s1", more: str = "") -> str:
    """Two states that lead to one another for as long as it is said."""
    first = state("s1", "x", way("x", "s2"), more)
    second = state("s2", "z", f"{way('z', to)}, {way('end', 'over')}")
    return HEAD + state("s0", "", way("go", "s1")) + first + second + "  over: {label: {en: O}, final: done}\n"


def found(text: str) -> list[str]:
    loaded = load_process({"desk.yaml": DESK, "job.yaml": text}, "job")
    assert loaded.definition is not None, loaded.diagnostics
    return [one.message for one in loaded.diagnostics if one.id == "tell-too-deep"]


def refused(text: str) -> list[str]:
    """What is told too deep when it is played."""
    loaded = load_process({"desk.yaml": DESK, "job.yaml": text}, "job", rules=False)
    assert loaded.definition is not None
    world = World(library_in_memory([loaded.definition]), 0)
    world.open("job", {}, LIN)
    world.act("J-1", "go", {}, LIN)
    return [step.record["name"] for step in world.steps if ["depth"] in step.record.get("refused", ())]


@pytest.mark.parametrize("length", [1, TELL_DEPTH, TELL_DEPTH + 1, TELL_DEPTH + 3])
def test_a_row_is_found_where_the_engine_cuts_it_and_nowhere_else(length: int) -> None:
    cut = refused(chain(length))
    assert [message.partition(":")[0].rpartition("→ ")[2].strip("`") for message in found(chain(length))] == cut
    assert bool(cut) == (length > TELL_DEPTH)


def test_a_row_that_goes_round_by_its_states_alone_is_found() -> None:
    assert refused(around()) == ["x"]
    assert found(around()) == [
        "`x` → `z` → `x` → `z` → `x` → `z` → `x` → `z` → `x`: each makes the case tell itself the next; `tell` goes 8 "
        "deep, so the last is refused"
    ]


def again(on: str, then: str = "", x: str = "", z: str = "") -> str:
    """As `around` while a condition holds; `x` has effects, and what else is said of the two."""
    turned = around(more=f", if: {on}")
    effects = f"then: [{then}], " if then else ""
    return turned.replace(way("x", "s2"), way("x", "s2", effects + x)).replace(way("z", "s1"), way("z", "s1", z))


def guard(must: str) -> str:
    return f"guards: {{g: {{must: {must}, else: {{en: G}}}}}}, "


COUNTED = "{set: {count: =case.count + 1}}"


@pytest.mark.parametrize(
    "text",
    [
        again("case.count < 3", COUNTED),
        again("case.count < 4", COUNTED),  # four rounds of two are the eight that are done
        again("case.count < 3", "{set: {count: 9}}"),
        again("case.count < 3, with: {count: =case.count + 1}", x="form: {require: [count]}, "),
        again("did.x < 3"),
        again("case.urgent && in_state('s1')", "{clear: [note]}, {set: {urgent: false}}"),
        again("has(case.note)", "{clear: [note]}"),
        again("in_state('s1')", z="needs: [end], "),
        again("in_state('s1')", z=guard("did.x < 3")),
        again("in_state('s1')", COUNTED, z=guard("case.count < 3")),
    ],
)
def test_a_row_that_goes_round_is_silent_where_the_fields_of_a_case_end_it(text: str) -> None:
    assert (found(text), refused(text)) == ([], [])


@pytest.mark.parametrize(
    "text",
    [
        around("[{if: case.count < 3, is: s1}, {is: over}]"),
        again("case.count < 3"),
        again("case.count < 5", COUNTED),
        again("case.count < 3", "{set: {count: 1}}"),
        again("case.count < 3", "{if: has(case.note), set: {count: 9}}"),
        again("did.end < 3"),
        again("now > case.opened_at - duration('1h')"),
        again("in_state('s1')", z=guard("did.x < 9")),
    ],
)
def test_a_row_that_goes_round_is_found_where_nothing_is_shown_to_end_it(text: str) -> None:
    (said,) = found(text)
    assert "can make the case tell itself the next, and nothing is shown to end it" in said
    assert len(refused(text)) == 1


def test_a_row_in_which_fields_decide_once_is_found_all_the_same() -> None:
    assert len(found(chain(TELL_DEPTH + 1, ", if: case.count < 3"))) == 1


def test_what_states_say_no_to_is_not_told() -> None:
    assert found(around(more=", if: in_state('s2')")) == []
    assert found(around("[{if: in_state('s1') && case.count < 9, is: s1}, {is: over}]")) == []
    assert len(found(around(more=", if: in_state('s1')"))) == 1


def test_who_tells_is_found_by_line() -> None:
    text = chain(2)
    assert lines_telling({"desk.yaml": DESK, "job.yaml": text}, "job", "e2") == (15,)
    assert lines_telling({"desk.yaml": DESK, "job.yaml": text}, "job", "end") == ()
    assert lines_telling({"desk.yaml": DESK}, "job", "end") == ()
