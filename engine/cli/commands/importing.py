"""`import`: a desk's old cases, or a prepared day, line by line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.command import Args, Command, engine_command
from engine.cli.exits import Exit
from engine.cli.file_trouble import opened
from engine.cli.going_on import Progress, told_how_far
from engine.cli.sayings import said_again
from engine.cli.streams import Streams
from engine.cli.translate import _, labelled, phrased, plural

if TYPE_CHECKING:
    from engine.app import Engine, Imported


def import_command() -> Command:
    """Build `import`."""
    return engine_command(
        "import",
        run_import,
        help=_(
            "Bring in cases from a file of JSON lines, each at its own time: "
            '{"at", "as": "role:person", "case", "open" or "do", "form", "facts", "key"} or {"at", "tick": true}. '
            "Run again, it goes on where it stopped, does nothing twice, and names the bad lines again. How to mend "
            "them: with --stop-on-error the import waits at the line, mend it in the file and run again; else put the "
            "lines of cases that could not be opened, mended, into a file of their own and import that under its own "
            "name."
        ),
        examples=("casewright import old-cases.jsonl", "casewright import day.jsonl --stop-on-error --json"),
        params=[
            click.Argument(["file"], type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar=_("FILE")),
            click.Option(
                ["--name"], help=_("The name of this import; else the file's. By it a second run knows the first.")
            ),
            click.Option(
                ["--stop-on-error"],
                is_flag=True,
                help=_("Stop at the first bad line; else it is named and the rest goes on."),
            ),
        ],
    )


def run_import(streams: Streams, engine: Engine, args: Args) -> int:
    """Import a file."""
    from engine.app import Import

    with opened(args.file) as lines, told_how_far(streams, _progress(streams, args.file), _so_far) as progress:
        job = Import(name=args.name or args.file.name, stop_on_error=args.stop_on_error, progress=progress)
        done = engine.import_lines(lines, job, actor=args.settings.actor)
    if streams.is_json:
        streams.give(import_document(done))
    else:
        _say(streams, args.file, done)
    return Exit.FAILED if done.errors else Exit.DONE


def _so_far(count: int) -> str:
    return plural(
        "{count} line is done; the same command goes on after it",
        "{count} lines are done; the same command goes on after them",
        count,
    )


def _progress(streams: Streams, file: Path) -> Progress:
    """Draw a bar over the lines of the file; they are counted only where somebody looks."""
    if not streams.err.isatty():
        return lambda done, total: None
    with file.open("rb") as lines:
        total = sum(1 for _line in lines)
    draw = streams.progress(_("importing"))
    return lambda done, known: draw(done, total)


def _say(streams: Streams, file: Path, done: Imported) -> None:
    for error in done.errors:
        streams.tell(labelled(f"{file}:{error.line}", said_again(error.message)))
    parts = [
        plural("{count} line done", "{count} lines done", done.done),
        plural("{count} refused", "{count} refused", done.refused),
        plural("{count} bad line", "{count} bad lines", len(done.errors)),
    ]
    if done.skipped:
        parts.append(
            plural("{count} line done by an earlier run", "{count} lines done by an earlier run", done.skipped)
        )
    streams.say(phrased(parts))


def import_document(done: Imported) -> dict[str, object]:
    """Describe what an import did."""
    return {
        "done": done.done,
        "refused": done.refused,
        "skipped": done.skipped,
        "cases": dict(done.cases),
        "errors": [{"line": error.line, "message": error.message} for error in done.errors],
    }
