"""`actor`: the people of the desk and the roles they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import click

from engine.cli.answer import reader_of
from engine.cli.command import Args, Command, engine_command
from engine.cli.exits import Exit
from engine.cli.group import Subcommands
from engine.cli.labels import role_named
from engine.cli.streams import Streams
from engine.cli.tables import Column, Row, write_table
from engine.cli.translate import _, asked_for, listed
from engine.errors import NotFound, UsageError

if TYPE_CHECKING:
    from engine.app import Engine
    from engine.ports import Person


def actor_command() -> click.Group:
    """Build `actor` with its commands."""
    return Subcommands(
        "actor",
        help=_("Name the people of the desk and their roles. Only an `admin` may change them."),
        examples=("casewright actor add li.wei --role technician --name '李伟'", "casewright actor list"),
        commands=[_list(), _show(), _add(), _change(), _remove()],
        default="list",
    )


def _list() -> Command:
    return engine_command(
        "list", run_list, help=_("List the people and their roles."), examples=("casewright actor list",)
    )


def _show() -> Command:
    return engine_command(
        "show",
        run_show,
        help=_("Show a person and how they are reached. That is for an `admin` and the person."),
        examples=("casewright actor show lin",),
        params=[click.Argument(["person"], metavar=_("PERSON"))],
    )


def _person_options() -> list[click.Parameter]:
    return [
        click.Option(["--name"], help=_("The name shown to others.")),
        click.Option(["--language"], help=_("The language of messages to this person, such as en or zh.")),
        click.Option(["--email"], help=_("Where e-mail reaches this person; empty forgets it.")),
        click.Option(["--phone"], help=_("Where calls and short messages reach this person; empty forgets it.")),
    ]


def _add() -> Command:
    return engine_command(
        "add",
        run_add,
        help=_("Add a person, or change the roles of one who is known."),
        examples=(
            "casewright actor add wang.fang --role dispatcher",
            "casewright actor add lin --role agent --role supervisor",
        ),
        params=[
            click.Argument(["person"], metavar=_("PERSON")),
            click.Option(
                ["--role", "roles"],
                multiple=True,
                metavar=_("ROLE"),
                help=_("A role held; as often as needed. Without any, the roles there are are listed."),
            ),
            *_person_options(),
        ],
    )


def _change() -> Command:
    return engine_command(
        "change",
        run_change,
        help=_("Give a person more roles, take some away, or change the name."),
        examples=("casewright actor change lin --give supervisor --take agent",),
        params=[
            click.Argument(["person"], metavar=_("PERSON")),
            click.Option(["--give"], multiple=True, metavar=_("ROLE"), help=_("A role to give.")),
            click.Option(["--take"], multiple=True, metavar=_("ROLE"), help=_("A role to take away.")),
            *_person_options(),
        ],
    )


def _remove() -> Command:
    return engine_command(
        "remove",
        run_remove,
        help=_("Let a person act no more. What was done stays on record under the name."),
        examples=("casewright actor remove lin",),
        params=[click.Argument(["person"], metavar=_("PERSON"))],
    )


def run_list(streams: Streams, engine: Engine, args: Args) -> int:
    """List the people."""
    people = engine.people()
    if streams.is_json:
        streams.give({"actors": [person_document(person) for person in people]})
        return Exit.DONE
    columns = [Column(head=_("person")), Column(head=_("name")), Column(head=_("roles"), is_wide=True), Column(head="")]
    called = _roles_called(streams, engine)
    rows = [
        Row(cells=[person.id, person.name, called(person), "" if person.is_active else _("acts no more")])
        for person in people
    ]
    write_table(streams, columns, rows)
    return Exit.DONE


def run_show(streams: Streams, engine: Engine, args: Args) -> int:
    """Show a person."""
    person = _found(engine, args.person)
    addresses = engine.addresses(person.id, actor=args.settings.actor)
    if streams.is_json:
        streams.give({**person_document(person), "addresses": dict(addresses)})
        return Exit.DONE
    reached = listed(f"{kind} {address}" for kind, address in addresses.items())
    roles = _roles_called(streams, engine)(person) if person.is_active else _("acts no more")
    streams.say(" · ".join(part for part in (person.id, person.name, roles, reached) if part))
    return Exit.DONE


def run_add(streams: Streams, engine: Engine, args: Args) -> int:
    """Add a person."""
    from engine.ports import Person

    if not args.roles:
        raise UsageError(
            _("it is not said which role `{person}` holds").format(person=args.person),
            help=_("give one by --role: there is {names}").format(names=listed(_roles(streams, engine))),
        )
    known = _known(engine, args.person)
    person = Person(
        id=args.person,
        name=args.name or (known.name if known else args.person),
        roles=_named(engine, args.roles),
        language=args.language or (known.language if known else None),
    )
    return _save(streams, engine, args, person)


def run_change(streams: Streams, engine: Engine, args: Args) -> int:
    """Change a person."""
    from dataclasses import replace

    person = _found(engine, args.person)
    give, take = _named(engine, args.give), _named(engine, args.take)
    roles = [role for role in dict.fromkeys((*person.roles, *give)) if role not in take]
    changed = replace(
        person, roles=tuple(roles), name=args.name or person.name, language=args.language or person.language
    )
    return _save(streams, engine, args, changed)


def run_remove(streams: Streams, engine: Engine, args: Args) -> int:
    """Let a person act no more."""
    from dataclasses import replace

    from engine.app import Search
    from engine.core.cases import Actor

    person = _found(engine, args.person)
    waiting = [row.id for row in engine.worklist(Search(actor=Actor(id=person.id, roles=()))).rows]
    code = _save(streams, engine, args, replace(person, is_active=False))
    if waiting:
        streams.tell(_("still waiting on {person}: {cases}").format(person=person.id, cases=listed(waiting)))
    return code


def _named(engine: Engine, roles: Iterable[str]) -> tuple[str, ...]:
    """Each role once, by its name where it was called by its label."""
    return tuple(dict.fromkeys(role_named(engine, role) for role in roles))


def _roles(streams: Streams, engine: Engine) -> list[str]:
    """Name the roles of every published desk, each with its label."""
    reader, labels = reader_of(streams, engine), _labels(engine)
    return ["`admin`", *(f"`{name}` {reader.said(labels[name], name)}" for name in sorted(labels) if name != "admin")]


def _labels(engine: Engine) -> Mapping[str, Mapping[str, str]]:
    desks = [engine.definition(one.process, one.version).desk for one in engine.published()]
    return {name: label for desk in desks for name, label in desk.roles.items()}


def _roles_called(streams: Streams, engine: Engine) -> Callable[[Person], str]:
    """Say how the roles of a person are called: by the names one types, elsewhere than in English by their labels."""
    reader, labels = reader_of(streams, engine), _labels(engine)
    return lambda person: listed(reader.called(name, labels.get(name, {})) for name in person.roles)


def _known(engine: Engine, name: str) -> Person | None:
    return next((person for person in engine.people() if person.id == name), None)


def _found(engine: Engine, name: str) -> Person:
    person = _known(engine, name)
    if person is None:
        from engine.nearness import nearest

        near = nearest(name, [person.id for person in engine.people()])
        raise NotFound(
            _("nobody here is called `{name}`").format(name=name),
            help=asked_for(near) if near else None,
        )
    return person


def _save(streams: Streams, engine: Engine, args: Args, person: Person) -> int:
    engine.save_person(person, actor=args.settings.actor)
    given = {kind: getattr(args, kind, None) for kind in ("email", "phone")}
    if any(address is not None for address in given.values()):
        wanted = {kind: address or None for kind, address in given.items() if address is not None}
        engine.save_addresses(person.id, wanted, actor=args.settings.actor)
    if streams.is_json:
        streams.give(person_document(person))
    elif person.is_active:
        roles = _roles_called(streams, engine)(person) or _("no role")
        streams.say(_("{person}: {roles}").format(person=person.id, roles=roles))
    else:
        streams.say(_("{person} acts no more").format(person=person.id))
    return Exit.DONE


def person_document(person: Person) -> dict[str, object]:
    """Describe a person."""
    return {
        "id": person.id,
        "name": person.name,
        "roles": list(person.roles),
        "is_active": person.is_active,
        "language": person.language,
    }
