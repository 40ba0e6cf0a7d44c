"""The law for what the calendar opens: which cases there are, with what number, from when and on which version, depends
on what was done and when, never on when workers looked, how many they were, or how their clocks differ."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from engine import Accepted, Actor
from engine.app import Engine
from engine.testing import ADMIN, ManualTime
from tests.app.register_desk import SOURCES as VISITS
from tests.app.test_schedules import sources

HISTORIES = 400 if os.environ.get("CASEWRIGHT_LONG") else 25
START = 1_774_500_000_000  # 2026-03-26, some days before clocks are put forward in Berlin
HOUR = 3_600_000
END = START + 8 * 24 * HOUR
LIN = Actor(id="lin", roles=("agent",))
RHYTHMS = ("day at 02:30", "day at 09:00", "week on sun at 02:00", "month on 31 at 02:15", "7h", "90m")

Told = tuple[int, str, str]
"""When, what, and with what: a case opened by hand, or a version published."""


def told(lot: random.Random) -> list[Told]:
    """What people do, half of it at the very instants at which the calendar opens something."""
    done: list[Told] = [(START, "publish", schedules(lot))]
    for _ in range(lot.randrange(1, 9)):
        at = lot.choice((lot.randrange(START + 1, END), START + lot.randrange(1, 100) * HOUR * 3 // 2))
        what = lot.choice(("open", "open", "publish"))
        done.append((at, what, schedules(lot) if what == "publish" else ""))
    return sorted(done)


def schedules(lot: random.Random) -> str:
    names = lot.sample(("early", "later", "often"), lot.randrange(0, 4))
    return ", ".join(f"{name}: {{every: {lot.choice(RHYTHMS)}}}" for name in names)


def looks(lot: random.Random) -> list[Told]:
    step = lot.choice((0, 20 * 60_000, 5 * HOUR, 30 * HOUR))
    times = list(range(START, END, step)) if step else []
    times += [lot.randrange(START, END) for _ in range(lot.choice((0, 20)))]
    return [(at, "look", "") for at in times]


def history(events: list[Told], skews: random.Random | None = None) -> list[tuple[Any, ...]]:
    """Every opening in a world where this happens, and at last a worker looks."""
    time, version = ManualTime(START), 0
    with Engine.open("memory:", time=time) as engine:
        for at, what, text in [*events, (END, "look", "")]:
            skew = skews.choice((0, 0, -3, -40_000)) if skews is not None and what == "look" else 0
            time.move_to(at + skew)
            if what == "publish":
                version += 1
                engine.publish(sources(text, version=version, zone="Europe/Berlin"), "parts", actor=ADMIN)
            elif what == "open":
                engine.open_case("parts", {}, actor=LIN)
            else:
                engine.run_once()
        engine.tick()
        with engine._recipe.store.read() as tx:
            roots = list(tx.roots())
        first = [(root, engine.history(root)[0]) for root in roots]
        return sorted((root, r["at"], r["actor"], r.get("schedule"), r["definition"][1]) for root, r in first)


def differences(count: int = HISTORIES) -> list[int]:
    found = []
    for seed in range(count):
        lot = random.Random(seed)
        done = told(lot)
        if history(done) != history(sorted([*done, *looks(lot)]), lot):
            found.append(seed)
    return found


def test_what_the_calendar_opens_does_not_depend_on_when_workers_looked() -> None:
    assert differences() == []


def test_the_worlds_hold_enough_openings_to_prove_something() -> None:
    seen = [one for seed in range(10) for one in history(told(random.Random(seed)))]
    assert sum(1 for one in seen if one[3]) > 100
    assert sum(1 for one in seen if one[3] is None) > 10
    assert {one[4] for one in seen} >= {1, 2, 3}


def test_the_law_breaks_if_people_take_their_numbers_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.app.recipe.open_due", lambda *_: None)
    assert len(differences(12)) >= 2


def test_the_law_breaks_if_the_newest_version_opens_what_fell_due_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.core import schedules as core

    held: Any = core._held
    monkeypatch.setattr(core, "_held", lambda library, process: held(library, process)[-1:])
    assert len(differences(12)) >= 2


def registered(events: list[tuple[int, str, dict[str, str]]]) -> list[tuple[Any, ...]]:
    """What is opened for whom in a world where the register is changed so, and at last a worker looks."""
    time = ManualTime(START)
    with Engine.open("memory:", time=time) as engine:
        visits = VISITS["processes/visit.yaml"].replace("month on 1 at 09:00", "day at 09:00")
        for process in ("visit", "enrol"):
            engine.publish({**VISITS, "processes/visit.yaml": visits}, process, actor=ADMIN)
        steps = engine.open_case("enrol", {"customer": "x"}, actor=LIN).case
        assert steps is not None
        for who in ("C-1", "C-2", "C-3"):
            engine.save_party("customer", who, {"name": "x"}, actor=LIN)
        for at, who, values in [*events, (END, "", {})]:
            time.move_to(at)
            if who and at % 2:  # by who keeps the register …
                engine.save_party("customer", who, values, actor=LIN)
            elif who:  # … and by a step of a case
                assert isinstance(engine.act(steps.id, "change", {"number": who, **values}, actor=LIN), Accepted)
            else:
                engine.run_once()
        engine.tick()
        with engine._recipe.store.read() as tx:
            first = [(root, engine.history(root)[0]) for root in tx.roots()]
        return sorted((root, record["at"], record["party"]) for root, record in first if "party" in record)


def register_differences() -> int:
    found = 0
    for seed in range(12):
        lot = random.Random(seed)
        first_due = 1_774_573_200_000  # 2026-03-27 09:00 in Shanghai
        changes = [
            (at, lot.choice(("C-1", "C-2", "C-3")), {"class": lot.choice(("vip", "vip", "guest"))})
            for at in sorted(lot.choice((lot.randrange(START, END), first_due + lot.randrange(6) * 24 * HOUR))
                             for _ in range(8))
        ]  # fmt: skip
        looked = [*changes, *((at, "", {}) for at in sorted(lot.randrange(START, END) for _ in range(15)))]
        found += registered(changes) != registered(sorted(looked, key=lambda one: (one[0], not one[1])))
    return found


def test_for_whom_the_calendar_opens_is_as_the_register_stood_at_the_instant() -> None:
    assert register_differences() == 0


def test_the_law_breaks_if_the_register_is_read_as_it_stands_now(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.store.memory.desk import MemoryParties

    parties: Any = MemoryParties.parties
    monkeypatch.setattr(
        "engine.store.memory.store.MemoryTransaction.parties", lambda tx, party, at: parties(tx, party, END)
    )
    assert register_differences() >= 2
