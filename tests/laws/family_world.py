"""The random worlds of the law: a family told both ways by commands, timers and thresholds, people, and workers."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any, NamedTuple

from engine.core import decide
from engine.core.audit import seal
from engine.core.cases import Actor, Applied, Command, Family, Refused, Step
from engine.core.decide import act, carry, open_case
from engine.core.plan import Library, Plan
from engine.core.sight import Context
from tests.unit.worlds import MINUTE, library
from tests.unit.worlds import NINE as START

END = START + 6 * 60 * MINUTE
PEOPLE = (Actor(id="lin", roles=("agent",)), Actor(id="wu", roles=("boss", "agent")))

PARENT = """
initial: quiet
never_by: [case.person]
fields:
  at: {type: instant}
  seen: {type: instant}
  count: {type: integer, default: 0}
  ticks: {type: integer, default: 0}
opening:
  by: [agent]
  form: {allow: [at, phone]}
  then: [{open: child, as: first, with: {phone: =case.phone}, if: has(case.phone)}]
ladders:
  usual:
    - {at: 50%, then: [{notify: waiting_on, message: due}, {set: {ticks: "=case.ticks + 1"}}]}
    - {at: goal, then: [{tell: children, do: poke}]}
    - {at: goal + 2m, late: skip, then: [{set: {ticks: "=case.ticks + 5"}}, {notify: boss, message: late}]}
    - {at: goal + 5m, every: 7m, max: 3, if: case.count < 5, then: [{set: {count: "=case.count + 1"}}]}
clocks:
  calm: {goal: 20m, met_by: [calm_down], pauses_in: [waiting], restarts_on: [stir], repeats: true, thresholds: usual}
  child_done:
    if: "!has(linked.first) || !linked.first.final"
    goal: [{if: case.count > 2, is: 30m}, {is: 45m}]
    met_by: [hear]
    on_reopen: count_through
    thresholds: [{at: goal, then: [{open: child, as: second, with: {phone: =case.phone}, if: has(case.phone)}]}]
  point:
    goal: case.at
    starts: [wait, gate]
    met_by: [back]
    cancelled_by: [stir]
    pauses_in: [waiting]
    on_reopen: resume
    thresholds: [{at: goal - 10m, then: [{assign: boss}]}, {at: goal, then: [{tell: first, do: poke}]}]
  awake:
    goal: 50m
    pauses_when: "has(linked.first) && linked.first.state == 'asleep'"
    on_reopen: restart
    thresholds: usual
actions:
  note: {by: [agent], form: {allow: [note, person, phone, count]}, to: stay}
  stir: {by: [agent], then: [{tell: first, do: poke}], to: stay}
  hear: {by: [agent], then: [{set: {count: "=case.count + 1"}}], to: stay}
  calm_down: {by: [agent], to: [{if: case.count > 3, is: waiting}, {is: quiet}]}
  park: {by: [agent], to: gate}
  split: {by: [agent], to: both}
  close: {in: [quiet, waiting, both], by: [agent], needs: [note], to: closed}
states:
  quiet:
    waiting_on: [{if: has(case.assignee), is: assignee}, {is: agent}]
    actions:
      wait: {by: [agent], form: {require: [at]}, to: waiting}
    timers:
      stirs: {every: 11m, max: 4, late: once, then: [{tell: first, do: poke}, {notify: boss, message: told}]}
      nudges:
        every: 13m
        if: has(case.at) && now < case.at
        late: skip
        then: [{set: {seen: =now}}, {notify: boss, message: told}]
      leaves: {after: 33m, to: waiting}
  waiting:
    waiting_on: customer
    actions: {back: {by: [agent], to: previous}}
    timers:
      comes: {at: case.at - 2m, to: quiet}
      calls: {every: 19m, max: 2, then: [{open: child, as: second, with: {phone: =case.phone}, if: has(case.phone)}]}
      ends: {after: 3h, to: closed}
  gate:
    waiting_on: boss
    decide: [{if: case.count > 4, is: waiting}, {if: "has(linked.second) && linked.second.final", is: quiet}]
    timers: {opens: {after: 22m, then: [{set: {count: "=case.count + 2"}}]}}
  both:
    parallel: true
    done: [{is: quiet}]
    timers: {gives_up: {after: 44m, to: quiet}}
    states:
      search: {initial: looking, states: {looking: {timers: {found: {after: 11m, to: seen}}}, seen: {final: true}}}
      ask: {initial: asking, states: {asking: {actions: {hear: {by: [agent], to: told}}}, told: {final: true}}}
  closed: {final: done, actions: {again: {by: [agent], within: 1h, to: previous}}}
"""

CHILD = """
initial: asleep
opening: {by: [agent], form: {require: [phone]}}
clocks: {wake: {goal: 20m, met_by: [poke], repeats: true, thresholds: [{at: goal, then: [{tell: parent, do: hear}]}]}}
actions:
  poke: {by: [agent], then: [{notify: boss, message: told}], to: [{if: did.poke < 14, is: stay}, {is: gone}]}
states:
  asleep:
    waiting_on: agent
    timers: {turns: {after: 22m, then: [{tell: parent, do: stir}], to: awake}}
  awake:
    waiting_on: boss
    timers:
      nags: {every: 11m, max: 5, then: [{tell: parent, do: hear}]}
      dozes: {after: 44m, to: asleep}
  gone: {final: done}
"""

LATER = START + 90 * MINUTE
"""When a second version of the child is published, which sleeps less."""


def both_versions() -> Library:
    """The processes, the child in two versions."""
    first, later = (
        library({"thing": PARENT, "child": CHILD}),
        library({"thing": PARENT, "child": CHILD.replace("22m", "17m")}),
    )
    second = Plan(replace(later.plans["child", 1].definition, version=2))
    published = {**first.published, "child": ((0, 1), (LATER, 2))}
    return Library({**first.plans, ("child", 2): second}, published)


LIBRARY = both_versions()
ACTIONS = (*("note", "hear", "park", "split", "close", "again") * 2, "stir", "calm_down", "wait", "back")
HOLDING = ("claim", "release", "assign")


class Told(NamedTuple):
    """A command; `at` is when it really comes, `clock` what its machine shows then."""

    at: int
    clock: int
    link: str  # "" the root, else one of its links, or a case by its id
    verb: str
    name: str
    actor: Actor
    form: dict[str, Any]


class Looks(NamedTuple):
    """A worker looks; it carries forward so many firings at a time."""

    at: int
    clock: int
    limit: int


World = list[Told | Looks]


# -- what happens ------------------------------------------------------------------------------------------------------


def commands(lot: random.Random, skew: int) -> list[Told]:
    """What people do, half of it at the very instants at which something falls due, were nobody to do anything."""
    told = []
    for _ in range(18):
        near = lot.choice(DUES) + lot.choice((0, 0, 0, 0, -1, 1))
        at = lot.choice((near, near, near, START + lot.randrange(300) * MINUTE))
        link = lot.choice(("", "", "", "first", "second"))
        verb = "do" if lot.random() < 0.9 else lot.choice(HOLDING)
        name = ("poke" if link else lot.choice(ACTIONS)) if verb == "do" else "wu" if verb == "assign" else ""
        actor = lot.choice(PEOPLE)
        told.append(Told(at, at + lot.choice((0, 0, skew, -skew)), link, verb, name, actor, given(lot, name, at)))
        if name == "close":
            told.append(Told(at + 9 * MINUTE, at + 9 * MINUTE, "", "do", "again", actor, {}))
    return sorted(told, key=lambda one: one.at)


def given(lot: random.Random, action: str, at: int) -> dict[str, Any]:
    """A form, sometimes a wrong one."""
    if action == "wait":
        return {"at": at + lot.randrange(-5, 60) * MINUTE}
    if action == "note":
        return {
            "note": "x",
            **lot.choice(({}, {"person": "wu"}, {"phone": "13911111111"}, {"person": None}, {"count": 3})),
        }
    return {"at": 1} if lot.random() < 0.05 else {}


def looks(lot: random.Random, told: list[Told], skew: int) -> list[Looks]:
    """When workers look: never, often, rarely, and just when somebody acts; each sees a clock of its own."""
    kind = lot.choice(("never", "often", "hourly", "round", "random", "beside", "beside", "beside"))
    step = {"often": 3 * MINUTE + 7, "hourly": 60 * MINUTE, "round": MINUTE * 11}.get(kind, 0)
    times = list(range(START, END, step)) if step else []
    if kind == "random":
        times = [lot.randrange(START, END) for _ in range(40)]
    if kind == "beside":
        times += [one.at + lot.choice((0, 0, 0, 1)) for one in told]
    return [Looks(at, at + lot.choice((0, 0, skew, -skew)), lot.choice((1, 7, 10_000))) for at in times]


def happening(lot: random.Random, told: list[Told], seen: list[Looks]) -> World:
    """In the order of time; at one instant in any order, but commands in theirs."""
    numbered = [(one.at, 0.5, number, one) for number, one in enumerate(told)]
    numbered += [(one.at, lot.random(), 0, one) for one in seen]  # type: ignore[misc, list-item]
    return [one for *_, one in sorted(numbered, key=lambda row: row[:3])]


# -- one world ---------------------------------------------------------------------------------------------------------


def context(clock: int) -> Context:
    return Context(library=LIBRARY, clock=clock, entropy="ab" * 32, seal=seal)


def play(world: World, done: list[Told] | None = None) -> list[Step]:
    """One world: the steps it makes, up to some hours after the last command.

    `done` gets the commands at the instants at which they took effect, on the cases they reached.
    """
    form = {"phone": "13900000000", "at": START + 150 * MINUTE}
    command = Command(verb="open", case="T-1", name="thing", actor=PEOPLE[0], version=1, form=form, is_stored=True)
    opened = open_case(command, context(START), START)
    assert isinstance(opened, Applied), opened
    steps, family = list(opened.steps), opened.family
    for event in world:
        if isinstance(event, Looks):
            family = carried(family, event.clock, context(event.clock), steps, event.limit)
        else:
            family = told_to(family, event, steps, [] if done is None else done)
    carried(family, END + 60 * MINUTE, context(END), steps, 10_000)  # beyond what any worker's clock has shown
    return steps


def carried(family: Family, until: int, surroundings: Context, steps: list[Step], limit: int) -> Family:
    while True:
        found = carry(family, until, surroundings, limit)
        steps += found.steps
        family = found.family
        if not found.is_more:
            return family


def told_to(family: Family, event: Told, steps: list[Step], done: list[Told]) -> Family:
    now = decide.instant(family, event.clock)
    family = carried(family, now, context(event.clock), steps, 10_000)
    case = event.link if event.link in family.cases else family.cases["T-1"].links.get(event.link, "")
    case = case or ("" if event.link else "T-1")
    if not case:
        return family
    command = Command(
        verb=event.verb, case=case, name=event.name, actor=event.actor, form=event.form, is_stored=True  # type: ignore[arg-type]
    )  # fmt: skip
    outcome = act(family, command, context(event.clock), now)
    assert isinstance(outcome, Applied | Refused)
    assert outcome.family is not None
    steps += outcome.steps
    done.append(event._replace(at=now, clock=now, link=case))
    return outcome.family


def history(steps: list[Step]) -> list[dict[str, Any]]:
    """What may not differ between two worlds."""
    beside = ("recorded_at", "prev", "raised")
    return [{name: value for name, value in step.record.items() if name not in beside} for step in steps]


FIRED = {step.record["at"] for step in play([]) if step.record["verb"] in ("timer", "threshold")}
DUES = sorted(at for at in FIRED if at < END)
"""When something falls due, were nobody to do anything."""


# -- the law ---------------------------------------------------------------------------------------------------------


def first_difference(seed: int, skew: int) -> str:
    """Where a world with workers and one without part; empty where they do not."""
    lot = random.Random(f"{seed} {skew}")
    told = commands(lot, skew)
    done: list[Told] = []
    busy = play(happening(lot, told, looks(lot, told, skew)), done)
    ats = [step.record["at"] for step in busy]
    if ats != sorted(ats):
        return "an instant lies before the one above it"
    quiet = play(list(done if skew else told))  # where no clock differs, no worker moves what people do
    if history(busy) != history(quiet):
        pairs = enumerate(zip(history(busy), history(quiet), strict=False))
        return next((f"record {n}: {a} / {b}" for n, (a, b) in pairs if a != b), "one has more records")
    return ""


def differences(skew: int, seeds: range) -> list[str]:
    """The seeds that break the law, and where."""
    return [f"seed {seed}: {found}" for seed in seeds if (found := first_difference(seed, skew))]
