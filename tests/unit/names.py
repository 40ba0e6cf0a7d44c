"""The names that the expressions of the tests see, and values for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.calendars import read_calendar
from engine.expressions import Expression, Scope, compile_expression
from engine.fields import Field

NOW = 1_772_431_200_000  # 2026-03-02 14:00 in Shanghai, a Monday
MINUTE, HOUR = 60_000, 3_600_000


def fields(*declared: Field) -> dict[str, Field]:
    return {field.name: field for field in declared}


def f(name: str, kind: str, **more: Any) -> Field:
    return Field(name=name, type=kind, **more)  # type: ignore[arg-type]


COLUMNS = fields(
    f("title", "text"), f("price", "money"), f("count", "integer"), f("weight", "number"), f("handled", "yes_no"),
    f("at", "instant"), f("buyer", "text", personal=True), f("grade", "choice", choices={"good": {}, "bad": {}}),
)  # fmt: skip
CASE = fields(
    f("channel", "choice", choices={"phone": {}, "online": {}}), f("fee", "money"), f("quote", "money"),
    f("weight", "number"), f("loads", "list", of=f("load", "number")), f("count", "integer"), f("note", "text"),
    f("severe", "yes_no"), f("visit_at", "instant"), f("bought_on", "date"), f("patience", "duration"),
    f("technician", "person"), f("phone", "text", personal=True), f("items", "table", columns=COLUMNS),
    f("tags", "list", of=f("tag", "choice", choices={"red": {}, "blue": {}})), f("tries", "integer", default=2),
    f("member", "party", party="customer"),
)  # fmt: skip
OFFICE = read_calendar({"calendar": "office", "weekly": {"mon-fri": ["09:00-17:00"]}}, "Asia/Shanghai")
SCOPE = Scope(
    case=CASE,
    form=fields(CASE["visit_at"], CASE["technician"], CASE["fee"]),
    facts=fields(f("on_shift", "list", of=f("person", "person"))),
    figures=fields(f("limit", "money", default=500), f("window", "duration", default=HOUR)),
    counts=frozenset({"same_fault"}),
    did=frozenset({"reject"}),
    clocks=frozenset({"arrival"}),
    linked={"visit": frozenset({"planned", "closed"})},
    states=frozenset({"reported", "closed"}),
    roles=frozenset({"agent", "supervisor"}),
    authority=frozenset({"concession"}),
    before=True,
    actor=True,
    now=True,
    calendars={"office": OFFICE},
    calendar="office",
    zone="Asia/Shanghai",
)
SURE = frozenset(f"{root}.{name}" for root in ("case", "form", "before") for name in CASE)
ITEMS = [
    {"title": "lamp", "price": 100, "count": 2, "weight": 2, "handled": True, "at": NOW - HOUR, "grade": "good"},
    {"title": "灯😀", "price": 50, "count": 1, "weight": 0.5, "at": NOW, "grade": "bad"},
]
VALUES: Mapping[str, Any] = {
    "case": {
        "channel": "phone", "fee": 500, "quote": 490, "weight": 3, "loads": [1, 0.5], "count": 4, "note": "hello",
        "severe": False, "visit_at": NOW + HOUR, "bought_on": "2026-02-28", "patience": 15 * MINUTE, "technician": "T7",
        "phone": {"sealed": "5f"}, "items": ITEMS, "tags": ["red"], "id": "R-1", "opened_at": NOW - MINUTE,
        "state": "reported", "waiting_on": ["dispatcher"],
    },
    "form": {"visit_at": NOW + 1, "technician": "T7", "fee": 490},
    "facts": {"on_shift": ["T7", "T8"]},
    "did": {"opening": 1},
    "clocks": {"arrival": {"running": True, "paused": False, "met": False, "breached": False}},
    "linked": {},
    "counts": {"same_fault": 3},
    "actor": {"id": "lin", "roles": ["agent"], "may": {"concession": 500}},
    "state": ["reported"],
    "before": {"fee": 1},
    "now": NOW,
}  # fmt: skip


def compiled(text: str, **more: Any) -> Expression:
    return compile_expression(text, SCOPE, sure=SURE, **more)
