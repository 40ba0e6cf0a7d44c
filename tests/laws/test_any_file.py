"""Whatever stands in a file, loading ends in findings: never in an exception, never in a definition that cannot run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.plan import Plan
from engine.lang.load import load_folder
from engine.lang.manual.pages import base
from engine.lang.report import as_json, as_text

STRANGE: list[Any] = [
    None, 1, 2.5, True, "x", "", [], {}, ["x"], {"x": 1}, [1], [{}], [[]], {"en": "a"}, "stay", "previous", "1d",
    "goal", "=case.subject", "case.subject", "case.", "did.close", "{case.x}", [{"if": "true", "is": "closed"}], "(((",
]  # fmt: skip
KEYS = ["xx", "if", "to", "states", "final", "then", "goal", "in", "form", "parallel", "initial", "of", "is", "every"]

Place = tuple[Any, ...]


def sources() -> dict[str, str]:
    """The desk of the manual."""
    return dict(base())


def places(content: Any, path: Place = ()) -> Iterator[Place]:
    """Every place in a file but its top."""
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from places(value, (*path, key))


def value_at(content: Any, path: Place) -> Any:
    """What stands there."""
    for step in path:
        content = content[step]
    return content


def copied(value: Any) -> Any:
    """A value of its own: what is spoilt later must not spoil the ones to come."""
    return json.loads(json.dumps(value))


def spoil(content: Any, data: st.DataObject) -> None:
    """Change one place: take it away, put something strange there, rename its key, or copy another place."""
    spots = list(places(content))
    path = data.draw(st.sampled_from(spots))
    holder, key = value_at(content, path[:-1]), path[-1]
    way = data.draw(st.sampled_from(["take", "strange", "rename", "copy"]))
    if way == "take":
        del holder[key]
    elif way == "strange":
        holder[key] = copied(data.draw(st.sampled_from(STRANGE)))
    elif way == "rename" and isinstance(holder, dict):
        holder[data.draw(st.sampled_from(KEYS))] = holder.pop(key)
    else:
        holder[key] = copied(value_at(content, data.draw(st.sampled_from(spots))))


FILES = ("example.yaml", "visit.yaml", "desk.yaml", "messages/desk.yaml", "calendars/hours.yaml")


@settings(max_examples=150)
@given(st.data())
def test_any_file_ends_in_findings(data: st.DataObject) -> None:
    files = sources()
    file = data.draw(st.sampled_from(FILES))
    content = yaml.safe_load(files[file])
    for _ in range(data.draw(st.integers(1, 3))):
        if list(places(content)):
            spoil(content, data)
    files[file] = json.dumps(content, ensure_ascii=False, indent=1)
    folder = load_folder(files)
    assert as_text(folder.diagnostics, folder.texts) or not folder.diagnostics
    json.dumps(as_json(folder.diagnostics))
    for found in folder.diagnostics:
        lines = folder.texts[found.span.file]
        assert 1 <= found.span.line <= len(lines) + 1
        assert found.message
    for definition in folder.definitions.values():
        Plan(definition)


@settings(max_examples=60)
@given(st.sampled_from(FILES), st.text(max_size=200))
def test_any_text_ends_in_findings(file: str, text: str) -> None:
    folder = load_folder({**sources(), file: text})
    assert as_text(folder.diagnostics, folder.texts)


def test_one_broken_part_leaves_the_other_processes_usable() -> None:
    files = {**sources(), "example.yaml": "process: ["}
    assert load_folder(files).definitions.keys() == {"visit"}
