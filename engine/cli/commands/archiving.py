"""`archive`: closed cases whose time is over leave for files, and are read from there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.answer import reader_of
from engine.cli.command import Args, engine_command
from engine.cli.documents import attachment_document
from engine.cli.exits import Exit
from engine.cli.going_on import told_how_far
from engine.cli.group import Subcommands
from engine.cli.pages import write_attachments, write_history
from engine.cli.parameters import CaseId
from engine.cli.reader import Reader, harmless
from engine.cli.settings import Settings
from engine.cli.streams import Streams
from engine.cli.tables import Column, Row, write_table
from engine.cli.translate import _, labelled, listed, phrased, plural
from engine.errors import NotFound

if TYPE_CHECKING:
    from engine.app import Engine, Leaving
    from engine.ports import ErasedFiles, Tombstone


def archive_command() -> click.Group:
    """Build `archive` with its commands."""
    folder = folder_option()
    run = engine_command(
        "run",
        run_archive,
        help=_(
            "Move closed cases whose time is over, as `retention` of their process says, into files, a family each. "
            "Without --yes it is only shown which. Private values do not go along: they end; files go along, locked. "
            "Broken off, the same command goes on where it stopped."
        ),
        examples=("casewright archive", "casewright archive --yes --folder /mnt/archive"),
        params=[folder, click.Option(["--yes"], is_flag=True, help=_("Move them; without this, it is only shown."))],
    )
    listing = engine_command(
        "list",
        run_list,
        help=_("List the archived cases, and where they lie."),
        examples=("casewright archive list", "casewright archive list --limit 1000"),
        params=[
            click.Option(["--limit"], type=click.IntRange(1), default=50, show_default=True, help=_("At most so many."))
        ],
    )
    show = engine_command(
        "show",
        run_show,
        help=_("Show the history of an archived case from its file, verified, and what was attached to it."),
        examples=("casewright archive show R-1042",),
        params=[click.Argument(["case"], type=CaseId(), metavar=_("CASE")), folder],
    )
    return Subcommands(
        "archive",
        help=_("Move closed cases whose time is over into files, list them, or read one there."),
        examples=("casewright archive", "casewright archive show R-1042"),
        commands=[run, listing, show],
        default="run",
    )


def folder_option() -> click.Option:
    """Where the archive is: for every command that reads or writes it."""
    return click.Option(
        ["--folder"],
        type=click.Path(file_okay=False, path_type=Path),
        metavar=_("FOLDER"),
        help=_("The archive; unsaid, `archive` of casewright.toml, else the folder `archive`."),
    )


def archive_folder(settings: Settings, said: Path | None = None) -> Path:
    """Where the archive is."""
    return said or settings.project.path("archive") or Path("archive")


def run_archive(streams: Streams, engine: Engine, args: Args) -> int:
    """Show which families may leave, or let them."""
    actor = args.settings.actor
    if not args.yes:
        _show_leaving(streams, engine.leaving(actor=actor))
        return Exit.DONE
    folder = archive_folder(args.settings, args.folder)
    with told_how_far(streams, streams.progress(_("archiving")), _so_far) as progress:
        done = engine.archive(folder, actor=actor, progress=progress)
    if streams.is_json:
        failed = [{"case": root, "message": why} for root, why in done.failed]
        streams.give({"folder": str(folder), "families": list(done.families), "cases": done.cases, "failed": failed})
    else:
        for root, why in done.failed:
            streams.say(streams.paint(_("!! {case} stays: {why}").format(case=root, why=why), "red"))
        counted = phrased((_families(len(done.families)), plural("{count} case", "{count} cases", done.cases)))
        streams.say(_("archived into {folder}: {counted}").format(folder=folder, counted=counted))
    return Exit.FAILED if done.failed else Exit.DONE


def _so_far(count: int) -> str:
    return plural(
        "{count} family was gone through; the same command goes on after it",
        "{count} families were gone through; the same command goes on after them",
        count,
    )


def _show_leaving(streams: Streams, found: list[Leaving]) -> None:
    if streams.is_json:
        streams.give({"families": [{"root": one.root, "process": one.process, "cases": one.cases} for one in found]})
        return
    for process in dict.fromkeys(one.process for one in found):
        own = [one for one in found if one.process == process]
        cases = plural("{count} case", "{count} cases", sum(one.cases for one in own))
        roots = listed(one.root for one in own[:10]) + (" …" if len(own) > 10 else "")
        streams.say(labelled(process, labelled(phrased((_families(len(own)), cases)), roots)))
    if found:
        streams.tell(_("nothing was moved; --yes moves them"))
    else:
        streams.say(_("no closed case has outlived its time"))


def _families(count: int) -> str:
    return plural("{count} family", "{count} families", count)


def run_list(streams: Streams, engine: Engine, args: Args) -> int:
    """List what was archived."""
    found, reader = engine.all_archived(actor=args.settings.actor, limit=args.limit + 1), reader_of(streams, engine)
    found, has_more = found[: args.limit], len(found) > args.limit
    if streams.is_json:
        streams.give({"archived": [tombstone_document(one) for one in found], "has_more": has_more})
        return Exit.DONE
    if not found:
        streams.say(_("nothing was archived"))
        return Exit.DONE
    rows = [
        Row(cells=(
            one.case, one.process, reader.instant(one.closed_at), reader.instant(one.at), str(one.count), one.file,
        ))
        for one in found
    ]  # fmt: skip
    heads = (_("case"), _("process"), _("closed"), _("archived"), _("records"), _("file"))
    write_table(streams, [Column(head=head) for head in heads], rows)
    if has_more:
        streams.tell(_("there are more; --limit shows them"))
    return Exit.DONE


def tombstone_document(one: Tombstone) -> dict[str, object]:
    """Describe what is left of a case."""
    from engine.values import rfc3339

    return {
        "case": one.case, "root": one.root, "process": one.process, "version": one.version,
        "opened_at": rfc3339(one.opened_at), "closed_at": rfc3339(one.closed_at), "archived_at": rfc3339(one.at),
        "archived_by": one.by, "records": one.count, "head": one.head, "file": one.file, "file_hash": one.file_hash,
    }  # fmt: skip


def _erased_document(reader: Reader, erased: ErasedFiles) -> dict[str, object]:
    return {"erased_at": reader.rfc3339(erased.at), "erased_by": erased.by, "reason": erased.reason}


def run_show(streams: Streams, engine: Engine, args: Args) -> int:
    """Show an archived case."""
    left = engine.archived(args.case)
    if left is None:
        raise NotFound(
            _("`{case}` is not archived").format(case=args.case), help=_("`casewright archive list` shows what is")
        )
    folder = archive_folder(args.settings, args.folder)
    records = engine.archived_history(args.case, folder, actor=args.settings.actor)
    files, erased = engine.archived_files(args.case, folder, actor=args.settings.actor)
    definition = engine.definition(left.process, left.version)
    reader = reader_of(streams, engine, definition)
    if streams.is_json:
        gone = None if erased is None else _erased_document(reader, erased)
        attached = [attachment_document(reader, one) for one in files]
        told = {"archived": tombstone_document(left), "records": records}
        streams.give(told | {"attachments": attached, "erased_files": gone})
        return Exit.DONE
    named = replace(reader, files={one.hash: one.name for one in files if one.name})
    write_history(streams, named, definition, records)
    write_attachments(streams, reader, files)
    if erased is not None:
        streams.say(_("their key was destroyed {time} by {person}: {reason}").format(
            time=reader.instant(erased.at), person=erased.by, reason=harmless(erased.reason),
        ))  # fmt: skip
    streams.say(_("archived {time} by {person} into {file}: {count}, every chain whole and replayed").format(
        time=reader.instant(left.at), person=left.by, file=left.file,
        count=plural("{count} record", "{count} records", left.count),
    ))  # fmt: skip
    return Exit.DONE
