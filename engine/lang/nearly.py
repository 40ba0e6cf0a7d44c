"""How a value is written right, also one that is only nearly what it should be."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from engine.nearness import as_name
from engine.values import in_plain_signs

MOST_SHOWN = 3
_BETWEEN = re.compile(r"\s*(?:[,，、;；/&+]|\band\b|\bor\b|和|与|或|及)\s*")


def nearly_fitting(text: str, pattern: str, may_be_list: bool) -> str | None:
    """How a text would fit a pattern: without its braces, as a name, in capitals, as a list; None where it cannot."""
    parts = [_bare(part) for part in _BETWEEN.split(text)] if may_be_list else []
    if len(parts) > 1 and all(re.search(pattern, part) for part in parts):
        return f"write a list: `[{', '.join(parts)}]`"
    ways = (_bare(text), _bare(text).upper(), _length(text))
    return next((f"write `{one}`" for one in ways if re.search(pattern, one)), None)


def _bare(text: str) -> str:
    """A name as it was meant; what has dots is looked up, and only loses braces and signs around it."""
    plain = text.strip(" {}=")
    return plain if "." in plain else as_name(plain) or ""


_LENGTH = re.compile(r"([0-9]{1,4})\s*(天|日|个?月|年)")
_UNITS = {"天": "days", "日": "days", "月": "months", "年": "years"}


def _length(text: str) -> str:
    """A length by the calendar as Chinese write it: `2 years` for `2年`."""
    said = _LENGTH.fullmatch(in_plain_signs(text).strip())
    if said is None:
        return ""
    unit = _UNITS[said[2][-1]]
    return f"1 {unit[:-1]}" if int(said[1]) == 1 else f"{int(said[1])} {unit}"


def choices_of(items: Sequence[object]) -> str | None:
    """Choices that were written as a list, each with its label; None where they are no plain texts."""
    if not items or not all(isinstance(item, str) and as_name(item) for item in items):
        return None
    labelled = [f"{as_name(str(item))}: {{en: {str(item).capitalize()}}}" for item in items[:MOST_SHOWN]]
    return ", ".join([*labelled, *["…"] * (len(items) > MOST_SHOWN)])


def as_written(value: Any) -> str:
    """A value as it would be written on one line of YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {as_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_written(item) for item in value) + "]"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    text = str(value)
    bare = bool(text) and not set(text) & set("{}[],#&*!|>'\"%@`") and ": " not in text and not text[0].isdigit()
    return text if bare or not isinstance(value, str) or _TIME_LIKE.fullmatch(text) else f'"{text}"'


_TIME_LIKE = re.compile(r"[0-9]+[a-z%][a-z0-9_ ]*|[0-9]+ [a-z_]+|[0-9-]{10}(?: [0-9:]+)?")
