"""The one law: a case's history depends only on what was done to it and when, never on when a worker looked.

Random families are told random things, often at the very instants at which something falls due, while workers look at
random times through clocks that differ. The histories must be those of a world without any worker, in which the same
commands come at the instants at which they took effect. Three mutants show that the test sees what it is there to see.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from engine.core import decide
from engine.core.audit import seal
from engine.core.cases import Actor, Applied, Command, Family, Refused, Step
from engine.core.decide import act, carry, open_case
from engine.core.replay import replay
from engine.core.run import Run
from engine.core.sight import Context
from tests.unit.worlds import MINUTE, library
from tests.unit.worlds import NINE as START

HISTORIES = 3_000 if os.environ.get("CASEWRIGHT_LONG") else 60
END = START + 6 * 60 * MINUTE
SKEWS = (0, 3, 2 * MINUTE)
PEOPLE = (Actor(id="lin", roles=("agent",)), Actor(id="wu", roles=("boss", "agent")))

PARENT = """
initial: quiet
never_by: [case.person]
fields: {at: {type: instant}, count: {type: integer, default: 0}}
opening:
  by: [agent]
  form: {allow: [at, phone]}
  then: [{open: child, as: first, with: {phone: =case.phone}, if: has(case.phone)}]
ladders:
  usual:
    - {at: 50%, then: [{notify: waiting_on, message: due}]}
    - {at: goal, then: [{tell: children, do: poke}]}
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
  note: {by: [agent], form: {allow: [note, person, phone]}, to: stay}
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
      stirs: {every: 11m, max: 4, then: [{tell: first, do: poke}]}
      leaves: {after: 33m, to: waiting}
  waiting:
    waiting_on: customer
    actions: {back: {by: [agent], to: previous}}
    timers:
      comes: {at: case.at - 2m, to: quiet}
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

LIBRARY = library({"thing": PARENT, "child": CHILD})
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
    dues = sorted({step.record["at"] for step in play([]) if step.record["verb"] in ("timer", "threshold")})
    told = []
    for _ in range(18):
        near = lot.choice(dues) + lot.choice((0, 0, 0, 0, -1, 1))
        at = lot.choice((near, near, near, START + lot.randrange(300) * MINUTE))
        link = lot.choice(("", "", "", "first", "second"))
        verb = "do" if lot.random() < 0.9 else lot.choice(HOLDING)
        name = ("poke" if link else lot.choice(ACTIONS)) if verb == "do" else "wu" if verb == "assign" else ""
        actor = lot.choice(PEOPLE)
        told.append(Told(at, at + lot.choice((0, 0, skew, -skew)), link, verb, name, actor, given(lot, name, at)))
    return sorted(told, key=lambda one: one.at)


def given(lot: random.Random, action: str, at: int) -> dict[str, Any]:
    """A form, sometimes a wrong one."""
    if action == "wait":
        return {"at": at + lot.randrange(-5, 60) * MINUTE}
    if action == "note":
        return {"note": "x", **lot.choice(({}, {"person": "wu"}, {"phone": "13911111111"}, {"person": None}))}
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
    command = Command(
        verb="open", case="T-1", name="thing", actor=PEOPLE[0], version=1, secret="cd" * 32, form=form, is_stored=True
    )
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


# -- the law -----------------------------------------------------------------------------------------------------------


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


def differences(skew: int = 0, count: int = HISTORIES) -> list[str]:
    return [f"seed {seed}: {found}" for seed in range(count) if (found := first_difference(seed, skew))]


@pytest.mark.parametrize("skew", SKEWS)
def test_histories_do_not_depend_on_when_workers_looked_nor_on_clocks_that_differ(skew: int) -> None:
    assert differences(skew) == []


def test_the_histories_are_rich_enough_to_prove_something() -> None:
    verbs: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for seed in range(25):
        lot = random.Random(seed)
        for step in play(list(commands(lot, 0))):
            record = step.record
            verbs[record["verb"]] += 1
            seen.update(event[1] for event in record.get("clocks", ()))
            seen.update(name for name in ("refused", "not_applicable", "assignee", "changed") if name in record)
            seen.update(record.get("to", ()))
    assert min(verbs[verb] for verb in ("do", "open", "tell", "timer", "threshold", "breach", "judge")) >= 20, verbs
    assert min(verbs[verb] for verb in ("claim", "assign", "tell refused")) >= 5, verbs
    clocks = ("started", "met", "cancelled", "restarted", "changed", "paused", "resumed", "not_needed", "withdrawn")
    states = ("quiet", "waiting", "gate", "looking", "told", "closed", "awake", "asleep", "gone")
    facts = ("refused", "not_applicable", "assignee", "changed")
    assert [name for name in (*clocks, *states, *facts) if seen[name] < 3] == [], seen


def test_every_history_replays_to_the_same_records() -> None:
    for seed in range(20):
        lot = random.Random(seed)
        told = commands(lot, MINUTE)
        steps = play(happening(lot, told, looks(lot, told, MINUTE)))
        found = replay([step.text for step in steps], LIBRARY)
        assert found.flaw is None, f"seed {seed}: {found.flaw}"
        assert [step.record["seq"] for step in found.steps] == [step.record["seq"] for step in steps]


# -- mutants: each takes one rule out, and the law must be seen to break -----------------------------------------------


def without_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """What falls due at t takes effect when a worker looks at t, though a command at t comes before it."""
    next_due, is_due = Run.next_due, decide.is_due
    monkeypatch.setattr(Run, "next_due", lambda run, until: next_due(run, until + 1))
    monkeypatch.setattr(decide, "is_due", lambda family, until: is_due(family, until + 1))


def without_family(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each member is carried forward by itself, to the end, before the next."""
    carry_all: Callable[..., bool] = Run.carry

    def one_by_one(run: Run, until: int, limit: int) -> bool:
        for name in tuple(run.cases):
            others = {case: one for case, one in run.cases.items() if case != name}
            hidden = {case: one.next_due for case, one in others.items()}
            for case in hidden:
                vars(run.cases[case])["next_due"] = None
            carry_all(run, until, 10_000)
            for case, due in hidden.items():
                if run.cases[case].next_due is None and run.cases[case] is others[case]:
                    vars(run.cases[case])["next_due"] = due
        return False

    monkeypatch.setattr(Run, "carry", one_by_one)


def without_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command takes effect at whatever its machine's clock says."""
    monkeypatch.setattr(decide, "instant", lambda family, clock: clock)


@pytest.mark.parametrize(
    ("mutant", "skew", "why"),
    [
        (without_order, 0, "record "),
        (without_family, 0, "an instant lies before the one above it"),
        (without_floor, 2 * MINUTE, "an instant lies before the one above it"),
    ],
)
def test_the_law_breaks_without(
    mutant: Callable[[pytest.MonkeyPatch], None], skew: int, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 20
    assert differences(skew, count) == []
    mutant(monkeypatch)
    found = differences(skew, count)
    assert len(found) >= 3
    assert any(why in one for one in found), found
