"""A case must be what its records say: replay explains every record, or names the first it cannot explain."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from engine.core.audit import canonical, sealed_in
from engine.core.plan import Plan
from engine.core.replay import Replayed, replay
from tests.unit.worlds import Play, library

Begin = Callable[..., Play]

PROCESS = """
initial: open
facts: {on_shift: {type: list, of: person}}
opening: {by: [agent], form: {require: [phone], allow: [note]}, then: [{open: child, as: kid}]}
states:
  open:
    actions:
      send:
        by: [agent]
        form: {require: [person]}
        guards: {on_shift: {must: form.person in facts.on_shift}}
        then: [{tell: kid, do: poked}]
        to: sent
    timers: {t: {after: 1h, to: sent}}
  sent: {actions: {close: {by: [agent], to: closed}}}
  closed: {final: done}
clocks: {c: {goal: 30m, met_by: [send], thresholds: [{at: goal, then: [{set: {note: late}}]}]}}
"""

CHILD = "initial: open\nopening: {by: [agent]}\nstates: {open: {actions: {poked: {by: [agent], to: stay}}}}"


def told(play: Begin) -> Play:
    """A family that has seen most of what there is."""
    p = play(PROCESS, child=CHILD)
    p.open(phone="13900000000")
    p.wait("40m")
    p.refused("send", person="T9", facts={"on_shift": ["T7"]})
    p.hold("claim")
    p.do("send", person="T7", facts={"on_shift": ["T7"]})
    p.do("close")
    return p


def records(p: Play) -> list[dict[str, Any]]:
    return [json.loads(step.text) for step in p.world.steps]


def again(p: Play, changed: list[dict[str, Any]]) -> Replayed:
    return replay([canonical(record) for record in changed], p.world.library)


def test_untouched_records_replay_to_the_same_family(play: Begin) -> None:
    p = told(play)
    found = again(p, records(p))
    assert found.flaw is None
    assert found.family is not None
    assert found.family.cases["T-1"].position == p.one("T-1").position
    assert [step.record["verb"] for step in found.steps] == [record["verb"] for record in records(p)]


def test_sealed_values_are_taken_from_the_records_and_counted(play: Begin) -> None:
    p = told(play)
    found = again(p, records(p))
    assert found.sealed == 1
    sealed = [one for step in p.world.steps for one in sealed_in(step.record)]
    assert len(sealed) == 2  # in the form and among what changed
    assert found.family is not None
    assert found.family.cases["T-1"].data["phone"] == p.value("phone")


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("send", {"facts": {"on_shift": ["T9"]}}, "it would be refused: on_shift"),
        ("send", {"roles": ["boss"]}, "it would be refused: by"),
        ("send", {"form": {"person": "T9"}}, "it would be refused: on_shift"),
        ("send", {"to": ["closed"]}, "`to` is"),
        ("send", {"clocks": [["c", "met", 1, 1]]}, "`clocks` is"),
        ("send", {"changed": {"person": "T8"}}, "`changed` is"),
        ("send", {"name": "close"}, "it would be refused: state"),
        ("send", {"at": 1_772_413_200_000}, "its instant lies before"),
        ("send", {"verb": "judge"}, "no command or instant led to this `judge`"),
        ("c", {"verb": "timer"}, "`verb` is"),
        ("poked", {"form": {"note": "x"}}, "`form` is"),
        ("close", {"case": "T-9"}, "is not known"),
        ("close", {"assignee": [None, "wu"]}, "`assignee` is"),
    ],
)
def test_a_changed_record_is_named_with_what_is_wrong_with_it(
    play: Begin, name: str, change: dict[str, Any], why: str
) -> None:
    p = told(play)
    found = records(p)
    place = next(n for n, record in enumerate(found) if record["name"] == name and "refused" not in record)
    found[place] |= change
    flaw = again(p, found).flaw
    assert flaw is not None
    assert why in flaw.why
    assert flaw.sequence == found[place]["seq"]


def test_a_record_left_out_is_seen(play: Begin) -> None:
    p = told(play)
    found = records(p)
    for place in range(len(found) - 1):
        assert again(p, [*found[:place], *found[place + 1 :]]).flaw is not None, found[place]


def test_what_follows_from_the_last_record_must_be_there(play: Begin) -> None:
    p = told(play)
    found = records(p)
    place = next(n for n, record in enumerate(found) if record["name"] == "poked")
    flaw = again(p, found[:place]).flaw
    assert flaw is not None
    assert "goes on where the records end" in flaw.why


def test_something_due_that_is_not_recorded_is_seen(play: Begin) -> None:
    p = told(play)
    found = [record for record in records(p) if record["verb"] not in ("threshold", "breach")]
    flaw = again(p, found).flaw
    assert flaw is not None
    assert "had something due before, which is not recorded" in flaw.why


def test_other_behaviour_under_the_same_version_is_seen(play: Begin) -> None:
    p = told(play)
    other = library({"thing": PROCESS.replace("by: [agent]\n", "by: [manager]\n"), "child": CHILD})
    flaw = replay([step.text for step in p.world.steps], other).flaw
    assert flaw is not None
    assert flaw.why == "it would be refused: by"


def test_other_words_under_the_same_behaviour_are_not(play: Begin) -> None:
    p = told(play)
    plan = p.world.library.plan("thing", 1)
    reworded = Plan(replace(plan.definition, label={"en": "Another name"}, words_hash="other"))
    other = replace(p.world.library, plans={**p.world.library.plans, ("thing", 1): reworded})
    assert replay([step.text for step in p.world.steps], other).flaw is None


def test_a_version_that_is_not_there_is_named(play: Begin) -> None:
    p = told(play)
    other = replace(p.world.library, plans={("child", 1): p.world.library.plan("child", 1)})
    flaw = replay([step.text for step in p.world.steps], other).flaw
    assert flaw is not None
    assert "version 1 of `thing` is not in this database" in flaw.why


def test_no_records_are_no_family(play: Begin) -> None:
    p = told(play)
    assert again(p, []) == Replayed()


def test_the_time_a_record_was_written_changes_nothing(play: Begin) -> None:
    p = told(play)
    found = [record | {"recorded_at": record["recorded_at"] + 5_000_000} for record in records(p)]
    assert again(p, found).flaw is None


@pytest.mark.parametrize("broken", [{}, {"verb": "do"}, {"verb": "do", "case": "T-1", "seq": 99}])
def test_a_record_without_its_parts_is_named_and_not_an_error(play: Begin, broken: dict[str, Any]) -> None:
    p = told(play)
    assert again(p, [*records(p), broken]).flaw is not None
