"""DBOS: a durable workflow of six steps, on SQLite or PostgreSQL.

The steps follow each other in one function: nobody is waited for, which is in its favour. The way `messages` is that of
its pages for people: the workflow waits by `DBOS.recv`, and each step is a `DBOS.send`, acknowledged when it is kept;
what the workflow makes of it is waited for at the end alone. (On SQLite such a workflow looks once a second, so it is
measured on PostgreSQL.) Each step's outcome is one commit, on the disk when the next begins: SQLite with Python's
defaults (a rollback journal, `synchronous=FULL`), PostgreSQL with its own. Not done: promises and their warnings (a
workflow can sleep), who may do a step, forms and their types, an audit in a chain, lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dbos import DBOS

from benchmarks.others.matter import ALL, OPENING, STEPS
from benchmarks.others.player import PATIENCE, Given, Play, by_threads, serve


@DBOS.step()
def take(case: Mapping[str, str], form: Mapping[str, str], to: str) -> dict[str, str]:
    """One step: the case as it stands after it."""
    return {**case, **form, "state": to}


@DBOS.workflow()
def repair() -> str:
    """The whole matter; the state it ends in."""
    case: dict[str, str] = {}
    for step in ALL:
        case = take(case, step.form, step.to)
    return case["state"]


@DBOS.workflow()
def awaiting(form: Mapping[str, str]) -> str:
    """The same, each step but the opening brought by somebody."""
    case = {**form, "state": OPENING.to}
    for step in STEPS:
        case = {**case, **DBOS.recv(step.name, timeout_seconds=PATIENCE), "state": step.to}
    return case["state"]


def by_messages() -> Any:
    """Open a case and bring its steps; the state it ends in."""
    handle = DBOS.start_workflow(awaiting, OPENING.form)
    for step in STEPS:
        DBOS.send(handle.workflow_id, step.form, topic=step.name)
    return handle.get_result()


@contextmanager
def player(given: Given) -> Iterator[Play]:
    """DBOS's side."""
    DBOS(config={"name": "casewright-bench", "system_database_url": given.url})
    DBOS.launch()
    try:
        whole = by_messages if given.way == "messages" else repair
        yield by_threads(given.callers, lambda _: whole() == ALL[-1].to)
    finally:
        DBOS.destroy()


if __name__ == "__main__":
    serve(player)
