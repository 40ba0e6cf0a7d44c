"""What reports count: shares, sums, averages, counts, registers."""

from __future__ import annotations

from typing import Any

from engine.expressions import Expression
from engine.fields import Field
from engine.lang.build.changes import asked
from engine.lang.build.clocks import read_share
from engine.lang.build.cursor import Cursor, listed, text_of
from engine.lang.build.declared import words
from engine.lang.build.known import Known, Place
from engine.lang.build.notes import built_in
from engine.measure import Measure

KINDS = ("share", "sum", "average", "count", "list")
TIMES = ("day", "week", "month")

OF_EVERY_CASE = {
    "state": Field(name="state", type="text"),
    "assignee": Field(name="assignee", type="person"),
    "opened_at": Field(name="opened_at", type="instant"),
}
"""What every case has beside its fields."""

GROUPS = ("text", "choice", "person", "yes_no", "integer", "date", "case")
NUMBERS = ("integer", "number", "money", "duration")


def build_measure(known: Known, name: str, cursor: Cursor) -> Measure:
    """One measure."""
    kinds = [kind for kind in KINDS if cursor.is_table and kind in cursor.plain]
    if len(kinds) != 1:
        said = " and ".join(f"`{kind}`" for kind in kinds) or "nothing"
        message = f"measure `{name}` counts {said}; it must be one of {', '.join(f'`{kind}`' for kind in KINDS)}"
        known.notes.error("measure-kind", cursor.name_span, message, "make a measure of its own of each")
    kind: Any = kinds[0] if kinds else "count"
    place = _place(known)
    of = known.condition(cursor.get("of"), place)
    counted = place.given(asked(text_of(cursor.get("of"))))
    _check_target(known, name, cursor, kind)
    return known.notes.mark(
        Measure(
            name=name, label=words(known.notes, cursor.get("label"), known.desk.shared.languages), kind=kind,
            value=_value(known, cursor.get(kind), kind, counted), of=of,
            per=tuple(_name(known, item, GROUPS, TIMES) for item in listed(cursor.get("per"))),
            columns=tuple(_name(known, item, None, ()) for item in listed(cursor.get("list"))),
            at=_at(known, cursor.get("at")), target=read_share(text_of(cursor.get("target"))),
        ),
        cursor,
    )  # fmt: skip


def _place(known: Known) -> Place:
    """A measure sees one case as it stands, whatever its state; no linked cases, which would have to be fetched."""
    place = known.place(known.presence.ever(), now=False)
    return place.but(scope=place.scope.but(linked={}))


def _value(known: Known, cursor: Cursor | None, kind: str, place: Place) -> Expression | None:
    if cursor is None or kind in ("count", "list"):
        return None
    if kind == "share":
        return known.condition(cursor, place)
    # Where it is not set a case adds nothing, so nothing needs to be asked for by `has` first.
    found = known.compile(cursor, place.given(known.fields), "value")
    if found is not None and found.type not in NUMBERS:
        message = f"`{kind}` needs a number, money or a duration, and this gives {found.type}"
        known.notes.error(
            "measure-value", cursor.span, message, "`share` and `of` take conditions; `count` takes cases"
        )
    return found


def _name(known: Known, cursor: Cursor, kinds: tuple[str, ...] | None, times: tuple[str, ...]) -> str:
    """A name a report shows: of a time, of a field that is not personal, of what every case has."""
    text = cursor.text
    if text in times or text in OF_EVERY_CASE:
        _check_group(known, cursor, OF_EVERY_CASE.get(text), kinds)
        return text
    name = text.removeprefix("case.")
    if name not in known.fields and not text.startswith("case."):
        places = {**known.places_of_fields(), **built_in(*times, *OF_EVERY_CASE)}
        known.notes.unknown("field", cursor.span, f"`{name}` is not a field of the case", name, places)
        return name
    field = known.field(cursor)
    if field is not None and field.personal:
        message = f"`{field.name}` is personal and stands in no report"
        known.notes.error("personal-read", cursor.span, message, "leave it out; the case's id leads to it")
    _check_group(known, cursor, field, kinds)
    return f"case.{name}" if name in TIMES else name


def _check_group(known: Known, cursor: Cursor, field: Field | None, kinds: tuple[str, ...] | None) -> None:
    if field is not None and kinds is not None and field.type not in kinds:
        message = f"`{field.name}` is of type `{field.type}`, by which nothing can be grouped"
        mend = "group by a choice, text, person, yes or no, whole number or date, or by `day`, `week`, `month`"
        known.notes.error("measure-group", cursor.span, message, mend)


def _at(known: Known, cursor: Cursor | None) -> str:
    if cursor is None or cursor.text in ("opening", "closing"):
        return text_of(cursor) or "opening"
    field = known.field(cursor)
    if field is not None and field.type not in ("instant", "date"):
        message = f"`at` needs an instant or a date, and `{field.name}` is {field.type}"
        known.notes.error(
            "measure-group", cursor.span, message, "name an instant or date field, `opening` or `closing`"
        )
    return f"case.{cursor.text.removeprefix('case.')}"


def _check_target(known: Known, name: str, cursor: Cursor, kind: str) -> None:
    target = cursor.get("target")
    if target is not None and kind != "share":
        message = f"measure `{name}` has a target, but only a `share` reaches one"
        known.notes.error("measure-kind", target.name_span, message, "take the target away, or measure a share")
