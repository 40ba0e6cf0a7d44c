"""`worker` and `tick`: firing what falls due, delivering messages."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.answer import reader_of
from engine.cli.command import Args, Command, engine_command
from engine.cli.exits import Exit
from engine.cli.reader import Reader
from engine.cli.streams import Streams
from engine.cli.translate import _, labelled, listed, phrased, plural, with_aside

if TYPE_CHECKING:
    from engine.app import Engine
    from engine.app.outgoing.delivery import Delivery


def worker_command() -> Command:
    """Build `worker`."""
    return engine_command(
        "worker",
        run_worker,
        help=_(
            "Fire what falls due, deliver messages and erase private values whose time is over, until stopped by "
            "Ctrl-C or SIGTERM. "
            "Killed at any point it loses nothing but time."
        ),
        examples=("casewright worker", "casewright worker --log-json --metrics /var/lib/node_exporter/casewright.prom"),
        params=[
            click.Option(["--log-json"], is_flag=True, help=_("Write the log as JSON lines to the error stream.")),
            click.Option(
                ["--metrics"],
                type=click.Path(dir_okay=False, path_type=Path),
                metavar=_("FILE"),
                help=_(
                    "Keep figures in this file as Prometheus reads them: what was done, how late, how the desk stands."
                ),
            ),
        ],
    )


def run_worker(streams: Streams, engine: Engine, args: Args) -> int:
    """Work until stopped."""
    from threading import Event

    from engine.cli.logs import log_as_json, log_for_people
    from engine.cli.metrics import MetricsFile, Tally
    from engine.worker import run_worker as run

    if args.log_json:
        log_as_json(streams.err)
    else:
        log_for_people(streams)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    register(streams, engine, args)
    tally = Tally()
    with MetricsFile(args.metrics, engine, tally) if args.metrics else nullcontext():
        streams.tell(_("working on {database}; stop with Ctrl-C").format(database=args.settings.shown_database))
        if not args.settings.project.deliver and not args.log_json:
            streams.tell(_("messages are printed here: no `[deliver.…]` of casewright.toml says where else they go"))
        run(engine, stop, told=tally.add, late=tally.late)
    streams.tell(_("stopped"))
    return Exit.DONE


def register(streams: Streams, engine: Engine, args: Args) -> None:
    """Let the deliverers of the project file deliver; the console where it names none."""
    project, shown = args.settings.project, console(streams, engine)
    if not project.deliver or project.file is None:
        engine.on("*", shown)
        return
    from engine.deliverers import build

    router = build(project.deliver, project.file.parent, os.environ, shown)
    engine.on("*", router)
    engine.digest_above = router.digest_above


def console(streams: Streams, engine: Engine) -> Callable[[Delivery], None]:
    """Return the deliverer that writes messages to the console, one a line."""

    def deliver(delivery: Delivery) -> None:
        reader = reader_of(streams, engine)
        if streams.is_json:
            streams.give_line(delivery_document(reader, delivery))
        else:
            streams.say(delivery_line(reader, delivery))
        streams.out.flush()

    return deliver


def delivery_line(reader: Reader, delivery: Delivery) -> str:
    """Write a message as one line: when, to whom, what."""
    to = delivery.receiver
    if delivery.receiver_kind == "role":
        to = with_aside(to, listed(delivery.people) or _("nobody holds this role"))
    said = delivery.text if delivery.kind != "emit" else f"{delivery.name} {dict(delivery.payload)}"
    late = " " + _("(late)") if delivery.is_late else ""
    missed = " " + _("({count} times)").format(count=delivery.missed) if delivery.missed > 1 else ""
    return labelled(f"{reader.instant(delivery.at)} → {to}", f"{said}{late}{missed}")


def delivery_document(reader: Reader, delivery: Delivery) -> dict[str, object]:
    """Describe a message as it is delivered."""
    return {
        "key": delivery.key,
        "at": reader.rfc3339(delivery.at),
        "case": delivery.case,
        "kind": delivery.kind,
        "name": delivery.name,
        "receiver": delivery.receiver,
        "receiver_kind": delivery.receiver_kind,
        "people": list(delivery.people),
        "text": delivery.text,
        "payload": dict(delivery.payload),
        "is_late": delivery.is_late,
        "missed": delivery.missed,
    }


def tick_command() -> Command:
    """Build `tick`."""
    return engine_command(
        "tick",
        run_tick,
        help=_(
            "Do one round: carry every case forward to now, deliver what waits, erase private values whose time is "
            "over as `retention` of their process says, and stop."
        ),
        examples=("casewright tick", "casewright tick --accept-clock"),
        params=[
            click.Option(
                ["--accept-clock"],
                is_flag=True,
                help=_("Believe the machine's clock although it jumped: what fell due meanwhile is carried out."),
            )
        ],
    )


def run_tick(streams: Streams, engine: Engine, args: Args) -> int:
    """Do one round."""
    register(streams, engine, args)
    done = engine.tick(accept_clock=args.accept_clock)
    if streams.is_json:
        streams.give_line(asdict(done))
    else:
        carried = plural("{count} case carried forward", "{count} cases carried forward", done.advanced)
        delivered = plural("{count} message delivered", "{count} messages delivered", done.delivered)
        erased = plural("private values of {count} case erased", "private values of {count} cases erased", done.erased)
        streams.say(phrased([carried, delivered, *([erased] if done.erased else [])]))
        if done.failed:
            streams.tell(_("{count} could not be delivered: see `casewright outbox`").format(count=done.failed))
        if done.faults:
            streams.tell(_("{count} set aside: `casewright fault list` says why").format(count=done.faults))
    return Exit.FAILED if done.faults or done.failed else Exit.DONE
