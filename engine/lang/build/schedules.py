"""What the calendar opens: when, and with which answers to the opening's form."""

from __future__ import annotations

from collections.abc import Mapping

from engine.expressions import Expression
from engine.lang.build.acts import every_of
from engine.lang.build.cursor import Cursor
from engine.lang.build.effects import answers
from engine.lang.build.known import Known, Neighbour
from engine.model import Assigned, Schedule


def build_schedules(known: Known) -> dict[str, Schedule]:
    """Every schedule of the process. Nobody acts then, and there is no case yet that could be read."""
    own, place = Neighbour(known.outline, known.fields), known.place(frozenset())
    table, built = known.outline.root.get("schedule"), {}
    for name, cursor in table.entries() if table is not None else ():
        values = answers(known, cursor, place, own, cursor.name_span)
        _check_reads(known, cursor, values)
        calendar = known.calendar(cursor.get("calendar"))
        every = every_of(known, cursor.get("every"))
        if every is not None:
            built[name] = known.notes.mark(Schedule(name=name, every=every, values=values, calendar=calendar), cursor)
    return built


def _check_reads(known: Known, cursor: Cursor, values: Mapping[str, Assigned]) -> None:
    """An answer may read the desk's figures and the instant: there is no case yet."""
    for field, value in values.items():
        names = value.names if isinstance(value, Expression) else ()
        unknown = sorted(name for name in names if name.partition(".")[0] not in ("figures", "now"))
        written = cursor.walk("with", field)
        if unknown and written is not None:
            message = f"`{unknown[0]}` cannot be read before the case is open"
            known.notes.error("unknown-name", written.span, message, "an answer here may read `figures` and `now`")
