"""Who is meant, and who may: `by`, `never_by`, `waiting_on`, `notify` resolved on a case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.core.cases import Actor, Case
from engine.fields import Value, Words, word
from engine.model import ProcessDefinition, Who, Whos

COMMA = {"zh": "、"}
"""Between names, where it is not a comma and a space."""


def receivers(whos: Iterable[Who], case: Case, actor: Actor | None = None) -> list[str]:
    """Everybody named, as `person:ID`, `role:NAME` or `party:NAME`."""
    found: list[str] = []
    for who in whos:
        match who.kind:
            case "role" | "party":
                found.append(f"{who.kind}:{who.name}")
            case "waiting_on":
                found += case.waiting
            case _:
                found += [f"person:{person}" for person in _persons(who, case, actor)]
    return found


def persons(whos: Iterable[Who], case: Case, actor: Actor | None = None) -> frozenset[str]:
    """The persons named; a role names nobody in particular."""
    return frozenset(person for who in whos for person in _persons(who, case, actor))


def is_named(person: str, whos: Iterable[Who], case: Case) -> bool:
    """Whether this person is one of those named."""
    for who in whos:
        if person in _persons(who, case, None):
            return True
    return False


def _persons(who: Who, case: Case, actor: Actor | None) -> Sequence[str]:
    match who.kind:
        case "field":
            return _people_in(case.data.get(who.name))
        case "did":
            done = case.done.get(who.name)
            return done.actors if done else ()
        case "assignee":
            return (case.assignee,) if case.assignee else ()
        case "actor":
            return (actor.id,) if actor is not None else ()
        case "waiting_on":
            return [name[len("person:") :] for name in case.waiting if name.startswith("person:")]
        case _:
            return ()


def _people_in(value: Value) -> Sequence[str]:
    if isinstance(value, str):
        return (value,)
    return [person for person in value if isinstance(person, str)] if isinstance(value, list | tuple) else ()


def is_among(actor: Actor, whos: Whos, case: Case) -> bool:
    """Whether this actor is one of them, by role or by name."""
    for who in whos:
        if who.kind == "role":
            if who.name in actor.roles:
                return True
        elif who.kind == "waiting_on" and any(f"role:{role}" in case.waiting for role in actor.roles):
            return True
        if actor.id in _persons(who, case, actor):
            return True
    return False


def said(whos: Iterable[Who], definition: ProcessDefinition) -> Words:
    """In words of each language: roles and fields by their labels."""
    desk = definition.desk
    whos = tuple(whos)
    return {
        language: COMMA.get(language, ", ").join(_said(who, definition, language) for who in whos) or "–"
        for language in desk.languages
    }


def _said(who: Who, definition: ProcessDefinition, language: str) -> str:
    match who.kind:
        case "role":
            return word(definition.desk.roles.get(who.name, {}), language) or who.name
        case "field":
            label = word(definition.fields[who.name].label, language) if who.name in definition.fields else ""
            if not label:
                return f"`case.{who.name}`"
            return f"{label}（`case.{who.name}`）" if language == "zh" else f"{label} (`case.{who.name}`)"
        case "did":
            return f"`did.{who.name}`"
        case _:
            return f"`{who.name or who.kind}`"


def roles_said(roles: Iterable[str], definition: ProcessDefinition) -> Words:
    """Roles held, in words of each language."""
    known = definition.desk.roles
    return {
        language: COMMA.get(language, ", ").join(word(known.get(role, {}), language) or role for role in roles) or "–"
        for language in definition.desk.languages
    }
