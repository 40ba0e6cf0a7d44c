"""First reply, next reply and solution: three promises of one process, each with its own starts, pauses and cycles."""

from __future__ import annotations

from collections.abc import Callable

from tests.unit.worlds import HOUR, MINUTE, Play

Begin = Callable[..., Play]

SUPPORT = """
initial: open
fields: {urgent: {type: yes_no, default: false}}
opening: {by: [agent], form: {allow: [urgent]}}
clocks:
  first_reply:
    goal: [{if: case.urgent, is: 30m}, {is: 1h}]
    met_by: [reply]
    on_reopen: none
    thresholds: [{at: 50%, then: [{notify: agent, message: due}]}, {at: goal, then: [{notify: boss, message: late}]}]
  next_reply:
    goal: 2h
    starts: [customer_writes]
    met_by: [reply]
    on_reopen: none
    thresholds: [{at: goal, then: [{notify: boss, message: late}]}]
  solution:
    goal: 8h
    calendar: office
    met_by: [solve]
    pauses_in: [waiting]
    on_reopen: resume
    thresholds: [{at: goal - 1h, then: [{notify: boss, message: due}]}]
actions:
  customer_writes: {by: [agent], to: stay}
states:
  open:
    waiting_on: agent
    actions:
      reply: {by: [agent], to: stay}
      ask_back: {by: [agent], to: waiting}
      solve: {by: [agent], to: solved}
  waiting: {waiting_on: customer, actions: {customer_writes: {by: [agent], to: open}}}
  solved:
    final: done
    actions: {reopen: {by: [agent], to: open}}
"""


def support(play: Begin, **form: object) -> Play:
    p = play(SUPPORT, at="2026-03-02 09:00")
    p.open(**form)
    return p


def standing(p: Play) -> tuple[str, str, str]:
    first, following, solution = (p.status(name) for name in ("first_reply", "next_reply", "solution"))
    return first, following, solution


def test_the_first_reply_meets_one_promise_and_leaves_the_solution_running(play: Begin) -> None:
    p = support(play)
    assert standing(p) == ("running", "none", "running")
    p.wait("40m")
    p.do("reply")
    assert standing(p) == ("met", "none", "running")
    assert p.used("solution") == 40 * MINUTE


def test_what_the_customer_writes_before_the_first_reply_is_answered_by_it_too(play: Begin) -> None:
    p = support(play)
    p.do("customer_writes")
    p.wait("10m")
    p.do("customer_writes")  # it runs already: the older promise counts
    p.wait("20m")
    p.do("reply")
    assert standing(p) == ("met", "met", "running")
    assert p.used("next_reply") == 30 * MINUTE


def test_each_message_of_the_customer_begins_a_cycle_of_the_next_reply(play: Begin) -> None:
    p = support(play)
    p.do("reply")
    for answered_after, result in (("30m", "met"), ("2h1m", "breached"), ("2h", "met")):
        p.do("customer_writes")
        p.wait(answered_after)
        p.do("reply")
        assert p.status("next_reply") == result
    assert p.clock("next_reply").cycle == 3
    assert p.clock("first_reply").cycle == 1


def test_waiting_for_the_customer_stops_the_solution_and_neither_reply(play: Begin) -> None:
    p = support(play)
    p.wait("10m")
    p.do("ask_back")
    assert standing(p) == ("running", "none", "paused")
    p.wait("3h")
    assert standing(p) == ("breached", "none", "paused")  # a question is no reply: the first one was due
    p.do("customer_writes")
    assert standing(p) == ("breached", "running", "running")
    assert p.used("solution") == 10 * MINUTE


def test_an_urgent_case_has_its_own_goal_for_the_first_reply_alone(play: Begin) -> None:
    p = support(play, urgent=True)
    p.wait("31m")
    assert standing(p) == ("breached", "none", "running")


def test_the_solution_counts_hours_of_the_office_and_goes_on_when_opened_again(play: Begin) -> None:
    p = support(play)
    p.do("reply")
    p.wait("7h")
    p.do("solve")
    assert standing(p) == ("met", "none", "met")
    p.until("2026-03-04 09:00")
    p.do("reopen")
    assert standing(p) == ("met", "none", "running")
    p.wait("30m")
    assert p.used("solution") == 7 * HOUR + 30 * MINUTE
    p.wait("31m")
    assert p.status("solution") == "breached"


def test_the_end_of_the_case_ends_what_was_started_and_not_kept(play: Begin) -> None:
    p = support(play)
    p.do("customer_writes")
    p.do("solve")
    assert standing(p) == ("not_needed", "not_needed", "met")
