"""Fields: what a value may be, how it is read from what people write, and how it is shown.

`read` gives the stored value, `check` judges one, `show` is for screens, `plain` for machines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from engine.calendars import format_duration, parse_duration
from engine.hours import say_duration
from engine.nearness import asked, either, nearest
from engine.patterns import as_asked, compile_pattern
from engine.values import (
    EXPECTED,
    READERS,
    Expected,
    as_written,
    check_instant,
    check_size,
    check_text,
    folded,
    in_plain_signs,
    meant_money,
    read_date,
    read_instant,
    read_number,
    rfc3339,
    rows_expected,
    show_instant,
    show_money,
)

Words = Mapping[str, str]
"""One text in every language of the desk: language → text."""

Value = Any
"""A stored value: JSON only. Instants and durations are int milliseconds, money int minor units, dates `YYYY-MM-DD`."""

FieldType = Literal[
    "text", "integer", "number", "yes_no", "money", "choice", "date", "instant", "duration", "person", "file", "case",
    "party", "list", "table",
]  # fmt: skip

MOST_ITEMS = 9_999
"""The most items of a list or rows of a table: as many as an expression may walk through."""

TEXTS: frozenset[FieldType] = frozenset({"text", "person", "file", "case", "party"})
"""The types whose stored value is free text."""
SEALED = "•••"
"""What a screen shows in place of a personal value that only its commitment stands for."""


class Invalid(ValueError):
    """This value is not what the field may hold; `words` say it in English and in Chinese."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.words: Words = {"en": en, "zh": zh}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One declared field of a form, a case, a fact or a table's column."""

    name: str
    type: FieldType
    label: Words = field(default_factory=dict)
    default: Value = None
    personal: bool = False
    min: Value = None  # in stored units; for text the least length
    max: Value = None
    pattern: str | None = None  # a regular expression of the RE2 subset, matched whole
    roll: bool = False  # an instant while the process's calendar is closed is kept as its next opening
    choices: Mapping[str, Words] = field(default_factory=dict)
    role: str | None = None  # which role a person must hold
    of: Field | None = None  # what a list holds
    columns: Mapping[str, Field] = field(default_factory=dict)  # of a party: what its register says of each openly
    party: str | None = None  # on whose register the id must be


# -- reading -----------------------------------------------------------------------------------------------------------


def read(field: Field, raw: Any, zone: str) -> Value:
    """Turn what people, YAML, JSON or a command line give into the stored value, or raise `Invalid`."""
    kind = field.type
    try:
        if kind in READERS:
            value: Value = READERS[kind](raw)
            if field.pattern is not None:
                value = as_asked(field.pattern, value)
            if field.min is None and field.max is None and field.pattern is None:
                return value
        else:
            reader = _READERS.get(kind)
            value = reader(field, raw, zone) if reader is not None else raw
        _judge(field, value)
    except Invalid:
        raise
    except ValueError as error:
        raise _invalid(field, error, raw) from None
    return value


def _read_choice(field: Field, raw: Any, zone: str) -> str:
    if isinstance(raw, str):
        if raw in field.choices:
            return raw
        told = folded(raw)
        labelled = [name for name, words in field.choices.items() if told in map(folded, (name, *words.values()))]
        if len(labelled) == 1:
            return labelled[0]
    _check_choice(field, raw)
    return str(raw)


def _read_duration(field: Field, raw: Any, zone: str) -> int:
    if isinstance(raw, timedelta):
        return raw // timedelta(milliseconds=1)
    _refuse_if(not isinstance(raw, str), field)
    try:
        return parse_duration(in_plain_signs(raw).strip())
    except ValueError as error:
        en, zh = _expected(field)
        raise Expected(f"{en} ({error})", zh) from None


def _read_list(field: Field, raw: Any, zone: str) -> list[Value]:
    of = field.of or Field(name=field.name, type="text")
    if isinstance(raw, str):
        raw = _json_list(raw) or [part.strip() for part in re.split("[,，]", raw) if part.strip()]
    _refuse_if(not isinstance(raw, list | tuple), field)
    _check_count(raw)
    return [_inside(field, _ITEM, i, read, of, item, zone) for i, item in enumerate(raw, 1)]


def _read_table(field: Field, raw: Any, zone: str) -> list[dict[str, Value]]:
    if isinstance(raw, str):
        raw = _json_list(raw)
    _refuse_if(not isinstance(raw, list | tuple) or not all(isinstance(row, Mapping) for row in raw), field)
    _check_count(raw)
    return [_inside(field, _ROW, i, read_row, field.columns, row, zone) for i, row in enumerate(raw, 1)]


def read_row(columns: Mapping[str, Field], row: Mapping[str, Any], zone: str) -> dict[str, Value]:
    """Read one row of a table: unset columns get their default or stay away."""
    _check_columns(columns, row)
    stored: dict[str, Value] = {}
    for name, column in columns.items():
        raw = row.get(name)
        value = column.default if raw is None else read(column, raw, zone)
        if value is not None:
            stored[name] = value
    return stored


def _json_list(raw: str) -> list[Any] | None:
    """A list given as JSON text, so that a command line can give items with commas and tables."""
    if not raw.lstrip().startswith("["):
        return None
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


_ITEM, _ROW = ("item", "项"), ("row", "行")


def _inside(field: Field, kind: tuple[str, str], number: int, act: Callable[..., Any], *args: Any) -> Any:
    try:
        return act(*args)
    except Invalid as error:
        en, zh = error.words["en"], error.words["zh"]
        words = f"`{field.name}`, {kind[0]} {number}: {en}", f"`{field.name}` 第 {number} {kind[1]}：{zh}"
        raise Invalid(*words) from None


_READERS: Mapping[FieldType, Callable[[Field, Any, str], Value]] = {  # what names something is taken as it is
    "choice": _read_choice,
    "instant": lambda field, raw, zone: read_instant(raw, zone),
    "duration": _read_duration,
    "list": _read_list,
    "table": _read_table,
}


# -- checking ----------------------------------------------------------------------------------------------------------


def check(field: Field, stored: Value) -> None:
    """Raise `Invalid` unless this stored value may stand in the field; a sealed personal value may."""
    if field.personal and is_sealed(stored):
        return
    try:
        _judge(field, stored)
    except Invalid:
        raise
    except ValueError as error:
        raise _invalid(field, error, stored) from None


def _judge(field: Field, stored: Value) -> None:
    _CHECKS[field.type](field, stored)
    if field.min is not None or field.max is not None:
        _check_limits(field, stored)


def is_sealed(stored: Value) -> bool:
    """Whether only the commitment of a personal value stands here."""
    return isinstance(stored, dict) and len(stored) == 1 and isinstance(stored.get("sealed"), str)


def _check_text(field: Field, stored: Value) -> None:
    if not isinstance(stored, str) or (not stored and field.type != "text"):
        raise Expected(*_expected(field))
    check_text(stored)
    if field.pattern is not None and not compile_pattern(field.pattern)(stored):
        raise Expected(f"text of the form `{field.pattern}`", f"形如 `{field.pattern}` 的文字")


def _check_whole(field: Field, stored: Value) -> None:
    if not isinstance(stored, int) or isinstance(stored, bool):
        raise Expected(*_expected(field))
    check_size(stored)
    if field.type == "instant":
        check_instant(stored)
    if field.type == "duration" and stored < 0:
        raise Expected("a duration that is not negative", "不为负的时长")


def _check_number(field: Field, stored: Value) -> None:
    whole = isinstance(stored, float) and stored.is_integer()  # stored as 12, never as 12.0
    _refuse_if(isinstance(stored, str) or whole or read_number(stored) != stored, field)


def _check_choice(field: Field, stored: Value) -> None:
    if not isinstance(stored, str) or stored not in field.choices:
        en, zh = _expected(field)
        near = nearest(stored, field.choices) if isinstance(stored, str) else []
        meant = (f" ({asked(near)})", f"（是否指 {either(near, ' 或 ')}？）") if near else ("", "")
        raise Expected(en + meant[0], zh + meant[1])


def _check_list(field: Field, stored: Value) -> None:
    _refuse_if(not isinstance(stored, list), field)
    _check_count(stored)
    of = field.of or Field(name=field.name, type="text")
    for number, item in enumerate(stored, 1):
        _inside(field, _ITEM, number, check, of, item)


def _check_table(field: Field, stored: Value) -> None:
    _refuse_if(not isinstance(stored, list) or not all(isinstance(row, dict) for row in stored), field)
    _check_count(stored)
    for number, row in enumerate(stored, 1):
        _inside(field, _ROW, number, _check_columns, field.columns, row)
        for name, item in row.items():
            _inside(field, _ROW, number, check, field.columns[name], item)


def _check_columns(columns: Mapping[str, Field], row: Mapping[str, Any]) -> None:
    for name in row:
        if name not in columns:
            near = nearest(str(name), columns)
            mend = asked(near) if near else f"there are {_listed(columns)}"
            meant = f"是否指 {either(near, ' 或 ')}？" if near else f"现有 {_listed(columns, '、')}"
            raise Invalid(f"`{name}` is not a column; {mend}", f"没有列 `{name}`；{meant}")


def _check_count(items: list[Any] | tuple[Any, ...]) -> None:
    if len(items) > MOST_ITEMS:
        raise Expected(
            f"at most {MOST_ITEMS:,} items, not {len(items):,}", f"最多 {MOST_ITEMS:,} 项，现为 {len(items):,} 项"
        )


def _check_limits(field: Field, stored: Value) -> None:
    is_counted = isinstance(stored, list) or field.type in TEXTS
    size = len(stored) if is_counted else stored
    if field.min is not None and size < field.min:
        raise Expected(*_bound(field, field.min, stored, ("at least", "至少")))
    if field.max is not None and size > field.max:
        raise Expected(*_bound(field, field.max, stored, ("at most", "最多")))


def _bound(field: Field, bound: Value, stored: Value, words: tuple[str, str]) -> tuple[str, str]:
    en, zh = words
    if isinstance(stored, list):
        return f"{en} {bound} items", f"{zh} {bound} 项"
    if field.type in TEXTS:
        return f"{en} {bound} characters", f"{zh} {bound} 字"
    return f"{en} {show(field, bound, 'en', 'UTC')}", f"{zh} {show(field, bound, 'zh', 'UTC')}"


_CHECKS: dict[FieldType, Callable[[Field, Value], None]] = {
    **dict.fromkeys(TEXTS, _check_text),
    "integer": _check_whole,
    "number": _check_number,
    "yes_no": lambda field, stored: _refuse_if(not isinstance(stored, bool), field),
    "money": _check_whole,
    "choice": _check_choice,
    "date": lambda field, stored: _refuse_if(not isinstance(stored, str) or read_date(stored) != stored, field),
    "instant": _check_whole,
    "duration": _check_whole,
    "list": _check_list,
    "table": _check_table,
}


def _refuse_if(is_wrong: bool, field: Field) -> None:
    if is_wrong:
        raise Expected(*_expected(field))


def _expected(field: Field) -> tuple[str, str]:
    if field.type == "table":
        return rows_expected({name: column.type for name, column in field.columns.items()})
    if field.type != "choice":
        return EXPECTED[field.type]
    labelled = "、".join(f"`{name}` {words.get('zh', '')}".strip() for name, words in field.choices.items())
    return f"one of {_listed(field.choices)}", f"以下之一：{labelled}"


def _listed(names: Iterable[str], comma: str = ", ") -> str:
    return comma.join(f"`{name}`" for name in names)


def _invalid(field: Field, error: ValueError, given: Any) -> Invalid:
    # A refusal is recorded: a personal value must not get into the record by way of its error message.
    expected = error.words if isinstance(error, Expected) else {"en": str(error), "zh": str(error)}
    en, zh = f"`{field.name}` must be {expected['en']}", f"`{field.name}` 应为{expected['zh']}"
    if given is None:
        return Invalid(f"{en}, but nothing was given", f"{zh}，但没有填写")
    shown = given if isinstance(given, str) else as_written(given)
    is_kept_back = field.personal or len(shown) > 40 or not shown.isprintable() or not shown
    not_en, not_zh = ("", "") if is_kept_back else (f", not `{shown}`", f"，而不是 `{shown}`")
    mend_en, mend_zh = meant_money(shown) if field.type == "money" and not is_kept_back else ("", "")
    if field.type in TEXTS and type(given) in (int, float):
        mend_en, mend_zh = "; put the number in quotes", "；数字须加引号"
    return Invalid(en + not_en + mend_en, zh + not_zh + mend_zh)


# -- showing -----------------------------------------------------------------------------------------------------------


def show(field: Field, value: Value, language: str, zone: str) -> str:
    """The value for a screen: choices by label, money as `4.90`, instants in local time."""
    if value is None:
        return ""
    if is_sealed(value):
        return SEALED
    if field.type == "choice":
        return word(field.choices.get(value, {}), language) or str(value)
    if field.type == "yes_no":
        return ("是" if value else "否") if language.startswith("zh") else ("yes" if value else "no")
    if field.type == "instant":
        return show_instant(value, zone)
    if field.type == "duration":
        return say_duration(value, language)
    comma = "、" if language.startswith("zh") else ", "
    if field.type == "list":
        of = field.of or Field(name=field.name, type="text")
        return comma.join(show(of, item, language, zone) for item in value)
    if field.type == "table":
        return "; ".join(comma.join(_cells(field.columns, row, language, zone)) for row in value)
    return _PLAIN.get(field.type, str)(value)


def _cells(columns: Mapping[str, Field], row: Mapping[str, Value], language: str, zone: str) -> Iterable[str]:
    for name, column in columns.items():
        if name in row:
            yield f"{word(column.label, language) or name}: {show(column, row[name], language, zone)}"


def word(words: Words, language: str) -> str:
    """The text in this language, else in the first one there is."""
    return words.get(language) or next(iter(words.values()), "")


_PLAIN: dict[FieldType, Callable[[Any], str]] = {"money": show_money, "instant": rfc3339, "duration": format_duration}


def plain(field: Field, value: Value) -> Value:
    """The public form in JSON: money `4.90`, instants RFC 3339, durations as text; `read` takes it back exactly."""
    if value is None or is_sealed(value):
        return value
    if field.type == "list":
        of = field.of or Field(name=field.name, type="text")
        return [plain(of, item) for item in value]
    if field.type == "table":
        return [{name: plain(field.columns[name], item) for name, item in row.items()} for row in value]
    return _PLAIN[field.type](value) if field.type in _PLAIN else value
