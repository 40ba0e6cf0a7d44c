"""What the standards ask of a file, said again as checks: IEEE 1849 of XES, version 2.0 of OCEL's JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from jsonschema import Draft202012Validator

XES = "{http://www.xes-standard.org/}"
ORDER = ("extension", "global", "classifier", "attribute", "trace")
READ = {
    "string": str, "int": int, "float": float, "date": datetime.fromisoformat,
    "boolean": {"true": True, "false": False}.__getitem__,
}  # fmt: skip


def attributes(element: ElementTree.Element) -> dict[str, Any]:
    """Read the attributes of a log, trace or event; each key stands once."""
    found: dict[str, Any] = {}
    for child in element:
        kind = child.tag.removeprefix(XES)
        if kind in READ:
            assert set(child.attrib) == {"key", "value"}
            assert child.attrib["key"] not in found
            found[child.attrib["key"]] = READ[kind](child.attrib["value"])
    return found


def read_xes(text: str) -> ElementTree.Element:
    """Parse a log and hold it to the standard's grammar."""
    log = ElementTree.fromstring(text.encode())
    assert log.tag == XES + "log"
    assert log.attrib["xes.version"]
    assert "xes.features" in log.attrib
    places = [ORDER.index("attribute" if (kind := one.tag.removeprefix(XES)) in READ else kind) for one in log]
    assert places == sorted(places)
    prefixes = {one.attrib["prefix"] for one in log.iter(XES + "extension")}
    for element in log.iter():
        key = element.attrib.get("key", "")
        assert ":" not in key or key.partition(":")[0] in prefixes
    scopes = {one.attrib["scope"]: attributes(one).keys() for one in log.iter(XES + "global")}
    for name, kind in (("trace", "trace"), ("event", "event")):
        for element in log.iter(XES + name):
            assert scopes[kind] <= attributes(element).keys()
    return log


def _listed(**properties: Any) -> dict[str, Any]:
    shape = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"type": "array", "items": shape}


TEXT: dict[str, Any] = {"type": "string"}
TIME = {"type": "string", "format": "date-time"}
KIND = {"enum": ["string", "time", "integer", "float", "boolean"]}
TYPES = _listed(name=TEXT, attributes=_listed(name=TEXT, type=KIND))
RELATED = _listed(objectId=TEXT, qualifier=TEXT)
VALUE = {"type": ["string", "number", "boolean"]}
OCEL = {
    "type": "object",
    "properties": {
        "objectTypes": TYPES,
        "eventTypes": TYPES,
        "objects": _listed(
            id=TEXT, type=TEXT, attributes=_listed(name=TEXT, time=TIME, value=VALUE), relationships=RELATED
        ),
        "events": _listed(
            id=TEXT, type=TEXT, time=TIME, attributes=_listed(name=TEXT, value=VALUE), relationships=RELATED
        ),
    },
    "required": ["objectTypes", "eventTypes", "objects", "events"],
}
VALUES = {
    "string": lambda value: isinstance(value, str),
    "time": lambda value: datetime.fromisoformat(value).tzinfo is not None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
}


def check_ocel(log: dict[str, Any]) -> None:
    """Hold a log to the standard: its shape, ids given once, types declared, values of their types, no dangling end."""
    errors = list(Draft202012Validator(OCEL).iter_errors(log))
    assert not errors, errors[:3]
    for many, kinds in (("objects", "objectTypes"), ("events", "eventTypes")):
        declared = {one["name"]: {a["name"]: a["type"] for a in one["attributes"]} for one in log[kinds]}
        assert len(declared) == len(log[kinds])
        ids = [one["id"] for one in log[many]]
        assert len(ids) == len(set(ids))
        for one in log[many]:
            for attribute in one["attributes"]:
                assert VALUES[declared[one["type"]][attribute["name"]]](attribute["value"]), attribute
    known = {one["id"] for one in log["objects"]}
    ends = {end["objectId"] for many in ("objects", "events") for one in log[many] for end in one["relationships"]}
    assert ends <= known
