"""JSON values as text, as the standard library writes and reads them with tight separators, and much faster.

A library written for that does it; where it cannot, or may have written what is no JSON, the standard one is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from json import JSONEncoder
from json import loads as _loads
from typing import Any

from orjson import OPT_PASSTHROUGH_DATACLASS, OPT_PASSTHROUGH_DATETIME, OPT_SORT_KEYS, JSONDecodeError, dumps, loads

_JSON_ONLY = OPT_PASSTHROUGH_DATACLASS | OPT_PASSTHROUGH_DATETIME
_SORTED = _JSON_ONLY | OPT_SORT_KEYS

NULL = "null"
"""What the fast library also writes for NaN: where it stands, the standard one looks which it is.

In a text it is found in half the time that it takes in bytes.
"""


def _standard(*, sort_keys: bool) -> Callable[[Any], str]:
    return JSONEncoder(
        sort_keys=sort_keys, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
    ).encode


_encode, _encode_sorted = _standard(sort_keys=False), _standard(sort_keys=True)


def encode(value: Any) -> str:
    """The value's text, keys in their order; TypeError, ValueError or RecursionError for what is not JSON."""
    try:
        text = dumps(value, None, _JSON_ONLY).decode()
    except TypeError:  # numbers beyond 64 bits, half a character, deep nesting
        return _encode(value)
    return _encode(value) if NULL in text else text


def encode_sorted(value: Any) -> str:
    """The same with keys sorted by their code points; a fraction may be spelled in another way."""
    try:
        text = dumps(value, None, _SORTED).decode()
    except TypeError:
        return _encode_sorted(value)
    return _encode_sorted(value) if NULL in text else text


def decode(text: str) -> Any:
    """What a text says; ValueError for what is no JSON. Whole numbers beyond 64 bits come as fractions."""
    try:
        return loads(text)
    except JSONDecodeError:  # half a character, NaN, or indeed no JSON
        return _loads(text)
