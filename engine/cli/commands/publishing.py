"""`publish`: making processes available to the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli.answer import opens_next
from engine.cli.command import Args, Command, plain_command
from engine.cli.exits import Exit
from engine.cli.findings import write_findings
from engine.cli.folder import checked_paths, need_process, publish_all
from engine.cli.parameters import ProcessPath
from engine.cli.streams import Streams
from engine.cli.translate import _, later, plural

if TYPE_CHECKING:
    from engine.app import Published

STATUSES = {
    "published": later("published {process} version {version}"),
    "unchanged": later("{process} version {version} is published already"),
    "words updated": later("{process} version {version} has new words, in effect from now on"),
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
        examples=("casewright publish", "casewright publish processes/repair.yaml"),
        params=[
            click.Argument(["paths"], nargs=-1, type=ProcessPath(), metavar=_("[PATH]…")),
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
    with Engine.open(args.settings.database) as engine:
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


def _say_who_stay(streams: Streams, process: str, count: int) -> None:
    stay = plural(
        "{count} open case stays on its earlier version", "{count} open cases stay on their earlier versions", count
    )
    text = _("{what}; `{command}` shows what moving them would mean")
    streams.tell("  " + text.format(what=stay, command=f"casewright migrate {process}"))


def _document(one: Published, behind: int) -> dict[str, object]:
    return {"process": one.process, "version": one.version, "status": one.status, "behind": behind}
