"""`interrupt`: time that does not count against promises, declared for many cases, with preview and reversal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli.adjusted import (
    Called,
    adjustment_document,
    adjustment_line,
    change_document,
    write_adjustments,
    write_changes,
)
from engine.cli.answer import reader_of
from engine.cli.command import Args, Command, engine_command
from engine.cli.exits import Exit
from engine.cli.group import Subcommands
from engine.cli.reader import Reader
from engine.cli.streams import Streams
from engine.cli.translate import _, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.app import AdjustedCycle, Declared, Engine, Interruption


def interrupt_command() -> click.Group:
    """Build `interrupt` with its commands."""
    listing = engine_command(
        "list",
        run_list,
        help=_("List what was declared, the oldest first."),
        examples=("casewright interrupt list",),
    )
    show = engine_command(
        "show",
        run_show,
        help=_("Show one interruption, and the recorded and the adjusted result of every promise it affects."),
        examples=("casewright interrupt show ADJ-1",),
        params=[click.Argument(["adjustment"], metavar=_("INTERRUPTION"))],
    )
    reverse = engine_command(
        "reverse",
        run_reverse,
        help=_("Take an interruption back: every promise has its recorded result again, and nothing beside it."),
        examples=("casewright interrupt reverse ADJ-1 --reason 'another building' --approver sun.qiang",),
        params=[click.Argument(["adjustment"], metavar=_("INTERRUPTION")), *_said()],
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
            *_said(),
            click.Option(["--yes"], is_flag=True, help=_("Declare it; without this, only the preview is shown.")),
        ],
    )


def _said() -> list[click.Option]:
    return [
        click.Option(["--reason"], required=True, metavar=_("TEXT"), help=_("Why; it stands in every case's record.")),
        click.Option(
            ["--approver"], required=True, metavar=_("PERSON"), help=_("Who approved it: somebody else than you.")
        ),
    ]


def run_declare(streams: Streams, engine: Engine, args: Args) -> int:
    """Preview an interruption, and declare it where that was said."""
    asked = _interruption(engine, args)
    actor, reader = args.settings.actor, reader_of(streams, engine)
    changes = engine.preview(asked, actor=actor, progress=streams.progress(_("reading")))
    if not streams.is_json:
        _write_preview(streams, reader, engine, changes)
    if not changes or not _is_sure(streams, args):
        if streams.is_json:
            streams.give(_document(reader, "preview", None, changes))
        return Exit.DONE
    declared = engine.interrupt(asked, actor=actor, progress=streams.progress(_("declaring")))
    return _told(streams, engine, declared, "declared")


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


def _is_sure(streams: Streams, args: Args) -> bool:
    """Whether it is to be declared: said so, or asked and answered."""
    if args.yes:
        return True
    if not streams.may_ask:
        streams.tell(_("nothing was declared; --yes declares it"))
        return False
    click.confirm(_("Declare it?"), abort=True, err=True)
    return True


def _write_preview(streams: Streams, reader: Reader, engine: Engine, changes: Sequence[AdjustedCycle]) -> None:
    if not changes:
        streams.tell(_("no promise was running then: nothing would change"))
        return
    write_changes(streams, reader, changes, _calls(reader, engine))
    cases = len({change.case for change in changes})
    others = sum(1 for change in changes if change.before.status != change.after.status)
    streams.tell(
        _("{cases}; results that would change: {count}").format(
            cases=plural("{count} case affected", "{count} cases affected", cases), count=others
        )
    )


def _calls(reader: Reader, engine: Engine) -> Called:
    def called(change: AdjustedCycle) -> str:
        clock = engine.definition(change.process, change.version).clocks[change.clock]
        return reader.called(change.clock, clock.label)

    return called


def _told(streams: Streams, engine: Engine, declared: Declared | None, status: str) -> int:
    reader = reader_of(streams, engine)
    if declared is None:  # what was previewed is gone meanwhile
        streams.tell(_("no promise was running then: nothing would change"))
        return Exit.DONE
    if streams.is_json:
        _one, changes = engine.adjustment(declared.adjustment.id)
        streams.give(_document(reader, status, declared, changes))
    else:
        streams.say(adjustment_line(reader, declared.adjustment))
        streams.say(plural("{count} case has it on record", "{count} cases have it on record", len(declared.cases)))
    for case, why in declared.failed:
        streams.tell(_("{case}: not done: {why}").format(case=case, why=why))
    return Exit.FAILED if declared.failed else Exit.DONE


def _document(
    reader: Reader, status: str, declared: Declared | None, changes: Sequence[AdjustedCycle]
) -> dict[str, object]:
    failed = () if declared is None else declared.failed
    return {
        "status": status,
        "interruption": None if declared is None else adjustment_document(reader, declared.adjustment),
        "changes": [change_document(reader, change) for change in changes],
        "failed": [{"case": case, "message": why} for case, why in failed],
    }


def run_list(streams: Streams, engine: Engine, args: Args) -> int:
    """List what was declared."""
    found, reader = engine.adjustments(), reader_of(streams, engine)
    if streams.is_json:
        streams.give({"interruptions": [adjustment_document(reader, one) for one in found]})
    elif found:
        write_adjustments(streams, reader, found)
    else:
        streams.tell(_("nothing was declared"))
    return Exit.DONE


def run_show(streams: Streams, engine: Engine, args: Args) -> int:
    """Show one interruption and what stands beside the record by it."""
    found, changes = engine.adjustment(args.adjustment)
    reader = reader_of(streams, engine)
    if streams.is_json:
        streams.give(
            {
                "interruption": adjustment_document(reader, found),
                "changes": [change_document(reader, change) for change in changes],
            }
        )
        return Exit.DONE
    streams.say(adjustment_line(reader, found))
    if changes:
        write_changes(streams, reader, changes, _calls(reader, engine))
    return Exit.DONE


def run_reverse(streams: Streams, engine: Engine, args: Args) -> int:
    """Take an interruption back."""
    back = engine.reverse(
        args.adjustment,
        actor=args.settings.actor,
        reason=args.reason,
        approver=args.approver,
        progress=streams.progress(_("reversing")),
    )
    return _told(streams, engine, back, "reversed")
