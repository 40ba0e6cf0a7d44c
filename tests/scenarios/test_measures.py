"""The figures that the desk's documents ask for come out of the shipped processes as they should."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from engine import Accepted, Actor, Engine, MeasureQuestion
from engine.core.measuring import Measured
from engine.lang.load import load_folder
from engine.model import ProcessDefinition
from engine.testing import ManualTime, engine_in_memory
from tests.scenarios.test_domain_table import ROOT

ON_DUTY = {"on_shift": ["li.wei", "chen.jie"], "certified": ["li.wei", "chen.jie"]}
PRICES = {"price_list": [{"item": "seal", "price": "8.00"}, {"item": "labour hour", "price": "60.00"}]}
REPORT = {"channel": "phone", "customer": "Wu", "phone": "139", "place": "3-201", "fault": "drips", "member": False}


@cache
def sources() -> dict[str, str]:
    folder = ROOT / "processes"
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in sorted(folder.rglob("*.yaml"))}


@cache
def definitions() -> Mapping[str, ProcessDefinition]:
    return load_folder(sources()).definitions


@pytest.fixture
def time() -> ManualTime:
    return ManualTime("2026-03-02 09:00")


@pytest.fixture
def desk(time: ManualTime) -> Iterator[Engine]:
    with engine_in_memory(sources(), *definitions(), time=time) as engine:
        yield engine


def do(engine: Engine, case: str, actor: str, action: str, **form: Any) -> None:
    role, _, person = actor.partition(":")
    facts = {"dispatch": ON_DUTY, "diagnose": PRICES}.get(action, {})
    result = engine.act(case, action, form, actor=Actor(id=person, roles=(role,)), facts=facts)
    assert isinstance(result, Accepted), result.reasons


def repaired(engine: Engine, technician: str, *, rejected: int = 0) -> str:
    """A repair from the notice to the signature: two seals and an hour."""
    opened = engine.open_case("repair", REPORT, actor=Actor(id="lin", roles=("agent",)))
    assert isinstance(opened, Accepted), opened.reasons
    case, who = opened.case.id, f"technician:{technician}"
    do(engine, case, "dispatcher:zhao", "dispatch", technician=technician, slip="P-1")
    do(engine, case, who, "arrive")
    do(engine, case, who, "begin")
    work = [{"item": "seal", "quantity": 2, "price": "8.00"}, {"item": "labour hour", "quantity": 1, "price": "60.00"}]
    do(engine, case, who, "diagnose", diagnosis="worn", hours=1, material=work)
    do(engine, case, who, "quote_price", quote="76.00")
    do(engine, case, "agent:lin", "accept_quote", quote_signature="q.png")
    for _ in range(rejected):
        do(engine, case, who, "finish", work_done="seals", hours_used=1.5, cleaned=True)
        do(engine, case, "agent:lin", "reject", reason="drips still")
    do(engine, case, who, "finish", work_done="seals", hours_used=1.5, cleaned=True)
    do(engine, case, "agent:lin", "accept")
    paid = {"paid": "76.00", "comments": "fine", "signature": "s.png", "no_gifts": True, "satisfaction": 5 - rejected}
    do(engine, case, "agent:lin", "pay_and_sign", **paid)
    return case


def ask(engine: Engine, process: str, measure: str) -> Measured:
    return engine.report_measure(MeasureQuestion(process=process, measure=measure)).measured


def figures(found: Measured) -> dict[tuple[object, ...], object]:
    return {one.group: one.value(found.measure.kind) for one in found.figures}


def test_the_acceptance_rate_of_repairs_stands_against_ninety_percent(desk: Engine) -> None:
    repaired(desk, "li.wei")
    repaired(desk, "chen.jie", rejected=1)
    found = ask(desk, "repair", "first_time")
    assert found.measure.target == 0.9
    assert figures(found) == {("chen.jie", "2026-03"): 0.0, ("li.wei", "2026-03"): 1.0}
    assert [one.is_on_target(0.9) for one in found.figures] == [False, True]


def test_weekly_sums_of_material_time_and_rework_add_up(desk: Engine) -> None:
    repaired(desk, "li.wei", rejected=1)
    repaired(desk, "li.wei")
    assert figures(ask(desk, "repair", "material")) == {("2026-W10",): Decimal(2 * 7600)}
    assert figures(ask(desk, "repair", "hours")) == {("2026-W10",): Decimal("3.0")}
    assert figures(ask(desk, "repair", "rework")) == {("2026-W10",): Decimal(1)}
    assert figures(ask(desk, "repair", "satisfaction")) == {("li.wei", "2026-03"): Decimal("4.5")}


def test_the_daily_register_has_a_line_for_each_repair(desk: Engine) -> None:
    case = repaired(desk, "li.wei")
    [line] = ask(desk, "repair", "register").lines
    values = dict(zip(ask(desk, "repair", "register").measure.columns, line.values, strict=True))
    assert (line.group, line.case, values["fault"], values["paid"]) == (("2026-03-02",), case, "drips", 7600)


def test_the_on_time_rate_of_repairs_is_of_the_same_day_promise(desk: Engine) -> None:
    repaired(desk, "li.wei")
    [found] = [one for one in desk.report_sla().groups if one.group == ("repair", "same_day")]
    assert (found.target, found.attained, found.is_on_target) == (0.95, 1.0, True)


@pytest.mark.parametrize(
    ("process", "measure", "kind", "per"),
    [
        ("complaint", "statistics", "count", {"category", "department", "merchant", "month", "outcome"}),
        ("complaint", "satisfaction", "average", {"department", "month"}),
        ("repair", "first_time", "share", {"technician", "month"}),
        ("repair", "register", "list", {"day"}),
        ("repair", "material", "sum", {"week"}),
        ("repair", "hours", "sum", {"week"}),
        ("repair", "rework", "sum", {"week"}),
        ("refund", "wrong_shipments", "list", {"month"}),
        ("courier_claim", "claims", "sum", {"courier", "month"}),
        ("return_visit", "report", "list", {"week"}),
        ("return_visit", "praise", "count", {"praised", "month"}),
        ("suggestion", "praise", "count", {"praised", "month"}),
        ("complaint", "errors", "count", {"accused", "month"}),
        ("case_check", "findings", "list", {"month"}),
        ("case_check", "corrections", "sum", {"month"}),
        ("case_check", "survey", "average", {"month"}),
        ("refund", "requests", "count", {"kind", "problem", "responsibility", "month"}),
        ("refund", "refunded", "share", {"kind", "month"}),
        ("refund", "disputes", "share", {"month"}),
    ],
)
def test_what_the_documents_want_counted_is_counted_so(process: str, measure: str, kind: str, per: set[str]) -> None:
    found = definitions()[process].measures[measure]
    assert (found.kind, set(found.per)) == (kind, per)


def test_no_measure_shows_what_is_private() -> None:
    for definition in definitions().values():
        named = {name for one in definition.measures.values() for name in (*one.per, *one.columns)}
        shown = {name.removeprefix("case.") for name in named}
        assert not [name for name in shown if name in definition.fields and definition.fields[name].personal]


def test_a_complaint_is_counted_by_what_it_is_about(desk: Engine) -> None:
    form = {
        "channel": "phone", "customer": "Wu", "phone": "139", "content": "rude", "category": "service", "severe": False,
    }  # fmt: skip
    asked = [one.field.name for one in desk.opening("complaint") if one.required]
    given = {name: form.get(name, _any(desk, name)) for name in asked}
    opened = desk.open_case("complaint", given, actor=Actor(id="lin", roles=("agent",)))
    assert isinstance(opened, Accepted), opened.reasons
    assert figures(ask(desk, "complaint", "statistics")) == {("service", None, None, "2026-03", None): 1}


COMPLAINT = {
    "channel": "phone", "customer": "Wu", "phone": "139", "content": "rude", "category": "service", "severe": False,
    "promised_at": "2026-03-03 09:00", "feedback_by": "phone", "accused": "liu.yang",
}  # fmt: skip


@pytest.mark.parametrize(("reasonable", "counted"), [(True, {("liu.yang", "2026-03"): 1}), (False, {})])
def test_only_a_founded_complaint_is_an_error_of_a_person(
    desk: Engine, reasonable: bool, counted: dict[tuple[object, ...], object]
) -> None:
    opened = desk.open_case("complaint", COMPLAINT, actor=Actor(id="lin", roles=("agent",)))
    assert isinstance(opened, Accepted), opened.reasons
    do(desk, opened.case.id, "supervisor:xu.li", "begin")
    assert figures(ask(desk, "complaint", "errors")) == {}
    verdict = {"category": "service", "sufficient": True, "reasonable": reasonable}
    do(desk, opened.case.id, "supervisor:xu.li", "judge", **verdict)
    assert figures(ask(desk, "complaint", "errors")) == counted


def test_praise_is_counted_for_the_person_a_customer_names(desk: Engine) -> None:
    agent = Actor(id="lin", roles=("agent",))
    told = {"form_given": "oral", "subject": "service", "content": "quick"}
    for praised in ({"praised": "li.wei"}, {"praised": "li.wei"}, {}):
        assert isinstance(desk.open_case("suggestion", {**told, **praised}, actor=agent), Accepted)
    assert figures(ask(desk, "suggestion", "praise")) == {("li.wei", "2026-03"): 2}
    visited = desk.open_case("return_visit", {"customer": "Wu", "phone": "139", "occasion": "regular"}, actor=agent)
    assert isinstance(visited, Accepted), visited.reasons
    do(desk, visited.case.id, "agent:lin", "reach")
    said = {"answer": "quick", "satisfaction": 5, "intent": "none_told", "praised": "chen.jie"}
    do(desk, visited.case.id, "agent:lin", "record", **said)
    assert figures(ask(desk, "return_visit", "praise")) == {("chen.jie", "2026-03"): 1}


def test_a_survey_counts_the_satisfied_among_those_who_answered(desk: Engine) -> None:
    opened = desk.open_case("case_check", {"kind": "survey"}, actor=Actor(id="xu.li", roles=("supervisor",)))
    assert isinstance(opened, Accepted), opened.reasons
    do(desk, opened.case.id, "agent:lin", "report_survey", asked=40, answered=16, satisfied=14)
    assert figures(ask(desk, "case_check", "survey")) == {("2026-03",): Decimal("87.5")}


def test_a_finding_says_who_corrects_it_and_how_often_that_was_not_enough(desk: Engine) -> None:
    opened = desk.open_case("case_check", {"kind": "check"}, actor=Actor(id="xu.li", roles=("supervisor",)))
    assert isinstance(opened, Accepted), opened.reasons
    case, sample = opened.case.id, [repaired(desk, "li.wei") for _ in range(5)]
    do(desk, case, "supervisor:xu.li", "take_sample", sample=sample)
    found = [{"about": sample[0], "finding": "no photo"}]
    do(desk, case, "supervisor:xu.li", "record_findings", findings=found, responsible=["li.wei"])
    do(desk, case, "technician:li.wei", "correct", correction="photo added")
    do(desk, case, "supervisor:xu.li", "reject", reason="of another shop")
    [line] = ask(desk, "case_check", "findings").lines
    assert line.values == (found, ["li.wei"], "photo added", "correcting")
    assert figures(ask(desk, "case_check", "corrections")) == {("2026-03",): Decimal(1)}


def _any(desk: Engine, name: str) -> Any:
    [field] = [one.field for one in desk.opening("complaint") if one.field.name == name]
    return {
        "text": "x", "yes_no": False, "instant": "2026-03-03 09:00", "choice": next(iter(field.choices), ""),
        "person": "chen",
    }[field.type]  # fmt: skip
