"""`audit`: showing that the records are whole and tell the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli.command import Args, engine_command
from engine.cli.exits import Exit
from engine.cli.group import Subcommands
from engine.cli.parameters import CaseId
from engine.cli.streams import Streams
from engine.cli.translate import _, listed, plural

if TYPE_CHECKING:
    from engine.app import Engine


def audit_command() -> click.Group:
    """Build `audit` with its commands."""
    verify = engine_command(
        "verify",
        run_verify,
        help=_(
            "Verify every record, or those of one case: the chain is whole, nothing is missing, and replaying the "
            "records by their process gives exactly what is stored."
        ),
        examples=("casewright audit verify", "casewright audit verify R-1042"),
        params=[click.Argument(["case"], type=CaseId(), required=False, metavar=_("[CASE]"))],
    )
    return Subcommands(
        "audit",
        help=_("Verify that records are whole and tell the truth."),
        examples=("casewright audit verify",),
        commands=[verify],
    )


def run_verify(streams: Streams, engine: Engine, args: Args) -> int:
    """Verify the audit."""
    found = engine.verify(args.case, progress=streams.progress(_("verifying")))
    if streams.is_json:
        streams.give(
            {
                "is_verified": not found.problems,
                "cases": found.cases,
                "records": found.records,
                "sealed": found.sealed,
                "problems": [{"case": p.case, "sequence": p.sequence, "message": p.message} for p in found.problems],
            }
        )
        return Exit.NOT_VERIFIED if found.problems else Exit.DONE
    for problem in found.problems:
        where = problem.case if problem.sequence is None else f"{problem.case} #{problem.sequence}"
        streams.say(streams.paint(f"!! {where}: {problem.message}", "red"))
    counted = listed(
        (
            plural("{count} case", "{count} cases", found.cases),
            plural("{count} record", "{count} records", found.records),
            plural("{count} value sealed", "{count} values sealed", found.sealed),
        )
    )
    if found.problems:
        streams.say(_("not verified: {counted}").format(counted=counted))
        return Exit.NOT_VERIFIED
    streams.say(
        _("verified: {counted}; every chain is whole and every replay equals what is stored").format(counted=counted)
    )
    return Exit.DONE
