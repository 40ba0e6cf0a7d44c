"""`outbox` and `fault`: what could not be sent, and what the engine failed on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import click

from engine.cli.answer import reader_of
from engine.cli.command import Args, engine_command
from engine.cli.exits import Exit
from engine.cli.group import Subcommands
from engine.cli.reader import Reader
from engine.cli.sayings import said_again
from engine.cli.streams import Streams
from engine.cli.tables import Column, Row, write_table
from engine.cli.translate import _, later, phrased, plural
from engine.errors import NotFound

if TYPE_CHECKING:
    from engine.app import Engine
    from engine.ports import Fault, Mail


_STATUSES: Mapping[str, str] = {
    "waiting": later("waiting"),
    "delivered": later("delivered"),
    "superseded": later("superseded"),
    "imported": later("imported"),
    "dead": later("dead"),
}


def outbox_command() -> click.Group:
    """Build `outbox` with its commands."""
    show = engine_command(
        "list",
        run_outbox,
        help=_("List outgoing messages, the oldest first."),
        examples=("casewright outbox list --status dead", "casewright outbox list --case R-1042"),
        params=[
            click.Option(
                ["--status"],
                type=click.Choice(["waiting", "delivered", "superseded", "imported", "dead"]),
                help=_("Only those that stand so."),
            ),
            click.Option(["--case"], metavar=_("CASE"), help=_("Only those of this case.")),
            click.Option(
                ["--limit"], type=click.IntRange(1, 1000), default=50, show_default=True, help=_("At most so many.")
            ),
        ],
    )
    detail = engine_command(
        "show",
        run_message,
        help=_("Show one message with what it says, as far as you may read it."),
        examples=("casewright outbox show 17",),
        params=[click.Argument(["message"], type=int, metavar=_("NUMBER"))],
    )
    retry = engine_command(
        "retry",
        run_retry,
        help=_(
            "Send a message again that was given up, or all of them: those without --yes are only counted. "
            "Each keeps the key by which its receiver knows it."
        ),
        examples=("casewright outbox retry 17", "casewright outbox retry --dead --yes"),
        params=[
            click.Argument(["message"], type=int, required=False, metavar=_("[NUMBER]")),
            click.Option(["--dead"], is_flag=True, help=_("All that were given up.")),
            click.Option(["--case"], metavar=_("CASE"), help=_("Of these only those of this case.")),
            click.Option(["--yes"], is_flag=True, help=_("Send them; without this, they are only counted.")),
        ],
    )
    return Subcommands(
        "outbox",
        help=_("List outgoing messages, or send one again."),
        examples=("casewright outbox", "casewright outbox retry 17"),
        commands=[show, detail, retry],
        default="list",
    )


def run_outbox(streams: Streams, engine: Engine, args: Args) -> int:
    """List outgoing messages."""
    asked = partial(engine.outbox, status=args.status, case=args.case, limit=args.limit)
    mails = asked(actor=args.settings.actor)
    hidden = len(asked()) - len(mails)
    reader = reader_of(streams, engine)
    if streams.is_json:
        streams.give({"messages": [mail_document(reader, mail) for mail in mails]})
        return Exit.DONE
    columns = [
        Column(head=_("no."), is_number=True),
        Column(head=_("at")),
        Column(head=_("case")),
        Column(head=_("to")),
        Column(head=_("message"), is_wide=True),
        Column(head=_("status")),
        Column(head=_("attempts"), is_number=True),
        Column(head=_("trouble"), is_wide=True),
        Column(head=_("why it waits"), is_wide=True),
    ]
    rows = [mail_row(reader, mail) for mail in mails]
    if rows:
        write_table(streams, columns, rows)
    elif not hidden:
        streams.tell(_("no message is there"))
    if hidden:
        streams.tell(_("{count} more are not for you to read").format(count=hidden))
    if any(mail.status == "waiting" and mail.next_at <= reader.now for mail in mails):
        streams.tell(_("messages that are due go out by `casewright worker`, or one round by `casewright tick`"))
    return Exit.DONE


def mail_row(reader: Reader, mail: Mail) -> Row:
    """Write an outgoing message as a line of the list."""
    message = mail.message
    return Row(
        cells=[
            str(mail.id),
            reader.instant(message.at),
            message.case,
            message.receiver,
            message.name,
            _status(mail),
            str(mail.attempts) if mail.attempts else "",
            said_again(mail.error or ""),
            _why_waiting(reader, mail),
        ],
        colour="red" if mail.status == "dead" else "",
    )


def _why_waiting(reader: Reader, mail: Mail) -> str:
    """Say why a message is not sent now, as far as anything but a worker is missing."""
    if mail.status != "waiting" or mail.next_at <= reader.now:
        return ""
    at = reader.instant(mail.next_at)
    if mail.error is not None:
        return _("tried again at {at}").format(at=at)
    if mail.attempts:
        return _("is being sent")
    return _("{receiver} is not told before {at}: contact hours").format(receiver=mail.message.receiver, at=at)


def _status(mail: Mail) -> str:
    if mail.superseded_by is not None:
        return _("superseded by {number}").format(number=mail.superseded_by)
    return _(_STATUSES[mail.status])


def mail_document(reader: Reader, mail: Mail) -> dict[str, object]:
    """Describe an outgoing message."""
    message = mail.message
    return {
        "id": mail.id,
        "at": reader.rfc3339(message.at),
        "case": message.case,
        "kind": message.kind,
        "receiver": message.receiver,
        "receiver_kind": message.receiver_kind,
        "name": message.name,
        "clock": message.clock,
        "threshold": message.threshold,
        "is_late": message.is_late,
        "missed": message.missed,
        "status": mail.status,
        "superseded_by": mail.superseded_by,
        "attempts": mail.attempts,
        "error": mail.error,
        "next_at": reader.rfc3339(mail.next_at) if mail.status == "waiting" else None,
        "delivered_at": reader.rfc3339(mail.delivered_at),
    }


def run_message(streams: Streams, engine: Engine, args: Args) -> int:
    """Show one message."""
    mail, text = engine.message(args.message, actor=args.settings.actor)
    reader = reader_of(streams, engine)
    if streams.is_json:
        streams.give({**mail_document(reader, mail), "text": text})
        return Exit.DONE
    message = mail.message
    stands = _status(mail)
    if mail.attempts:
        stands = phrased((stands, plural("{count} attempt", "{count} attempts", mail.attempts)))
    streams.say(f"{mail.id} · {message.case} · {reader.instant(message.at)} → {message.receiver} · {stands}")
    streams.say(text or message.name)
    if mail.error:
        streams.say(_("trouble: {text}").format(text=said_again(mail.error)))
    if why := _why_waiting(reader, mail):
        streams.say(why)
    return Exit.DONE


def run_retry(streams: Streams, engine: Engine, args: Args) -> int:
    """Send a message again, or all that were given up."""
    if args.dead == (args.message is not None) or (args.case and not args.dead):
        raise click.UsageError(_("name one message by its number, or all that were given up by --dead"))
    if args.dead:
        return _retry_dead(streams, engine, args)
    engine.retry_message(args.message, actor=args.settings.actor)
    if streams.is_json:
        streams.give({"id": args.message, "status": "waiting"})
    else:
        streams.say(_("message {number} waits to be sent again").format(number=args.message))
    return Exit.DONE


def _retry_dead(streams: Streams, engine: Engine, args: Args) -> int:
    of_those = engine.retry_dead if args.yes else engine.count_dead
    count = of_those(actor=args.settings.actor, case=args.case)
    if streams.is_json:
        streams.give({"count": count, "status": "waiting" if args.yes else "dead"})
    elif args.yes:
        streams.say(plural("{count} message waits to be sent again", "{count} messages wait to be sent again", count))
    else:
        streams.say(plural("{count} message was given up", "{count} messages were given up", count))
        if count:
            streams.tell(_("nothing is sent again; --yes does it"))
    return Exit.DONE


def fault_command() -> click.Group:
    """Build `fault` with its commands."""
    show = engine_command(
        "list",
        run_faults,
        help=_("List the cases that are set aside because the engine failed on them."),
        examples=("casewright fault list",),
    )
    detail = engine_command(
        "show",
        run_fault,
        help=_("Show what happened, with its traceback."),
        examples=("casewright fault show R-1042",),
        params=[click.Argument(["fault"], metavar=_("FAULT"))],
    )
    retry = engine_command(
        "retry",
        run_fault_retry,
        help=_("Try again what failed, after the cause was mended."),
        examples=("casewright fault retry R-1042",),
        params=[click.Argument(["fault"], metavar=_("FAULT"))],
    )
    return Subcommands(
        "fault",
        help=_("List what the engine failed on, or try it again."),
        examples=("casewright fault", "casewright fault retry R-1042"),
        commands=[show, detail, retry],
        default="list",
    )


def run_faults(streams: Streams, engine: Engine, args: Args) -> int:
    """List faults."""
    faults = engine.faults(actor=args.settings.actor)
    reader = reader_of(streams, engine)
    if streams.is_json:
        streams.give({"faults": [fault_document(reader, fault) for fault in faults]})
        return Exit.DONE
    if not faults:
        streams.tell(_("nothing is set aside"))
        return Exit.DONE
    columns = [
        Column(head=_("fault")),
        Column(head=_("case")),
        Column(head=_("since")),
        Column(head=_("what happened"), is_wide=True),
    ]
    rows = [Row(cells=[fault.id, fault.root, reader.instant(fault.at), said_again(fault.message)]) for fault in faults]
    write_table(streams, columns, rows)
    return Exit.DONE


def run_fault(streams: Streams, engine: Engine, args: Args) -> int:
    """Show one fault."""
    fault = _fault(engine, args)
    reader = reader_of(streams, engine)
    if streams.is_json:
        streams.give({**fault_document(reader, fault), "traceback": fault.traceback})
        return Exit.DONE
    streams.say(f"{fault.id} · {fault.root} · {reader.instant(fault.at)}")
    streams.say(said_again(fault.message))
    streams.say(fault.traceback)
    return Exit.DONE


def _fault(engine: Engine, args: Args) -> Fault:
    name = args.fault
    for fault in engine.faults(actor=args.settings.actor):
        if name in (fault.id, fault.root):
            return fault
    raise NotFound(_("no fault `{name}` is there").format(name=name), help=_("`casewright fault list` names them"))


def run_fault_retry(streams: Streams, engine: Engine, args: Args) -> int:
    """Try again what failed."""
    fault = _fault(engine, args)
    engine.retry_fault(fault.id, actor=args.settings.actor)
    if streams.is_json:
        streams.give({"id": fault.id, "case": fault.root, "status": "retried"})
    else:
        streams.say(_("{case} is carried forward again").format(case=fault.root))
    return Exit.DONE


def fault_document(reader: Reader, fault: Fault) -> dict[str, object]:
    """Describe a fault."""
    return {"id": fault.id, "case": fault.root, "at": reader.rfc3339(fault.at), "message": fault.message}
