"""`correct`: a wrong calendar or goal, put right for promises that began under it, with preview and reversal."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.beside import declare, run_list, run_reverse, run_show, said_options, yes_option
from engine.cli.command import Args, Command, engine_command
from engine.cli.designing.findings import findings_document
from engine.cli.designing.folder import Checked
from engine.cli.exits import Exit
from engine.cli.group import Subcommands
from engine.cli.said import findings_again, told_findings
from engine.cli.streams import Streams
from engine.cli.translate import _, plural
from engine.errors import NotFound

if TYPE_CHECKING:
    from engine.app import Correction, Engine
    from engine.lang.beside import FileRead
    from engine.lang.correction_files import Correctable, CorrectionFile


def correct_command() -> click.Group:
    """Build `correct` with its commands."""
    named = click.Argument(["adjustment"], metavar=_("CORRECTION"))
    listing = engine_command(
        "list",
        partial(run_list, "correction"),
        help=_("List what was put right, the oldest first."),
        examples=("casewright correct list",),
    )
    show = engine_command(
        "show",
        partial(run_show, "correction"),
        help=_("Show one correction, and the recorded and the corrected result of every promise it changes."),
        examples=("casewright correct show ADJ-2",),
        params=[named],
    )
    reverse = engine_command(
        "reverse",
        partial(run_reverse, "correction"),
        help=_("Take a correction back: every promise has its recorded result again, and nothing beside it."),
        examples=("casewright correct reverse ADJ-2 --reason 'the goal was right' --approver sun.qiang",),
        params=[named, *said_options()],
    )
    return Subcommands(
        "correct",
        help=_("Put a wrong calendar or goal right for promises that began under it, list that, or take it back."),
        examples=("casewright correct goal.yaml --preview", "casewright correct list"),
        commands=[_declare(), listing, show, reverse],
        default="declare",
    )


def _declare() -> Command:
    return engine_command(
        "declare",
        run_declare,
        help=_(
            "Put a calendar or goal right, as a file says: a preview shows each result before and after, --yes puts it "
            "on the record of each case. What is recorded stays; the corrected result stands beside it, and nothing is "
            "sent or unsent."
        ),
        examples=("casewright correct goal.yaml --preview", "casewright correct goal.yaml --yes"),
        params=[
            click.Argument(["file"], type=click.Path(path_type=Path), metavar=_("FILE")),
            click.Option(["--preview"], is_flag=True, help=_("Only show what would change; ask nothing.")),
            yes_option(),
            click.Option(
                ["--in", "folder"], type=click.Path(file_okay=False, path_type=Path), help=_("The folder of processes.")
            ),
        ],
    )


def run_declare(streams: Streams, engine: Engine, args: Args) -> int:
    """Read a file that puts something right; preview it, and declare it where that was said."""
    from engine.lang.correction_files import read_correction
    from engine.lang.source import MAX_BYTES
    from engine.resources import read_bounded

    if args.yes and args.preview:
        raise click.UsageError(_("--preview only looks and --yes declares; give one of them"))
    if not args.file.is_file():
        raise NotFound(_("there is no file `{file}`").format(file=args.file))
    content = read_bounded(args.file, MAX_BYTES)
    read = read_correction(content, args.file.as_posix(), _known(engine, args.folder or args.settings.folder))
    if read.findings and not streams.is_json:
        _write_findings(streams, read)
    if read.said is None:
        if streams.is_json:
            checked = Checked(findings=list(read.findings), texts=dict(read.texts))
            streams.give(findings_document(checked, findings_again(read.findings)))
        return Exit.FAILED
    return declare(streams, engine, _correction(read.said), args)


def _known(engine: Engine, folder: Path) -> Correctable:
    from engine.app.where import Where
    from engine.lang.correction_files import Correctable
    from engine.resources import read_sources

    names = dict.fromkeys(one.process for one in engine.published())
    return Correctable(
        definitions={name: engine.definition(name) for name in names},
        folder=read_sources(folder) if folder.is_dir() else {},
        check_where=Where,
    )


def _correction(file: CorrectionFile) -> Correction:
    from engine.app import Correction, Reach

    return Correction(
        since=file.since, until=file.until, reason=file.reason, approver=file.approver,
        reach=Reach(process=file.process, clocks=file.clocks, where=file.where),
        calendar=file.calendar, goal=file.goal, was=file.was,
    )  # fmt: skip


def _write_findings(streams: Streams, read: FileRead[CorrectionFile]) -> None:
    streams.say(told_findings(read.findings, read.texts))
    errors = sum(1 for found in read.findings if found.severity == "error")
    if errors:
        streams.tell(plural("{count} error: nothing was declared", "{count} errors: nothing was declared", errors))
