"""`list`: the cases that wait on somebody, most urgent first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import click

from engine.cli.answer import definition_of
from engine.cli.columns import DEFAULT, are_columns, chosen_columns, row_of
from engine.cli.command import Args, Command, engine_command
from engine.cli.documents import row_document
from engine.cli.exits import Exit
from engine.cli.labels import process_named, role_named, state_named
from engine.cli.reader import Reader
from engine.cli.said import said_in_words
from engine.cli.streams import Streams
from engine.cli.tables import write_table
from engine.cli.translate import _, plural

if TYPE_CHECKING:
    from engine.app import Engine
    from engine.model import ProcessDefinition
    from engine.views import CaseView

_MOST = 10_000


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
            "casewright list --process repair --where 'case.member' --columns case,fault,technician,due",
        ),
        params=[
            click.Option(["--mine"], is_flag=True, help=_("Only those I hold.")),
            click.Option(["--all", "is_all"], is_flag=True, help=_("Those of others too.")),
            click.Option(["--queue"], metavar=_("ROLE"), help=_("Those that wait on this role, by its name or label.")),
            click.Option(["--state"], metavar=_("STATE"), help=_("Those in this state, by its name or label.")),
            click.Option(["--process"], metavar=_("PROCESS"), help=_("Those of this process, by its name or label.")),
            click.Option(
                ["--find"], metavar=_("TEXT"), help=_("Those whose id, business key, phone or name is exactly this.")
            ),
            click.Option(["--overdue"], is_flag=True, help=_("Those with a promise missed.")),
            click.Option(
                ["--due-within"], metavar=_("DURATION"), help=_("Those with a promise due within this time: 30m.")
            ),
            click.Option(
                ["--where"],
                metavar=_("EXPR"),
                help=_("Those for which this holds: `case.member && !clocks.arrival.met`."),
            ),
            click.Option(["--closed"], is_flag=True, help=_("Closed ones too.")),
            click.Option(
                ["--columns"],
                metavar=_("NAMES"),
                help=_("What is shown, by commas: {names}, or fields.").format(names=",".join(DEFAULT)),
            ),
            click.Option(
                ["--limit"], type=click.IntRange(1, 1000), default=50, show_default=True, help=_("At most so many.")
            ),
        ],
    )


class _Page(NamedTuple):
    """What is shown of how many, how many have something due, and how many nobody can read."""

    rows: list[tuple[ProcessDefinition, CaseView]]
    total: int
    behind: int
    spoilt: int


def run_list(streams: Streams, engine: Engine, args: Args) -> int:
    """List cases."""
    page = _page(engine, args)
    # Asking the engine for the zone would read a definition that nobody else may need.
    zone = page.rows[0][0].desk.zone if page.rows else "UTC"
    reader = Reader(language=streams.language, zone=zone, now=engine.now())
    if streams.is_json:
        cases = [row_document(reader, definition, view) for definition, view in page.rows]
        streams.give(
            {"cases": cases, "shown": len(cases), "total": page.total, "behind": page.behind, "spoilt": page.spoilt}
        )
        return Exit.DONE
    names = args.columns.split(",") if args.columns else list(DEFAULT)
    definitions = [definition for definition, _view in page.rows]
    if not are_columns(names, definitions):  # of a process of which no case is among these
        definitions += [engine.definition(one.process) for one in engine.published()]
    columns = chosen_columns(reader, names, definitions)
    if page.rows:
        write_table(streams, columns, [row_of(reader, names, *row) for row in page.rows], is_cut=True)
    _say_how_many(streams, args, page)
    return Exit.DONE


def _page(engine: Engine, args: Args) -> _Page:
    from engine.app import Search

    process = args.process and process_named(engine, args.process)
    found = engine.worklist(
        Search(
            actor=args.settings.actor,
            mine=args.mine,
            all=args.is_all,
            queue=args.queue and role_named(engine, args.queue),
            state=args.state and state_named(engine, args.state, process),
            process=process,
            find=args.find,
            overdue=args.overdue,
            due_within=_duration(args.due_within),
            is_open=None if args.closed else True,
            limit=_MOST if args.where else args.limit,
        )
    )
    rows = [(definition_of(engine, view), view) for view in found.rows]
    if args.where is None:
        return _Page(rows, found.total, found.behind, found.spoilt)
    kept = list(_where(rows, args.where, engine.now()))
    return _Page(kept[: args.limit], len(kept), found.behind, found.spoilt)


def _where(
    rows: Iterable[tuple[ProcessDefinition, CaseView]], text: str, now: int
) -> Iterable[tuple[ProcessDefinition, CaseView]]:
    """Keep the cases for which an expression holds; it is checked once for each version."""
    from engine.app.where import Where

    checked: dict[tuple[str, int], Where] = {}
    for definition, view in rows:
        key = (definition.process, definition.version)
        if key not in checked:
            checked[key] = Where(text, definition)
        if checked[key].holds(view, now):
            yield definition, view


def _duration(text: str | None) -> int | None:
    if text is None:
        return None
    from engine.calendars import CalendarError, parse_duration

    try:
        return parse_duration(text)
    except CalendarError as error:
        raise click.BadParameter(said_in_words(str(error)), param_hint="--due-within") from error


def _say_how_many(streams: Streams, args: Args, page: _Page) -> None:
    shown, total = len(page.rows), page.total
    if not total:
        streams.tell(_("no case is found") if _is_narrowed(args) else _("nothing waits on you"))
        if not _is_narrowed(args):
            streams.tell(_("next: {command}").format(command="casewright list --all"))
        elif args.find:
            streams.tell(_("help: --find compares a whole id, key, phone or name, not a part of one"))
    elif shown + page.spoilt < min(total, args.limit):
        streams.tell(_("{count} more are not for you to read").format(count=total - shown - page.spoilt))
    elif shown + page.spoilt < total:
        streams.tell(_("showing {shown} of {total}; --limit shows more").format(shown=shown, total=total))
    if page.spoilt:
        streams.tell(
            plural(
                "!! {count} case cannot be read: run `casewright audit verify`",
                "!! {count} cases cannot be read: run `casewright audit verify`",
                page.spoilt,
            )
        )
    if page.behind:
        streams.tell(
            plural(
                "{count} case has something due that is not carried out yet: run `casewright tick`",
                "{count} cases have something due that is not carried out yet: run `casewright tick`",
                page.behind,
            )
        )


def _is_narrowed(args: Args) -> bool:
    said = (args.queue, args.state, args.process, args.find, args.due_within, args.where)
    return any(said) or args.overdue or args.is_all or args.mine
