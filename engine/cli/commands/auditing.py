"""`audit verify`: showing that the records are whole and tell the truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.command import Args, Command, engine_command
from engine.cli.commands.archiving import archive_folder
from engine.cli.commands.proving import (
    cases_and_records,
    checkpoint_command,
    export_command,
    jobs_of,
    jobs_option,
    keygen_command,
    tell_problems,
)
from engine.cli.exits import Exit
from engine.cli.file_trouble import opened
from engine.cli.group import Subcommands
from engine.cli.kept_checkpoints import Kept, kept
from engine.cli.parameters import CaseId
from engine.cli.streams import Streams
from engine.cli.translate import _, phrased, plural
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
            "put back from an older copy or written anew since it was signed; and cases for which it vouches are "
            "not replayed again while every row of them is as it was. Where `checkpoints` and `trust` stand in "
            "casewright.toml, the newest of that folder is taken."
        ),
        examples=("casewright audit verify", "casewright audit verify --checkpoint monday.checkpoint --trust 3b1f…"),
        params=[
            click.Argument(["case"], type=CaseId(), required=False, metavar=_("[CASE]")),
            click.Option(
                ["--checkpoint"],
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help=_("A checkpoint kept elsewhere; unsaid, the newest in `checkpoints` of casewright.toml."),
            ),
            click.Option(
                ["--trust"], metavar=_("FINGERPRINT"), help=_("Of the key that signed it, or of one it follows.")
            ),
            click.Option(["--all"], is_flag=True, help=_("Replay also the cases for which the checkpoint vouches.")),
            click.Option(
                ["--chains"],
                is_flag=True,
                help=_("Replay nothing: only see that no record was changed, left out or moved since it was written."),
            ),
            jobs_option(),
        ],
    )


def run_verify(streams: Streams, engine: Engine, args: Args) -> int:
    """Verify the audit."""
    if args.all and args.chains:
        raise UsageError(_("--all replays everything, --chains nothing"), help=_("leave one of them out"))
    compared = _compared(engine, args)
    is_whole = args.all or args.chains or args.case is not None
    beyond = None if is_whole or compared is None or compared.rest is None else compared
    found = _replayed(streams, engine, args, beyond)
    found = found if beyond is None else beyond.vouched + found
    problems = (*(compared.problems if compared is not None else ()), *found.problems)
    if streams.is_json:
        document = {
            "is_verified": not problems,
            "cases": found.cases,
            "records": found.records,
            "sealed": found.sealed,
            "is_replayed": not args.chains,
            "problems": [{"case": p.case, "sequence": p.sequence, "message": p.message} for p in problems],
        }
        streams.give(document | _checkpoint_document(compared, beyond))
        return Exit.NOT_VERIFIED if problems else Exit.DONE
    tell_problems(streams, streams.say, problems)
    _tell_what(streams, found, is_verified=not problems, is_replayed=not args.chains)
    if compared is not None and not compared.problems:
        streams.say(_checkpoint_line(compared))
    if beyond is not None:
        streams.say(_vouched_line(beyond))
    return Exit.NOT_VERIFIED if problems else Exit.DONE


def _replayed(streams: Streams, engine: Engine, args: Args, beyond: Compared | None) -> Verification:
    jobs, progress = jobs_of(args), streams.progress(_("verifying"))
    if args.chains:
        found = engine.verify_chains(args.case, progress=progress)
    else:
        found = engine.verify(args.case, beyond=beyond, jobs=jobs, progress=progress)
    if args.case is None:
        folder, progress = archive_folder(args.settings), streams.progress(_("verifying the archive"))
        found += engine.verify_archive(folder, jobs=jobs, replays=not args.chains, progress=progress)
    return found


def _checkpoint_document(compared: Compared | None, beyond: Compared | None) -> dict[str, Any]:
    if compared is None:
        return {}
    if beyond is None:
        return {"checkpoint": compared.checkpoint.number}
    vouched = {"cases": beyond.vouched.cases, "records": beyond.vouched.records}
    return {"checkpoint": compared.checkpoint.number, "vouched": vouched}


def _compared(engine: Engine, args: Args) -> Compared | None:
    if (args.checkpoint is None) != (args.trust is None):
        raise UsageError(
            _("a checkpoint proves something only by the key that signed it"),
            help=_("say --checkpoint FILE and --trust FINGERPRINT together"),
        )
    found: Kept | None = Kept(args.checkpoint, args.trust)
    if args.checkpoint is None:
        is_of_all = args.case is None
        found = kept(args.settings, is_needed=not (args.all or args.chains)) if is_of_all else None
    if found is None:
        return None
    with opened(found.file) as lines:
        return engine.verify_checkpoint(lines, trust=found.trust, archive=archive_folder(args.settings))


def _tell_what(streams: Streams, found: Verification, *, is_verified: bool, is_replayed: bool) -> None:
    sealed = plural("{count} value sealed", "{count} values sealed", found.sealed)
    counted = phrased((cases_and_records(found.cases, found.records), *([sealed] if is_replayed else [])))
    if not is_verified:
        said = _("not verified: {counted}")
    elif is_replayed:
        said = _("verified: {counted}; every chain is whole and every replay equals what is stored")
    else:
        said = _("verified: {counted}; every chain is whole, nothing was replayed")
    streams.say(said.format(counted=counted))


def _checkpoint_line(compared: Compared) -> str:
    made = compared.checkpoint
    counted = cases_and_records(made.cases, made.records)
    return _("checkpoint {number} holds: {counted}, as they were signed").format(number=made.number, counted=counted)


def _vouched_line(beyond: Compared) -> str:
    vouching = beyond.checkpoint.vouching
    return _(
        "not replayed again: {vouched}; no row of them changed since checkpoint {number}, which vouches for their "
        "replay by casewright {versions}"
    ).format(
        vouched=cases_and_records(beyond.vouched.cases, beyond.vouched.records),
        number=beyond.checkpoint.number,
        versions=", ".join(vouching.versions) if vouching is not None else "",
    )
