"""`check` and `explain`: a process read, with what was found in it; a rule of the checker."""

from __future__ import annotations

import re

import click

from engine.cli.command import Args, Command, plain_command
from engine.cli.designing.against import DATABASE, findings_against
from engine.cli.designing.definitions import meant_definition
from engine.cli.designing.findings import FORMATS, write_findings
from engine.cli.designing.folder import Checked, checked_paths, need_process
from engine.cli.designing.handbook import as_markdown, book_document, lines_of, write_book
from engine.cli.designing.rulebook import on_screen, page_of, summaries
from engine.cli.exits import Exit
from engine.cli.parameters import ProcessPath
from engine.cli.settings import Settings
from engine.cli.streams import Streams
from engine.cli.tables import Column, Row, write_table
from engine.cli.translate import _, asked_for, listed
from engine.errors import NotFound
from engine.nearness import nearest

_KEBAB = re.compile(r"^[a-z]+(-[a-z]+)+$")  # a rule's id has a hyphen, the name of a process none


def check_command() -> Command:
    """Build `check`."""
    return plain_command(
        "check",
        run_check,
        help=_(
            "Check processes and all they use. Every finding has its place, its rule and its mend; an error keeps a "
            "process from being published, a warning does not. With --against, hold them against an earlier version "
            "too: behaviour changed under the same version, states that a migration forgets, and with `db` the open "
            "cases that could not come over."
        ),
        examples=(
            "casewright check",
            "casewright check processes/repair.yaml",
            "casewright check --format sarif",
            "casewright check --against db",
        ),
        params=[
            click.Argument(["paths"], nargs=-1, type=ProcessPath(), metavar=_("[PATH]…")),
            click.Option(
                ["--format", "form"], type=click.Choice(FORMATS), help=_("How findings are written; text unless said.")
            ),
            click.Option(
                ["--against"],
                metavar=_("OLD"),
                help=_("An earlier version: a file, a folder, PROCESS@VERSION, or db for what is published."),
            ),
            click.Option(["--strict"], is_flag=True, help=_("Let warnings fail, too.")),
        ],
    )


def run_check(streams: Streams, args: Args) -> int:
    """Check processes."""
    paths = args.paths or (args.settings.folder,)
    checked = checked_paths(paths)
    need_process(checked, paths)
    if args.against is not None and not checked.errors:
        checked.findings += findings_against(streams, args, checked)
    form = args.form or ("json" if streams.is_json else "text")
    write_findings(streams, checked, form)
    if form == "text" and args.against is None and not checked.errors and _may_have_cases(checked, args.settings):
        streams.tell(_("next: {command}").format(command=f"casewright check --against {DATABASE}"))
    return Exit.FAILED if checked.errors or (args.strict and checked.findings) else Exit.DONE


def _may_have_cases(checked: Checked, settings: Settings) -> bool:
    """Whether there are earlier versions that a database may have cases of."""
    return any(one.version > 1 for one in checked.definitions.values()) and settings.has_database


def explain_command() -> Command:
    """Build `explain`."""
    return plain_command(
        "explain",
        run_explain,
        help=_(
            "Explain a rule of the checker: why it is there, an example that breaks it, what is said then, and how to "
            "mend it. Without a rule, list them all. Or explain a process: the operator's handbook, a page for each "
            "state with who may do what, and what the clocks will do."
        ),
        examples=(
            "casewright explain unknown-state",
            "casewright explain",
            "casewright explain repair --state reported",
            "casewright explain repair --format md --lang zh > repair.zh.md",
        ),
        params=[
            click.Argument(["subject"], required=False, metavar=_("[RULE|PROCESS|FILE]")),
            click.Option(["--state"], metavar=_("STATE"), help=_("Of a process only the page of this state.")),
            click.Option(
                ["--format", "form"], type=click.Choice(["text", "md"]), help=_("A handbook as text or as Markdown.")
            ),
        ],
    )


def run_explain(streams: Streams, args: Args) -> int:
    """Explain a rule or a process, or list all rules."""
    if args.subject is None:
        return _list_rules(streams)
    if args.subject not in summaries() and not _KEBAB.search(args.subject):
        return _explain_process(streams, args)
    text = page_of(args.subject)
    if streams.is_json:
        streams.give({"rule": args.subject, "text": text})
    else:
        streams.say(on_screen(text))
    return Exit.DONE


def _explain_process(streams: Streams, args: Args) -> int:
    """Write the handbook of a process, or its page of one state."""
    definition = meant_definition(streams, args.settings, args.subject)
    if definition is None:
        return Exit.FAILED
    from engine.words.handbook import handbook_of
    from engine.words.speech import Speech

    book = handbook_of(Speech(definition, streams.language))
    if args.state is not None and args.state not in definition.states:
        near = nearest(args.state, definition.states)
        raise NotFound(
            _("`{process}` has no state `{state}`").format(process=definition.process, state=args.state),
            help=asked_for(near)
            if near
            else _("it has {names}").format(names=listed(f"`{name}`" for name in definition.states)),
        )
    if streams.is_json:
        streams.give(book_document(book))
    elif args.form == "md":
        streams.out.write(as_markdown(lines_of(book, args.state)))
    else:
        write_book(streams, lines_of(book, args.state))
    return Exit.DONE


def _list_rules(streams: Streams) -> int:
    rules = summaries()
    if streams.is_json:
        streams.give({"rules": [{"rule": name, "summary": summary} for name, summary in rules.items()]})
        return Exit.DONE
    columns = [Column(head=_("rule")), Column(head=_("about"), is_wide=True)]
    write_table(streams, columns, [Row(cells=[name, summary]) for name, summary in rules.items()])
    return Exit.DONE
