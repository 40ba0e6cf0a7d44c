"""Forms and facts from flags and files."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from engine.cli.forms import given_facts, given_form, pairs, read_object
from engine.cli.settings import Project
from engine.errors import NotFound, UsageError


def test_flags_lie_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "form.json").write_text('{"technician": "T1", "note": "old", "hours": 2}', "utf-8")
    form = given_form(["technician=T7", "note="], "form.json", io.StringIO())
    assert form == {"technician": "T7", "note": None, "hours": 2}


def test_a_form_comes_from_the_input_too() -> None:
    assert given_form([], "-", io.StringIO('{"paid": "4.90"}')) == {"paid": "4.90"}


def test_a_value_may_hold_equals_signs_and_any_letters() -> None:
    assert pairs(["note=a=b = 修好了"], "-f") == {"note": "a=b = 修好了"}
    assert pairs(["paid＝４．９０", "note=a＝b"], "-f") == {"paid": "４．９０", "note": "a＝b"}  # of a Chinese keyboard


@pytest.mark.parametrize("text", ["technician", "=T7", " =T7"])
def test_a_flag_without_a_name_or_value_is_explained(text: str) -> None:
    with pytest.raises(UsageError, match="does not say NAME=VALUE"):
        pairs([text], "-f")


def test_the_standing_facts_are_brought_with_every_command_and_flags_lie_over_them(tmp_path: Path) -> None:
    (tmp_path / "facts.json").write_text('{"on_shift": ["T7"]}', "utf-8")
    project = Project(file=tmp_path / "casewright.toml", values={"facts": "facts.json"})
    assert given_facts([], None, project) == {"on_shift": ["T7"]}
    assert given_facts(["on_shift=T9"], None, project) == {"on_shift": "T9"}


@pytest.mark.parametrize("text", ["[1]", "{", "[" * 100_000])
def test_a_file_that_holds_no_object_is_explained(tmp_path: Path, text: str) -> None:
    (tmp_path / "form.json").write_text(text, "utf-8")
    with pytest.raises(UsageError, match=r"`form\.json`"):
        read_object("form.json")


def test_a_missing_file_is_not_found() -> None:
    with pytest.raises(NotFound, match=r"there is no file `form.json`"):
        read_object("form.json")
