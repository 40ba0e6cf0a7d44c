"""What the calendar opens: when, for whom, and with which answers to the opening's form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from engine.expressions import Expression
from engine.fields import Field
from engine.lang.build.acts import every_of
from engine.lang.build.cursor import Cursor
from engine.lang.build.effects import answers
from engine.lang.build.known import Known, Neighbour, Place
from engine.model import Assigned, Party, Schedule

READABLE = ("figures", "now", "party")


def build_schedules(known: Known) -> dict[str, Schedule]:
    """Every schedule of the process. Nobody acts then, and there is no case yet that could be read."""
    table = known.outline.root.get("schedule")
    found = (_built(known, name, cursor) for name, cursor in (table.entries() if table is not None else ()))
    return {one.name: one for built in found for one in built}


def _built(known: Known, name: str, cursor: Cursor) -> Iterator[Schedule]:
    party = _party(known, cursor.walk("for", "party"))
    if party is None and cursor.get("for") is not None:
        return  # what is read of nobody would only repeat it
    place = _place(known, party)
    condition = cursor.walk("for", "if")
    when = known.condition(condition, place)
    if condition is not None:
        _check_reads(known, condition, when)
    values = answers(known, cursor, place, Neighbour(known.outline, known.fields), cursor.name_span)
    _check_values(known, cursor, values, party)
    calendar, every = known.calendar(cursor.get("calendar")), every_of(known, cursor.get("every"))
    if every is not None:
        schedule = Schedule(
            name=name, every=every, values=values, calendar=calendar, party=party.name if party else None, when=when
        )
        yield known.notes.mark(schedule, cursor)


def _party(known: Known, cursor: Cursor | None) -> Party | None:
    """The party that is named there; one without a register cannot be gone through."""
    if cursor is None:
        return None
    kept = {name: party for name, party in known.desk.desk.parties.items() if party.register}
    if cursor.text not in kept:
        places = {name: known.desk.party_places[name] for name in kept}
        message = f"`{cursor.text}` is not a party with a register"
        known.notes.unknown("party", cursor.span, message, cursor.text, places)
    return kept.get(cursor.text)


def _place(known: Known, party: Party | None) -> Place:
    place = known.place(frozenset())
    if party is None:
        return place
    return replace(place, scope=replace(place.scope, party={**party.register, "id": Field(name="id", type="text")}))


def _check_reads(known: Known, written: Cursor, value: Assigned) -> None:
    """An expression may read the desk's figures, the instant and the register: there is no case yet."""
    names = value.names if isinstance(value, Expression) else ()
    unknown = sorted(name for name in names if name.partition(".")[0] not in READABLE)
    if unknown:
        message = f"`{unknown[0]}` cannot be read before the case is open"
        known.notes.error("unknown-name", written.span, message, "read `figures`, `now`, and `party` with `for`")


def _check_values(known: Known, cursor: Cursor, values: Mapping[str, Assigned], party: Party | None) -> None:
    private = {f"party.{name}" for name, field in (party.register.items() if party else ()) if field.personal}
    for name, value in values.items():
        written = cursor.walk("with", name)
        if written is None:
            continue
        _check_reads(known, written, value)
        copied = private.intersection(value.names) if isinstance(value, Expression) else frozenset()
        if copied and name in known.fields and not known.fields[name].personal:
            message = f"`{min(copied)}` is personal, and `{name}` is not"
            known.notes.error("personal-read", written.span, message, f"make `{name}` personal")
