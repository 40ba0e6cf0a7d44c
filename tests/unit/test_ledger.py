"""A promise's ledger adds up to the millisecond, and says why and whose turn it was."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from engine.core.promises.ledger import Interval, Stood, ledger_of
from tests.unit.worlds import HOUR, MINUTE, NINE, Play, actor

Begin = Callable[..., Play]

PROCESS = """
initial: open
opening: {by: [agent], form: {allow: [visit_at]}, counts_from: case.visit_at}
actions: {mark: {by: [agent], form: {require: [severe]}, to: stay}, note_it: {by: [agent], to: stay}}
states:
  open:
    waiting_on: agent
    actions: {wait: {by: [agent], to: waiting}, close: {by: [agent], to: closed}, restart: {by: [agent], to: stay}}
  waiting: {waiting_on: customer, actions: {go_on: {by: [agent], to: open}}}
  closed: {final: done, actions: {reopen: {by: [agent], to: open}}}
clocks:
  c: {CLOCK}
"""


def ledger(p: Play) -> list[Interval]:
    one = p.one()
    history = [Stood(step.record["at"], step.case) for step in p.world.steps if step.case.id == one.id]
    return list(ledger_of(p.world.library.plan("thing", 1), "c", history, p.now))


def shown(p: Play) -> list[tuple[int, str, int, int, int]]:
    """Cycle, status, from and to in minutes since nine, minutes used."""
    return [
        (i.cycle, i.status, (i.start - NINE) // MINUTE, (i.end - NINE) // MINUTE, i.used // MINUTE) for i in ledger(p)
    ]


def begun(play: Begin, clock: str, at: str = "2026-03-02 09:00", **form: str) -> Play:
    p = play(PROCESS.replace("CLOCK", clock), at=at)
    p.open(**form)
    return p


def test_running_and_paused_are_told_apart_with_the_reason_and_whose_turn_it_was(play: Begin) -> None:
    p = begun(play, "goal: 1h, pauses_in: [waiting]")
    p.wait("10m")
    p.do("wait")
    p.wait("20m")
    p.do("go_on")
    p.wait("5m")
    assert shown(p) == [(1, "running", 0, 10, 10), (1, "paused", 10, 30, 0), (1, "running", 30, 35, 5)]
    assert [(one.why, one.turn) for one in ledger(p)] == [
        ((), ("role:agent",)), (("waiting",), ("party:customer",)), ((), ("role:agent",)),
    ]  # fmt: skip


def test_hours_outside_the_calendar_are_told_apart(play: Begin) -> None:
    p = begun(play, "goal: 10h, calendar: office", at="2026-03-02 16:00")
    p.until("2026-03-03 10:00")
    assert shown(p) == [(1, "running", 420, 480, 60), (1, "closed", 480, 1440, 0), (1, "running", 1440, 1500, 60)]


def test_records_that_change_nothing_do_not_cut_it(play: Begin) -> None:
    p = begun(play, "goal: 1h")
    for _ in range(3):
        p.wait("3m")
        p.do("note_it")
    assert shown(p) == [(1, "running", 0, 9, 9)]


def test_every_cycle_has_its_own(play: Begin) -> None:
    p = begun(play, "goal: 1h, restarts_on: [restart]")
    p.wait("10m")
    p.do("restart")
    p.wait("5m")
    assert shown(p) == [(1, "running", 0, 10, 10), (2, "running", 10, 15, 5)]


def test_a_finished_cycle_ends_where_it_ended(play: Begin) -> None:
    p = begun(play, "goal: 1h, met_by: [wait]")
    p.wait("10m")
    p.do("wait")
    p.wait("5h")
    assert shown(p) == [(1, "running", 0, 10, 10)]


def test_a_slip_typed_in_late_counts_from_before_its_record(play: Begin) -> None:
    p = begun(play, "goal: 1h", visit_at="2026-03-02 08:40")
    p.wait("10m")
    assert shown(p) == [(1, "running", -20, 0, 20), (1, "running", 0, 10, 10)]
    assert ledger(p)[0].turn == ()  # nobody had it yet


@pytest.mark.parametrize(
    ("policy", "closed"), [("resume", []), ("count_through", [(1, "running", 10, 40, 30)])]
)  # fmt: skip
def test_closed_time_stands_in_it_where_it_counts(
    play: Begin, policy: str, closed: list[tuple[int, str, int, int, int]]
) -> None:
    p = begun(play, f"goal: 5h, on_reopen: {policy}")
    p.wait("10m")
    p.do("close")
    p.wait("30m")
    p.do("reopen")
    p.wait("5m")
    assert shown(p) == [(1, "running", 0, 10, 10), *closed, (1, "running", 40, 45, 5)]


CLOCKS = (
    "goal: 3h, pauses_in: [waiting], pauses_when: has(case.severe) && case.severe, calendar: office, on_reopen: resume",
    "goal: 40m, restarts_on: [restart], pauses_in: [waiting], on_reopen: count_through",
    "goal: [{if: has(case.severe), is: 30m}, {is: 2h}], met_by: [wait], repeats: true, on_reopen: restart",
    "goal: end_of_business_day, calendar: office, pauses_in: [waiting], starts: [opening, restart], on_reopen: none",
    "goal: 2h, if: '!has(case.severe) || !case.severe', met_by: [close], on_change: restart, on_reopen: resume",
)
WHO = actor("agent:lin")
LENGTHS = (0, 1, 59_999, 7 * MINUTE, 33 * MINUTE, 3 * HOUR, 19 * HOUR)


@pytest.mark.parametrize("clock", CLOCKS)
def test_ledger_and_head_agree_whatever_happens(play: Begin, clock: str) -> None:
    for seed in range(6):
        lot = random.Random(f"{seed} {clock}")
        p = begun(play, clock, visit_at=lot.choice(["2026-03-02 08:40", "2026-03-02 09:00"]))
        for _ in range(25):
            p.world.wait_until(p.now + lot.choice(LENGTHS))
            action = lot.choice(["wait", "go_on", "close", "reopen", "restart", "mark", "note_it"])
            p.world.act(p.case, action, {"severe": lot.random() < 0.5} if action == "mark" else {}, WHO)
        spent = sum(one.used for one in ledger(p) if one.cycle == p.clock().cycle)
        assert spent == p.used(), seed
        for one, after in zip(ledger(p), ledger(p)[1:], strict=False):
            assert one.end <= after.start
