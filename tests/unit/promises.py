"""The process on which promises are tried, whose one clock each test declares."""

from __future__ import annotations

SIMPLE = """
initial: open
states:
  open:
    waiting_on: agent
    actions:
      answer: {by: [agent], to: stay}
      wait: {by: [agent], to: waiting}
      close: {by: [agent], to: closed}
      cancel: {by: [agent], to: cancelled}
  waiting:
    waiting_on: customer
    actions:
      go_on: {by: [agent], to: open}
      wait_more: {by: [agent], to: waiting}
      answer_while_waiting: {by: [agent], to: stay}
  closed: {final: done}
  cancelled: {final: cancelled}
clocks:
  c: {CLOCK}
"""


def simple(clock: str) -> str:
    return SIMPLE.replace("CLOCK", clock)


AT_FIELD = """
opening: {by: [agent], form: {allow: [visit_at, severe]}}
actions:
  move: {by: [agent], form: {allow: [visit_at]}, to: stay}
  mark: {by: [agent], form: {require: [severe]}, to: stay}
"""

LADDER = """
  - {at: goal - 5m, then: [{notify: [agent], message: due}]}
  - {at: goal, then: [{notify: [agent, boss], message: late}]}
  - {at: goal + 15m, then: [{notify: [boss, manager], message: late}]}
"""


def ladder(text: str) -> str:
    return "[" + ", ".join(line.strip()[2:] for line in text.strip().splitlines()) + "]"
