"""`export`: what happened, for the tools of process mining."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.answer import reader_of
from engine.cli.command import Args, Command, engine_command
from engine.cli.commands.reporting import period_options
from engine.cli.left_out import say_why, without
from engine.cli.output_files import force_option, output_option, refuse_existing
from engine.cli.reports.figures import read_period
from engine.cli.streams import Streams
from engine.cli.translate import _, phrased, plural
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.app import Engine, Export, Exported
    from engine.app.reports.exporting import ExportFormat

_FORMATS: tuple[ExportFormat, ...] = ("xes", "ocel", "csv", "jsonl")


def export_command() -> Command:
    """Build `export`."""
    return engine_command(
        "export",
        run_export,
        help=_(
            "Hand out cases and what happened to them, for the tools of process mining: XES (IEEE 1849), OCEL 2.0 "
            "in JSON, CSV, or JSON lines. Cases are whole, as of one instant, and nothing private is among them."
        ),
        examples=(
            "casewright export -o desk.xes",
            "casewright export --process repair --month 2026-03 -o repairs.csv",
            "casewright export --format ocel -o desk.json",
            "casewright export --format jsonl | wc -l",
        ),
        params=[
            click.Option(
                ["--format"],
                type=click.Choice(_FORMATS),
                help=_("How it is written; unsaid, the file's ending says it."),
            ),
            click.Option(["--process"], metavar=_("PROCESS"), help=_("Only cases of this process.")),
            *period_options(),
            click.Option(["--with-refused"], is_flag=True, help=_("Attempts that were refused, too.")),
            output_option(_("Write it to this file, whole or not at all; else to the output.")),
            force_option(),
        ],
    )


def run_export(streams: Streams, engine: Engine, args: Args) -> int:
    """Export; the time given is that at which cases were opened."""
    from engine.app import Export

    if streams.is_json and args.output is None:
        raise click.UsageError(_("with --json say by -o which file the export goes to"))
    refuse_existing(args.output, is_forced=args.force)
    since, until = read_period(reader_of(streams, engine).zone, args.month, args.since, args.until)
    form = args.format or _form_of(args.output)
    wanted = Export(format=form, process=args.process, since=since, until=until, with_refused=args.with_refused)
    if args.output is None:
        done = engine.export(wanted, streams.pour, actor=args.settings.actor)
        streams.tell(_counted(done))
        return _say_left_out(streams, done)
    done = write_whole(
        args.output, lambda write: engine.export(wanted, write, actor=args.settings.actor), _encoding(wanted)
    )
    if streams.is_json:
        counted = {"cases": done.cases, "events": done.events, "left_out": list(done.left_out)}
        streams.give({"file": str(args.output), "format": form, **counted})
    else:
        streams.say(_("written to {file}: {counted}").format(file=args.output, counted=_counted(done)))
    return _say_left_out(streams, done)


def _say_left_out(streams: Streams, done: Exported) -> int:
    if done.left_out:
        streams.tell(without(done.left_out))
    return say_why(streams, done.left_out)


def _form_of(output: Path | None) -> ExportFormat:
    """Read from a file's ending how it is to be written; `.json` says nothing of what is in it."""
    ending = output.suffix.lower().removeprefix(".") if output is not None else ""
    form = next((form for form in _FORMATS if form == ending), None)
    if form is None:
        raise UsageError(
            _("nothing says how it is to be written"),
            help=_("name a file that ends in .xes, .ocel, .csv or .jsonl, or say --format"),
        )
    return form


def write_whole(file: Path, work: Callable[[Callable[[str], object]], Exported], encoding: str) -> Exported:
    """Write a file beside its place and put it there when it is whole; broken off, nothing is left of it."""
    beside = file.with_name(f".{file.name}.part")
    try:
        with beside.open("w", encoding=encoding, newline="") as out:
            done = work(out.write)
        beside.replace(file)
    except BaseException:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    return done


def _encoding(wanted: Export) -> str:
    """Programs for spreadsheets guess wrongly where nothing marks a file as UTF-8."""
    return "utf-8-sig" if wanted.format == "csv" else "utf-8"


def _counted(done: Exported) -> str:
    return phrased(
        (plural("{count} case", "{count} cases", done.cases), plural("{count} event", "{count} events", done.events))
    )
