"""WHO: roles, parties, and the persons that a field, an action or the case itself names."""

from __future__ import annotations

from typing import Literal

from engine.lang.build.cursor import Cursor, listed
from engine.lang.build.known import Known
from engine.lang.build.notes import Places, built_in
from engine.model import Who, Whos

Use = Literal["acts", "told", "assigned", "excluded", "reads"]
"""What a WHO is for; parties are told and waited for, nothing else."""

_ITSELF = ("assignee", "waiting_on", "actor")
_NO_PARTY = {
    "acts": "act", "assigned": "hold a case", "excluded": "act, so nobody excludes them", "reads": "read cases",
}  # fmt: skip


def read_whos(known: Known, cursor: Cursor | None, use: Use) -> Whos:
    """Everybody named there; a name that means nobody is noted."""
    whos = (_who(known, item, use) for item in listed(cursor) if item.is_scalar)
    return tuple(who for who in whos if who is not None)


def _who(known: Known, cursor: Cursor, use: Use) -> Who | None:
    first, dot, name = cursor.text.partition(".")
    who = _looked_up(known, cursor, first, name) if dot else _bare(known, cursor, first, use)
    if who is not None and who.kind == "actor" and use in ("acts", "excluded", "reads"):
        message = "`actor` is whoever acts, so it says nothing here"
        known.notes.error("wrong-who", cursor.span, message, "name a role, or `case.FIELD`")
        return None
    return known.notes.mark(who, cursor) if who is not None else None


def _bare(known: Known, cursor: Cursor, name: str, use: Use) -> Who | None:
    if name in known.desk.desk.roles:
        return Who("role", name)
    if name in known.desk.party_places:
        if use in _NO_PARTY:
            message = f"`{name}` is a party, and parties never {_NO_PARTY[use]}"
            known.notes.error("party-acts", cursor.span, message, "name the role of the desk that does it for them")
            return None
        return Who("party", name)
    if name in _ITSELF:
        return Who(name)  # type: ignore[arg-type]
    message = f"`{name}` is not a role or party of the desk"
    if mend := _dotted(known, name):
        known.notes.error("unknown-role", cursor.span, message, mend)
    else:
        known.notes.unknown("role", cursor.span, message, name, _bare_names(known))
    return None


def _bare_names(known: Known) -> Places:
    return {**known.desk.shared.roles, **known.desk.party_places, **built_in(*_ITSELF)}


def _dotted(known: Known, name: str) -> str | None:
    field = known.fields.get(name)
    if field is not None and field.type == "person":
        return f"`{name}` is a field: write `case.{name}`"
    if name in known.outline.actions:
        return f"`{name}` is an action: write `did.{name}` for who did it"
    return None


def _reached_by(known: Known, name: str) -> str:
    """What to write for a field that is no person: the party whose name or address it is."""
    parties = (party.name for party in known.desk.desk.parties.values() if name in party.contact.values())
    party = next(parties, None)
    return f"write the party whose it is: `{party}`" if party else "only a field of type `person` names somebody"


def _looked_up(known: Known, cursor: Cursor, first: str, name: str) -> Who | None:
    span = cursor.part(len(first) + 1, len(name))
    if first == "case":
        if name == "assignee":
            return Who("assignee")
        field = known.fields.get(name)
        if field is None:
            message = f"`{name}` is not a field of the case"
            known.notes.unknown("field", span, message, name, known.places_of_fields())
            return None
        if "person" not in (field.type, field.of.type if field.of else ""):
            message = f"`{name}` is {field.type}, not a person"
            known.notes.error("not-a-person", span, message, _reached_by(known, name))
            return None
        return Who("field", name)
    if first == "did":
        actions = {**known.outline.places("actions"), **built_in("opening")}
        if name not in actions:
            known.notes.unknown("action", span, f"`{name}` is not an action", name, actions)
            return None
        return Who("did", name)
    message = f"`{cursor.text}` names nobody"
    known.notes.unknown("role", cursor.part(0, len(first)), message, first, built_in("case", "did"))
    return None
