"""What a host gives, of the kind it must be: for those without a type checker, and for what comes from the net."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.app.given import Given
from engine.core.cases import ENGINE, Actor
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.app.reading import Search

LONGEST_KEY = 500
"""Characters of a command's key: both databases find it by an index."""


def sound(actor: Actor) -> Actor:
    """Whoever a host vouches for, with roles that can be told apart; `UsageError` for what is nobody."""
    name: Any = actor.id
    roles: Any = actor.roles
    if isinstance(name, str) and name and name != ENGINE.id:
        if isinstance(roles, tuple):
            return actor
        if not isinstance(roles, str):  # in which each part of a name would be a role
            return actor._replace(roles=tuple(roles))
        raise UsageError(
            f"the roles of `{name}` are one text, `{roles}`; expected a tuple of names",
            help=f'a comma makes it one: `roles=("{roles}",)`',
        )
    raise UsageError(
        f"nobody can act as `{name}`",
        help="give the id of a person or a system, as text; `engine` is for what falls due by time",
    )


def check_named(actor: object) -> None:
    """Raise `UsageError` for an actor that is neither an `Actor` nor an id."""
    if not isinstance(actor, str):
        raise UsageError(
            f"who acts is an `Actor` or the id of a person, not {_kind(actor)}",
            help="`Actor(id=…, roles=(…,))` is whom the host vouches for",
        )


def _are_plain(given: Given) -> bool:
    return type(given.form) is dict and type(given.facts) is dict


def check_given(given: Given) -> Given:
    """The same, if it can be what comes with a command; else `UsageError`."""
    if given.key is not None:
        check_key(given.key)
    for name, values in (("form", given.form), ("facts", given.facts)) if not _are_plain(given) else ():
        if not isinstance(values, Mapping):
            raise UsageError(f"`{name}` maps names to values; it cannot be {_kind(values)}")
    if given.occurred_at is not None and type(given.occurred_at) is not int:
        raise UsageError(
            f"`occurred_at` is an instant, ms since 1970 in UTC; it cannot be {_kind(given.occurred_at)}",
            help="`read_instant` makes one of a `datetime` with its zone, or of text",
        )
    return given


def check_key(key: Any) -> None:
    """Raise `UsageError` for what cannot tell one command from another."""
    if not isinstance(key, str):
        raise UsageError(f"a key is text; it cannot be {_kind(key)}", help="`str(…)` makes text of it")
    if not 0 < len(key) <= LONGEST_KEY:
        raise UsageError(
            f"a key of {len(key)} characters cannot be used; it has 1 to {LONGEST_KEY}",
            help="leave it out where there is none",
        )


def check_search(search: Search) -> None:
    """Raise `UsageError` for a page that no list has."""
    if type(search.limit) is not int or search.limit < 1:
        raise UsageError(f"a page has 1 case or more; `limit` cannot be `{search.limit}`")
    if search.due_within is not None and type(search.due_within) is not int:
        raise UsageError(
            f"`due_within` is a duration in ms; it cannot be {_kind(search.due_within)}",
            help="`parse_duration` makes one of text",
        )
    after = search.after
    if after is None:
        return
    if not isinstance(after, tuple | list) or [type(part) for part in after] != [int, int, str]:
        raise UsageError(f"no page ends at `{after}`", help="`after` is the `next` of the page before, as it was")


def _kind(value: object) -> str:
    return f"`{value!r:.60}` ({type(value).__name__})"
