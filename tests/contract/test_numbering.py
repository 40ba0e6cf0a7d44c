"""Numbers that a process supposes on a server: with all that it writes, without a gap, whoever else draws them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from engine import Accepted, Engine, Refusal
from engine.errors import KeyReused
from engine.store.postgresql import joining
from engine.store.postgresql.numbering import MOST_WANTED, Numbers
from engine.store.postgresql.store import PostgresStore
from engine.testing import ADMIN, ManualTime
from tests import postgres
from tests.app.desks import LIN, NINE, sources
from tests.contract.exchanges import counted

# -- what is supposed --------------------------------------------------------------------------------------------------


def drew(numbers: Numbers, *given: int) -> Numbers:
    for number in given:
        numbers.drew({"R": number})
    return numbers


def test_the_next_is_supposed_once_one_was_drawn() -> None:
    assert Numbers().next_of("R") is None
    numbers = drew(Numbers(), 7)
    assert (numbers.next_of("R"), numbers.next_of("C")) == (8, None)
    assert drew(numbers, 8).next_of("R") == 9


def test_where_somebody_else_has_drawn_one_some_must_be_ours_in_a_row() -> None:
    numbers = drew(Numbers(), 7)
    numbers.missed(["R"])
    assert [drew(numbers, number).next_of("R") for number in (9, 10, 11, 12)] == [None, None, 12, 13]


def test_numbers_that_went_back_are_begun_anew() -> None:
    """A backup was restored under a process that went on."""
    assert [drew(Numbers(), 7, 3).next_of("R"), drew(Numbers(), 7, 3, 4).next_of("R")] == [None, 5]


def test_where_others_draw_all_the_time_hardly_one_is_supposed_until_they_have_gone() -> None:
    dice, numbers, last, missed = Random(4), Numbers(), 0, 0
    for _ in range(4_000):
        is_ours = dice.random() < 0.25  # of four who open
        last += 1
        if not is_ours:
            continue
        supposed = numbers.next_of("R")
        if supposed not in (None, last):
            numbers.missed(["R"])
            missed += 1
        drew(numbers, last)
    assert 0 < missed <= 30
    while (supposed := numbers.next_of("R")) is None:
        last += 1
        drew(numbers, last)
    assert supposed == last + 1
    assert max(count.longer for count in numbers._counts.values()) <= MOST_WANTED


# -- openings ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres.database() as made:
        with Engine.open(made, time=ManualTime(NINE)) as engine:
            engine.publish(sources(), "errand", actor=ADMIN)
            engine.publish(sources(), "parcel", actor=ADMIN)
        yield made


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """A process that supposes what comes next."""
    with Engine.open(url, time=ManualTime(NINE)) as made:
        opened(made)
        yield made


@pytest.fixture
def other(url: str, engine: Engine) -> Iterator[Engine]:
    """Another process on the same desk."""
    with Engine.open(url, time=ManualTime(NINE)) as made:
        yield made


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many statements each message there and back holds, from now on."""
    return counted(monkeypatch)


def opened(engine: Engine, key: str | None = None) -> int:
    result = engine.open_case("errand", {"what": "milk"}, actor=LIN, key=key)
    assert isinstance(result, Accepted), result
    return int(result.record["case"].removeprefix("E-"))


def refused(engine: Engine) -> bool:
    return isinstance(engine.open_case("errand", {}, actor=LIN), Refusal)


def test_one_that_is_refused_is_one_message_and_takes_no_number(engine: Engine, trips: list[int]) -> None:
    last = opened(engine)
    trips.clear()
    assert refused(engine)
    assert opened(engine) == last + 1
    assert len(trips) == 2


def test_who_supposed_wrongly_asks_and_leaves_no_gap(engine: Engine, other: Engine, trips: list[int]) -> None:
    last = opened(engine)
    assert opened(other) == last + 1
    trips.clear()
    assert opened(engine) == last + 2
    assert len(trips) == 1 + 3  # what nothing was kept of; asked, drawn, and kept
    assert refused(other)
    assert [opened(each) for each in (other, engine, engine)] == [last + 3, last + 4, last + 5]


def test_one_under_a_key_that_was_used_elsewhere_answers_the_first(engine: Engine, other: Engine) -> None:
    first = opened(other, "twice")
    assert opened(engine, "twice") == first
    with pytest.raises(KeyReused):
        engine.open_case("errand", {"what": "bread"}, actor=LIN, key="twice")
    assert opened(engine) == first + 1


def test_of_several_in_one_transaction_the_second_number_is_asked_for(engine: Engine) -> None:
    store = engine._store
    assert isinstance(store, PostgresStore)
    last = opened(engine)
    numbers = store._supposing.numbers
    with store.write() as tx:
        assert [tx.next_number("E") for _ in range(3)] == [last + 1, last + 2, last + 3]
        assert numbers.next_of("E") == last + 1, "nothing is kept yet"
    assert numbers.next_of("E") is None, "these were several, so somebody else might be drawing"
    assert opened(engine) == last + 4


def test_one_whose_unique_key_is_asked_for_has_its_number_proven_with_that(
    engine: Engine, other: Engine, trips: list[int]
) -> None:
    def parcel(by: Engine, waybill: str) -> Accepted | Refusal:
        return by.open_case("parcel", {"waybill": waybill}, actor=LIN)

    assert [isinstance(parcel(engine, waybill), Accepted) for waybill in "ab"] == [True, True]
    trips.clear()
    assert isinstance(parcel(engine, "c"), Accepted)
    assert trips[0] == len(["BEGIN", "proof", "SAVEPOINT", "number", "question"])
    assert isinstance(parcel(engine, "a"), Refusal)
    assert isinstance(parcel(other, "d"), Accepted)
    results = [parcel(engine, waybill) for waybill in "def"]
    cases = [result.record["case"] for result in results if isinstance(result, Accepted)]
    assert cases == ["P-5", "P-6"]


def test_one_is_a_single_statement_once_that_is_usual(
    engine: Engine, other: Engine, trips: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "WORTH", 1)
    opened(engine)
    trips.clear()
    last = opened(engine)
    assert trips == [len(["proof", "opening"])]
    assert opened(other) == last + 1
    assert opened(engine) == last + 2, "as a whole it fails where the number was another"
    assert engine.verify().problems == ()
