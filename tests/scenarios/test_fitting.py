"""A text for a pattern: whatever patterns processes use, what is proposed for a field fits it."""

from __future__ import annotations

import pytest

from engine.fields import Field, check
from engine.patterns import compile_pattern
from engine.scenarios.fitting import fitting
from engine.scenarios.placeholders import placeholder


@pytest.mark.parametrize(
    "pattern",
    [
        "[A-Z]{1,3}-[0-9]{1,8}",
        "[0-9]{8}",
        "[A-Z0-9]{6,20}",
        r"\d{4}/\d+",
        "(?:ab|c)+x?y*",
        "(?P<kind>SF|EMS) [0-9]{3}",
        "[^a-z]{2}",
        "^a.c$",
        r"\+86 1[3-9]\d{9}",
        "a{2,}?b",
        "",
        "(a(b|c){2}|d)",
        r"[\d.]+",
    ],
)
@pytest.mark.parametrize("number", [1, 2])
def test_a_pattern_takes_the_text_that_is_read_off_it(pattern: str, number: int) -> None:
    assert compile_pattern(pattern)(fitting(pattern, number)), fitting(pattern, number)


def test_a_field_with_a_pattern_has_placeholders_that_differ() -> None:
    field = Field(name="card", type="text", pattern="[0-9]{8}")
    first, second = (placeholder(field, "Asia/Shanghai", number) for number in (1, 2))
    assert first != second
    for value in (first, second):
        check(field, value)


@pytest.mark.parametrize("pattern", ["(", "[a", "a{", "\\", "(?", "[^", "a|"])
def test_a_broken_pattern_gives_some_text_and_no_trouble(pattern: str) -> None:
    assert isinstance(fitting(pattern), str)
