"""Registers of outside people in scenarios: as a file gives them, and as a search needs them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from engine.core.cases import Case, Registered, Step
from engine.core.plan import Plan
from engine.core.schedules import Member
from engine.errors import UsageError
from engine.fields import Field, Invalid, plain, read
from engine.model import Desk, Party
from engine.scenarios.placeholders import placeholder

Kept = Mapping[str, Mapping[str, Any]]
"""Id → what a register holds of one, as it is written."""


def members(desk: Desk, party: str, kept: Kept) -> list[Member]:
    """Everybody on the register of a party, each value read; raises `UsageError` where one cannot be."""
    fields, usual = (desk.parties[party].register, desk.parties[party].usual) if party in desk.parties else ({}, {})
    found = []
    for name, values in sorted(kept.items()):
        if unknown := sorted(values.keys() - fields.keys()):
            raise UsageError(f"`{unknown[0]}` is not a field of the register of `{party}`")
        try:
            read_values = {key: read(fields[key], raw, desk.zone) for key, raw in values.items()}
        except Invalid as invalid:
            raise UsageError(f"`{name}` cannot stand on the register of `{party}`: {invalid}") from invalid
        found.append(Member(name, {**usual, **read_values}))
    return found


def registers_for(plans: Iterable[Plan]) -> dict[str, Kept]:
    """Of each register that these processes ask for somebody of every kind; empty where they ask for none."""
    found: dict[str, Kept] = {}
    for plan in plans:
        definition = plan.definition
        asked = {field.party for field in definition.fields.values()} | {s.party for s in definition.schedule.values()}
        for party in (definition.desk.parties[name] for name in sorted(filter(None, asked))):
            if party.register:
                found[party.name] = dict(_everybody(party, definition.desk.zone))
    return found


def on_registers(steps: Iterable[Step], plan_of: Callable[[Case], Plan]) -> dict[str, dict[str, dict[str, Any]]]:
    """Whom the registers held for these steps, and what they said openly of each, as a file gives them."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    entered: set[tuple[str, str]] = set()
    for step in steps:
        definition = plan_of(step.case).definition
        entered |= {(entry["party"], entry["id"]) for entry in step.record.get("registered", ())}
        for name, said in step.case.known.items():
            party, one = definition.fields[name].party or "", step.case.data.get(name)
            if isinstance(one, str) and (party, one) not in entered and one not in found.get(party, ()):
                fields = definition.desk.parties[party].register
                values = {key: plain(fields[key], value) for key, value in said.items() if key in fields}
                found.setdefault(party, {})[one] = values
    return found


def not_as_registered(
    expected: Mapping[str, Mapping[str, Any]], entries: Iterable[Registered], desk: Desk
) -> Iterator[str]:
    """Say what differs: exactly these were entered, with these values; values not named are not compared."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for entry in entries:
        found.setdefault(entry.party, {})[entry.id] = {**entry.values, **entry.private}
    entered = {party: sorted(of) for party, of in found.items()}
    wanted = {party: sorted(of) for party, of in expected.items()}
    if entered != wanted:
        yield f"exactly {told(wanted)} was to be registered, but {told(entered)} was"
        return
    for party, of in expected.items():
        for name, values in of.items():
            for field, value in (values or {}).items():
                kept = found[party][name].get(field)
                is_now = None if kept is None else plain(desk.parties[party].register[field], kept)
                if is_now != value:
                    yield f"`{field}` of `{name}` was to be {told(value)}, but is {told(is_now)}"


def told(value: Any) -> str:
    """A value as a failure quotes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {told(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(str(item) for item in value) + "]"
    return f"`{value}`"


def _everybody(party: Party, zone: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """One for each value that a field of the register may have."""
    fields = party.register
    varied = [{name: value} for name, field in fields.items() for value in _few(field)]
    for number, one in enumerate(varied or [{}], 1):
        usual = {name: placeholder(field, zone, number, name) for name, field in fields.items()}
        values = {**usual, **one}
        yield f"{party.name}_{number}", {name: value for name, value in values.items() if value is not None}


def _few(field: Field) -> list[Any]:
    return [*field.choices] if field.type == "choice" else [True, False] if field.type == "yes_no" else []
