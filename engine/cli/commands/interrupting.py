"""`interrupt`: time that does not count against promises, declared for many cases, with preview and reversal."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from engine.cli.answer import reader_of
from engine.cli.beside import declare, run_list, run_reverse, run_show, said_options, yes_option
from engine.cli.command import Args, Command, engine_command
from engine.cli.group import Subcommands
from engine.cli.streams import Streams
from engine.cli.translate import _

if TYPE_CHECKING:
    from engine.app import Engine, Interruption


def interrupt_command() -> click.Group:
    """Build `interrupt` with its commands."""
    listing = engine_command(
        "list",
        partial(run_list, "interruption"),
        help=_("List what was declared, the oldest first."),
        examples=("casewright interrupt list",),
    )
    show = engine_command(
        "show",
        partial(run_show, "interruption"),
        help=_("Show one interruption, and the recorded and the adjusted result of every promise it affects."),
        examples=("casewright interrupt show ADJ-1",),
        params=[click.Argument(["adjustment"], metavar=_("INTERRUPTION"))],
    )
    reverse = engine_command(
        "reverse",
        partial(run_reverse, "interruption"),
        help=_("Take an interruption back: every promise has its recorded result again, and nothing beside it."),
        examples=("casewright interrupt reverse ADJ-1 --reason 'another building' --approver sun.qiang",),
        params=[click.Argument(["adjustment"], metavar=_("INTERRUPTION")), *said_options()],
    )
    return Subcommands(
        "interrupt",
        help=_("Declare time that does not count against promises, list it, or take it back."),
        examples=(
            "casewright interrupt --from 10:00 --until 11:30 --reason 'power cut' --approver sun.qiang",
            "casewright interrupt list",
        ),
        commands=[_declare(), listing, show, reverse],
        default="declare",
    )


def _declare() -> Command:
    return engine_command(
        "declare",
        run_declare,
        help=_(
            "Let the time of a power cut or a flood not count, also afterwards: a preview shows each result before and "
            "after, --yes puts it on the record of each case. What is recorded stays; the adjusted result stands "
            "beside it."
        ),
        examples=(
            "casewright interrupt --from 10:00 --until 11:30 --process repair --reason flood --approver sun.qiang",
        ),
        params=[
            click.Option(["--from", "since"], required=True, metavar=_("TIME"), help=_("When it began.")),
            click.Option(["--until"], required=True, metavar=_("TIME"), help=_("When it was over.")),
            click.Option(["--process"], metavar=_("PROCESS"), help=_("Only cases of this process.")),
            click.Option(
                ["--clock", "clocks"], multiple=True, metavar=_("CLOCK"), help=_("Only this promise; again for more.")
            ),
            click.Option(["--state"], metavar=_("STATE"), help=_("Only cases that are in this state now.")),
            click.Option(["--where"], metavar=_("EXPR"), help=_("Only cases for which this holds: `case.member`.")),
            *said_options(),
            yes_option(),
        ],
    )


def run_declare(streams: Streams, engine: Engine, args: Args) -> int:
    """Preview an interruption, and declare it where that was said."""
    asked = _interruption(engine, args)
    if asked.since > engine.now():  # in the small hours `23:00` is meant of the evening before
        ahead = reader_of(streams, engine).exact(asked.since)
        streams.tell(_("--from lies ahead, at {instant}: for an earlier day write its date").format(instant=ahead))
    return declare(streams, engine, asked, args)


def _interruption(engine: Engine, args: Args) -> Interruption:
    from engine.app import Interruption, Reach

    return Interruption(
        since=_instant(engine, args.since, "--from"),
        until=_instant(engine, args.until, "--until"),
        reason=args.reason,
        approver=args.approver,
        reach=Reach(process=args.process, clocks=tuple(args.clocks), state=args.state, where=args.where),
    )


def _instant(engine: Engine, text: str, option: str) -> int:
    """Read an instant; a time alone is of today, as the desk's clock shows it."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from engine.values import Expected, read_instant

    zone = engine.zone
    today = datetime.fromtimestamp(engine.now() / 1000, ZoneInfo(zone)).date()
    try:
        return read_instant(f"{today} {text}" if len(text) == len("09:00") else text, zone)
    except Expected as error:
        raise click.BadParameter(
            _("`{text}` is no instant; write `2026-03-02 10:00`, or `10:00` of today").format(text=text),
            param_hint=option,
        ) from error
