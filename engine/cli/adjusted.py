"""Results that stand beside the recorded ones, and the interruptions that put them there."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from engine.cli.pages import STATUSES
from engine.cli.reader import Reader, harmless, seconds
from engine.cli.records import right_terms
from engine.cli.streams import Streams
from engine.cli.tables import Column, Row, write_table
from engine.cli.translate import _, labelled, listed

if TYPE_CHECKING:
    from engine.app import AdjustedCycle
    from engine.core.promises.adjusting import Result
    from engine.core.promises.adjustments import Adjustment, Kind
    from engine.model import ProcessDefinition

Called = Callable[["AdjustedCycle"], str]
"""How a promise is called in a language other than English."""


def write_changes(streams: Streams, reader: Reader, changes: Sequence[AdjustedCycle], called: Called) -> None:
    """Write what becomes of each cycle: recorded, and adjusted."""
    columns = [
        Column(head=_("case")),
        Column(head=_("promise"), is_wide=True),
        Column(head=_("cycle"), is_number=True),
        Column(head=_("recorded")),
        Column(head=_("used"), is_number=True),
        Column(head=_("adjusted")),
        Column(head=_("used"), is_number=True),
        Column(head=_("due"), is_wide=True),
        Column(head=_("by"), is_wide=True),
    ]
    write_table(streams, columns, [_change_row(reader, one, called(one)) for one in changes])


def _change_row(reader: Reader, change: AdjustedCycle, called: str) -> Row:
    before, after = change.before, change.after
    is_other = before.status != after.status
    cells = [
        change.case,
        called,
        str(change.cycle),
        _(STATUSES[before.status]),
        reader.span(before.used),
        ("* " if is_other else "") + _(STATUSES[after.status]),
        reader.span(after.used),
        due_moved(reader, change),
        listed(name for name in change.by if name != "?"),
    ]
    return Row(cells=cells, colour="green" if is_other else "")


def due_moved(reader: Reader, change: AdjustedCycle) -> str:
    """Say when a cycle under way is due, and when it would be; an instant that was agreed stays."""
    if change.ended_at is not None or change.after.due_at is None:
        return ""
    due, would_be = change.before.due_at, change.after.due_at
    if due is None or due == would_be:
        return reader.instant(would_be)
    return f"{reader.instant(due)} → {reader.instant(would_be)}"


def said_beside(reader: Reader, change: AdjustedCycle) -> str:
    """Say in one line what stands beside a recorded result, and by what."""
    if change.is_corrected:
        return _("cycle {cycle}: recorded {before} after {used}; corrected by {names}: {after} after {rest}").format(
            cycle=change.cycle,
            before=_(STATUSES[change.before.status]),
            used=reader.span(change.before.used),
            names=listed(change.by),
            after=_(STATUSES[change.after.status]),
            rest=reader.span(change.after.used),
        )
    return _(
        "cycle {cycle}: recorded {before} after {used}; not counting {left_out} of {names}: {after} after {rest}"
    ).format(
        cycle=change.cycle,
        before=_(STATUSES[change.before.status]),
        used=reader.span(change.before.used),
        left_out=reader.span(change.left_out),
        names=listed(change.by),
        after=_(STATUSES[change.after.status]),
        rest=reader.span(change.after.used),
    )


def write_beside(
    streams: Streams, reader: Reader, definition: ProcessDefinition, changes: Iterable[AdjustedCycle]
) -> None:
    """Write the results of a case that stand beside the recorded ones; nothing where there are none."""
    lines = [
        labelled(reader.called(one.clock, definition.clocks[one.clock].label), said_beside(reader, one))
        for one in changes
    ]
    if lines:
        streams.say()
        streams.say(_("Adjusted, beside the record"))
    for line in lines:
        streams.say(f"  {line}")


def adjustment_line(reader: Reader, one: Adjustment) -> str:
    """Say what was declared, by whom, and whether it stands."""
    text = _("{id}: {since} – {until}, {reason} · declared by {person}, approved by {approver}").format(
        id=one.id,
        since=reader.exact(one.since),
        until=reader.exact(one.until),
        reason=harmless(one.reason),
        person=harmless(one.declared_by),
        approver=harmless(one.approver),
    )
    parts = [text, *right_terms(one.asked), standing(one)]
    return functools.reduce(lambda what, more: _("{what} · {more}").format(what=what, more=more), parts)


def standing(one: Adjustment) -> str:
    """Say whether an adjustment stands."""
    if one.reversal is not None:
        return _("reversed") if one.is_finished else _("being reversed: run the command again")
    return _("stands") if one.is_finished else _("not on every case yet: run the command again")


def write_adjustments(streams: Streams, reader: Reader, found: Sequence[Adjustment], kind: Kind) -> None:
    """Write what was declared of one kind as a table, the oldest first."""
    columns = [
        Column(head=_("interruption") if kind == "interruption" else _("correction")),
        Column(head=_("from")),
        Column(head=_("until")),
        Column(head=_("reason"), is_wide=True),
        Column(head=_("declared by")),
        Column(head=_("approved by")),
        Column(head=_("status"), is_wide=True),
    ]
    rows = [
        Row(
            cells=[
                one.id, reader.exact(one.since), reader.exact(one.until), harmless(one.reason),
                harmless(one.declared_by), harmless(one.approver), standing(one),
            ],
            colour="dim" if one.reversal is not None else "",
        )
        for one in found
    ]  # fmt: skip
    write_table(streams, columns, rows)


# -- for machines ------------------------------------------------------------------------------------------------------


def adjustment_document(reader: Reader, one: Adjustment) -> dict[str, Any]:
    """Describe what was declared."""
    back = one.reversal
    return {
        "id": one.id,
        "kind": one.kind,
        "from": reader.rfc3339(one.since),
        "until": reader.rfc3339(one.until),
        "reason": one.reason,
        "approver": one.approver,
        "declared_by": one.declared_by,
        "declared_at": reader.rfc3339(one.declared_at),
        "asked": dict(one.asked),
        "is_finished": one.is_finished,
        "reversal": None
        if back is None
        else {
            "reason": back.reason,
            "by": back.by,
            "approver": back.approver,
            "at": reader.rfc3339(back.at),
        },
    }


def change_document(reader: Reader, change: AdjustedCycle) -> dict[str, Any]:
    """Describe what becomes of one cycle."""
    return {
        "case": change.case,
        "clock": change.clock,
        "cycle": change.cycle,
        "started_at": reader.rfc3339(change.started_at),
        "ended_at": reader.rfc3339(change.ended_at),
        "recorded": _result_document(reader, change.before),
        "adjusted": _result_document(reader, change.after),
        "left_out": seconds(change.left_out),
        "by": [name for name in change.by if name != "?"],
    }


def _result_document(reader: Reader, result: Result) -> dict[str, Any]:
    return {
        "status": result.status,
        "used": seconds(result.used),
        "breached_at": reader.rfc3339(result.breached_at),
        "due_at": reader.rfc3339(result.due_at),
    }
