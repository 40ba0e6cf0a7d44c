"""`report`: what is counted over many cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.answer import reader_of
from engine.cli.command import Args, Command, engine_command
from engine.cli.group import Subcommands
from engine.cli.left_out import say_why, without, without_some_of
from engine.cli.output_files import force_option, refuse_existing
from engine.cli.reports.figures import Names, read_period, write_csv
from engine.cli.reports.sla import HEADS, Shown, csv_head, csv_rows, sla_document, write_sla
from engine.cli.streams import Streams
from engine.cli.translate import _, listed, plural

if TYPE_CHECKING:
    from engine.app import Engine


class Reports(Subcommands):
    """`report PROCESS` is `report measures PROCESS`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `measures` before the name of a process."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["measures", *args]
        return super().parse_args(ctx, args)


def report_command() -> click.Group:
    """Build `report` with its commands."""
    return Reports(
        "report",
        help=_("Report how promises were kept, and what processes measure."),
        examples=("casewright report sla --month 2026-03", "casewright report measures repair --month 2026-03"),
        commands=[_sla_command(), _measures_command()],
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
            force_option(),
        ],
    )  # fmt: skip


def _measures_command() -> Command:
    return engine_command(
        "measures",
        run_measures,
        help=_(
            "Report what a process measures: shares, sums, averages, counts and registers, as its `measures` say. "
            "Counted are the cases that you may read; private values stand in no report."
        ),
        examples=(
            "casewright report measures repair",
            "casewright report measures repair first_time --month 2026-03",
            "casewright report measures refund wrong_shipments --csv wrong.csv",
        ),
        params=[
            click.Argument(["process"], metavar=_("PROCESS")),
            click.Argument(["measure"], required=False, metavar=_("[MEASURE]")),
            *period_options(),
            click.Option(
                ["--limit"], type=click.IntRange(1, 1_000_000), default=1_000, show_default=True,
                help=_("Of a register at most so many lines."),
            ),
            click.Option(["--csv"], metavar=_("FILE"), help=_("Write a file for a spreadsheet; `-`: to the output.")),
            force_option(),
        ],
    )  # fmt: skip


def run_measures(streams: Streams, engine: Engine, args: Args) -> int:
    """Report what a process measures."""
    from engine.app import MeasureQuestion
    from engine.cli.reports.measures import ShownMeasure, csv_of, measure_document, write_measure

    refuse_existing(_file(args.csv), is_forced=args.force)
    reader = reader_of(streams, engine)
    since, until = read_period(reader.zone, args.month, args.since, args.until)
    names = [args.measure] if args.measure else list(engine.definition(args.process).measures)
    if args.csv is not None and len(names) != 1:
        raise click.UsageError(_("a spreadsheet holds one measure: name one of {names}").format(names=listed(names)))
    reports = (
        engine.report_measure(
            MeasureQuestion(
                process=args.process, measure=name, actor=args.settings.actor, since=since, until=until,
                limit=args.limit,
            )
        )
        for name in names
    )  # fmt: skip
    shown = [ShownMeasure(report=report, reader=reader) for report in reports]
    left_out = sorted({case for one in shown for case in one.report.left_out})
    if left_out and (args.csv is not None or streams.is_json):
        streams.tell(without(left_out))
    if args.csv is not None:
        _give_csv(streams, args.csv, *csv_of(shown[0]))
    elif streams.is_json:
        behind = max((one.report.behind for one in shown), default=0)
        streams.give(
            {
                "process": args.process,
                "since": reader.rfc3339(since),
                "until": reader.rfc3339(until),
                "now": reader.rfc3339(reader.now),
                "behind": behind,
                "measures": [measure_document(one) for one in shown],
            }
        )
    else:
        for number, one in enumerate(shown):
            if number:
                streams.say()
            write_measure(streams, one)
        _say_behind(streams, max((one.report.behind for one in shown), default=0))
        if not names:
            streams.tell(_("`{process}` measures nothing").format(process=args.process))
            streams.tell(
                _("help: what a process measures stands under its `measures`; promises: casewright report sla")
            )
    return say_why(streams, left_out)


def _file(named: str | None) -> Path | None:
    """The file that an option names; `-` is the output."""
    return None if named in (None, "-") else Path(str(named))


def _say_behind(streams: Streams, behind: int) -> None:
    if behind:
        streams.tell(
            plural(
                "{count} case has something due that is not carried out yet: run `casewright tick`",
                "{count} cases have something due that is not carried out yet: run `casewright tick`",
                behind,
            )
        )


def _give_csv(streams: Streams, target: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    text = write_csv(target, head, rows)
    if text is not None:
        streams.out.write(text)
    else:
        streams.tell(_("written to {file}").format(file=target))


def _dimensions(context: click.Context, option: click.Parameter, given: Any) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in str(given).split(",")))
    if unknown := [name for name in names if name not in HEADS]:
        text = _("`{name}` is none of {names}").format(name=unknown[0], names=listed(HEADS))
        raise click.BadParameter(text, context, option)
    # a clock is one of a process: naming both says it twice
    return tuple(name for name in names if name != "process" or "clock" not in names)


def run_sla(streams: Streams, engine: Engine, args: Args) -> int:
    """Report how promises were kept."""
    from engine.app import SlaQuestion

    refuse_existing(_file(args.csv), _file(args.html), is_forced=args.force)
    reader = reader_of(streams, engine)
    since, until = read_period(reader.zone, args.month, args.since, args.until)
    report = engine.report_sla(
        SlaQuestion(by=args.by, process=args.process, clock=args.clock, since=since, until=until)
    )
    shown = Shown(
        report=report,
        reader=reader,
        names=Names(reader, engine),
        since=since,
        until=until,
        process=args.process,
        clock=args.clock,
    )
    is_table = args.html is None and args.csv is None and not streams.is_json
    if report.left_out and not is_table:
        streams.tell(without_some_of(report.left_out))
    if args.html is not None:
        from engine.cli.reports.sla_page import sla_page

        Path(args.html).write_text(sla_page(shown), "utf-8")
        streams.tell(_("written to {file}").format(file=args.html))
    if args.csv is not None:
        _give_csv(streams, args.csv, csv_head(shown), csv_rows(shown))
    if streams.is_json:
        streams.give(sla_document(shown))
    elif is_table:
        write_sla(streams, shown)
    return say_why(streams, report.left_out)
