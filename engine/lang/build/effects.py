"""Effects: what follows a decision, each value of the type of the field that takes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.expressions import Expression, fits
from engine.fields import Field
from engine.lang.build.changes import asked, copied_field, effect_changes
from engine.lang.build.cursor import Cursor, flag, listed, text_of
from engine.lang.build.declared import literal
from engine.lang.build.known import Asked, Known, Neighbour, Place
from engine.lang.build.notes import built_in, meant
from engine.lang.build.people import read_whos
from engine.lang.diagnostics import Span
from engine.model import (
    AppendTo,
    Assign,
    Assigned,
    ClearFields,
    Effect,
    Emit,
    Notify,
    OpenCase,
    Party,
    Register,
    SetFields,
    Tell,
    UpdateRows,
)

VERBS = ("set", "clear", "append", "update", "notify", "assign", "emit", "open", "tell", "register")


@dataclass(frozen=True, slots=True)
class _One:
    """One effect being built."""

    known: Known
    cursor: Cursor
    place: Place
    when: Expression | None

    def built(self) -> Iterator[Effect]:
        """The effects it comes to: one, or one for each table that it updates."""
        verb = next((verb for verb in VERBS if self.cursor.get(verb) is not None), None)
        for effect in _BUILD[verb](self) if verb else ():
            yield self.known.notes.mark(effect, self.cursor)


def build_effects(known: Known, cursor: Cursor | None, place: Place) -> tuple[Effect, ...]:
    """The effects of a list, each seeing what those before it have done."""
    built: list[Effect] = []
    for item in cursor.items() if cursor is not None else ():
        condition = item.get("if")
        when = known.condition(condition, place)
        here = place.given(asked(text_of(condition)))
        built += _One(known, item, here, when).built()
        place = place.after(tuple(effect_changes(item)))
    return tuple(built)


# -- values ------------------------------------------------------------------------------------------------------------


_LOOKED_UP = re.compile(r"\{?(?:case|form|before|facts|figures|counts|did|linked|actor|row|party)\.[a-z][a-z0-9_.]*\}?")
"""What is surely meant for the name of a value and not for a text."""


def value_of(known: Known, cursor: Cursor, place: Place, field: Field | None) -> Assigned:
    """A literal of the field's type, or an expression that gives one; of no field, anything."""
    text = cursor.text
    if cursor.is_scalar and isinstance(cursor.plain, str) and text.startswith("="):
        start = 1 + len(text[1:]) - len(text[1:].lstrip())
        expression = known.compile(cursor, place, "value", start)
        if expression is not None and field is not None:
            _check_fits(known, cursor, expression, field)
        return expression
    if cursor.is_scalar and isinstance(cursor.plain, str) and _LOOKED_UP.fullmatch(text):
        mend = f"write `={text.strip('{}')}` for its value"
        known.notes.warning("forgotten-equals", cursor.span, f"`{text}` is the text itself here, not a value", mend)
    if cursor.plain is None or field is None:
        return cursor.plain
    return literal(known.notes, cursor, field, known.desk.desk.zone)


def _check_fits(known: Known, cursor: Cursor, expression: Expression, field: Field) -> None:
    """What an expression gives must be of the field's type; what is personal stays so where it is copied to."""
    if problem := fits(expression, field):
        known.notes.error("wrong-type", cursor.span, problem, f"`{field.name}` is {field.type}")
    elif expression.result.personal and not field.personal:
        message = f"`{min(expression.names)}` is personal, and `{field.name}` is not"
        known.notes.error("personal-read", cursor.span, message, f"make `{field.name}` personal")


def _row(known: Known, cursor: Cursor, place: Place, table: Field) -> Assigned:
    """One new row of a table: its columns, each a literal or an expression; or an expression that gives the row."""
    if not cursor.is_table:
        return value_of(known, cursor, place, None)
    cells = {name: column.default for name, column in table.columns.items() if column.default is not None}
    for name, cell in cursor.entries():
        if (column := _column(known, cell, table, name)) is not None:
            cells[name] = value_of(known, cell, place, column)
    return cells


def _column(known: Known, cell: Cursor, table: Field, name: str) -> Field | None:
    column = table.columns.get(name)
    if column is None:
        places = {key: origin.name_span for key, c in table.columns.items() if (origin := known.notes.origin(c))}
        known.notes.unknown("column", cell.name_span, f"`{name}` is not a column of `{table.name}`", name, places)
    return column


def _items(table: Cursor | None) -> Iterable[tuple[str, Cursor]]:
    return table.entries() if table is not None else ()


def _case_field(known: Known, name: str, cursor: Cursor) -> Field | None:
    if name not in known.fields:
        known.notes.unknown(
            "field", cursor.name_span, f"`{name}` is not a field of the case", name, known.places_of_fields()
        )
    return known.fields.get(name)


# -- one builder for each effect ---------------------------------------------------------------------------------------


def _set(one: _One) -> Iterator[Effect]:
    place, values = one.place.copying(), {}
    for name, cursor in _items(one.cursor.get("set")):
        if (field := _case_field(one.known, name, cursor)) is not None:
            values[name] = value_of(one.known, cursor, place, field)
    yield SetFields(values=values, when=one.when)


def _clear(one: _One) -> Iterator[Effect]:
    names = [item for item in listed(one.cursor.get("clear")) if one.known.field(item) is not None]
    yield ClearFields(names=tuple(item.text for item in names), when=one.when)


def _append(one: _One) -> Iterator[Effect]:
    values: dict[str, Assigned] = {}
    for name, cursor in _items(one.cursor.get("append")):
        field = _case_field(one.known, name, cursor)
        if field is None:
            continue
        if field.type == "table":
            values[name] = _row(one.known, cursor, one.place, field)
        elif field.type == "list":
            values[name] = value_of(one.known, cursor, one.place, field.of)
        else:
            _not_many(one.known, cursor, field, "append")
    yield AppendTo(values=values, when=one.when)


def _not_many(known: Known, cursor: Cursor, field: Field, verb: str) -> None:
    kinds = "a list or table" if verb == "append" else "a table"
    mend = "use `set`" if verb == "append" else None
    known.notes.error("wrong-type", cursor.name_span, f"`{field.name}` is {field.type}, not {kinds}", mend)


def _update(one: _One) -> Iterator[Effect]:
    for name, cursor in _items(one.cursor.get("update")):
        field = _case_field(one.known, name, cursor)
        if field is None:
            continue
        if field.type != "table":
            _not_many(one.known, cursor, field, "update")
            continue
        scope = one.place.scope.but(row=field.columns)
        place = one.place.but(scope=scope)
        where = one.known.condition(cursor.get("where"), place)
        values = {
            key: value_of(one.known, cell, place, column)
            for key, cell in _items(cursor.get("set"))
            if (column := _column(one.known, cell, field, key)) is not None
        }
        yield UpdateRows(field=name, where=where, values=values, when=one.when)


def _notify(one: _One) -> Iterator[Effect]:
    whos, message = read_whos(one.known, one.cursor.get("notify"), "told"), one.cursor.get("message")
    if message is None:
        return
    if message.text not in one.known.messages:
        if one.known.unread:
            return  # what stands there is not known, and that it cannot be read is found already
        places = {name: cursor.name_span for name, cursor in one.known.messages.items()}
        one.known.notes.unknown("message", message.span, f"`{message.text}` is not a message", message.text, places)
        return
    yield Notify(who=whos, message=message.text, when=one.when)


def _assign(one: _One) -> Iterator[Effect]:
    yield Assign(who=read_whos(one.known, one.cursor.get("assign"), "assigned"), when=one.when)


def _emit(one: _One) -> Iterator[Effect]:
    values = {name: value_of(one.known, cursor, one.place, None) for name, cursor in _items(one.cursor.get("with"))}
    failed = one.cursor.get("failed")
    action = one.known.action(failed, "a failed delivery does") if failed is not None else None
    yield Emit(name=text_of(one.cursor.get("emit")), values=values, failed=action, when=one.when)


def _open(one: _One) -> Iterator[Effect]:
    process, link = one.cursor.get("open"), one.cursor.get("as")
    if process is None or link is None:
        return
    other = one.known.neighbours.get(process.text)
    if other is None:
        if process.text not in (places := one.known.others.places):  # what is there and no YAML says so itself
            message = f"there is no process `{process.text}` beside this one"
            one.known.notes.unknown("process", process.span, message, process.text, places)
        values = _given(one, [], None, f"opening `{process.text}`")
    else:
        values = answers(one.known, one.cursor, one.place, other, process.span)
    key = one.cursor.get("key")
    yield OpenCase(
        process=process.text, link=link.text, values=values, when=one.when, facts=tuple(_handed(one)),
        key=value_of(one.known, key, one.place, None) if key is not None else None,
    )  # fmt: skip


def _handed(one: _One) -> Iterator[str]:
    """The facts that are handed on; only those that come with this action can be."""
    brought = one.place.scope.facts
    for item in listed(one.cursor.get("facts")):
        if item.text in brought:
            yield item.text
        else:
            message = f"`{item.text}` is not a fact that comes with this action"
            places = one.known.outline.places("facts") if brought else built_in()
            one.known.notes.unknown("name", item.span, message, item.text, places)


def answers(known: Known, cursor: Cursor, place: Place, other: Neighbour, span: Span) -> Mapping[str, Assigned]:
    """The values of `with` for the opening of a case; what it requires and is not given is noted at this place."""
    about, given = f"opening `{other.outline.process}`", cursor.get("with")
    for name in (name for name in other.opening.require if given is None or name not in given.plain):
        message = f"{about} requires `{name}`, which is not given"
        known.notes.error("missing-field", span, message, f"add `{name}: …` to `with`")
    return _given(_One(known, cursor, place, None), [other], other.opening, about)


def _tell(one: _One) -> Iterator[Effect]:
    target, action = one.cursor.get("tell"), one.cursor.get("do")
    if target is None or action is None:
        return
    others = _told(one.known, target)
    able = [other for other in others if action.text in other.outline.actions]
    if others and not able:
        places = {name: span for other in others for name, span in other.outline.places("actions").items()}
        message = f"`{action.text}` is not an action of `{others[0].outline.process}`"
        one.known.notes.unknown("action", action.span, message, action.text, places)
    forms = [other.action(action.text) for other in able]
    form = Asked(
        tuple(name for each in forms for name in each.require), tuple(name for each in forms for name in each.allow)
    )
    values = _given(one, able, form if able else None, f"`{action.text}`")
    yield Tell(target=target.text, action=action.text, values=values, when=one.when)


def _told(known: Known, target: Cursor) -> list[Neighbour]:
    """The processes a `tell` may reach, as far as they are known."""
    links = known.outline.links
    if target.text == "self":
        return [known.itself]
    if target.text == "parent":
        names = known.parents
    elif target.text == "children":
        names = tuple(name for processes in links.values() for name in processes)
    elif target.text in links:
        names = links[target.text]
    else:
        message = f"`{target.text}` is not a link of this process"
        known.notes.unknown("link", target.span, message, target.text, built_in(*links, "self", "parent", "children"))
        return []
    return [known.neighbours[name] for name in dict.fromkeys(names) if name in known.neighbours]


def _given(one: _One, others: list[Neighbour], form: Asked | None, about: str) -> Mapping[str, Assigned]:
    """The values of `with`, each of the type of the field that takes it."""
    place, values = one.place.copying(), {}
    for name, cursor in _items(one.cursor.get("with")):
        field = next((other.fields[name] for other in others if name in other.fields), None)
        if form is not None and name not in (*form.require, *form.allow):
            known = built_in(*form.require, *form.allow)
            mend = meant(name, cursor.name_span, known)
            one.known.notes.error("unknown-field", cursor.name_span, f"{about} does not ask for `{name}`", mend)
        may_miss = form is not None and name not in form.require  # what is copied unset is then not given
        here = place.given(copied_field(cursor)) if may_miss else place
        values[name] = value_of(one.known, cursor, here, field)
    return values


def _register(one: _One) -> Iterator[Effect]:
    written, name = one.cursor.get("register"), one.cursor.get("id")
    party = party_kept(one.known, written)
    if party is None or written is None or name is None:
        return
    place, values = one.place.copying(), {}
    for field, cursor in _items(one.cursor.get("with")):
        if field in party.register:
            values[field] = value_of(one.known, cursor, place, party.register[field])
            continue
        message = f"the register of `{party.name}` does not keep `{field}`"
        one.known.notes.unknown("field", cursor.name_span, message, field, one.known.desk.shared.kept_of(party.name))
    is_new = flag(one.cursor, "new")
    usual = {field for field, kept in party.register.items() if kept.default is not None}
    for field in (field for field in party.register if is_new and field not in values.keys() | usual):
        message = f"the register of `{party.name}` keeps `{field}` of everybody, which is not given"
        one.known.notes.error("missing-field", written.span, message, f"add `{field}: …` to `with`")
    known_as = value_of(one.known, name, one.place, Field(name="id", type="text"))
    yield Register(party=party.name, id=known_as, values=values, is_new=is_new, when=one.when)


def party_kept(known: Known, cursor: Cursor | None) -> Party | None:
    """The party that is named there; one of which the desk keeps no register is noted."""
    if cursor is None:
        return None
    kept = {name: party for name, party in known.desk.desk.parties.items() if party.register}
    if cursor.text not in kept:
        places = {name: known.desk.party_places[name] for name in kept}
        message = f"`{cursor.text}` is not a party with a register"
        known.notes.unknown("party", cursor.span, message, cursor.text, places)
    return kept.get(cursor.text)


_BUILD: Mapping[str, Callable[[_One], Iterator[Effect]]] = {
    "set": _set, "clear": _clear, "append": _append, "update": _update, "notify": _notify, "assign": _assign,
    "emit": _emit, "open": _open, "tell": _tell, "register": _register,
}  # fmt: skip
