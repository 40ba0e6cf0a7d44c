"""`fetch`: a file that was attached to a case is written to disk, from the archive too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.answer import reader_of
from engine.cli.command import Args, Command, engine_command
from engine.cli.commands.archiving import archive_folder, folder_option
from engine.cli.documents import attachment_document
from engine.cli.exits import Exit
from engine.cli.files import attached_line, hash_start
from engine.cli.output_files import force_option, output_option, refuse_existing
from engine.cli.parameters import CaseId
from engine.cli.reader import harmless
from engine.cli.streams import Streams
from engine.cli.translate import _, listed
from engine.errors import NotFound, UsageError

if TYPE_CHECKING:
    from engine.app import Engine
    from engine.ports import Attached, Attachment

SHORTEST = 6
"""Signs of a hash by which a file can be named."""


def fetch_command() -> Command:
    """Build `fetch`."""
    return engine_command(
        "fetch",
        run_fetch,
        help=_(
            "Write a file that was attached to a case to disk, of an archived case too. It is named as it was "
            "attached, or by the beginning of its hash."
        ),
        examples=("casewright fetch R-1042 slip.jpg", "casewright fetch R-1042 7f83b1657ff1 -o slip.jpg"),
        params=[
            click.Argument(["case"], type=CaseId(), metavar=_("CASE")),
            click.Argument(["file"], metavar=_("FILE")),
            output_option(_("Where to; unsaid, here, under the name it was attached by.")),
            force_option(),
            folder_option(),
        ],
    )


def run_fetch(streams: Streams, engine: Engine, args: Args) -> int:
    """Write a file to disk."""
    actor, folder = args.settings.actor, archive_folder(args.settings, args.folder)
    is_archived = engine.archived(args.case) is not None
    if is_archived:
        there, erased = engine.archived_files(args.case, folder, actor=actor)
        if erased is not None:
            raise NotFound(
                _("the files of `{case}` were erased: {reason}").format(case=args.case, reason=harmless(erased.reason))
            )
    else:
        there = engine.attachments(args.case, actor=actor)
    digest = _meant(args.case, args.file, there)
    found = (
        engine.archived_file(args.case, digest, folder, actor=actor)
        if is_archived
        else engine.attachment(args.case, digest, actor=actor)
    )
    target = args.output or Path(_harmless_name(found))
    refuse_existing(target, is_forced=args.force)
    target.write_bytes(found.content)
    one = next(one for one in there if one.hash == digest)
    if streams.is_json:
        streams.give(attachment_document(reader_of(streams, engine), one) | {"case": args.case, "written": str(target)})
    else:
        streams.say(_("{path} written: {file}").format(path=target, file=attached_line(one)))
    return Exit.DONE


def _meant(case: str, said: str, there: list[Attached]) -> str:
    """The hash of the file that was said; `NotFound` where there is none, `UsageError` where it may be one of many."""
    hashes = dict.fromkeys(one.hash for one in there if one.name == said)
    if not hashes and len(said) >= SHORTEST:
        hashes = dict.fromkeys(one.hash for one in there if one.hash.startswith(said.lower()))
    if len(hashes) == 1:
        return next(iter(hashes))
    if hashes:
        shown = listed(f"`{hash_start(one)}`" for one in hashes)
        raise UsageError(
            _("`{name}` is the name of several files of `{case}`").format(name=said, case=case),
            help=_("say which by its hash: {names}").format(names=shown),
        )
    names = listed(dict.fromkeys(f"`{one.name or hash_start(one.hash)}`" for one in there))
    raise NotFound(
        _("no file `{name}` is attached to `{case}`").format(name=said, case=case),
        help=_("there are {names}").format(names=names) if names else _("nothing is attached to it"),
    )


def _harmless_name(found: Attachment) -> str:
    """Its own name, as one here: whoever attached it may have written any path, or a name that hides itself."""
    name = Path(found.name.replace("\\", "/")).name.lstrip(".")
    if not name or not name.isprintable():
        raise UsageError(_("the file's name cannot be that of a file here"), help=_("say where to by `-o FILE`"))
    return name
