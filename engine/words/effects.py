"""What a process does by itself, in words: messages, assignments, other cases."""

from __future__ import annotations

from collections.abc import Iterable

from engine.expressions import Expression
from engine.fields import show
from engine.model import (
    AppendTo,
    Assign,
    Assigned,
    ClearFields,
    Effect,
    Emit,
    Notify,
    OpenCase,
    Register,
    SetFields,
    Tell,
    UpdateRows,
)
from engine.words.conditions import condition_said
from engine.words.placeholders import with_labels
from engine.words.speech import Speech


def effects_said(speech: Speech, effects: Iterable[Effect]) -> str:
    """Effects in one line, in their order."""
    return speech.say("semicolon").join(effect_said(speech, effect) for effect in effects)


def effect_said(speech: Speech, effect: Effect) -> str:
    """One effect, with its condition if it has one."""
    text = _said(speech, effect)
    if effect.when is None:
        return text
    return speech.say("if", condition=condition_said(speech, effect.when), text=text)


def _said(speech: Speech, effect: Effect) -> str:
    if isinstance(effect, Notify):
        message = speech.definition.messages.get(effect.message)
        text = with_labels(speech, message.text if message is not None else {}, effect.message)
        return speech.say("tells", who=speech.people(effect.who), message=_first_line(text))
    if isinstance(effect, Assign):
        return speech.say("assigns", who=speech.people(effect.who)) if effect.who else speech.say("unassigns")
    if isinstance(effect, Emit):
        return speech.say("emits", name=speech.quoted(effect.name))
    if isinstance(effect, OpenCase):
        return speech.say("opens", process=speech.quoted(effect.process))
    if isinstance(effect, Register):
        party, names = speech.definition.desk.parties[effect.party], effect.values
        fields = (speech.quoted(speech.said(party.register[name].label, name)) for name in names)
        label = speech.quoted(speech.said(party.label, party.name))
        return speech.say("registers", party=label, fields=speech.listed(fields))
    if isinstance(effect, Tell):
        target = (
            speech.say(effect.target)
            if effect.target in ("self", "parent", "children")
            else speech.quoted(effect.target)
        )
        return speech.say("does", action=speech.quoted(effect.action), target=target)
    return _on_fields(speech, effect)


def _on_fields(speech: Speech, effect: Effect) -> str:
    if isinstance(effect, SetFields):
        return speech.listed(
            speech.say("sets", field=speech.quoted(speech.field(name)), value=_value(speech, name, value))
            for name, value in effect.values.items()
        )
    if isinstance(effect, ClearFields):
        return speech.say("clears", fields=_fields(speech, effect.names))
    if isinstance(effect, AppendTo):
        return speech.say("appends", field=_fields(speech, effect.values))
    if isinstance(effect, UpdateRows):
        return speech.say("updates", field=_fields(speech, (effect.field,)))
    raise AssertionError(f"an effect without words: {type(effect).__name__}")


def _fields(speech: Speech, names: Iterable[str]) -> str:
    return speech.listed(speech.quoted(speech.field(name)) for name in names)


def _value(speech: Speech, name: str, value: Assigned) -> str:
    if isinstance(value, Expression):
        return condition_said(speech, value)
    field = speech.definition.fields.get(name)
    if isinstance(value, bool):
        return speech.say("yes" if value else "no")
    return str(value) if field is None else show(field, value, speech.language, speech.definition.desk.zone)


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
