"""The tests of a service that embeds the engine: they pass wherever the engine is installed, without its checkout."""

import asyncio
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine import Accepted, Actor, Conflict, KeyReused, Refusal, Search, read_sources, run_worker
from engine.testing import engine_in_memory, play_scenarios

HERE = Path(__file__).parent
SOURCES = read_sources(HERE / "processes")
LI = Actor(id="li", roles=("agent",))
SUN = Actor(id="sun", roles=("supervisor",))
HOUR = 3_600_000


def test_every_scenario_of_our_process_goes_as_it_says():
    outcomes = play_scenarios(SOURCES, "takeback")
    assert [(one.scenario, one.failure) for one in outcomes if one.failure] == []
    assert len(outcomes) == 2


def test_the_rules_can_be_tried_without_a_database(time):
    with engine_in_memory(SOURCES, "takeback", time=time) as engine:
        case = engine.open_case("takeback", {"order": "A-1"}, actor=LI).case.id
        refusal = engine.act(case, "grant", {"refund": "60.00"}, actor=LI, facts={"price": "80.00"})
        assert [reason.rule for reason in refusal.reasons] == ["authority"]


def test_the_case_is_opened_under_the_order_number(shop):
    answer = shop.ask_back("A-1", agent=LI)
    assert isinstance(answer, Accepted)
    assert shop.rows("SELECT state FROM orders") == [("coming back",)]
    [found] = shop.engine.worklist(Search(actor=LI, find="A-1")).rows
    assert found.id == answer.case.id


def test_an_order_comes_back_once(shop):
    shop.ask_back("A-1", agent=LI)
    refusal = shop.ask_back("A-1", agent=LI)
    assert isinstance(refusal, Refusal)
    assert [reason.rule for reason in refusal.reasons] == ["unique"]


def test_a_form_is_refused_by_its_fields(shop):
    refusal = shop.ask_back("", agent=LI)
    assert [(reason.rule, reason.field) for reason in refusal.reasons] == [("form", "order")]


def test_what_may_be_done_is_known_before(shop):
    case = shop.ask_back("A-1", agent=LI).case.id
    offers = {offer.action: offer for offer in shop.engine.allowed(case, actor=LI)}
    assert offers["grant"].is_allowed
    assert [(asked.field.name, asked.required) for asked in offers["grant"].form] == [("refund", True)]
    assert [reason.rule for reason in offers["decline"].reasons] == ["by"]


def test_every_reason_of_a_refusal_is_given_and_kept(shop):
    case = shop.ask_back("A-1", agent=LI).case.id
    refusal = shop.grant(case, "90.00", agent=LI)
    assert [reason.rule for reason in refusal.reasons] == ["price", "authority"]
    assert shop.engine.history(case)[-1]["refused"]


def test_an_order_that_is_not_there_leaves_no_case(shop):
    with pytest.raises(LookupError):
        shop.ask_back("A-9", agent=LI)
    assert shop.engine.verify().cases == 0
    assert shop.ask_back("A-1", agent=LI).case.id == "T-1"


def test_money_is_paid_back_once_however_often_the_event_comes(shop):
    case = shop.ask_back("A-1", agent=LI).case.id
    shop.grant(case, "40.00", agent=LI)
    seen = []
    shop.engine.on("pay_back", lambda event: (seen.append(event), shop.pay_back(event), shop.pay_back(event)))
    assert shop.engine.tick().delivered == 1
    assert shop.rows("SELECT number, amount FROM payments") == [("A-1", 4000)]
    assert shop.engine.case(case).outcome == "done"
    assert [event.kind for event in seen] == ["emit"]


def test_a_payment_that_fails_is_tried_again(shop, time):
    case = shop.ask_back("A-1", agent=LI).case.id
    shop.grant(case, "40.00", agent=LI)
    calls = []

    def unsure(event):
        calls.append(event.key)
        if len(calls) == 1:
            raise ConnectionError("the bank does not answer")
        shop.pay_back(event)

    shop.engine.on("pay_back", unsure)
    assert shop.engine.tick().failed == 1
    time.move(2_000)
    assert shop.engine.tick().delivered == 1
    assert calls[0] == calls[1]
    assert shop.engine.case(case).position == ("paid_back",)


def test_a_supervisor_hears_of_an_order_that_waits(shop, time):
    told = []
    shop.engine.on("late", lambda message: told.append((message.receiver, message.text)))
    shop.ask_back("A-1", agent=LI)
    time.move(4 * HOUR + 1)
    shop.engine.tick()
    assert told == [("supervisor", "Order A-1 waits for an answer")]


def test_a_key_is_for_one_command(shop):
    shop.sell("A-2", "5.00")
    first = shop.ask_back("A-1", agent=LI, request="web-7")
    again = shop.ask_back("A-1", agent=LI, request="web-7")
    assert (again.case.id, again.is_repeat) == (first.case.id, True)
    with pytest.raises(KeyReused):
        shop.ask_back("A-2", agent=LI, request="web-7")


def test_a_request_that_was_killed_after_its_commit_is_answered_when_it_comes_again(tmp_path):
    def request(*words):
        command = [sys.executable, str(HERE / "request.py"), *words]
        here = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}  # the engine that these tests found
        return subprocess.run(command, cwd=tmp_path, env=here, capture_output=True, text=True, timeout=60)

    killed = request("killed")
    assert (killed.returncode, killed.stdout) == (-9, ""), killed.stderr
    again = request()
    assert again.stdout == "T-1, repeated: True, [('A-1', '80.00', 'coming back')]\n", again.stderr


def test_many_threads_take_many_orders_back(shop):
    numbers = [f"B-{number}" for number in range(24)]
    for number in numbers:
        shop.sell(number, "10.00")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: shop.ask_back(number, agent=LI), numbers))
    assert len({answer.case.id for answer in answers}) == 24
    assert shop.rows("SELECT count(*) FROM orders WHERE state = 'coming back'") == [(24,)]


def test_of_many_threads_that_want_one_order_one_gets_it(shop):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: shop.ask_back("A-1", agent=LI), range(8)))
    assert sorted(type(answer) is Accepted for answer in answers) == [False] * 7 + [True]


def test_asyncio_reaches_the_engine_through_threads(shop):
    async def serve():
        case = (await asyncio.to_thread(shop.ask_back, "A-1", agent=LI)).case.id
        looks = [asyncio.to_thread(shop.engine.case, case) for _ in range(5)]
        return case, await asyncio.gather(*looks, asyncio.to_thread(shop.grant, case, "60.00", agent=SUN))

    case, answers = asyncio.run(serve())
    assert answers[-1].case.position == ("granted",)
    assert {view.id for view in answers[:-1]} == {case}


def test_a_worker_in_a_thread_of_ours_pays_as_soon_as_we_have_committed(shop):
    paid, stop = threading.Event(), threading.Event()
    shop.engine.on("pay_back", lambda event: (shop.pay_back(event), paid.set()))
    worker = threading.Thread(target=run_worker, args=(shop.engine, stop))
    worker.start()
    try:
        shop.grant(shop.ask_back("A-1", agent=LI).case.id, "40.00", agent=LI)
        assert paid.wait(60)
    finally:
        stop.set()
        worker.join(60)
    assert not worker.is_alive()
    assert shop.rows("SELECT number FROM payments") == [("A-1",)]


def test_a_screen_that_is_out_of_date_is_told(shop):
    case = shop.ask_back("A-1", agent=LI).case
    shop.grant(case.id, "40.00", agent=LI)
    with pytest.raises(Conflict):
        shop.engine.act(case.id, "paid", actor=LI, expect_revision=case.revision)
