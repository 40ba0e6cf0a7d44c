"""Many at once: a serial history, nothing lost, one winner."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from engine import Accepted, Actor, Conflict, Engine
from engine.app import advancing
from engine.errors import Outrun
from engine.testing import ManualTime
from tests.app.desks import HOUR, LIN, open_errand, sources
from tests.threads import together

CLIENTS = 50


def agent(number: int) -> Actor:
    return Actor(id=f"agent{number}", roles=("agent",))


def test_fifty_clients_on_one_case_leave_a_serial_history(engine: Engine) -> None:
    case = open_errand(engine)
    results = together(CLIENTS, lambda n: engine.act(case, "remark", {"note": str(n)}, actor=agent(n)))
    assert all(isinstance(result, Accepted) for result in results)
    records = engine.history(case)
    assert [record["seq"] for record in records] == list(range(1, CLIENTS + 2))
    assert {record["form"]["note"] for record in records[1:]} == {str(number) for number in range(CLIENTS)}
    assert engine.case(case).data["note"] == records[-1]["form"]["note"]
    assert engine.case(case).revision == CLIENTS + 1


def test_of_fifty_who_claim_exactly_one_gets_it(engine: Engine) -> None:
    case = open_errand(engine)
    results = together(CLIENTS, lambda n: engine.claim(case, actor=agent(n)))
    (winner,) = [number for number, result in enumerate(results) if isinstance(result, Accepted)]
    assert engine.case(case).assignee == f"agent{winner}"


def test_of_fifty_who_saw_the_same_revision_exactly_one_acts(engine: Engine) -> None:
    case = open_errand(engine)
    results = together(CLIENTS, lambda n: engine.act(case, "remark", {"note": "x"}, actor=LIN, expect_revision=1))
    assert sum(isinstance(result, Accepted) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == CLIENTS - 1


def test_one_key_sent_by_fifty_at_once_acts_once(engine: Engine) -> None:
    results = together(CLIENTS, lambda _n: engine.open_case("errand", {"what": "milk"}, actor=LIN, key="k"))
    assert {result.case.id for result in results} == {"E-1"}
    assert sum(not result.is_repeat for result in results) == 1


def test_openings_at_once_have_numbers_of_their_own_without_gaps(engine: Engine) -> None:
    results = together(20, lambda n: engine.open_case("errand", {"what": str(n)} if n % 4 else {}, actor=agent(n)))
    ids = sorted((result.case.id for result in results if isinstance(result, Accepted)), key=lambda one: int(one[2:]))
    assert ids == [f"E-{number}" for number in range(1, 16)]


def test_a_unique_number_is_taken_once(engine: Engine) -> None:
    results = together(20, lambda n: engine.open_case("parcel", {"waybill": "SF1"}, actor=agent(n)))
    assert sum(isinstance(result, Accepted) for result in results) == 1


def test_of_fifty_who_want_one_number_all_are_answered(engine: Engine) -> None:
    """On a database with many writers the losers are decided again, on what the winner left."""
    results = together(CLIENTS, lambda n: engine.open_case("parcel", {"waybill": "SF1"}, actor=agent(n)))
    assert not [result for result in results if isinstance(result, Exception)]
    assert sum(isinstance(result, Accepted) for result in results) == 1


def test_reading_and_working_at_once_disturb_nobody(engine: Engine, time: ManualTime) -> None:
    cases = [open_errand(engine) for _ in range(10)]
    time.move(HOUR)

    def work(number: int) -> object:
        if number % 3 == 0:
            return engine.tick()
        if number % 3 == 1:
            return engine.act(cases[number % 10], "remark", {"note": str(number)}, actor=LIN)
        return engine.case(cases[number % 10]).clocks["sent"].status

    results = together(30, work)
    assert all(isinstance(result, Accepted) for result in results[1::3])
    assert all(result == "breached" for result in results[2::3])
    for case in cases:
        assert [record["verb"] for record in engine.history(case)].count("breach") == 1


def test_publishing_while_others_open_cases(engine: Engine) -> None:
    from tests.app.desks import ADMIN, ERRAND

    newer = ERRAND.replace("version: 1", "version: 2").replace("goal: 15m", "goal: 20m")

    def work(number: int) -> object:
        if number == 10:
            return engine.publish(sources(errand=newer), "errand", actor=ADMIN)
        return engine.open_case("errand", {"what": "milk"}, actor=LIN)

    _published, *opened = sorted(together(20, work), key=lambda result: isinstance(result, Accepted))
    assert {result.case.version for result in opened} <= {1, 2}
    assert engine.definition("errand").version == 2


def test_a_family_on_which_somebody_else_was_faster_is_tried_again_and_not_set_aside(
    engine: Engine, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a database with many writers it may lose a race for a key or a lock; that is nobody's fault."""
    open_errand(engine)
    time.move(HOUR)
    carry, tries = advancing.carry, list[int]()

    def outrun(*given: Any) -> Any:
        tries.append(1)
        if len(tries) == 1:
            raise Outrun
        return carry(*given)

    monkeypatch.setattr(advancing, "carry", outrun)
    assert engine.fire_some().advanced == 1
    assert (len(tries), engine.faults()) == (2, [])


def test_nobody_is_made_to_ask_for_the_catalogue_again_by_another_thread(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a server that would be a message of its own, while others wait for the number that was drawn before."""
    catalogue = engine._recipe.catalogue

    def elsewhere() -> None:
        with engine._store.read() as other:
            catalogue.library(other)

    with engine._store.read() as tx:
        library = catalogue.library(tx)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(elsewhere).result(timeout=30)
        monkeypatch.setattr(type(tx), "setting", None, raising=False)
        assert catalogue.library(tx) is library
