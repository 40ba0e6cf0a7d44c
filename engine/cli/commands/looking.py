"""`list`, `show`, `history` and `clock`: looking without changing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli.answer import definition_of, reader_of
from engine.cli.command import Args, Command, engine_command
from engine.cli.documents import case_document, clock_document, ledger_document, row_document
from engine.cli.exits import Exit
from engine.cli.pages import paused_by, write_case, write_clocks, write_history, write_ledger
from engine.cli.reader import Reader
from engine.cli.render import COLOURS, mark, most_urgent, state_labels
from engine.cli.streams import Streams
from engine.cli.tables import Column, Row, write_table
from engine.cli.translate import _, plural
from engine.errors import NotFound

if TYPE_CHECKING:
    from engine.app import Engine
    from engine.model import ProcessDefinition
    from engine.views import CaseView, ClockView


def list_command() -> Command:
    """Build `list`."""
    return engine_command(
        "list",
        run_list,
        help=_(
            "List the open cases that wait on me and my roles: overdue first, then by least time left; paused ones at "
            "the end."
        ),
        examples=(
            "casewright list",
            "casewright list --queue dispatcher --overdue",
            "casewright list --find 13900000000",
        ),
        params=[
            click.Option(["--mine"], is_flag=True, help=_("Only those I hold.")),
            click.Option(["--all", "is_all"], is_flag=True, help=_("Those of others too.")),
            click.Option(["--queue"], metavar=_("ROLE"), help=_("Those that wait on this role.")),
            click.Option(["--state"], metavar=_("STATE"), help=_("Those in this state.")),
            click.Option(["--process"], metavar=_("PROCESS"), help=_("Those of this process.")),
            click.Option(
                ["--find"], metavar=_("TEXT"), help=_("Those whose id, business key, phone or name is exactly this.")
            ),
            click.Option(["--overdue"], is_flag=True, help=_("Those with a promise missed.")),
            click.Option(
                ["--due-within"], metavar=_("DURATION"), help=_("Those with a promise due within this time: 30m.")
            ),
            click.Option(
                ["--limit"], type=click.IntRange(1, 1000), default=50, show_default=True, help=_("At most so many.")
            ),
        ],
    )


def run_list(streams: Streams, engine: Engine, args: Args) -> int:
    """List cases."""
    from engine.app.reading import Search

    found = engine.worklist(
        Search(
            actor=args.settings.actor,
            mine=args.mine,
            all=args.is_all,
            queue=args.queue,
            state=args.state,
            process=args.process,
            find=args.find,
            overdue=args.overdue,
            due_within=_duration(args.due_within),
            limit=args.limit,
        )
    )
    rows = [(definition_of(engine, view), view) for view in found.rows]
    reader = reader_of(streams, engine)
    if streams.is_json:
        cases = [row_document(reader, definition, view) for definition, view in rows]
        streams.give({"cases": cases, "shown": len(cases), "total": found.total, "behind": found.behind})
        return Exit.DONE
    if rows:
        write_table(streams, _columns(), [_row(reader, *row) for row in rows])
    _say_how_many(streams, args, len(rows), found.total, found.behind)
    return Exit.DONE


def _duration(text: str | None) -> int | None:
    if text is None:
        return None
    from engine.calendars import CalendarError, parse_duration

    try:
        return parse_duration(text)
    except CalendarError as error:
        raise click.BadParameter(str(error), param_hint="--due-within") from error


def _columns() -> list[Column]:
    return [
        Column(head=""),
        Column(head=_("case")),
        Column(head=_("summary"), is_wide=True),
        Column(head=_("state"), is_wide=True),
        Column(head=_("held by")),
        Column(head=_("next promise"), is_wide=True),
        Column(head=_("left"), is_number=True),
        Column(head=_("due")),
    ]


def _row(reader: Reader, definition: ProcessDefinition, view: CaseView) -> Row:
    summary, states = reader.said(view.summary), state_labels(reader, definition, view)
    cells = [view.id, summary, states, view.assignee or view.queue or ""]
    urgent = most_urgent(view)
    if urgent is None:
        return Row(cells=["", *cells, "", "", ""])
    name, clock = urgent
    sign = mark(reader, clock)
    left = "" if clock.remaining is None else reader.span(clock.remaining)
    called = reader.called(name, definition.clocks[name].label)
    return Row(cells=[sign, *cells, called, left, _due(reader, definition, clock)], colour=COLOURS[sign])


def _due(reader: Reader, definition: ProcessDefinition, clock: ClockView) -> str:
    if clock.status == "paused":
        return paused_by(reader, definition, clock)
    due = clock.breached_at if clock.status == "breached" else clock.due_at
    return "" if due is None else reader.instant(due)


def _say_how_many(streams: Streams, args: Args, shown: int, total: int, behind: int) -> None:
    if not total:
        streams.tell(_("no open case is found") if _is_narrowed(args) else _("nothing waits on you"))
    elif shown < min(total, args.limit):
        streams.tell(_("{count} more are not for you to read").format(count=total - shown))
    elif shown < total:
        streams.tell(_("showing {shown} of {total}; --limit shows more").format(shown=shown, total=total))
    if behind:
        streams.tell(
            plural(
                "{count} case has something due that is not carried out yet: run `casewright tick`",
                "{count} cases have something due that is not carried out yet: run `casewright tick`",
                behind,
            )
        )


def _is_narrowed(args: Args) -> bool:
    said = (args.queue, args.state, args.process, args.find, args.overdue, args.due_within, args.is_all)
    return any(said)


def show_command() -> Command:
    """Build `show`."""
    return engine_command(
        "show",
        run_show,
        help=_("Show one case: where it stands, whose turn it is, its promises, its data and what it is linked to."),
        examples=("casewright show R-1042", "casewright show R-1042 --json"),
        params=[click.Argument(["case"], metavar=_("CASE"))],
    )


def run_show(streams: Streams, engine: Engine, args: Args) -> int:
    """Show a case."""
    view = engine.case(args.case, actor=args.settings.actor)
    definition = definition_of(engine, view)
    reader = reader_of(streams, engine, definition)
    if streams.is_json:
        streams.give(case_document(reader, definition, view))
    else:
        write_case(streams, reader, definition, view)
    return Exit.DONE


def history_command() -> Command:
    """Build `history`."""
    return engine_command(
        "history",
        run_history,
        help=_("Show everything that happened to a case, from its records: who, what, when, and what it changed."),
        examples=("casewright history R-1042", "casewright history R-1042 --json"),
        params=[click.Argument(["case"], metavar=_("CASE"))],
    )


def run_history(streams: Streams, engine: Engine, args: Args) -> int:
    """Show the history of a case; with --json its records, one a line."""
    actor = args.settings.actor
    records = engine.history(args.case, actor=actor)
    if streams.is_json:
        for record in records:
            streams.give_line(dict(record))
        return Exit.DONE
    definition = definition_of(engine, engine.case(args.case, actor=actor))
    write_history(streams, reader_of(streams, engine, definition), definition, records)
    return Exit.DONE


def clock_command() -> Command:
    """Build `clock`."""
    return engine_command(
        "clock",
        run_clock,
        help=_(
            "Show the promises of a case. With --explain also when each ran, stood still or was outside its hours, and "
            "whose turn it was, adding up to the millisecond."
        ),
        examples=("casewright clock R-1042", "casewright clock R-1042 --explain"),
        params=[
            click.Argument(["case"], metavar=_("CASE")),
            click.Option(["--explain"], is_flag=True, help=_("Show how the time used adds up.")),
            click.Option(["--clock", "name"], metavar=_("CLOCK"), help=_("Only this promise.")),
        ],
    )


def run_clock(streams: Streams, engine: Engine, args: Args) -> int:
    """Show the clocks of a case."""
    view = engine.case(args.case, actor=args.settings.actor)
    definition = definition_of(engine, view)
    reader = reader_of(streams, engine, definition)
    names = [name for name in view.clocks if args.name in (None, name)]
    if not names and args.name is not None:
        raise NotFound(
            _("`{case}` has no promise `{name}`").format(case=view.id, name=args.name),
            help=_("it has {names}").format(names=", ".join(f"`{name}`" for name in view.clocks)),
        )
    ledgers = {name: engine.ledger(view.id, name) for name in names} if args.explain else {}
    if streams.is_json:
        streams.give(
            {
                "case": view.id,
                "clocks": [
                    clock_document(reader, definition, name, view.clocks[name])
                    | ({"ledger": ledger_document(reader, ledgers[name])} if args.explain else {})
                    for name in names
                ],
            }
        )
        return Exit.DONE
    write_clocks(streams, reader, definition, {name: view.clocks[name] for name in names})
    for name, ledger in ledgers.items():
        write_ledger(streams, reader, definition, (name, ledger))
    return Exit.DONE
