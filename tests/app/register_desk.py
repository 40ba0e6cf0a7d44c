"""A desk with a register of customers, and processes that go through it, enter people and name them."""

from __future__ import annotations

from engine import Actor, Engine
from engine.ports import PartyRecord

LIN = Actor(id="lin", roles=("agent",))
BOSS = Actor(id="boss", roles=("boss",))
DESK = """
desk: corner
languages: [en]
zone: Asia/Shanghai
currency: EUR
roles: {agent: {en: Agent}, boss: {en: Boss}}
parties:
  customer:
    label: {en: Customer}
    register:
      by: [agent]
      fields:
        class:
          type: choice
          default: guest
          label: {en: Class}
          choices: {guest: {en: Guest}, member: {en: Member}, vip: {en: VIP}}
        name: {type: text, personal: true, label: {en: Name}}
  supplier: {label: {en: Supplier}}
"""
VISIT = """
process: visit
version: 1
prefix: V
label: {en: Visit}
calendar: always
initial: planned
fields:
  customer: {type: text, personal: true, label: {en: Customer}}
  number: {type: text, label: {en: Number}}
opening: {by: [agent], form: {require: [customer, number]}}
schedule:
  monthly:
    every: month on 1 at 09:00
    for: {party: customer, if: "party.class == 'vip'"}
    with: {customer: =party.name, number: =party.id}
states:
  planned: {label: {en: Planned}, waiting_on: agent, actions: {made: {label: {en: Made}, by: [agent], to: over}}}
  over: {label: {en: Over}, final: done}
"""
ENROL = """
process: enrol
version: 1
prefix: E
label: {en: Membership}
calendar: always
initial: applied
fields:
  customer: {type: text, personal: true, label: {en: Customer}}
  number: {type: text, label: {en: Number}}
  class: {type: choice, label: {en: Class}, choices: {guest: {en: Guest}, vip: {en: VIP}}}
opening: {by: [agent], form: {require: [customer]}}
states:
  applied:
    label: {en: Applied}
    waiting_on: agent
    actions:
      enter:
        label: {en: Enter}
        by: [agent]
        form: {require: [number]}
        then: [{register: customer, id: =case.number, new: true, with: {class: vip, name: =case.customer}}]
        to: stay
      change:
        label: {en: Change}
        by: [agent]
        form: {require: [number, class]}
        then: [{register: customer, id: =case.number, with: {class: =case.class}}]
        to: stay
      leave: {label: {en: Leave}, by: [agent], to: over}
  over: {label: {en: Over}, final: done}
"""
JOB = """
process: job
version: 1
prefix: J
label: {en: Job}
calendar: always
initial: begun
fields:
  member: {type: party, of: customer, label: {en: Member}}
  other: {type: party, of: customer, label: {en: Another}}
  number: {type: text, label: {en: Number}}
  customer: {type: text, personal: true, label: {en: Customer}}
opening:
  by: [agent]
  form: {require: [member]}
  guards: {not_guest: {must: form.member.class != 'guest', else: {en: "{form.member} is a guest"}}}
clocks:
  answered:
    label: {en: Answered}
    goal: [{if: case.member.class == 'vip', is: 1h}, {is: 4h}]
    met_by: [answer]
actions:
  name: {label: {en: Name}, by: [agent], form: {require: [member]}, to: stay}
  enter:
    label: {en: Enter and name}
    by: [agent]
    form: {require: [number, customer]}
    then:
      - {register: customer, id: =case.number, new: true, with: {class: vip, name: =case.customer}}
      - {set: {member: =case.number, other: =case.member}}
      - {open: job, as: next, with: {member: =case.member}}
    to: stay
  answer:
    label: {en: Answer}
    by: [agent]
    to: [{if: case.member.class == 'vip' && case.member.id != 'C-9', is: thanked}, {is: answered}]
states:
  begun: {label: {en: Begun}, waiting_on: agent}
  thanked: {label: {en: Thanked}, final: done}
  answered: {label: {en: Answered}, final: done}
"""
ROUND = """
process: round
version: 1
prefix: R
label: {en: Round}
calendar: always
initial: planned
fields: {member: {type: party, of: customer, label: {en: Member}}}
opening: {by: [agent], form: {require: [member]}, then: [{open: job, as: job, with: {member: =case.member}}]}
schedule:
  daily: {every: day at 09:00, for: {party: customer, if: "party.class == 'vip'"}, with: {member: =party.id}}
states:
  planned: {label: {en: Planned}, final: done}
"""
TEXTS = {"desk": DESK, "visit": VISIT, "enrol": ENROL, "job": JOB, "round": ROUND}
SOURCES = {f"processes/{name}.yaml": text for name, text in TEXTS.items()}


def keep(engine: Engine, who: str, /, *, is_active: bool = True, **values: str) -> PartyRecord:
    return engine.save_party("customer", who, values, actor=LIN, is_active=is_active)
