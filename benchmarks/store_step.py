"""What does a durable step cost the store, beside the bare driver that writes the same rows?

One case steps at a time: read its family, change some columns, move it in two worklists every other time, add a record,
commit. The bare driver runs the same statements, prepared and worked out beforehand, with nothing else in its loop.
Medians of rounds that take turns; at the end both databases must hold the same rows to the byte.

    python benchmarks/store_step.py [--steps N] [--synchronous FULL|NORMAL]
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import Answer
from engine.chart import Position
from engine.core.cases import Alarm, Case, Done, Family, Goal, Head, Step
from engine.core.outlook import Outlook
from engine.ports import Save, Store
from engine.store import open_store
from engine.store.rows import BLANK, CaseRow, case_row

CASES = 100
ROUNDS = 7
MORNING = 1_772_412_600_000
RECEIVERS = ("person:T7", "role:technician")
RECORD = f'{{"at":{MORNING},"from":["reported"],"to":["dispatched"],"x":"{"x" * 450}"}}'

UPDATE = "UPDATE cases SET {} WHERE id = ? AND revision = ? AND sequence = ?"
ADD = "INSERT INTO records VALUES (?, ?, ?, ?, ?)"
LEAVE = "DELETE FROM waiting WHERE receiver = ? AND sort_key = ? AND opened_ms = ? AND case_id = ?"
ENTER = "INSERT INTO waiting VALUES (?, ?, ?, ?)"

Statement = tuple[str, tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Turn:
    """One step, decided beforehand."""

    case: Case
    outlook: Outlook
    step: Step
    statements: tuple[Statement, ...]  # as the bare driver runs them


def a_case(number: int) -> Case:
    """A repair in the middle of its way: two clocks, a timer, personal values."""
    name = f"R-{number}"
    head = Head(active=True, cycle=1, goal=Goal("length", 900_000), started_at=MORNING, mark=MORNING, exists=True)
    sealed = {"sealed": "c" * 64}
    return Case(
        id=name, root=name, process="repair", version=1, position=Position(("dispatched",)),
        data={"channel": "phone", "fault": "no power", "customer": sealed, "phone": sealed, "technician": "T7"},
        done={"opening": Done(1, ("lin",)), "dispatch": Done(1, ("wang",))},
        alarms={"rescheduled.comes_back": Alarm(due=MORNING, since=MORNING)},
        clocks={"dispatch": head.but(active=False, result="met"), "arrival": head},
        private={"phone": "13900000000", "customer": "Wu"}, secret="ab" * 32,
        opened_at=MORNING, floor=MORNING, revision=1, sequence=1, order=1, head="h" * 64, next_due=MORNING,
    )  # fmt: skip


def seen(case: Case) -> Outlook:
    """The worklist columns of a case."""
    return Outlook(state="dispatched", waiting=RECEIVERS, due_at=case.next_due, sort_key=case.next_due or 0)


def after(case: Case, number: int) -> Case:
    """The case after one more step; every other one moves what is due."""
    return case.but(
        revision=case.revision + 1, sequence=case.sequence + 1, order=case.order + 1, floor=MORNING + number,
        head=f"{number:064d}", next_due=case.next_due if number % 2 else MORNING + number,
        data={**case.data, "technician": f"T{number % 10}"},
    )  # fmt: skip


class Plan:
    """Every step there will be, in order."""

    def __init__(self) -> None:
        self.cases = [a_case(number) for number in range(CASES)]
        self.rows = [case_row(case, seen(case), BLANK, case.next_due) for case in self.cases]
        # The first row of a case counts one writing of its personal values, and is the root of its family.
        self.rows = [row._replace(personal=1, birth=0) for row in self.rows]
        self.number = 0

    def fill(self, store: Store) -> None:
        """Open the cases."""
        for case in self.cases:
            step = Step(case=case, record={}, text=RECORD, hash=case.head)
            family = Family(case.id, {case.id: case})
            with store.write() as work:
                work.save(Save(before=None, after=family, steps=(step,), outlooks={case.id: seen(case)}))

    def turns(self, count: int) -> list[Turn]:
        """The next so many steps."""
        return [self.turn() for _ in range(count)]

    def turn(self) -> Turn:
        """The next step."""
        self.number += 1
        place = self.number % CASES
        case, was = after(self.cases[place], self.number), self.rows[place]
        outlook = seen(case)
        row = case_row(case, outlook, was, case.next_due)
        changed = {field: new for field, old, new in zip(CaseRow._fields, was, row, strict=True) if new != old}
        update = UPDATE.format(", ".join(f"{field} = ?" for field in changed))
        statements: list[Statement] = [(update, (*changed.values(), case.id, was.revision, was.sequence))]
        if was.sort_key != row.sort_key:
            for receiver in RECEIVERS:
                statements.append((LEAVE, (receiver, was.sort_key, was.opened_ms, case.id)))
                statements.append((ENTER, (receiver, row.sort_key, row.opened_ms, case.id)))
        statements.append((ADD, (case.id, case.sequence, case.order, RECORD, case.head)))
        self.cases[place], self.rows[place] = case, row
        return Turn(case, outlook, Step(case=case, record={}, text=RECORD, hash=case.head), tuple(statements))


def by_store(store: Store, turns: list[Turn]) -> None:
    """Steps through the store's face."""
    for turn in turns:
        name = turn.case.id
        with store.write() as work:
            before = work.family(name, lock=True)
            after = Family(name, {name: turn.case})
            work.save(Save(before=before, after=after, steps=(turn.step,), outlooks={name: turn.outlook}))


def by_driver(connection: sqlite3.Connection, turns: list[Turn]) -> None:
    """The same steps by the bare driver."""
    execute = connection.execute
    for turn in turns:
        execute("BEGIN IMMEDIATE")
        execute("SELECT * FROM cases WHERE root = ?", (turn.case.id,)).fetchall()
        for text, values in turn.statements:
            execute(text, values)
        execute("COMMIT")


def rounds(folder: Path, synchronous: str, steps: int) -> Iterator[tuple[float, float]]:
    """Steps a second of the store and of the bare driver, round by round."""
    urls = [f"sqlite:///{folder / name}?synchronous={synchronous}" for name in ("store.db", "bare.db")]
    plan = Plan()
    with closing(open_store(urls[0], create=True)) as store, closing(open_store(urls[1], create=True)) as other:
        plan.fill(store)
        plan.fill(other)
        connection = sqlite3.connect(folder / "bare.db", isolation_level=None, cached_statements=256)
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        for _ in range(ROUNDS):
            turns = plan.turns(steps)
            began = perf_counter()
            by_driver(connection, turns)
            between = perf_counter()
            by_store(store, turns)
            yield steps / (perf_counter() - between), steps / (between - began)
        connection.close()
    compare(folder)


def compare(folder: Path) -> None:
    """Both must have written the same rows to the byte, or the ratio compares nothing."""
    both = [sqlite3.connect(folder / name) for name in ("store.db", "bare.db")]
    for table in ("cases", "records", "waiting"):
        first, second = (base.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall() for base in both)
        assert first == second, table
    for base in both:
        base.close()


def answers(*, is_quick: bool = False) -> Iterator[Answer]:
    """The store alone, for the table of all questions."""
    for synchronous in ("FULL", "NORMAL"):
        with tempfile.TemporaryDirectory() as folder:
            found = list(rounds(Path(folder), synchronous, 100 if is_quick else 1_000))
        ratio, rate = median(store / bare for store, bare in found), median(store for store, _ in found)
        yield Answer(f"store one step, {synchronous}", f"{rate:,.0f}/s", ratio, "of the bare driver")


def main() -> None:
    """Print one line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=1_000)
    parser.add_argument("--synchronous", choices=("FULL", "NORMAL"), default="FULL")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = list(rounds(Path(folder), given.synchronous, given.steps))
    ratio = median(store / bare for store, bare in found)
    store, bare = (median(each) for each in zip(*found, strict=True))
    print(f"durable step ({given.synchronous}): store {store:,.0f}/s, driver {bare:,.0f}/s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
