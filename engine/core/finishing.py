"""A decided step as a value: the case after it, linked to the record that tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.core.audit import link
from engine.core.cases import ENGINE, Outgoing, Registered, Step
from engine.core.draft import Draft
from engine.core.promises.step import dues
from engine.core.texts import values_of
from engine.fields import Value
from engine.frozen import put


def finish(draft: Draft, said: Mapping[str, Any], order: int, floor: int | None) -> Step:
    """The step as a value: the case after it, linked to the record that tells it; a root keeps floor and order.

    Where nobody keeps it, it is the same but for what only a keeper needs: its record with text and hash, its messages.
    """
    before, case, sequence = draft.before, draft.case, draft.before.sequence + 1
    context, record, due = draft.context, draft.record, before.next_due
    text, digest = "", ""
    if context.is_kept:
        is_revised = _tell(draft, said, (sequence, order)) or _is_revised(draft)
        text, digest = link(record) if context.is_linked else ("", "")
    else:
        is_revised = _is_revised(draft) or bool(_touched(before.data, case.data))
    # Something may fall due at another instant than before; promises that only counted on keep theirs.
    have_moved = draft.has_moved_dues or case.alarms != before.alarms or (due is not None and due <= draft.now)
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


def _is_revised(draft: Draft) -> bool:
    """Whether the case's revision grows though no field changed: it stands or lies elsewhere, or somebody acted."""
    before, case = draft.before, draft.case
    return (
        draft.actor != ENGINE or case.position != before.position
        or case.assignee != before.assignee or case.queue != before.queue
    )  # fmt: skip


def _tell(draft: Draft, said: Mapping[str, Any], place: tuple[int, int]) -> bool:
    """Put on record what the command says, and what became of the case; whether a field changed."""
    before, case, plan = draft.before, draft.case, draft.plan
    record = draft.record
    record.update(said)
    record["case"] = case.id
    record["seq"], record["order"] = place
    record["at"], record["recorded_at"] = draft.now, draft.context.clock
    record["prev"] = before.head
    record["definition"] = [case.process, case.version, *plan.hashes]
    if case.position is not before.position and case.position != before.position:
        if before.position.leaves:
            record["from"] = list(before.position.leaves)
        record["to"] = list(case.position.leaves)
    if touched := _touched(before.data, case.data):
        record["changed"] = touched
    if draft.events:
        record["clocks"] = draft.events
    if case.assignee != before.assignee or case.queue != before.queue:
        was, holder = before.assignee or before.queue, case.assignee or case.queue
        if was != holder:
            record["assignee"] = [was, holder]
    if draft.asked:
        record["found"] = dict(draft.asked)
    if draft.registered:
        record["registered"] = [_entry(one) for one in draft.registered]
    return bool(touched)


def _entry(one: Registered) -> dict[str, Any]:
    """What stands in the record of an entry in a register: of personal values only that they were given."""
    entry = {"party": one.party, "id": one.id, "set": dict(one.values)}
    return {**entry, "personal": sorted(one.private)} if one.private else entry


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
    if after is before:
        return {}
    touched = {}
    for name, value in after.items():
        if name not in before or before[name] != value:
            touched[name] = value
    for name in before:
        if name not in after:
            touched[name] = None
    return touched
