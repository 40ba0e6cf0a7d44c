"""What follows every change of a case: its line, the likely next command, or the reasons why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.cli.command import Args
from engine.cli.documents import accepted_document, refusal_document
from engine.cli.exits import Exit
from engine.cli.reader import Reader
from engine.cli.render import change_line, most_urgent, reasons
from engine.cli.streams import Streams
from engine.cli.translate import _

if TYPE_CHECKING:
    from engine.app import Engine
    from engine.model import Branch, ProcessDefinition
    from engine.views import Accepted, CaseView, Offer, Refusal, Result

_CODES = {"by": Exit.NOT_PERMITTED, "never_by": Exit.NOT_PERMITTED, "claimed": Exit.CONFLICT}


def definition_of(engine: Engine, view: CaseView) -> ProcessDefinition:
    """Return the definition a case stands on."""
    return engine.definition(view.process, view.version)


def reader_of(streams: Streams, engine: Engine, definition: ProcessDefinition | None = None) -> Reader:
    """Return who reads: in the zone of the desk."""
    zone = definition.desk.zone if definition is not None else engine.zone
    return Reader(language=streams.language, zone=zone, now=engine.now())


def answer(streams: Streams, engine: Engine, args: Args, result: Result) -> int:
    """Show what became of a command and return its exit code."""
    from engine.views import Refusal

    if isinstance(result, Refusal):
        return _refused(streams, engine, args, result)
    return _accepted(streams, engine, args, result)


def _accepted(streams: Streams, engine: Engine, args: Args, result: Accepted) -> int:
    definition = definition_of(engine, result.case)
    reader = reader_of(streams, engine, definition)
    if not result.is_repeat:  # what is due "in 15m" is so from the step's own instant
        reader = replace(reader, now=result.record["at"])
    if streams.is_json:
        streams.give(accepted_document(reader, definition, result))
        return Exit.DONE
    streams.say(change_line(reader, definition, result))
    before = {} if result.before is None else result.before.links
    for link, case in result.case.links.items():
        if before.get(link) != case and not result.is_repeat:
            streams.say(_("  {link}: {case} opened").format(link=link, case=case))
    streams.tell(_("next: {command}").format(command=likely_next(engine, args, definition, result.case)))
    return Exit.DONE


def _refused(streams: Streams, engine: Engine, args: Args, result: Refusal) -> int:
    reader = reader_of(streams, engine)
    if streams.is_json:
        streams.give(refusal_document(reader, result))
    else:
        reasons(streams, reader, result)
        _advise(streams, args, result)
    return next((_CODES[reason.rule] for reason in result.reasons if reason.rule in _CODES), Exit.REFUSED)


def _advise(streams: Streams, args: Args, result: Refusal) -> None:
    missing = [reason.field for reason in result.reasons if reason.rule == "form" and reason.field]
    facts = [reason.field for reason in result.reasons if reason.rule == "facts" and reason.field]
    if missing or facts:
        flags = [f"-f {name}=…" for name in missing] + [f"--fact {name}=…" for name in facts]
        streams.tell(_("help: give {flags}").format(flags=" ".join(flags)))
    elif result.case is not None:
        streams.tell(_("help: `casewright do {case} --list` says what is possible").format(case=result.case.id))


def likely_next(engine: Engine, args: Args, definition: ProcessDefinition, view: CaseView) -> str:
    """Guess the next command: what moves the case on, done by whose turn it is, or by this actor."""
    if view.closed_at is not None:
        return f"casewright history {view.id}"
    actor = args.settings.actor
    turns = _whose_turn(engine, view)
    for person in [actor] if actor in turns else [*turns[:3], actor]:
        action = _moving(definition, view, engine.allowed(view.id, actor=person))
        if action is not None:
            is_said = person != actor or args.settings.said.get("as_")
            return f"casewright do {view.id} {action}" + (f" --as {person}" if is_said else "")
    return f"casewright do {view.id} --list"


def _moving(definition: ProcessDefinition, view: CaseView, offers: Iterable[Offer]) -> str | None:
    """Choose an allowed action that leads on: rather of the present state, rather keeping the next promise."""
    urgent = most_urgent(view)
    keeping = definition.clocks[urgent[0]].met_by if urgent else ()

    def rank(name: str) -> tuple[bool, bool, int]:
        top = definition.actions.get(name)
        places = 0 if top is None else len(top.places) or len(definition.states)
        return (top is not None, name not in keeping, places)

    allowed = [offer.action for offer in offers if offer.is_allowed]
    leading = [name for name in allowed if any(branch.value != "stay" for branch in _branches(definition, name))]
    return min(leading, key=rank, default=None)


def _branches(definition: ProcessDefinition, name: str) -> Iterator[Branch[str]]:
    for actions in (definition.actions, *(state.actions for state in definition.states.values())):
        if name in actions:
            yield from actions[name].to


def _whose_turn(engine: Engine, view: CaseView) -> list[str]:
    """Name the persons of whom the case waits on, a person before the holders of a role."""
    named = [who.removeprefix("person:") for who in view.waiting_on if who.startswith("person:")]
    roles = {who.removeprefix("role:") for who in view.waiting_on if who.startswith("role:")}
    people = [person for person in engine.people() if person.is_active]
    known = {person.id for person in people}
    holders = [person.id for person in people if roles.intersection(person.roles)]
    return [*(name for name in named if name in known), *holders]
