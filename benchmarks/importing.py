"""How many messages does an import send to a server for a line, and how fast is it?

A hundred cases and five actions on each, in one file by time and in one case by case. Messages are counted where they
leave: each is a wait for the way there and back, so that with a server 2 ms away a message a line is 2 ms a line.

    python benchmarks/importing.py
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import Answer, desk, tell
from benchmarks.durable import PEOPLE
from engine.app import Engine, Import
from engine.store.postgresql.wire import Wire
from engine.testing import ADMIN
from engine.time_source import SystemTime
from engine.values import rfc3339
from tests import postgres

CASES, ACTIONS = 100, 5


def lines(at: int, *, is_by_time: bool) -> list[str]:
    """The file: every case opened before anything is done, or one case after the other."""
    common = {"at": rfc3339(at), "as": "clerk:lin"}
    acted = {**common, "do": "pass_on", "form": {"amount": "12.50", "remark": "seen"}}
    cases = [
        [{**common, "case": f"c{number}", "open": "ring", "form": {"amount": "12.50"}}]
        + [{**acted, "case": f"c{number}"}] * ACTIONS
        for number in range(CASES)
    ]
    by_case = [line for case in cases for line in case]
    by_time = [case[place] for place in range(ACTIONS + 1) for case in cases]
    return [json.dumps(line) for line in (by_time if is_by_time else by_case)]


@contextmanager
def counting(sent: list[int]) -> Iterator[None]:
    """Keep how many statements each message had."""
    exchange = Wire._exchange

    def counted(wire: Wire, statements: Sequence[Any], told: int = 0) -> Any:
        sent.append(len(statements))
        return exchange(wire, statements, told)

    Wire._exchange = counted  # type: ignore[method-assign]
    try:
        yield
    finally:
        Wire._exchange = exchange  # type: ignore[method-assign]


def answers(*, is_quick: bool = False) -> Iterator[Answer]:
    """Import in either order, on a database of its own."""
    if postgres.programs() is None:
        yield Answer("import into PostgreSQL", "no server here")
        return
    server = postgres.shared()
    for is_by_time, order in ((True, "by time"), (False, "case by case")):
        with Engine.open(server.url(server.new()), create=True) as engine:
            for person in PEOPLE:
                engine.save_person(person, actor=ADMIN)
            engine.publish(desk(), "ring", actor=ADMIN)
            file, sent = lines(SystemTime().now() - 1_000, is_by_time=is_by_time), list[int]()
            began = perf_counter()
            with counting(sent):
                found = engine.import_lines(file, Import(name="old"), actor=ADMIN)
            took = perf_counter() - began
            assert (found.done, found.errors) == (len(file), ()), found.errors[:3]
        yield Answer(f"import into PostgreSQL, {order}", f"{len(sent) / len(file):.2f} messages a line")
        yield Answer(f"import into PostgreSQL, {order}, the server beside", f"{len(file) / took:,.0f} lines/s")


if __name__ == "__main__":
    tell(answers(is_quick="--quick" in sys.argv))
