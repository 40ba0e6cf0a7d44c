"""Which known names were probably meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.translate import asked_for, use_language
from engine.core.reasons import meant as meant_words
from engine.lang.build.notes import NOWHERE, meant
from engine.lang.diagnostics import Span, did_you_mean
from engine.nearness import asked, is_a_slip, nearest

HERE = Span("a.yaml", 9, 1, 9, 5)


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        ("quotee", ["other", "quoted", "quote"], ["quote", "quoted"]),  # each is one letter away
        ("dispached", ["dispatched", "dispatch"], ["dispatched"]),  # the other is two away
        ("reparing", ["repairing", "repaired"], ["repairing"]),
        ("agnt", ["agent", "agents"], ["agent"]),
        ("opne", ["open"], ["open"]),  # swapped
        ("xyz", ["agent"], []),
        ("Li.Wei", ["lu.wei", "li.wei"], ["li.wei"]),  # typed with capitals, and no other
        ("ABC", ["abd", "abc"], ["abc"]),
        ("xote", ["note", "quote", "vote", "tote", "rote"], ["vote", "tote", "rote"]),  # not a whole list
    ],
)
def test_the_nearest_names_are_those_one_slip_away_or_the_one_that_is_likest(
    name: str, known: list[str], found: list[str]
) -> None:
    assert nearest(name, known) == found


@given(st.text("abc", min_size=2, max_size=6), st.data())
def test_a_slip_is_found_both_ways(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name)))
    for other in (name[:at] + "x" + name[at:], name[:at] + name[at + 1 :], name[:at] + "x" + name[at + 1 :]):
        assert is_a_slip(name, other)
        assert is_a_slip(other, name)
    assert not is_a_slip(name, f"x{name}y")


def test_each_name_that_may_be_meant_is_said_with_its_place_in_either_language() -> None:
    places = {"quote": HERE._replace(line=3), "quoted": HERE._replace(line=4), "other": NOWHERE}
    assert meant("quotee", HERE, places) == (
        "did you mean `quote`, declared at line 3, or `quoted`, declared at line 4?"
    )
    assert (
        did_you_mean("quotee", ["quoted", "quote"]) == asked(["quote", "quoted"]) == "did you mean `quote` or `quoted`?"
    )
    assert meant_words("quotee", ["quote", "quoted"]) == {
        "en": " (`quote` or `quoted`?)",
        "zh": "（是否指 `quote` 或 `quoted`？）",
    }
    use_language("zh")
    try:
        assert asked_for(["quote", "quoted"]) == "是否指 `quote` 或 `quoted`？"
    finally:
        use_language("en")


def test_half_a_name_names_the_one_that_begins_so() -> None:
    assert nearest("look", ["look_at_card", "reject"]) == ["look_at_card"]
    assert nearest("look", ["look_at_card", "look_at_file_of_guest"]) == []  # either might be meant
    assert nearest("lo", ["look_at_card"]) == []


def test_of_very_many_names_only_some_that_begin_alike_are_compared() -> None:
    known = [f"z{number}" for number in range(5000)] + ["close"]
    assert nearest("clos", known) == ["close"]
    assert nearest("x", known) == []
