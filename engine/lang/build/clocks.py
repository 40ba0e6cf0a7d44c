"""Clocks and the ladders they climb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.expressions import Expression
from engine.lang.build.acts import moment_of
from engine.lang.build.changes import asked
from engine.lang.build.cursor import Cursor, flag, listed, text_of
from engine.lang.build.declared import words
from engine.lang.build.effects import build_effects
from engine.lang.build.known import OPENING, Known
from engine.lang.build.notes import built_in
from engine.lang.build.times import TimeFault, read_duration
from engine.model import Branch, Branches, Clock, Threshold
from engine.moments import Moment

Ladders = Mapping[str, tuple[Threshold, ...]]


def build_ladders(known: Known) -> Ladders:
    """The ladders of the process, and those of the desk that its clocks climb."""
    own = known.outline.root.get("ladders")
    written = dict(own.entries()) if own is not None else {}
    clocks = known.outline.root.get("clocks")
    used = {text_of(clock.get("thresholds")) for _, clock in clocks.entries()} if clocks is not None else set()
    shared = {name: ladder for name, ladder in known.desk.ladders.items() if name in used and name not in written}
    return {name: _rungs(known, ladder) for name, ladder in (*written.items(), *shared.items())}


def _rungs(known: Known, ladder: Cursor) -> tuple[Threshold, ...]:
    rungs: dict[str, Threshold] = {}
    for item in ladder.items():
        rung = _rung(known, item)
        if rung is None:
            continue
        if rung.at.text in rungs:
            first = known.notes.origin(rungs[rung.at.text])
            related = [(first.span, "first written here")] if first is not None else []
            message = f"`{rung.at.text}` stands twice in one ladder"
            known.notes.error("same-threshold", item.span, message, "put their effects together", related)
        rungs[rung.at.text] = rung
    return tuple(rungs.values())


def _rung(known: Known, item: Cursor) -> Threshold | None:
    at = moment_of(known, item.get("at"), "threshold")
    place = known.place(known.presence.during())
    when = known.condition(item.get("if"), place)
    most = item.get("max")
    then = build_effects(known, item.get("then"), place.given(asked(text_of(item.get("if")))))
    every = _length(known, item.get("every"))
    if at is None:
        return None
    rung = Threshold(
        at=at, every=every, max=most.plain if most is not None else None, when=when, then=then,
        late=_word(item.get("late"), "once"),
    )  # fmt: skip
    return known.notes.mark(rung, item)


def _word(cursor: Cursor | None, unsaid: str | None) -> Any:
    """One of the words that the schema allows here."""
    return cursor.text if cursor is not None else unsaid


def _length(known: Known, cursor: Cursor | None) -> int | None:
    if cursor is None:
        return None
    try:
        return read_duration(cursor.text)
    except TimeFault as fault:
        known.notes.error(fault.rule, cursor.part(fault.offset, fault.length), fault.message, fault.mend)
        return None


def build_clock(known: Known, name: str, cursor: Cursor, ladders: Ladders) -> Clock:
    """One clock."""
    written = {key: cursor.get(key) for key in ("on_change", "on_reopen", "target")}
    clock = Clock(
        name=name, label=words(known.notes, cursor.get("label"), known.desk.shared.languages),
        goal=_goal(known, cursor.get("goal")),
        starts=_triggers(known, cursor, "starts", name) if cursor.get("starts") is not None else (OPENING,),
        met_by=_triggers(known, cursor, "met_by", name), cancelled_by=_triggers(known, cursor, "cancelled_by", name),
        restarts_on=_triggers(known, cursor, "restarts_on", name),
        pauses_in=tuple(i.text for i in listed(cursor.get("pauses_in")) if known.state(i, f"clock `{name}` pauses in")),
        pauses_when=_condition(known, cursor.get("pauses_when")), when=_condition(known, cursor.get("if")),
        repeats=flag(cursor, "repeats"),
        calendar=known.calendar(cursor.get("calendar")), on_change=_word(written["on_change"], "carry"),
        on_reopen=_word(written["on_reopen"], None), thresholds=_thresholds(known, cursor, ladders),
        target=read_share(text_of(written["target"])),
    )  # fmt: skip
    return known.notes.mark(clock, cursor)


def read_share(text: str) -> float | None:
    """A share written as `95%`; nothing where nothing is."""
    return float(text.removesuffix("%")) / 100 if text else None


def _triggers(known: Known, cursor: Cursor, key: str, clock: str) -> tuple[str, ...]:
    """Actions, states, and for `starts` the opening."""
    names = {**known.outline.places("actions"), **known.outline.places("states")}
    names |= built_in(OPENING) if key in ("starts", "restarts_on") else {}
    found = []
    for item in listed(cursor.get(key)):
        if item.text in names:
            found.append(item.text)
            continue
        message = f"`{key}` of clock `{clock}` names `{item.text}`, which is neither an action nor a state"
        known.notes.unknown("action", item.span, message, item.text, names)
    return tuple(found)


READABLE = ("case", "linked", "figures", "state")
"""What the conditions of a clock may read: nothing that changes without a record of the family."""


def _condition(known: Known, cursor: Cursor | None) -> Expression | None:
    if cursor is None:
        return None
    expression = known.condition(cursor, known.place(known.presence.ever(), now=False))
    for name in sorted(expression.names) if expression is not None else ():
        if name.partition(".")[0] not in READABLE:
            found = cursor.text.find(name)
            span = cursor.part(found, len(name)) if found >= 0 else cursor.span
            message = f"`{name}` cannot be read by a clock: its conditions see the case and linked cases"
            known.notes.error("clock-reads", span, message, "keep what matters in a field of the case")
    return expression


def _goal(known: Known, cursor: Cursor | None) -> Branches[Moment]:
    if cursor is None:
        return ()
    if cursor.is_scalar:
        moment = moment_of(known, cursor, "goal")
        return (known.notes.mark(Branch(moment), cursor),) if moment is not None else ()
    branches: list[Branch[Moment]] = []
    items = [item for item in cursor.items() if item.is_table]
    for number, item in enumerate(items):
        if number < len(items) - 1 and "if" not in item.plain:
            message = "this branch has no `if`, so those after it are never taken"
            known.notes.error("branch-without-if", item.span, message, "give it an `if`, or put it last")
        moment = moment_of(known, item.get("is"), "goal")
        when = _condition(known, item.get("if"))
        if moment is not None:
            branches.append(known.notes.mark(Branch(moment, when), item))
    return tuple(branches)


def _thresholds(known: Known, cursor: Cursor, ladders: Ladders) -> tuple[Threshold, ...]:
    written = cursor.get("thresholds")
    if written is None:
        return ()
    if not written.is_scalar:
        return _rungs(known, written)
    if written.text not in ladders:
        own = known.outline.places("ladders")
        places = {**{name: c.name_span for name, c in known.desk.ladders.items()}, **own}
        known.notes.unknown("ladder", written.span, f"`{written.text}` is not a ladder", written.text, places)
    return ladders.get(written.text, ())
