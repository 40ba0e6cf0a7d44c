"""`record`: a case that was, as a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli.command import Args, Command, engine_command
from engine.cli.exits import Exit
from engine.cli.output_files import force_option, output_option, refuse_existing
from engine.cli.parameters import CaseId
from engine.cli.said import said_in_words
from engine.cli.streams import Streams
from engine.cli.translate import _

if TYPE_CHECKING:
    from engine.app import Engine
    from engine.scenarios.recording import Unsaid


def record_command() -> Command:
    """Build `record`."""
    return engine_command(
        "record",
        run_record,
        help=_(
            "Turn a case into a scenario: what people did and when, and how the case, its promises and its messages "
            "stood after each step. Private values are replaced by others; texts stand as people wrote them, so look "
            "through them before you keep the file. What a scenario has no words for is named."
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
    from engine.scenarios.recording import recorded

    told = engine.retold(args.case, actor=args.settings.actor)
    library = library_in_memory(told.definitions)
    root = told.steps[0].case.root
    found = recorded(told.steps, told.links, library, args.name or _("as it was in {case}").format(case=root))
    if args.output is not None:
        args.output.write_text(found.text, "utf-8")
    if streams.is_json:
        unsaid = [{"kind": one.kind, "what": one.what} for one in found.unsaid]
        streams.give({"case": root, "scenario": found.text, "unsaid": unsaid})
    elif args.output is None:
        streams.out.write(found.text)
    else:
        streams.say(_("wrote {file}").format(file=args.output))
    for one in found.unsaid:
        streams.tell(_sentence(one))
    return Exit.FAILED if any(one.kind == "step" for one in found.unsaid) else Exit.DONE


def _sentence(one: Unsaid) -> str:
    if one.kind == "step":
        return _("played, it goes otherwise from here on: {message}").format(message=said_in_words(one.what))
    if one.kind == "expectation":
        return _("left out, for other cases had a part in it: {message}").format(message=said_in_words(one.what))
    if one.kind == "field":
        return _("nothing was found that `{field}` takes: write a value into the file").format(field=one.what)
    return _("a scenario has no words for `{verb}`: {what}").format(verb=one.kind, what=one.what)
