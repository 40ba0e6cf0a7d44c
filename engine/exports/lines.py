"""JSON Lines: a line for each case, its events behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.exports.told import Shown, ToldCase, ToldEvent, ToldProcess, Traces, instant


def lines(processes: Sequence[ToldProcess], traces: Traces) -> Iterator[str]:
    """Tell cases as lines of JSON."""
    for case, events in traces():
        yield _line(_case(case))
        for event in events:
            yield _line(_event(event))


def _case(case: ToldCase) -> dict[str, Any]:
    return {
        "type": "case", "case": case.id, "process": case.process, "version": case.version, "parent": case.parent,
        "links": dict(case.related), "opened_at": instant(case.opened_at), "closed_at": instant(case.closed_at) or None,
        "outcome": case.outcome or None, "state": list(case.state), "data": _values(case.data),
    }  # fmt: skip


def _event(event: ToldEvent) -> dict[str, Any]:
    return {
        "type": "event", "case": event.case, "number": event.number, "activity": event.activity, "verb": event.verb,
        "lifecycle": event.lifecycle, "at": instant(event.at), "recorded_at": instant(event.recorded_at),
        "actor": event.actor, "roles": list(event.roles), "for": event.on_behalf_of, "from": list(event.before),
        "to": list(event.after), "assignee": event.assignee, "changed": _values(event.changed),
        "refused": list(event.refused),
    }  # fmt: skip


def _values(values: Mapping[str, Shown]) -> dict[str, Any]:
    return {name: one.value for name, one in values.items()}


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"
