"""What may be done in a state, by whom, on what conditions, and what follows, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.chart.drawing import around
from engine.model import Action, Branch, ProcessDefinition, Who
from engine.words.conditions import condition_said
from engine.words.effects import effects_said
from engine.words.phrases import PHRASES
from engine.words.placeholders import with_labels
from engine.words.speech import Speech
from engine.words.times import moment_said


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An action as a reader meets it."""

    name: str
    label: str
    who: str
    terms: tuple[str, ...]  # on what conditions, what it asks
    leads: tuple[str, ...]  # where to, and what else follows


def possible_in(definition: ProcessDefinition, name: str) -> Iterator[Action]:
    """The actions offered in a state: its own, those of the groups around it, those of the top; the innermost wins."""
    states, seen = definition.states, set[str]()
    for place in (name, *around(states, name)):
        for action in states[place].actions.values():
            if action.name not in seen:
                yield action
        seen |= states[place].actions.keys() | states[place].removed
    above = {name, *around(states, name)}
    for action in definition.actions.values():
        is_here = bool(action.places & above) or (not action.places and not states[name].final)
        if is_here and action.name not in seen:
            yield action


def act_said(speech: Speech, action: Action) -> Act:
    """An action in words."""
    return Act(
        name=action.name,
        label=speech.said(action.label, action.name),
        who=speech.people(action.by),
        terms=tuple(_terms(speech, action)),
        leads=tuple(_leads(speech, action)),
    )


def opening_said(speech: Speech) -> Act:
    """The opening of a case in words."""
    opening = speech.definition.opening
    label = opening.label or PHRASES["opening"]
    action = Action(
        name="opening", state="", label=label, by=opening.by, never_by=opening.never_by, form=opening.form,
        guards=opening.guards, then=opening.then, during=opening.during, to=(Branch(speech.definition.initial),),
    )  # fmt: skip
    return act_said(speech, action)


def _terms(speech: Speech, action: Action) -> Iterator[str]:
    if heard := [one for one in speech.definition.incoming.values() if one.action == action.name]:
        roles = speech.listed(speech.people([Who("role", one.sender)]) for one in heard)
        yield speech.say("heard", events=speech.listed(f"`{one.name}`" for one in heard), who=roles)
    if action.never_by:
        yield speech.say("never_by", who=speech.people(action.never_by))
    if action.needs:
        named = speech.listed(speech.quoted(speech.action(name)) for name in action.needs)
        yield speech.say("needs", actions=named)
    if action.during:
        yield speech.say("during", calendar=speech.quoted(speech.calendar(action.during)))
    if action.within is not None:
        yield speech.say("within", length=moment_said(speech, action.within))
    for key, names in (("asks", action.form.require), ("takes", action.form.allow)):
        if names:
            yield speech.say(key, fields=speech.listed(speech.quoted(speech.field(name)) for name in names))
    for guard in action.guards:
        yield speech.say("refused", reason=with_labels(speech, guard.words, guard.name))


def _leads(speech: Speech, action: Action) -> Iterator[str]:
    for branch in action.to:
        yield branch_said(speech, branch, len(action.to) > 1)
    if action.then:
        yield speech.say("and_then", effects=effects_said(speech, action.then))


def branch_said(speech: Speech, branch: Branch[str], is_one_of_several: bool) -> str:
    """Where one branch leads, on what condition, and what it does on the way."""
    text = _target(speech, branch.value)
    if branch.then:
        text += speech.say("semicolon") + effects_said(speech, branch.then)
    if branch.when is not None:
        return speech.say("if", condition=condition_said(speech, branch.when), text=text)
    return speech.say("colon", head=speech.say("otherwise"), text=text) if is_one_of_several else text


def _target(speech: Speech, name: str) -> str:
    if name in ("stay", "previous"):
        return speech.say("stays" if name == "stay" else "returns")
    return speech.say("leads_to", state=speech.quoted(speech.state(name)))
