"""Casewright: a workflow engine for service desks, driven by process definitions in YAML.

`Engine.open` opens a database, `help(engine.Engine)` lists what can be done with it. A command answers `Accepted` or,
where the rules say no, `Refusal`; whatever else goes wrong is an `EngineError` that says what to do.
Names are fetched when they are first used, so that importing `engine` brings in neither SQLAlchemy nor click.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from engine.version import __version__

if TYPE_CHECKING:
    from engine.app import (
        Accepted,
        Act,
        AdjustedCycle,
        Alike,
        CaseView,
        ClockView,
        Correction,
        Declared,
        Deliver,
        Delivery,
        Engine,
        Erased,
        Export,
        Exported,
        File,
        FormField,
        Heard,
        HeardEvent,
        Import,
        Imported,
        Inside,
        Interruption,
        MeasureQuestion,
        MeasureReport,
        Noted,
        Offer,
        Published,
        Reach,
        Refusal,
        Result,
        Round,
        Search,
        SlaQuestion,
        SlaReport,
        Verification,
        Worklist,
    )
    from engine.app.outgoing.delivery import NotDelivered, NotMine, NotNow
    from engine.calendars import (
        Calendar,
        CalendarError,
        always,
        format_duration,
        openings,
        parse_duration,
        read_calendar,
    )
    from engine.core.cases import Actor, Reason
    from engine.errors import (
        ClockJumped,
        Conflict,
        DefinitionError,
        EngineError,
        KeyMissing,
        KeyReused,
        NotFound,
        NotPermitted,
        SetAside,
        StoreUnavailable,
        TryAgain,
        UsageError,
        VerificationFailed,
    )
    from engine.fields import plain as plain_value
    from engine.fields import show as show_value
    from engine.instants import read_instant, show_instant
    from engine.lang.calendar_files import load_calendar, load_calendars
    from engine.ports import Attached, Attachment, Mail, Person, TimeSource
    from engine.resources import read_sources
    from engine.sealing import HostKeys, host_keys
    from engine.worker import run_worker

_APP = (
    "Accepted", "Act", "AdjustedCycle", "Alike", "CaseView", "ClockView", "Correction", "Declared", "Deliver",
    "Delivery", "Engine", "Erased", "Export", "Exported", "File", "FormField", "Heard", "HeardEvent", "Import",
    "Imported", "Inside", "Interruption", "MeasureQuestion", "MeasureReport", "Noted", "Offer", "Published", "Reach",
    "Refusal", "Result", "Round", "Search", "SlaQuestion", "SlaReport", "Verification", "Worklist",
)  # fmt: skip
_CALENDARS = (
    "Calendar", "CalendarError", "always", "format_duration", "openings", "parse_duration", "read_calendar",
)  # fmt: skip
_ERRORS = (
    "ClockJumped", "Conflict", "DefinitionError", "EngineError", "KeyMissing", "KeyReused", "NotFound", "NotPermitted",
    "SetAside", "StoreUnavailable", "TryAgain", "UsageError", "VerificationFailed",
)  # fmt: skip
_HOMES = {
    **dict.fromkeys(_APP, "engine.app"),
    **dict.fromkeys(_CALENDARS, "engine.calendars"),
    **dict.fromkeys(_ERRORS, "engine.errors"),
    "Actor": "engine.core.cases",
    "Reason": "engine.core.cases",
    **dict.fromkeys(("Attached", "Attachment", "Mail", "Person", "TimeSource"), "engine.ports"),
    **dict.fromkeys(("NotDelivered", "NotMine", "NotNow"), "engine.app.outgoing.delivery"),
    "load_calendar": "engine.lang.calendar_files",
    "load_calendars": "engine.lang.calendar_files",
    "read_instant": "engine.instants",
    "show_instant": "engine.instants",
    "read_sources": "engine.resources",
    "HostKeys": "engine.sealing",
    "host_keys": "engine.sealing",
    "plain_value": "engine.fields:plain",
    "show_value": "engine.fields:show",
    "run_worker": "engine.worker",
}
"""Where each name lives, and what it is called there if that is something else."""

__all__ = [
    "Accepted",
    "Act",
    "Actor",
    "AdjustedCycle",
    "Alike",
    "Attached",
    "Attachment",
    "Calendar",
    "CalendarError",
    "CaseView",
    "ClockJumped",
    "ClockView",
    "Conflict",
    "Correction",
    "Declared",
    "DefinitionError",
    "Deliver",
    "Delivery",
    "Engine",
    "EngineError",
    "Erased",
    "Export",
    "Exported",
    "File",
    "FormField",
    "Heard",
    "HeardEvent",
    "HostKeys",
    "Import",
    "Imported",
    "Inside",
    "Interruption",
    "KeyMissing",
    "KeyReused",
    "Mail",
    "MeasureQuestion",
    "MeasureReport",
    "NotDelivered",
    "NotFound",
    "NotMine",
    "NotNow",
    "NotPermitted",
    "Noted",
    "Offer",
    "Person",
    "Published",
    "Reach",
    "Reason",
    "Refusal",
    "Result",
    "Round",
    "Search",
    "SetAside",
    "SlaQuestion",
    "SlaReport",
    "StoreUnavailable",
    "TimeSource",
    "TryAgain",
    "UsageError",
    "Verification",
    "VerificationFailed",
    "Worklist",
    "__version__",
    "always",
    "format_duration",
    "host_keys",
    "load_calendar",
    "load_calendars",
    "openings",
    "parse_duration",
    "plain_value",
    "read_calendar",
    "read_instant",
    "read_sources",
    "run_worker",
    "show_instant",
    "show_value",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        home, _, there = _HOMES[name].partition(":")
        return getattr(import_module(home), there or name)
    raise AttributeError(f"module `engine` has no `{name}`")
