"""Actions, the opening, timers: who, what is asked, under which conditions, and where the case goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.lang.build.changes import STAYING, asked, changes_of, form_changes, guard_changes
from engine.lang.build.cursor import Cursor, listed, text_of
from engine.lang.build.declared import words
from engine.lang.build.effects import build_effects
from engine.lang.build.known import Known, Place, asked_by
from engine.lang.build.people import read_whos
from engine.lang.build.times import Place as Role
from engine.lang.build.times import TimeFault, read_every, read_moment
from engine.model import Action, Branch, Branches, Form, Guard, Opening, Timer, Who, Whos
from engine.moments import Every, Moment


def build_action(known: Known, name: str, state: str, cursor: Cursor) -> Action:
    """One action of a state, or of the top."""
    places = tuple(item.text for item in listed(cursor.get("in")) if known.state(item, f"action `{name}` stands in"))
    before = known.acting(known.presence.during(*((state,) if state else places)), asked_by([cursor]))
    form = _form(known, cursor)
    guards = _guards(known, cursor, before)
    decided = before.decided((*guard_changes(cursor), *form_changes(cursor)))
    then = build_effects(known, cursor.get("then"), decided)
    to = build_ways(known, cursor, "to", Going(f"action `{name}`", decided, changes_of(cursor.get("then"))))
    action = Action(
        name=name, state=state, label=words(known.notes, cursor.get("label"), known.desk.shared.languages),
        by=read_whos(known, cursor.get("by"), "acts"), never_by=read_whos(known, cursor.get("never_by"), "excluded"),
        places=frozenset(places), during=known.calendar(cursor.get("during")),
        needs=tuple(item.text for item in listed(cursor.get("needs")) if known.action(item, f"`{name}` needs")),
        within=moment_of(known, cursor.get("within"), "within"), form=form, guards=guards, then=then, to=to,
    )  # fmt: skip
    return known.notes.mark(action, cursor)


def build_opening(known: Known, cursor: Cursor) -> Opening:
    """The first action of a case; nothing is set yet."""
    before = known.acting(frozenset(), asked_by([cursor]))
    form = _form(known, cursor)
    guards = _guards(known, cursor, before)
    decided = before.after((*guard_changes(cursor), *form_changes(cursor)))
    counts_from = cursor.get("counts_from")
    opening = Opening(
        by=read_whos(known, cursor.get("by"), "acts"), never_by=read_whos(known, cursor.get("never_by"), "excluded"),
        form=form, guards=guards, then=build_effects(known, cursor.get("then"), decided),
        counts_from=_counts_from(known, counts_from) if counts_from is not None else None,
        during=known.calendar(cursor.get("during")),
        label=words(known.notes, cursor.get("label"), known.desk.shared.languages),
    )  # fmt: skip
    return known.notes.mark(opening, cursor)


def _counts_from(known: Known, cursor: Cursor) -> str | None:
    field = known.field(cursor)
    if field is not None and field.type != "instant":
        message = f"`{field.name}` is {field.type}, not an instant"
        known.notes.error("not-an-instant", cursor.span, message, "name a field of type `instant`")
    return field.name if field is not None else None


def _form(known: Known, cursor: Cursor) -> Form:
    form = cursor.get("form")
    if form is None:
        return Form()
    found = {key: [item for item in listed(form.get(key)) if known.field(item)] for key in ("require", "allow", "show")}
    required = {item.text: item for item in found["require"]}
    for item in found["allow"]:
        if item.text in required:
            related = [(required[item.text].span, "required here")]
            message = f"`{item.text}` is required and allowed"
            known.notes.error("repeated-item", item.span, message, "take one away", related)
    require, allow, show = (tuple(item.text for item in found[key]) for key in ("require", "allow", "show"))
    return Form(require, allow, show)


def _guards(known: Known, cursor: Cursor, place: Place) -> tuple[Guard, ...]:
    guards: list[Guard] = []
    table = cursor.get("guards")
    for name, written in table.entries() if table is not None else ():
        must = known.condition(written.get("must"), place)
        shown = words(known.notes, written.get("else"), known.desk.shared.languages)
        if must is not None:
            guards.append(known.notes.mark(Guard(name, must, shown), written))
    return tuple(guards)


# -- where it goes -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Going:
    """What moves the case, what its branches see, and what its own effects do before theirs."""

    about: str
    place: Place
    then: Any = ()


def build_ways(known: Known, cursor: Cursor, key: str, going: Going) -> Branches[str]:
    """The branches of `to`, `decide` or `done`."""
    written = cursor.get(key)
    if written is None:
        return ()
    if written.is_scalar:
        target = _target(known, written, key, going)
        return (known.notes.mark(Branch(target), written),) if target else ()
    return tuple(branch for item in _branches(known, written) if (branch := _way(known, item, key, going)) is not None)


def _branches(known: Known, written: Cursor) -> list[Cursor]:
    """The branches of a list; one that comes after another without `if` is never reached."""
    items = [item for item in written.items() if item.is_table]
    for item in items[:-1]:
        if "if" not in item.plain:
            message = "this branch has no `if`, so those after it are never taken"
            known.notes.error("branch-without-if", item.span, message, "give it an `if`, or put it last")
    return items


def _way(known: Known, item: Cursor, key: str, going: Going) -> Branch[str] | None:
    condition, written = item.get("if"), item.get("is")
    when = known.condition(condition, going.place)
    place = going.place.after(going.then).given(asked(text_of(condition)))
    then = build_effects(known, item.get("then"), place)
    target = _target(known, written, key, going) if written is not None else None
    return known.notes.mark(Branch(target, when, then), item) if target else None


def _target(known: Known, written: Cursor, key: str, going: Going) -> str | None:
    if written.text not in STAYING:
        return known.state(written, f"{going.about} goes to")
    if key != "to" and written.text == "stay":
        message = f"`{key}` passes on, so it cannot `stay`"
        known.notes.error("wrong-target", written.span, message, "leave the branch out: then it waits")
        return None
    return written.text


def build_waiting(known: Known, state: str, cursor: Cursor | None) -> Branches[Whos]:
    """Whose turn it is in a state: whos, or branches of whos."""
    if cursor is None:
        return ()
    if not any(item.is_table for item in cursor.items()):
        return (known.notes.mark(Branch(read_whos(known, cursor, "told")), cursor),)
    place = known.place(known.presence.waiting(state), now=False)
    built: list[Branch[tuple[Who, ...]]] = []
    for item in _branches(known, cursor):
        when = known.condition(item.get("if"), place)
        built.append(known.notes.mark(Branch(read_whos(known, item.get("is"), "told"), when), item))
    return tuple(built)


# -- timers ------------------------------------------------------------------------------------------------------------


def build_timer(known: Known, name: str, state: str, cursor: Cursor) -> Timer:
    """One timer of a state; nobody acts when it fires."""
    place = known.place(known.presence.during(state))
    when = known.condition(cursor.get("if"), place)
    place = place.given(asked(text_of(cursor.get("if"))))
    written = cursor.get("max")
    timer = Timer(
        name=name, state=state, when=when, after=moment_of(known, cursor.get("after"), "after"),
        at=moment_of(known, cursor.get("at"), "at"), every=every_of(known, cursor.get("every")),
        max=written.plain if written is not None else None, late=_late(cursor),
        calendar=known.calendar(cursor.get("calendar")), then=build_effects(known, cursor.get("then"), place),
        to=build_ways(known, cursor, "to", Going(f"timer `{name}`", place, changes_of(cursor.get("then")))),
    )  # fmt: skip
    keys = [key for key in ("after", "at", "every") if cursor.get(key) is not None]
    if "at" in keys and len(keys) > 1:
        span = cursor.document.name_place((*cursor.path, next(key for key in keys if key != "at")))
        message = f"timer `{name}` has {' and '.join(f'`{key}`' for key in keys)}"
        known.notes.error("two-times", span, message, "keep one of them; only `every` may follow `after`")
    return known.notes.mark(timer, cursor)


def _late(cursor: Cursor) -> Any:
    return text_of(cursor.get("late")) or "once"


def moment_of(known: Known, cursor: Cursor | None, role: Role) -> Moment | None:
    """The time that is written there; one that is none is noted."""
    if cursor is None:
        return None
    try:
        return known.notes.mark(read_moment(cursor.text, role, known.fields), cursor)
    except TimeFault as fault:
        known.notes.error(fault.rule, cursor.part(fault.offset, fault.length), fault.message, fault.mend)
        return None


def every_of(known: Known, cursor: Cursor | None) -> Every | None:
    """The rhythm that is written there; one that is none is noted."""
    if cursor is None:
        return None
    try:
        return known.notes.mark(read_every(cursor.text), cursor)
    except TimeFault as fault:
        known.notes.error(fault.rule, cursor.part(fault.offset, fault.length), fault.message, fault.mend)
        return None
