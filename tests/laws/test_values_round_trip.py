"""A value given out is the value read back: nothing is lost between the store, a screen's form and a machine."""

import math
import os
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.fields import Field, Invalid, Value, check, plain, read, show
from engine.values import EARLIEST, LARGEST, LATEST

MANY = 20_000 if os.environ.get("CASEWRIGHT_LONG") else 300
ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "America/Havana"])
WHOLE = st.integers(-LARGEST, LARGEST)
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
NUMBER = st.one_of(WHOLE, st.floats(-1e15, 1e15).filter(lambda x: not x.is_integer()))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXT,
    "integer": WHOLE,
    "number": NUMBER,
    "yes_no": st.booleans(),
    "money": WHOLE,
    "choice": st.sampled_from(["phone", "online"]),
    "date": st.dates().map(lambda day: day.isoformat()),
    "instant": st.integers(EARLIEST, LATEST),
    "duration": st.integers(0, 36_525 * 86_400_000),
    "person": TEXT.filter(bool),
}
CHOICES = {"phone": {"en": "Phone"}, "online": {"en": "Online"}}
SIMPLE = st.sampled_from(sorted(VALUES)).map(lambda kind: Field(name=kind, type=kind, choices=CHOICES))  # type: ignore[arg-type]


@st.composite
def stored_values(draw: st.DrawFn) -> tuple[Field, Value]:
    one = draw(SIMPLE)
    shape = draw(st.sampled_from(["one", "list", "table"]))
    if shape == "one":
        return one, draw(VALUES[one.type])
    if shape == "list":
        return Field(name="l", type="list", of=one), draw(st.lists(VALUES[one.type], max_size=4))
    columns = {field.name: field for field in draw(st.lists(SIMPLE, max_size=3, unique_by=lambda field: field.name))}
    row = st.fixed_dictionaries({}, optional={name: VALUES[field.type] for name, field in columns.items()})
    return Field(name="t", type="table", columns=columns), draw(st.lists(row, max_size=3))


@settings(max_examples=MANY, deadline=None)
@given(stored_values(), ZONES)
def test_the_public_form_reads_back_exactly(stored: tuple[Field, Value], zone: str) -> None:
    field, value = stored
    check(field, value)
    assert read(field, plain(field, value), zone) == value
    assert isinstance(show(field, value, "zh", zone), str)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=MANY, deadline=None)
@given(SIMPLE | st.just(Field(name="l", type="list")) | st.just(Field(name="t", type="table")), ANYTHING, ZONES)
def test_whatever_is_given_is_either_stored_rightly_or_refused_in_words(field: Field, raw: Any, zone: str) -> None:
    said, value = "", None
    try:
        value = read(field, raw, zone)
    except Invalid as refused:
        said = str(refused)
    if value is None:
        assert said.startswith(f"`{field.name}`")
    else:
        check(field, value)
        assert not isinstance(value, float) or math.isfinite(value)


@settings(max_examples=MANY, deadline=None)
@given(st.integers(-(10**15), 10**15))
def test_money_is_exact_to_the_last_unit_as_text_and_as_a_float_people_can_type(minor: int) -> None:
    paid = Field(name="paid", type="money")
    written = plain(paid, minor)
    assert read(paid, written, "UTC") == minor
    if abs(minor) < 10**13:
        assert read(paid, float(written), "UTC") == minor
