"""Shape: a file against its JSON Schema, with findings in our own words at the right column."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from engine.lang.diagnostics import Diagnostic, in_order
from engine.lang.quick_shape import quick_validator, usual_class
from engine.lang.schema_words import Fault, Level, explain
from engine.lang.tree import Document, Path, Scalar
from engine.resources import data_folder

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.protocols import Validator

Kind = Literal["process", "scenarios", "calendar", "desk", "messages", "correction", "simulation"]
"""The kinds of files that a desk writes; each has its schema."""

KINDS: tuple[Kind, ...] = ("process", "scenarios", "calendar", "desk", "messages", "correction", "simulation")


@dataclass(frozen=True, slots=True)
class Shape:
    """What the schema says of a document."""

    findings: tuple[Diagnostic, ...] = ()
    broken: frozenset[Path] = frozenset()  # the values that cannot be used as they stand


def check_shape(document: Document, kind: Kind) -> Shape:
    """Hold a document against its schema; what reading has already found broken is passed over."""
    if document.root is None:
        return Shape()
    # Most files are in order, and a plain yes needs no reasons.
    if _quick(kind).is_valid(document.root.plain):
        return Shape()
    findings: list[Diagnostic] = []
    broken: set[Path] = set()
    for fault in _faults(kind, document):
        findings.extend(explain(fault, definition_of, homes()))
        if not fault.leaves_usable:
            broken.add(fault.path)
    return Shape(in_order(findings), frozenset(broken))


@cache
def _quick(kind: Kind) -> Validator:
    """A validator for a plain yes or no."""
    return quick_validator(schemas()[f"{kind}.schema.json"], _meant)


@cache
def schemas() -> Mapping[str, Any]:
    """The schemas by file name, as they are shipped."""
    folder = data_folder("schemas")
    names = [f"{kind}.schema.json" for kind in KINDS]
    return {name: json.loads((folder / name).read_text("utf-8")) for name in names}


@cache
def validator_of(kind: Kind) -> Draft202012Validator:
    """The validator of one kind of file, built once; its library is read only where something is checked."""
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    pairs = ((name, DRAFT202012.create_resource(_undrafted(schema))) for name, schema in schemas().items())
    registry: Registry[Any] = Registry().with_resources(pairs)
    return usual_class()({"$ref": f"{kind}.schema.json"}, registry=registry)


def _undrafted(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema that does not say its draft: the library would go on in it with its own validator of that draft."""
    return {key: value for key, value in schema.items() if key != "$schema"}


def _meant(reference: str) -> Mapping[str, Any]:
    """What a reference refers to."""
    file, _, pointer = reference.partition("#/$defs/")
    meant: Mapping[str, Any] = _definitions()[pointer] if pointer else schemas()[file]
    return meant


def definition_of(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema with what it refers to; its own title, description and examples come first."""
    while "$ref" in schema:
        schema = {**_meant(str(schema["$ref"])), **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


@cache
def _definitions() -> Mapping[str, Any]:
    """The named parts of all schemas; a name means the same in each."""
    return {name: part for schema in schemas().values() for name, part in schema.get("$defs", {}).items()}


@cache
def homes() -> Mapping[str, tuple[str, ...]]:
    """For every key the titles of the things that have it."""
    found: dict[str, list[str]] = {}
    for schema in [*_definitions().values(), *schemas().values()]:
        for key in schema.get("properties", {}):
            if schema["title"].lower() not in found.setdefault(key, []):
                found[key].append(schema["title"].lower())
    return {key: tuple(titles) for key, titles in found.items()}


def _faults(kind: Kind, document: Document) -> Iterator[Fault]:
    """What the schema complains of, save where reading has made a finding."""
    assert document.root is not None
    for complaint in validator_of(kind).iter_errors(document.root.plain):
        path: Path = tuple(complaint.absolute_path)
        is_key = "propertyNames" in complaint.relative_schema_path
        node = document.node((*path, str(complaint.instance)) if is_key else path)
        if not (isinstance(node, Scalar) and node.broken):
            levels, schema = _levels(kind, list(complaint.absolute_schema_path), path)
            yield Fault(complaint, path, document, levels, schema)


def _levels(kind: Kind, steps: list[str | int], path: Path) -> tuple[tuple[Level, ...], Mapping[str, Any]]:
    """What each step of a path is, and the whole schema of its value, not only the part that complains."""
    schema: Any = {"$ref": f"{kind}.schema.json"}
    whole = definition_of(schema)
    levels: list[Level] = []
    way = iter(steps[:-1])  # the last is the keyword that complains
    for step in way:
        enters = step in ("properties", "patternProperties", "additionalProperties", "items") and len(levels) < len(
            path
        )
        schema = definition_of(schema)[str(step)] if isinstance(schema, dict) else schema[step]
        if enters:
            if step in ("properties", "patternProperties"):
                schema = schema[next(way)]
            levels.append(Level(path[len(levels)], str(step), ""))
            whole = definition_of(schema)
        elif isinstance(schema, dict) and not whole.get("title"):
            whole = definition_of(schema)  # of two kinds of item this is the one it was taken for
        if levels and not levels[-1].title:
            levels[-1] = Level(levels[-1].step, levels[-1].way, str(whole.get("title", "")).lower())
    return tuple(levels), whole
