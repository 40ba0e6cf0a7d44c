"""What becomes dearer as a desk grows?

Two desks, one with ten thousand cases and one with many more, one in five open, six records each: copies of what the
engine wrote (`benchmarks/filling.py`), of which a sample is verified first. Measured turn by turn: an action on an open
case that was not looked at before, with its commit; a page of a worklist over three queues, at its beginning, in its
middle and near its end; claiming a hundred families that are due. What the larger desk takes beside the smaller counts.

    python benchmarks/growth.py [CASES]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import NamedTuple

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import Answer, at_most, tell
from benchmarks.filling import APART, PATTERNS, Pattern, fill_file, fill_server, patterns, prepare
from engine.app import Accepted, Engine
from engine.ports import Query, Store
from engine.testing import ManualTime
from tests import postgres

FEW = 10_000
MANY = 1_000_000
QUEUES = ("role:boss", "role:carrier", "role:clerk")
PAGE = 50
SAMPLE = 100
"""Cases that are verified, by chain and by replay, before anything is measured."""

DAY = 86_400_000


class Desk(NamedTuple):
    """One desk of some size."""

    engine: Engine
    time: ManualTime
    many: int
    bytes: int

    @property
    def store(self) -> Store:
        """Below the engine."""
        return self.engine._store


class _Undone(Exception):
    """What was claimed is given back."""


def seed(folder: Path) -> tuple[Path, Sequence[Pattern]]:
    """The patterns, as the engine wrote them into a file."""
    path, time = folder / "patterns.db", ManualTime()
    with Engine.open(f"sqlite:///{path}?synchronous=NORMAL", time=time, create=True) as engine:
        prepare(engine, time)
    return path, patterns(path)


def on_file(folder: Path, many: int) -> Desk:
    """A file with so many cases."""
    path, made = seed(folder)
    fill_file(path, made, many)
    time = ManualTime()
    return _verified(Desk(Engine.open(f"sqlite:///{path}", time=time), time, many, path.stat().st_size), made)


def on_server(server: postgres.Server, folder: Path, many: int) -> Desk:
    """A database of a server with so many cases."""
    _, made = seed(folder)
    url, time = server.url(server.new()), ManualTime()
    with Engine.open(url, time=time, create=True) as engine:
        prepare(engine, time)
    fill_server(url, made, many)
    with psycopg.connect(url) as driver:
        (size,) = driver.execute("SELECT pg_database_size(current_database())").fetchone() or (0,)
    time = ManualTime()
    return _verified(Desk(Engine.open(url, time=time), time, many, size), made)


def _verified(desk: Desk, made: Sequence[Pattern]) -> Desk:
    """The clock set behind everything that was done, before anything falls due; a sample looked at."""
    desk.time.move(made[0].opened + desk.many * APART + DAY - desk.time.now())
    chosen = Random(desk.many).sample(range(PATTERNS + 1, desk.many + 1), SAMPLE)
    for number in chosen:
        found = desk.engine.verify(f"W-{number}")
        assert (found.records, found.problems) == (6, ()), found
    return desk


# -- what is measured --------------------------------------------------------------------------------------------------


def acting(desk: Desk, turn: int) -> float:
    """Seconds of an action on an open case that nobody has looked at: every fifteenth stands in the first queue."""
    number = PATTERNS + 15 * Random(turn).randrange(1, (desk.many - PATTERNS) // 15)
    began = perf_counter()
    result = desk.engine.act(f"W-{number}", "note", {"remark": f"measured {turn}"}, actor="lin")
    took = perf_counter() - began
    assert isinstance(result, Accepted), result
    return took


def paging(desk: Desk, turn: int) -> float:
    """Seconds of one page over three queues, anywhere between the first row and the last."""
    begin, end = _ends(desk)
    place = begin + (end - begin) * (turn % 10) // 10
    with desk.store.read() as tx:
        began = perf_counter()
        found = tx.worklist(Query(waiting=QUEUES, limit=PAGE, after=(place, 0, "")))
        took = perf_counter() - began
    assert found
    return took


def _ends(desk: Desk) -> tuple[int, int]:
    """About when the promise of the first open case falls due, and of the last."""
    now = desk.time.now() - DAY
    return now - desk.many * APART + 30 * DAY, now + 30 * DAY


def claiming(desk: Desk, _: int) -> float:
    """Seconds of claiming a hundred families of all that are due; what is claimed is given back."""
    with suppress(_Undone), desk.store.write() as tx:
        began = perf_counter()
        found = tx.due_roots(_ends(desk)[1], 100)
        took = perf_counter() - began
        assert len(found) == 100
        raise _Undone
    return took


MEASURED = {"an action": (acting, {"SQLite": 1.7, "PostgreSQL": 1.2}), "a page of three queues": (paging, {}),
            "claiming a hundred": (claiming, {})}  # fmt: skip
OTHERWISE = 2.0


def compared(few: Desk, many: Desk, measure: Callable[[Desk, int], float], count: int) -> tuple[float, float]:
    """Seconds on the larger desk, and beside the smaller; medians of turns."""
    found = [(measure(few, turn), measure(many, turn)) for turn in range(count)][count // 10 :]
    smaller, larger = (median(column) for column in zip(*found, strict=True))
    return larger, larger / smaller


def grown(name: str, desks: tuple[Desk, Desk], count: int) -> Iterator[Answer]:
    """Everything that is measured, on one database."""
    few, many = desks
    for what, (measure, bounds) in MEASURED.items():
        took, ratio = compared(few, many, measure, count)
        beside = f"times that with {few.many:,}"
        question = f"{what}, {many.many:,} cases, {name}"
        yield Answer(question, f"{took * 1e6:,.0f} us", ratio, beside, *at_most(bounds.get(name, OTHERWISE), ratio))
    yield Answer(f"a case with its six records, {name}", f"{many.bytes / many.many:,.0f} bytes")


def answers(*, is_quick: bool = False, most: int = MANY) -> Iterator[Answer]:
    """From ten thousand cases to many more."""
    few, many, count = (1_000, 4_000, 50) if is_quick else (FEW, most, 400)
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        desks = on_file(folders[0], few), on_file(folders[1], many)
        for desk in desks:
            stack.enter_context(desk.engine)
        yield from grown("SQLite", desks, count)
    if postgres.programs() is None:
        yield Answer("growth on PostgreSQL", "no server here")
        return
    server = postgres.Server("max_wal_size=4GB")
    server.start()
    try:
        with ExitStack() as stack:
            folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
            desks = on_server(server, folders[0], few), on_server(server, folders[1], many)
            for desk in desks:
                stack.enter_context(desk.engine)
            yield from grown("PostgreSQL", desks, count)
    finally:
        server.end()


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:] if one.isdecimal()]
    tell(answers(is_quick="--quick" in sys.argv, most=given[0] if given else MANY))
