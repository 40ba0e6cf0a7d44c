"""What people give by lot: as often as its weight says, and with the same lots always the same."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from engine.fields import Field
from engine.simulation.answering import Answering, Lottery
from engine.simulation.assumptions import Answer, Spread
from engine.simulation.people import Roster
from tests.simulation.desks import DAY, HOUR, MINUTE, MONDAY, ZONE, agents

NAMES = ("a", "b", "c", "d")


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=4).filter(any), st.integers())
def test_a_lottery_draws_as_the_library_does(weights: list[float], seed: int) -> None:
    things = NAMES[: len(weights)]
    ours, theirs = Random(seed), Random(seed)
    lottery = Lottery(zip(things, weights, strict=True))
    drawn = [lottery.draw(ours) for _ in range(20)]
    assert drawn == [theirs.choices(things, weights)[0] for _ in range(20)]
    assert ours.random() == theirs.random()  # and takes as many lots


FIELDS = {
    "note": Field(name="note", type="text"),
    "price": Field(name="price", type="money"),
    "at": Field(name="at", type="instant"),
    "who": Field(name="who", type="person", role="agent"),
    "here": Field(name="here", type="list", of=Field(name="item", type="person")),
}


def answering(**answers: Answer) -> Answering:
    return Answering(answers, FIELDS, ZONE, Roster(agents(2), MONDAY, MONDAY + DAY))


def test_what_never_varies_is_one_form_for_all_cases() -> None:
    fixed = answering(note=Answer(plain="seen"), price=Answer(plain="12.50"))
    assert fixed.given(Random(1), MONDAY) is fixed.given(Random(2), MONDAY + HOUR)
    assert {name: value.value for name, value in fixed.given(Random(1), MONDAY).items()} == {
        "note": "seen", "price": 1250,
    }  # fmt: skip


def test_what_cannot_be_read_is_given_as_it_is_and_left_to_the_engine_to_refuse() -> None:
    raw = answering(price=Answer(plain="dear"), note=Answer(plain=" "), at=Answer(plain=None))
    assert raw.given(Random(1), MONDAY) == {"price": "dear", "note": " ", "at": None}


def test_answers_stand_in_the_order_in_which_they_were_written() -> None:
    given = answering(
        at=Answer(ahead=Spread("fixed", (5 * MINUTE,))), note=Answer(plain="x"), who=Answer(one_of="agent"),
        here=Answer(all_of="agent"),
    ).given(Random(1), MONDAY)  # fmt: skip
    assert [*given] == ["at", "note", "who", "here"]
    assert given["at"] == "2026-03-01T16:05:00Z"
    assert given["here"].value == ["agent_1", "agent_2"]


def test_somebody_who_is_free_is_named_before_who_is_there_and_nobody_where_there_is_nobody() -> None:
    roster = Roster(agents(2), MONDAY, MONDAY + DAY)
    who = Answering({"who": Answer(one_of="agent")}, FIELDS, ZONE, roster)
    none = Answering({"who": Answer(one_of="expert")}, FIELDS, ZONE, roster)
    roster.people[0].free_since = None
    assert {who.given(Random(seed), MONDAY)["who"].value for seed in range(20)} == {"agent_2"}
    roster.people[1].free_since = None
    assert {who.given(Random(seed), MONDAY)["who"].value for seed in range(20)} == {"agent_1", "agent_2"}
    assert none.given(Random(1), MONDAY) == {"who": None}
