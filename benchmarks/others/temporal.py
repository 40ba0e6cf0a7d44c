"""Temporal: its development server and its Python SDK; a workflow for each case, steps by signals.

A signal is acknowledged when it stands in the workflow's history, in the server's SQLite file (without a file it keeps
nothing). What the workflow makes of it comes later and is not waited for but at the end, which is in its favour: a
caller who must hear whether a step was allowed would send an update, which waits for the worker. Worker and callers are
two processes. Not done: promises and their warnings (a workflow can sleep), who may do a step, forms, lists.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from benchmarks.others.matter import OPENING, STEPS
    from benchmarks.others.player import PATIENCE, Given, Play, beside, free_port, serve, until

QUEUE = "repair"


@workflow.defn
class Repair:
    """One case: it waits for its steps, one after the other, and ends in the last one's state."""

    def __init__(self) -> None:
        self.case: dict[str, str] = {}

    @workflow.run
    async def run(self, form: dict[str, str]) -> str:
        """From the opening to the end."""
        self.case = {**form, "state": OPENING.to, **self.case}
        await workflow.wait_condition(lambda: self.case["state"] == STEPS[-1].to)
        return self.case["state"]

    @workflow.signal
    def step(self, form: dict[str, str], to: str) -> None:
        """Somebody did a step."""
        self.case = {**self.case, **form, "state": to}


async def one(client: Client) -> bool:
    """One case, from its opening to its end."""
    case = await client.start_workflow(Repair.run, dict(OPENING.form), id=str(uuid4()), task_queue=QUEUE)
    for step in STEPS:
        await case.signal(Repair.step, args=[dict(step.form), step.to])
    return bool(await case.result() == STEPS[-1].to)


async def many(client: Client, callers: int, count: int) -> int:
    """So many cases, so many at once; how many closed."""
    left = iter(range(count))

    async def caller() -> int:
        return sum([await one(client) for _ in left])

    return sum(await asyncio.gather(*(caller() for _ in range(callers))))


@contextmanager
def player(given: Given) -> Iterator[Play]:
    """Temporal's side."""
    address = f"127.0.0.1:{free_port()}"
    log = given.folder / "server.log"
    program = str(Path(sys.executable).parent / "temporal")
    told = ["--port", address.split(":")[1], "--db-filename", str(given.folder / "temporal.db"), "--headless"]
    with (
        beside([program, "server", "start-dev", *told], log) as server,
        asyncio.Runner() as runner,
    ):
        health = [program, "operator", "cluster", "health", "--address", address]
        until(lambda: subprocess.run(health, capture_output=True).returncode == 0, server, log)
        with beside(
            [sys.executable, "-m", "benchmarks.others.temporal", "worker", address], given.folder / "worker.log"
        ):
            client = runner.run(Client.connect(address))
            assert runner.run(asyncio.wait_for(one(client), PATIENCE))  # the worker is there
            yield lambda count: runner.run(many(client, given.callers, count))


async def work(address: str) -> None:
    """The worker, until it is stopped."""
    client = await Client.connect(address)
    await Worker(client, task_queue=QUEUE, workflows=[Repair]).run()


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        asyncio.run(work(sys.argv[2]))
    else:
        serve(player)
