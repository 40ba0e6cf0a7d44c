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
from engine.frozen import put


def finish(draft: Draft, said: Mapping[str, Any], order: int, floor: int | None) -> Step:
    """The step as a value: the case after it, linked to the record that tells it; a root keeps floor and order.

    Where nobody keeps it, it is the same but for what only a keeper needs: text and hash of its record, its messages.
    """
    before, case, sequence = draft.before, draft.case, draft.before.sequence + 1
    record, is_revised = _record(draft, said, (sequence, order))
    context = draft.context
    text, digest = link(record) if context.is_kept and context.is_linked else ("", "")
    have_moved = _have_dues_moved(draft)
    if have_moved:
        put(case, "next_due", _next_due(draft))
    put(case, "sequence", sequence)
    put(case, "head", digest)
    put(case, "revision", before.revision + is_revised)
    put(case, "private", draft.private)
    if floor is not None:
        put(case, "floor", floor)
        put(case, "order", order)
    outgoing = _fixed(draft) if draft.outgoing and context.is_kept else ()
    return Step(
        case, record, text, digest, outgoing, draft.cycles, draft.microsteps, draft.sealed,
        draft.covered, draft.registered, not have_moved and _is_held_as_before(draft),
    )  # fmt: skip


def _record(draft: Draft, said: Mapping[str, Any], place: tuple[int, int]) -> tuple[dict[str, Any], bool]:
    """The record, and whether the case's revision grows: it is another case than before, or somebody acted."""
    before, case, plan = draft.before, draft.case, draft.plan
    record = draft.record
    record.update(said)
    record["case"], record["seq"], record["order"] = case.id, *place
    record["at"], record["recorded_at"], record["prev"] = draft.now, draft.context.clock, before.head
    record["definition"] = [case.process, case.version, *plan.hashes]
    is_revised = draft.actor != ENGINE
    if case.position != before.position:
        is_revised = True
        if before.position.leaves:
            record["from"] = list(before.position.leaves)
        record["to"] = list(case.position.leaves)
    if case.data is not before.data and (touched := _touched(before.data, case.data)):
        is_revised = True
        record["changed"] = touched
    if draft.events:
        record["clocks"] = draft.events
    if case.assignee != before.assignee or case.queue != before.queue:
        is_revised = True
        was, holder = before.assignee or before.queue, case.assignee or case.queue
        if was != holder:
            record["assignee"] = [was, holder]
    if draft.asked:
        record["found"] = dict(draft.asked)
    if draft.registered:
        record["registered"] = [_entry(one) for one in draft.registered]
    return record, is_revised


def _entry(one: Registered) -> dict[str, Any]:
    """What stands in the record of an entry in a register: of personal values only that they were given."""
    entry = {"party": one.party, "id": one.id, "set": dict(one.values)}
    return {**entry, "personal": sorted(one.private)} if one.private else entry


def _have_dues_moved(draft: Draft) -> bool:
    """Whether something may fall due at another instant than before; promises that only counted on keep theirs."""
    before = draft.before
    is_behind = before.next_due is not None and before.next_due <= draft.now
    return is_behind or draft.has_moved_dues or draft.case.alarms != before.alarms


def _next_due(draft: Draft) -> int | None:
    """When something falls due next."""
    alarms = [alarm.due for alarm in draft.case.alarms.values() if alarm.due is not None]
    return min((*alarms, *dues(draft.plan, draft.case)), default=None)


def _is_held_as_before(draft: Draft) -> bool:
    """Whether the case was there, is on the same version, as open as it was, and held by the same person or role."""
    before, case = draft.before, draft.case
    return (
        before.sequence > 0 and case.assignee == before.assignee and case.queue == before.queue
        and case.outcome == before.outcome and case.version == before.version
    )  # fmt: skip


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
    touched = {}
    for name, value in after.items():
        if name not in before or before[name] != value:
            touched[name] = value
    for name in before:
        if name not in after:
            touched[name] = None
    return touched
