"""`audit verify`: showing that the records are whole and tell the truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.command import Args, Command, engine_command
from engine.cli.commands.archiving import archive_folder
from engine.cli.commands.proving import checkpoint_command, export_command, keygen_command
from engine.cli.exits import Exit
from engine.cli.group import Subcommands
from engine.cli.parameters import CaseId
from engine.cli.streams import Streams
from engine.cli.translate import _, labelled, listed, plural
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.app import Compared, Engine, Verification


def audit_command() -> click.Group:
    """Build `audit` with its commands."""
    return Subcommands(
        "audit",
        help=_("Verify that records are whole and tell the truth; sign what others can verify it by."),
        examples=("casewright audit verify", "casewright audit checkpoint -o monday.checkpoint"),
        commands=[_verify(), checkpoint_command(), keygen_command(), export_command()],
    )


def _verify() -> Command:
    return engine_command(
        "verify",
        run_verify,
        help=_(
            "Verify every record, or those of one case: the chain is whole, nothing is missing, and replaying the "
            "records by their process gives exactly what is stored. With --checkpoint also that nothing was removed, "
            "put back from an older copy or written anew since it was signed."
        ),
        examples=("casewright audit verify", "casewright audit verify --checkpoint monday.checkpoint --trust 3b1f…"),
        params=[
            click.Argument(["case"], type=CaseId(), required=False, metavar=_("[CASE]")),
            click.Option(
                ["--checkpoint"],
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help=_("A checkpoint kept elsewhere."),
            ),
            click.Option(
                ["--trust"], metavar=_("FINGERPRINT"), help=_("Of the key that signed it, or of one it follows.")
            ),
            jobs_option(),
        ],
    )


def jobs_option() -> click.Option:
    """By how many processes cases are verified."""
    return click.Option(
        ["--jobs"],
        type=click.IntRange(1),
        metavar=_("PROCESSES"),
        help=_("So many processes at most; unsaid, one for each processor, where there are thousands of cases."),
    )


def run_verify(streams: Streams, engine: Engine, args: Args) -> int:
    """Verify the audit."""
    from engine.app.crew import processors

    compared = _compared(engine, args)
    found = engine.verify(args.case, jobs=args.jobs or processors(), progress=streams.progress(_("verifying")))
    if args.case is None and engine.all_archived():
        folder = archive_folder(args.settings)
        found += engine.verify_archive(folder, progress=streams.progress(_("verifying the archive")))
    problems = (*(compared.problems if compared is not None else ()), *found.problems)
    if streams.is_json:
        document = {
            "is_verified": not problems,
            "cases": found.cases,
            "records": found.records,
            "sealed": found.sealed,
            "problems": [{"case": p.case, "sequence": p.sequence, "message": p.message} for p in problems],
        }
        streams.give(document | ({} if compared is None else {"checkpoint": compared.checkpoint.number}))
        return Exit.NOT_VERIFIED if problems else Exit.DONE
    for problem in problems:
        where = problem.case if problem.sequence is None else f"{problem.case} #{problem.sequence}"
        text = labelled(where, problem.message) if where else problem.message
        streams.say(streams.paint(f"!! {text}", "red"))
    _tell_what(streams, found, is_verified=not problems)
    if compared is not None and not compared.problems:
        streams.say(_checkpoint_line(compared))
    return Exit.NOT_VERIFIED if problems else Exit.DONE


def _compared(engine: Engine, args: Args) -> Compared | None:
    if (args.checkpoint is None) != (args.trust is None):
        raise UsageError(
            _("a checkpoint proves something only by the key that signed it"),
            help=_("say --checkpoint FILE and --trust FINGERPRINT together"),
        )
    if args.checkpoint is None:
        return None
    with args.checkpoint.open(encoding="utf-8") as lines:
        return engine.verify_checkpoint(lines, trust=args.trust, archive=archive_folder(args.settings))


def _tell_what(streams: Streams, found: Verification, *, is_verified: bool) -> None:
    counted = listed(
        (
            plural("{count} case", "{count} cases", found.cases),
            plural("{count} record", "{count} records", found.records),
            plural("{count} value sealed", "{count} values sealed", found.sealed),
        )
    )
    if not is_verified:
        streams.say(_("not verified: {counted}").format(counted=counted))
        return
    streams.say(
        _("verified: {counted}; every chain is whole and every replay equals what is stored").format(counted=counted)
    )


def _checkpoint_line(compared: Compared) -> str:
    made = compared.checkpoint
    counted = listed(
        (plural("{count} case", "{count} cases", made.cases), plural("{count} record", "{count} records", made.records))
    )
    return _("checkpoint {number} holds: {counted}, as they were signed").format(number=made.number, counted=counted)
