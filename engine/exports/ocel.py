"""OCEL 2.0 in JSON: cases are objects of their process's type, records are events of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.exports.told import COLUMN, Shown, ToldCase, ToldEvent, ToldProcess, Traces, instant
from engine.fields import FieldType

_KINDS: Mapping[FieldType, str] = {
    "integer": "integer", "number": "float", "money": "float", "yes_no": "boolean", "instant": "time",
}  # fmt: skip

_OF_A_CASE = {"version": "integer", "outcome": "string", "state": "string", "closed_at": "time"}
_OF_AN_EVENT = {
    "number": "integer", "verb": "string", "lifecycle": "string", "recorded_at": "time", "actor": "string",
    "roles": "string", "for": "string", "from": "string", "to": "string", "assignee": "string",
}  # fmt: skip


def ocel(processes: Sequence[ToldProcess], traces: Traces) -> Iterator[str]:
    """Tell cases as objects and records as events; every field's value stands at its instant."""
    yield f'{{"objectTypes":{json.dumps(_object_types(processes), ensure_ascii=False)},\n"objects":['
    activities: dict[str, None] = {}
    yield from _joined(_objects(traces, activities))
    yield '],\n"eventTypes":'
    yield json.dumps([_type(name, _OF_AN_EVENT) for name in activities], ensure_ascii=False)
    yield ',\n"events":['
    yield from _joined(_event(case, event) for case, events in traces() for event in events)
    yield "]}\n"


def _object_types(processes: Sequence[ToldProcess]) -> list[dict[str, Any]]:
    return [
        _type(one.name, {**_OF_A_CASE, **{COLUMN + name: _kind(kind) for name, kind in one.fields.items()}})
        for one in processes
    ]


def _type(name: str, attributes: Mapping[str, str]) -> dict[str, Any]:
    return {"name": name, "attributes": [{"name": one, "type": kind} for one, kind in attributes.items()]}


def _kind(kind: FieldType) -> str:
    return _KINDS.get(kind, "string")


def _joined(values: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    between = "\n"
    for value in values:
        yield between + json.dumps(value, ensure_ascii=False)
        between = ",\n"


def _objects(traces: Traces, activities: dict[str, None]) -> Iterator[dict[str, Any]]:
    """The objects; on the way the activities are noted, of which there are as many as the processes name."""
    for case, events in traces():
        history = []
        for event in events:
            activities.setdefault(event.activity)
            history += [
                {"name": COLUMN + name, "time": instant(event.at), "value": _value(one)}
                for name, one in event.changed.items() if one.value is not None
            ]  # fmt: skip
        yield {
            "id": case.id, "type": case.process, "attributes": [*_case_attributes(case), *history],
            "relationships": [{"objectId": other, "qualifier": link} for link, other in case.related.items()],
        }  # fmt: skip


def _case_attributes(case: ToldCase) -> Iterator[dict[str, Any]]:
    told = {"version": case.version, "outcome": case.outcome, "state": " + ".join(case.state)}
    at = instant(case.opened_at if case.closed_at is None else case.closed_at)
    for name, value in {**told, "closed_at": instant(case.closed_at)}.items():
        if value != "":
            yield {"name": name, "time": at, "value": value}


def _event(case: ToldCase, event: ToldEvent) -> dict[str, Any]:
    told: dict[str, Any] = {
        "number": event.number, "verb": event.verb, "lifecycle": event.lifecycle,
        "recorded_at": instant(event.recorded_at), "actor": event.actor, "roles": ", ".join(event.roles),
        "for": event.on_behalf_of, "from": " + ".join(event.before), "to": " + ".join(event.after),
        "assignee": event.assignee,
    }  # fmt: skip
    return {
        "id": f"{event.case}#{event.number}", "type": event.activity, "time": instant(event.at),
        "attributes": [{"name": name, "value": value} for name, value in told.items() if value not in (None, "")],
        "relationships": [{"objectId": case.id, "qualifier": "case"}],
    }  # fmt: skip


def _value(one: Shown) -> Any:
    return float(one.value) if one.kind == "money" else one.cell
