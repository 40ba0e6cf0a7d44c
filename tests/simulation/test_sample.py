"""Assumptions to begin with: of every shipped process they can be read and played as they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.lang.load import load_process
from engine.model import ProcessDefinition
from engine.scenarios.coverage import branches_of, effects_of
from engine.simulation.assumptions import Assumptions
from engine.simulation.desk import Families
from engine.simulation.reading import Wanted, read_assumptions
from engine.simulation.run import Variant, tally
from engine.simulation.sample import Comments, sample
from engine.simulation.together import simulate
from tests.simulation.desks import DESK, job
from tests.simulation.test_same_core import shipped

NOTES = Comments("guesses", "at random", "by chance")


@pytest.mark.parametrize("process", sorted(shipped().published))
def test_a_sample_of_a_shipped_process_is_played_as_it_is(process: str) -> None:
    definition = shipped().plans[process, 1].definition
    found = read_assumptions(sample(definition, NOTES).encode(), "day.yaml", Wanted(definition, lambda name: ""))
    assert found.findings == ()
    assert found.said is not None
    assumed = replace(found.said, days=2)
    (shown,) = simulate([Variant(title="", library=shipped(), assumed=assumed, seed=1)])
    # What is guessed may be refused by a guard of the opening; then that is told, and says what to write.
    assert shown.closed > 0 or {one.action for one in shown.refused} & {"opening"}


def test_a_sample_names_what_leads_on_and_who_is_needed() -> None:
    lines = sample(job()[0], NOTES).splitlines()
    assert "opening: {as: agent}" in lines
    assert "  here: {all_of: expert}" in lines
    assert "  ask: {chance: 1, takes: {triangular: [2m, 5m, 15m]}, with: {helper: {one_of: expert}}}" in lines
    assert lines[-2:] == ["  - {role: agent, count: 2}", "  - {role: expert, count: 2}"]


REACHED = {
    # process: branches reached when every amount was 0.00 and every answer `yes`, those reached now, those there are
    "absence": (3, 3, 6),
    "archive_access": (2, 2, 2),
    "broadcast": (0, 0, 2),
    "case_check": (4, 5, 6),
    "complaint": (8, 12, 38),
    "handover": (0, 0, 2),
    "inquiry": (1, 4, 4),
    "maintenance": (2, 2, 4),
    "order_exception": (6, 7, 7),
    "parts": (4, 5, 5),
    "parts_list": (6, 9, 9),
    "refund": (30, 43, 63),
    "repair": (5, 12, 12),
    "return_visit": (0, 6, 6),
    "review": (0, 2, 7),
    "suggestion": (2, 2, 2),
    "tool_loan": (3, 3, 4),
    "vip_enrolment": (2, 2, 2),
    "visit_report": (2, 3, 4),
}


Part = tuple[str, int, bool]


def parts(definition: ProcessDefinition) -> Iterator[Part]:
    """Every branch of several, and every way of an effect with a condition, as steps tell them."""
    for _, branches in branches_of(definition):
        if len(branches) > 1:
            yield from (("branch", id(branch), True) for branch in branches)
    for _, effects in effects_of(definition):
        yield from (("effect", id(one), way) for one in effects if one.when is not None for way in (True, False))


def read_sample(definition: ProcessDefinition) -> Assumptions:
    found = read_assumptions(sample(definition, NOTES).encode(), "day.yaml", Wanted(definition, lambda name: ""))
    assert found.said is not None, found.findings
    return found.said


@pytest.mark.parametrize("process", REACHED)
def test_a_sample_reaches_the_branches_on_both_sides_of_what_is_compared(
    process: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    definition = shipped().plans[process, 1].definition
    met: set[Part] = set()
    count = Families._count

    def counted(families: Families) -> None:
        met.update(part for step in families.world.steps for part in step.covered)
        count(families)

    monkeypatch.setattr(Families, "_count", counted)
    tally(Variant(title="", library=shipped(), assumed=read_sample(definition), seed=1))
    before, now, _ = REACHED[process]
    assert before <= now <= len(met & {*parts(definition)})


SHOP = """process: shop
version: 1
prefix: S
label: {en: Shop}
calendar: always
initial: open
authority: {grant: {agent: 20.00, manager: unlimited}}
fields:
  price:   {type: money, min: 0, label: {en: Price}}
  paid:    {type: money, min: 0, label: {en: Paid}}
  granted: {type: money, label: {en: Granted}}
  stars:   {type: integer, min: 1, max: 5, label: {en: Stars}}
  pieces:  {type: integer, label: {en: Pieces}}
  weight:  {type: number, min: 2, label: {en: Weight}}
  urgent:  {type: yes_no, label: {en: Urgent}}
  agreed:  {type: yes_no, label: {en: Agreed}}
  carrier: {type: text, label: {en: Carrier}}
  came_on: {type: date, label: {en: Came on}}
  rings:   {type: integer, label: {en: Rings}}
  lasts:   {type: duration, label: {en: Lasts}}
  goods:
    type: table
    label: {en: Goods}
    columns: {item: {type: text, label: {en: Item}}, each: {type: money, min: 0, label: {en: Each}}}
opening:
  by: [agent]
  form:
    require: [price, paid, granted, stars, pieces, weight, urgent, agreed, carrier, came_on, lasts, goods]
    allow: [rings]
  guards:
    agreed: {must: form.agreed, else: {en: It is agreed first}}
    no_more: {must: form.paid <= form.price, else: {en: No more than the price}}
states:
  open:
    label: {en: Open}
    waiting_on: agent
    actions:
      finish:
        label: {en: Finish}
        by: [agent]
        to:
          - {if: case.price > money('200.00'), is: over}
          - {if: case.granted > actor.may.grant, is: over}
          - {if: case.stars >= 4 && case.urgent, is: over}
          - {if: case.carrier == 'sf' || case.carrier == 'sto', is: over}
          - {if: days_since(case.came_on) <= 7, is: over}
          - {if: has(case.rings) && case.rings > 3, is: over}
          - {is: over}
  over: {label: {en: Over}, final: done}
"""


def test_a_sample_draws_on_both_sides_of_what_is_compared_and_else_what_is_usual() -> None:
    loaded = load_process({"desk.yaml": DESK, "shop.yaml": SHOP}, "shop", rules=False)
    assert loaded.definition is not None, loaded.diagnostics
    opening = read_sample(loaded.definition).opening
    drawn = {name: [value for value, _ in answer.choices] or answer.plain for name, answer in opening.items()}
    assert drawn == {
        "price": ["120.00", "200.00", "300.00"],
        "paid": ["25.00", "50.00"],  # less than another answer, and as much
        "granted": ["12.00", "20.00", "30.00"],  # what somebody may grant
        "stars": ["3", "4", "5"],
        "pieces": 1,
        "weight": 2,
        "urgent": ["true", "false"],
        "agreed": True,  # nothing but a guard asks
        "carrier": ["sf", "sto", "carrier 1"],
        "came_on": ["2026-02-27", "2026-02-16"],
        "lasts": "1h",
        "goods": [{"item": "item 1", "each": "50.00"}],
        "rings": ["", "2", "3", "4"],  # which need not be answered
    }
