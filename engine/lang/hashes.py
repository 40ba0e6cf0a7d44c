"""By what a version is known: a hash of its behaviour, and one of that with its words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from functools import lru_cache
from typing import Any

from engine.calendars import Calendar
from engine.expressions import Expression
from engine.json_text import encode_sorted
from engine.lang.build.used import Used, uses_of
from engine.model import Desk, Message, ProcessDefinition

WORDS = frozenset({"label", "words", "description", "summary", "text", "measures", "retention"})
"""What no step of a case depends on: labels, reasons of guards, messages, what reports count, how long it is kept."""

_NEITHER = frozenset({"sources", "behaviour_hash", "words_hash", "desk"})
_SORTED = frozenset({"places", "removed"})
_ORDERED = frozenset({"states", "actions", "clocks", "timers", "schedule"})
"""Mappings whose order decides what comes first at one instant."""
_AS_IT_IS = frozenset({str, int, bool})
"""The most of what a definition holds, so asked for first."""


def hashes_of(definition: ProcessDefinition, used: Used) -> tuple[str, str]:
    """SHA-256 of the canonical JSON: of the behaviour alone, and with the words. `used` is what it uses."""
    behaviour, words = (hashlib.sha256(text.encode()).hexdigest() for text in _documents(definition, used))
    return behaviour, words


def documents_of(definition: ProcessDefinition) -> tuple[str, str]:
    """What is hashed: the behaviour alone, and with the words."""
    return _documents(definition, uses_of(definition))


def _documents(definition: ProcessDefinition, used: Used) -> tuple[str, str]:
    reading = _Reading()
    documents = reading.part(definition)
    desks = _desk(definition.desk, used, reading)
    write = json.dumps if reading.has_fractions else _quickly
    # Every key is ASCII, so this is the canonical order; and it is ten times as fast as a library's own writer.
    behaviour, words = (
        write({**document, "desk": desk}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        for document, desk in zip(documents, desks, strict=True)
    )
    return behaviour, words


def _quickly(document: Any, **_: Any) -> str:
    """The same text without fractions, which the library for speed may spell in another way."""
    return encode_sorted(document)


def _desk(desk: Desk, used: Used, reading: _Reading) -> Both:
    """Of the desk what the process uses."""
    parties = {
        name: party if name in used.registers else replace(party, register={}, kept_by=())
        for name, party in desk.parties.items()
        if name in used.parties
    }
    plain, worded = reading.value(parties)
    found = {"zone": desk.zone, "currency": desk.currency, "assigners": sorted(desk.assigners)}
    roles = {name: dict(words) for name, words in desk.roles.items() if name in used.roles}
    return {**found, "parties": plain}, {
        **found, "parties": worded, "languages": list(desk.languages), "roles": roles,
    }  # fmt: skip


@lru_cache(maxsize=256)
def _parts(kind: Any) -> tuple[tuple[str, bool], ...]:
    """The names of what belongs to a version, and whether each is only words."""
    # The text of a time is what it is, not what people read.
    words = WORDS if kind is Message else WORDS - {"text"}
    return tuple((part.name, part.name in words) for part in fields(kind) if part.name not in _NEITHER)


Both = tuple[Any, Any]
"""The same as plain JSON twice: its behaviour alone, and with the words."""


class _Reading:
    """Reads parts as plain JSON; what is empty or unsaid is left out, so that new keys change no hash."""

    def __init__(self) -> None:
        self.has_fractions = False

    def part(self, value: Any) -> Both:
        """A part that has fields."""
        kind: Any = type(value)
        behaviour: dict[str, Any] = {"": kind.__name__}
        whole: dict[str, Any] = {"": kind.__name__}
        for name, is_words in _parts(kind):
            inner = getattr(value, name)
            if inner is None or inner is False or inner == () or inner == {} or inner == "":
                continue
            if inner.__class__ in _AS_IT_IS:
                plain, whole[name] = inner, inner
            elif name in _SORTED:
                plain = whole[name] = sorted(inner)
            elif name in _ORDERED:
                plain, whole[name] = self.items([key, item] for key, item in inner.items())
            else:
                plain, whole[name] = self.value(inner)
            if not is_words:
                behaviour[name] = plain
        return behaviour, whole

    def value(self, value: Any) -> Both:
        """Anything that a part may hold."""
        if value.__class__ in _AS_IT_IS:
            return value, value
        if isinstance(value, Expression):
            return {"=": value.text}, {"=": value.text}
        if isinstance(value, Calendar):
            document = value.document()
            return {key: item for key, item in document.items() if key != "label"}, document
        if hasattr(value, "__dataclass_fields__"):
            return self.part(value)
        if isinstance(value, Mapping):
            pairs = {key: self.value(item) for key, item in value.items()}
            return {key: plain for key, (plain, _) in pairs.items()}, {key: whole for key, (_, whole) in pairs.items()}
        if isinstance(value, (list, tuple)):
            return self.items(value)
        self.has_fractions = self.has_fractions or isinstance(value, float)
        plain = sorted(value) if isinstance(value, (set, frozenset)) else value
        return plain, plain

    def items(self, values: Iterable[Any]) -> tuple[list[Any], list[Any]]:
        """The items of a list."""
        pairs = [self.value(item) for item in values]
        return [plain for plain, _ in pairs], [whole for _, whole in pairs]
