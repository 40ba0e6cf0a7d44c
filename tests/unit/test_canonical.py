"""One text for each JSON value: the quick way writes the bytes of RFC 8785."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from engine.core.audit import canonical

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",)), max_size=4), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(JSON)
def test_every_value_has_the_text_of_the_standard(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value).decode()


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-7, "1e-7"), ([1.0], "[1]"), ({"b": -2.5e21, "a": "x:1.5"}, '{"a":"x:1.5","b":-2.5e+21}'), (0.5, "0.5")],
)
def test_a_fraction_is_found_wherever_it_stands(value: Any, text: str) -> None:
    assert canonical(value) == text
