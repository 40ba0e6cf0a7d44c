"""JSON text is the standard library's, whoever writes it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.json_text import decode, encode, encode_sorted

TEXTS = st.text(max_size=8)  # half characters among them


def values(numbers: st.SearchStrategy[int]) -> st.SearchStrategy[Any]:
    """JSON with these whole numbers and without fractions."""
    return st.recursive(
        st.none() | st.booleans() | numbers | TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=8,
    )


JSON = values(st.integers())


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


@given(values(st.integers(-(2**63), 2**64 - 1)))
def test_a_text_says_what_it_says_to_the_standard_library(value: Any) -> None:
    text = standard(value)
    assert standard(decode(text)) == standard(json.loads(text)) == text


@given(st.integers(min_value=2**64) | st.integers(max_value=-(2**63) - 1))
def test_a_whole_number_beyond_64_bits_comes_as_the_nearest_fraction(number: int) -> None:
    """No record holds one: the language stops at 2⁵³, where other readers of JSON begin to round."""
    assert decode(str(number)) == float(number)


@pytest.mark.parametrize("text", ["", "{", "[1,]", "'a'", "{'a': 1}"])
def test_what_is_no_json_says_nothing(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting|Illegal"):
        decode(text)
