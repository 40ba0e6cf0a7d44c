"""`report`: what is counted over many cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.answer import reader_of
from engine.cli.command import Args, Command, engine_command
from engine.cli.exits import Exit
from engine.cli.figures import Names, read_period, write_csv
from engine.cli.group import Subcommands
from engine.cli.sla import HEADS, Shown, csv_head, csv_rows, sla_document, write_sla
from engine.cli.streams import Streams
from engine.cli.translate import _

if TYPE_CHECKING:
    from engine.app import Engine


def report_command() -> click.Group:
    """Build `report` with its commands."""
    return Subcommands(
        "report",
        help=_("Count over many cases: how promises were kept."),
        examples=("casewright report sla --month 2026-03",),
        commands=[_sla_command()],
    )


def period_options() -> list[click.Parameter]:
    """Build the options that say which time is counted."""
    return [
        click.Option(["--month"], metavar=_("MONTH"), help=_("Only this month: 2026-03.")),
        click.Option(["--from", "since"], metavar=_("DATE"), help=_("From this date or instant on.")),
        click.Option(["--until"], metavar=_("DATE"), help=_("Up to this date, with all of it, or this instant.")),
    ]


def _sla_command() -> Command:
    return engine_command(
        "sla",
        run_sla,
        help=_(
            "Report how promises were kept: met of those met, missed and overdue; what is cancelled, not needed, "
            "running or paused is counted beside it. A promise belongs to the time at which it was missed, else at "
            "which it ended. By role and person it counts for the one with whom most of its time was spent."
        ),
        examples=(
            "casewright report sla",
            "casewright report sla --process repair --month 2026-03 --by person",
            "casewright report sla --by clock,month --csv promises.csv",
            "casewright report sla --month 2026-03 --html march.html",
        ),
        params=[
            click.Option(
                ["--by"], default="clock", show_default=True, metavar=_("NAMES"), callback=_dimensions,
                help=_("What to count by, by commas: {names}.").format(names=", ".join(HEADS)),
            ),
            click.Option(["--process"], metavar=_("PROCESS"), help=_("Those of this process.")),
            click.Option(["--clock"], metavar=_("CLOCK"), help=_("Only this promise.")),
            *period_options(),
            click.Option(["--csv"], metavar=_("FILE"), help=_("Write a file for a spreadsheet; `-`: to the output.")),
            click.Option(["--html"], metavar=_("FILE"), help=_("Write one page with pictures, for printing and mail.")),
        ],
    )  # fmt: skip


def _dimensions(context: click.Context, option: click.Parameter, given: Any) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in str(given).split(",")))
    if unknown := [name for name in names if name not in HEADS]:
        text = _("`{name}` is none of {names}").format(name=unknown[0], names=", ".join(HEADS))
        raise click.BadParameter(text, context, option)
    # a clock is one of a process: naming both says it twice
    return tuple(name for name in names if name != "process" or "clock" not in names)


def run_sla(streams: Streams, engine: Engine, args: Args) -> int:
    """Report how promises were kept."""
    from engine.app import SlaQuestion

    reader = reader_of(streams, engine)
    since, until = read_period(reader.zone, args.month, args.since, args.until)
    report = engine.report_sla(
        SlaQuestion(by=args.by, process=args.process, clock=args.clock, since=since, until=until)
    )
    shown = Shown(report=report, reader=reader, names=Names(reader, engine), since=since, until=until)
    if args.html is not None:
        from engine.cli.sla_page import sla_page

        Path(args.html).write_text(sla_page(shown), encoding="utf-8")
        streams.tell(_("written to {file}").format(file=args.html))
    if args.csv is not None:
        text = write_csv(args.csv, csv_head(shown), csv_rows(shown))
        if text is not None:
            streams.out.write(text)
        else:
            streams.tell(_("written to {file}").format(file=args.csv))
    if streams.is_json:
        streams.give(sla_document(shown))
    elif args.html is None and args.csv is None:
        write_sla(streams, shown)
    return Exit.DONE
