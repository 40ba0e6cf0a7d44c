"""By what a version is known: a hash of its behaviour, and one of that with its words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import lru_cache
from typing import Any

from engine.calendars import Calendar
from engine.expressions import Expression
from engine.lang.build.used import Used, uses_of
from engine.model import Desk, ProcessDefinition

WORDS = frozenset({"label", "words", "description", "summary", "text", "measures", "retention"})
"""What no step of a case depends on: labels, reasons of guards, messages, what reports count, how long it is kept."""

_NEITHER = frozenset({"sources", "behaviour_hash", "words_hash", "desk"})
_SORTED = frozenset({"places", "removed"})
_ORDERED = frozenset({"states", "actions", "clocks", "timers", "schedule"})
"""Mappings whose order decides what comes first at one instant."""
_AS_IT_IS = frozenset({str, int, bool, float})
"""The most of what a definition holds, so asked for first."""


def hashes_of(definition: ProcessDefinition) -> tuple[str, str]:
    """SHA-256 of the canonical JSON: of the behaviour alone, and with the words."""
    behaviour, words = (hashlib.sha256(text.encode()).hexdigest() for text in documents_of(definition))
    return behaviour, words


def documents_of(definition: ProcessDefinition) -> tuple[str, str]:
    """What is hashed: the behaviour alone, and with the words."""
    used = uses_of(definition)
    return _text(definition, used, with_words=False), _text(definition, used, with_words=True)


def _text(definition: ProcessDefinition, used: Used, *, with_words: bool) -> str:
    document = {**_document(definition, with_words), "desk": _desk(definition.desk, used, with_words)}
    # Every key is ASCII, so this is the canonical order; and it is ten times as fast as a library's own writer.
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _desk(desk: Desk, used: Used, with_words: bool) -> dict[str, Any]:
    """Of the desk what the process uses."""
    parties = {
        name: party if name in used.registers else replace(party, register={}, kept_by=())
        for name, party in desk.parties.items()
        if name in used.parties
    }
    found = {
        "zone": desk.zone,
        "currency": desk.currency,
        "assigners": sorted(desk.assigners),
        "parties": _plain(parties, with_words),
    }
    if with_words:
        found |= {"languages": list(desk.languages), "roles": _plain(_of(desk, used.roles), with_words)}
    return found


def _of(desk: Desk, roles: set[str]) -> dict[str, Any]:
    return {name: words for name, words in desk.roles.items() if name in roles}


@lru_cache(maxsize=256)
def _parts(kind: Any, with_words: bool) -> tuple[str, ...]:
    is_message = kind.__name__ == "Message"
    left_out = _NEITHER if with_words else _NEITHER | WORDS
    # The text of a time is what it is, not what people read.
    kept = {"text"} if not is_message else set()
    return tuple(part.name for part in fields(kind) if part.name not in left_out or part.name in kept)


def _document(value: Any, with_words: bool) -> dict[str, Any]:
    """A part of a definition as plain JSON; what is empty or unsaid is left out, so that new keys change no hash."""
    found: dict[str, Any] = {"": type(value).__name__}
    kind: Any = type(value)
    for name in _parts(kind, with_words):
        inner = getattr(value, name)
        if inner is None or inner is False or inner == () or inner == {} or inner == "":
            continue
        if inner.__class__ in _AS_IT_IS:
            found[name] = inner
        elif name in _SORTED:
            found[name] = sorted(inner)
        elif name in _ORDERED:
            found[name] = [[key, _plain(item, with_words)] for key, item in inner.items()]
        else:
            found[name] = _plain(inner, with_words)
    return found


def _plain(value: Any, with_words: bool) -> Any:
    if value.__class__ in _AS_IT_IS:
        return value
    if isinstance(value, Expression):
        return {"=": value.text}
    if isinstance(value, Calendar):
        document = value.document()
        return document if with_words else {key: item for key, item in document.items() if key != "label"}
    if hasattr(value, "__dataclass_fields__"):
        return _document(value, with_words)
    if isinstance(value, Mapping):
        return {key: _plain(item, with_words) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, with_words) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return value
