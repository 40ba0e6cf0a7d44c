"""`record`: a case that was, as a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.command import Args, Command, engine_command
from engine.cli.commands.editing import known_to_editors
from engine.cli.designing.folder import checked_paths
from engine.cli.exits import Exit
from engine.cli.output_files import force_option, output_option, refuse_existing
from engine.cli.parameters import CaseId
from engine.cli.said import said_in_words
from engine.cli.streams import Streams
from engine.cli.translate import _
from engine.errors import NotFound, NotPermitted

if TYPE_CHECKING:
    from engine.app import Engine, Retold
    from engine.core.cases import Case, Step
    from engine.scenarios.playing_back import Unsaid


def record_command() -> Command:
    """Build `record`."""
    return engine_command(
        "record",
        run_record,
        help=_(
            "Turn a case into a scenario: what people did and when, and how the case, its promises and its messages "
            "stood after each step. Private values are replaced by others; texts stand as people wrote them, so look "
            "through them before you keep the file. A case that another opened is recorded by itself, under a parent "
            "that stands as its own did. What a scenario has no words for is named."
        ),
        examples=("casewright record R-1042", "casewright record R-1042 -o processes/repair.R-1042.scenarios.yaml"),
        params=[
            click.Argument(["case"], type=CaseId(), metavar=_("CASE")),
            output_option(_("Write it into this file.")),
            force_option(),
            click.Option(["--name"], metavar=_("TEXT"), help=_("What the scenario is called.")),
        ],
    )


def run_record(streams: Streams, engine: Engine, args: Args) -> int:
    """Record a case."""
    refuse_existing(args.output, is_forced=args.force)
    from engine.core.plan import library_in_memory
    from engine.scenarios.childhood import Told
    from engine.scenarios.recording import recorded

    told = engine.retold(args.case, actor=args.settings.actor)
    library = library_in_memory(told.definitions)
    root = args.case if args.case in told.links else told.steps[0].case.root
    name = args.name or _("as it was in {case}").format(case=root)
    others = _others(engine, told, args.settings.actor)
    found = recorded(Told(told.steps, told.links, root), library, name, others)
    folder: Path = args.settings.folder
    text = known_to_editors(found.text, "scenarios", args.output or folder / "x", folder)
    if args.output is not None:
        args.output.write_text(text, "utf-8")
    if streams.is_json:
        unsaid = [{"kind": one.kind, "what": one.what} for one in found.unsaid]
        streams.give({"case": root, "scenario": text, "unsaid": unsaid})
    elif args.output is None:
        streams.out.write(text)
    else:
        streams.say(_("wrote {file}").format(file=args.output))
    for one in found.unsaid:
        streams.tell(_sentence(one))
    last = next(one.case for one in reversed(told.steps) if one.case.id == root)
    _tell_of_another_version(streams, folder, last, found.text)
    return Exit.FAILED if any(one.kind == "step" for one in found.unsaid) else Exit.DONE


def _tell_of_another_version(streams: Streams, folder: Path, case: Case, text: str) -> None:
    """Say how the scenario does on the file, which is what `test` plays, where that is another version."""
    from engine.core.plan import library_in_memory
    from engine.scenarios.playing_back import failed_at

    definitions = checked_paths([folder]).definitions if folder.is_dir() else {}
    root = case.process
    if root not in definitions or definitions[root].version == case.version:
        return
    failed = failed_at(text, library_in_memory(definitions.values()))
    told = _("the case is on version {old} of `{process}`, its file is version {new}: {what}")
    what = _("the scenario passes there too")
    if failed is not None:
        what = _("there it goes otherwise, {message}").format(message=said_in_words(failed.message))
    streams.tell(told.format(process=root, old=case.version, new=definitions[root].version, what=what))


def _others(engine: Engine, told: Retold, actor: str | None) -> dict[str, Step]:
    """Give the openings of the cases that this one was merged with, as far as whoever asks may read them."""
    root = told.steps[0].case.root
    records = (one.record for one in told.steps if one.record["case"] == root and "refused" not in one.record)
    found = {}
    for name in (record["name"] for record in records if record["verb"] in ("merge", "take_in")):
        try:
            opened = engine.retold(name, actor=actor).steps[0]
        except (NotFound, NotPermitted):
            continue
        if opened.case.id == name:
            found[name] = opened
    return found


def _sentence(one: Unsaid) -> str:
    if one.kind == "step":
        return _("played, it goes otherwise from here on: {message}").format(message=said_in_words(one.what))
    if one.kind == "expectation":
        return _("left out, for other cases had a part in it: {message}").format(message=said_in_words(one.what))
    if one.kind == "refusal":
        return _("left out, a refusal that hung on what its record does not keep: {message}").format(
            message=said_in_words(one.what)
        )
    if one.kind == "beside":
        return _("beside the case, which it leaves as it is, and so no step: {what}").format(what=one.what)
    if one.kind == "parent":
        return _("left out, for the parent of a scenario did not come this way: {message}").format(
            message=said_in_words(one.what)
        )
    if one.kind == "older":
        return _(
            "a scenario names of several cases opened by one link the youngest, and this one is older: {what}"
        ).format(what=one.what)
    if one.kind == "migrate":
        return _("a scenario plays one version, and this case came over to another: {what}").format(what=one.what)
    if one.kind == "field":
        return _("nothing was found that `{field}` takes: write a value into the file").format(field=one.what)
    return _("a scenario has no words for `{verb}`: {what}").format(verb=one.kind, what=one.what)
