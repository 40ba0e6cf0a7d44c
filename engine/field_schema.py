"""JSON Schema generated from fields, never written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.fields import MOST_ITEMS, TEXTS, Field, FieldType, word
from engine.values import EARLIEST, LARGEST, LATEST


def json_schema(fields: Mapping[str, Field], require: Iterable[str] = ()) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the stored form of these fields."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_object(fields, require)}


def _object(fields: Mapping[str, Field], require: Iterable[str] = ()) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: _field_schema(field) for name, field in fields.items()},
        "additionalProperties": False,
    }
    required = list(require)
    return {**schema, "required": required} if required else schema


_SCHEMAS: dict[FieldType, dict[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer", "minimum": -LARGEST, "maximum": LARGEST},
    "number": {"type": "number", "minimum": -LARGEST, "maximum": LARGEST},
    "yes_no": {"type": "boolean"},
    "money": {"type": "integer", "minimum": -LARGEST, "maximum": LARGEST},
    "date": {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
    "instant": {"type": "integer", "minimum": EARLIEST, "maximum": LATEST},
    "duration": {"type": "integer", "minimum": 0, "maximum": LARGEST},
    "person": {"type": "string", "minLength": 1},
    "file": {"type": "string", "minLength": 1},
    "case": {"type": "string", "minLength": 1},
    "party": {"type": "string", "minLength": 1},
}


def _field_schema(field: Field) -> dict[str, Any]:
    schema = {**({"title": word(field.label, "en")} if field.label else {}), **_type_schema(field)}
    least, most = _LIMITS.get(field.type, ("minimum", "maximum"))
    if field.type != "date":  # dates are text there: JSON Schema cannot compare them
        schema |= {key: bound for key, bound in ((least, field.min), (most, field.max)) if bound is not None}
    if field.pattern is not None:
        schema["pattern"] = f"^(?:{field.pattern})$"
    if field.personal:
        sealed = {"type": "object", "required": ["sealed"], "properties": {"sealed": {"type": "string"}}}
        return {"anyOf": [schema, {**sealed, "additionalProperties": False}]}
    return schema


_LIMITS = dict.fromkeys(TEXTS, ("minLength", "maxLength")) | {
    "list": ("minItems", "maxItems"),
    "table": ("minItems", "maxItems"),
}


def _type_schema(field: Field) -> dict[str, Any]:
    if field.type == "choice":
        return {"enum": list(field.choices)}
    if field.type == "list":
        return {"type": "array", "maxItems": MOST_ITEMS, "items": _field_schema(field.of) if field.of else {}}
    if field.type == "table":
        return {"type": "array", "maxItems": MOST_ITEMS, "items": _object(field.columns)}
    return dict(_SCHEMAS[field.type])
