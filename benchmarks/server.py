"""What does a durable action on PostgreSQL cost beside its driver alone?

Ours: `Engine.act` with everything on, one commit each. Theirs: bare psycopg on one connection, the values of every row
worked out beforehand, nothing in its loop but the statements that write, sent to the server at once with their commit.
Both end with the same rows, which is checked. The server is one of the tests' own, on this machine, reached by a
socket, and waits for the disk at every commit.

    python benchmarks/server.py
"""

from __future__ import annotations

import pickle
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import Answer, Pair, at_least, desk, in_turns, tell
from benchmarks.durable import BATCH, CASES, PEOPLE, WARM, Statement, act, act_many
from benchmarks.processes import ready, together
from engine.app import Accepted, Engine
from engine.store.postgresql.pool import cursor_on
from engine.store.postgresql.wire import Cursor, Wire
from engine.store.statements import Many
from engine.testing import ADMIN, ManualTime
from tests import postgres

WANTED = 0.55
"""Of the driver's rate, with one client."""

CLIENTS = 8
WANTED_OF_CLIENTS = 0.5

GUARDED = re.compile(r"WITH changed AS \((.*) RETURNING 1\) SELECT .* FROM changed")
"""How an update is written that must change something."""


def prepare(server: postgres.Server) -> tuple[str, list[str]]:
    """A database with some open cases, by its name, and their ids."""
    name = server.new()
    with Engine.open(server.url(name), time=ManualTime(), create=True) as engine:
        for person in PEOPLE:
            engine.save_person(person, actor=ADMIN)
        engine.publish(desk(), "ring", actor=ADMIN)
        opened = [engine.open_case("ring", {"amount": "12.50"}, actor="lin") for _ in range(CASES)]
        return name, [result.case.id for result in opened if isinstance(result, Accepted)]


@contextmanager
def recording(kept: list[Statement]) -> Iterator[None]:
    """Keep the rows that are written meanwhile, an update as the plain update that it is."""
    plain = Wire.tell

    def tell(self: Wire, text: str, values: Sequence[Any] = (), many: Many | None = None) -> None:
        update = GUARDED.fullmatch(text)
        if values:
            kept.append((update[1] if update else text, tuple(values)))
        plain(self, text, values, many)

    Wire.tell = tell  # type: ignore[method-assign]
    try:
        yield
    finally:
        Wire.tell = plain  # type: ignore[method-assign]


def recorded(url: str, cases: Sequence[str], numbers: range) -> list[list[Statement]]:
    """What each of these actions writes."""
    time, written = ManualTime(), list[list[Statement]]()
    with Engine.open(url, time=time) as engine:
        for number in numbers:
            kept: list[Statement] = []
            with recording(kept):
                act(engine, time, cases, range(number, number + 1))
            written.append(kept)
    return written


def write(cursor: Cursor, steps: Sequence[Sequence[Statement]]) -> None:
    """The statements and nothing else, one commit and one round trip a step."""
    for statements in steps:
        with cursor.connection.pipeline():
            cursor.execute("BEGIN")
            for text, values in statements:
                cursor.execute(text, values)
            cursor.execute("COMMIT")


def beside_the_driver(server: postgres.Server, count: int, rounds: int) -> Pair:
    """One action after the other, beside the bare driver writing the same rows."""
    begin, cases = prepare(server)
    names = [server.new(begin) for _ in range(3)]
    parts = [range(WARM), *(range(first, first + count) for first in range(WARM, WARM + count * rounds, count))]
    steps = recorded(server.url(names[0]), cases, range(WARM + count * rounds))
    time = ManualTime()
    with (
        Engine.open(server.url(names[1]), time=time) as engine,
        closing(psycopg.connect(server.url(names[2]), autocommit=True)) as driver,
    ):
        cursor = cursor_on(driver)

        def ours(turn: int) -> None:
            act(engine, time, cases, parts[turn])

        def theirs(turn: int) -> None:
            write(cursor, [steps[number] for number in parts[turn]])

        ours(0)
        theirs(0)
        found = in_turns(lambda turn: ours(turn + 1), lambda turn: theirs(turn + 1), rounds)
    equal(server, *names[1:])
    return found


def in_batches(server: postgres.Server, count: int, rounds: int) -> Pair:
    """The same actions a hundred to a commit, beside one by one."""
    begin, cases = prepare(server)
    times, parts = (ManualTime(), ManualTime()), [range(turn * count, (turn + 1) * count) for turn in range(rounds)]
    with (
        Engine.open(server.url(server.new(begin)), time=times[0]) as many,
        Engine.open(server.url(server.new(begin)), time=times[1]) as single,
    ):
        act_many(many, times[0], cases, range(BATCH))
        act(single, times[1], cases, range(BATCH))
        return in_turns(
            lambda turn: act_many(many, times[0], cases, parts[turn]),
            lambda turn: act(single, times[1], cases, parts[turn]),
            rounds,
        )


def of_several(server: postgres.Server, folder: Path, count: int, rounds: int) -> tuple[float, float]:
    """Actions a second of eight clients, a process each, and that beside as many drivers writing the same rows."""
    begin, cases = prepare(server)
    names = [server.new(begin) for _ in range(3)]
    parts = [range(first, first + count) for first in range(0, count * (rounds + 1), count)]
    kept = []
    for number in range(CLIENTS):
        own = cases[number::CLIENTS]
        kept.append(folder / str(number))
        steps = recorded(server.url(names[0]), own * CLIENTS, range(parts[-1].stop))
        kept[-1].write_bytes(pickle.dumps((own * CLIENTS, steps)))
    found = []
    for part in parts:
        given = [[(who, server.url(name), str(path), str(part.start), str(part.stop)) for path in kept]
                 for who, name in (("ours", names[1]), ("theirs", names[2]))]  # fmt: skip
        found.append([together(__file__, one)[0] for one in given])
    some, ratio = zip(*[(ours, theirs / ours) for ours, theirs in found[1:]], strict=True)
    return CLIENTS * count / median(some), median(ratio)


def child(who: str, url: str, path: str, first: str, until: str) -> None:
    """One of several clients."""
    cases, steps = pickle.loads(Path(path).read_bytes())
    numbers = range(int(first), int(until))
    if who == "theirs":
        with closing(psycopg.connect(url, autocommit=True)) as driver:
            cursor = cursor_on(driver)
            ready()
            write(cursor, [steps[number] for number in numbers])
        return
    time = ManualTime()
    time.move(numbers.start * 1_000)
    with Engine.open(url, time=time) as engine:
        ready()
        act(engine, time, cases, numbers)


def equal(server: postgres.Server, ours: str, theirs: str) -> None:
    """Both must have written the same rows, or the ratio compares nothing."""
    with psycopg.connect(server.url(ours)) as one, psycopg.connect(server.url(theirs)) as other:
        named = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        for (table,) in one.execute(named).fetchall():
            rows = [sorted(map(repr, base.execute(f'SELECT * FROM "{table}"').fetchall())) for base in (one, other)]  # type: ignore[arg-type]
            assert rows[0] == rows[1], table


def answers(*, is_quick: bool = False) -> Iterator[Answer]:
    """Act, durably, on a server."""
    if postgres.programs() is None:
        yield Answer("act on PostgreSQL", "no server here")
        return
    count, rounds = (100, 3) if is_quick else (500, 7)
    for settings, waits in (((), "durable"), (postgres.PLAIN, "not waiting for the disk")):
        server = postgres.Server(*settings)
        server.start()
        try:
            yield from _beside(server, waits, count, rounds)
        finally:
            server.end()


def _beside(server: postgres.Server, waits: str, count: int, rounds: int) -> Iterator[Answer]:
    pair = beside_the_driver(server, count, rounds)
    beside = f"of the bare driver ({pair.cpu_ratio:.2f} by our processor time)"
    bound = at_least(WANTED, pair.ratio) if waits == "durable" else ("", None)
    yield Answer(f"act, {waits}, PostgreSQL", f"{count / pair.ours:,.0f}/s", pair.ratio, beside, *bound)
    with tempfile.TemporaryDirectory() as folder:
        rate, ratio = of_several(server, Path(folder), count // 4, min(rounds, 5))
    bound = at_least(WANTED_OF_CLIENTS, ratio) if waits == "durable" else ("", None)
    yield Answer(f"act, {waits}, {CLIENTS} clients", f"{rate:,.0f}/s", ratio, "of as many bare drivers", *bound)
    count *= 4  # a turn of five batches is over too soon to tell three from two and nine tenths
    pair = in_batches(server, count, rounds)
    question = f"act in batches of {BATCH}, {waits}, PostgreSQL"
    bound = at_least(3, pair.ratio) if waits == "durable" else ("", None)
    yield Answer(question, f"{count / pair.ours:,.0f}/s", pair.ratio, "of one by one", *bound)


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(*sys.argv[2:7])
    else:
        tell(answers(is_quick="--quick" in sys.argv))
