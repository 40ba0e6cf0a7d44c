"""A decided step as a value: the case after it, linked to the record that tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.core.audit import link
from engine.core.cases import ENGINE, Outgoing, Registered, Step
from engine.core.draft import Draft
from engine.core.promises import dues
from engine.core.texts import values_of
from engine.fields import Value


def finish(draft: Draft, order: int, **more: Any) -> Step:
    """The step as a value: the case after it, linked to the record that tells it."""
    before, case = draft.before, draft.case
    touched = _touched(before.data, case.data)
    record = _record(draft, order, touched, more)
    text, digest = link(record)
    draft.change(
        sequence=before.sequence + 1, head=digest, revision=before.revision + _revises(draft, touched),
        next_due=_next_due(draft), private=draft.private,
    )  # fmt: skip
    return Step(
        case=case, record=record, text=text, hash=digest,
        outgoing=_fixed(draft) if draft.outgoing else (), cycles=tuple(draft.cycles),
        microsteps=draft.microsteps, private=draft.sealed, covered=frozenset(draft.covered),
        registered=tuple(draft.registered),
    )  # fmt: skip


def _record(draft: Draft, order: int, touched: Mapping[str, Value], more: Mapping[str, Any]) -> dict[str, Any]:
    before, case = draft.before, draft.case
    record = {
        **draft.record, **more, "case": case.id, "seq": before.sequence + 1, "order": order, "at": draft.now,
        "recorded_at": draft.context.clock, "prev": before.head,
        "definition": [case.process, case.version, *draft.plan.hashes],
    }  # fmt: skip
    if case.position != before.position:
        if before.position.leaves:
            record["from"] = list(before.position.leaves)
        record["to"] = list(case.position.leaves)
    if touched:
        record["changed"] = touched
    if draft.events:
        record["clocks"] = draft.events
    was, holder = before.assignee or before.queue, case.assignee or case.queue
    if was != holder:
        record["assignee"] = [was, holder]
    if draft.asked:
        record["found"] = draft.asked
    if draft.registered:
        record["registered"] = [_entry(one) for one in draft.registered]
    return record


def _entry(one: Registered) -> dict[str, Any]:
    """What stands in the record of an entry in a register: of personal values only that they were given."""
    entry = {"party": one.party, "id": one.id, "set": dict(one.values)}
    return {**entry, "personal": sorted(one.private)} if one.private else entry


def _revises(draft: Draft, touched: Mapping[str, Value]) -> int:
    before, case = draft.before, draft.case
    is_other = touched or case.position != before.position or case.assignee != before.assignee
    return 1 if is_other or case.queue != before.queue or draft.actor != ENGINE else 0


def _next_due(draft: Draft) -> int | None:
    """When something falls due next; promises that only counted on keep their instants ahead."""
    before, case = draft.before, draft.case
    is_ahead = before.next_due is None or before.next_due > draft.now
    if is_ahead and not draft.has_moved_dues and case.alarms == before.alarms:
        return before.next_due
    alarms = [alarm.due for alarm in case.alarms.values() if alarm.due is not None]
    return min((*alarms, *dues(draft.plan, case)), default=None)


def _fixed(draft: Draft) -> tuple[Outgoing, ...]:
    """Messages with the values of their placeholders, as they are when the step is whole."""
    alert, labels = draft.alert, draft.plan.definition.clocks
    clock = {"label": {"clock": alert.clock}, "left": alert.left} if alert and alert.clock in labels else {}
    return tuple(
        replace(message, values=values_of(names, draft.sight, clock)) if names else message
        for message, names in draft.outgoing
    )


def _touched(before: Mapping[str, Value], after: Mapping[str, Value]) -> dict[str, Value]:
    """The fields that are not what they were; None where one is unset now."""
    if after is before:
        return {}
    touched = {name: value for name, value in after.items() if before.get(name) != value}
    for name in before.keys() - after.keys():
        touched[name] = None
    return touched
