"""A worker that slept through odd nights of the calendar: facts at their own instants, one message for many."""

from __future__ import annotations

import pytest

from engine import Accepted, Actor, Engine
from engine.testing import ADMIN, ManualTime
from engine.values import read_instant, rfc3339
from tests.unit.worlds import MINUTE, sources

LIN = Actor(id="lin", roles=("agent",))
BERLIN = "Europe/Berlin"

NIGHT = """
calendar: night
label: {en: Night}
zone: Europe/Berlin
weekly: {mon-sun: ["00:00-06:00"]}
"""

WATCH = """
initial: open
clocks:
  kept:
    calendar: night
    goal: 3h
    thresholds: [{at: 1h, then: [{notify: boss, message: due}]}, {at: goal, then: [{notify: boss, message: late}]}]
states:
  open:
    actions: {look: {by: [agent], to: stay}}
    timers: {round: {every: day at 02:30, late: once, then: [{notify: boss, message: told}]}}
"""

NIGHTS = [
    pytest.param(
        "2026-03-28 23:00", "2026-03-29 12:00",
        # 02:30 does not exist: the first instant after the gap; three hours from midnight end at 04:00
        ["threshold 2026-03-29T00:00:00Z", "timer 2026-03-29T01:00:00Z", "threshold 2026-03-29T02:00:00Z",
         "breach 2026-03-29T02:00:00Z"],
        id="2026-03-29, clocks put forward",
    ),
    pytest.param(
        "2026-10-24 23:00", "2026-10-25 12:00",
        # 02:30 comes twice and counts once, the first; three hours from midnight end at the second 02:00
        ["threshold 2026-10-24T23:00:00Z", "timer 2026-10-25T00:30:00Z", "threshold 2026-10-25T01:00:00Z",
         "breach 2026-10-25T01:00:00Z"],
        id="2026-10-25, clocks put back",
    ),
    pytest.param(
        "2028-02-28 04:00", "2028-03-01 03:00",
        # two hours on 28 February, the third on the 29th
        ["threshold 2028-02-28T04:00:00Z", "threshold 2028-02-29T00:00:00Z", "breach 2028-02-29T00:00:00Z",
         "timer 2028-02-29T01:30:00Z", "timer 2028-03-01T01:30:00Z"],
        id="2028-02-29, a leap day",
    ),
    pytest.param(
        "2026-12-31 05:30", "2027-01-01 12:00",
        ["threshold 2026-12-31T23:30:00Z", "timer 2027-01-01T01:30:00Z", "threshold 2027-01-01T01:30:00Z",
         "breach 2027-01-01T01:30:00Z"],
        id="2027-01-01, a new year",
    ),
]  # fmt: skip


def begun(at: str) -> tuple[Engine, ManualTime, str]:
    """A desk in Berlin with a case opened at that time."""
    texts = sources({"thing": WATCH}, calendars={"night": NIGHT})
    texts["processes/desk.yaml"] = texts["processes/desk.yaml"].replace("Asia/Shanghai", BERLIN)
    time = ManualTime(at, BERLIN)
    engine = Engine.open("memory:", time=time)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.lang.rules.listing.findings_of", lambda *_, **__: [])
        engine.publish(texts, "thing", actor=ADMIN)
    opened = engine.open_case("thing", actor=LIN)
    assert isinstance(opened, Accepted)
    return engine, time, opened.case.id


def fired(engine: Engine, case: str) -> list[str]:
    """What fell due, and when."""
    return [f"{record['verb']} {rfc3339(record['at'])}" for record in engine.history(case)[1:]]


@pytest.mark.parametrize(("begin", "end", "expected"), NIGHTS)
@pytest.mark.parametrize("every", [7 * MINUTE, 60 * MINUTE, 10_000 * MINUTE])
def test_however_long_a_worker_slept_each_fact_has_its_own_instant(
    begin: str, end: str, expected: list[str], every: int
) -> None:
    engine, time, case = begun(begin)
    until = read_instant(end, BERLIN)
    while time.now() < until:
        time.move_to(min(time.now() + every, until))
        engine.tick()
    assert fired(engine, case) == expected
    assert engine.verify().problems == ()


@pytest.mark.parametrize(("begin", "end", "expected"), NIGHTS)
def test_without_a_worker_the_next_command_finds_the_same(begin: str, end: str, expected: list[str]) -> None:
    engine, time, case = begun(begin)
    time.move_to(read_instant(end, BERLIN))
    engine.act(case, "look", actor=LIN)
    assert fired(engine, case)[:-1] == expected


def test_after_a_year_of_downtime_every_round_is_a_record_and_one_message_says_how_many() -> None:
    engine, time, case = begun("2027-03-01 01:00")
    time.move_to("2028-03-01 12:00")
    engine.tick()
    rounds = [record["at"] for record in engine.history(case) if record["verb"] == "timer"]
    assert len(rounds) == 367  # with the leap day's, from 1 March to 1 March
    assert rounds == sorted(set(rounds))
    told = [mail.message for mail in engine.outbox(status="waiting", limit=1_000)]
    assert [(one.name, one.missed, one.is_late) for one in told if one.name == "told"] == [("told", 367, True)]
    assert [one.name for one in told if one.name != "told"] == ["late"]  # the lower threshold's is superseded


def test_a_clock_set_back_by_a_night_fires_nothing_again_and_loses_nothing() -> None:
    engine, time, case = begun("2026-03-28 23:00")
    time.move_to("2026-03-29 12:00")
    engine.tick()
    found = fired(engine, case)
    time.move_to("2026-03-29 01:30")
    engine.tick()
    assert fired(engine, case) == found
    engine.act(case, "look", actor=LIN)
    look = engine.history(case)[-1]
    breach = engine.history(case)[-2]
    assert look["at"] == breach["at"] + 1
    assert look["raised"] == look["at"] - time.now()
    time.move_to("2026-03-30 12:00")
    engine.tick()
    assert fired(engine, case)[-1] == "timer 2026-03-30T00:30:00Z"
