"""What the calendar opens: when, for whom, and with which answers to the opening's form."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expressions import Expression
from engine.fields import Field
from engine.lang.build.acts import every_of
from engine.lang.build.cursor import Cursor
from engine.lang.build.effects import answers, party_kept
from engine.lang.build.known import Known, Place
from engine.model import Assigned, Party, Schedule

READABLE = ("figures", "now", "party")


def build_schedules(known: Known) -> dict[str, Schedule]:
    """Every schedule of the process. Nobody acts then, and there is no case yet that could be read."""
    table = known.outline.root.get("schedule")
    found = (_built(known, name, cursor) for name, cursor in (table.entries() if table is not None else ()))
    return {one.name: one for built in found for one in built}


def _built(known: Known, name: str, cursor: Cursor) -> Iterator[Schedule]:
    party = party_kept(known, cursor.walk("for", "party"))
    if party is None and cursor.get("for") is not None:
        return  # what is read of nobody would only repeat it
    place = _place(known, party)
    condition = cursor.walk("for", "if")
    when = known.condition(condition, place)
    if condition is not None:
        _check_reads(known, condition, when)
    values = answers(known, cursor, place, known.itself, cursor.name_span)
    for answer, value in values.items():
        if (written := cursor.walk("with", answer)) is not None:
            _check_reads(known, written, value)
    calendar, every = known.calendar(cursor.get("calendar")), every_of(known, cursor.get("every"))
    if every is not None:
        schedule = Schedule(
            name=name, every=every, values=values, calendar=calendar, party=party.name if party else None, when=when
        )
        yield known.notes.mark(schedule, cursor)


def _place(known: Known, party: Party | None) -> Place:
    place = known.place(frozenset())
    if party is None:
        return place
    return place.but(scope=place.scope.but(party={**party.register, "id": Field(name="id", type="text")}))


def _check_reads(known: Known, written: Cursor, value: Assigned) -> None:
    """An expression may read the desk's figures, the instant and the register: there is no case yet."""
    names = value.names if isinstance(value, Expression) else ()
    unknown = sorted(name for name in names if name.partition(".")[0] not in READABLE)
    if unknown:
        message = f"`{unknown[0]}` cannot be read before the case is open"
        known.notes.error("unknown-name", written.span, message, "read `figures`, `now`, and `party` with `for`")
