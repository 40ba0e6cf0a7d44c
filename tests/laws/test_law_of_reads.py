"""The law through the whole engine: what reads, lists, revisions and look-ups show does not depend on workers either.

Several cases with keys and counts live on one desk, where time alone changes data and ends cases. People open, act,
look and act on what they saw; workers look never, often or rarely, two at once, and some are killed before they commit.
"""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from engine import Accepted, CaseView, Conflict, Engine
from engine.app import Search
from engine.app.advancing import advance_some
from engine.app.given import Given
from engine.app.recipe import Recipe
from engine.core.cases import Actor, Command, Family
from engine.core.decide import instant
from engine.core.sight import Context
from engine.ports import Transaction
from engine.store.memory.store import MemoryStore
from engine.testing import ADMIN, ManualTime
from engine.views import Result
from tests.unit.worlds import MINUTE, sources
from tests.unit.worlds import NINE as START

HISTORIES = 2_000 if os.environ.get("CASEWRIGHT_LONG") else 50
"""Each is played three times."""

LIN = Actor(id="lin", roles=("agent", "boss"))
END = START + 6 * 60 * MINUTE

THING = """
initial: open
key: note
unique: true
counts: {same: {same: [amount], within: 2h}}
opening:
  by: [agent]
  form: {allow: [note, amount]}
  then: [{notify: boss, message: told, if: counts.same >= 2}, {open: child, as: first}]
fields: {amount: {type: integer, default: 1}}
clocks:
  answered:
    goal: 20m
    met_by: [answer]
    repeats: true
    pauses_in: [parked]
    thresholds:
      - {at: 50%, then: [{notify: waiting_on, message: due}]}
      - {at: goal, then: [{set: {amount: "=case.amount + 1"}}, {tell: first, do: poke}]}
actions:
  remark: {by: [agent], form: {allow: [amount]}, to: stay}
  answer: {by: [agent], to: stay}
  close: {by: [agent], to: closed}
states:
  open:
    waiting_on: agent
    actions: {park: {by: [agent], to: parked}}
    timers: {ends: {after: 55m, to: closed}, nags: {every: 13m, late: once, then: [{notify: boss, message: late}]}}
  parked:
    waiting_on: boss
    actions: {back: {by: [agent], to: previous}}
    timers: {returns: {after: 25m, to: open}}
  closed: {final: done, actions: {again: {by: [agent], to: open}}}
"""

CHILD = """
initial: asleep
actions: {poke: {by: [agent], then: [{tell: parent, do: answer}], to: stay}}
states:
  asleep: {waiting_on: agent, timers: {turns: {after: 17m, then: [{tell: parent, do: remark}], to: done}}}
  done: {final: done}
"""

SEEKER = """
initial: open
opening:
  by: [agent]
  form: {require: [note]}
  then: [{open: thing, as: found, key: =case.note, with: {note: =case.note}}]
states: {open: {}}
"""


class Event(NamedTuple):
    """What happens at an instant; `case` counts the cases opened so far."""

    at: int
    what: str  # open, seek, do, see, list, or a worker's: look, killed, both
    case: int = 0
    name: str = ""
    form: tuple[tuple[str, Any], ...] = ()
    expects: bool = False  # the revision that was seen last


WORKERS = ("look", "killed", "both")
READS = ("see", "list")


def template() -> MemoryStore:
    """A desk with the processes published."""
    store = MemoryStore()
    engine = Engine(store, time=ManualTime(START - 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.lang.rules.listing.findings_of", lambda *_, **__: [])
        for process in ("thing", "child", "seeker"):
            engine.publish(sources({"thing": THING, "child": CHILD, "seeker": SEEKER}), process, actor=ADMIN)
    return store


DESK = template()


# -- what happens ------------------------------------------------------------------------------------------------------


def events(lot: random.Random) -> list[Event]:
    """People open, look and act, often at the instants at which something falls due."""
    made = []
    steps = (10, 11, 13, 17, 20, 25, 5, 1)
    ats = [START + lot.choice(steps) * lot.randrange(14) * MINUTE + lot.choice((0, 0, 0, 1)) for _ in range(26)]
    for number, at in enumerate(sorted(ats)):
        what = "open" if number < 2 else lot.choice(("open", "seek", "do", "do", "do", "do", "see", "see", "list"))
        key = lot.choice((("note", "A"), ("note", "B")))
        form = {"open": lot.choice(((key,), (key, ("amount", 2)), ())), "seek": (key,)}.get(what, ())
        name = lot.choice(("remark", "answer", "park", "back", "close", "again"))
        if what == "do" and name == "remark":
            form = (("amount", lot.randrange(4)),)
        made.append(Event(at, what, lot.randrange(6), name, form, expects=lot.random() < 0.6))
    return made


def looks(lot: random.Random, people: list[Event]) -> list[Event]:
    """When workers look."""
    step = lot.choice((0, 0, 3 * MINUTE + 7, 60 * MINUTE))
    ats = list(range(START, END, step)) if step else [one.at + lot.choice((0, 0, 1)) for one in people]
    ats = [at for at in ats if lot.random() < 0.7]
    return [Event(at, lot.choice(("look", "look", "killed", "both"))) for at in ats]


# -- one world ---------------------------------------------------------------------------------------------------------


class Seen(NamedTuple):
    """What a world shows: answers to commands and reads in order, and every case's records at the end."""

    answers: list[Any]
    records: dict[str, list[dict[str, Any]]]
    flaws: list[str]


class Desk:
    """One desk on a virtual clock."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.store._tables = {name: dict(table) for name, table in DESK._tables.items()}
        self.time = ManualTime(START)
        self.engine = Engine(self.store, time=self.time)
        self.cases: list[str] = []
        self.revisions: dict[str, int] = {}
        self.flaws: list[str] = []

    def play(self, world: list[Event]) -> Seen:
        """Let it all happen, and a worker look at the end."""
        answers = []
        for event in world:
            self.time.move_to(event.at)
            if event.what in WORKERS:
                self.work(event.what)
            else:
                answers.append((event.what, self.happen(event)))
        self.time.move_to(END + 60 * MINUTE)
        self.engine.tick()
        return Seen(answers, {case: self.history(case) for case in self.all_cases()}, self.flaws)

    def all_cases(self) -> list[str]:
        with self.store.read() as tx:
            return [record.case for root in tx.roots() for record in tx.family_records(root) if record.sequence == 1]

    def history(self, case: str) -> list[dict[str, Any]]:
        beside = ("recorded_at", "prev")
        return [{n: v for n, v in record.items() if n not in beside} for record in self.engine.history(case)]

    def work(self, how: str) -> None:
        """A worker looks; one is killed before it commits; two look at once."""
        if how == "killed":
            with suppress(InterruptedError), self.store.write() as tx:
                advance_some(self.engine._recipe, tx, self.time.now())
                raise InterruptedError
            return
        threads = [threading.Thread(target=self.engine.run_once) for _ in range(2 if how == "both" else 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def happen(self, event: Event) -> Any:
        if event.what in ("open", "seek"):
            return self.told(
                self.engine.open_case("thing" if event.what == "open" else "seeker", dict(event.form), actor=LIN)
            )
        if event.what in READS:
            before = {name: dict(table) for name, table in self.store._tables.items()}
            seen = self.see(event)
            if self.store._tables != before:
                self.flaws.append(f"`{event.what}` at {event.at} wrote something")
            return seen
        case = self.cases[event.case % len(self.cases)]
        expected = self.revisions.get(case) if event.expects else None
        try:
            return self.told(self.engine.act(case, event.name, dict(event.form), actor=LIN, expect_revision=expected))
        except Conflict as conflict:
            return conflict.message

    def told(self, result: Result) -> Any:
        if not isinstance(result, Accepted):
            return [(one.rule, one.field) for one in result.reasons]
        if result.case.id not in self.cases:
            self.cases.append(result.case.id)
        return shown(result.case)

    def see(self, event: Event) -> Any:
        """Look at a case, and remember its revision; or list them all."""
        if event.what == "see":
            view = self.engine.case(self.cases[event.case % len(self.cases)], actor=LIN)
            self.revisions[view.id] = view.revision
            return shown(view)
        page = self.engine.worklist(Search(actor=LIN, all=True, is_open=None))
        return {row.id: shown(row) for row in page.rows}, page.total


def shown(view: CaseView) -> Any:
    return replace(view, clocks=dict(view.clocks), data=dict(view.data), links=dict(view.links))


# -- the law -----------------------------------------------------------------------------------------------------------


def first_difference(seed: int) -> str:
    """Where a desk with workers and one without part; empty where they do not."""
    lot = random.Random(f"reads {seed}")
    people = events(lot)
    seen = looks(lot, people)
    happening = sorted([*people, *seen], key=lambda one: one.at)
    busy, quiet = Desk().play(happening), Desk().play(people)
    if busy.flaws or quiet.flaws:
        return str((busy.flaws or quiet.flaws)[0])
    for number, (one, other) in enumerate(zip(busy.answers, quiet.answers, strict=True)):
        if one != other:
            return f"answer {number}: {one} / {other}"
    if busy.records != quiet.records:
        return "the records differ"
    unseen = Desk().play([one for one in people if one.what not in READS])
    has_expected = any(one.expects and one.what == "do" for one in people)
    return "" if has_expected or unseen.records == quiet.records else "reads leave traces"


def differences(seeds: range) -> list[str]:
    return [f"seed {seed}: {found}" for seed in seeds if (found := first_difference(seed))]


def test_neither_histories_nor_answers_nor_what_is_shown_depend_on_workers() -> None:
    assert differences(range(HISTORIES)) == []


def test_the_desks_are_busy_enough_to_prove_something() -> None:
    seen: Counter[str] = Counter()
    for seed in range(20):
        desk = Desk().play(events(random.Random(f"reads {seed}")))
        for what, answer in desk.answers:
            seen[what] += 1
            seen[f"{what} refused"] += isinstance(answer, list)
            seen["conflict"] += isinstance(answer, str)
        for records in desk.records.values():
            seen.update(record["verb"] for record in records)
            seen["counted"] += sum(1 for answer in records[0].get("found", {}).values() if answer not in (None, 0))
    assert min(seen[name] for name in ("open", "seek", "do", "see", "list", "timer", "breach", "tell")) >= 20, seen
    assert min(seen[name] for name in ("conflict", "counted", "open refused", "do refused")) >= 5, seen


# -- mutants: each takes a part of Reads out, and the law must be seen to break ----------------------------------------


def a_read_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who looks at a case carries it forward for good."""
    present = Recipe.present

    def writing(recipe: Recipe, tx: Transaction, case: str) -> tuple[Family, Context, int]:
        if recipe.store._writing is None:  # type: ignore[attr-defined]
            with recipe.store.write() as write:
                advance_some(recipe, write, recipe.time.now())
        return present(recipe, tx, case)

    monkeypatch.setattr(Recipe, "present", writing)


def the_revision_is_compared_before_carrying_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    """`expect_revision` is what stands in the row."""
    command_in = Recipe.command_in

    def early(recipe: Recipe, tx: Transaction, command: Command, given: Given) -> Result:
        stored = recipe.family_of(tx, command.case, lock=True).cases[command.case]
        if given.expect_revision not in (None, stored.revision):
            raise Conflict("changed meanwhile")
        return command_in(recipe, tx, command, given.but(expect_revision=None))

    monkeypatch.setattr(Recipe, "command_in", early)


def a_list_shows_what_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows of a list are not carried forward."""
    worklist = Engine.worklist

    def stored(recipe: Recipe, tx: Transaction, case: str) -> tuple[Family, Context, int]:
        family, clock = recipe.family_of(tx, case, lock=False), recipe.time.now()
        return family, recipe.context(tx, clock), instant(family, clock)

    def listing(engine: Engine, search: Search) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Recipe, "present", stored)
            return worklist(engine, search)

    monkeypatch.setattr(Engine, "worklist", listing)


def other_families_are_judged_as_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """`unique`, `counts` and `open` with a key see what nobody has carried forward yet."""
    monkeypatch.setattr("engine.app.deciding.advance_others", lambda *_: None)


@pytest.mark.parametrize(
    "mutant",
    [
        a_read_writes,
        the_revision_is_compared_before_carrying_forward,
        a_list_shows_what_is_stored,
        other_families_are_judged_as_stored,
    ],
)
def test_the_law_breaks_where(mutant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    mutant(monkeypatch)
    assert len(differences(range(12))) >= 3
