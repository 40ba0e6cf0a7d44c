"""`demo`: a prepared day, imported into a temporary database and told as a story.

The story is what the engine did: every line between the told ones comes from a record or a result, so changing a line
of the day changes the story.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from engine.cli.command import Args, Command, plain_command
from engine.cli.designing.folder import checked_paths, publish_all
from engine.cli.documents import row_document
from engine.cli.exits import Exit
from engine.cli.reader import Reader
from engine.cli.reports.attainment import Tally, tallies, write_attainment
from engine.cli.sayings import said_again
from engine.cli.storyteller import Storyteller, chapters_of
from engine.cli.streams import Streams
from engine.cli.tables import wrapped
from engine.cli.translate import _, labelled, plural
from engine.errors import UsageError
from engine.resources import data_folder

if TYPE_CHECKING:
    from engine.app import CaseView, Engine, Verification
    from engine.core.cases import Actor

_PROMISES = ("met", "breached", "running", "paused", "cancelled", "not_needed")


def demo_command() -> Command:
    """Build `demo`."""
    return plain_command(
        "demo",
        run_demo,
        help=_(
            "Play a day at the desk on a temporary database and a virtual clock: repairs, complaints, refunds and what "
            "they open, a chapter each; promises kept and missed and the ladder climbed; actions refused and why; in "
            "the end how every promise was kept, and the audit. Nothing of it stays."
        ),
        examples=("casewright demo", "casewright demo --lang zh", "casewright demo --day my-day.jsonl"),
        params=[
            click.Option(
                ["--day"],
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help=_(
                    "Another day: lines as `casewright import` takes them, and `say` lines, each told with the `case` "
                    "it names."
                ),
            ),
            click.Option(
                ["--processes"],
                type=click.Path(exists=True, file_okay=False, path_type=Path),
                help=_("The folder of the processes the day needs; else those that come with casewright."),
            ),
        ],
    )


def run_demo(streams: Streams, args: Args) -> int:
    """Play a day."""
    from engine.app import Engine
    from engine.testing import ManualTime

    processes = args.processes or data_folder("processes")
    day = args.day or _day(data_folder("processes") / "demo", streams.language)
    definitions = list(checked_paths([processes]).definitions.values())
    if not definitions:
        raise UsageError(_("`{folder}` holds no process that can be published").format(folder=processes))
    zone = definitions[0].desk.zone
    lines = day.read_text("utf-8").splitlines()
    instants = _instants(lines, zone)
    time = ManualTime(min(instants, default=0) - 1)
    with (
        TemporaryDirectory(prefix="casewright-demo-") as temporary,
        Engine.open(str(Path(temporary) / "day.sqlite"), time=time, create=True) as engine,
    ):
        publish_all(engine, definitions, _admin())
        time.move_to(max(instants, default=0) + 1)
        return _play(streams, engine, lines, Reader(language=streams.language, zone=zone, now=time.now()))


def _day(folder: Path, language: str) -> Path:
    """The prepared day with its names and words in the reader's language."""
    own = folder / f"day.{language}.jsonl"
    return own if own.exists() else folder / "day.jsonl"


def _admin() -> Actor:
    from engine.core.cases import Actor

    return Actor(id="demo", roles=("admin",))


def _instants(lines: Iterable[str], zone: str) -> list[int]:
    from engine.values import Expected, read_instant

    instants = []
    for line in lines:
        try:
            instants.append(read_instant(json.loads(line)["at"], zone))
        except (ValueError, KeyError, TypeError, Expected):  # the import says what is wrong with it
            continue
    return instants


def _play(streams: Streams, engine: Engine, lines: list[str], reader: Reader) -> int:
    from engine.app import Import, Played

    played: list[Played] = []
    job = Import(name="demo", tell=played.append, until=reader.now)
    done = engine.import_lines(lines, job, actor=_admin())
    chapters = chapters_of(engine, done.cases)
    cases = [case for chapter in chapters for case in chapter.cases]
    found = engine.verify()
    if streams.is_json:
        streams.give(_document(engine, reader, cases, found))
    else:
        Storyteller(streams, engine, reader).tell(played, chapters)
        for error in done.errors:
            streams.tell(_("line {line}: {message}").format(line=error.line, message=said_again(error.message)))
        _sum_up(streams, engine, reader, cases, found)
    if found.problems:
        return Exit.NOT_VERIFIED
    return Exit.FAILED if done.errors else Exit.DONE


def _document(engine: Engine, reader: Reader, cases: list[CaseView], found: Verification) -> dict[str, Any]:
    total = sum(tallies(engine, cases).values(), Tally())
    return {
        "cases": [row_document(reader, engine.definition(case.process, case.version), case) for case in cases],
        "promises": {status: total[status] for status in _PROMISES},
        "records": found.records,
        "is_verified": not found.problems,
    }


def _sum_up(streams: Streams, engine: Engine, reader: Reader, cases: list[CaseView], found: Verification) -> None:
    streams.say()
    streams.say(streams.paint(_("The day in numbers"), "bold"))
    closed = sum(1 for case in cases if case.closed_at is not None)
    counted = [plural("{count} case", "{count} cases", len(cases)), _("{count} closed").format(count=closed)]
    streams.say("  " + _(", ").join(counted))
    if found.problems:
        for problem in found.problems:
            streams.say("  !! " + labelled(f"{problem.case} #{problem.sequence}", problem.message))
    else:
        for number, line in enumerate(wrapped(_whole(found), streams.width - 4)):
            streams.say(("    " if number else "  ") + line)
    streams.say()
    write_attainment(streams, engine, reader, tallies(engine, cases))
    streams.tell()
    streams.tell(_("next: {command}").format(command="casewright init --example"))


def _whole(found: Verification) -> str:
    return _("audit: {records}, every chain whole, every replay equal, {sealed}").format(
        records=plural("{count} record", "{count} records", found.records),
        sealed=plural("{count} private value sealed", "{count} private values sealed", found.sealed),
    )
