"""The smallest world that screens can be tried on: a process of two states and one promise, and views of its cases."""

from __future__ import annotations

from typing import Any

from engine.fields import Field
from engine.model import Action, Branch, Clock, Desk, Opening, ProcessDefinition, State, Who
from engine.views import CaseView, ClockView

NINE = 1_772_413_200_000  # 2026-03-02 09:00 in Shanghai
MINUTE = 60_000


def repair() -> ProcessDefinition:
    """Return a repair process: reported, dispatched; dispatch in 15 minutes, arrival in 20."""
    return ProcessDefinition(
        process="repair",
        version=1,
        prefix="R",
        label={"en": "Repair", "zh": "维修"},
        calendar="always",
        initial="reported",
        desk=Desk(
            name="desk",
            languages=("en", "zh"),
            zone="Asia/Shanghai",
            currency="CNY",
            roles={"dispatcher": {"en": "Duty officer", "zh": "值班员"}},
            parties={},
        ),
        facts={},
        fields={
            "technician": Field(name="technician", type="person", label={"en": "Technician", "zh": "维修工"}),
            "note": Field(name="note", type="text", label={"en": "Note", "zh": "备注"}),
            "phone": Field(name="phone", type="text", personal=True, label={"en": "Phone", "zh": "电话"}),
            "paid": Field(name="paid", type="money", label={"en": "Paid", "zh": "实收"}),
        },
        figures={},
        opening=Opening(by=(Who("role", "agent"),)),
        actions={"note": action("note", "", "stay", "Note", "备注")},
        states={
            "reported": State(
                name="reported",
                label={"en": "Reported", "zh": "已报修"},
                actions={"dispatch": action("dispatch", "reported", "dispatched", "Send a technician", "派工")},
            ),
            "dispatched": State(name="dispatched", label={"en": "Dispatched", "zh": "已派工"}),
        },
        clocks={
            "dispatch": Clock(
                name="dispatch", label={"en": "Dispatched in 15 minutes", "zh": "15 分钟内派工"}, goal=()
            ),
            "arrival": Clock(name="arrival", label={"en": "On site in 20 minutes", "zh": "20 分钟内到场"}, goal=()),
        },
        messages={},
        calendars={},
    )


def action(name: str, state: str, to: str, en: str, zh: str) -> Action:
    """Return an action."""
    return Action(name=name, state=state, label={"en": en, "zh": zh}, by=(), to=(Branch(to),))


def clock(**how: Any) -> ClockView:
    """Return a clock that runs since nine and is due in 20 minutes."""
    standing: dict[str, Any] = {
        "label": {},
        "status": "running",
        "goal": "20m",
        "cycle": 1,
        "started_at": NINE,
        "due_at": NINE + 20 * MINUTE,
        "remaining": 20 * MINUTE,
        "used": 0,
        "paused": (),
        "breached_at": None,
        "ended_at": None,
    }
    return ClockView(**{**standing, **how})


def case(**how: Any) -> CaseView:
    """Return a case that was reported at nine."""
    standing: dict[str, Any] = {
        "id": "R-1042",
        "process": "repair",
        "version": 1,
        "label": {"en": "Repair", "zh": "维修"},
        "summary": {"en": "no power", "zh": "no power"},
        "position": ("reported",),
        "waiting_on": ("role:dispatcher",),
        "assignee": None,
        "queue": None,
        "data": {},
        "clocks": {},
        "links": {},
        "known": {},
        "erased": (),
        "opened_at": NINE,
        "closed_at": None,
        "outcome": "",
        "revision": 1,
        "sequence": 1,
    }
    return CaseView(**{**standing, **how})
