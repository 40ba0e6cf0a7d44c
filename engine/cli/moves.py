"""What moving open cases to another version means, case by case, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from engine.cli.pages import STATUSES
from engine.cli.reader import Reader
from engine.cli.records import action_label
from engine.cli.streams import Streams
from engine.cli.translate import _, labelled, listed, plural

if TYPE_CHECKING:
    from engine.app import CaseMove, Engine, MovePlan, Promise
    from engine.model import ProcessDefinition


def write_plan(streams: Streams, reader: Reader, engine: Engine, plan: MovePlan, definition: ProcessDefinition) -> None:
    """Write what the way forgets, then each case, and how many can be moved."""
    for since, one in plan.oversights:
        streams.say(_("from version {version}: {why}").format(version=since, why=reader.said(one.words)))
    if not plan.moves:
        streams.tell(
            _("no open case of {process} is on a version before {version}").format(
                process=plan.process, version=plan.version
            )
        )
        return
    versions = {move.since: engine.definition(plan.process, move.since) for move in plan.moves}
    for move in plan.moves:
        for line in _lines(reader, move, versions[move.since], definition):
            streams.say(line)
    can, cannot = len(plan.possible), len(plan.moves) - len(plan.possible)
    text = plural("{count} case can be moved", "{count} cases can be moved", can)
    others = _(", {count} cannot").format(count=cannot) if cannot else ""
    streams.tell(f"{text}{others}")


def _lines(reader: Reader, move: CaseMove, since: ProcessDefinition, to: ProcessDefinition) -> Iterator[str]:
    before = _states(reader, since, move.before)
    if move.reasons:
        yield _("{case}  {state}: cannot be moved").format(case=move.case, state=before)
        yield from (f"  {reader.said(one.words)}" for one in move.reasons)
        return
    after = _states(reader, to, move.after)
    yield f"{move.case}  {before} → {after}" if before != after else f"{move.case}  {before}"
    for name, (was, will) in move.promises.items():
        yield f"  {_promise(reader, to if name in to.clocks else since, name, was, will)}"
    if move.lost:
        names = listed(reader.called(name, action_label(since, name)) for name in move.lost)
        yield "  " + _("no longer possible there: {names}").format(names=names)
    for fields, definition, text in (
        (move.missing, to, _("not filled in, and asked at opening now: {names}")),
        (move.dropped, since, _("given up: {names}")),
    ):
        if fields:
            names = listed(reader.called(name, definition.fields[name].label) for name in fields)
            yield "  " + text.format(names=names)


def _states(reader: Reader, definition: ProcessDefinition, names: Iterable[str]) -> str:
    return " + ".join(reader.called(name, definition.states[name].label) for name in names)


def _promise(
    reader: Reader, definition: ProcessDefinition, name: str, was: Promise | None, will: Promise | None
) -> str:
    before, after = _standing(reader, was), _standing(reader, will)
    text = _("{text}, as before").format(text=before) if before == after else f"{before} → {after}"
    return labelled(reader.called(name, definition.clocks[name].label), text)


def _standing(reader: Reader, promise: Promise | None) -> str:
    if promise is None:
        return _("none")
    if promise.status == "running" and promise.due_at is not None:
        due = reader.instant(promise.due_at)
        return _("due {time} ({distance})").format(time=due, distance=reader.until(promise.due_at))
    return _(STATUSES[promise.status])


def plan_document(reader: Reader, plan: MovePlan) -> dict[str, Any]:
    """Describe it."""
    return {
        "process": plan.process,
        "version": plan.version,
        "oversights": [{"from": since, "message": reader.said(one.words)} for since, one in plan.oversights],
        "cases": [_move_document(reader, move) for move in plan.moves],
    }


def _move_document(reader: Reader, move: CaseMove) -> dict[str, Any]:
    return {
        "case": move.case,
        "from": move.since,
        "before": list(move.before),
        "after": list(move.after),
        "clocks": {
            name: {"before": _side(reader, was), "after": _side(reader, will)}
            for name, (was, will) in move.promises.items()
        },
        "lost": list(move.lost),
        "missing": list(move.missing),
        "dropped": list(move.dropped),
        "reasons": [{"rule": one.rule, "message": reader.said(one.words), "field": one.field} for one in move.reasons],
    }


def _side(reader: Reader, promise: Promise | None) -> dict[str, Any] | None:
    return None if promise is None else {"status": promise.status, "due_at": reader.rfc3339(promise.due_at)}
