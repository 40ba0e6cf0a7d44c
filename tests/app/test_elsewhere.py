"""A case that a step opens by its key, in a family of its own: opened with it, found, or refused as a record."""

from __future__ import annotations

import pytest

from engine import Engine
from tests.app.desks import ADMIN, LIN, done, sources

REPORT = """
process: report
version: 1
prefix: T
label: {en: Report, zh: 报告}
calendar: always
initial: told
fields:
  part: {type: text, label: {en: Part, zh: 部件}}
  cost: {type: money, label: {en: Cost, zh: 费用}}
opening:
  by: [agent]
  form: {allow: [part, cost]}
  then:
    - if: has(case.part) && has(case.cost)
      open: defect
      as: first
      key: =case.part
      with: {part: =case.part, cost: =case.cost}
states:
  told:
    label: {en: Told, zh: 已报}
    waiting_on: agent
    actions:
      pass_on:
        label: {en: Pass on, zh: 转报}
        by: [agent]
        form: {require: [part, cost]}
        then:
          - {open: defect, as: always, key: =case.part + '-A', with: {part: =case.part + '-A', cost: 9.00}}
          - {open: defect, as: maybe, key: =case.part, with: {part: =case.part, cost: =case.cost}}
        to: passed
  passed:
    label: {en: Passed on, zh: 已转}
    waiting_on: agent
    actions:
      end: {label: {en: End, zh: 结束}, by: [agent], to: over}
  over: {label: {en: Over, zh: 结束}, final: done}
"""

DEFECT = """
process: defect
version: 1
prefix: D
label: {en: Defect, zh: 缺陷}
calendar: always
initial: known
key: part
unique: true
fields:
  part: {type: text, label: {en: Part, zh: 部件}}
  cost: {type: money, label: {en: Cost, zh: 费用}}
opening:
  by: [agent]
  form: {require: [part, cost]}
  guards:
    worth_it: {must: "form.cost >= money('5.00')", else: {en: Not worth it, zh: 不值得}}
  then: [{if: "case.cost >= money('100.00')", open: recall, as: recall, key: =case.part, with: {part: =case.part}}]
states:
  known:
    label: {en: Known, zh: 已知}
    waiting_on: agent
    actions:
      mend: {label: {en: Mend, zh: 修复}, by: [agent], to: mended}
  mended: {label: {en: Mended, zh: 已修}, final: done}
"""

RECALL = """
process: recall
version: 1
prefix: L
label: {en: Recall, zh: 召回}
calendar: always
initial: planned
key: part
fields: {part: {type: text, label: {en: Part, zh: 部件}}}
opening:
  by: [agent]
  form: {require: [part]}
  guards:
    known: {must: "!form.part.startsWith('X')", else: {en: Never recalled, zh: 不召回}}
states:
  planned:
    label: {en: Planned, zh: 计划}
    waiting_on: agent
    actions:
      end: {label: {en: End, zh: 结束}, by: [agent], to: over}
  over: {label: {en: Over, zh: 结束}, final: done}
"""

FILES = sources(report=REPORT, defect=DEFECT, recall=RECALL)


@pytest.fixture
def reporting(engine: Engine) -> Engine:
    """The desk with reports, defects and recalls."""
    for process in ("recall", "defect", "report"):
        engine.publish(FILES, process, actor=ADMIN)
    return engine


def refusals(engine: Engine, case: str) -> list[tuple[str, object]]:
    """What could not be opened, by the case's history."""
    return [(record["name"], record["refused"]) for record in engine.history(case) if record["verb"] == "open refused"]


def test_a_case_of_its_own_that_is_refused_is_a_record_on_the_teller_and_the_step_stands(reporting: Engine) -> None:
    case = done(reporting.open_case("report", {}, actor=LIN)).id
    view = done(reporting.act(case, "pass_on", {"part": "P1", "cost": "4.00"}, actor=LIN))
    assert view.position == ("passed",)
    assert view.links == {"always": "D-1"}
    assert refusals(reporting, case) == [("defect", [["worth_it"]])]
    assert reporting.case("D-1").data["part"] == "P1-A"
    assert reporting.verify().problems == ()


def test_an_opening_stands_whose_case_by_key_is_refused(reporting: Engine) -> None:
    view = done(reporting.open_case("report", {"part": "P1", "cost": "1.00"}, actor=LIN))
    assert (view.id, view.position, view.links) == ("T-1", ("told",), {})
    assert refusals(reporting, "T-1") == [("defect", [["worth_it"]])]
    assert reporting.verify().problems == ()


def test_the_number_of_a_refused_case_is_given_again(reporting: Engine) -> None:
    done(reporting.open_case("report", {"part": "P1", "cost": "1.00"}, actor=LIN))
    done(reporting.act("T-1", "pass_on", {"part": "P2", "cost": "2.00"}, actor=LIN))
    assert reporting.case("T-1").links == {"always": "D-1"}
    done(reporting.open_case("report", {"part": "P1", "cost": "6.00"}, actor=LIN))
    assert reporting.case("T-2").links == {"first": "D-2"}


def test_both_are_opened_where_none_is_refused_and_found_the_second_time(reporting: Engine) -> None:
    for case in ("T-1", "T-2"):
        done(reporting.open_case("report", {}, actor=LIN))
        done(reporting.act(case, "pass_on", {"part": "P1", "cost": "5.00"}, actor=LIN))
        assert reporting.case(case).links == {"always": "D-1", "maybe": "D-2"}
        assert refusals(reporting, case) == []


def test_what_an_opened_case_cannot_open_is_a_record_there(reporting: Engine) -> None:
    done(reporting.open_case("report", {"part": "X1", "cost": "100.00"}, actor=LIN))
    assert reporting.case("T-1").links == {"first": "D-1"}
    assert refusals(reporting, "T-1") == []
    assert refusals(reporting, "D-1") == [("recall", [["known"]])]
    done(reporting.open_case("report", {"part": "P1", "cost": "100.00"}, actor=LIN))
    assert reporting.case("D-2").links == {"recall": "L-1"}
    assert reporting.verify().problems == ()


def test_a_repeated_command_opens_nothing_more(reporting: Engine) -> None:
    for _ in range(2):
        done(reporting.open_case("report", {"part": "P1", "cost": "1.00"}, actor=LIN, key="k"))
    assert len(refusals(reporting, "T-1")) == 1


def test_a_process_that_is_not_published_refuses_the_opening_and_the_step_stands(engine: Engine) -> None:
    engine.publish(FILES, "report", actor=ADMIN)
    done(engine.open_case("report", {"part": "P1", "cost": "9.00"}, actor=LIN))
    assert refusals(engine, "T-1") == [("defect", [["open"]])]
    assert engine.verify().problems == ()
