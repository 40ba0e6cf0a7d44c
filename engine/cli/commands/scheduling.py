"""`schedule`: what the calendar opens next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cli.answer import reader_of
from engine.cli.command import Args, Command, engine_command
from engine.cli.exits import Exit
from engine.cli.reader import Reader
from engine.cli.streams import Streams
from engine.cli.tables import Column, Row, write_table
from engine.cli.translate import _, later, phrased

if TYPE_CHECKING:
    from engine.app import Coming, Engine

_SET_ASIDE = later("set aside: `casewright fault show {fault}`")


def schedule_command() -> Command:
    """Build `schedule`."""
    return engine_command(
        "schedule",
        run_schedule,
        help=_("List what the calendar opens, the soonest first; in the past: no worker has looked since."),
        examples=("casewright schedule",),
    )


def run_schedule(streams: Streams, engine: Engine, args: Args) -> int:
    """List the schedules of the newest versions."""
    found, reader = engine.schedules(), reader_of(streams, engine)
    if streams.is_json:
        streams.give({"schedules": [schedule_document(reader, one) for one in found]})
        return Exit.DONE
    if not found:
        streams.tell(_("no published process has a schedule"))
        return Exit.DONE
    columns = [
        Column(head=_("process")),
        Column(head=_("schedule")),
        Column(head=_("every")),
        Column(head=_("opens at")),
        Column(head=_("trouble"), is_wide=True),
    ]
    rows = [
        Row(
            cells=[one.process, one.schedule, one.every, reader.instant(one.due), trouble(reader, one)],
            colour="red" if one.fault or one.problem else "",
        )
        for one in found
    ]
    write_table(streams, columns, rows)
    return Exit.DONE


def trouble(reader: Reader, one: Coming) -> str:
    """Say why a schedule does not open, or did not open its last case."""
    if one.fault is not None:
        return _(_SET_ASIDE).format(fault=one.fault)
    if one.problem is None:
        return ""
    return _("refused at {at}: {reasons}").format(
        at=reader.instant(one.problem["at"]), reasons=phrased(reader.said(words) for words in one.problem["words"])
    )


def schedule_document(reader: Reader, one: Coming) -> dict[str, object]:
    """Describe a schedule."""
    problem = one.problem
    return {
        "process": one.process,
        "schedule": one.schedule,
        "every": one.every,
        "due": reader.rfc3339(one.due),
        "fault": one.fault,
        "refused": None
        if problem is None
        else {"at": reader.rfc3339(problem["at"]), "reasons": [reader.said(words) for words in problem["words"]]},
    }
