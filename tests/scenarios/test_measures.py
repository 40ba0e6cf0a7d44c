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


def _any(desk: Engine, name: str) -> Any:
    [field] = [one.field for one in desk.opening("complaint") if one.field.name == name]
    return {
        "text": "x", "yes_no": False, "instant": "2026-03-03 09:00", "choice": next(iter(field.choices), ""),
        "person": "chen",
    }[field.type]  # fmt: skip
