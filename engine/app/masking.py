"""What the engine keeps of trouble, without the private values that stood in it: exceptions repeat what they met."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from engine.fields import SEALED, Value


def kept_back(said: str, values: Iterable[Value]) -> str:
    """A text in which none of these values stands any more, as it is or as programs quote it."""
    for text in sorted({text for value in values for text in _texts_in(value)}, key=len, reverse=True):
        for written in (text, repr(text)[1:-1], json.dumps(text)[1:-1]):
            said = said.replace(written, SEALED) if len(written) > 1 else said
    return said


def _texts_in(value: Value) -> Iterator[str]:
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _texts_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts_in(part)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
