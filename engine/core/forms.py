"""Step 3 of a step: the form and the facts, each value of its type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.core.cases import Command, Reason
from engine.core.reasons import listed, near, reason
from engine.fields import Field, Invalid, Value, check, is_sealed, read
from engine.model import Form


def joined(forms: Iterable[Form]) -> Form:
    """What several regions ask for, together: what one requires is required."""
    forms = tuple(forms)
    if len(forms) == 1:
        return forms[0]
    require = dict.fromkeys(name for form in forms for name in form.require)
    allow = dict.fromkeys(name for form in forms for name in form.allow if name not in require)
    return Form(tuple(require), tuple(allow), tuple(dict.fromkeys(name for form in forms for name in form.show)))


def read_form(
    form: Form, fields: Mapping[str, Field], command: Command, zone: str, action: str
) -> tuple[dict[str, Value], list[Reason]]:
    """The stored values, and every reason why the form will not do. A value of None clears."""
    reasons: list[Reason] = []
    values: dict[str, Value] = {}
    for name in form.require:
        if command.form.get(name) is None:
            reasons.append(reason("form", "missing", field=name, label=_label(fields[name])))
    for name, raw in command.form.items():
        if name not in form.require and name not in form.allow:
            takes = (*form.require, *form.allow)
            reasons.append(
                reason("form", "unknown_field", field=name, action=action, near=near(name, takes), takes=listed(takes))
            )
        elif raw is None:
            values[name] = None
        else:
            _read_into(values, reasons, fields[name], raw, command, zone)
    return values, reasons


def read_facts(
    names: Iterable[str], fields: Mapping[str, Field], command: Command, zone: str, action: str
) -> tuple[dict[str, Value], list[Reason]]:
    """The facts that an action's expressions name; others are not kept."""
    reasons: list[Reason] = []
    values: dict[str, Value] = {}
    for name in names:
        raw = command.facts.get(name)
        if raw is None:
            reasons.append(reason("facts", "fact", field=name, action=action, label=_label(fields[name])))
        else:
            _read_into(values, reasons, fields[name], raw, command, zone, rule="facts")
    return values, reasons


def _read_into(
    values: dict[str, Value], reasons: list[Reason], field: Field, raw: Any, command: Command, zone: str, *,
    rule: str = "form",
) -> None:  # fmt: skip
    if command.is_stored:
        if not is_sealed(raw):
            check(field, raw)
        values[field.name] = raw
        return
    try:
        values[field.name] = value = read(field, raw, zone)
    except Invalid as invalid:
        reasons.append(reason(rule, "invalid", field=field.name, problem=str(invalid)))
        return
    if field.role and command.people is not None and field.role not in command.people.get(value, ()):
        reasons.append(reason(rule, "role", field=field.name, person=value, role=field.role))


def _label(field: Field) -> str:
    return " / ".join(field.label.values()) or field.name
