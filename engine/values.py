"""Single values: money, numbers, dates and instants, read from what people write and written back exactly.

Every reader returns the stored form or raises `Expected`; `engine.fields` adds the name, in English and Chinese.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any
from unicodedata import decimal

from engine.timeline import FIRST, FIRST_YEAR, LAST_YEAR, LIMIT, CalendarError, instant_at, local_time

LARGEST = 2**53 - 1
"""The largest whole number every reader of JSON keeps exactly."""

LONGEST_TEXT = 1_000_000
"""The most bytes one text may have in UTF-8."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,17}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,17}(\.[0-9]{1,17})?")
_MONEY = re.compile(r"([+-]?[0-9]{1,17})(?:\.([0-9]{1,2})0{0,15})?")
_SHORT = 16
"""Signs of an amount that is surely not too large."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
EARLIEST, LATEST = FIRST, LIMIT - 1
"""The instants that calendars cover."""

_COVERED = (f"a time between the years {FIRST_YEAR} and {LAST_YEAR}", f"{FIRST_YEAR} 年至 {LAST_YEAR} 年之间的时间")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_YES = {"yes": True, "true": True, "y": True, "是": True, "no": False, "false": False, "n": False, "否": False}

EXPECTED: Mapping[str, tuple[str, str]] = {
    "text": ("text", "文字"),
    "integer": ("a whole number like `12`", "整数，如 `12`"),
    "number": ("a number like `12` or `3.5`", "数字，如 `12` 或 `3.5`"),
    "yes_no": ("`yes` or `no`", "`是`或`否`"),
    "money": ("an amount like `4.90`, with at most two digits after the point", "金额，如 `4.90`，小数点后最多两位"),
    "date": ("a date like `2026-03-02`", "日期，如 `2026-03-02`"),
    "instant": (
        "a time like `2026-03-02 14:00` or `2026-03-02T14:00:00+08:00`",
        "时间，如 `2026-03-02 14:00` 或 `2026-03-02T14:00:00+08:00`",
    ),
    "duration": ("a duration like `15m` or `1h30m`", "时长，如 `15m` 或 `1h30m`"),
    "person": ("a person's id", "人员代号"),
    "file": ("a file's id", "文件名"),
    "case": ("a case's id", "案件编号"),
    "party": ("an id of the register", "名册编号"),
    "list": ("a list of values, or text with commas", "多个值，用逗号隔开"),
}
"""What each type of field wants, in English and in Chinese."""

_GIVEN = {
    "integer": 12, "number": 3.5, "yes_no": True, "money": "4.90", "date": "2026-03-02",
    "instant": "2026-03-02 14:00", "duration": "15m", "person": "li.wei", "list": ["…"],
}  # fmt: skip
"""A value of a type as JSON gives it, where it is no text."""


def rows_like(types: Mapping[str, str]) -> str:
    """Rows of a table with columns of these types, as JSON gives them."""
    return json.dumps([{name: _GIVEN.get(kind, "…") for name, kind in types.items()}], ensure_ascii=False)


def rows_expected(types: Mapping[str, str]) -> tuple[str, str]:
    """What a table with columns of these types wants, in English and in Chinese."""
    rows = rows_like(types)
    return f"a list of rows like `{rows}`", f"若干行，如 `{rows}`"


class Expected(ValueError):
    """Its text completes the sentence "this must be …"; `words` hold it in English and in Chinese."""

    def __init__(self, en: str, zh: str = "") -> None:
        super().__init__(en)
        self.words = {"en": en, "zh": zh or en}


def as_written(given: object) -> str:
    """What somebody gave, as a program writes it; nothing where that fails: lists too deep, an object of a host's."""
    try:
        return repr(given)
    except Exception:
        return ""


_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0x3002: ".", 0xFF61: ".", 0x2212: "-"}
"""Signs as a Chinese keyboard types them, by those they stand for; a full stop of Chinese as a decimal point."""


def in_plain_signs(text: str) -> str:
    """What was typed with wide signs or another script's digits, as an amount, a date or a time is written.

    Letter by letter: compatible forms as Unicode counts them would make 122 of `12²`.
    """
    if text.isascii():
        return text
    return "".join(str(decimal(sign)) if sign.isdecimal() else sign for sign in text.translate(_WIDE))


def folded(text: str) -> str:
    """A word as words are compared: in plain signs, without blanks around it, small and big letters alike."""
    return in_plain_signs(text).strip().casefold()


def check_text(value: str) -> None:
    """Refuse what cannot be stored and given back exactly; keep every other Unicode as it is."""
    if "\x00" in value:
        raise Expected("text without the character NUL (U+0000)", "不含 NUL 字符（U+0000）的文字")
    try:
        size = len(value) if value.isascii() else len(value.encode())
    except UnicodeEncodeError as error:
        broken = f"U+{ord(value[error.start]):04X}"
        raise Expected(
            f"text of whole characters; {broken} at position {error.start + 1} is half of one",
            f"完整的字符；第 {error.start + 1} 位的 {broken} 只是半个",
        ) from None
    if size > LONGEST_TEXT:
        raise Expected(
            f"at most {LONGEST_TEXT:,} bytes of text, not {size:,}; attach a file instead",
            f"最多 {LONGEST_TEXT:,} 字节的文字，现为 {size:,} 字节；请改附文件",
        )


def read_text(raw: Any) -> str:
    """A text as it was given."""
    if not isinstance(raw, str):
        raise Expected(*EXPECTED["text"])
    if not raw.isascii() or len(raw) > LONGEST_TEXT or "\x00" in raw:
        check_text(raw)
    return raw


def read_integer(raw: Any) -> int:
    """A whole number from a number or its digits."""
    if isinstance(raw, str) and _WHOLE.fullmatch(plain := in_plain_signs(raw).strip()):
        raw = int(plain)
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise Expected(*EXPECTED["integer"])
    check_size(raw)
    return raw


def read_number(raw: Any) -> int | float:
    """A number; one without a fraction is stored as a whole number, as JSON's canonical form does."""
    if isinstance(raw, str) and _DECIMAL.fullmatch(plain := in_plain_signs(raw).strip()):
        raw = float(plain) if "." in plain else int(plain)
    if isinstance(raw, Decimal) and raw.is_finite():
        raw = float(raw)
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not isfinite(raw):
        raise Expected(*EXPECTED["number"])
    check_size(raw)
    return int(raw) if isinstance(raw, float) and raw.is_integer() else raw


def check_size(number: float) -> None:
    """Refuse numbers that not every reader of JSON keeps exactly."""
    if abs(number) > LARGEST:
        raise Expected(f"a number between -{LARGEST} and {LARGEST}", f"-{LARGEST} 至 {LARGEST} 之间的数")


def read_yes_no(raw: Any) -> bool:
    """True or false from a boolean or a plain word for it."""
    if isinstance(raw, bool):
        return raw
    answer = _YES.get(in_plain_signs(raw).strip().lower()) if isinstance(raw, str) else None
    if answer is None:
        raise Expected(*EXPECTED["yes_no"])
    return answer


def read_money(raw: Any) -> int:
    """Minor units from `4.90`, digit by digit: binary floats refuse right amounts."""
    if isinstance(raw, str) and len(raw) < _SHORT:
        whole, _, hundredths = raw.partition(".")
        if len(hundredths) == 2 and (digits := whole + hundredths).isdecimal() and whole and digits.isascii():
            return int(digits)
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal):
        raise Expected(*EXPECTED["money"])
    written = _MONEY.fullmatch(in_plain_signs(str(raw)).strip())
    if written is None:
        raise Expected(*EXPECTED["money"])
    whole, hundredths = written.groups("")
    minor = int(whole + hundredths.ljust(2, "0"))
    if abs(minor) > LARGEST:
        raise Expected(f"an amount of at most {show_money(LARGEST)}", f"不超过 {show_money(LARGEST)} 的金额")
    return minor


_SPOKEN_MONEY = re.compile(
    r"[$€£¥A-Za-z\s]*(?P<whole>[0-9]{1,3}(?:[., ’'][0-9]{3})+|[0-9]+)"
    r"(?:(?P<point>[.,])(?P<cents>[0-9]{1,2}))?[$€£¥元A-Za-z\s]*"
)


def meant_money(text: str) -> tuple[str, str]:
    """The amount that was probably meant, `1080.00` by `1.080,00 €`, ready to stand behind; empty where two may be."""
    found = _SPOKEN_MONEY.fullmatch(in_plain_signs(text))
    if found is None or (found["point"] or "x") in found["whole"] or not (found["point"] or found["whole"].isdigit()):
        return "", ""
    likely = show_money(int(re.sub("[^0-9]", "", found["whole"])) * 100 + int((found["cents"] or "0").ljust(2, "0")))
    return f" (`{likely}`?)", f"（是否指 `{likely}`？）"


def show_money(minor: int) -> str:
    """The amount as people write it: 490 is `4.90`."""
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def read_date(raw: Any) -> str:
    """A calendar date as `YYYY-MM-DD`."""
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw.isoformat()
    text = in_plain_signs(raw).strip() if isinstance(raw, str) else ""
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise Expected("a date that exists, like `2026-03-02`", "存在的日期，如 `2026-03-02`") from None
    raise Expected(*EXPECTED["date"])


READERS: Mapping[str, Callable[[Any], Any]] = {
    "text": read_text,
    "integer": read_integer,
    "number": read_number,
    "yes_no": read_yes_no,
    "money": read_money,
    "date": read_date,
}
"""Of types that are read in the same way in every field, and give nothing that could not be stored."""


def read_instant(raw: Any, zone: str) -> int:
    """An instant from an aware datetime, RFC 3339 text, or a local time in `zone`; a finer part than ms is cut off.

    A local time that a clock change skips is the first instant after it; one that comes twice is the first of the two.
    `24:00` is the midnight that ends its day.
    """
    if isinstance(raw, datetime):
        if raw.tzinfo is None:
            raise Expected("a time with its zone", "带时区的时间")
        return check_instant(milliseconds(raw))
    found = _INSTANT.fullmatch(in_plain_signs(raw).strip()) if isinstance(raw, str) else None
    if found is None:
        raise Expected(*EXPECTED["instant"])
    try:
        return check_instant(_parsed(found, zone))
    except Expected:
        raise
    except CalendarError as error:
        if error.path == ():
            raise Expected(*_COVERED) from None
        raise Expected(f"a time in a zone that exists: {error}", f"存在的时区中的时间：{error}") from None
    except (ValueError, OverflowError):
        raise Expected("a time that exists, like `2026-03-02 14:00`", "存在的时间，如 `2026-03-02 14:00`") from None


def _parsed(found: re.Match[str], zone: str) -> int:
    day, minute, second, fraction, offset = found.groups()
    is_end = minute == "24:00" and not (second or "").strip(":0") and not (fraction or "").strip(".0")
    local = datetime.fromisoformat(
        f"{day}T{'00:00' if is_end else minute}{second or ':00'}{(fraction or '.0')[:7]:0<7}"
    )
    if is_end:  # as in calendars, the midnight that ends the day
        local += timedelta(days=1)
    if offset is None:
        return instant_at(zone, local)
    return milliseconds(datetime.fromisoformat(local.isoformat() + offset.upper().replace("Z", "+00:00")))


def check_instant(instant: int) -> int:
    """Refuse instants that no calendar covers."""
    if not EARLIEST <= instant <= LATEST:
        raise Expected(*_COVERED)
    return instant


def milliseconds(moment: datetime) -> int:
    """The stored form of an aware datetime."""
    return (moment - _EPOCH) // _MILLISECOND


def aware(instant: int) -> datetime:
    """The aware datetime of a stored instant, in UTC."""
    return _EPOCH + timedelta(milliseconds=instant)


def show_instant(instant: int, zone: str) -> str:
    """The local time for a screen; seconds and milliseconds only where there are any."""
    local = local_time(zone, instant)
    text = local.strftime("%Y-%m-%d %H:%M")
    if local.second or local.microsecond:
        text += local.strftime(":%S")
    return f"{text}.{local.microsecond // 1000:03d}" if local.microsecond else text


def rfc3339(instant: int) -> str:
    """The instant in UTC as RFC 3339 text."""
    return aware(instant).isoformat(timespec="milliseconds" if instant % 1000 else "seconds").replace("+00:00", "Z")
