"""SpiffWorkflow: a BPMN process of six user tasks, saved to SQLite by its serializer after each.

The workflow stays in memory from step to step, which is in its favour: at a desk each step is another request, which
would read and restore it; the way `restored` does that. Saved is the whole workflow as JSON, in one row, one commit a
step, by Python's `sqlite3` as it opens a file: a rollback journal and `synchronous=FULL`, so the disk has it when the
next step begins. The way `log` does it with a write-ahead log, as ours is. Not done: promises and their warnings, who
may do a step (a lane is a name), forms and their types, an audit, lists, two callers of the same case.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import pairwise
from uuid import uuid4

from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.specs.defaults import UserTask
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from benchmarks.others.matter import ALL, OPENING
from benchmarks.others.player import Given, Play, by_threads, serve


def bpmn() -> bytes:
    """The process: a start, the steps as user tasks, an end."""
    names = ["start", *(step.name for step in ALL), "end"]
    tasks = "".join(f'<userTask id="{step.name}" name="{step.name}"/>' for step in ALL)
    flows = "".join(
        f'<sequenceFlow id="to_{target}" sourceRef="{source}" targetRef="{target}"/>'
        for source, target in pairwise(names)
    )
    return (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="casewright">'
        f'<process id="repair" isExecutable="true"><startEvent id="start"/>{tasks}<endEvent id="end"/>{flows}</process>'
        "</definitions>"
    ).encode()


class Cases:
    """Cases in a table, each as its whole workflow."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database
        self.serializer = BpmnWorkflowSerializer()
        database.execute("CREATE TABLE cases (id TEXT PRIMARY KEY, state TEXT NOT NULL, workflow TEXT NOT NULL)")

    def save(self, case: str, state: str, workflow: BpmnWorkflow) -> None:
        """Keep it, committed."""
        with self.database:
            row = (case, state, self.serializer.serialize_json(workflow))
            self.database.execute("INSERT OR REPLACE INTO cases VALUES (?, ?, ?)", row)

    def restore(self, case: str) -> BpmnWorkflow:
        """It, as it was kept."""
        (text,) = self.database.execute("SELECT workflow FROM cases WHERE id = ?", (case,)).fetchone()
        return self.serializer.deserialize_json(text)


def take(workflow: BpmnWorkflow, form: Mapping[str, str]) -> None:
    """Do the one task that waits."""
    task = workflow.get_next_task(state=TaskState.READY, spec_class=UserTask)
    task.set_data(**form)
    task.run()
    workflow.do_engine_steps()


@contextmanager
def player(given: Given) -> Iterator[Play]:
    """SpiffWorkflow's side."""
    parser = BpmnParser()
    parser.add_bpmn_str(bpmn())
    spec = parser.get_spec("repair")
    with closing(sqlite3.connect(given.url.removeprefix("sqlite:///"))) as database:
        if given.way == "log":
            database.execute("PRAGMA journal_mode = WAL")
        cases = Cases(database)

        def one(_: int) -> bool:
            name, workflow = str(uuid4()), BpmnWorkflow(spec)
            workflow.do_engine_steps()
            for step in ALL:
                if given.way == "restored" and step is not OPENING:
                    workflow = cases.restore(name)
                take(workflow, step.form)
                cases.save(name, step.to, workflow)
            return bool(workflow.is_completed())

        yield by_threads(given.callers, one)


if __name__ == "__main__":
    serve(player)
