"""A schema's validator for a plain yes or no, four times as fast: no reasons, no places, every reference resolved.

jsonschema makes a validator for each part of a schema that it goes into, so that a complaint can tell its way there.
Where only a yes is wanted, its keywords are asked one after the other with the validator at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

Keyword = Callable[[Any, Any, Any, Mapping[str, Any]], "Iterator[Any] | None"]

_REFERENCE = "$ref"
_WORDS = frozenset({"title", "description", "examples"})
_CLASSES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def quick_validator(schema: Mapping[str, Any], meant: Callable[[str], Mapping[str, Any]]) -> Validator:
    """The validator of a schema; `meant` finds what a reference in it refers to."""
    return quick_class()(_resolved(schema, {}, meant))


@cache
def quick_class() -> type[Validator]:
    """What all these validators are of."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    keywords: dict[str, Keyword] = dict(Draft202012Validator.VALIDATORS)
    keywords |= _quick_keywords(keywords, keywords["type"], keywords["additionalProperties"])
    made: type[Validator] = extend(Draft202012Validator, keywords)  # type: ignore[no-untyped-call]
    return made


def _quick_keywords(keywords: Mapping[str, Keyword], usual_type: Keyword, usual_extras: Keyword) -> dict[str, Keyword]:
    """The keywords that go further into a value, and the one asked most."""

    def held(validator: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
        if not isinstance(schema, dict):  # `true` or `false`
            yield from validator.descend(value, schema)
            return
        for keyword, said in schema.items():
            if keyword in keywords:
                yield from keywords[keyword](validator, said, value, schema) or ()

    def of_type(validator: Validator, types: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
        if types.__class__ is not str or _CLASSES.get(types) is not value.__class__:
            yield from usual_type(validator, types, value, schema) or ()

    def properties(validator: Validator, said: Any, value: Any, _schema: Mapping[str, Any]) -> Iterator[Any]:
        for name in value if isinstance(value, dict) else ():
            if name in said:
                yield from held(validator, value[name], said[name])

    def additional(validator: Validator, said: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
        if not isinstance(said, dict) or "patternProperties" in schema:
            yield from usual_extras(validator, said, value, schema) or ()
        elif isinstance(value, dict):
            named = schema.get("properties", ())
            for name in value:
                if name not in named:
                    yield from held(validator, value[name], said)

    def items(validator: Validator, said: Any, value: Any, _schema: Mapping[str, Any]) -> Iterator[Any]:
        for item in value if isinstance(value, list) else ():
            yield from held(validator, item, said)

    def names(validator: Validator, said: Any, value: Any, _schema: Mapping[str, Any]) -> Iterator[Any]:
        for name in value if isinstance(value, dict) else ():
            yield from held(validator, name, said)

    def every(validator: Validator, said: Any, value: Any, _schema: Mapping[str, Any]) -> Iterator[Any]:
        for part in said:
            yield from held(validator, value, part)

    return {
        "type": of_type, "properties": properties, "additionalProperties": additional, "items": items,
        "propertyNames": names, "allOf": every,
    }  # fmt: skip


def _resolved(part: Any, made: dict[int, dict[str, Any]], meant: Callable[[str], Mapping[str, Any]]) -> Any:
    """A part of a schema that holds what it refers to, not the references; it may well hold itself."""
    if isinstance(part, list):
        return [_resolved(item, made, meant) for item in part]
    if not isinstance(part, dict):
        return part
    beside = {key: _resolved(value, made, meant) for key, value in part.items() if key not in (_REFERENCE, "$defs")}
    if _REFERENCE not in part:
        return beside
    whole = meant(str(part[_REFERENCE]))
    if id(whole) not in made:
        made[id(whole)] = {}
        made[id(whole)].update(_resolved(whole, made, meant))
    if beside.keys() <= _WORDS:
        return made[id(whole)]
    return {**beside, "allOf": [*beside.get("allOf", ()), made[id(whole)]]}
