"""Casewright, by its Python API, with what it does unless told otherwise.

Each step is one commit, and on SQLite (`synchronous=FULL`, a write-ahead log) or PostgreSQL (its defaults) it is on the
disk when it is acknowledged. With it: who may do it, the form and its types, a guard, two promises with what they warn
of, the lists, the audit record in its chain. All cases are verified at the end, by chain and by replay. Callers are
threads of one process; on SQLite those who wait in line share a commit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.others.matter import OPENING, STEPS
from benchmarks.others.player import Given, Play, by_threads, serve
from engine.app import Accepted, Engine
from engine.ports import Person
from engine.testing import ADMIN

DESK = Path(__file__).resolve().parent / "desk"
PEOPLE = {"ann": "front", "bob": "duty", "cai": "technician"}


def desk() -> Mapping[str, str]:
    """The texts of the desk."""
    return {path.relative_to(DESK.parent).as_posix(): path.read_text("utf-8") for path in DESK.rglob("*.yaml")}


@contextmanager
def player(given: Given) -> Iterator[Play]:
    """Our side."""
    with Engine.open(given.url, create=True) as engine:
        for name, role in PEOPLE.items():
            engine.save_person(Person(id=name, name=name.title(), roles=(role,)), actor=ADMIN)
        engine.publish(desk(), "repair", actor=ADMIN)

        def one(_: int) -> bool:
            result = engine.open_case("repair", OPENING.form, actor=OPENING.actor)
            assert isinstance(result, Accepted), result
            case = result.case.id
            for step in STEPS:
                result = engine.act(case, step.name, step.form, actor=step.actor)
                assert isinstance(result, Accepted), result
            return result.case.outcome == "done"

        yield by_threads(given.callers, one)
        problems = engine.verify().problems
        assert not problems, problems[:3]


if __name__ == "__main__":
    serve(player)
