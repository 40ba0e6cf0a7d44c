"""Cases, changes and refusals as JSON for machines: names are stable, `schemas/output.schema.json` describes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from engine.cli.reader import Reader, seconds
from engine.cli.render import most_urgent

if TYPE_CHECKING:
    from engine.core.cases import Reason
    from engine.core.promises.ledger import Interval
    from engine.fields import Field
    from engine.model import ProcessDefinition
    from engine.ports import Attached
    from engine.views import Accepted, Alike, CaseView, ClockView, Offer, Refusal


def case_document(reader: Reader, definition: ProcessDefinition, view: CaseView) -> dict[str, Any]:
    """Describe a case."""
    return {
        **row_document(reader, definition, view),
        "data": data_document(definition.fields, view.data),
        "erased": list(view.erased),
        "unreadable": list(view.unreadable.fields),
        "clocks": {name: clock_document(reader, definition, name, clock) for name, clock in view.clocks.items()},
        "links": dict(view.links),
    }


def attachment_document(reader: Reader, one: Attached) -> dict[str, Any]:
    """Describe a file attached to a case."""
    return {
        "name": one.name,
        "media_type": one.media_type,
        "size": one.size,
        "hash": one.hash,
        "attached_at": reader.rfc3339(one.at),
        "attached_by": one.by or None,
    }


def row_document(reader: Reader, definition: ProcessDefinition, view: CaseView) -> dict[str, Any]:
    """Describe a case as lists show it: without its data."""
    urgent = most_urgent(view)
    return {
        "id": view.id,
        "process": view.process,
        "version": view.version,
        "revision": view.revision,
        "summary": reader.said(view.summary),
        "state": [{"name": name, "label": reader.said(definition.states[name].label, name)} for name in view.position],
        "waiting_on": list(view.waiting_on),
        "assignee": view.assignee,
        "queue": view.queue,
        "opened_at": reader.rfc3339(view.opened_at),
        "closed_at": reader.rfc3339(view.closed_at),
        "outcome": view.outcome or None,
        "next_clock": None if urgent is None else clock_document(reader, definition, *urgent),
    }


def clock_document(reader: Reader, definition: ProcessDefinition, name: str, clock: ClockView) -> dict[str, Any]:
    """Describe one promise of a case."""
    return {
        "name": name,
        "label": reader.said(definition.clocks[name].label, name),
        "status": clock.status,
        "goal": clock.goal,
        "cycle": clock.cycle,
        "started_at": reader.rfc3339(clock.started_at),
        "due_at": reader.rfc3339(clock.due_at),
        "remaining": seconds(clock.remaining),
        "used": seconds(clock.used),
        "paused_by": list(clock.paused),
        "breached_at": reader.rfc3339(clock.breached_at),
        "ended_at": reader.rfc3339(clock.ended_at),
    }


def _public(field: Field, value: Any) -> Any:
    from engine.fields import plain

    return plain(field, value)


def data_document(fields: Mapping[str, Field], data: Mapping[str, Any]) -> dict[str, Any]:
    """Give the answered fields in their public form."""
    from engine.fields import plain

    return {name: plain(fields[name], value) for name, value in data.items() if name in fields}


def reason_document(reader: Reader, reason: Reason) -> dict[str, Any]:
    """Describe one reason of a refusal."""
    return {"rule": reason.rule, "message": reader.said(reason.words, reason.rule), "field": reason.field}


def accepted_document(
    reader: Reader,
    definition: ProcessDefinition,
    result: Accepted,
    alike: Iterable[tuple[ProcessDefinition, Alike]] | None = None,
) -> dict[str, Any]:
    """Describe what a command did; of an opening also what else is open that may be about the same matter."""
    found = {
        "status": "accepted",
        "is_repeat": result.is_repeat,
        "case": case_document(reader, definition, result.case),
    }
    if alike is not None:
        found["alike"] = [
            {"fields": list(one.fields), "case": row_document(reader, known, one.case)} for known, one in alike
        ]
    return found


def refusal_document(reader: Reader, result: Refusal) -> dict[str, Any]:
    """Describe why a command did nothing."""
    return {
        "status": "refused",
        "case": None if result.case is None else result.case.id,
        "reasons": [reason_document(reader, reason) for reason in result.reasons],
    }


def offer_document(reader: Reader, offer: Offer) -> dict[str, Any]:
    """Describe one action and what it asks."""
    return {
        "action": offer.action,
        "label": reader.said(offer.label, offer.action),
        "is_allowed": offer.is_allowed,
        "reasons": [reason_document(reader, reason) for reason in offer.reasons],
        "form": [
            {
                "name": asked.field.name,
                "label": reader.said(asked.field.label, asked.field.name),
                "type": asked.field.type,
                "is_required": asked.required,
                "choices": {name: reader.said(words, name) for name, words in asked.field.choices.items()},
                "present": _public(asked.field, asked.present),
            }
            for asked in offer.form
        ],
    }


def ledger_document(reader: Reader, intervals: Iterable[Interval]) -> list[dict[str, Any]]:
    """Describe how the time of a promise was spent."""
    return [
        {
            "cycle": one.cycle,
            "from": reader.rfc3339(one.start),
            "until": reader.rfc3339(one.end),
            "status": one.status,
            "why": list(one.why),
            "turn": list(one.turn),
            "used": seconds(one.used),
        }
        for one in intervals
    ]
