"""Placeholders of texts: which there are, and their values fixed after a step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from engine.core.sight import Sight
from engine.fields import SEALED, Field, Value, Words, show
from engine.model import ProcessDefinition

PLACEHOLDER = re.compile(r"\{((?:case|form|did|clock|actor)\.[a-z][a-z0-9_]*)\}")
_OPENED_AT = Field(name="opened_at", type="instant")


def placeholders(words: Words) -> tuple[str, ...]:
    """The names that stand in braces, in any language."""
    return tuple(dict.fromkeys(name for text in words.values() for name in PLACEHOLDER.findall(text)))


def values_of(names: Iterable[str], sight: Sight, clock: Mapping[str, Any] | None = None) -> dict[str, Value]:
    """What stands behind these names now; a personal field stays a name, so that what is erased is gone."""
    return {name: _value(name, sight, clock or {}) for name in names}


def _value(name: str, sight: Sight, clock: Mapping[str, Any]) -> Value:
    group, _, key = name.partition(".")
    if group in ("case", "form") and key in sight.plan.personal:
        return {"personal": key}
    if group == "clock":
        return clock.get(key)
    if group == "actor":
        return sight["actor"].get("id")
    return sight[group].get(key, 0 if group == "did" else None)


def field_named(name: str, definition: ProcessDefinition) -> Field | None:
    """The field whose value stands behind a placeholder; when the case was opened is shown as any instant."""
    group, _, key = name.partition(".")
    if group not in ("case", "form"):
        return None
    return definition.fields.get(key) or (_OPENED_AT if name == "case.opened_at" else None)


def fill(words: Words, values: Mapping[str, Value], sight: Sight) -> dict[str, str]:
    """The text in every language, personal values masked."""
    return {language: _filled(text, language, values, sight) for language, text in words.items()}


def _filled(text: str, language: str, values: Mapping[str, Value], sight: Sight) -> str:
    return PLACEHOLDER.sub(lambda found: _shown(found[1], values.get(found[1]), language, sight), text)


def _shown(name: str, value: Value, language: str, sight: Sight) -> str:
    if isinstance(value, dict):
        return SEALED
    field = field_named(name, sight.plan.definition)
    if field is not None:
        return show(field, value, language, sight.plan.definition.desk.zone)
    return "" if value is None else str(value)
