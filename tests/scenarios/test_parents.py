"""A scenario of a child says who opened it, what was handed over, and what the child gives back."""

from __future__ import annotations

import pytest

from engine.core.cases import Actor
from engine.core.plan import library_in_memory
from engine.lang.load import load_folder
from engine.scenarios import coverage_of, play_all, read_script, unknown_names
from engine.scenarios.childhood import Told
from engine.scenarios.mutants import mutants
from engine.scenarios.recording import recorded
from engine.scenarios.world import World

DESK = """desk: shop
languages: [en]
zone: Asia/Shanghai
currency: CNY
roles: {agent: {en: Agent}, boss: {en: Boss}}
fields: {phone: {type: text, personal: true, label: {en: Phone}}, note: {type: text, label: {en: Note}}}
"""
ASK = """process: ask
version: 1
prefix: A
label: {en: Question}
calendar: always
initial: asked
retention: {private: 1 year}
fields: {tries: {type: integer, default: 0, label: {en: Tries}}}
opening: {by: [agent], form: {require: [phone]}}
clocks: {answered: {label: {en: Answered}, goal: 2h, met_by: [called], on_reopen: restart}}
states:
  asked:
    label: {en: Asked}
    waiting_on: agent
    actions:
      plan: {label: {en: Plan}, by: [agent], then: [{open: call, as: call, with: {phone: =case.phone}}], to: stay}
      called:
        label: {en: Called}
        by: [agent]
        form: {require: [note]}
        to: [{if: case.tries < 2, is: asked}, {is: over}]
      drop: {label: {en: Drop}, by: [agent], then: [{tell: children, do: leave}], to: over}
  over: {label: {en: Over}, final: done, actions: {again: {label: {en: Again}, by: [agent], to: asked}}}
"""
CALL = """process: call
version: 1
prefix: K
label: {en: Call}
calendar: always
initial: planned
retention: {private: 1 year}
fields: {loud: {type: yes_no, default: false, label: {en: Loud}}}
opening: {by: [boss], form: {require: [phone], allow: [loud]}}
states:
  planned:
    label: {en: Planned}
    waiting_on: agent
    actions:
      call:
        label: {en: Call}
        by: [agent]
        form: {require: [note]}
        then: [{tell: parent, do: called, with: {note: =case.note}}]
        to: done
      leave: {label: {en: Leave}, by: [agent], to: done}
  done: {label: {en: Done}, final: done}
"""
HEAD = 'process: call\ngiven: {open: {phone: "1"}, parent: {process: ask}, as: "agent:lin"}\nscenarios:\n'
FOLDER = {"desk.yaml": DESK, "ask.yaml": ASK, "call.yaml": CALL}
DEFINITIONS = load_folder(FOLDER).definitions


def failures(steps: str, call: str = CALL) -> list[str]:
    """What goes otherwise than a scenario with these steps says."""
    definitions = load_folder({**FOLDER, "call.yaml": call}).definitions
    script, findings = read_script(f"{HEAD}  one:\n{steps}", "call.scenarios.yaml")
    assert script is not None, findings
    outcomes = play_all(script, library_in_memory(definitions.values()))
    return [one.failure.message for one in outcomes if one.failure is not None]


@pytest.mark.parametrize(
    "steps",
    [  # what follows has the parent that is given for all
        "    - {wait: 3h, expect: {parent.state: asked, parent.case.tries: 0, parent.clocks.answered: none}}",
        "    - {do: call, with: {note: fine}, expect: {state: done, parent.state: asked, parent.case.note: fine}}",
        "    - {open: {}, parent: {process: ask, case: {tries: 2}}}\n"
        "    - {do: call, with: {note: fine}, expect: {parent.state: over}}",
        "    - {open: {}, parent: {process: ask, state: over}}\n"  # nothing is told to what is over
        "    - {do: call, with: {note: fine}, expect: {state: done, parent.case.note: null, parent.state: over}}",
        "    - {case: parent, do: drop, expect: {state: done, parent.state: over}}",
        "    - {case: parent, do: called, with: {note: x}, expect: {parent.clocks.answered: none}}\n"
        "    - {case: parent, do: drop}\n    - {case: parent, do: again, expect: {parent.state: asked}}",
        "    - {open: {}, parent: null, refused: by}",  # by hand, agents may not
        "    - {open: {loud: true}, parent: null, as: 'boss:xu', expect: {parent.state: none}}",
        "    - {open: {phone: null}, refused: form}",
    ],
)  # fmt: skip
def test_a_child_is_opened_as_its_parent_opens_it_and_gives_back_what_it_tells(steps: str) -> None:
    assert failures(steps + "\n") == []


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("    - {open: {loud: true}}", "`ask` hands over no `loud`; it hands over `phone`"),
        ("    - {open: {}, parent: {process: call}}", "`call` opens no `call`"),
        ("    - {open: {}, parent: {process: ask, as: kall}}", "`ask` opens no `call` as `kall`"),
        ("    - {open: {}, parent: {process: ask, state: gone}}", "`gone` is not a state of `ask`"),
        (
            "    - {open: {}, parent: {process: ask, case: {trys: 1}}}",
            "there is no field `trys`; did you mean `tries`?",
        ),
        ("    - {open: {}, parent: {process: gone}}", "there is no process `gone` beside these scenarios"),
        ("    - {open: {}, parent: {process: ask, case: {tries: x}}}", "`tries` must be a whole number"),
    ],
)
def test_what_such_a_parent_does_not_do_is_said(steps: str, message: str) -> None:
    (failure,) = failures(steps + "\n")
    assert failure.startswith(message)


@pytest.mark.parametrize(
    ("parent", "said"),
    [
        ("{process: aks}", "`aks` is not a process of those that open `call`"),
        ("{process: ask, as: kall}", "`kall` is not a link of `ask`"),
        ("{process: ask, state: askt}", "`askt` is not a state of `ask`"),
        ("{process: ask, case: {trys: 1}}", "`trys` is not a field of `ask`"),
    ],
)
def test_names_of_a_parent_are_checked_with_the_folder(parent: str, said: str) -> None:
    script, _ = read_script(f"{HEAD}  one:\n    - {{open: {{}}, parent: {parent}}}\n", "call.scenarios.yaml")
    assert script is not None
    assert [one.message for one in unknown_names(script, DEFINITIONS)] == [said]
    assert [one.message for one in unknown_names(script, {"call": DEFINITIONS["call"]})] == []


REGIONS = """  two:
    label: {en: Two}
    parallel: true
    done: over
    states:
      left: {label: {en: Left}, initial: l1, states: {l1: {label: {en: L1}, actions: {le: {label: {en: Le}, by: [agent], to: l2}}}, l2: {label: {en: L2}, final: true}}}
      right:
        label: {en: Right}
        initial: r1
        states:
          r1: {label: {en: R1}, actions: {called: {label: {en: Called}, by: [agent], form: {require: [note]}, to: r2}}}
          r2: {label: {en: R2}, final: true}
"""  # noqa: E501


@pytest.mark.parametrize(
    ("state", "expect", "wrong"),
    [
        ("[l1, r1]", "[l1, r2]", ""),
        ("r1", "[l1, r2]", ""),  # a region that is not named begins where it begins
        ("two", "[l1, r2]", ""),
        ("[l1, l2]", "", "`l1` and `l2` of `ask` are never active together; name a state of each region"),
        ("[asked, l1]", "", "`asked` and `l1` of `ask` are never active together; name a state of each region"),
    ],
)
def test_a_parent_may_stand_in_several_regions(state: str, expect: str, wrong: str) -> None:
    definitions = load_folder({**FOLDER, "ask.yaml": ASK.replace("  over: {", REGIONS + "  over: {")}).definitions
    steps = f"    - {{open: {{}}, parent: {{process: ask, state: {state}}}}}\n"
    steps += f"    - {{do: call, with: {{note: x}}, expect: {{parent.state: {expect}}}}}\n" if expect else ""
    script, findings = read_script(f"{HEAD}  one:\n{steps}", "call.scenarios.yaml")
    assert script is not None, findings
    (outcome,) = play_all(script, library_in_memory(definitions.values()))
    assert (outcome.failure.message if outcome.failure is not None else "") == wrong
    assert not [one.message for one in unknown_names(script, definitions)]


def test_a_parent_in_several_regions_is_recorded_with_all_of_them() -> None:
    plan = "plan: {label: {en: Plan}, by: [agent], then: [{open: call, as: call, with: {phone: =case.phone}}], to: two}"
    ask = ASK.replace("  over: {", REGIONS + "  over: {")
    ask = ask.replace(ASK[ASK.index("plan: {") : ASK.index("\n      called:")], plan)
    library = library_in_memory(load_folder({**FOLDER, "ask.yaml": ask}).definitions.values())
    world, lin = World(library, 0), Actor(id="lin", roles=("agent",))
    world.open("ask", {"phone": "1"}, lin)
    world.act("A-1", "plan", {}, lin)
    world.act("A-1.1", "call", {"note": "fine"}, lin)
    found = recorded(Told(world.steps, {"A-1.1": ("A-1", "call")}, "A-1.1"), library, "as it was")
    assert found.unsaid == ()
    assert "parent: {process: ask, as: call, state: [l1, r1], case: {tries: 0}}" in found.text
    assert "parent.state: [l1, r2]" in found.text


def test_a_parent_stands_beside_an_opening_only() -> None:
    script, (found,) = read_script(
        f"{HEAD}  one:\n    - {{do: call, parent: {{process: ask}}}}\n", "call.scenarios.yaml"
    )
    assert (script, found.id, found.message) == (None, "missing-key", "`parent` needs `open` beside it")


def test_what_is_told_to_the_parent_is_covered_and_nobody_can_leave_it_out_unseen() -> None:
    scenario = f"{HEAD}  one:\n    - {{do: call, with: {{note: fine}}, expect: {{parent.case.note: fine}}}}\n"
    script, _ = read_script(scenario, "call.scenarios.yaml")
    assert script is not None
    library = library_in_memory(DEFINITIONS.values())
    plan = library.newest("call", 0)
    assert plan is not None
    assert "call tell parent" not in " ".join(coverage_of(plan, play_all(script, library)).missing["effect"])
    content = load_plain(CALL)
    told = [one for one in mutants(content) if "then" in one.path]
    assert len(told) >= 2
    steps = "    - {do: call, with: {note: fine}, expect: {parent.case.note: fine, parent.state: asked}}\n"
    assert all(failures(steps, one.text) for one in told if "emit" not in one.text)


def load_plain(text: str) -> object:
    import yaml

    return yaml.safe_load(text)
