"""`hear` and `incoming`: what other systems tell, and what of it waits for its case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from engine.cli.answer import answer, reader_of, refusal_code
from engine.cli.command import Args, Command, engine_command
from engine.cli.documents import refusal_document
from engine.cli.exits import Exit
from engine.cli.forms import given_form, instant_of
from engine.cli.group import Subcommands
from engine.cli.parameters import CaseId
from engine.cli.reader import Reader, harmless
from engine.cli.render import reasons
from engine.cli.streams import Streams
from engine.cli.tables import Column, Row, write_table
from engine.cli.translate import _, labelled, later, listed, phrased

if TYPE_CHECKING:
    from engine.app import Engine
    from engine.ports import HeardEvent
    from engine.views import Noted

_STATUSES: Mapping[str, str] = {
    "kept": later("not taken up yet"),
    "refused": later("refused"),
    "ignored": later("ignored"),
    "dropped": later("dropped"),
}


def hear_command() -> Command:
    """Build `hear`."""
    return engine_command(
        "hear",
        run_hear,
        help=_(
            "Tell an event of another system: it finds its case and does its action there. "
            "Told again under the same id, it acts once."
        ),
        examples=(
            "casewright hear parcel_scanned --from sf.feed --key 7f3a waybill=SF100200 collect=no",
            "casewright hear parcel_scanned --from sf.feed --key 7f3a --form event.json",
        ),
        params=[
            click.Argument(["event"], metavar=_("EVENT")),
            click.Argument(["fields"], metavar=_("[FIELD=VALUE]…"), nargs=-1),
            click.Option(
                ["--from", "sender"], metavar=_("ACTOR"), help=_("The system that tells it. Unsaid: who acts.")
            ),
            click.Option(["--key"], metavar=_("TEXT"), required=True, help=_("The event's id, given by its sender.")),
            click.Option(
                ["--form"], metavar=_("FILE"), help=_("The event's fields as a JSON object, from a file or `-`.")
            ),
            click.Option(
                ["--occurred-at"], metavar=_("TIME"), help=_("When it happened by its sender's clock; kept as data.")
            ),
        ],
    )


def run_hear(streams: Streams, engine: Engine, args: Args) -> int:
    """Tell an event."""
    from engine.views import Noted, Refusal

    if args.sender:
        args.settings = replace(args.settings, actor=args.sender)
    heard = engine.hear(
        args.event,
        given_form(args.fields, args.form, streams.into, flag=""),
        sender=args.settings.actor,
        key=args.key,
        occurred_at=instant_of(args.occurred_at, engine),
    )
    if isinstance(heard, Noted):
        return _noted(streams, engine, args, heard)
    if not isinstance(heard, Refusal):
        return answer(streams, engine, args, heard)
    reader = reader_of(streams, engine)
    if streams.is_json:
        streams.give(refusal_document(reader, heard))
    else:
        reasons(streams, reader, heard)
    return refusal_code(heard)


def _noted(streams: Streams, engine: Engine, args: Args, noted: Noted) -> int:
    reader = reader_of(streams, engine)
    if streams.is_json:
        streams.give(
            {
                "event": args.event,
                "number": noted.number,
                "status": noted.status,
                "until": reader.rfc3339(noted.until),
                "cases": list(noted.cases),
                "repeat": noted.is_repeat,
            }
        )
        return Exit.DONE
    why = _("no case fits")
    if noted.cases:
        why = _("it could be about {cases}").format(cases=listed(noted.cases))
    said = {
        "kept": _("{event} is kept as number {number} until {until}: {why}"),
        "ignored": _("{event} is ignored: {why}"),
        "dropped": _("{event} was dropped"),
    }[noted.status]
    streams.say(said.format(event=args.event, number=noted.number, until=reader.instant(noted.until), why=why))
    return Exit.DONE


def incoming_command() -> click.Group:
    """Build `incoming` with its commands."""
    show = engine_command(
        "list",
        run_list,
        help=_("List the events that wait for their case, or that it refused, the oldest first."),
        examples=("casewright incoming",),
        params=[
            click.Option(
                ["--limit"], type=click.IntRange(1, 1000), default=50, show_default=True, help=_("At most so many.")
            )
        ],
    )
    detail = engine_command(
        "show",
        run_show,
        help=_("Show one event with what it says, private values masked."),
        examples=("casewright incoming show 17",),
        params=[click.Argument(["number"], type=int, metavar=_("NUMBER"))],
    )
    give = engine_command(
        "give",
        run_give,
        help=_(
            "Give an event that waits to a chosen case, whatever it is found by: its action is done there, and who "
            "gave it and why stands on record. Where the case refuses, the event waits on."
        ),
        examples=("casewright incoming give 17 F-2 --reason 'the waybill was misread'",),
        params=[
            click.Argument(["number"], type=int, metavar=_("NUMBER")),
            click.Argument(["case"], type=CaseId(), metavar=_("CASE")),
            click.Option(["--reason"], required=True, metavar=_("TEXT"), help=_("Why; it stays on record.")),
        ],
    )
    drop = engine_command(
        "drop",
        run_drop,
        help=_("Let an event wait no longer; told again, it stays dropped."),
        examples=("casewright incoming drop 17",),
        params=[click.Argument(["number"], type=int, metavar=_("NUMBER"))],
    )
    return Subcommands(
        "incoming",
        help=_("List events of other systems that wait for their case, give one to a case, or drop it."),
        examples=("casewright incoming", "casewright incoming drop 17"),
        commands=[show, detail, give, drop],
        default="list",
    )


def run_list(streams: Streams, engine: Engine, args: Args) -> int:
    """List what waits."""
    events, reader = engine.waiting_events(limit=args.limit, actor=args.settings.actor), reader_of(streams, engine)
    if streams.is_json:
        streams.give({"events": [event_document(reader, one) for one in events]})
        return Exit.DONE
    if not events:
        streams.tell(_("no event waits"))
        return Exit.DONE
    columns = [
        Column(head=_("no."), is_number=True),
        Column(head=_("at")),
        Column(head=_("from")),
        Column(head=_("event")),
        Column(head=_("says"), is_wide=True),
        Column(head=_("status")),
        Column(head=_("until")),
        Column(head=_("trouble"), is_wide=True),
    ]
    write_table(streams, columns, [_row(reader, one) for one in events])
    return Exit.DONE


def _row(reader: Reader, one: HeardEvent) -> Row:
    return Row(
        cells=[
            str(one.number),
            reader.instant(one.at),
            one.sender,
            one.event,
            _says(one),
            _(_STATUSES[one.status]),
            reader.instant(one.until),
            _trouble(reader, one),
        ],
        colour="red" if one.status == "refused" else "",
    )


def _says(one: HeardEvent) -> str:
    return harmless(phrased(f"{name}={value}" for name, value in {**one.fields, **one.private}.items()))


def _trouble(reader: Reader, one: HeardEvent) -> str:
    """Say why it has not come to a case."""
    if one.reasons:
        said = phrased(reader.said(words) for words in one.reasons)
        return _("{case}: {text}").format(case=listed(one.cases), text=said)
    return _("it could be about {cases}").format(cases=listed(one.cases)) if one.cases else _("no case fits")


def event_document(reader: Reader, one: HeardEvent) -> dict[str, object]:
    """Describe an event that waits."""
    return {
        "number": one.number,
        "event": one.event,
        "from": one.sender,
        "key": one.key,
        "at": reader.rfc3339(one.at),
        "occurred_at": reader.rfc3339(one.occurred_at),
        "status": one.status,
        "until": reader.rfc3339(one.until),
        "fields": {**one.fields, **one.private},
        "cases": list(one.cases),
        "reasons": [reader.said(words) for words in one.reasons],
    }


def run_show(streams: Streams, engine: Engine, args: Args) -> int:
    """Show one event."""
    one, reader = engine.waiting_event(args.number, actor=args.settings.actor), reader_of(streams, engine)
    if streams.is_json:
        streams.give(event_document(reader, one))
        return Exit.DONE
    status = _(_STATUSES[one.status])
    head = (str(one.number), one.event, one.sender, one.key, reader.instant(one.at), status)
    streams.say(harmless(" · ".join(head)))
    for name, value in {**one.fields, **one.private}.items():
        streams.say("  " + labelled(harmless(name), harmless(str(value))))
    if one.status in ("kept", "refused"):
        streams.say(_trouble(reader, one))
        streams.say(_("waits until {until}").format(until=reader.instant(one.until)))
    return Exit.DONE


def run_give(streams: Streams, engine: Engine, args: Args) -> int:
    """Give one event to a case."""
    given = engine.give_event(args.number, args.case, actor=args.settings.actor, reason=args.reason)
    return answer(streams, engine, args, given)


def run_drop(streams: Streams, engine: Engine, args: Args) -> int:
    """Drop one event."""
    dropped, reader = engine.drop_event(args.number, actor=args.settings.actor), reader_of(streams, engine)
    if streams.is_json:
        streams.give(event_document(reader, dropped))
    else:
        streams.say(_("{event} was dropped").format(event=dropped.event))
    return Exit.DONE
