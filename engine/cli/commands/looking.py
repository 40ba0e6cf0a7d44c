"""`show`, `history` and `clock`: looking at one case without changing anything."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from engine.cli.adjusted import change_document, write_beside
from engine.cli.answer import definition_of, reader_of
from engine.cli.command import Args, Command, engine_command
from engine.cli.documents import attachment_document, case_document, clock_document, ledger_document
from engine.cli.exits import Exit
from engine.cli.pages import say_unreadable, write_attachments, write_case, write_clocks, write_history, write_ledger
from engine.cli.parameters import CaseId
from engine.cli.streams import Streams
from engine.cli.translate import _, listed
from engine.errors import NotFound

if TYPE_CHECKING:
    from engine.app import Engine


def show_command() -> Command:
    """Build `show`."""
    return engine_command(
        "show",
        run_show,
        help=_("Show one case: where it stands, whose turn it is, its promises, its data and what it is linked to."),
        examples=("casewright show R-1042", "casewright show R-1042 --json"),
        params=[click.Argument(["case"], type=CaseId(), metavar=_("CASE"))],
    )


def run_show(streams: Streams, engine: Engine, args: Args) -> int:
    """Show a case."""
    view = engine.case(args.case, actor=args.settings.actor)
    definition = definition_of(engine, view)
    attached = engine.attachments(args.case, actor=args.settings.actor)
    adjusted = engine.adjusted(args.case, actor=args.settings.actor)
    reader = replace(reader_of(streams, engine, definition), files={one.hash: one.name for one in attached if one.name})
    if streams.is_json:
        attachments = [attachment_document(reader, one) for one in attached]
        beside = [change_document(reader, one) for one in adjusted]
        streams.give(case_document(reader, definition, view) | {"attachments": attachments, "adjusted": beside})
    else:
        write_case(streams, reader, definition, view)
        write_beside(streams, reader, definition, adjusted)
        write_attachments(streams, reader, attached)
    return say_unreadable(streams, reader, definition, view)


def history_command() -> Command:
    """Build `history`."""
    return engine_command(
        "history",
        run_history,
        help=_("Show everything that happened to a case, from its records: who, what, when, and what it changed."),
        examples=("casewright history R-1042", "casewright history R-1042 --json"),
        params=[click.Argument(["case"], type=CaseId(), metavar=_("CASE"))],
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
    files = {one.hash: one.name for one in engine.attachments(args.case, actor=actor) if one.name}
    write_history(streams, replace(reader_of(streams, engine, definition), files=files), definition, records)
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
            click.Argument(["case"], type=CaseId(), metavar=_("CASE")),
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
            help=_("it has {names}").format(names=listed(f"`{name}`" for name in view.clocks)),
        )
    adjusted = [one for one in engine.adjusted(view.id, actor=args.settings.actor) if one.clock in names]
    ledgers = {name: engine.ledger(view.id, name) for name in names} if args.explain else {}
    if streams.is_json:
        streams.give(
            {
                "case": view.id,
                "clocks": [
                    clock_document(reader, definition, name, view.clocks[name])
                    | ({"ledger": ledger_document(reader, ledgers[name])} if args.explain else {})
                    | {"adjusted": [change_document(reader, one) for one in adjusted if one.clock == name]}
                    for name in names
                ],
            }
        )
        return Exit.DONE
    write_clocks(streams, reader, definition, {name: view.clocks[name] for name in names})
    for name, ledger in ledgers.items():
        write_ledger(streams, reader, definition, (name, ledger))
    write_beside(streams, reader, definition, adjusted)
    return Exit.DONE
