"""`audit checkpoint`, `keygen` and `export`: what lets others verify the records without trusting who keeps them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from engine.cli.command import Args, Command, engine_command, plain_command
from engine.cli.commands.archiving import archive_folder
from engine.cli.exits import Exit
from engine.cli.file_trouble import opened, text_of
from engine.cli.kept_checkpoints import folder_of, newest, next_file
from engine.cli.output_files import output_option
from engine.cli.parameters import CaseId
from engine.cli.secret_files import keygen_options, write_secret
from engine.cli.streams import Streams
from engine.cli.translate import _, labelled, phrased, plural
from engine.errors import UsageError
from engine.resources import verifier
from engine.values import rfc3339

if TYPE_CHECKING:
    from engine.app import Engine, Problem, Vouched
    from engine.evidence.signing import SigningKey


def checkpoint_command() -> Command:
    """Build `audit checkpoint`."""
    return engine_command(
        "checkpoint",
        run_checkpoint,
        help=_(
            "Sign what every case stands at, to be kept where whoever owns the database cannot write: it shows later "
            "whether anything was removed, put back from an older copy or written anew. Without -o it is written to "
            "standard output; where casewright.toml names a folder of `checkpoints`, into that, after the newest there."
        ),
        examples=("casewright audit checkpoint -o monday.checkpoint",),
        params=[
            output_option(_("The file to be made.")),
            click.Option(
                ["--key"],
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help=_("The signing key; unsaid, CASEWRIGHT_SIGNING_KEY_FILE names it."),
            ),
            click.Option(
                ["--verify"],
                is_flag=True,
                help=_("Verify every case first, and vouch for those that are right: they need not be replayed again."),
            ),
            click.Option(
                ["--after"],
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help=_("An earlier checkpoint of this key: with --verify, what it vouches for is not replayed again."),
            ),
            jobs_option(),
        ],
    )


def keygen_command() -> Command:
    """Build `audit keygen`."""
    return plain_command(
        "keygen",
        run_keygen,
        help=_(
            "Make a key that signs checkpoints, in a file that only you may read, and show its fingerprint: whoever "
            "verifies must know that from you. With --after the key follows an older one, which signs it."
        ),
        examples=("casewright audit keygen -o sign.key", "casewright audit keygen -o new.key --after sign.key"),
        params=keygen_options(after=_("The key to be replaced: who trusts it trusts the new one as well.")),
    )


def export_command() -> Command:
    """Build `audit export`."""
    return engine_command(
        "export",
        run_export,
        help=_(
            "Write a bundle that proves one case to somebody without casewright: its records, its definitions, and "
            "with --checkpoint that they are those that were signed. One file of Python verifies it; --verifier writes "
            "that as well."
        ),
        examples=("casewright audit export R-1042 --bundle R-1042.json --checkpoint monday.checkpoint",),
        params=[
            click.Argument(["case"], type=CaseId(), metavar=_("CASE")),
            click.Option(["--bundle"], required=True, type=click.Path(path_type=Path), help=_("The file to be made.")),
            click.Option(
                ["--checkpoint"],
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help=_("A checkpoint that has the case."),
            ),
            click.Option(
                ["--verifier"],
                type=click.Path(dir_okay=False, path_type=Path),
                help=_("Where to write the one file of Python that verifies bundles without casewright."),
            ),
            click.Option(
                ["--in-clear"], is_flag=True, help=_("With private values in clear, and what proves each of them.")
            ),
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


def jobs_of(args: Args) -> int:
    """What the option says, or one for each processor."""
    from engine.app.proof.crew import processors

    jobs: int | None = args.jobs
    return processors() if jobs is None else jobs


def cases_and_records(cases: int, records: int) -> str:
    """How many cases and records, in words."""
    said = plural("{count} case", "{count} cases", cases), plural("{count} record", "{count} records", records)
    return phrased(said)


def tell_problems(streams: Streams, say: Callable[[str], None], problems: Iterable[Problem]) -> None:
    """A line for each place where the audit does not hold."""
    for problem in problems:
        where = problem.case if problem.sequence is None else f"{problem.case} #{problem.sequence}"
        text = labelled(where, problem.message) if where else problem.message
        say(streams.paint(f"!! {text}", "red"))


def run_checkpoint(streams: Streams, engine: Engine, args: Args) -> int:
    """Sign a checkpoint."""
    if args.after is not None and not args.verify:
        raise UsageError(_("--after says what need not be verified again"), help=_("say --verify as well"))
    key, folder = _signing_key(args.key), folder_of(args.settings)
    output, after = args.output, args.after
    if folder is not None and output is None:
        output, after = next_file(folder, rfc3339(engine.now())), after or newest(folder)
    with _written(streams, output) as out:
        vouched = _vouched(streams, engine, args, (key, after)) if args.verify else None
        made = engine.checkpoint(key, out, actor=args.settings.actor, vouched=vouched)
    all_of_it = cases_and_records(made.cases, made.records)
    streams.tell(_("checkpoint {number} signed: {counted}").format(number=made.number, counted=all_of_it))
    if output is not None and args.output is None:
        streams.tell(_("it lies in {file}").format(file=output))
    if vouched is not None and made.vouching is not None:
        cases = plural("{count} case", "{count} cases", made.vouching.cases)
        replayed = cases_and_records(vouched.found.cases, vouched.found.records)
        streams.tell(_("it vouches for {cases}; replayed now: {replayed}").format(cases=cases, replayed=replayed))
        tell_problems(streams, streams.tell, vouched.found.problems)
    streams.tell(_("fingerprint of the key: {fingerprint}").format(fingerprint=key.fingerprint))
    return Exit.NOT_VERIFIED if vouched is not None and vouched.found.problems else Exit.DONE


def _vouched(streams: Streams, engine: Engine, args: Args, by: tuple[SigningKey, Path | None]) -> Vouched:
    (key, earlier), after = by, None
    if earlier is not None:
        with opened(earlier) as lines:
            after = engine.verify_checkpoint(
                lines, trust=key.trusted_fingerprints, archive=archive_folder(args.settings), is_to_vouch=True
            )
    progress = streams.progress(_("verifying"))
    return engine.vouch(actor=args.settings.actor, after=after, jobs=jobs_of(args), progress=progress)


def _signing_key(path: Path | None) -> SigningKey:
    from engine.evidence.signing import SIGNING_KEY, read_signing_key
    from engine.sealing import secret_text

    if path is not None:
        return read_signing_key(text_of(path), f"`{path}`")
    text, where = secret_text(os.environ, SIGNING_KEY)
    if not text:
        raise UsageError(
            _("no key is there to sign with"),
            help=_("`casewright audit keygen -o FILE` makes one; say --key FILE, or CASEWRIGHT_SIGNING_KEY_FILE"),
        )
    return read_signing_key(text, where)


@contextmanager
def _written(streams: Streams, path: Path | None) -> Iterator[TextIO]:
    """Where something is written: standard output, or a new file, of which nothing is left where it failed."""
    if path is None:
        yield streams.out
        return
    try:
        out = path.open("x", encoding="utf-8")
    except FileExistsError:
        raise UsageError(
            _("`{file}` is there already, and evidence is not written over").format(file=path),
            help=_("name another file"),
        ) from None
    try:
        with out:
            yield out
    except BaseException:
        path.unlink()
        raise


def run_keygen(streams: Streams, args: Args) -> int:
    """Make a signing key."""
    from engine.evidence.signing import new_signing_key, read_signing_key
    from engine.time_source import SystemTime

    if args.after is None:
        key = new_signing_key()
    else:
        key = read_signing_key(text_of(args.after), f"`{args.after}`").followed(SystemTime().now())
    write_secret(args.output, key.text() + "\n")
    if streams.is_json:
        streams.give({"fingerprint": key.fingerprint, "file": str(args.output)})
    else:
        streams.say(_("fingerprint of the key: {fingerprint}").format(fingerprint=key.fingerprint))
    return Exit.DONE


def run_export(streams: Streams, engine: Engine, args: Args) -> int:
    """Write an evidence bundle."""
    with opened(args.checkpoint) if args.checkpoint is not None else nullcontext() as lines:
        bundle = engine.evidence(args.case, actor=args.settings.actor, checkpoint=lines, with_private=args.in_clear)
    if args.verifier is not None:
        _write_verifier(streams, args.verifier)
    with _written(streams, args.bundle) as out:
        out.write(json.dumps(bundle, ensure_ascii=False, indent=1) + "\n")
    count = len(bundle["records"])
    if streams.is_json:
        streams.give({"case": args.case, "records": count, "file": str(args.bundle)})
        return Exit.DONE
    text = plural("{count} record", "{count} records", count)
    streams.say(_("{case}: {file} holds {counted}").format(case=args.case, counted=text, file=args.bundle))
    if args.verifier is None:
        hint = _("verified without casewright by one file of Python; `--verifier verify.py` writes that as well")
    else:
        trust = "" if args.checkpoint is None else " --trust FINGERPRINT"
        command = f"python {args.verifier} {args.bundle}{trust}"
        hint = _("verified without casewright by: {command}").format(command=command)
    streams.tell(hint)
    return Exit.DONE


def _write_verifier(streams: Streams, path: Path) -> None:
    """Write the file that verifies bundles; one that is there already and is the same stays."""
    content = verifier()
    if not path.is_file() or path.read_bytes() != content:
        with _written(streams, path) as out:
            out.write(content.decode())
