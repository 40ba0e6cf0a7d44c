"""The desk: its name, languages, zone, roles and parties, and what its processes share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from engine.fields import Field
from engine.lang.build.cursor import Cursor, listed, names_in, text_of
from engine.lang.build.declared import Shared, figures, words
from engine.lang.build.notes import Notes, Places
from engine.model import Desk, Party
from engine.timeline import CalendarError, zone_info

ASSIGNERS = ("supervisor",)
"""Who assigns cases to others where the desk does not say."""

CONTACT = ("name", "phone", "email", "channel")
"""How a party is reached: keys that name fields of the case."""


@dataclass(frozen=True, slots=True)
class DeskFile:
    """A desk as it was read, and where its parts stand."""

    root: Cursor
    desk: Desk
    shared: Shared
    fields: Mapping[str, Field]
    figures: Mapping[str, Field]
    ladders: Mapping[str, Cursor]
    party_places: Places

    @property
    def notes(self) -> Notes:
        """What was found in it, and where its parts stand."""
        return self.shared.notes

    def noting(self, notes: Notes) -> Shared:
        """What declarations of a process refer to; what is wrong with them goes into its own notes."""
        return replace(self.shared, notes=notes)


@lru_cache(maxsize=16)
def build_desk(root: Cursor) -> DeskFile:
    """Read a desk file, for all its processes once; what is wrong with it is noted."""
    notes = Notes()
    languages = {item.text: item.span for item in listed(root.get("languages"))}
    roles = _table(root, "roles")
    places = {name: cursor.name_span for name, cursor in roles.items()}
    shared = Shared(notes, _zone(root, notes), languages, places, _table(root, "choices"), _registers(root))
    for choice in shared.choices.values():
        for _, label in choice.entries():
            words(notes, label, languages)
    fields = shared.fields(root.get("fields"))
    parties = _table(root, "parties")
    desk = Desk(
        name=text_of(root.get("desk")),
        languages=tuple(languages),
        zone=shared.zone,
        currency=text_of(root.get("currency")),
        roles={name: words(notes, cursor, languages) for name, cursor in roles.items()},
        parties={name: _party(name, cursor, shared, fields) for name, cursor in parties.items()},
        assigners=_assigners(root, notes, places),
    )
    for name in parties.keys() & roles.keys():
        related = [(places[name], "the role is declared here")]
        message = f"`{name}` is a role and a party"
        notes.error("name-taken", parties[name].name_span, message, "give one of them another name", related)
    party_places = {name: cursor.name_span for name, cursor in parties.items()}
    shared_figures = figures(shared, root.get("figures"))
    return DeskFile(root, desk, shared, fields, shared_figures, _table(root, "ladders"), party_places)


def _table(root: Cursor, key: str) -> dict[str, Cursor]:
    table = root.get(key)
    return dict(table.entries()) if table is not None else {}


def _registers(root: Cursor) -> dict[str, Cursor]:
    found = {name: cursor.walk("register", "fields") for name, cursor in _table(root, "parties").items()}
    return {name: fields for name, fields in found.items() if fields is not None}


def _zone(root: Cursor, notes: Notes) -> str:
    zone = root.get("zone")
    if zone is None:
        return "UTC"
    try:
        zone_info(zone.text)
    except CalendarError as fault:
        message, _, mend = str(fault).partition("; ")
        notes.error("unknown-zone", zone.span, message, mend)
        return "UTC"
    return zone.text


def _party(name: str, cursor: Cursor, shared: Shared, fields: Mapping[str, Field]) -> Party:
    contact = {}
    for key in CONTACT:
        written = cursor.get(key)
        if written is None:
            continue
        contact[key] = field = written.text.removeprefix("case.")
        if field not in fields:
            message = f"`{field}` is not a field of the desk"
            known = {known: shared.notes.origin(fields[known]) for known in fields}
            places = {known: origin.name_span for known, origin in known.items() if origin is not None}
            shared.notes.unknown("field", written.span, message, field, places)
    label = words(shared.notes, cursor.get("label"), shared.languages)
    register = cursor.get("register")
    kept = register.get("fields") if register is not None else None
    kept_by = listed(register.get("by")) if register is not None else []
    for role in kept_by:
        if role.text not in shared.roles:
            shared.notes.unknown("role", role.span, f"`{role.text}` is not a role of the desk", role.text, shared.roles)
    return Party(
        name=name, label=label, contact=contact, during=text_of(cursor.get("during")) or None,
        register=shared.fields(kept), kept_by=tuple(role.text for role in kept_by),
    )  # fmt: skip


def _assigners(root: Cursor, notes: Notes, roles: Places) -> tuple[str, ...]:
    written = root.get("assigners")
    if written is None:
        return ASSIGNERS
    for role in listed(written):
        if role.text not in roles:
            notes.unknown("role", role.span, f"`{role.text}` is not a role of the desk", role.text, roles)
    return tuple(names_in(written))
