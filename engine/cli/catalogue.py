"""Which commands there are, for whom, and in which module each is built: all that `casewright --help` needs."""

from __future__ import annotations

from typing import NamedTuple

from engine.cli.translate import later


class Entry(NamedTuple):
    """One command: the module whose function of the same name builds it, and its line in the overview."""

    module: str
    summary: str


AUDIENCES: tuple[tuple[str, dict[str, Entry]], ...] = (
    (
        later("For the designer of a process"),
        {
            "new": Entry("writing", later("Write a small process to start from, with scenarios.")),
            "check": Entry("checking", later("Check processes; every finding has its line and its mend.")),
            "schema": Entry("editing", later("Write the schemas by which editors help.")),
            "test": Entry("testing", later("Run the scenarios of processes on a virtual clock.")),
            "calendar": Entry("calendars", later("Compute with calendars: add, elapsed, next opening; show one.")),
            "draw": Entry("drawing", later("Draw a process: outline, SVG, Mermaid, or a page for a browser.")),
            "explain": Entry("checking", later("Explain a rule of the checker, or a process as a handbook.")),
            "play": Entry("playing", later("Act on a process in memory, line by line.")),
            "convert": Entry(
                "converting", later("Turn a chart into a process, or a process into BPMN, SCXML, XState.")
            ),
            "diff": Entry("comparing", later("Compare two versions of a process in words.")),
            "simulate": Entry("simulating", later("Predict promises, queues and how busy people are.")),
            "record": Entry("recording", later("Turn a case into a scenario, private values replaced.")),
            "plan": Entry("moving", later("Show what a new version would mean for every open case.")),
            "publish": Entry("publishing", later("Publish processes, so that cases can be opened.")),
            "migrate": Entry("moving", later("Move open cases to a newer version.")),
        },
    ),
    (
        later("For the operator at the desk"),
        {
            "open": Entry("acting", later("Open a case.")),
            "list": Entry("listing", later("List the cases that wait on me and my roles, most urgent first.")),
            "show": Entry("looking", later("Show one case: where it stands, its promises, its data.")),
            "do": Entry("acting", later("Do an action, or list what can be done and why not the rest.")),
            "claim": Entry("holding", later("Take a case.")),
            "release": Entry("holding", later("Give a case back.")),
            "assign": Entry("holding", later("Give a case to a person.")),
            "merge": Entry("holding", later("Merge a case into another, which then answers for it.")),
            "attach": Entry("holding", later("Attach a file to a case.")),
            "fetch": Entry("fetching", later("Write an attached file to disk, from the archive too.")),
            "history": Entry("looking", later("Show everything that happened to a case.")),
            "clock": Entry("looking", later("Show the promises of a case, to the millisecond with --explain.")),
            "hear": Entry("hearing", later("Tell an event of another system, which finds its case.")),
            "report": Entry("reporting", later("Report how promises were kept, and what processes measure.")),
        },
    ),
    (
        later("For the administrator"),
        {
            "init": Entry("starting", later("Set up a desk: project file, database, folder of processes.")),
            "actor": Entry("people", later("Name the people of the desk and their roles.")),
            "party": Entry("parties", later("Keep the register of customers and other outside people.")),
            "import": Entry("importing", later("Bring in old cases, or a prepared day, from a file.")),
            "export": Entry("exporting", later("Hand out what happened, for the tools of process mining.")),
            "archive": Entry("archiving", later("Move closed cases whose time is over into files.")),
            "worker": Entry("running", later("Fire what falls due and deliver messages until stopped.")),
            "tick": Entry("running", later("Do one round of the worker's work and stop.")),
            "schedule": Entry("scheduling", later("List what the calendar opens next.")),
            "incoming": Entry("hearing", later("List events that wait for their case, or drop one.")),
            "outbox": Entry("mending", later("List outgoing messages, or send one again.")),
            "fault": Entry("mending", later("List what the engine failed on, or try it again.")),
            "interrupt": Entry("interrupting", later("Declare time that does not count against promises.")),
            "correct": Entry("correcting", later("Put a wrong calendar or goal right, beside the record.")),
            "audit": Entry("auditing", later("Verify that records are whole and true; sign and export proof.")),
            "privacy": Entry("privacy", later("Erase private values for good; lock them by the host's key.")),
            "db": Entry("database", later("Bring the tables up to date, or back the database up.")),
            "doctor": Entry("doctor", later("Look whether everything needed is in order.")),
            "demo": Entry("story", later("Play a day at the desk on a temporary database.")),
        },
    ),
)

COMMANDS: dict[str, Entry] = {name: entry for _, commands in AUDIENCES for name, entry in commands.items()}
