"""What a form asks: required each time, kept where it is not given, cleared by null, each value of its type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.worlds import HOUR, MINUTE, NINE, Play, actor

Begin = Callable[..., Play]

PROCESS = """
initial: open
fields:
  level: {type: integer, min: 1, max: 5}
  share: {type: number, min: 0}
  channel: {type: choice, choices: {phone: {en: Phone}, visit: {en: Visit}}}
  day: {type: date}
  length: {type: duration}
  paper: {type: file}
  other: {type: case}
  names: {type: list, of: text}
  rows: {type: table, columns: {item: {type: text}, price: {type: money, min: 0}}}
  code: {type: text, pattern: "[A-Z]{2}[0-9]+"}
  standing: {type: integer, default: 7}
opening: {by: [agent], form: {allow: [note, standing]}}
states:
  open:
    actions:
      take: {by: [agent], form: {require: [note], allow: [level, phone], show: [standing]}, to: stay}
      any:
        by: [agent]
        form:
          allow: [level, share, channel, day, length, paper, other, names, rows, code, severe, amount, visit_at, person]
        to: stay
      nothing: {by: [agent], to: stay}
      maybe: {by: [agent], form: {allow: [note]}, guards: {there: {must: has(form.note)}}, to: stay}
"""


def begun(play: Begin, **form: Any) -> Play:
    p = play(PROCESS)
    p.open(**form)
    return p


def test_what_is_asked_is_kept_in_the_case(play: Begin) -> None:
    p = begun(play)
    p.do("take", note="x", level="3")
    assert (p.value("note"), p.value("level")) == ("x", 3)


def test_a_required_field_is_given_each_time(play: Begin) -> None:
    p = begun(play, note="there")
    assert p.refused("take") == ["form:note"]
    assert p.refused("take", note=None) == ["form:note"]
    p.do("take", note="again")


def test_one_allowed_and_not_given_stays(play: Begin) -> None:
    p = begun(play)
    p.do("take", note="x", level=3)
    p.do("take", note="y")
    assert p.value("level") == 3


ROLLED = """
calendar: office
initial: open
fields: {call_at: {type: instant, roll: next_opening}}
opening: {by: [agent], form: {allow: [call_at]}}
states:
  open:
    actions:
      agree: {by: [agent], form: {require: [call_at]}, to: stay}
      after: {by: [agent], then: [{set: {call_at: "=add(case.opened_at, '12h', 'always')"}}], to: stay}
"""


def test_an_instant_that_rolls_is_kept_as_the_next_opening(play: Begin) -> None:
    p = play(ROLLED)
    p.open(call_at="2026-03-02 09:30")
    assert p.value("call_at") == NINE + 30 * MINUTE  # open: as it was given
    p.do("agree", call_at="2026-03-02 20:00")
    assert p.value("call_at") == NINE + 24 * HOUR
    p.do("agree", call_at="2026-03-07 10:00")  # a Saturday
    assert p.value("call_at") == NINE + 7 * 24 * HOUR
    p.do("after")  # set by an effect, too
    assert p.value("call_at") == NINE + 24 * HOUR


def test_null_clears_one_that_is_allowed(play: Begin) -> None:
    p = begun(play)
    p.do("take", note="x", level=3, phone="13900000000")
    record = p.do("take", note="x", level=None, phone=None).record
    assert p.value("level") is None
    assert p.one().private.get("phone") is None
    assert record["form"] == {"note": "x", "level": None, "phone": None}
    assert record["changed"] == {"level": None, "phone": None}


def test_a_field_cleared_by_the_form_is_not_there_for_its_guards(play: Begin) -> None:
    p = begun(play)
    assert p.refused("maybe", note=None) == ["there"]
    assert p.refused("maybe") == ["there"]
    p.do("maybe", note="x")


def test_what_is_only_shown_cannot_be_given(play: Begin) -> None:
    p = begun(play)
    assert p.refused("take", note="x", standing=8) == ["form:standing"]


def test_a_default_stands_until_something_else_is_given(play: Begin) -> None:
    assert begun(play).value("standing") == 7
    assert begun(play, standing=8).value("standing") == 8
    assert begun(play, standing=None).value("standing") is None


def test_what_an_action_does_not_ask_for_is_refused_with_what_it_takes(play: Begin) -> None:
    p = begun(play)
    reasons = p.world.act(p.case, "take", {"note": "x", "levle": 1}, actor("agent:lin"))
    said = reasons[0].words["en"]
    assert "`levle`" in said
    assert "`level`" in said
    assert p.refused("nothing", note="x") == ["form:note"]


@pytest.mark.parametrize(
    ("field", "given", "stored"),
    [
        ("level", "3", 3), ("level", 5, 5), ("share", "2.50", 2.5), ("share", 2.0, 2), ("severe", "yes", True),
        ("amount", "4.90", 490), ("channel", "phone", "phone"), ("day", "2026-03-02", "2026-03-02"),
        ("visit_at", "2026-03-02 10:00", NINE + HOUR), ("visit_at", "2026-03-02T02:00:00Z", NINE + HOUR),
        ("length", "1h30m", 90 * MINUTE), ("person", "T7", "T7"), ("paper", "F-1", "F-1"), ("other", "R-1", "R-1"),
        ("names", ["a", "b"], ["a", "b"]), ("rows", [{"item": "a", "price": "1.50"}], [{"item": "a", "price": 150}]),
        ("code", "AB12", "AB12"),
    ],
)  # fmt: skip
def test_every_type_is_read_into_what_is_stored(play: Begin, field: str, given: Any, stored: Any) -> None:
    p = begun(play)
    p.do("any", **{field: given})
    assert p.value(field) == stored
    assert type(p.value(field)) is type(stored)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("level", "x"), ("level", 0), ("level", 6), ("level", 2**60), ("level", True), ("share", -1),
        ("share", float("nan")), ("severe", "perhaps"), ("amount", "4.999"), ("amount", 4.9 + 1e-9),
        ("channel", "fax"), ("day", "2026-02-30"), ("visit_at", "25:00"), ("length", "1d"), ("person", ""),
        ("names", {"a": 1}), ("rows", [{"thing": 1}]), ("rows", [{"price": "-1.00"}]), ("code", "ab12"),
        ("code", "AB12 "),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_refused_at_its_field(play: Begin, field: str, given: Any) -> None:
    p = begun(play)
    assert p.refused("any", **{field: given}) == [f"form:{field}"]
    assert p.value(field) is None


def test_nul_is_refused_and_any_other_text_is_given_back_exactly(play: Begin) -> None:
    p = begun(play)
    assert p.refused("take", note="a\0b") == ["form:note"]
    text = "\u0001 ‮ 𝕏 é e\u0301 \uffff \U0010ffff"
    p.do("take", note=text)
    assert p.value("note") == text


def test_what_is_told_wrongly_is_refused_as_a_form_would_be(play: Begin) -> None:
    p = play(
        "initial: open\nopening: {by: [agent], form: {require: [amount]},"
        " then: [{open: child, as: kid, with: {fee: =case.amount}}]}\n"
        "states: {open: {}}",
        child="initial: open\nfields: {fee: {type: money, max: 5.00}}\n"
        "opening: {by: [agent], form: {require: [fee]}}\nstates: {open: {}}",
    )
    p.open(amount="9.00")
    assert p.records(verb="open refused")[0]["refused"] == [["form", "fee"]]
    assert p.one().links == {}
    p.open(amount="5.00")
    assert p.value("fee", p.one().links["kid"]) == 500
