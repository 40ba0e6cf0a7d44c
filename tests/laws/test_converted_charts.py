"""A converted chart behaves as SCXML's algorithm says: the engine and an independent interpreter go the same ways."""
# ruff: noqa: E501

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from random import Random

import pytest

from engine.conversion.drawn import Drawn, Node
from engine.conversion.scxml import read_scxml
from engine.conversion.table import read_table
from engine.conversion.written import Wanted, Written, written
from engine.conversion.xstate import read_xstate
from engine.core.audit import seal
from engine.core.cases import Actor, Applied, Command, Family
from engine.core.decide import act, open_case
from engine.core.plan import Library, Plan
from engine.core.sight import Context
from engine.lang.load import load_process
from tests.laws import reference_chart

WALKS = 40 if os.environ.get("CASEWRIGHT_LONG") == "1" else 6
LENGTH = 14
AGENT = Actor(id="lin", roles=("agent",))
DESK = "desk: shop\nlanguages: [en]\nzone: Asia/Shanghai\ncurrency: CNY\nroles: {agent: {en: Agent}}\n"


def scxml(body: str, initial: str = "") -> str:
    begins = f' initial="{initial}"' if initial else ""
    return f'<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0"{begins}>{body}</scxml>'


CHARTS = {
    "the first of two open transitions in document order": scxml(
        '<state id="a"><transition event="e" target="b"/><transition event="e" target="c"/></state>'
        '<state id="b"><transition event="e" target="a"/></state><state id="c"/>'
    ),
    "the innermost first, the outer where the inner is not open": scxml(
        """<state id="p"><transition event="e" target="out"/>
          <parallel id="q"><state id="x"><state id="x1"><transition event="go" target="x2"/></state>
            <state id="x2"><transition event="go" target="x1"/></state></state>
            <state id="y"><state id="y1"><transition event="e" cond="In('x2')" target="y2"/></state>
              <state id="y2"/></state></parallel></state>
        <state id="out"><transition event="e" target="p"/></state>"""
    ),
    "regions that take one event together, and one that leaves them all": scxml(
        """<parallel id="p"><transition event="out" target="z"/>
          <state id="l"><state id="l1"><transition event="e" target="l2"/></state>
            <state id="l2"><transition event="e" target="l1"/><transition event="both" target="z"/></state></state>
          <state id="r"><state id="r1"><transition event="e" target="r2"/></state>
            <state id="r2"><transition event="e" target="r1"/><transition event="both" target="r1"/></state></state>
        </parallel><state id="z"><transition event="out" target="p"/></state>"""
    ),
    "an end in every region": scxml(
        """<parallel id="p"><transition event="done.state.p" target="z"/>
          <state id="l"><state id="l1"><transition event="a" target="lf"/></state><final id="lf"/></state>
          <state id="r"><state id="r1"><transition event="b" target="rf"/></state><final id="rf"/></state>
        </parallel><state id="z"><transition event="a" target="p"/></state>"""
    ),
    "the end of a group": scxml(
        """<state id="g"><transition event="done.state.g" target="z"/>
          <state id="g1"><transition event="a" target="gf"/></state><final id="gf"/></state>
        <state id="z"><transition event="b" target="g"/><transition event="a" target="over"/></state><final id="over"/>"""
    ),
    "shallow history": scxml(
        """<state id="g"><history id="h" type="shallow"><transition target="g2"/></history>
          <transition event="out" target="z"/>
          <state id="g1"><transition event="e" target="g2"/></state>
          <state id="g2"><transition event="e" target="g1"/>
            <state id="g21"><transition event="in" target="g22"/></state><state id="g22"/></state></state>
        <state id="z"><transition event="back" target="h"/><transition event="new" target="g"/></state>""", "z"
    ),
    "deep history": scxml(
        """<state id="g"><history id="h" type="deep"/><transition event="out" target="z"/>
          <state id="g1"><transition event="e" target="g2"/></state>
          <state id="g2"><transition event="e" target="g1"/>
            <state id="g21"><transition event="in" target="g22"/></state><state id="g22"/></state></state>
        <state id="z"><transition event="back" target="h"/><transition event="new" target="g"/></state>"""
        .replace('<history id="h" type="deep"/>', '<history id="h" type="deep"><transition target="g1"/></history>')
    ),
    "transitions without event, through one state and the next": scxml(
        """<parallel id="p"><state id="l"><state id="l1"><transition event="e" target="l2"/></state>
            <state id="l2"><transition cond="In('r2')" target="l3"/></state>
            <state id="l3"><transition target="l4"/></state><state id="l4"><transition event="e" target="l1"/></state></state>
          <state id="r"><state id="r1"><transition event="f" target="r2"/></state>
            <state id="r2"><transition event="f" target="r1"/></state></state></parallel>"""
    ),
    "a step from a state to itself, and one that stays": scxml(
        '<state id="a"><transition event="again" target="a"/><transition event="stay"/>'
        '<transition event="e" target="b"/></state><state id="b"><transition event="e" target="a"/></state>'
    ),
    "raised events, in order, before any other": scxml(
        """<state id="a"><transition event="e" target="b"><raise event="f"/><raise event="g"/></transition></state>
          <state id="b"><onentry><raise event="h"/></onentry><transition event="f" target="c"/>
            <transition event="h" target="z"/></state>
          <state id="c"><transition event="g" target="d"><raise event="e"/></transition></state>
          <state id="d"><transition event="h" target="f1"/></state>
          <state id="f1"><transition event="e" target="y"/><transition event="h" target="z"/></state>
          <state id="y"><transition event="g" target="a"/><transition event="h" target="b"/></state>
          <state id="z"><transition event="g" target="a"/><transition event="e" target="c"/></state>"""
    ),
    "raised by one region, heard by the other, and by what happens by itself": scxml(
        """<parallel id="p"><state id="l"><state id="l1"><transition event="e" target="l2"><raise event="f"/></transition>
            </state><state id="l2"><transition cond="In('r2')" target="l3"><raise event="g"/></transition></state>
            <state id="l3"><transition event="e" target="l1"/><transition event="g" target="l4"/></state>
            <state id="l4"><onentry><send event="nobody" target="#_internal"/><send event="f" target="#_internal"/>
              </onentry><transition event="e" target="l1"/></state></state>
          <state id="r"><state id="r1"><transition event="f" target="r2"/></state>
            <state id="r2"><transition event="f" target="r1"/></state></state></parallel>"""
    ),
    "raised on leaving, before what the transition raises and what is entered": scxml(
        """<state id="a"><onexit><raise event="left"/></onexit>
            <transition event="e" target="b"><raise event="taken"/></transition></state>
          <state id="b"><onentry><raise event="in"/></onentry><transition event="left" target="c"/>
            <transition event="taken" target="z"/><transition event="in" target="z"/></state>
          <state id="c"><transition event="taken" target="d"/><transition event="in" target="z"/></state>
          <state id="d"><transition event="in" target="f"/></state><state id="f"><transition event="e" target="a"/></state>
          <state id="z"><transition event="e" target="a"/></state>"""
    ),
    "raised by whichever state of a group is left, from the inside out": scxml(
        """<state id="g"><onexit><raise event="g_left"/></onexit><transition event="out" target="w"/>
            <transition event="into" target="g2"/><transition event="keep" type="internal" target="g2"/>
            <state id="g1"><onexit><raise event="one_left"/></onexit><transition event="e" target="g2"/></state>
            <state id="g2"><onentry><raise event="two"/></onentry><onexit><raise event="two_left"/></onexit>
              <transition event="e" target="g3"/><transition event="one_left" target="g3"/></state>
            <state id="g3"><transition event="g_left" target="g1"/><transition event="two" target="g1"/>
              <transition event="e" target="g1"/></state></state>
          <state id="w"><transition event="one_left" target="x"/><transition event="two_left" target="y"/>
            <transition event="g_left" target="g"/></state>
          <state id="x"><transition event="g_left" target="y"/><transition event="e" target="g"/></state>
          <state id="y"><transition event="e" target="g"/><transition event="g_left" target="x"/></state>"""
    ),
    "raised by the regions that are left together": scxml(
        """<parallel id="p"><transition event="out" target="w"/><onexit><raise event="p_left"/></onexit>
            <state id="l"><state id="l1"><onexit><raise event="l_left"/></onexit><transition event="e" target="l2"/></state>
              <state id="l2"><transition event="e" target="l1"/></state></state>
            <state id="r"><state id="r1"><onexit><raise event="r_left"/></onexit><transition event="f" target="r2"/></state>
              <state id="r2"><transition event="l_left" target="r1"/></state></state></parallel>
          <state id="w"><transition event="r_left" target="x"/><transition event="l_left" target="y"/>
            <transition event="p_left" target="z"/></state>
          <state id="x"><transition event="l_left" target="y"/><transition event="p_left" target="z"/></state>
          <state id="y"><transition event="p_left" target="p"/><transition event="e" target="p"/></state>
          <state id="z"><transition event="e" target="p"/></state>"""
    ),
    "entered again with the group around it": scxml(
        """<state id="g"><onentry><raise event="g_in"/></onentry><transition event="again" target="g2"/>
            <transition event="inside" type="internal" target="g2"/>
            <state id="g1"><transition event="g_in" target="g3"/></state>
            <state id="g2"><transition event="g_in" target="g1"/><transition event="e" target="g3"/></state>
            <state id="g3"><transition event="e" target="w"/></state></state>
          <state id="w"><transition event="e" target="g"/></state>"""
    ),
    "names that ours cannot be": scxml(
        '<state id="Wait.For-It"><transition event="Go.Now" target="Wait_for_it"/></state>'
        '<state id="Wait_for_it"><transition event="done" target="true"/></state>'
        '<state id="true"><transition event="true" target="Wait.For-It"/></state>'
    ),
}  # fmt: skip

XSTATE = """{"id": "light", "initial": "green", "states": {
  "green": {"on": {"TIMER": "yellow", "FAIL": {"target": "#light.red.flash"}}},
  "yellow": {"on": {"TIMER": "red"}},
  "red": {"initial": "walk", "on": {"TIMER": "green", "FAIL": "green"},
    "states": {"walk": {"on": {"PED": "wait"}}, "wait": {"on": {"PED": {"target": "stop"}}}, "stop": {}, "flash": {}}}}}"""
TABLE = "state,event,target\nnew,take,working\nworking,finish,done\nworking,put back,new\n"


def reference_of(drawn: Drawn) -> tuple[reference_chart.Interpreter, Callable[[reference_chart.Link], bool]]:
    """The same chart for the independent interpreter, and what judges its conditions."""
    guards: dict[int, str] = {}

    def copied(node: Node, parent: reference_chart.Node | None) -> reference_chart.Node:
        initial = (node.initial,) if node.initial else (node.states()[0].id,) if node.states() else ()
        made = reference_chart.Node(node.id, node.kind, parent, initial=initial, raises=node.raises, exits=node.exits)
        for way in node.ways:
            guards[len(guards)] = way.guard
            made.transitions.append(
                reference_chart.Link(
                    len(guards) - 1,
                    node.id,
                    way.event.replace("done.state.", "done."),
                    way.targets,
                    way.inner,
                    raises=way.raises,
                )
            )
        made.children = [copied(child, made) for child in node.children]
        return made

    interpreter = reference_chart.Interpreter(copied(drawn.root, None), falls_back=True, limit=1000)

    def passes(link: reference_chart.Link) -> bool:
        active = {state.id for state in interpreter.configuration}
        parts = re.findall(r"(!?)in_state\(\{([^}]+)\}\)", guards[link.number])
        return all((state in active) is not bool(negated) for negated, state in parts)

    return interpreter, passes


def last(moved: object, before: list[str]) -> list[str]:
    for seen in moved:  # type: ignore[attr-defined]
        before = seen.leaves
    return before


def opened(text: str) -> tuple[Context, Family]:
    """A case of the process. The rules of the checker are for desks: a chart may go round for ever."""
    loaded = load_process({"desk.yaml": DESK, "chart.yaml": text}, "chart", rules=False)
    assert loaded.definition is not None, loaded.diagnostics
    library = Library({("chart", 1): Plan(loaded.definition)}, {"chart": ((0, 1),)})
    context = Context(library=library, clock=0, seal=seal)
    command = Command(verb="open", case="C-1", actor=AGENT, name="chart", version=1)
    outcome = open_case(command, context, 0)
    assert isinstance(outcome, Applied)
    return context, outcome.family


def compared(drawn: Drawn, made: Written, seed: int) -> set[tuple[str, ...]]:
    """Walk both the same random way; the configurations they came through."""
    return walked(drawn, made.yaml, seed, made.states, made.events)


def walked(
    drawn: Drawn, yaml: str, seed: int, states: Mapping[str, str], events: Mapping[str, str]
) -> set[tuple[str, ...]]:
    """Walk a chart and a process the same random way; states and events have names in the chart and in the process."""
    reference, passes = reference_of(drawn)
    random, seen = Random(seed), set()
    context, family = opened(yaml)
    leaves = last(reference.open(passes), [])
    for now in range(LENGTH):
        case = family.cases["C-1"]
        seen.add(tuple(leaves))
        if case.outcome:  # in a chart whatever ends it stands outside all groups: its regions are left
            assert {states[leaf] for leaf in leaves} <= set(case.position.leaves)
            break
        assert sorted(case.position.leaves) == sorted(states[leaf] for leaf in leaves)
        event = random.choice(list(events))
        outcome = act(family, Command(verb="do", case="C-1", actor=AGENT, name=events[event]), context, now)
        assert outcome.family is not None
        family = outcome.family
        leaves = last(reference.run(event, passes), leaves)
    return seen


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_of_scxml_goes_the_ways_of_its_algorithm(name: str) -> None:
    through: set[tuple[str, ...]] = set()
    for seed in range(WALKS):
        drawn = read_scxml(CHARTS[name])
        made = written(read_scxml(CHARTS[name]), Wanted("chart"))
        assert made.unsaid == ()
        through |= compared(drawn, made, seed)
    assert len(through) >= 2


@pytest.mark.parametrize(("reader", "text"), [(read_xstate, XSTATE), (read_table, TABLE)], ids=["xstate", "table"])
def test_a_machine_and_a_table_too(reader: Callable[[str], Drawn], text: str) -> None:
    through = set()
    for seed in range(WALKS):
        through |= compared(reader(text), written(reader(text), Wanted("chart")), seed)
    assert len(through) >= 3
