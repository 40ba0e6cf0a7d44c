"""What follows a decision on the case itself: fields set, people told and assigned, other cases opened and told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine.core.cases import Registered
from engine.core.draft import Draft, Queued, StepFailed, StepRefused
from engine.core.people import is_named, persons, receivers
from engine.core.reasons import listed, reason
from engine.core.sight import computed, holds
from engine.core.texts import placeholders
from engine.expressions import Expression
from engine.fields import Field, Invalid, Value, check, is_sealed
from engine.model import (
    AppendTo,
    Assign,
    Assigned,
    ClearFields,
    Effect,
    Emit,
    Notify,
    OpenCase,
    Register,
    SetFields,
    Tell,
    UpdateRows,
    Whos,
)


def run(effects: Iterable[Effect], draft: Draft) -> None:
    """Do these effects in their order, each seeing what those before it did."""
    for effect in effects:
        does = holds(effect.when, draft.sight)
        draft.covered.add(("effect", id(effect), does))
        if does:
            _RUN[type(effect)](effect, draft)


def _set(effect: SetFields, draft: Draft) -> None:
    _keep(draft, {name: _value(value, draft) for name, value in effect.values.items()})


def _clear(effect: ClearFields, draft: Draft) -> None:
    draft.keep(dict.fromkeys(effect.names))


def _append(effect: AppendTo, draft: Draft) -> None:
    for name, value in effect.values.items():
        item = (
            {column: _value(cell, draft) for column, cell in value.items()}
            if isinstance(value, Mapping)
            else _value(value, draft)
        )
        _keep(draft, {name: [*(draft.case.data.get(name) or []), item]})


def _update(effect: UpdateRows, draft: Draft) -> None:
    rows = []
    for row in draft.case.data.get(effect.field) or []:
        sight = draft.sight.moved(draft.case)
        dict.__setitem__(sight, "row", row)
        if effect.where is None or effect.where.evaluate(sight) is True:
            row = {**row, **{name: computed(value, sight) for name, value in effect.values.items()}}
        rows.append(row)
    _keep(draft, {effect.field: rows})


def _notify(effect: Notify, draft: Draft) -> None:
    _see(effect.who, draft)
    if not draft.context.is_kept:
        return
    meant, definition = receivers(effect.who, draft.case, draft.actor), draft.plan.definition
    names = placeholders(definition.messages[effect.message].text)
    excluded = tuple(sorted(persons(definition.never_by, draft.case)))
    for who in dict.fromkeys(meant):
        kind, _, receiver = who.partition(":")
        draft.send(kind, receiver, effect.message, names, excluded if kind == "role" else ())


def _see(whos: Whos, draft: Draft) -> None:
    """Where these are named by whose turn it is, that is as the effects so far have left it."""
    for who in whos:
        if who.kind == "waiting_on":
            draft.see_whose_turn()


def _assign(effect: Assign, draft: Draft) -> None:
    _see(effect.who, draft)
    found = next(iter(receivers(effect.who, draft.case, draft.actor)), "")
    kind, _, name = found.partition(":")
    if kind == "person" and is_named(name, draft.plan.definition.never_by, draft.case):
        raise StepFailed(f"`{name}` is excluded from this case and cannot be assigned")
    draft.change(assignee=name if kind == "person" else None, queue=name if kind == "role" else None)


def _emit(effect: Emit, draft: Draft) -> None:
    values = {name: computed(value, draft.sight) for name, value in effect.values.items()}
    draft.emit(effect.name, values, effect.failed)


def _open(effect: OpenCase, draft: Draft) -> None:
    values = {name: _value(value, draft) for name, value in effect.values.items()}
    queued = Queued(effect, values, facts={name: draft.sight["facts"][name] for name in effect.facts})
    if effect.key is None:
        draft.queue(queued)
        return
    found = draft.ask("key", process=effect.process, key=computed(effect.key, draft.sight))
    if refused := found.get("refused"):
        draft.queue(replace(queued, refused=tuple(tuple(rule) for rule in refused)))
        return
    draft.change(links={**draft.case.links, effect.link: found["case"]})
    if found["is_new"]:
        draft.queue(replace(queued, elsewhere=found["case"]))


def _tell(effect: Tell, draft: Draft) -> None:
    draft.queue(Queued(effect, {name: _value(value, draft) for name, value in effect.values.items()}))


def _register(effect: Register, draft: Draft) -> None:
    party = draft.plan.definition.desk.parties[effect.party]
    name = computed(effect.id, draft.sight)
    if not can_name(name):
        raise StepRefused(reason("register", "bad_id", field=effect.party, id=str(name)))
    kept = draft.known_of(effect.party, name)
    if effect.is_new and kept is not None:
        raise StepRefused(reason("register", "taken", field=effect.party, id=name))
    values = {field: _value(value, draft) for field, value in effect.values.items()}
    values = {field: value for field, value in values.items() if value is not None}
    lacking = party.register.keys() - values.keys() - party.usual.keys() if kept is None else set()
    if lacking:
        raise StepRefused(reason("register", "lacking", field=effect.party, id=name, fields=listed(sorted(lacking))))
    _check_each(party.register, values)
    private = {field: value for field, value in values.items() if party.register[field].personal}
    plain = {field: value for field, value in values.items() if field not in private}
    draft.registered += (Registered(party=effect.party, id=name, values=plain, private=private),)


def can_name(id: object) -> bool:
    """Whether this can name one of a register: printable text without `:` and blanks."""
    return isinstance(id, str) and id != "" and all(sign.isprintable() and sign not in ": " for sign in id)


_RUN: Mapping[type[Effect], Callable[[Any, Draft], None]] = {
    SetFields: _set, ClearFields: _clear, AppendTo: _append, UpdateRows: _update, Notify: _notify, Assign: _assign,
    Emit: _emit, OpenCase: _open, Tell: _tell, Register: _register,
}  # fmt: skip


def _value(assigned: Assigned, draft: Draft) -> Value:
    """What is assigned; a personal field is copied whole, in clear, to be sealed anew where it goes."""
    if isinstance(assigned, Expression) and assigned.text.strip().startswith("case."):
        name = assigned.text.strip().removeprefix("case.")
        if name in draft.plan.personal:
            return draft.private.get(name, draft.case.data.get(name))
        if name in draft.plan.definition.fields:  # an unset one is copied as unset
            return draft.case.data.get(name)
    return computed(assigned, draft.sight)


def _keep(draft: Draft, values: Mapping[str, Value]) -> None:
    """Keep what was computed; raise `StepFailed` unless the fields may hold it."""
    _check_each(draft.plan.definition.fields, values)
    draft.keep(values)


def _check_each(fields: Mapping[str, Field], values: Mapping[str, Value]) -> None:
    try:
        for name, value in values.items():
            if value is not None and not is_sealed(value):
                check(fields[name], value)
    except Invalid as invalid:
        raise StepFailed(str(invalid)) from invalid
