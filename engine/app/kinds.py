"""What a host gives, once it is of its kind (`doors`): whether somebody can act so, whether a page can begin there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.app.doors import is_list, is_text, shown
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
    if not is_text(name) or not name or name == ENGINE.id:
        raise UsageError(
            f"nobody can act as {shown(name) if not is_text(name) else f'`{name}`'}",
            help="give the id of a person or a system, as text; `engine` is for what falls due by time",
        )
    if isinstance(roles, str):  # in which each part of a name would be a role
        raise UsageError(
            f"the roles of `{name}` are one text, `{roles}`; expected a tuple of names",
            help=f'a comma makes it one: `roles=("{roles}",)`',
        )
    if not is_list(roles) or not all(map(is_text, roles)) or not is_text(actor.on_behalf_of or ""):
        raise UsageError(f"the roles of `{name}`, and for whom they act, are names, not {shown(actor)}")
    return actor if isinstance(roles, tuple) else actor._replace(roles=tuple(roles))


def check_key(key: str | None) -> None:
    """Raise `UsageError` for what cannot tell one command from another."""
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise UsageError(
            f"a key of {len(key)} characters cannot be used; it has 1 to {LONGEST_KEY}",
            help="leave it out where there is none",
        )


def check_search(search: Search) -> None:
    """Raise `UsageError` for a page that no list has."""
    if search.limit < 1:
        raise UsageError(f"a page has 1 case or more; `limit` cannot be `{search.limit}`")
    after = search.after
    if after is None:
        return
    if not isinstance(after, tuple | list) or [type(part) for part in after] != [int, int, str]:
        raise UsageError(f"no page ends at `{after}`", help="`after` is the `next` of the page before, as it was")
