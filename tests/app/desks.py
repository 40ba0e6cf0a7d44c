"""A small desk for tests of the engine's verbs: errands, calls that errands open, and parcels known by a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import Accepted, Actor, CaseView, Engine, Refusal
from engine.evidence.signing import SigningKey

KEY = SigningKey(bytes(range(32)))
"""By which it signs checkpoints."""

DESK = """
desk: corner_shop
languages: [en, zh]
zone: Asia/Shanghai
currency: CNY
assigners: [boss]
roles:
  agent:  {en: Agent, zh: 客服}
  runner: {en: Runner, zh: 跑腿}
  boss:   {en: Boss, zh: 老板}
parties:
  customer: {label: {en: Customer, zh: 顾客}, phone: case.phone, during: awake}
  supplier: {label: {en: Supplier, zh: 供应商}}
fields:
  phone: {type: text, personal: true, label: {en: Phone, zh: 电话}}
  note:  {type: text, label: {en: Note, zh: 备注}}
"""

AWAKE = """
calendar: awake
label: {en: Waking hours, zh: 日间}
weekly: {mon-sun: ["08:00-22:00"]}
"""

MESSAGES = """
due:      {text: {en: "{case.id} is due in {clock.left}", zh: "{case.id} 剩余 {clock.left}"}}
late:     {text: {en: "{case.id} is late", zh: "{case.id} 超时"}}
job:      {text: {en: "fetch {case.what} for {case.phone}", zh: "为 {case.phone} 取 {case.what}"}}
on_way:   {text: {en: "your {case.what} is on its way", zh: "您的 {case.what} 已在途中"}}
order_in: {text: {en: "we need {case.what} for {case.phone}", zh: "{case.phone} 需要 {case.what}"}}
"""

ERRAND = """
process: errand
version: 1
prefix: E
label: {en: Errand, zh: 跑腿}
summary: "{case.what}"
calendar: always
initial: waiting
facts: {at_work: {type: list, of: person}}
fields:
  what:   {type: text, max: 40, label: {en: What, zh: 物品}}
  runner: {type: person, role: runner, label: {en: Runner, zh: 跑腿员}}
  fee:    {type: money, min: 0, label: {en: Fee, zh: 费用}}
opening:
  by: [agent]
  form: {require: [what], allow: [phone, fee]}
clocks:
  sent:
    label: {en: Sent within 15 minutes, zh: 15 分钟内派出}
    goal: 15m
    met_by: [send]
    pauses_in: [on_hold]
    thresholds:
      - {at: goal - 5m, then: [{notify: waiting_on, message: due}]}
      - {at: goal, then: [{notify: boss, message: late}]}
      - {at: goal + 15m, every: 1h, max: 3, late: once, then: [{notify: boss, message: late}]}
actions:
  remark: {label: {en: Remark, zh: 备注}, by: [agent, boss], form: {require: [note]}, to: stay}
  drop:   {label: {en: Drop, zh: 取消}, by: [agent, boss], to: dropped}
states:
  waiting:
    label: {en: Waiting, zh: 待派}
    waiting_on: agent
    actions:
      send:
        label: {en: Send, zh: 派出}
        by: [agent]
        form: {require: [runner], allow: [note]}
        guards:
          at_work:
            must: form.runner in facts.at_work
            else: {en: "{form.runner} is not at work", zh: "{form.runner} 不在岗"}
        then:
          - {notify: case.runner, message: job}
          - {notify: customer, message: on_way}
        to: running
      hold: {label: {en: Hold, zh: 搁置}, by: [agent], to: on_hold}
      order:
        label: {en: Order from the supplier, zh: 订货}
        by: [agent]
        then: [{notify: supplier, message: order_in}, {emit: ordered, with: {what: =case.what}, failed: not_ordered}]
        to: stay
      not_ordered:
        label: {en: Could not be ordered, zh: 订货失败}
        by: []
        then: [{set: {note: no supplier}}]
        to: stay
  on_hold:
    label: {en: On hold, zh: 搁置}
    waiting_on: boss
    actions:
      resume: {label: {en: Resume, zh: 恢复}, by: [boss], to: waiting}
  running:
    label: {en: Running, zh: 途中}
    waiting_on: case.runner
    actions:
      deliver:
        label: {en: Deliver, zh: 送达}
        by: [case.runner]
        form: {require: [fee]}
        then:
          - {if: has(case.phone), open: call, as: call, with: {phone: =case.phone}}
          - {if: "!has(case.phone)", open: call, as: call}
        to: delivered
    timers:
      lost: {after: 6h, to: dropped}
  delivered: {label: {en: Delivered, zh: 已送达}, final: done}
  dropped:   {label: {en: Dropped, zh: 已取消}, final: cancelled}
"""

CALL = """
process: call
version: 1
prefix: C
label: {en: Call, zh: 回访}
calendar: always
initial: planned
opening: {by: [agent], form: {allow: [phone]}}
clocks:
  called: {label: {en: Called within a day, zh: 一日内回访}, goal: 24h, met_by: [call]}
states:
  planned:
    label: {en: Planned, zh: 待回访}
    waiting_on: boss
    actions:
      call: {label: {en: Call, zh: 回访}, by: [boss], to: called}
  called: {label: {en: Called, zh: 已回访}, final: done}
"""

PARCEL = """
process: parcel
version: 1
prefix: P
label: {en: Parcel, zh: 包裹}
summary: "{case.waybill}"
calendar: always
initial: here
key: waybill
unique: true
seen_by: [agent]
fields:
  waybill: {type: text, label: {en: Waybill, zh: 运单号}}
opening: {by: [agent], form: {require: [waybill], allow: [phone]}}
states:
  here:
    label: {en: Here, zh: 待取}
    waiting_on: agent
    actions:
      hand_out: {label: {en: Hand out, zh: 取走}, by: [agent], to: gone}
  gone: {label: {en: Gone, zh: 已取}, final: done}
"""

SOURCES: Mapping[str, str] = {
    "processes/desk.yaml": DESK,
    "processes/calendars/awake.yaml": AWAKE,
    "processes/messages/desk.yaml": MESSAGES,
    "processes/errand.yaml": ERRAND,
    "processes/call.yaml": CALL,
    "processes/parcel.yaml": PARCEL,
}

NINE = 1_772_413_200_000  # 2026-03-02 09:00 in Shanghai
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000

ADMIN = Actor(id="root", roles=("admin",))
LIN = Actor(id="lin", roles=("agent",))
MO = Actor(id="mo", roles=("agent",))
RUN = Actor(id="run", roles=("runner",))
BOSS = Actor(id="boss", roles=("boss",))
STRANGER = Actor(id="stranger", roles=("visitor",))


def sources(**changed: str) -> dict[str, str]:
    """Return the desk's files, some of them with another text."""
    return {**SOURCES, **{f"processes/{name}.yaml": text for name, text in changed.items()}}


def open_errand(engine: Engine, *, actor: Actor | str = LIN, **form: Any) -> str:
    """Open an errand; its id."""
    return done(engine.open_case("errand", {"what": "milk", **form}, actor=actor)).id


def send(engine: Engine, case: str, *, actor: Actor | str = LIN, **more: Any) -> CaseView:
    """Send the runner."""
    return done(engine.act(case, "send", {"runner": "run"}, actor=actor, facts={"at_work": ["run"]}, **more))


def deliver(engine: Engine, case: str) -> CaseView:
    """Deliver it: the errand is over, and a call is planned."""
    return done(engine.act(case, "deliver", {"fee": "4.90"}, actor=RUN))


def done(result: Accepted | Refusal) -> CaseView:
    """Return the case after a command that was carried out."""
    assert isinstance(result, Accepted), result.reasons
    return result.case


def refused(result: Accepted | Refusal) -> list[str]:
    """Return the rules by which a command was refused."""
    assert isinstance(result, Refusal), result
    return [reason.rule for reason in result.reasons]
