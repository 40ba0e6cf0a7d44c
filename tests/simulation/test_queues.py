"""Simulated desks: those that can be counted by hand exactly; those that queueing theory knows, within their spread."""

from __future__ import annotations

import os
from math import factorial

import pytest

from engine.calendars import read_calendar
from engine.simulation.assumptions import Answer, Arrivals, Doing, Spread, Team
from tests.simulation.desks import HOUR, MINUTE, ZONE, agents, assumed, at, fixed, played

LONG = os.environ.get("CASEWRIGHT_LONG") == "1"


# -- counted by hand ---------------------------------------------------------------------------------------------------


def test_who_comes_while_the_only_agent_is_busy_waits_exactly_until_they_are_free() -> None:
    seen = played(assumed(at("09:00", "09:04", "09:05"), Doing(action="finish", takes=fixed(10)), teams=agents(1)))
    (agent,) = seen.roles
    # 09:00–09:10, then 09:10–09:20 (6 minutes' wait), then 09:20–09:30 (15 minutes').
    assert (agent.waited.most, agent.waited.p50, agent.mean_wait) == (15 * MINUTE, 6 * MINUTE, 7 * MINUTE)
    assert (agent.longest, agent.left, agent.done) == (2, 0, 3)
    assert agent.queue[9] == pytest.approx(21 / 60)
    assert sum(agent.queue) == agent.queue[9]
    (team,) = seen.teams
    assert team.by_hour[9] == pytest.approx(0.5)
    assert team.busy == pytest.approx(30 / (24 * 60))
    # Promised within 15 minutes: 10, 16 and 25.
    assert (seen.total.counts["met"], seen.total.counts["breached"], seen.opened, seen.closed) == (1, 2, 3, 3)
    assert seen.lasted.most == 25 * MINUTE


def test_work_waits_until_somebody_s_hours_begin_and_who_has_begun_stays() -> None:
    shift = read_calendar({"calendar": "shift", "weekly": {"mon": ["10:00-12:00", "12:30-13:00"]}}, ZONE)
    team = Team(roles=("agent",), count=1, calendar=shift)
    seen = played(
        assumed(at("08:00", "11:50", "12:10", "14:00"), Doing(action="finish", takes=fixed(20)), teams=(team,))
    )
    # 08:00 waits until 10:00; 11:50 is finished at 12:10, after hours; 12:10 waits until 12:30; 14:00 for ever.
    assert (seen.closed, seen.roles[0].left, seen.roles[0].waited.most) == (3, 1, 2 * HOUR)
    assert seen.teams[0].by_hour[12] == pytest.approx(30 / 30)
    assert seen.teams[0].by_hour[9] is None


ASK = Doing(action="ask", answers={"helper": Answer(one_of="expert")})
HERE = {"here": Answer(all_of="expert")}


def expert(**hours: list[str]) -> Team:
    return Team(roles=("expert",), count=1, calendar=read_calendar({"calendar": "x", "weekly": hours}, ZONE))


def test_a_case_waits_for_the_person_it_names() -> None:
    teams = (*agents(1), expert(mon=["00:00-24:00"]))
    answer = Doing(action="answer", takes=fixed(60))
    seen = played(assumed(at("09:00", "09:30"), ASK, answer, teams=teams, facts=HERE))
    told = next(role for role in seen.roles if role.role == "expert")
    # One is answered from 9 to 10, the other from 10 to 11, and asked again at once: one is always in line.
    assert (told.done, told.left, told.longest, told.waited.p50) == (15, 1, 1, HOUR)
    assert seen.teams[1].by_hour[12] == pytest.approx(1.0)


def test_time_passes_for_a_case_that_waits() -> None:
    teams = (*agents(1), expert(tue=["09:00-10:00"]))
    ask = Doing(action="ask", answers={"helper": Answer(plain="expert_1")})
    seen = played(
        assumed(at("09:00"), ask, Doing(action="answer"), teams=teams, facts={"here": Answer(plain=["expert_1"])})
    )
    agent, told = seen.roles
    # Nobody answers on a Monday: it lapses after two hours and is asked again, at 9, 11, …, 23.
    assert (agent.done, told.done, told.left, told.longest) == (8, 0, 1, 1)


def test_what_is_refused_is_counted_with_its_reason_and_not_tried_for_ever() -> None:
    ask = Doing(action="ask", answers={"helper": Answer(plain="somebody")})
    seen = played(assumed(at("09:00"), ask, teams=agents(1), facts={"here": Answer(plain=[])}))
    (refusal,) = seen.refused
    assert (refusal.action, refusal.rule, refusal.count, dict(refusal.words)) == ("ask", "there", 1, {"en": "Not here"})
    assert seen.stuck == 1


def test_choices_fall_as_likely_as_assumed() -> None:
    experts = Team(roles=("expert",), count=50, calendar=agents(1)[0].calendar)
    doings = (Doing(action="finish", chance=3), ASK, Doing(action="answer"))
    seen = played(assumed(Arrivals(per_hour=60), *doings, teams=(*agents(50), experts), facts=HERE))
    asked = next(role for role in seen.roles if role.role == "expert").done
    # Each case is asked about until it is finished: a third of an asking a case.
    assert asked / seen.closed == pytest.approx(1 / 3, rel=0.12)


def test_the_past_comes_again_on_its_weekdays() -> None:
    monday, thursday = at("09:00").past[0], at("09:00").past[0] + 3 * 24 * HOUR
    earlier = Arrivals(past=(monday - 70 * 24 * HOUR, thursday - 70 * 24 * HOUR))
    seen = played(assumed(earlier, Doing(action="finish"), teams=agents(1), days=15))
    assert seen.opened == 5


# -- known by theory ---------------------------------------------------------------------------------------------------


def erlang_c(servers: int, load: float) -> float:
    """The share of those who must wait, with exponential gaps and services."""
    waiting = load**servers / factorial(servers) * servers / (servers - load)
    return waiting / (sum(load**k / factorial(k) for k in range(servers)) + waiting)


@pytest.mark.parametrize(("servers", "per_hour", "days"), [(1, 6.0, 40), (3, 21.0, 12)])
def test_waiting_is_as_long_as_queueing_theory_says(servers: int, per_hour: float, days: int) -> None:
    service = 6 * MINUTE
    days *= 20 if LONG else 1
    doing = Doing(action="finish", takes=Spread("exponential", (service,)))
    seen = played(assumed(Arrivals(per_hour=per_hour), doing, teams=agents(servers), days=days), seed=3)
    load = seen.opened / (days * 24) * service / HOUR  # that really came
    expected = erlang_c(servers, load) * service / (servers - load)
    (agent,) = seen.roles
    assert agent.mean_wait == pytest.approx(expected, rel=0.04 if LONG else 0.12)
    assert seen.teams[0].busy == pytest.approx(load / servers, rel=0.03)
    # Little's law holds of any queue.
    assert sum(agent.queue) / 24 == pytest.approx(agent.mean_wait * agent.done / (days * 24 * HOUR), rel=0.001)


# -- drawn lots --------------------------------------------------------------------------------------------------------


def test_one_seed_gives_one_day_and_another_seed_another() -> None:
    busy = assumed(Arrivals(per_hour=9), Doing(action="finish", takes=Spread("uniform", (1, HOUR))), teams=agents(4))
    assert played(busy, 1) == played(busy, 1)
    assert played(busy, 1) != played(busy, 2)


def test_two_rosters_meet_the_same_cases_and_more_people_never_wait_longer() -> None:
    doing = Doing(action="finish", takes=Spread("triangular", (MINUTE, 9 * MINUTE, HOUR)))
    few, many = (played(assumed(Arrivals(per_hour=9), doing, teams=agents(count), days=3)) for count in (4, 6))
    assert few.opened == many.opened
    assert many.roles[0].mean_wait < few.roles[0].mean_wait
    assert many.total.counts["met"] > few.total.counts["met"]
