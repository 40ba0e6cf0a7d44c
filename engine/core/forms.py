"""Step 3 of a step: the form and the facts, each value of its type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.core.cases import Command, Reason
from engine.core.reasons import listed, meant, one_of, reason
from engine.fields import SEALED, TEXTS, Field, Invalid, Value, check, is_sealed, read
from engine.frozen import Frozen
from engine.model import Desk, Form


class Taken(Frozen, frozen=True):
    """A value that was read for this very field before, and is taken as it is: for who gives the same to many cases."""

    value: Value


def read_form(
    form: Form, fields: Mapping[str, Field], command: Command, desk: Desk, action: str
) -> tuple[dict[str, Value], list[Reason]]:
    """The stored values, and every reason why the form will not do. A value of None clears."""
    reading = _Reading(command, desk, "form", {}, [])
    values, reasons, given = reading.values, reading.reasons, command.form
    missing = []
    for name in form.require:
        raw = given.get(name)
        if raw is None or (isinstance(raw, str) and not raw.strip() and _are_no_answer(command, fields[name])):
            missing.append(name)
            reasons.append(reason("form", "missing", field=name, label=fields[name].label or name))
    for name, raw in given.items():
        if name not in form.require and name not in form.allow:
            takes = (*form.require, *form.allow)
            reasons.append(
                reason("form", "unknown_field", field=name, action=action, near=meant(name, takes), takes=listed(takes))
            )
        elif raw is None:
            values[name] = None
        elif type(raw) is Taken and command.people is None:
            values[name] = raw.value
        elif name not in missing:
            reading.take(fields[name], raw)
    return values, reasons


def _are_no_answer(command: Command, field: Field) -> bool:
    """Whether blanks say nothing in this field. What a record holds was taken once, and stands."""
    return not command.is_stored and field.type in TEXTS


def read_facts(
    names: Iterable[str], fields: Mapping[str, Field], command: Command, desk: Desk, action: str
) -> tuple[dict[str, Value], list[Reason]]:
    """The facts that an action's expressions name; others are not kept."""
    reading = _Reading(command, desk, "facts", {}, [])
    for name in names:
        raw = command.facts.get(name)
        if raw is None:
            reading.reasons.append(reason("facts", "fact", field=name, action=action, label=fields[name].label or name))
        else:
            reading.take(fields[name], raw)
    return reading.values, reading.reasons


class _Reading(Frozen, frozen=True):
    """Collects what could be read, and why the rest could not."""

    command: Command
    desk: Desk
    rule: str
    values: dict[str, Value]
    reasons: list[Reason]

    def take(self, field: Field, raw: Any) -> None:
        try:
            if type(raw) is Taken:
                value = raw.value
            elif self.command.is_stored:
                value = _as_stored(field, raw)
            else:
                value = read(field, raw, self.desk.zone)
        except Invalid as invalid:
            self.reasons.append(reason(self.rule, "invalid", field=field.name, problem=invalid.words))
            return
        self.values[field.name] = value
        if field.role:
            self._see_role(field, field.role, value)

    def _see_role(self, field: Field, role: str, value: Value) -> None:
        people = self.command.people
        if people is not None and not is_sealed(value) and role not in people.get(value, ()):
            asked = self.desk.roles.get(role) or role
            given: dict[str, Any] = {"field": field.name, "person": SEALED if field.personal else value, "role": asked}
            likely = None if field.personal else self.command.likely.get(value)
            if likely is None:
                self.reasons.append(reason(self.rule, "role", **given))
            else:
                self.reasons.append(reason(self.rule, "role_of_nobody", near=one_of(likely), **given))


def _as_stored(field: Field, raw: Any) -> Value:
    if not is_sealed(raw):
        check(field, raw)
    return raw
