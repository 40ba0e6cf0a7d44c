"""A desk of slips: something falls due all the time, messages and events go out, slips open slips."""

from __future__ import annotations

from pathlib import Path

from engine import Engine
from engine.app import Accepted
from engine.core.cases import Actor
from engine.ports import Person
from engine.testing import ManualTime

ADMIN = Actor(id="boss", roles=("admin",))
BEGIN = 1_772_413_200_000  # 2026-03-02 09:00 in Shanghai
HOUR = 3_600_000
END = BEGIN + 400 * HOUR
"""When all that falls due has fallen due."""

CLERK = Actor(id="lin", roles=("clerk",))

DESK = """
desk: slips
languages: [en]
zone: Asia/Shanghai
currency: CNY
assigners: [boss]
roles: {clerk: {en: Clerk}, boss: {en: Boss}}
"""

MESSAGES = """
due: {text: {en: "{case.id}: {clock.label}, {clock.left} left"}}
late: {text: {en: "{case.id} is late"}}
"""

SLIP = """
process: slip
version: 1
prefix: S
label: {en: Slip}
calendar: always
initial: lying
fields:
  remark: {type: text, label: {en: Remark}}
  who: {type: text, personal: true, label: {en: Who}}
  number: {type: text, label: {en: Number}}
incoming: {handed: {from: clerk, find: {number: number}, do: pass_on, otherwise: keep, for: 48h}}
opening:
  by: [clerk]
  form: {require: [who], allow: [number]}
clocks:
  answered:
    label: {en: Answered in ten hours}
    goal: 10h
    starts: [opening]
    met_by: [answer]
    thresholds:
      - {at: goal - 1h, then: [{notify: clerk, message: due}]}
      - {at: goal, every: 3h, max: 30, late: each, then: [{notify: boss, message: late}]}
actions:
  pass_on:
    label: {en: Pass on}
    by: [clerk]
    form: {require: [remark]}
    to: stay
  answer:
    label: {en: Answer}
    by: [clerk]
    to: answered
states:
  lying:
    label: {en: Lying}
    waiting_on: clerk
    timers:
      nag: {every: 1h, max: 40, then: [{notify: clerk, message: late}]}
      copy: {after: 5h, then: [{open: note, as: copy, with: {remark: case.id}}]}
      give_up: {after: 100h, to: dropped}
  answered: {label: {en: Answered}, final: done}
  dropped: {label: {en: Dropped}, final: failed}
"""

NOTE = """
process: note
version: 1
prefix: T
label: {en: Note}
calendar: always
initial: open
fields:
  remark: {type: text, label: {en: Remark}}
opening:
  by: [clerk]
  form: {allow: [remark]}
states:
  open:
    label: {en: Open}
    waiting_on: clerk
    timers:
      nag: {every: 2h, max: 20, then: [{notify: boss, message: late}]}
      over: {after: 50h, then: [{emit: note_over, with: {remark: case.remark}}], to: over}
  over: {label: {en: Over}, final: done}
"""

SOURCES = {
    "processes/desk.yaml": DESK,
    "processes/slip.yaml": SLIP,
    "processes/note.yaml": NOTE,
    "processes/messages/desk.yaml": MESSAGES,
}


def set_up(database: Path | str, cases: int) -> None:
    """Publish the desk and open some slips at the beginning of time."""
    with Engine.open(str(database), time=ManualTime(BEGIN), create=True) as engine:
        engine.save_person(Person(id="boss", name="Boss", roles=("admin", "boss")), actor=ADMIN)
        engine.save_person(Person(id="lin", name="Lin", roles=("clerk",)), actor=ADMIN)
        for process in ("note", "slip"):
            engine.publish(SOURCES, process, actor=ADMIN)
        for number in range(cases):
            opened = engine.open_case("slip", {"who": f"customer {number}"}, actor=CLERK)
            assert isinstance(opened, Accepted), opened
