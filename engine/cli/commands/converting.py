"""`convert --to`: a process as a drawing or a chart that other programs open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.command import Args
from engine.cli.designing.definitions import meant_definition
from engine.cli.exits import Exit
from engine.cli.output_files import refuse_existing
from engine.cli.sayings import said_again
from engine.cli.streams import Streams
from engine.cli.translate import _, later

if TYPE_CHECKING:
    from engine.conversion.drawn import Unsaid
    from engine.model import ProcessDefinition

FORMS = ("bpmn", "scxml", "xstate")
_CARRIED = {
    "process": later("carried along unread, of the process: {keys}"),
    "states": later("carried along unread, of states: {keys}"),
    "actions": later("carried along unread, of actions: {keys}"),
    "timers": later("carried along unread, of timers: {keys}"),
}


def run_export(streams: Streams, args: Args) -> int:
    """Write a process for other programs; name what they do not understand, and what they would do otherwise."""
    out: Path | None = args.output
    refuse_existing(out, is_forced=args.force)
    definition = meant_definition(streams, args.settings, args.file)
    if definition is None:
        return Exit.FAILED
    from engine.conversion.carried import counted

    text, unsaid = _exported(definition, args.to, streams.language)
    carried = counted(definition)
    if streams.is_json:
        named = [{"line": None, "what": one.what} for one in unsaid]
        document = {"process": definition.process, "form": args.to, "text": text}
        streams.give({**document, "unsaid": named, "carried": carried})
    elif out is None:
        streams.out.write(text)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, "utf-8")
    for one in unsaid:
        streams.tell(_("not converted: {what}").format(what=said_again(one.what)))
    for kind, keys in carried.items():
        streams.tell(_(_CARRIED[kind]).format(keys=keys))
    if out is not None and not streams.is_json:
        streams.say(_("wrote {file}").format(file=out))
    return Exit.FAILED if unsaid else Exit.DONE


def _exported(definition: ProcessDefinition, form: str, language: str) -> tuple[str, Sequence[Unsaid]]:
    if form == "bpmn":
        from engine.conversion.write_bpmn import bpmn_of, undrawn

        return bpmn_of(definition, language), undrawn(definition)
    from engine.conversion.exported import exported
    from engine.conversion.write_scxml import scxml_of
    from engine.conversion.write_xstate import xstate_of

    chart = exported(definition)
    return (scxml_of if form == "scxml" else xstate_of)(chart), chart.unsaid
