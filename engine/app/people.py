"""Who acts: the desk's people and the roles they hold now, or whom a host vouches for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.app.kinds import sound
from engine.core.cases import Actor
from engine.core.reasons import near
from engine.errors import NotFound, NotPermitted
from engine.fields import Field
from engine.nearness import nearest
from engine.ports import Person, Transaction


def actor_of(tx: Transaction, actor: Actor | str) -> Actor:
    """Who acts, with the roles held now; a host that brings an `Actor` vouches for it."""
    if isinstance(actor, Actor):
        return sound(actor)
    person = tx.person(actor)
    if person is not None and not person.is_active:
        raise NotPermitted(
            f"`{actor}` acts no more at this desk",
            help=f"an administrator lets them act again: `casewright actor add {actor} --role …`",
        )
    if person is None:
        raise NotPermitted(
            f"`{actor}` is not known at this desk{_near(tx, actor)}",
            help=f"an administrator names people: `casewright actor add {actor} --role …`",
        )
    return Actor(person.id, person.roles)


def admin_of(tx: Transaction, actor: Actor | str, what: str) -> Actor:
    """Who acts, if that is an administrator; `what` says what only they may do."""
    who = actor_of(tx, actor)
    if "admin" not in who.roles:
        raise NotPermitted(
            f"`{who.id}` may not {what}: that is for the role `admin`",
            help="`casewright actor list` shows who holds it"
            if any(map(is_admin, tx.people()))
            else "nobody holds it any more: `casewright actor change PERSON --give admin` names one",
        )
    return who


def is_admin(person: Person) -> bool:
    """Whether this is an administrator who acts."""
    return person.is_active and "admin" in person.roles


def check_known(tx: Transaction, person: str) -> None:
    """Raise `NotFound` for a person the desk does not know, where it keeps people at all."""
    known = tx.person(person)
    if (known is None or not known.is_active) and tx.people():
        raise NotFound(
            f"there is no `{person}` at this desk{_near(tx, person)}", help="`casewright actor list` shows who there is"
        )


def roles_of_named(
    tx: Transaction, fields: Mapping[str, Field], form: Mapping[str, Any]
) -> Mapping[str, tuple[str, ...]] | None:
    """The roles of the persons a form names where a role is asked; None where the desk keeps no people."""
    named = [person for name in form if name in fields for person in _named(fields[name], form[name])]
    if not named:
        return None
    found = {name: tx.person(name) for name in named}
    if not any(found.values()) and not tx.people():
        return None
    return {name: person.roles if person and person.is_active else () for name, person in found.items()}


def probably_meant(
    tx: Transaction, fields: Mapping[str, Field], form: Mapping[str, Any]
) -> Mapping[str, tuple[str, ...]]:
    """Of the persons a form names where a role is asked, those whom nobody knows, and who was probably meant.

    That is whoever is called so, else the nearest ids, of those who hold the role.
    """
    found: dict[str, tuple[str, ...]] = {}
    people = tx.people()
    known = {person.id for person in people}
    for field in (fields[name] for name in form if name in fields):
        for name in _named(field, form[field.name]):
            if name not in known:
                asked = field.role or (field.of.role if field.of is not None else None)
                fit = [person for person in people if person.is_active and asked in person.roles]
                called = [person.id for person in fit if person.name == name]
                found[name] = tuple(called or nearest(name, [person.id for person in fit], 0.7))
    return found


def _named(field: Field, value: Any) -> list[str]:
    """Who stands in a field that asks for a role, as it was given: one name, or a list, also with commas."""
    if field.role is None and (field.of is None or field.of.role is None):
        return []
    names = value.split(",") if isinstance(value, str) and field.of is not None else value
    return [one.strip() for one in (names if isinstance(names, list) else [names]) if isinstance(one, str)]


def _near(tx: Transaction, name: str) -> str:
    return near(name, [person.id for person in tx.people() if person.is_active])
