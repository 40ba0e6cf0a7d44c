"""Lists: what waits on whom, least time first; found by phone, name, number; pages; how many are behind."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Actor, Engine, Search
from engine.testing import ManualTime
from tests.app.desks import BOSS, HOUR, LIN, MINUTE, MO, RUN, STRANGER, deliver, done, open_errand, send


def listed(engine: Engine, actor: Actor = LIN, **how: Any) -> list[str]:
    return [row.id for row in engine.worklist(Search(actor=actor, **how)).rows]


def test_a_list_shows_what_waits_on_me_or_my_roles(engine: Engine) -> None:
    one, two = open_errand(engine), open_errand(engine)
    send(engine, two)
    assert listed(engine) == [one]
    assert listed(engine, RUN) == [two]
    assert listed(engine, BOSS) == []
    done(engine.assign(one, "boss", actor=BOSS))
    assert listed(engine, BOSS) == [one]


def test_least_time_comes_first_overdue_on_top_paused_at_the_bottom(engine: Engine, time: ManualTime) -> None:
    late = open_errand(engine)
    time.move(10 * MINUTE)
    paused = open_errand(engine)
    time.move(MINUTE)
    soon, same = open_errand(engine), open_errand(engine)
    done(engine.act(paused, "hold", actor=LIN))
    no_promise = done(engine.open_case("parcel", {"waybill": "SF1"}, actor=LIN)).id
    time.move(5 * MINUTE)
    engine.tick()
    both = Actor(id="lin", roles=("agent", "boss"))
    assert listed(engine, both) == [late, soon, same, paused, no_promise]
    assert listed(engine, both, overdue=True) == [late]


def test_of_equal_goals_the_earlier_arrival_comes_first(engine: Engine, time: ManualTime) -> None:
    ids = [done(engine.open_case("parcel", {"waybill": str(number)}, actor=LIN)).id for number in range(3)]
    time.move(1)
    assert listed(engine) == ids


def test_a_list_is_narrowed_by_what_is_asked(engine: Engine, time: ManualTime) -> None:
    held, other = open_errand(engine), open_errand(engine)
    done(engine.claim(held, actor=LIN))
    send(engine, other)
    parcel = done(engine.open_case("parcel", {"waybill": "SF1"}, actor=LIN)).id
    assert listed(engine, mine=True) == [held]
    assert listed(engine, MO, mine=True) == []
    assert listed(engine, process="parcel") == [parcel]
    assert listed(engine, all=True, state="running") == [other]
    assert listed(engine, BOSS, queue="agent", process="errand") == [held]
    assert listed(engine, due_within=15 * MINUTE) == []
    time.move(1)
    assert listed(engine, due_within=15 * MINUTE) == [held]


def test_closed_cases_are_listed_when_asked_for(engine: Engine) -> None:
    case = open_errand(engine)
    done(engine.act(case, "drop", actor=LIN))
    assert listed(engine, all=True) == []
    assert listed(engine, all=True, is_open=False) == [case]


# ---------------------------------------------------------------- finding


@pytest.mark.parametrize("text", ["139 0000 0001", "13900000001", "(139) 0000-0001"])
def test_a_case_is_found_by_its_phone_however_it_is_written(engine: Engine, text: str) -> None:
    case = open_errand(engine, phone="139-0000-0001")
    open_errand(engine, phone="139-0000-0002")
    assert listed(engine, find=text) == [case]
    assert listed(engine, find="139") == []  # whole values only: they are stored as marks


def test_a_case_is_found_by_a_name_in_any_script_and_case(engine: Engine) -> None:
    case = open_errand(engine, phone="吴敏 Wu Min")
    assert listed(engine, find="吴敏 wu min") == [case]


def test_a_case_is_found_by_its_number_and_its_business_key(engine: Engine) -> None:
    case = done(engine.open_case("parcel", {"waybill": "SF100"}, actor=LIN)).id
    assert listed(engine, find="SF100") == [case]
    assert listed(engine, find=case) == [case]
    assert listed(engine, find="SF1") == []


def test_closed_cases_are_found_too(engine: Engine) -> None:
    case = open_errand(engine, phone="139")
    done(engine.act(case, "drop", actor=LIN))
    assert listed(engine, find="139") == [case]


def test_a_phone_that_was_changed_is_found_no_more(engine: Engine) -> None:
    done(engine.open_case("call", {"phone": "139"}, actor=LIN))
    assert listed(engine, find="139") == ["C-1"]
    assert listed(engine, find="138") == []


def test_nobody_finds_what_they_may_not_read(engine: Engine) -> None:
    open_errand(engine, phone="139")
    found = engine.worklist(Search(actor=STRANGER, find="139"))
    assert (found.rows, found.total) == ((), 1)  # that there is one is said, so that they ask who may


# ---------------------------------------------------------------- pages


def test_pages_follow_each_other_and_lose_nothing(engine: Engine, time: ManualTime) -> None:
    ids = []
    for number in range(7):
        ids.append(open_errand(engine))
        time.move(number % 2)
    seen, after = [], None
    for _ in range(4):
        page = engine.worklist(Search(actor=LIN, limit=2, after=after))
        assert page.total == 7
        seen += [row.id for row in page.rows]
        after = page.next
    assert seen == ids
    assert after is None


def test_the_last_full_page_leads_to_an_empty_one(engine: Engine) -> None:
    open_errand(engine)
    page = engine.worklist(Search(actor=LIN, limit=1))
    assert page.next is not None
    assert engine.worklist(Search(actor=LIN, limit=1, after=page.next)).rows == ()


# ---------------------------------------------------------------- what is behind


def test_what_is_late_is_found_though_no_worker_has_looked_at_it(engine: Engine, time: ManualTime) -> None:
    """Ten minutes after the goal `list --overdue` found no case, where no worker ran."""
    case = open_errand(engine)
    time.move(15 * MINUTE)
    assert listed(engine, overdue=True) == []
    time.move(1)
    page = engine.worklist(Search(actor=LIN, overdue=True))
    assert ([row.id for row in page.rows], page.total, page.behind) == ([case], 1, 1)
    engine.tick()
    assert listed(engine, overdue=True) == [case]


def test_a_list_says_how_many_cases_no_worker_has_looked_at(engine: Engine, time: ManualTime) -> None:
    case = open_errand(engine)
    time.move(HOUR)
    found = engine.worklist(Search(actor=LIN))
    assert found.behind == 1
    assert found.rows[0].clocks["sent"].status == "breached"  # shown as it is
    engine.tick()
    assert engine.worklist(Search(actor=LIN)).behind == 0
    assert listed(engine, overdue=True) == [case]


def test_a_row_carries_what_a_screen_needs(engine: Engine) -> None:
    case = open_errand(engine, phone="139")
    send(engine, case)
    deliver(engine, case)
    (row,) = engine.worklist(Search(actor=BOSS)).rows
    assert (row.id, row.process, row.position) == ("E-1.1", "call", ("planned",))
    assert row.clocks["called"].status == "running"
