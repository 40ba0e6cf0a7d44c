"""A schema's validator for a plain yes or no, ten times as fast: no reasons, no places, every reference resolved.

jsonschema makes a validator for each part of a schema that it goes into, so that a complaint can tell its way there.
Where only a yes is wanted, its keywords are asked one after the other with the validator at hand, and those that stand
everywhere are asked without its generators: each gives nothing, or the first complaint and no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.protocols import Validator

Keyword = Callable[[Any, Any, Any, Mapping[str, Any]], "Iterable[Any] | None"]
"""Asked with the validator, what the schema says under it, the value, and all that the schema says beside it."""

_REFERENCE = "$ref"
_WORDS = frozenset({"title", "description", "examples"})
_WITH_LENGTH = (str, list, dict)
_CLASSES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def quick_validator(schema: Mapping[str, Any], meant: Callable[[str], Mapping[str, Any]]) -> Validator:
    """The validator of a schema; `meant` finds what a reference in it refers to."""
    return quick_class()(_resolved(schema, {}, meant))


@cache
def quick_class() -> type[Validator]:
    """What all these validators are of."""
    from jsonschema.validators import extend

    made: type[Validator] = extend(usual_class(), _Quick(usual_class().VALIDATORS).keywords)  # type: ignore[no-untyped-call]
    return made


@cache
def usual_class() -> type[Draft202012Validator]:
    """The library's own, to which `1.0` is not whole: version 1.0 would be another than version 1."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    whole = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    made: type[Draft202012Validator] = extend(Draft202012Validator, type_checker=whole)  # type: ignore[no-untyped-call]
    return made


@lru_cache(maxsize=256)
def _searching(pattern: str) -> Callable[[str], Any]:
    return re.compile(pattern).search


class _Quick:
    """The keywords of a schema, those that stand everywhere in ways of our own."""

    def __init__(self, usual: Mapping[str, Keyword]) -> None:
        self._usual = usual
        self.keywords: dict[str, Keyword] = {
            **usual,
            "type": self._type,
            "properties": self._properties,
            "additionalProperties": self._additional,
            "required": self._required,
            "items": self._items,
            "propertyNames": self._names,
            "allOf": self._every,
            "anyOf": self._any,
            "if": self._if,
            "pattern": self._pattern,
            "enum": self._enum,
            "const": self._const,
            **{name: self._long_enough(name) for name in ("minLength", "minItems", "minProperties")},
            **{name: self._short_enough(name) for name in ("maxLength", "maxItems", "maxProperties")},
        }
        # What a part of a schema asks; the part stays with it, so that nothing else can ever have its id.
        self._asked: dict[int, tuple[Mapping[str, Any], list[tuple[Keyword, Any]]]] = {}

    def _wrong(self, validator: Any, value: Any, schema: Any) -> Iterable[Any]:
        """The first complaint about a value, or nothing."""
        if not isinstance(schema, dict):  # `true` or `false`
            return [*validator.descend(value, schema)]
        known = self._asked.get(id(schema))
        if known is None:
            asked = [(self.keywords[keyword], said) for keyword, said in schema.items() if keyword in self.keywords]
            known = self._asked[id(schema)] = schema, asked
        for keyword, said in known[1]:
            for complaint in keyword(validator, said, value, schema) or ():
                return (complaint,)
        return ()

    def _type(self, validator: Any, said: Any, value: Any, schema: Mapping[str, Any]) -> Iterable[Any] | None:
        is_so = said.__class__ is str and _CLASSES.get(said) is value.__class__
        return () if is_so else self._usual["type"](validator, said, value, schema)

    def _properties(self, validator: Any, said: Any, value: Any, _: Mapping[str, Any]) -> Iterable[Any]:
        for name in value if isinstance(value, dict) else ():
            if name in said and (wrong := self._wrong(validator, value[name], said[name])):
                return wrong
        return ()

    def _additional(self, validator: Any, said: Any, value: Any, schema: Mapping[str, Any]) -> Iterable[Any] | None:
        named = schema.get("properties", {})
        if not isinstance(value, dict) or value.keys() <= named.keys():
            return ()
        if said is False or "patternProperties" in schema:
            return self._usual["additionalProperties"](validator, said, value, schema)
        for name in value:
            if name not in named and (wrong := self._wrong(validator, value[name], said)):
                return wrong
        return ()

    def _required(self, validator: Any, said: Any, value: Any, schema: Mapping[str, Any]) -> Iterable[Any] | None:
        is_so = isinstance(value, dict) and all(name in value for name in said)
        return () if is_so else self._usual["required"](validator, said, value, schema)

    def _items(self, validator: Any, said: Any, value: Any, _: Mapping[str, Any]) -> Iterable[Any]:
        for item in value if isinstance(value, list) else ():
            if wrong := self._wrong(validator, item, said):
                return wrong
        return ()

    def _names(self, validator: Any, said: Any, value: Any, _: Mapping[str, Any]) -> Iterable[Any]:
        for name in value if isinstance(value, dict) else ():
            if wrong := self._wrong(validator, name, said):
                return wrong
        return ()

    def _every(self, validator: Any, said: Any, value: Any, _: Mapping[str, Any]) -> Iterable[Any]:
        for part in said:
            if wrong := self._wrong(validator, value, part):
                return wrong
        return ()

    def _any(self, validator: Any, said: Any, value: Any, _: Mapping[str, Any]) -> Iterable[Any]:
        wrong: Iterable[Any] = ()
        for part in said:
            if not (wrong := self._wrong(validator, value, part)):
                return ()
        return wrong

    def _if(self, validator: Any, said: Any, value: Any, schema: Mapping[str, Any]) -> Iterable[Any]:
        then = "else" if self._wrong(validator, value, said) else "then"
        return self._wrong(validator, value, schema[then]) if then in schema else ()

    def _pattern(self, validator: Any, said: Any, value: Any, schema: Mapping[str, Any]) -> Iterable[Any] | None:
        is_so = not isinstance(value, str) or _searching(said)(value)
        return () if is_so else self._usual["pattern"](validator, said, value, schema)

    def _enum(self, validator: Any, said: Any, value: Any, schema: Mapping[str, Any]) -> Iterable[Any] | None:
        is_so = isinstance(value, str) and value in said
        return () if is_so else self._usual["enum"](validator, said, value, schema)

    def _const(self, validator: Any, said: Any, value: Any, schema: Mapping[str, Any]) -> Iterable[Any] | None:
        is_so = isinstance(value, str) and value == said
        return () if is_so else self._usual["const"](validator, said, value, schema)

    def _long_enough(self, keyword: str) -> Keyword:
        usual = self._usual[keyword]
        return lambda validator, said, value, schema: (
            () if isinstance(value, _WITH_LENGTH) and len(value) >= said else usual(validator, said, value, schema)
        )

    def _short_enough(self, keyword: str) -> Keyword:
        usual = self._usual[keyword]
        return lambda validator, said, value, schema: (
            () if isinstance(value, _WITH_LENGTH) and len(value) <= said else usual(validator, said, value, schema)
        )


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
