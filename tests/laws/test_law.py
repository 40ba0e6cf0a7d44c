"""The one law: a case's history depends only on what was done to it and when, never on when a worker looked.

Random families are told random things while workers look at random times, with clocks that differ. The histories must
be those of a world without a worker. Three mutants show that the test sees what it is there to see.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from engine.core import decide
from engine.core.audit import seal
from engine.core.cases import Actor, Applied, Command, Family, Refused, Step
from engine.core.decide import act, carry, open_case
from engine.core.plan import Library, Plan
from engine.core.replay import replay
from engine.core.run import Run
from engine.core.sight import Context
from engine.lang.load import load_process

HISTORIES = 4_000 if os.environ.get("CASEWRIGHT_LONG") else 150
START = 1_772_413_200_000
MINUTE = 60_000
END = START + 12 * 60 * MINUTE
ANYBODY = Actor(id="lin", roles=("agent",))

DESK = """
desk: test
languages: [en]
zone: Asia/Shanghai
currency: CNY
roles: {agent: {en: Agent}, boss: {en: Boss}}
"""

MESSAGES = """
due: {text: {en: "{case.id} {clock.left}"}}
told: {text: {en: "{case.id} {did.poke}"}}
"""

ERRAND = """
process: errand
version: 1
prefix: P
label: {en: Errand}
calendar: always
initial: quiet
fields:
  at: {type: instant, label: {en: At}}
  count: {type: integer, default: 0, label: {en: Count}}
opening:
  by: [agent]
  form: {allow: [at]}
  then: [{open: chore, as: first}]
ladders:
  usual:
    - {at: 50%, then: [{notify: boss, message: due}]}
    - {at: goal, then: [{tell: children, do: poke}]}
    - {at: goal + 5m, every: 7m, max: 3, then: [{set: {count: "=case.count + 1"}}]}
clocks:
  calm:
    label: {en: Calm}
    goal: 20m
    met_by: [calm_down]
    pauses_in: [waiting]
    restarts_on: [stir]
    repeats: true
    thresholds: usual
  child_done:
    label: {en: Child done}
    if: has(linked.first) && !linked.first.final
    goal: [{if: case.count > 2, is: 30m}, {is: 45m}]
    met_by: [hear]
    thresholds: [{at: goal, then: [{open: chore, as: second}]}]
actions:
  note: {label: {en: Note}, by: [agent], to: stay}
  stir: {label: {en: Stir}, by: [agent], then: [{tell: first, do: poke}], to: stay}
  hear: {label: {en: Hear}, by: [agent], then: [{set: {count: "=case.count + 1"}}], to: stay}
  calm_down: {label: {en: Calm down}, by: [agent], to: [{if: case.count > 3, is: waiting}, {is: quiet}]}
states:
  quiet:
    label: {en: Quiet}
    waiting_on: agent
    actions:
      wait: {label: {en: Wait}, by: [agent], form: {require: [at]}, to: waiting}
    timers:
      stirs: {every: 11m, max: 4, then: [{tell: first, do: poke}]}
      leaves: {after: 33m, to: waiting}
  waiting:
    label: {en: Waiting}
    waiting_on: boss
    actions:
      back: {label: {en: Back}, by: [agent], to: previous}
    timers:
      comes: {at: case.at - 2m, to: quiet}
      ends: {after: 3h, to: closed}
  closed: {label: {en: Closed}, final: done}
"""

CHORE = """
process: chore
version: 1
prefix: K
label: {en: Chore}
calendar: always
initial: sleeping
opening: {by: [agent]}
clocks:
  wake:
    label: {en: Awake}
    goal: 20m
    met_by: [poke]
    repeats: true
    thresholds: [{at: goal, then: [{tell: parent, do: hear}]}]
actions:
  poke: {label: {en: Poke}, by: [agent], then: [{notify: boss, message: told}], to: [{if: did.poke < 9, is: stay}, {is: gone}]}
states:
  sleeping:
    label: {en: Sleeping}
    waiting_on: agent
    timers:
      turns: {after: 22m, then: [{tell: parent, do: stir}], to: awake}
  awake:
    label: {en: Awake}
    waiting_on: boss
    timers:
      nags: {every: 11m, max: 5, then: [{tell: parent, do: hear}]}
      sleeps: {after: 44m, to: sleeping}
  gone: {label: {en: Gone}, final: done}
"""

SOURCES = {
    "processes/desk.yaml": DESK,
    "processes/messages/desk.yaml": MESSAGES,
    "processes/errand.yaml": ERRAND,
    "processes/chore.yaml": CHORE,
}


def loaded(process: str) -> Plan:
    found = load_process(SOURCES, process)
    assert found.definition is not None, found.diagnostics
    return Plan(found.definition)


LIBRARY = Library(
    {("errand", 1): loaded("errand"), ("chore", 1): loaded("chore")}, {"errand": ((0, 1),), "chore": ((0, 1),)}
)


class Told(NamedTuple):
    """A command at a time of the clock that its machine shows."""

    clock: int
    link: str  # "" the root, else one of its links
    action: str
    form: dict[str, Any]


class Looks(NamedTuple):
    """A worker looks; its machine's clock may differ from the others'."""

    at: int
    clock: int


def commands(lot: random.Random) -> list[Told]:
    """What people do: often at round minutes, where things fall due."""
    times = sorted(START + lot.choice((lot.randrange(0, 300) * MINUTE, lot.randrange(300 * MINUTE))) for _ in range(12))
    told = []
    for at in times:
        action = lot.choice(("note", "stir", "hear", "calm_down", "wait", "back", "poke", "poke"))
        link = lot.choice(("first", "second")) if action == "poke" else ""
        form = {"at": at + lot.randrange(-5, 60) * MINUTE} if action == "wait" else {}
        told.append(Told(at, link, action, form))
    return told


def looks(lot: random.Random, skew: int) -> list[Looks]:
    """When workers look: never, often, rarely, two at once."""
    kind = lot.choice(("never", "often", "hourly", "round", "random"))
    step = {"often": 3 * MINUTE + 7, "hourly": 60 * MINUTE, "round": MINUTE * 11}.get(kind, 0)
    times = list(range(START, END, step)) if step else []
    if kind == "random":
        times = [lot.randrange(START, END) for _ in range(40)]
    return [Looks(at, at + lot.choice((0, 0, skew, -skew))) for at in times]


def merged(lot: random.Random, told: list[Told], seen: list[Looks]) -> list[Told | Looks]:
    """In order of true time; at one time in any order, but commands in theirs."""
    numbered = [(one.clock, 0.5, number, one) for number, one in enumerate(told)]
    numbered += [(one.at, lot.random(), 0, one) for one in seen]  # type: ignore[misc, list-item]
    return [one for *_, one in sorted(numbered, key=lambda row: row[:3])]


def context(clock: int) -> Context:
    return Context(library=LIBRARY, clock=clock, entropy="ab" * 32, seal=seal)


def kept(outcome: Any, steps: list[Step]) -> Family:
    steps += outcome.steps
    return outcome.family  # type: ignore[no-any-return]


def play(events: list[Told | Looks]) -> list[Step]:
    """One world: the steps it makes."""
    steps: list[Step] = []
    command = Command(verb="open", case="P-1", name="errand", actor=ANYBODY, version=1, secret="cd" * 32)
    opened = open_case(command, context(START), START)
    assert isinstance(opened, Applied), opened
    family = kept(opened, steps)
    for event in events:
        if isinstance(event, Looks):
            family = kept(carry(family, event.clock, context(event.clock)), steps)
        else:
            family = told(family, event, steps)
    return [*steps, *carry(family, END + 24 * 60 * MINUTE, context(END)).steps]


def told(family: Family, event: Told, steps: list[Step]) -> Family:
    now = decide.instant(family, event.clock)
    family = kept(carry(family, now, context(event.clock)), steps)
    case = family.cases["P-1"].links.get(event.link) if event.link else "P-1"
    if case is None:
        return family
    command = Command(verb="do", case=case, name=event.action, actor=ANYBODY, form=event.form, is_stored=True)
    outcome = act(family, command, context(event.clock), now)
    assert isinstance(outcome, Applied | Refused)
    return kept(outcome, steps)


def history(steps: list[Step]) -> list[dict[str, Any]]:
    """What may not differ between two worlds."""
    beside = ("recorded_at", "prev", "raised")
    return [{name: value for name, value in step.record.items() if name not in beside} for step in steps]


def as_done(steps: list[Step]) -> Iterator[Told]:
    """The commands of a world at the instants they took effect."""
    for step in steps:
        record = step.record
        if record["verb"] == "do":
            link = "" if record["case"] == "P-1" else {"P-1.1": "first", "P-1.2": "second"}.get(record["case"], "other")
            yield Told(record["at"], link, record["name"], dict(record.get("form", {})))


def first_difference(seed: int, skew: int) -> str:
    """Where a world with workers and one without part; empty where they do not."""
    lot = random.Random(seed)
    done = commands(lot)
    busy = play(merged(lot, done, looks(lot, skew)))
    quiet = play(list(as_done(busy)) if skew else list(done))
    if history(busy) != history(quiet):
        pairs = enumerate(zip(history(busy), history(quiet), strict=False))
        return next((f"record {n}: {a} / {b}" for n, (a, b) in pairs if a != b), "one has more records")
    ats = [step.record["at"] for step in busy]
    return "" if ats == sorted(ats) else "an instant lies before the one above it"


def differences(skew: int = 0, count: int = HISTORIES) -> list[str]:
    return [f"seed {seed}: {found}" for seed in range(count) if (found := first_difference(seed, skew))]


def test_histories_do_not_depend_on_when_workers_looked() -> None:
    assert differences() == []


@pytest.mark.parametrize("skew", [3, 2 * MINUTE])
def test_histories_do_not_depend_on_clocks_that_differ(skew: int) -> None:
    assert differences(skew) == []


def test_the_histories_are_rich_enough_to_prove_something() -> None:
    verbs: dict[str, int] = {}
    for seed in range(20):
        for step in play(list(commands(random.Random(seed)))):
            verbs[step.record["verb"]] = verbs.get(step.record["verb"], 0) + 1
    rich = {"do", "open", "tell", "timer", "threshold", "breach"}
    assert all(verbs.get(verb, 0) >= 20 for verb in rich), verbs


def test_every_history_replays_to_the_same_records() -> None:
    for seed in range(40):
        lot = random.Random(seed)
        steps = play(merged(lot, commands(lot), looks(lot, MINUTE)))
        found = replay([step.text for step in steps], LIBRARY)
        assert found.flaw is None, f"seed {seed}: {found.flaw}"
        assert [step.record["seq"] for step in found.steps] == [step.record["seq"] for step in steps]


# -- mutants: each takes one rule out, and the law must be seen to break -----------------------------------------------


def without_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """What falls due at t comes before a command at t, as a worker's look at t would have it."""
    next_due, is_due = Run.next_due, decide.is_due
    monkeypatch.setattr(Run, "next_due", lambda run, until: next_due(run, until + 1))
    monkeypatch.setattr(decide, "is_due", lambda family, until: is_due(family, until + 1))


def without_family(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each member is carried forward by itself."""
    carry_all: Callable[..., bool] = Run.carry

    def one_by_one(run: Run, until: int, limit: int) -> bool:
        for name in tuple(run.cases):
            others = {case: one for case, one in run.cases.items() if case != name}
            hidden = {case: one.next_due for case, one in others.items()}
            for case in hidden:
                vars(run.cases[case])["next_due"] = None
            carry_all(run, until, limit)
            for case, due in hidden.items():
                if run.cases[case].next_due is None and run.cases[case] is others[case]:
                    vars(run.cases[case])["next_due"] = due
        return False

    monkeypatch.setattr(Run, "carry", one_by_one)


def without_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command takes effect at whatever its machine's clock says."""
    monkeypatch.setattr(decide, "instant", lambda family, clock: clock)


@pytest.mark.parametrize(("mutant", "skew"), [(without_order, 0), (without_family, 0), (without_floor, 2 * MINUTE)])
def test_the_law_breaks_without(
    mutant: Callable[[pytest.MonkeyPatch], None], skew: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    try:
        found = differences(skew, 40)
    except Exception as error:  # a mutant may break the engine instead of the law: seen as well
        found = [repr(error)]
    assert found
