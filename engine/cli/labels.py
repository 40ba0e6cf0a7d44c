"""What people read on the screen, typed back: a process, a state, a role, an action or a field, named by its label."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from engine.cli.forms import parted
from engine.cli.translate import _, listed
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.app import Engine
    from engine.fields import Field, Words
    from engine.model import Action, ProcessDefinition

_NAME = re.compile(r"[a-z0-9_]+")


def named(text: str, labelled: Callable[[], Iterable[tuple[str, Words]]]) -> str:
    """Return the name of what is labelled so; what looks like a name, and what labels nothing, stays as it is.

    Labels are looked up for what is no name alone. Raises `UsageError` where several are labelled so.
    """
    if _NAME.fullmatch(text):
        return text
    found = list(dict.fromkeys(name for name, words in labelled() if text in words.values()))
    if len(found) > 1:
        raise UsageError(
            _("several are called `{label}`: {names}").format(label=text, names=listed(f"`{name}`" for name in found)),
            help=_("say which by its name"),
        )
    return found[0] if found else text


def process_named(engine: Engine, text: str) -> str:
    """Return the published process that is called so."""
    return named(text, lambda: ((one.process, one.label) for one in _published(engine)))


def role_named(engine: Engine, text: str) -> str:
    """Return the role that is called so."""
    return named(text, lambda: (role for one in _published(engine) for role in one.desk.roles.items()))


def state_named(engine: Engine, text: str, process: str | None) -> str:
    """Return the state that is called so, of this process if one is named."""
    definitions = (one for one in _published(engine) if process in (None, one.process))
    return named(text, lambda: ((name, state.label) for one in definitions for name, state in one.states.items()))


def action_named(engine: Engine, text: str, case: str, actor: str) -> str:
    """Return the action of a case that is called so: one of its present state before others."""
    name = named(text, lambda: ((offer.action, offer.label) for offer in engine.allowed(case, actor=actor)))
    return named(name, lambda: ((one.name, one.label) for one in _actions(engine, case, actor)))


def fields_named(flags: Iterable[str], asked: Callable[[], Iterable[Field]]) -> list[str]:
    """Return each `NAME=VALUE`, with the name of the field among those asked for that is called so."""
    given = []
    for text in flags:
        name, equals, value = parted(text)
        called = named(name.strip(), lambda: ((one.name, one.label) for one in asked()))
        given.append(f"{called}{equals}{value}" if equals and called != name.strip() else text)
    return given


def _actions(engine: Engine, case: str, actor: str) -> Iterator[Action]:
    from engine.words.speech import every_action

    view = engine.case(case, actor=actor)
    yield from every_action(engine.definition(view.process, view.version))


def names_of_messages(engine: Engine) -> dict[str, set[str]]:
    """What is published by name: messages, events, and to whom messages go."""
    from engine.lang.build.used import parts_of
    from engine.model import Emit

    published = list(_published(engine))
    desks = [one.desk for one in published]
    people = {person.id for person in engine.people()}
    if not published:
        return {}
    return {
        "messages": {name for one in published for name in one.messages},
        "events": {part.name for one in published for part in parts_of(one) if isinstance(part, Emit)},
        "to": people.union(*(desk.roles for desk in desks), *(desk.parties for desk in desks)),
    }


def _published(engine: Engine) -> Iterator[ProcessDefinition]:
    for one in engine.published():
        yield engine.definition(one.process, one.version)
