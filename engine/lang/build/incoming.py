"""Events of other systems: who tells them, which case they are about, what they give to its action."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.lang.build.acts import moment_of
from engine.lang.build.cursor import Cursor, text_of
from engine.lang.build.known import Known, asked_by
from engine.lang.build.notes import built_in, meant
from engine.model import Incoming

COMPARED = ("text", "integer", "money", "choice", "yes_no", "date", "instant", "duration", "person")
"""Types of fields that can be equal: one value, and no fraction."""


def build_incoming(known: Known) -> dict[str, Incoming]:
    """Every event that the process hears."""
    table = known.outline.root.get("incoming")
    found = (_built(known, name, cursor) for name, cursor in (table.entries() if table is not None else ()))
    return {one.name: one for built in found for one in built}


def _built(known: Known, name: str, cursor: Cursor) -> Iterator[Incoming]:
    sender, do = cursor.get("from"), cursor.get("do")
    role = _role(known, sender) if sender is not None else None
    action = known.action(do, f"event `{name}` does") if do is not None else None
    find = {key: text_of(written) for key, written in _entries(cursor, "find") if _is_found_by(known, key, written)}
    values = {key: text_of(written) for key, written in _entries(cursor, "with") if _asks(known, action, key, written)}
    otherwise: Any = text_of(cursor.get("otherwise"))
    keep_for = _kept_for(known, cursor, otherwise)
    if role and action and find and otherwise:
        built = Incoming(
            name=name, sender=role, find=find, action=action, values=values, otherwise=otherwise, keep_for=keep_for
        )
        yield known.notes.mark(built, cursor)


def _entries(cursor: Cursor, key: str) -> Iterator[tuple[str, Cursor]]:
    table = cursor.get(key)
    yield from table.entries() if table is not None else ()


def _role(known: Known, cursor: Cursor) -> str | None:
    roles = known.desk.shared.roles
    if cursor.text in roles:
        return cursor.text
    message = f"`{cursor.text}` is not a role of the desk"
    if cursor.text in known.desk.party_places:
        message = f"`{cursor.text}` is a party, and parties never act"
        known.notes.error("party-acts", cursor.span, message, "name the role of the system that tells it")
    else:
        known.notes.unknown("role", cursor.span, message, cursor.text, roles)
    return None


def _is_found_by(known: Known, name: str, cursor: Cursor) -> bool:
    """Whether cases can be known by that: by `id`, or by a field whose values can be equal and may be looked up."""
    if name == "id":
        return True
    field = known.fields.get(name)
    if field is None:
        places = {**known.places_of_fields(), **built_in("id")}
        known.notes.unknown("field", cursor.name_span, f"`{name}` is not a field of the case", name, places)
        return False
    if field.personal:
        message = f"`{name}` is personal, and no case is found by it"
        known.notes.error(
            "personal-read", cursor.name_span, message, "find it by a field that is not personal, or `id`"
        )
        return False
    if field.type not in COMPARED:
        message = f"`{name}` is {field.type}, and no case is found by that"
        known.notes.error("wrong-find", cursor.name_span, message, f"find it by {', '.join(COMPARED)}, or `id`")
        return False
    return True


def _asks(known: Known, action: str | None, name: str, cursor: Cursor) -> bool:
    """Whether the action's form asks for that; of an action that is not known nothing is claimed."""
    if action is None:
        return False
    asked = asked_by(written for _, written in known.outline.actions[action])
    if name in (*asked.require, *asked.allow):
        return True
    fields = known.places_of_fields()
    places = {field: fields[field] for field in (*asked.require, *asked.allow) if field in fields}
    mend = meant(name, cursor.name_span, places)
    known.notes.error("unknown-field", cursor.name_span, f"action `{action}` does not ask for `{name}`", mend)
    return False


def _kept_for(known: Known, cursor: Cursor, otherwise: str) -> Any:
    written = cursor.get("for")
    if otherwise == "keep" and "for" not in cursor.plain:
        mend = "say how long it waits, as in `for: 30 calendar_days`"
        known.notes.error("missing-key", cursor.name_span, "`otherwise: keep` needs `for` beside it", mend)
    if otherwise and otherwise != "keep" and written is not None:
        message = f"`for` says how long an event is kept, and with `otherwise: {otherwise}` none is"
        known.notes.error("unknown-key", written.name_span, message, "take it away, or write `otherwise: keep`")
    return moment_of(known, written, "within")
