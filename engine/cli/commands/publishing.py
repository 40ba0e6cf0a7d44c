"""`publish`: making processes available to the desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import click

from engine.cli.answer import opens_next
from engine.cli.command import Args, Command, plain_command
from engine.cli.designing.against import findings_before_publishing, is_ahead, ways_missing
from engine.cli.designing.definitions import newest_published
from engine.cli.designing.findings import findings_document, write_findings
from engine.cli.designing.folder import Checked, checked_paths, need_process, publish_all
from engine.cli.exits import Exit
from engine.cli.parameters import ProcessPath
from engine.cli.prompts import confirm
from engine.cli.said import findings_again, told_findings
from engine.cli.streams import Streams
from engine.cli.translate import _, later, plural

if TYPE_CHECKING:
    from engine.app import Engine, Published
    from engine.model import ProcessDefinition

STATUSES = {
    "published": later("published {process} version {version}"),
    "unchanged": later("{process} version {version} is published already"),
    "words updated": later("{process} version {version} has new words, in effect from now on"),
}


Status = Literal["published", "unchanged", "words updated", "refused"]

WOULD: Mapping[Status, str] = {
    "published": later("would publish {process} version {version}"),
    "unchanged": later("{process} version {version} is published already"),
    "words updated": later("{process} version {version} would have new words, in effect at once"),
    "refused": later("{process} version {version} would be refused"),
}


def publish_command() -> Command:
    """Build `publish`."""
    return plain_command(
        "publish",
        run_publish,
        help=_(
            "Publish processes: new cases open on the newest version, cases under way stay on their own. A published "
            "version never changes its behaviour; new words under the same behaviour take effect at once."
        ),
        examples=(
            "casewright publish",
            "casewright publish processes/repair.yaml",
            "casewright publish --dry-run",
        ),
        params=[
            click.Argument(["paths"], nargs=-1, type=ProcessPath(), metavar=_("[PATH]…")),
            click.Option(
                ["--dry-run"],
                is_flag=True,
                help=_("Publish nothing; say what would be, and which open cases could not come over."),
            ),
        ],
    )


def run_publish(streams: Streams, args: Args) -> int:
    """Publish processes; nothing is published while one of them has an error. What is wrong with a file comes first."""
    from engine.app import Engine

    paths = args.paths or (args.settings.folder,)
    chosen = checked_paths(paths)
    need_process(chosen, paths)
    if chosen.errors:
        write_findings(streams, chosen, "json" if streams.is_json else "text")
        return Exit.FAILED
    if args.dry_run:
        return _rehearse(streams, args, chosen)
    with Engine.open(args.settings.database) as engine:
        _tell_who_would_stay(streams, engine, chosen)
        done = publish_all(engine, chosen.definitions.values(), args.settings.actor)
        meant = next((one for one in done if one.status == "published"), done[0] if done else None)
        following = "" if meant is None else opens_next(engine, meant.process, args.settings.actor)
        behind = [engine.behind(one.process) if one.status == "published" and one.version > 1 else 0 for one in done]
    if streams.is_json:
        streams.give({"published": [_document(one, count) for one, count in zip(done, behind, strict=True)]})
        return Exit.DONE
    for one, count in zip(done, behind, strict=True):
        streams.say(_(STATUSES[one.status]).format(process=one.process, version=one.version))
        if count:
            _say_who_stay(streams, one.process, count)
    if following:
        streams.tell(_("next: {command}").format(command=following))
    return Exit.DONE


def _tell_who_would_stay(streams: Streams, engine: Engine, chosen: Checked) -> None:
    """Before anything is published: what the files would need so that open cases can come over; on a terminal, ask."""
    missing = ways_missing(engine, chosen, streams.language)
    if missing and not streams.is_json:
        streams.tell(told_findings(missing, chosen.texts))
        if streams.may_ask:
            confirm(_("Publish it all the same? Open cases then stay on their version."))


def _rehearse(streams: Streams, args: Args, chosen: Checked) -> int:
    """Say what would be published, and what stands in the way of it or of open cases."""
    from engine.app import Engine

    chosen.findings += findings_before_publishing(streams, args, chosen)
    earlier = newest_published(args.settings, chosen.definitions)
    would = [(new, _would(new, earlier.get(new.process))) for new in chosen.definitions.values()]
    with Engine.open(args.settings.database) as engine:
        staying = [engine.behind(new.process, new.version) if is_ahead(new, earlier) else 0 for new, _status in would]
    if streams.is_json:
        rows = [{"process": new.process, "version": new.version, "would_be": status, "behind": count}
                for (new, status), count in zip(would, staying, strict=True)]  # fmt: skip
        streams.give({"would_publish": rows, "check": findings_document(chosen, findings_again(chosen.findings))})
        return Exit.FAILED if chosen.errors else Exit.DONE
    for (new, status), count in zip(would, staying, strict=True):
        streams.say(_(WOULD[status]).format(process=new.process, version=new.version))
        if count:
            streams.say("  " + plural("{count} open case would stay on its earlier version",
                                      "{count} open cases would stay on their earlier versions", count))  # fmt: skip
    write_findings(streams, chosen, "text")
    return Exit.FAILED if chosen.errors else Exit.DONE


def _would(new: ProcessDefinition, old: ProcessDefinition | None) -> Status:
    """What publishing it would come to."""
    if old is None or new.version > old.version:
        return "published"
    if new.behaviour_hash != old.behaviour_hash:
        return "refused"
    return "unchanged" if new.words_hash == old.words_hash else "words updated"


def _say_who_stay(streams: Streams, process: str, count: int) -> None:
    stay = plural(
        "{count} open case stays on its earlier version", "{count} open cases stay on their earlier versions", count
    )
    text = _("{what}; `{command}` shows what moving them would mean")
    streams.tell("  " + text.format(what=stay, command=f"casewright migrate {process}"))


def _document(one: Published, behind: int) -> dict[str, object]:
    return {"process": one.process, "version": one.version, "status": one.status, "behind": behind}
