"""What follows every change of a case: its line, the likely next command, or the reasons why not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.cli.command import Args
from engine.cli.documents import accepted_document, refusal_document
from engine.cli.exits import Exit
from engine.cli.files import attached_line
from engine.cli.reader import Reader
from engine.cli.render import by_likelihood, change_line, leads_on, most_urgent, reasons, states
from engine.cli.streams import Streams
from engine.cli.translate import _, labelled, listed
from engine.errors import EngineError, NotPermitted

if TYPE_CHECKING:
    from engine.app import Engine, File
    from engine.fields import Field
    from engine.model import ProcessDefinition
    from engine.views import Accepted, Alike, CaseView, Offer, Refusal, Result

_MOST_NAMED = 8
_MOST_ALIKE = 3
_CODES = {"by": Exit.NOT_PERMITTED, "never_by": Exit.NOT_PERMITTED, "claimed": Exit.CONFLICT}


def definition_of(engine: Engine, view: CaseView) -> ProcessDefinition:
    """Return the definition a case stands on."""
    return engine.definition(view.process, view.version)


def reader_of(streams: Streams, engine: Engine, definition: ProcessDefinition | None = None) -> Reader:
    """Return who reads: in the zone of the desk."""
    zone = definition.desk.zone if definition is not None else engine.zone
    return Reader(language=streams.language, zone=zone, now=engine.now())


def answer(streams: Streams, engine: Engine, args: Args, result: Result, files: Sequence[File] = ()) -> int:
    """Show what became of a command, and of the files it brought, and return its exit code."""
    from engine.views import Refusal

    if isinstance(result, Refusal):
        return _refused(streams, engine, args, result)
    return _accepted(streams, engine, args, result, () if result.is_repeat else files)


def _accepted(streams: Streams, engine: Engine, args: Args, result: Accepted, files: Sequence[File]) -> int:
    definition = definition_of(engine, result.case)
    reader = reader_of(streams, engine, definition)
    if not result.is_repeat:  # what is due "in 15m" is so from the step's own instant
        reader = replace(reader, now=result.record["at"])
    alike = _alike(engine, args, result)
    if streams.is_json:
        shown = None if alike is None else [(definition_of(engine, one.case), one) for one in alike]
        streams.give(accepted_document(reader, definition, result, shown))
        return Exit.DONE
    streams.say(change_line(reader, definition, result))
    for file in files:
        streams.say("  " + _("attached {file}").format(file=attached_line(file)))
    before = {} if result.before is None else result.before.links
    for link, case in result.case.links.items():
        if before.get(link) != case and not result.is_repeat and result.record["verb"] != "merge":
            streams.say(_("  {link}: {case} opened").format(link=link, case=case))
    _say_alike(streams, reader, args, result.case.id, [(definition_of(engine, one.case), one) for one in alike or ()])
    streams.tell(_("next: {command}").format(command=likely_next(engine, args, definition, result)))
    return Exit.DONE


def _alike(engine: Engine, args: Args, result: Accepted) -> list[Alike] | None:
    """What else is open that may be about the same matter; None where no case was opened just now."""
    if result.record["verb"] != "open" or result.is_repeat:
        return None
    try:
        return engine.alike(result.case.id, actor=args.settings.actor)
    except EngineError:  # who opens a case need not be one who may read it; and the case is open, whatever comes after
        return []


def _say_alike(
    streams: Streams, reader: Reader, args: Args, case: str, found: Sequence[tuple[ProcessDefinition, Alike]]
) -> None:
    """Name what may have been opened twice, what both say alike but for its values, and how they become one."""
    for definition, other in found[:_MOST_ALIKE]:
        view = other.case
        told = (reader.said(view.summary), states(reader, definition, view), _opened(reader, view))
        same = listed(reader.called(name, definition.fields[name].label) for name in other.fields)
        line = _("{case} is open with the same {fields}").format(case=view.id, fields=same)
        streams.tell(labelled(line, " · ".join(filter(None, told))))
    if len(found) > _MOST_ALIKE:
        streams.tell(_("and {count} more").format(count=len(found) - _MOST_ALIKE))
    if found:
        first = found[0][1].case.id
        streams.tell(
            _("look at it: {look}; if it is the same matter: {merge}").format(
                look=_said_by(args, f"casewright show {first}"),
                merge=_said_by(args, f"casewright merge {case} {first}"),
            )
        )


def _opened(reader: Reader, view: CaseView) -> str:
    return _("opened {time}").format(time=reader.instant(view.opened_at))


def _said_by(args: Args, command: str) -> str:
    """A command for this actor, who is named where they were named in the command before."""
    return command + (f" --as {in_shell(args.settings.actor)}" if args.settings.said.get("as_") else "")


def _refused(streams: Streams, engine: Engine, args: Args, result: Refusal) -> int:
    reader = reader_of(streams, engine)
    if streams.is_json:
        streams.give(refusal_document(reader, result))
    else:
        reasons(streams, reader, result)
        _advise(streams, engine, args, result)
    return refusal_code(result)


def refusal_code(result: Refusal) -> int:
    """Return the exit code of a refusal."""
    return next((_CODES[reason.rule] for reason in result.reasons if reason.rule in _CODES), Exit.REFUSED)


def _advise(streams: Streams, engine: Engine, args: Args, result: Refusal) -> None:
    answers, facts = _fields_of(result, "form"), _fields_of(result, "facts")
    asked = _asked_for(engine, args) if answers else {}
    flags = [f"-f {_like(asked[name])}" for name in answers if name in asked] + [f"--fact {name}=…" for name in facts]
    strange = [f"-f {name}" for name in answers if name not in asked]
    if flags:
        streams.tell(_("help: give {flags}").format(flags=" ".join(flags)))
    if strange:
        streams.tell(_("help: leave out {flags}").format(flags=" ".join(strange)))
    if "process" in vars(args) and any(reason.rule == "by" for reason in result.reasons):
        _say_who_opens(streams, engine, args.process)
    if result.case is not None and not flags and not strange:
        command = _said_by(args, f"casewright do {result.case.id} --list")
        streams.tell(_("help: `{command}` says what is possible").format(command=command))


def _fields_of(result: Refusal, rule: str) -> list[str]:
    """The fields about which a rule complains."""
    return [reason.field for reason in result.reasons if reason.rule == rule and reason.field]


def _say_who_opens(streams: Streams, engine: Engine, process: str) -> None:
    roles = opening_roles(engine, process)
    holders = _holders(engine, roles)
    if holders:
        streams.tell(_("help: that is for {names}").format(names=listed(f"`{name}`" for name in holders[:_MOST_NAMED])))
    elif roles:
        command = f"casewright actor add NAME --role {roles[0]}"
        streams.tell(_("help: nobody holds the role yet; `{command}` gives it to somebody").format(command=command))


def _like(field: Field) -> str:
    """Write how a field is answered: a table by its rows as JSON, which nobody guesses."""
    if field.type != "table":
        return f"{field.name}=…"
    from shlex import quote

    from engine.values import rows_like

    return quote(f"{field.name}={rows_like({name: column.type for name, column in field.columns.items()})}")


def _asked_for(engine: Engine, args: Args) -> Mapping[str, Field]:
    """Name the fields that the form of this command takes."""
    if "process" in vars(args):
        form = engine.opening(args.process)
    else:
        offers = engine.allowed(args.case, actor=args.settings.actor)
        form = [asked for offer in offers if offer.action == args.action for asked in offer.form]
    return {asked.field.name: asked.field for asked in form}


def opens_next(engine: Engine, process: str, actor: str) -> str:
    """Guess how the first case is opened: by this actor or another who may; where there is none, who is named first."""
    roles = opening_roles(engine, process)
    holders = _holders(engine, roles)
    if roles and not holders:
        return f"casewright actor add NAME --role {roles[0]}"
    return f"casewright open {process}" + (f" --as {in_shell(holders[0])}" if holders and actor not in holders else "")


def in_shell(name: str) -> str:
    """A name as it is typed in a shell; in quotes only where it must be, which that of a Chinese need not."""
    from shlex import quote

    return name if all(sign.isalnum() or sign in "._-@+:/%" for sign in name) else quote(name)


def opening_roles(engine: Engine, process: str) -> list[str]:
    """Name the roles that may open a case of this process."""
    return [who.name for who in engine.definition(process).opening.by if who.kind == "role"]


def _holders(engine: Engine, roles: Iterable[str]) -> list[str]:
    return [person.id for person in engine.people() if person.is_active and not set(person.roles).isdisjoint(roles)]


def likely_next(engine: Engine, args: Args, definition: ProcessDefinition, result: Accepted) -> str:
    """Guess the next command: what moves the case on, done by whose turn it is, or by this actor.

    The step is kept: what cannot be looked up for a guess is no error of the command.
    """
    view = result.case
    if view.closed_at is not None:
        return f"casewright history {view.id}"
    with suppress(EngineError):
        return _likely(engine, args, definition, result)
    return f"casewright show {view.id}"


def _likely(engine: Engine, args: Args, definition: ProcessDefinition, result: Accepted) -> str:
    view, actor = result.case, args.settings.actor
    turns, mine = _whose_turn(engine, view), _offered(engine, view, actor)
    holder = [view.assignee] if view.assignee in turns else []  # to whom a shift is handed over goes on with it
    others = [] if actor in turns else turns[:3]
    for person in dict.fromkeys([*holder, *others, actor]):
        offers = mine if person == actor else _offered(engine, view, person)
        action = _leading(definition, result, offers or ())
        if action is not None:
            is_said = person != actor or args.settings.said.get("as_")
            return f"casewright do {view.id} {action}" + (f" --as {in_shell(person)}" if is_said else "")
    return f"casewright show {view.id}" if mine is not None else _said_by(args, "casewright list")


def _offered(engine: Engine, view: CaseView, person: str) -> list[Offer] | None:
    """What a person may do; None for one who may not even read the case, as it can be for who opened it."""
    try:
        return engine.allowed(view.id, actor=person)
    except NotPermitted:
        return None


def _leading(definition: ProcessDefinition, result: Accepted, offers: Iterable[Offer]) -> str | None:
    """Choose an allowed action that leads on: of the present state, keeping the next promise, or of few states."""
    urgent = most_urgent(result.case)
    keeping = definition.clocks[urgent[0]].met_by if urgent else ()
    position = result.case.position
    for offer in by_likelihood(definition, offers, position):
        name = offer.action
        is_near = name not in definition.actions or name in keeping or len(definition.actions[name].places) in (1, 2)
        is_again = name == result.record.get("name")
        if offer.is_allowed and is_near and not is_again and leads_on(definition, name, position):
            return name
    return None


def _whose_turn(engine: Engine, view: CaseView) -> list[str]:
    """Name the persons of whom the case waits on, a person before the holders of a role."""
    named = [who.removeprefix("person:") for who in view.waiting_on if who.startswith("person:")]
    roles = {who.removeprefix("role:") for who in view.waiting_on if who.startswith("role:")}
    people = [person for person in engine.people() if person.is_active]
    known = {person.id for person in people}
    holders = [person.id for person in people if roles.intersection(person.roles)]
    return [*(name for name in named if name in known), *holders]
