"""JSON text is the standard library's, whoever writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.json_text import decode, encode, encode_sorted

TEXTS = st.text(max_size=8)  # half characters among them
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def standard(value: Any, *, sort_keys: bool = False) -> str:
    return json.dumps(value, sort_keys=sort_keys, separators=(",", ":"), ensure_ascii=False)


@given(JSON)
def test_every_value_without_fractions_has_the_text_of_the_standard_library(value: Any) -> None:
    assert encode(value) == standard(value)
    assert encode_sorted(value) == standard(value, sort_keys=True)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_fraction_is_read_again_as_it_was(value: float) -> None:
    assert json.loads(encode([value])) == [value]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_refused_wherever_it_stands(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode({"a": ["null", value]})
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_sorted([[value]])


@pytest.mark.parametrize("value", [{1, 2}, b"bytes", object(), {"a": 1}.keys()])
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        encode({"a": value})


def test_what_lies_deeper_than_the_fast_library_goes_is_written_too() -> None:
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]
    assert encode(deep) == "[" * 501 + "]" * 501


@given(JSON)
def test_a_text_says_what_it_says_to_the_standard_library(value: Any) -> None:
    text = standard(value)
    said = decode(text)
    assert said == json.loads(text)
    assert standard(said) == text or any(abs(number) >= 2**63 for number in numbers(value))


def numbers(value: Any) -> Iterator[int]:
    if isinstance(value, int):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from numbers(part)


@pytest.mark.parametrize("text", ["", "{", "[1,]", "'a'", "{'a': 1}"])
def test_what_is_no_json_says_nothing(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting|Illegal"):
        decode(text)
