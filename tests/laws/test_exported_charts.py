"""An exported process goes its ways elsewhere: in an interpreter of SCXML, read back by us, and in the real XState."""

from __future__ import annotations

import json
import os
import re
from random import Random

import pytest

from engine.conversion.drawn import Drawn
from engine.conversion.exported import Exported, exported
from engine.conversion.scxml import read_scxml
from engine.conversion.write_scxml import scxml_of
from engine.conversion.write_xstate import xstate_of
from engine.conversion.written import Wanted, written
from engine.conversion.xstate import read_xstate
from engine.lang.load import load_process
from tests.drawing.shipped import shipped
from tests.laws.test_converted_charts import CHARTS, DESK, LENGTH, last, reference_of, walked
from tests.npm import run_node

WALKS = 60 if os.environ.get("CASEWRIGHT_LONG") == "1" else 8
HEAD = """process: chart
version: 1
prefix: C
label: {en: Chart}
calendar: always
initial: INITIAL
opening: {by: [agent]}
"""


def process(body: str, initial: str) -> str:
    """A process; `EVENT>TARGET` is an action, and every state has a label."""
    acts = re.sub(r"(\w+)>(\[[^\]]*\]|\w+)", r"\1: {label: {en: A}, by: [agent], to: \2}", body).replace(";", ",")
    return HEAD.replace("INITIAL", initial) + re.sub(r"^( +\w+): \{", r"\1: {label: {en: S}, ", acts, flags=re.M)


PROCESSES = {
    "the innermost action of one name, though its guards fail": process(
        """actions: {e>z}
states:
  g:
    label: {en: G}
    initial: a
    actions: {f>c}
    states:
      a: {waiting_on: agent, actions: {e>[{if: "in_state('c')", is: b}]; f>[{if: "in_state('b')", is: b}]; go>b}}
      b: {waiting_on: agent, actions: {go>a}}
      c: {waiting_on: agent, actions: {e>stay; go>a}}
  z: {waiting_on: agent, actions: {go>g}}
""", "g"
    ),
    "an action of the whole, of regions, and one taken away": process(
        """actions: {e>z; x>q2}
states:
  p:
    label: {en: P}
    parallel: true
    actions: {f>l2; h>l; k>z}
    states:
      l:
        label: {en: L}
        initial: l1
        states:
          l1: {waiting_on: agent, actions: {go>l2; f>l1; e>l2}}
          l2: {waiting_on: agent, actions: {go>l1; e: none}}
      r:
        label: {en: R}
        initial: r1
        states:
          r1: {waiting_on: agent, actions: {m>r2; k>stay}}
          r2: {waiting_on: agent, actions: {m>r1; f>r1; over>ended}}
          ended: {final: failed}
  q:
    label: {en: Q}
    initial: q1
    states:
      q1: {waiting_on: agent, actions: {go>q2; e>p}}
      q2: {waiting_on: agent, actions: {go>p; m>r2}}
  z: {waiting_on: agent, actions: {m>p; go>q}}
""", "p"
    ),
    "ends of regions, conditions on states, steps by itself": process(
        """states:
  p:
    label: {en: P}
    parallel: true
    done: [{if: "in_state('l3')", is: z}, {is: p}]
    states:
      l:
        label: {en: L}
        initial: l1
        states:
          l1: {waiting_on: agent, decide: [{if: "in_state('r2') && !in_state('r3')", is: l2}], actions: {go>l3}}
          l2: {waiting_on: agent, actions: {go>l4; m>l3}}
          l3: {final: true}
          l4: {final: true}
      r:
        label: {en: R}
        initial: r1
        states:
          r1: {waiting_on: agent, actions: {m>r2}}
          r2: {waiting_on: agent, actions: {m>r1; go>r3}}
          r3: {final: true}
  z: {waiting_on: agent, actions: {go>p; m>over}}
  over: {final: done}
""", "p"
    ),
}  # fmt: skip


def read_back(chart: str) -> str:
    return written(read_scxml(CHARTS[chart]), Wanted("chart")).yaml


CASES = {**PROCESSES, **{name: read_back(name) for name in CHARTS if "history" not in name}}


def chart_of(yaml: str) -> Exported:
    loaded = load_process({"desk.yaml": DESK, "chart.yaml": yaml}, "chart", rules=False)
    assert loaded.definition is not None, loaded.diagnostics
    made = exported(loaded.definition)
    assert made.unsaid == ()
    return made


def events_of(chart: Exported) -> list[str]:
    return list(dict.fromkeys(w.event for n in chart.root.all() for w in n.ways if w.event and "." not in w.event))


@pytest.mark.parametrize("name", CASES)
def test_an_exported_process_goes_the_ways_of_the_engine_by_scxml_s_algorithm(name: str) -> None:
    chart = chart_of(CASES[name])
    states = {node.id: node.id for node in chart.root.all()}
    events = {event: event for event in events_of(chart)}
    through = [walked(Drawn(chart.root), CASES[name], seed, states, events) for seed in range(WALKS)]
    assert len(set().union(*through)) >= 2


@pytest.mark.parametrize("form", ["scxml", "xstate"])
@pytest.mark.parametrize("name", CASES)
def test_what_was_exported_is_read_back_as_a_process_that_goes_the_same_ways(name: str, form: str) -> None:
    chart = chart_of(CASES[name])
    drawn = read_scxml(scxml_of(chart)) if form == "scxml" else read_xstate(xstate_of(chart))
    ids = {node.id.rpartition(".")[2]: node.id for node in drawn.root.all()}
    made = written(drawn, Wanted("chart"))
    lost = [one.what for one in made.unsaid if not one.what.startswith("what a process carried along")]
    assert [what for what in lost if "where `" not in what] == []
    if not lost:
        states = {state: made.states[ids[state]] for state in ids}
        for seed in range(WALKS):
            walked(Drawn(chart.root), made.yaml, seed, states, made.events)


XSTATE = """
const root = process.argv[1], path = require("path");
const { createMachine, createActor, stateIn, and, not, raise } = require(path.join(root, "node_modules/xstate"));
const made = { "xstate.stateIn": (guard) => stateIn(guard.params.stateValue),
  "xstate.not": (guard) => not(whole(guard.guards[0])),
  "xstate.and": (guard) => and(guard.guards.map(whole)) };
const whole = (guard) => made[guard.type](guard);
const walk = (value) => {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(walk);
  if (value.type === "xstate.raise") return raise(value.params.event);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, key === "guard" ? whole(one) : walk(one)]));
};
for (const { machine, walks } of JSON.parse(require("fs").readFileSync(0, "utf8"))) {
  for (const events of walks) {
    const actor = createActor(createMachine(walk(machine))).start(), seen = [];
    const active = () => actor.getSnapshot()._nodes;
    const leaves = () => active().filter((one) => !Object.keys(one.states).length).map((one) => one.id);
    seen.push(leaves());
    for (const event of events) { actor.send({ type: event }); seen.push(leaves()); }
    console.log(JSON.stringify(seen));
  }
}
"""


def test_the_real_xstate_goes_the_same_ways() -> None:
    asked, expected = [], []
    for yaml in CASES.values():
        chart, walks = chart_of(yaml), []
        for seed in range(WALKS):
            walks.append(Random(seed).choices(events_of(chart), k=LENGTH))
            reference, passes = reference_of(Drawn(chart.root))
            seen = [last(reference.open(passes), [])]
            for event in walks[-1]:
                is_over = reference.what_ended() is not None
                seen.append(seen[-1] if is_over else last(reference.run(event, passes), seen[-1]))
            expected.append(seen)
        asked.append({"machine": json.loads(xstate_of(chart)), "walks": walks})
    done = run_node(XSTATE, json.dumps(asked))
    assert done.returncode == 0, done.stderr
    for line, seen in zip(done.stdout.splitlines(), expected, strict=True):
        assert [sorted(leaves) for leaves in json.loads(line)] == [sorted(leaves) for leaves in seen]


BUILD = """
const { createMachine, createActor } = require(require("path").join(process.argv[1], "node_modules/xstate"));
for (const machine of JSON.parse(require("fs").readFileSync(0, "utf8"))) {
  const guards = {};
  JSON.stringify(machine, (key, one) => (key === "guard" ? ((guards[one.type] = () => false), one) : one));
  const actor = createActor(createMachine(machine, { guards }));
  actor.subscribe({ error() {} });
  const { status, error } = actor.start().getSnapshot();
  console.log(status === "error" ? error.message : "started");
}
"""


def test_every_shipped_process_is_a_machine_for_the_real_xstate() -> None:
    charts = [exported(one) for one in shipped().values()]
    machines = [json.loads(xstate_of(chart)) for chart in charts]
    done = run_node(BUILD, json.dumps(machines))
    assert done.stdout.splitlines() == ["started"] * len(charts), done.stderr


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_process_is_scxml_that_can_be_read_back(name: str) -> None:
    chart = exported(shipped()[name])
    drawn = read_scxml(scxml_of(chart))
    assert [node.id for node in drawn.root.all()] == [node.id for node in chart.root.all()]
    targets = {target for node in drawn.root.all() for way in node.ways for target in way.targets}
    assert targets <= {node.id for node in drawn.root.all()}
