"""What does a durable action cost beside the database alone?

Ours: `Engine.act` with everything on – the person looked up, the form read, a guard, a promise, the audit, the outbox's
and the lists' rows – one commit each. Theirs: the bare driver with prepared statements, the values of every row worked
out beforehand, nothing in its loop but the statements that write. Both end with the same rows to the byte, which is
checked. `FULL` waits for the disk at every commit and is the default; `NORMAL` does not, so that only work is compared.

    python benchmarks/durable.py
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import Answer, Pair, at_least, desk, in_turns, tell
from engine.app import Accepted, Act, Engine
from engine.ports import Person
from engine.store.sqlite import connecting as sqlite
from engine.store.sqlite.looking import Looker
from engine.testing import ADMIN, ManualTime

CASES = 200
BATCH = 100
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
WARM = 100
WANTED = {"FULL": 0.35, "NORMAL": None}
"""`FULL` is what the engine does unless told otherwise, and what the bound is about."""

PEOPLE = (Person(id="lin", name="Lin", roles=("clerk",)), Person(id="wang", name="Wang", roles=("boss",)))

Statement = tuple[str, Sequence[Any]]
Connect = Callable[..., sqlite3.Connection]


class Recorder(sqlite3.Cursor):
    """A cursor that keeps what it was asked to write."""

    kept: list[Statement] = []  # noqa: RUF012  one recording at a time

    def execute(self, text: str, values: Any = (), /) -> sqlite3.Cursor:
        """Run it, and keep it if it writes."""
        if text.startswith(WRITES):
            self.kept.append((text, tuple(values)))
        return super().execute(text, values)


class Recording(Looker):
    """A connection whose cursors keep what they were asked to write."""

    def cursor(self, factory: Any = Recorder) -> Any:
        """Such a cursor."""
        return super().cursor(factory)


def engine_on(path: Path, synchronous: str, time: ManualTime) -> Engine:
    """Our side."""
    return Engine.open(f"sqlite:///{path}?synchronous={synchronous}", time=time, create=True)


def prepare(path: Path, count: int = CASES) -> list[str]:
    """A desk with some open cases, and their ids."""
    with engine_on(path, "NORMAL", ManualTime()) as engine:
        for person in PEOPLE:
            engine.save_person(person, actor=ADMIN)
        engine.publish(desk(), "ring", actor=ADMIN)
        opened = [engine.open_case("ring", {"amount": "12.50"}, actor="lin") for _ in range(count)]
        return [result.case.id for result in opened if isinstance(result, Accepted)]


def form(number: int) -> dict[str, str]:
    """What one action is given."""
    return {"remark": f"seen by the clerk, number {number}", "amount": f"{number % 50}.50"}


def act(engine: Engine, time: ManualTime, cases: Sequence[str], numbers: range) -> None:
    """Actions one by one, the clock going on between them."""
    for number in numbers:
        time.move(1_000)
        result = engine.act(cases[number % len(cases)], "pass_on", form(number), actor="lin")
        assert isinstance(result, Accepted), result


def act_many(engine: Engine, time: ManualTime, cases: Sequence[str], numbers: range) -> None:
    """The same actions in batches."""
    for first in range(numbers.start, numbers.stop, BATCH):
        time.move(1_000)
        batch = range(first, first + BATCH)
        acts = [Act(case=cases[number % len(cases)], action="pass_on", form=form(number)) for number in batch]
        assert all(isinstance(one, Accepted) for one in engine.act_many(acts, actor="lin"))


def recorded(path: Path, cases: Sequence[str], numbers: range) -> list[list[Statement]]:
    """What each of these actions writes."""
    time, written = ManualTime(), list[list[Statement]]()
    connect = sqlite.connect

    def recording(address: Any, mode: str = "rw") -> sqlite3.Connection:
        plain = connect(address, mode)
        plain.close()
        return sqlite3.connect(address.path, isolation_level=None, check_same_thread=False, factory=Recording)

    sqlite.connect = recording  # type: ignore[assignment]
    try:
        with engine_on(path, "NORMAL", time) as engine:
            for number in numbers:
                Recorder.kept = []
                act(engine, time, cases, range(number, number + 1))
                written.append(Recorder.kept)
    finally:
        sqlite.connect = connect
    return written


def write(connection: sqlite3.Connection, steps: Sequence[Sequence[Statement]]) -> None:
    """The statements and nothing else, one commit a step."""
    execute = connection.execute
    for statements in steps:
        execute("BEGIN IMMEDIATE")
        for text, values in statements:
            execute(text, values)
        execute("COMMIT")


def beside_the_driver(folder: Path, synchronous: str, count: int, rounds: int) -> Pair:
    """One action after the other, beside the bare driver writing the same rows."""
    cases = prepare(folder / "begin.db")
    for name in ("recorded.db", "ours.db", "theirs.db"):
        shutil.copy(folder / "begin.db", folder / name)
    parts = [range(WARM), *(range(first, first + count) for first in range(WARM, WARM + count * rounds, count))]
    steps = recorded(folder / "recorded.db", cases, range(WARM + count * rounds))
    time = ManualTime()
    with (
        engine_on(folder / "ours.db", synchronous, time) as engine,
        closing(sqlite3.connect(folder / "theirs.db", isolation_level=None, cached_statements=256)) as driver,
    ):
        driver.execute(f"PRAGMA synchronous = {synchronous}")

        def ours(turn: int) -> None:
            act(engine, time, cases, parts[turn])

        def theirs(turn: int) -> None:
            write(driver, [steps[number] for number in parts[turn]])

        ours(0)
        theirs(0)
        found = in_turns(lambda turn: ours(turn + 1), lambda turn: theirs(turn + 1), rounds)
    equal(folder / "ours.db", folder / "theirs.db")
    return found


def in_batches(folder: Path, synchronous: str, count: int, rounds: int) -> Pair:
    """The same actions a hundred to a commit, beside one by one."""
    times = ManualTime(), ManualTime()
    cases = prepare(folder / "many.db")
    shutil.copy(folder / "many.db", folder / "single.db")
    parts = [range(turn * count, (turn + 1) * count) for turn in range(rounds)]
    with (
        engine_on(folder / "many.db", synchronous, times[0]) as many,
        engine_on(folder / "single.db", synchronous, times[1]) as single,
    ):
        act_many(many, times[0], cases, range(BATCH))
        act(single, times[1], cases, range(BATCH))
        return in_turns(
            lambda turn: act_many(many, times[0], cases, parts[turn]),
            lambda turn: act(single, times[1], cases, parts[turn]),
            rounds,
        )


def equal(ours: Path, theirs: Path) -> None:
    """Both must have written the same rows to the byte, or the ratio compares nothing."""
    with closing(sqlite3.connect(ours)) as one, closing(sqlite3.connect(theirs)) as other:
        tables = [name for (name,) in one.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            rows = [sorted(map(repr, base.execute(f'SELECT * FROM "{table}"'))) for base in (one, other)]
            assert rows[0] == rows[1], table


def answers(*, is_quick: bool = False) -> Iterator[Answer]:
    """Act, durably."""
    count, rounds = (100, 3) if is_quick else (1_000, 7)
    for synchronous, bound in WANTED.items():
        with tempfile.TemporaryDirectory() as folder:
            pair = beside_the_driver(Path(folder), synchronous, count, rounds)
        verdict = ("", None) if bound is None else at_least(bound, pair.ratio)
        beside = f"of the bare driver ({pair.cpu_ratio:.2f} by processor time)"
        yield Answer(f"act, durable, {synchronous}", f"{count / pair.ours:,.0f}/s", pair.ratio, beside, *verdict)
        with tempfile.TemporaryDirectory() as folder:
            pair = in_batches(Path(folder), synchronous, count, rounds)
        verdict = ("", None) if bound is None else at_least(2, pair.ratio)
        question = f"act in batches of {BATCH}, {synchronous}"
        yield Answer(question, f"{count / pair.ours:,.0f}/s", pair.ratio, "of one by one", *verdict)


if __name__ == "__main__":
    tell(answers(is_quick="--quick" in sys.argv))
