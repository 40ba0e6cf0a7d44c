"""XES (IEEE 1849): a trace for each case, its events in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from engine.exports.told import COLUMN, Shown, ToldCase, ToldEvent, ToldProcess, Traces, instant
from engine.fields import FieldType

_KINDS: Mapping[FieldType, str] = {
    "integer": "int", "number": "float", "money": "float", "yes_no": "boolean", "instant": "date",
}  # fmt: skip

_NEVER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Signs that XML 1.0 cannot carry, however they are written."""

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<global scope="trace">
<string key="concept:name" value="UNKNOWN"/>
</global>
<global scope="event">
<string key="concept:name" value="UNKNOWN"/>
<date key="time:timestamp" value="1970-01-01T00:00:00.000Z"/>
<string key="lifecycle:transition" value="complete"/>
</global>
<classifier name="Activity" keys="concept:name"/>
<classifier name="Activity and resource" keys="concept:name org:resource"/>
<string key="lifecycle:model" value="standard"/>
"""


def xes(processes: Sequence[ToldProcess], traces: Traces) -> Iterator[str]:
    """Tell cases as traces of one log."""
    yield _HEAD
    for case, events in traces():
        yield f"<trace>\n{_case(case)}{_values(case.data)}"
        for event in events:
            yield f"<event>\n{_event(event)}{_values(event.changed)}</event>\n"
        yield "</trace>\n"
    yield "</log>\n"


def _case(case: ToldCase) -> str:
    return "".join((
        _attribute("string", "concept:name", case.id), _attribute("string", "process", case.process),
        _attribute("int", "version", case.version), _attribute("string", "parent", case.parent),
        _attribute("date", "opened_at", instant(case.opened_at)),
        _attribute("date", "closed_at", instant(case.closed_at)), _attribute("string", "outcome", case.outcome),
        _attribute("string", "state", " + ".join(case.state)),
    ))  # fmt: skip


def _event(event: ToldEvent) -> str:
    return "".join((
        _attribute("string", "concept:name", event.activity), _attribute("date", "time:timestamp", instant(event.at)),
        _attribute("string", "lifecycle:transition", event.lifecycle),
        _attribute("string", "org:resource", event.actor), _attribute("string", "org:role", ", ".join(event.roles)),
        _attribute("int", "number", event.number), _attribute("string", "verb", event.verb),
        _attribute("date", "recorded_at", instant(event.recorded_at)), _attribute("string", "for", event.on_behalf_of),
        _attribute("string", "from", " + ".join(event.before)), _attribute("string", "to", " + ".join(event.after)),
        _attribute("string", "assignee", event.assignee),
    ))  # fmt: skip


def _values(values: Mapping[str, Shown]) -> str:
    """What is set; XES has no word for a field that was unset."""
    return "".join(_attribute(_KINDS.get(one.kind, "string"), COLUMN + name, one.cell) for name, one in values.items())


def _attribute(kind: str, key: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    text = str(value).lower() if kind == "boolean" else str(value)
    return f"<{kind} key={_quoted(key)} value={_quoted(text)}/>\n"


def _quoted(text: str) -> str:
    return quoteattr(_NEVER.sub("\ufffd", text))
