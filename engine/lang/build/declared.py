"""Declared values: fields, facts, figures, choices; and literals read as a field holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.calendars import parse_duration
from engine.fields import TEXTS, Field, FieldType, Invalid, Value, Words, read
from engine.lang.build.cursor import Cursor, flag, text_of
from engine.lang.build.notes import Notes, Places, meant
from engine.lang.diagnostics import near_miss, shown, type_meant
from engine.lang.tree import Scalar, Table
from engine.patterns import BadPattern, compile_pattern
from engine.values import Expected, read_date

OWN_NAMES = frozenset({"id", "opened_at", "state", "waiting_on", "assignee"})
"""What every case has; no field can be called so."""

_WRITTEN = TEXTS | {"money", "date", "instant", "duration", "choice"}
"""The types whose values are read from the text as it stands, `4.90` not being 4.9."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What declarations refer to: the desk's zone, languages, roles and lists of choices."""

    notes: Notes
    zone: str
    languages: Places
    roles: Places
    choices: Mapping[str, Cursor]
    registers: Mapping[str, Cursor] = field(default_factory=dict)  # party → the fields that its register keeps

    def kept_of(self, party: str) -> Places:
        """What the register of a party keeps, and where that is declared."""
        written = self.registers.get(party)
        return {name: cursor.name_span for name, cursor in written.entries()} if written is not None else {}

    def fields(self, table: Cursor | None) -> dict[str, Field]:
        """The fields of a mapping."""
        if table is None:
            return {}
        return {name: self.field(name, cursor) for name, cursor in table.entries() if cursor.is_table}

    def field(self, name: str, cursor: Cursor) -> Field:
        """One field, fact or column."""
        if name in OWN_NAMES:
            message = f"`{name}` is known of every case and cannot be a field"
            self.notes.error("bad-name", cursor.name_span, message, "choose another name")
        kind = _type_of(cursor)
        choices = self._choices(cursor)
        role = self._role(cursor)
        is_list = kind == "list"
        of = None
        if is_list:
            inner: FieldType = text_of(cursor.get("of")) or "text"  # type: ignore[assignment]
            of = Field(name=name, type=inner, choices=choices, role=role)
        bare = Field(
            name=name, type=kind, label=words(self.notes, cursor.get("label"), self.languages),
            personal=flag(cursor, "personal"), pattern=self._pattern(cursor),
            choices={} if is_list else choices, role=None if is_list else role, of=of,
            columns=self._known_of(cursor) if kind == "party" else self.fields(cursor.get("columns")),
            party=self._party(cursor) if kind == "party" else None,
            min=self._bound(cursor, "min", kind), max=self._bound(cursor, "max", kind), roll=self._roll(cursor, kind),
        )  # fmt: skip
        default = cursor.get("default")
        if default is not None and cursor.get("type") is not None:  # of an unknown type nothing can be said
            value = literal(self.notes, default, bare, self.zone)
            bare = Field(**{**_parts(bare), "default": value})
        return self.notes.mark(bare, cursor)

    def _known_of(self, cursor: Cursor) -> dict[str, Field]:
        """What a register says openly of whom this field names."""
        for key in ("personal", "default"):
            if (written := cursor.get(key)) is not None:
                message = f"a field that names one of a register has no `{key}`"
                self.notes.error("wrong-value", written.name_span, message, "take it away")
        if cursor.path[:-1] != ("fields",):
            message = "only a field that the case keeps names one of a register"
            self.notes.error("wrong-value", cursor.name_span, message, "make it a field of the case, or a text")
            return {}
        written, party = cursor.get("of"), self._party(cursor)
        if party is None:
            if written is not None:
                places = {name: table.name_span for name, table in self.registers.items()}
                message = f"`{written.text}` is not a party with a register"
                self.notes.unknown("party", written.span, message, written.text, places)
            return {}
        kept = replace(self, notes=Notes()).fields(self.registers[party])
        open_ones = {name: one for name, one in kept.items() if not one.personal}
        return {"id": Field(name="id", type="text"), **open_ones}

    def _party(self, cursor: Cursor) -> str | None:
        """On whose register; None where the desk keeps none of that name."""
        written = cursor.get("of")
        return written.text if written is not None and written.text in self.registers else None

    def _choices(self, cursor: Cursor) -> Mapping[str, Words]:
        written = cursor.get("choices")
        if written is None:
            return {}
        table = written
        if written.is_scalar:
            named = self.choices.get(written.text)
            if named is None:
                message = f"`{written.text}` is not a list of choices of the desk"
                known = {name: choice.name_span for name, choice in self.choices.items()}
                self.notes.unknown("choices", written.span, message, written.text, known)
                return {}
            return {name: dict(label.plain) for name, label in named.entries() if label.is_table}
        return {name: words(self.notes, label, self.languages) for name, label in table.entries()}

    def _role(self, cursor: Cursor) -> str | None:
        role = cursor.get("role")
        if role is not None and role.text not in self.roles:
            message = f"`{role.text}` is not a role of the desk"
            self.notes.unknown("role", role.span, message, role.text, self.roles)
        return role.text if role is not None else None

    def _pattern(self, cursor: Cursor) -> str | None:
        pattern = cursor.get("pattern")
        if pattern is None:
            return None
        try:
            compile_pattern(pattern.text)
        except BadPattern as fault:
            self.notes.error("bad-pattern", pattern.span, str(fault))
            return None
        return pattern.text

    def _roll(self, cursor: Cursor, kind: FieldType) -> bool:
        roll = cursor.get("roll")
        if roll is None:
            return False
        if kind != "instant" or cursor.path[:-1] != ("fields",):
            message = "only an instant that the case keeps rolls to the next opening"
            self.notes.error("not-an-instant", roll.name_span, message, "take `roll` away")
        return True

    def _bound(self, cursor: Cursor, key: str, kind: FieldType) -> Value:
        bound = cursor.get(key)
        if bound is None:
            return None
        measured: FieldType = "integer" if kind in TEXTS or kind in ("list", "table") else kind
        if measured in ("choice", "yes_no"):
            self.notes.error("bad-bound", bound.name_span, f"a field of type `{kind}` has no `{key}`", "take it away")
            return None
        return literal(self.notes, bound, Field(name=key, type=measured), self.zone)


def _parts(field: Field) -> dict[str, Any]:
    return {name: getattr(field, name) for name in Field.__dataclass_fields__}


def raw(cursor: Cursor, field: Field) -> Any:
    """What a literal gives to `read`: its text where figures and dots are part of the value."""
    return cursor.text if cursor.is_scalar and field.type in _WRITTEN else cursor.plain


def literal(notes: Notes, cursor: Cursor, field: Field, zone: str) -> Value:
    """The stored value of a literal; nothing where it does not fit, which is noted."""
    node = cursor.node
    if isinstance(node, Scalar) and field.type in TEXTS and not isinstance(node.plain, str):
        message = f"{shown(node.text)} is not a text here but a value of another kind"
        notes.error("not-a-text", cursor.span, message, f'quote it: `"{node.text}"`')
        return None
    try:
        return read(field, raw(cursor, field), zone)
    except Invalid as fault:
        notes.error("wrong-value", cursor.span, str(fault))
        return None


def words(notes: Notes, cursor: Cursor | None, languages: Places) -> Words:
    """A text in every language; one that the desk does not speak is noted, and one that is missing."""
    if cursor is None:
        return {}
    found = {language: text.text for language, text in cursor.entries() if text.is_scalar}
    said = (
        {key.partition(":")[0] for key in cursor.plain} if cursor.is_table else languages
    )  # `en:` without a space too
    missing = [language for language in languages if language not in said]
    for language in found if languages else ():
        if language in languages:
            continue
        span = cursor.document.name_place((*cursor.path, language))
        near = {known: languages[known] for known in missing}
        message = f"`{language}` is not a language of the desk"
        mend = meant(language, span, near) if near else f"take it away, or add `{language}` to `languages` in desk.yaml"
        notes.error("unknown-language", span, message, mend)
        missing = [known for known in missing if known != near_miss(language, missing)]
    for language in missing:
        mend = f"add `{language}: …`, or take that language out of `languages` in desk.yaml"
        notes.error("missing-language", cursor.name_span, f"this text has no `{language}`", mend)
    return found


def _type_of(cursor: Cursor) -> FieldType:
    """The type of a field; where there is none of that name the one that was meant, so that one slip is one finding."""
    written = cursor.node.nodes.get("type") if isinstance(cursor.node, Table) else None
    if isinstance(written, Scalar) and cursor.get("type") is None:
        return type_meant(written.text) or "text"  # type: ignore[return-value]
    return text_of(cursor.get("type")) or "text"  # type: ignore[return-value]


def figures(shared: Shared, table: Cursor | None) -> dict[str, Field]:
    """Named numbers of the desk: each a field whose default is its value."""
    if table is None:
        return {}
    return {name: shared.notes.mark(_figure(shared, name, cursor), cursor) for name, cursor in table.entries()}


def _figure(shared: Shared, name: str, cursor: Cursor) -> Field:
    if cursor.is_table:
        kind: FieldType = text_of(cursor.get("type")) or "text"  # type: ignore[assignment]
        value, label = cursor.get("is"), words(shared.notes, cursor.get("label"), shared.languages)
        bare = Field(name=name, type=kind, label=label)
        given = literal(shared.notes, value, bare, shared.zone) if value is not None else None
        return Field(name=name, type=kind, label=label, default=given)
    kind = _kind_of(cursor)
    return Field(name=name, type=kind, default=literal(shared.notes, cursor, Field(name=name, type=kind), shared.zone))


def _kind_of(cursor: Cursor) -> FieldType:
    plain = cursor.plain
    if isinstance(plain, bool):
        return "yes_no"
    if isinstance(plain, (int, float)):
        return "integer" if isinstance(plain, int) else "number"
    for kind, reader in (("duration", parse_duration), ("date", read_date)):
        try:
            reader(cursor.text)
            return kind  # type: ignore[return-value]
        except (Expected, ValueError):
            continue
    return "text"
