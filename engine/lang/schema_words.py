"""What a JSON Schema complains of, in our own words: which thing, what is wrong, how it is written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.lang.diagnostics import Diagnostic, Span, did_you_mean, error, shown
from engine.lang.elsewhere import Homes, is_meant, mend_key
from engine.lang.nearly import as_written, choices_of, nearly_fitting
from engine.lang.tree import Document, Items, Node, Path, Scalar
from engine.lang.wide import narrow_mend
from engine.nearness import as_name

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

Resolve = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Gives a schema with what it refers to."""


class Level(NamedTuple):
    """One step of a path: a key of the language, a thing with a name, or an item of a list."""

    step: str | int
    way: str  # the keyword of the schema that led there
    title: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One complaint of the validator with all that is needed to reword it."""

    complaint: ValidationError
    path: Path
    document: Document
    levels: tuple[Level, ...]
    schema: Mapping[str, Any]  # of the value, with all its parts

    @property
    def node(self) -> Node | None:
        """The value complained of."""
        return self.document.node(self.path)

    @property
    def value(self) -> Any:
        """The same as a plain value."""
        return self.complaint.instance

    @property
    def wanted(self) -> Any:
        """What the schema asks for."""
        return self.complaint.validator_value

    @property
    def name_span(self) -> Span:
        """The key that holds the value, or the value itself in a list."""
        return self.document.name_place(self.path)

    @property
    def span(self) -> Span:
        """The value, or its key if the value goes over several lines."""
        place = self.document.place(self.path)
        return place if place.line == place.end_line else self.name_span

    @property
    def leaves_usable(self) -> bool:
        """Whether the value can be used all the same: a key too many is passed over, a bad name still is one."""
        keywords = self.complaint.relative_schema_path
        return self.complaint.validator in ("additionalProperties", "not", "uniqueItems") or "propertyNames" in keywords

    @property
    def about(self) -> str:
        """What the finding is about."""
        return thing(self.levels, str(self.schema.get("title", "file")).lower())


def thing(levels: Sequence[Level], top: str) -> str:
    """Name a value: `goal` of clock `dispatch`; effect 2 of `then` of action `accept`; the process."""
    if not levels:
        return f"the {top}"
    *outer, last = levels
    if last.way == "additionalProperties" and last.title:
        return f"{last.title} {shown(str(last.step))}"
    if isinstance(last.step, int):
        return f"{last.title or 'item'} {last.step + 1} of {thing(outer, top)}"
    if last.way == "additionalProperties":
        return f"{shown(str(last.step))} of {thing(outer, top)}"
    named = [place for place, level in enumerate(outer) if level.way in ("additionalProperties", "items")]
    holder = outer[: named[-1] + 1] if named else outer
    return f"{shown(str(last.step))} of {thing(holder, top)}" if holder else shown(str(last.step))


def explain(fault: Fault, resolve: Resolve, homes: Homes) -> list[Diagnostic]:
    """Reword one complaint; nothing where another finding says it already."""
    keyword = str(fault.complaint.validator)
    if "propertyNames" in fault.complaint.relative_schema_path:
        return [_bad_key(fault)]
    if keyword == "additionalProperties":
        return _unknown_keys(fault, homes)
    if keyword in ("required", "anyOf"):
        return _missing_keys(fault, resolve)
    reword = _REWORD.get(keyword, _bad_value)
    return reword(fault)


# -- keys --------------------------------------------------------------------------------------------------------------


def _bad_key(fault: Fault) -> Diagnostic:
    """A key that cannot be a name of what it stands for."""
    key = str(fault.value)
    span = fault.document.name_place((*fault.path, key))
    schema = fault.complaint.schema if isinstance(fault.complaint.schema, dict) else {}
    return _bad_name(key, span, schema)


_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}")


def _bad_name(name: str, span: Span, schema: Mapping[str, Any]) -> Diagnostic:
    """A name that is none."""
    title = str(schema.get("title", "name")).lower()
    if title == "name" and _WORD.fullmatch(name):
        message = f"`{name}` is a word of the language and cannot be a name"
        return error("bad-name", span, message, "choose another name")
    mend = str(schema.get("description", ""))
    better = as_name(name) or ""
    if title == "name":
        mend = "a name has lower-case letters, digits and `_`, and begins with a letter"
        mend += f": `{better}`" if _WORD.fullmatch(better) else ""
        mend = narrow_mend(name) or mend
    article = "an" if title[0] in "aeiou" else "a"
    return error("bad-name", span, f"{shown(name)} is not {article} {title}", mend)


def unknown_keys(value: Any, schema: Mapping[str, Any]) -> list[str]:
    """The keys of a value that its schema does not name."""
    if not isinstance(value, dict) or not isinstance(schema.get("properties"), dict):
        return []
    patterns = [re.compile(pattern) for pattern in schema.get("patternProperties", {})]
    known = schema["properties"]
    return [key for key in value if key not in known and not any(pattern.search(key) for pattern in patterns)]


def _unknown_keys(fault: Fault, homes: Homes) -> list[Diagnostic]:
    """Keys that have no meaning where they stand."""
    if "dependentSchemas" in fault.complaint.relative_schema_path:
        return _mixed_effects(fault)
    found = []
    for key in unknown_keys(fault.value, fault.schema):
        mend = mend_key(key, fault.schema, homes)
        span = fault.document.name_place((*fault.path, key))
        found.append(error("unknown-key", span, f"{shown(key)} is not a key of {fault.about}", mend))
    return found


def _mixed_effects(fault: Fault) -> list[Diagnostic]:
    """Two effects in one item, or a key that belongs to another effect."""
    verbs = [key for key in fault.value if key in fault.schema["dependentSchemas"]]
    if len(verbs) > 1:
        span = fault.document.name_place((*fault.path, verbs[1]))
        message = f"`{verbs[0]}` and `{verbs[1]}` are two effects"
        return [error("two-effects", span, message, "write each as an item of its own; they follow in this order")]
    allowed = fault.complaint.schema["properties"] if isinstance(fault.complaint.schema, dict) else {}
    strangers = [key for key in fault.value if key not in allowed and key in fault.schema["properties"]]
    mend = f"`{verbs[0]}` goes with " + ", ".join(f"`{key}`" for key in allowed if key != verbs[0])
    return [
        error(
            "unknown-key", fault.document.name_place((*fault.path, key)), f"`{key}` does not go with `{verbs[0]}`", mend
        )
        for key in strangers
    ]


def _missing_keys(fault: Fault, resolve: Resolve) -> list[Diagnostic]:
    """Keys that must be there, unless one is there misspelt."""
    misspelt = unknown_keys(fault.value, fault.schema)
    if fault.complaint.validator == "anyOf":
        wanted = [key for way in fault.wanted for key in way["required"]]
        if any(is_meant(word, key) for word in misspelt for key in wanted):
            return []
        names = ", ".join(f"`{key}`" for key in wanted)
        return [error("missing-key", fault.name_span, f"{fault.about} has none of {names}", "write one of them")]
    missing = [key for key in fault.wanted if key not in fault.value]
    return [_missing(fault, key, resolve) for key in missing if not any(is_meant(word, key) for word in misspelt)]


def _missing(fault: Fault, key: str, resolve: Resolve) -> Diagnostic:
    """One key that is not there."""
    schema = resolve(fault.schema.get("properties", {}).get(key, {}))
    last = fault.levels[-1] if fault.levels else None
    if last is not None and last.way == "additionalProperties" and last.step in fault.schema.get("properties", {}):
        title = str(fault.schema.get("title", "thing")).lower()
        mend = f"`{last.step}` is a key of a {title}: indent it below the {title} that it belongs to"
        return error("missing-key", fault.name_span, f"{fault.about} has no `{key}`", mend)
    parts = [str(schema.get("description", ""))]
    if schema.get("examples"):
        parts.append(f"For example `{key}: {as_written(schema['examples'][0])}`")
    return error("missing-key", fault.name_span, f"{fault.about} has no `{key}`", " ".join(filter(None, parts)) or None)


def _companion(fault: Fault) -> list[Diagnostic]:
    """A key that needs another one beside it."""
    misspelt = unknown_keys(fault.value, fault.schema)
    verbs = [verb for verb in fault.schema.get("dependentSchemas", {}) if verb in fault.value]
    found = []
    for key in fault.wanted:
        if key not in fault.value or (verbs and key not in fault.schema["dependentSchemas"][verbs[0]]["properties"]):
            continue  # a key of another effect is reported as such
        for other in fault.wanted[key]:
            if other not in fault.value and not any(is_meant(word, other) for word in misspelt):
                span = fault.document.name_place((*fault.path, key))
                found.append(error("missing-key", span, f"`{key}` needs `{other}` beside it in {fault.about}"))
    return found


# -- values ------------------------------------------------------------------------------------------------------------

_KINDS = {
    "object": "keys with values",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "null": "`null`",
}


def _kind_of(value: Any) -> str:
    """What a value is, in words."""
    if value is None or isinstance(value, bool):
        return f"`{json.dumps(value)}`"
    if isinstance(value, (int, float)):
        return f"the number `{value}`"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    return "a list" if isinstance(value, list) else "keys with values"


def _wrong_type(fault: Fault) -> list[Diagnostic]:
    """A value of another kind than the schema wants."""
    wanted = [fault.wanted] if isinstance(fault.wanted, str) else list(fault.wanted)
    words = " or ".join(_KINDS[kind] for kind in wanted)
    message = f"{fault.about} is {_kind_of(fault.value)}, but must be {words}"
    return [error("wrong-type", fault.span, message, _mend_type(fault, wanted))]


def _nameless(fault: Fault, wanted: list[str]) -> str | None:
    """How to mend a key of a thing that stands where the thing's name must."""
    last = fault.levels[-1] if fault.levels else None
    if wanted != ["object"] or last is None or last.way != "additionalProperties":
        return None
    if last.step not in fault.schema.get("properties", {}):
        return None
    title = str(fault.schema.get("title", "thing")).lower()
    return f"each {title} has a name of its own, which comes first: `NAME: {{{last.step}: …}}`"


def _mend_type(fault: Fault, wanted: list[str]) -> str | None:
    """How to make the value one of the right kind."""
    mend = _nameless(fault, wanted)
    if mend is None and isinstance(fault.node, Scalar):
        mend = _mend_scalar(fault, fault.node, wanted)
    if mend is not None:
        return mend
    if wanted == ["array"] and isinstance(fault.value, dict):
        return "write a list: begin with `- `, or put it in brackets `[{…}]`"
    if "object" in wanted and isinstance(fault.node, Items):
        return _labelled(fault) or _example(fault, "write keys with values, ")
    return _example(fault)


def _mend_scalar(fault: Fault, node: Scalar, wanted: list[str]) -> str | None:
    """How a single value is written as one of the right kind."""
    value, is_like_a_number = fault.value, _NUMBER_LIKE.fullmatch(node.text)
    if wanted == ["integer"] and isinstance(value, float) and value.is_integer():
        return f"write `{int(value)}`"
    if "string" in wanted and not isinstance(value, str) and value is not None:
        if "$comment" in fault.schema:  # which says that quotes alone would not do
            is_length = is_like_a_number and not isinstance(value, bool)
            share = f"write `{node.text}%`; " if {"thresholds", "ladders"}.intersection(map(str, fault.path)) else ""
            return f"{share}a length has its unit: `{node.text}m`, `{node.text}h`" if is_length else None
        fits = re.search(str(fault.schema.get("pattern", "")), node.text)
        return f'quote it if it is a text: `"{node.text}"`' if fits else None
    if "string" not in wanted and node.style and is_like_a_number:
        return f"take the quotes away: `{node.text}`"
    if wanted == ["array"] and isinstance(value, str) and not _lists_keys(fault.schema):
        return f"write a list: `[{node.text}]`"
    return None


def _labelled(fault: Fault) -> str | None:
    """How choices that stand in a list are written."""
    is_choices = bool(fault.levels) and fault.levels[-1].step == "choices"
    written = choices_of(fault.value) if is_choices else None
    return f"give each its label: `choices: {{{written}}}`" if written else None


def _lists_keys(schema: Mapping[str, Any]) -> bool:
    """Whether the items of a list are keys with values, so that brackets alone would not do."""
    return isinstance(next(iter(next(iter(schema.get("examples", ())), ())), None), dict)


_NUMBER_LIKE = re.compile(r"-?[0-9]+(?:\.[0-9]+)?|true|false")


def _example(fault: Fault, before: str = "") -> str | None:
    """Show how it is written, from the schema's first example."""
    examples = fault.schema.get("examples")
    if not examples:
        return None
    text = as_written(examples[0])
    last = fault.levels[-1] if fault.levels else None
    keyed = last is not None and isinstance(last.step, str)
    return (
        f"{before}for example `{last.step}: {text}`" if last is not None and keyed else f"{before}for example `{text}`"
    )


def _bad_value(fault: Fault) -> list[Diagnostic]:
    """A value that does not fit, for a reason that its description tells best."""
    if fault.schema.get("title") in ("Name", "Target") and isinstance(fault.value, str):
        return [_bad_name(fault.value, fault.span, {"title": "Name"})]
    mend = " ".join(filter(None, [str(fault.schema.get("description", "")), _capital(_example(fault))]))
    return [
        error("wrong-value", fault.span, f"{fault.about} cannot be {_value(fault)}", _nearly(fault) or mend or None)
    ]


def _nearly(fault: Fault) -> str | None:
    """How a text that does not fit would."""
    if fault.complaint.validator != "pattern" or not isinstance(fault.value, str):
        return None
    return nearly_fitting(fault.value, str(fault.wanted), "array" in fault.schema.get("type", ()))


def _value(fault: Fault) -> str:
    """The value as the file writes it."""
    return shown(fault.node.text if isinstance(fault.node, Scalar) else as_written(fault.value))


def _capital(text: str | None) -> str:
    """A text as the beginning of a sentence."""
    return text[:1].upper() + text[1:] if text else ""


def _not_listed(fault: Fault) -> list[Diagnostic]:
    """A value that is none of those possible."""
    words = [word for word in fault.wanted if isinstance(word, str)]
    close = did_you_mean(str(fault.value), words) if isinstance(fault.value, str) else None
    mend = close or "possible: " + ", ".join(f"`{as_written(word)}`" for word in fault.wanted)
    return [error("wrong-value", fault.span, f"{fault.about} cannot be {_value(fault)}", mend)]


def _empty(fault: Fault) -> list[Diagnostic]:
    """Nothing where something must be."""
    return [error("wrong-value", fault.name_span, f"{fault.about} is empty", _example(fault))]


def _bound(fault: Fault) -> list[Diagnostic]:
    """A number or a text beyond its limit."""
    words = {
        "minimum": f"must be at least {fault.wanted}",
        "maximum": f"must be at most {fault.wanted}",
        "maxLength": f"must not be longer than {fault.wanted} characters",
    }[str(fault.complaint.validator)]
    return [error("wrong-value", fault.span, f"{fault.about} {words}")]


def _repeated(fault: Fault) -> list[Diagnostic]:
    """An item that stands twice in a list."""
    node = fault.node
    found = []
    for place, item in enumerate(fault.value):
        first = fault.value.index(item)
        if first < place and isinstance(node, Items):
            related = [(node.nodes[first].span, "first written here")]
            message = f"{shown(as_written(item))} stands twice in {fault.about}"
            found.append(error("repeated-item", node.nodes[place].span, message, "take one away", related))
    return found


_REWORD: Mapping[str, Callable[[Fault], list[Diagnostic]]] = {
    "type": _wrong_type,
    "enum": _not_listed,
    "dependentRequired": _companion,
    "minItems": _empty,
    "minProperties": _empty,
    "minLength": _empty,
    "minimum": _bound,
    "maximum": _bound,
    "maxLength": _bound,
    "uniqueItems": _repeated,
}
