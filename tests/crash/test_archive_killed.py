"""An archive killed again and again, two at a time: nothing is lost, nothing there twice, and the next one goes on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine import Engine
from engine.app import Accepted
from engine.testing import ManualTime
from tests.crash.rig import LONG, Player, dice, playing, tell
from tests.crash.slips import ADMIN, BEGIN, CLERK, END, SOURCES

ROUNDS = 120 if LONG else 3
FAMILIES = 360 if LONG else 30
MOST = FAMILIES // 3  # that each of the two lets go: the first kill meets them under way, however slow the machine
LATER = END + 31 * 24 * 3_600_000

Histories = Mapping[str, list[Mapping[str, Any]]]


@pytest.fixture
def desk(place: str) -> str:
    """A desk all of whose slips are over; some opened notes, which are as well."""
    fill(place)
    return place


def fill(url: str) -> None:
    kept = {
        name: text + "retention: {keep: 30 days}\n" if name.endswith(("slip.yaml", "note.yaml")) else text
        for name, text in SOURCES.items()
    }
    time = ManualTime(BEGIN)
    with Engine.open(url, time=time, create=True) as engine:
        for process in ("note", "slip"):
            engine.publish(kept, process, actor=ADMIN)
        for number in range(FAMILIES):
            opened = engine.open_case("slip", {"who": f"customer {number}"}, actor=CLERK)
            assert isinstance(opened, Accepted)
            if number:
                engine.attach(opened.case.id, "slip.txt", b"%d" % number, actor=CLERK)
                engine.act(opened.case.id, "answer", actor=CLERK)
        engine.on("*", lambda delivery: None)
        time.move(END - BEGIN)
        engine.tick()


def stands(url: str, folder: Path) -> tuple[Histories, Histories]:
    """What is still in the tables and what has left, by case; both are proved."""
    with Engine.open(url, time=ManualTime(LATER)) as engine:
        for found in (engine.verify(), engine.verify_archive(folder)):
            assert not found.problems, found.problems[:3]
        with engine._store.read() as tx:
            families = [tx.family(root, lock=False) for root in tx.roots()]
        there = {case: engine.history(case) for family in families if family is not None for case in family.cases}
        return there, {one.case: engine.archived_history(one.case, folder) for one in engine.all_archived()}


def test_a_killed_archive_loses_nothing_and_the_next_goes_on(desk: str, tmp_path: Path) -> None:
    folder, draw, seen = tmp_path / "shelf", dice(), list[int]()
    before, _ = stands(desk, folder)
    for number in range(ROUNDS):
        script = ("archive", desk, folder, LATER, MOST)
        with playing(*script) as one, playing(*script) as other:
            is_under_way = number % 2 == 0
            one.wait_until(lambda heard, first="left" if is_under_way else "ready": heard[0] in (first, "done"))  # type: ignore[misc]
            time.sleep(draw.uniform(0, 0.02 if is_under_way else 0.2))
            for player in (one, other):
                player.kill()
        if not LONG or number % 20 == 0:
            there, left = stands(desk, folder)
            assert not there.keys() & left.keys()
            assert {**there, **left} == before
            seen.append(len(left))
    assert 0 < seen[0] < len(before)
    last = Player("archive", desk, folder, LATER)
    _, families, failed = last.wait_for("done")
    last.end()
    tell(f"of {len(before)} cases had left {seen} after {ROUNDS} kills of two; the last run took {len(families)}")
    assert not failed
    there, left = stands(desk, folder)
    assert (there, left) == ({}, before)
    roots = {case for case in before if "." not in case}
    assert sorted(file.name.rpartition("-")[0] for file in folder.iterdir()) == sorted(
        roots
    )  # a file each, and no part
