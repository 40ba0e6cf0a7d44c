"""`plan` and `migrate`: what a newer version means for open cases, and moving them to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli.answer import reader_of
from engine.cli.command import Args, Command, engine_command
from engine.cli.designing.definitions import checked_definition
from engine.cli.exits import Exit
from engine.cli.moves import plan_document, write_plan
from engine.cli.parameters import ProcessPath
from engine.cli.streams import Streams
from engine.cli.translate import _, plural
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.app import Engine, Migrated
    from engine.cli.reader import Reader


def plan_command() -> Command:
    """Build `plan`."""
    return engine_command(
        "plan",
        run_plan,
        help=_(
            "Show what publishing a new version and moving every open case to it would mean: its state, its promises "
            "before and after, what could no longer be done. Nothing is changed."
        ),
        examples=("casewright plan processes/repair.yaml",),
        params=[click.Argument(["path"], type=ProcessPath(), metavar=_("FILE"))],
    )


def migrate_command() -> Command:
    """Build `migrate`."""
    return engine_command(
        "migrate",
        run_migrate,
        help=_(
            "Move open cases to a published version, as its `migrate` says. Without --yes it is only shown. Every case "
            "gets a record of its own; broken off, the same command goes on where it stopped."
        ),
        examples=("casewright migrate repair", "casewright migrate repair --reason 'new promises' --yes"),
        params=[
            click.Argument(["process"], metavar=_("PROCESS")),
            click.Option(["--to"], type=int, metavar=_("VERSION"), help=_("The version; unsaid, the newest.")),
            click.Option(["--reason"], metavar=_("TEXT"), help=_("Why; it stands in every case's record.")),
            click.Option(["--yes"], is_flag=True, help=_("Move them; without this, it is only shown.")),
        ],
    )


def run_plan(streams: Streams, engine: Engine, args: Args) -> int:
    """Show what a definition that is not published yet would mean; what is wrong with the file comes first."""
    definition = checked_definition(streams, args.path)
    if definition is None:
        return Exit.FAILED
    plan = engine.plan(
        definition.sources, definition.process, actor=args.settings.actor, progress=streams.progress(_("planning"))
    )
    reader = reader_of(streams, engine, definition)
    if streams.is_json:
        streams.give(plan_document(reader, plan))
    else:
        write_plan(streams, reader, engine, plan, definition)
    is_whole = not plan.oversights and len(plan.possible) == len(plan.moves)
    if is_whole and plan.moves:
        streams.tell(_("next: {command}").format(command=f"casewright publish {args.path}"))
    return Exit.DONE if is_whole else Exit.FAILED


def run_migrate(streams: Streams, engine: Engine, args: Args) -> int:
    """Show what moving open cases means, and move them where that was said."""
    if args.yes and not (args.reason or "").strip():
        raise UsageError(_("a reason must be given: it stands in the record of every case"), help="--reason TEXT")
    actor = args.settings.actor
    if args.yes:
        done = engine.migrate(
            args.process, args.to, actor=actor, reason=args.reason, progress=streams.progress(_("moving"))
        )
        return _told(streams, reader_of(streams, engine), args.process, done)
    plan = engine.plan_migration(args.process, args.to, actor=actor, progress=streams.progress(_("planning")))
    definition = engine.definition(plan.process, plan.version)
    reader = reader_of(streams, engine, definition)
    if streams.is_json:
        streams.give(plan_document(reader, plan))
    else:
        write_plan(streams, reader, engine, plan, definition)
    if plan.possible:
        streams.tell(_("nothing was moved; --reason TEXT --yes moves them"))
    return Exit.DONE if len(plan.possible) == len(plan.moves) else Exit.FAILED


def _told(streams: Streams, reader: Reader, process: str, done: Migrated) -> int:
    if streams.is_json:
        failed = [{"case": case, "message": reader.said(words)} for case, words in done.failed]
        streams.give({"process": process, "version": done.version, "moved": list(done.cases), "failed": failed})
        return Exit.FAILED if done.failed else Exit.DONE
    count = plural("{count} case moved", "{count} cases moved", len(done.cases))
    streams.say(_("{process} version {version}: {what}").format(process=process, version=done.version, what=count))
    for case, words in done.failed:
        streams.tell(_("{case}: not moved: {why}").format(case=case, why=reader.said(words)))
    return Exit.FAILED if done.failed else Exit.DONE
