"""`test --generate`: scenarios proposed for what none has seen, and why the rest was not reached."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from engine.cli.command import Args
from engine.cli.commands.editing import known_to_editors
from engine.cli.designing.coverage_page import ITEMS, KINDS
from engine.cli.designing.folder import Checked
from engine.cli.exits import Exit
from engine.cli.output_files import refuse_existing
from engine.cli.streams import Streams
from engine.cli.translate import _, listed, phrased, plural
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.core.plan import Library
    from engine.model import ProcessDefinition
    from engine.scenarios.coverage import Item
    from engine.scenarios.generating import Proposal, Unreached
    from engine.scenarios.script import Script

TRIES, TRIES_EACH = 20_000, 200
"""How much is tried unless it is said: at least so much, and so much for each thing there is to see."""


def generate(streams: Streams, args: Args, checked: Checked) -> int:
    """Propose scenarios for one process."""
    definition = _one(checked, args)
    refuse_existing(args.output, is_forced=args.force)
    from engine.core.plan import Plan, library_in_memory
    from engine.scenarios.coverage import Sights
    from engine.scenarios.generating import Effort, propose
    from engine.scenarios.kin import parents_in

    library = library_in_memory(checked.definitions.values())
    plan = library.newest(definition.process, 0) or Plan(definition)
    seen = _seen(checked, definition, library)
    tries = args.tries or max(TRIES, TRIES_EACH * len(Sights(plan).all))
    parents = frozenset(way for script in _scripts(checked, definition) for way in parents_in(script))
    effort = Effort(tries, Random(1).randrange, seen, parents, _told)  # the same dice each time: the same proposal
    proposal = _for_editors(propose(plan, library, effort), args)
    if args.output is not None and proposal.text:
        args.output.write_text(proposal.text, "utf-8")
    if streams.is_json:
        streams.give(_document(definition, proposal))
        return Exit.DONE
    if args.output is None:
        streams.out.write(proposal.text)
    elif proposal.text:
        streams.say(_("wrote {file}").format(file=args.output))
    _tell(streams, proposal, len(seen))
    return Exit.DONE


def _for_editors(proposal: Proposal, args: Args) -> Proposal:
    """Begin the file, if there is anything to write, with the line that names its schema."""
    folder = next((path.parent for path in args.paths if path.is_file()), args.settings.folder)
    text = proposal.text and known_to_editors(proposal.text, "scenarios", args.output or folder / "x", folder)
    return replace(proposal, text=text)


def _told(item: Item, more: int) -> str:
    """Name a scenario by what it reaches."""
    kind, name = item
    if kind not in KINDS:  # a child, shown once for each that opens it
        return _("is opened by {process}").format(process=name)
    what = f"{_(KINDS[kind])} {ITEMS.again(name).replace('.', ' ')}"
    return (
        _("reaches {what} and {count} more").format(what=what, count=more)
        if more
        else _("reaches {what}").format(what=what)
    )


def _one(checked: Checked, args: Args) -> ProcessDefinition:
    names = [path.name.partition(".")[0] for path in args.paths if path.is_file()] or list(checked.definitions)
    if len(names) != 1:
        raise UsageError(
            _("scenarios are proposed for one process at a time"),
            help=_("name its file, such as processes/repair.yaml"),
        )
    return checked.definitions[names[0]]


def _seen(checked: Checked, definition: ProcessDefinition, library: Library) -> frozenset[Item]:
    """What the scenarios there are have seen."""
    from engine.core.plan import Plan
    from engine.scenarios import play_all
    from engine.scenarios.coverage import Sights

    sights = Sights(library.newest(definition.process, 0) or Plan(definition))
    scripts = _scripts(checked, definition)
    return frozenset(item for script in scripts for outcome in play_all(script, library) for item in sights.of(outcome))


def _scripts(checked: Checked, definition: ProcessDefinition) -> list[Script]:
    """The scenarios there are of a process."""
    return [script for script in checked.scripts.values() if script.process == definition.process]


def _tell(streams: Streams, proposal: Proposal, seen: int) -> None:
    total = seen + proposal.reached + len(proposal.unreached)
    counted = [plural("{count} scenario proposed", "{count} scenarios proposed", len(proposal.names))]
    counted.append(_("coverage {share:.1%}").format(share=(total - len(proposal.unreached)) / total if total else 1.0))
    streams.tell(phrased(counted))
    for one in proposal.unreached:
        streams.tell("  " + _("not reached: {what}").format(what=f"{_(KINDS[one.kind])} {ITEMS.again(one.name)}"))
        streams.tell("    " + _reason(one))


def _reason(one: Unreached) -> str:
    if one.refused:
        rules = listed(_("{rule} {count} times").format(rule=f"`{rule}`", count=count) for rule, count in one.refused)
        return _("its action was done {count} times and refused by {rules}").format(count=one.tried, rules=rules)
    if one.tried:
        return _("its action was done {count} times, and never in such a case").format(count=one.tried)
    return _("no way that was tried came to it")


def _document(definition: ProcessDefinition, proposal: Proposal) -> dict[str, object]:
    return {
        "process": definition.process,
        "scenarios": proposal.text,
        "proposed": list(proposal.names),
        "not_reached": [
            {"kind": one.kind, "name": one.name, "done": one.tried, "refused": dict(one.refused)}
            for one in proposal.unreached
        ],
    }
