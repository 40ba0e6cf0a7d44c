"""What of a process no other program understands, as plain values in the words of the process language.

It travels with an exported chart, so that nothing is lost on paper, and is counted, so that whoever exports knows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any

from engine.calendars import Calendar
from engine.expressions import Expression
from engine.fields import Field
from engine.model import (
    AppendTo,
    Assign,
    Branch,
    ClearFields,
    Effect,
    Emit,
    Guard,
    Notify,
    OpenCase,
    ProcessDefinition,
    Register,
    SetFields,
    State,
    Tell,
    UpdateRows,
    Who,
)
from engine.moments import Every, Moment

_VERBS: Mapping[type[Effect], str] = {
    SetFields: "set", ClearFields: "clear", AppendTo: "append", UpdateRows: "update", Notify: "notify",
    Assign: "assign", Emit: "emit", OpenCase: "open", Tell: "tell", Register: "register",
}  # fmt: skip
_CHART = frozenset({"process", "name", "state", "states", "parent", "children", "parallel", "initial"})
"""What a chart says itself."""

_WAYS = frozenset({"to", "decide", "done"})
"""What leads on, which a chart says too."""

_BESIDE = frozenset({"sources", "behaviour_hash", "words_hash", "desk", "messages"})
"""What is not of the process alone, or is worked out from it."""

_WRITTEN = {"when": "if", "value": "is", "places": "in"}
_LISTED = ("actions", "timers")

Carried = Mapping[str, Any]


def carried_of(part: ProcessDefinition | State, *, with_ways: bool = False) -> Carried:
    """All that a chart does not say of a process, or of one of its states; a drawing does not say its ways exactly."""
    found = _document(part)
    return found if with_ways else _without_ways(found)


def _without_ways(document: Carried) -> dict[str, Any]:
    found = {key: value for key, value in document.items() if key not in _WAYS}
    for key in _LISTED:
        if key in found:
            found[key] = {name: _without_ways(one) for name, one in found[key].items()}
    return found


def counted(definition: ProcessDefinition) -> dict[str, str]:
    """What is carried, by where it is written: each key, and of how many."""
    whole = carried_of(definition)
    parts = [carried_of(state) for state in definition.states.values()]
    found = {
        "process": ", ".join(
            f"`{key}` ({len(value)})" if isinstance(value, Mapping) else f"`{key}`"
            for key, value in whole.items()
            if key not in _LISTED
        ),
        "states": _listed(parts),
    }
    for key in _LISTED:
        found[key] = _listed([one for part in (whole, *parts) for one in part.get(key, {}).values()])
    return {key: text for key, text in found.items() if text}


def _listed(documents: Iterable[Carried]) -> str:
    counts = Counter(key for document in documents for key in document if key not in _LISTED)
    return ", ".join(f"`{key}` ({count})" for key, count in counts.items())


def _document(part: Any) -> dict[str, Any]:
    """A part by its keys; what is unsaid is left out."""
    found = {}
    for one in fields(part):
        value = getattr(part, one.name)
        default = one.default_factory() if one.default_factory is not MISSING else one.default
        if one.name not in _CHART | _BESIDE and not one.name.startswith("_") and value != default and value != ():
            found[_WRITTEN.get(one.name, one.name)] = _plain(value)
    return {key: value for key, value in found.items() if value != {}}


def _plain(value: Any) -> Any:
    match value:
        case Expression() | Moment() | Every():
            return value.text
        case Who(kind="role" | "party"):
            return value.name
        case Who():
            return f"{'case' if value.kind == 'field' else value.kind}.{value.name}".rstrip(".")
        case Calendar():
            return value.document()
        case Guard():
            return {"name": value.name, "must": value.must.text, "else": dict(value.words)}
        case Branch(when=None, then=()):
            return {"is": _plain(value.value)}
        case Field():
            return _document(value)
        case Effect():
            return {"do": _VERBS[type(value)], **_document(value)}
        case Mapping():
            return {str(key): _plain(one) for key, one in value.items()}
        case set() | frozenset():
            return sorted(_plain(one) for one in value)
        case list() | tuple():
            return [_plain(one) for one in value]
        case str() | int() | float() | bool() | None:
            return value
    return _document(value)
