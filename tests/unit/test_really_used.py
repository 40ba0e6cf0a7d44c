"""The libraries the house is built on do the work: every change of state, every file of a definition, is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from transitions import Event, Machine

from engine.core.replay import replay
from engine.lang.load import load_process
from engine.lang.quick_shape import quick_class
from engine.resources import data_folder
from engine.scenarios import read_script
from tests.unit.worlds import Play

Begin = Callable[..., Play]

EVERYTHING = """
initial: gate
fields: {level: {type: integer}}
opening: {by: [agent], then: [{open: child, as: kid}]}
actions: {note_it: {by: [agent], form: {allow: [level]}, to: stay}}
states:
  gate: {decide: [{is: both}]}
  both:
    parallel: true
    done: [{is: aside}]
    states:
      left: {initial: l1, states: {l1: {actions: {go: {by: [agent], to: l2}}}, l2: {final: true}}}
      right: {initial: r1, states: {r1: {timers: {t: {after: 1h, to: r2}}}, r2: {final: true}}}
  aside:
    decide: [{if: has(case.level) && has(linked.kid) && linked.kid.final, is: rest}]
    actions: {end_kid: {by: [agent], then: [{tell: kid, do: end}], to: stay}}
  rest: {actions: {back: {by: [agent], to: previous}, close: {by: [agent], to: closed}}}
  closed: {final: done, actions: {reopen: {by: [agent], to: rest}}}
"""

CHILD = """
initial: open
opening: {by: [agent]}
states: {open: {actions: {end: {by: [agent], to: gone}}}, gone: {final: done}}
"""


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> Counter[bool]:
    """How many triggers of `transitions` moved something, and how many did not."""
    counted: Counter[bool] = Counter()
    trigger = Event.trigger

    def counting(event: Event, *args: Any, **kwargs: Any) -> bool:
        done: bool = trigger(event, *args, **kwargs)
        counted[done] += 1
        return done

    monkeypatch.setattr(Event, "trigger", counting)
    return counted


def test_every_change_of_state_passes_one_transitions_trigger(play: Begin, moved: Counter[bool]) -> None:
    p = play(EVERYTHING, child=CHILD)
    p.open()
    p.do("note_it")
    p.do("go")
    p.wait("61m")
    p.do("note_it", level=1)
    p.do("end_kid")
    p.do("close")
    p.do("reopen")
    p.refused("go")
    steps = p.world.steps
    assert p.state == "rest"
    assert moved[True] == sum(step.microsteps for step in steps)
    assert all(step.microsteps for step in steps if step.record.get("to"))
    assert sum(bool(step.record.get("to")) for step in steps) == 8  # gate to both, l2, r2 … and the child's two
    changes = moved[True]
    found = replay([step.text for step in steps], p.world.library)
    assert found.flaw is None
    assert moved[True] == 2 * changes  # replay takes them again


def test_no_case_changes_state_where_transitions_refuses_to_move_it(
    play: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    p = play(EVERYTHING, child=CHILD)
    p.open()
    with monkeypatch.context() as patch:
        patch.setattr(Event, "trigger", lambda event, *args, **kwargs: False)
        assert p.refused("go") == ["error"]
    assert p.state == "l1 + r1"


def test_there_is_one_flat_machine_for_each_version_and_never_one_for_a_case(
    play: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Machine] = []
    begin = Machine.__init__
    monkeypatch.setattr(Machine, "__init__", lambda self, *a, **k: (made.append(self), begin(self, *a, **k))[1])
    p = play(EVERYTHING, child=CHILD)
    for _ in range(5):
        p.open()
        p.do("go")
    assert len(made) == 2  # the process and its child


def test_every_file_of_a_definition_passes_its_json_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: Counter[str] = Counter()
    made = quick_class()
    assert made.VALIDATORS.keys() == Draft202012Validator.VALIDATORS.keys()  # jsonschema's, some asked more quickly
    is_valid = made.is_valid

    def counting(validator: Any, instance: Any, *args: Any) -> bool:
        if "$schema" in validator.schema:  # that of a whole file, not of a part of it
            judged[str(validator.schema["title"]).lower()] += 1
        return bool(is_valid(validator, instance, *args))

    monkeypatch.setattr(made, "is_valid", counting)
    names = ("repair.yaml", "desk.yaml", "calendars/contact_hours.yaml", "messages/desk.yaml", "messages/repair.yaml")
    folder = data_folder("processes")
    sources = {f"processes/{name}": (folder / name).read_text("utf-8") + "\n# counted\n" for name in names}
    sources["processes/return_visit.yaml"] = (folder / "return_visit.yaml").read_text("utf-8") + "\n# counted\n"
    assert load_process(sources, "repair").definition is not None
    assert judged == {"process": 2, "desk": 1, "calendar": 1, "messages": 2}
    scenarios = (folder / "repair.scenarios.yaml").read_text("utf-8") + "\n# counted\n"
    assert read_script(scenarios, "repair.scenarios.yaml")[0] is not None
    assert judged["scenarios"] == 1
