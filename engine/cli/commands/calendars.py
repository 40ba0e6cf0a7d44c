"""`calendar`: the arithmetic of promises, asked directly."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from engine.cli.calendar_pages import calendar_document, label_of, standing, write_calendar
from engine.cli.command import Args, Command, plain_command
from engine.cli.exits import Exit
from engine.cli.file_trouble import opened_or_piped
from engine.cli.group import Subcommands
from engine.cli.questions import KEYS, Answer, Calendars, Verb, answer, instant_in, read_question
from engine.cli.sayings import said_again
from engine.cli.streams import Streams
from engine.cli.tables import Column, Row, write_table
from engine.cli.translate import _
from engine.errors import EngineError, UsageError


def calendar_command() -> click.Group:
    """Build `calendar` with its commands."""
    return Subcommands(
        "calendar",
        help=_("Compute with calendars: when so much open time is over, how much lies between, when it opens."),
        examples=(
            'casewright calendar add office_days "2026-03-02 16:45" 1h30m',
            "casewright calendar show office_days",
        ),
        commands=[_add_command(), _elapsed_command(), _next_command(), _show_command()],
        default="show",
    )


def _add_command() -> Command:
    return plain_command(
        "add",
        partial(_run, "add"),
        help=_(
            "Say when a length is over: open time such as `1h30m`, `3 business_days`, `2 calendar_days`, "
            "`end_of_business_day`, `by 12:00`, whatever a goal may be. With --back, when it began."
        ),
        examples=(
            'casewright calendar add office_days "2026-03-02 16:45" 1h30m',
            'casewright calendar add office_days "2026-03-06 10:00" 3 business_days --back',
            "casewright calendar add --file questions.jsonl --json",
        ),
        params=[
            *_asked(),
            click.Argument(["rest"], nargs=-1, metavar=_("[LENGTH]")),
            click.Option(["--back"], is_flag=True, help=_("Count backwards.")),
            *_sources(),
        ],
    )


def _elapsed_command() -> Command:
    return plain_command(
        "elapsed",
        partial(_run, "elapsed"),
        help=_("Say how much open time lies between two instants."),
        examples=('casewright calendar elapsed office_days "2026-03-06 16:00" "2026-03-09 10:30"',),
        params=[*_asked(), click.Argument(["rest"], nargs=-1, metavar=_("[UNTIL]")), *_sources()],
    )


def _next_command() -> Command:
    return plain_command(
        "next",
        partial(_run, "next"),
        help=_("Say when a calendar opens next, from now or from an instant."),
        examples=("casewright calendar next office_days", 'casewright calendar next office_days "2026-10-01 09:00"'),
        params=[*_asked(), *_sources()],
    )


def _show_command() -> Command:
    return plain_command(
        "show",
        run_show,
        help=_("Show a calendar: its week, the dates that differ, the coming days. Without a name, list them all."),
        examples=("casewright calendar show", "casewright calendar show office_days --days 31"),
        params=[
            *_asked(),
            click.Option(
                ["--days"], type=click.IntRange(1, 366), default=14, help=_("How many days ahead, 14 unless said.")
            ),
            _folder(),
        ],
    )


def _asked() -> list[click.Parameter]:
    return [
        click.Argument(["name"], required=False, metavar=_("[CALENDAR]")),
        click.Argument(["start"], required=False, metavar=_("[FROM]")),
    ]


def _sources() -> list[click.Parameter]:
    return [
        click.Option(
            ["--file", "questions"],
            type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
            help=_("Answer a file of questions, one JSON object a line; `-` reads them from standard input."),
        ),
        _folder(),
    ]


def _folder() -> click.Option:
    return click.Option(
        ["--in", "folder"], type=click.Path(file_okay=False, path_type=Path), help=_("The folder of processes.")
    )


def _run(verb: Verb, streams: Streams, args: Args) -> int:
    """Answer one question, or a file of them."""
    calendars = Calendars(args.folder or args.settings.folder)
    if args.questions is not None:
        return _answer_all(verb, streams, args, calendars)
    question = {"calendar": args.name, "from": args.start}
    if verb == "next" and args.start is None:
        question["from"] = _now()
    if verb != "next":
        question[KEYS[verb][2]] = ("-" if getattr(args, "back", False) else "") + " ".join(args.rest) or None
    given = {key: value for key, value in question.items() if value not in (None, "-")}
    found = answer(verb, given, calendars)
    if streams.is_json:
        streams.give(found.document)
    else:
        streams.say(found.text)
    _warn(streams, found)
    return Exit.DONE


def _now() -> str:
    from engine.time_source import SystemTime
    from engine.values import rfc3339

    return rfc3339(SystemTime().now())


def _warn(streams: Streams, found: Answer) -> None:
    if found.warning is not None:
        streams.tell(_("warning: {text}").format(text=said_again(found.warning)))


def _answer_all(verb: Verb, streams: Streams, args: Args, calendars: Calendars) -> int:
    """Answer each line; a bad one is named, and the rest goes on."""
    failed = 0
    warned: set[str] = set()
    if getattr(args, "back", False):
        raise UsageError(
            _("--back is for one question"), help=_('in a file write a minus before the length, as in "-1h30m"')
        )
    with opened_or_piped(args.questions, streams.into) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                found = answer(verb, read_question(line, verb, args.name), calendars)
            except EngineError as error:
                failed += 1
                _say_failed(streams, number, error)
                continue
            if streams.is_json:
                streams.give_line({"line": number, **found.document})
            else:
                streams.say(found.text)
            if found.warning is not None and found.warning not in warned:
                warned.add(found.warning)
                _warn(streams, found)
    return Exit.FAILED if failed else Exit.DONE


def _say_failed(streams: Streams, number: int, error: EngineError) -> None:
    if streams.is_json:
        streams.give_line({"line": number, "error": {"message": error.message, "help": error.mend}})
        return
    told = _("; ").join(said_again(part) for part in (error.message, error.mend) if part)
    streams.say(_("line {line}: {error}").format(line=number, error=told))


# -- show --------------------------------------------------------------------------------------------------------------


def run_show(streams: Streams, args: Args) -> int:
    """Show a calendar, or list them all."""
    calendars = Calendars(args.folder or args.settings.folder)
    if args.name is None:
        return _list(streams, calendars)
    calendar = calendars(args.name)
    at = instant_in(calendar, args.start or _now())
    if streams.is_json:
        streams.give(calendar_document(calendar, at, args.days))
    else:
        write_calendar(streams, calendar, at, args.days)
    return Exit.DONE


def _list(streams: Streams, calendars: Calendars) -> int:
    found = [calendars(name) for name in calendars.names()]
    at = {calendar.name: instant_in(calendar, _now()) for calendar in found}
    if streams.is_json:
        streams.give({"calendars": [calendar_document(one, at[one.name], 1) for one in found]})
        return Exit.DONE
    columns = [Column(head=_("calendar")), Column(head=_("meaning"), is_wide=True), Column(head=_("now"))]
    rows = [Row(cells=[one.name, label_of(one, streams.language), standing(one, at[one.name])]) for one in found]
    write_table(streams, columns, rows)
    return Exit.DONE
