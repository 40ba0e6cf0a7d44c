"""Events of other systems: by what cases are known to them, what they mean to find, what they give to an action."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from engine.core.audit import canonical
from engine.core.cases import Actor, Case, Reason
from engine.core.people import roles_said, said
from engine.core.plan import Plan
from engine.core.reasons import listed, reason
from engine.fields import Invalid, Value, read
from engine.model import Incoming, Who

MARK = b"casewright mark 1\n"

Mark = tuple[str, str]
"""An event's name, and a digest of the process and of the values by which a case is found."""


def marks_of(plan: Plan, case: Case) -> frozenset[Mark]:
    """By what events find this case: of each event that its version hears, where every field it is known by is set.

    A closed case is found only where its state offers the action, to be taken up again; a merged one always is, for
    what is sent to it reaches the case that took it in.
    """
    found = set()
    for one in plan.definition.incoming.values():
        if case.outcome and not case.merged_into and not is_offered(plan, case, one):
            continue
        values = {name: case.id if name == "id" else case.data.get(name) for name in one.find}
        if None not in values.values():
            found.add((one.name, _digest(case.process, values)))
    return frozenset(found)


def is_offered(plan: Plan, case: Case, incoming: Incoming) -> bool:
    """Whether the case's present state offers the event's action."""
    return bool(plan.course(case.position, incoming.action).actions)


def meant(plan: Plan, incoming: Incoming, fields: Mapping[str, Any]) -> tuple[dict[str, Value], list[Reason]]:
    """The values that a case must have, each read as the field it is compared with, or why they cannot be read."""
    definition, values, reasons = plan.definition, dict[str, Value](), list[Reason]()
    for name, told in incoming.find.items():
        raw = fields.get(told)
        if raw is None or raw == "":
            reasons.append(reason("find", "find_missing", event=incoming.name, field=told))
        elif name == "id":
            values[name] = str(raw)
        else:
            try:
                values[name] = read(definition.fields[name], raw, definition.desk.zone)
            except Invalid as invalid:
                problem = dict(invalid.words)
                reasons.append(reason("find", "find_wrong", event=incoming.name, field=told, problem=problem))
    return values, reasons


def mark_of(plan: Plan, incoming: Incoming, values: Mapping[str, Value]) -> Mark:
    """What a case with these values is known by."""
    return incoming.name, _digest(plan.definition.process, values)


def _digest(process: str, values: Mapping[str, Value]) -> str:
    # A digest has one length however long the values are, and an index holds it on every database.
    return hashlib.sha256(MARK + canonical([process, dict(values)]).encode()).hexdigest()


def answers(plan: Plan, incoming: Incoming, fields: Mapping[str, Any], case: Case | None = None) -> dict[str, Any]:
    """What the event gives to its action's form, of a case as its state asks it: what `with` names, else by name."""
    actions = tuple(one for one in plan.actions() if one.name == incoming.action)
    form = plan.asked(actions if case is None else plan.course(case.position, incoming.action).actions or actions).form
    told = {name: incoming.values.get(name, name) for name in (*form.require, *form.allow)}
    return {name: fields[source] for name, source in told.items() if source in fields}


def kept_of(plans: Iterable[Plan], event: str, fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of an event that waits what its case will need, and apart from it what is personal; the rest is not kept."""
    plain: dict[str, Any] = {}
    private: dict[str, Any] = {}
    for plan in plans:
        one = plan.definition.incoming[event]
        plain |= {told: fields[told] for told in one.find.values() if told in fields}
        for name in answers(plan, one, fields):
            told = one.values.get(name, name)
            (private if name in plan.personal else plain)[told] = fields[told]
    return {name: value for name, value in plain.items() if name not in private}, private


def not_told_by(plan: Plan, incoming: Incoming, actor: Actor) -> list[Reason]:
    """Why this one may not tell the event, if that is so."""
    if incoming.sender in actor.roles:
        return []
    definition = plan.definition
    who, roles = said((Who("role", incoming.sender),), definition), roles_said(actor.roles, definition)
    return [reason("by", actor=actor.id, roles=roles, action=incoming.name, who=who)]


def none_found(plan: Plan, incoming: Incoming, values: Mapping[str, Value]) -> Reason:
    """Why an event changes nothing: there is no such case."""
    said = ", ".join(f"`{name}` {value}" for name, value in values.items())
    return reason("find", "find_none", event=incoming.name, process=plan.definition.process, values=said)


def several_found(incoming: Incoming, cases: Iterable[str]) -> Reason:
    """Why an event changes nothing: who would say which is meant?"""
    return reason("find", "find_several", event=incoming.name, cases=listed(cases))
