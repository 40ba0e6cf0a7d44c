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
fields: {count: {type: integer, default: 0, label: {en: Count}}}
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


@pytest.mark.parametrize(
    "text",
    [
        around("[{if: case.count < 3, is: s1}, {is: over}]"),
        around(more=", if: case.count < 3"),
        around().replace(way("z", "s1"), way("z", "s1", "needs: [end], ")),
    ],
)
def test_a_row_that_the_fields_of_a_case_may_end_is_for_the_author_to_know(text: str) -> None:
    assert found(text) == []


def test_a_row_in_which_fields_decide_once_is_found_all_the_same() -> None:
    assert len(found(chain(TELL_DEPTH + 1, ", if: case.count < 3"))) == 1


def test_what_states_say_no_to_is_not_told() -> None:
    assert found(around(more=", if: in_state('s2')")) == []
    assert found(around("[{if: in_state('s1') && case.count < 9, is: s1}, {is: over}]")) == []
    assert len(found(around(more=", if: in_state('s1')"))) == 1


def test_who_tells_is_found_by_line() -> None:
    text = chain(2)
    assert lines_telling({"desk.yaml": DESK, "job.yaml": text}, "job", "e2") == (12,)
    assert lines_telling({"desk.yaml": DESK, "job.yaml": text}, "job", "end") == ()
    assert lines_telling({"desk.yaml": DESK}, "job", "end") == ()
