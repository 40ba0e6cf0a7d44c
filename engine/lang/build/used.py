"""What a definition uses of the desk, the calendars and the messages: only that is part of its version."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import Any

from engine.calendars import Calendar
from engine.expressions import Expression
from engine.fields import Field, Words
from engine.measure import Measure
from engine.model import (
    AppendTo,
    ClearFields,
    Clock,
    Count,
    Desk,
    Form,
    Incoming,
    Notify,
    Opening,
    Party,
    ProcessDefinition,
    Register,
    Schedule,
    SetFields,
    Timer,
    UpdateRows,
    Who,
)
from engine.moments import Moment

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
"""A name in a text; whether it is one that exists is another question."""

_WHOLE = (Expression, Calendar, Desk)
_PLAIN = frozenset({str, int, bool, float, frozenset, type(None)})
"""Most of what a definition holds: no parts, and by far the quickest to pass over at once."""


@lru_cache(maxsize=256)
def _names(kind: Any) -> tuple[str, ...]:
    """The names of what may hold parts, the last one first."""
    return () if kind in _WHOLE else tuple(part.name for part in reversed(fields(kind)))


def parts_of(value: Any) -> Iterator[Any]:
    """Every part of a definition, however deep: dataclasses only, each before what is inside it."""
    ahead = [value]
    while ahead:
        here = ahead.pop()
        if hasattr(here, "__dataclass_fields__"):
            yield here
            kind: Any = type(here)
            held = [getattr(here, name) for name in _names(kind)]
        elif isinstance(here, dict):
            held = [*reversed(here.values())]
        elif isinstance(here, (list, tuple)):
            held = [*reversed(here)]
        else:
            continue
        ahead += [part for part in held if part.__class__ not in _PLAIN]


@dataclass(slots=True)
class Used:
    """Names of what lies outside the process file."""

    fields: set[str] = field(default_factory=set)
    figures: set[str] = field(default_factory=set)
    calendars: set[str] = field(default_factory=set)
    messages: set[str] = field(default_factory=set)
    roles: set[str] = field(default_factory=set)
    parties: set[str] = field(default_factory=set)
    registers: set[str] = field(default_factory=set)  # parties whose register is gone through

    def add(self, other: Used) -> None:
        """Add what another definition uses."""
        for part in fields(Used):
            getattr(self, part.name).update(getattr(other, part.name))


def uses_of(definition: ProcessDefinition) -> Used:
    """What the parts of a definition name; messages and desk fields that nothing names do not count."""
    return _with_roles(_uses(definition, _behaving(definition)), definition)


def _behaving(definition: ProcessDefinition) -> tuple[Any, ...]:
    """Its parts without those it only declares."""
    return tuple(parts_of(replace(definition, messages={}, fields={}, figures={}, calendars={})))


def _uses(definition: ProcessDefinition, parts: Iterable[Any]) -> Used:
    used = Used(calendars={definition.calendar})
    for part in parts:
        _note(part, used)
    registers = {one.party for name, one in definition.fields.items() if one.party and name in used.fields}
    used.parties |= registers
    used.registers |= registers
    used.roles |= {role for limits in definition.authority.values() for role in limits}
    texts = [definition.messages[name].text for name in sorted(used.messages) if name in definition.messages]
    for name in used.parties:
        party = definition.desk.parties[name]
        used.fields.update(party.contact.values())
        used.calendars |= {party.during} if party.during else set()
        used.roles |= set(party.kept_by) if name in used.registers else set()
    _note_texts([*texts, {"": definition.summary}], used)
    used.fields |= {definition.key} if definition.key else set()
    return used


def _with_roles(used: Used, definition: ProcessDefinition) -> Used:
    """Add the roles that its fields name."""
    used.roles |= {known.role for known in definition.fields.values() if known.role}
    return used


def _note(part: Any, used: Used) -> None:
    match part:
        case Expression():
            _note_names(part.names, used)
            used.calendars |= part.calendars.keys()
        case Who():
            {"role": used.roles, "party": used.parties, "field": used.fields}.get(part.kind, set()).add(part.name)
        case Form():
            used.fields |= {*part.require, *part.allow, *part.show}
        case SetFields() | AppendTo():
            used.fields |= part.values.keys()
        case ClearFields():
            used.fields |= set(part.names)
        case UpdateRows():
            used.fields.add(part.field)
        case Moment():
            used.fields |= {part.field} if part.field else set()
        case Measure():
            used.fields |= {name.removeprefix("case.") for name in (*part.per, *part.columns, part.at)}
        case Incoming():
            used.fields |= {name for name in part.find if name != "id"}
            used.roles.add(part.sender)
        case Count():
            used.fields |= set(part.same)
        case Notify():
            used.messages.add(part.message)
        case Clock() | Timer() | Schedule():
            used.calendars |= {part.calendar} if part.calendar else set()
    if isinstance(part, Opening) and part.counts_from:
        used.fields.add(part.counts_from)
    if isinstance(during := getattr(part, "during", None), str) and not isinstance(part, Party):
        used.calendars.add(during)
    if isinstance(part, (Schedule, Register)) and part.party:
        used.parties.add(part.party)
        used.registers.add(part.party)
    _note_texts([words for name in ("words", "label") if isinstance(words := getattr(part, name, None), dict)], used)


def _note_names(names: frozenset[str], used: Used) -> None:
    for name in names:
        group, _, key = name.partition(".")
        if group in ("case", "form", "before"):
            used.fields.add(key.partition(".")[0])
        elif group == "figures":
            used.figures.add(key)


def _note_texts(texts: list[Words], used: Used) -> None:
    names = (name for words in texts for text in words.values() for name in PLACEHOLDER.findall(text))
    _note_names(frozenset(names), used)


@dataclass(frozen=True, slots=True)
class Pruned:
    """A definition without what it does not use of others."""

    definition: ProcessDefinition
    used: Used  # what `uses_of` it is
    behaving: tuple[Any, ...]  # its parts but for its fields, figures, messages and calendars, itself the first one


def pruned(definition: ProcessDefinition, own: Collection[str]) -> Pruned:
    """The same definition without what it does not use of others; its own fields and figures are always kept."""
    behaving = _behaving(definition)
    used = _uses(definition, behaving)
    kept = replace(
        definition,
        fields=_kept(definition.fields, used.fields.union(own)),
        figures=_kept(definition.figures, used.figures.union(own)),
        messages={name: message for name, message in definition.messages.items() if name in used.messages},
        calendars={
            name: calendar
            for name, calendar in definition.calendars.items()
            if name == "always" or name in used.calendars
        },
    )
    return Pruned(kept, _with_roles(used, kept), (kept, *behaving[1:]))


def _kept(declared: Mapping[str, Field], used: set[str]) -> dict[str, Field]:
    return {name: value for name, value in declared.items() if name in used}
