"""A definition taken apart into everything that can differ between two versions, each part said in words.

Nothing is forgotten by construction: every field of every part of the model is told, in words where there are some,
else as it is written. What is new in the model is so compared from its first day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from engine.calendars import Calendar
from engine.expressions import Expression
from engine.migration import Migration
from engine.model import Branch, Clock, Form, Guard, Notify
from engine.moments import Every, Moment
from engine.retention import Retention, Span
from engine.words.acts import branch_said
from engine.words.aspects import CONCERNS, KINDS, Audience
from engine.words.conditions import condition_said
from engine.words.effects import effects_said
from engine.words.moves import migration_said
from engine.words.placeholders import with_labels
from engine.words.promises import events_said, goal_said, rung_said
from engine.words.speech import Speech, every_action
from engine.words.times import every_said, length_said, moment_said, span_said

Subject = tuple[str, ...]
"""What a part belongs to: a kind, and names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that can differ."""

    subject: Subject
    aspect: str  # "" stands for the subject's being there at all
    name: str = ""  # of a guard, of a point of a promise, of one goal of several
    detail: str = ""  # of the aspect, for people
    audience: Audience
    called: str  # the subject, for people
    text: str  # in words
    exact: str  # what is compared
    beneath: str = ""  # in words, what the text alone does not tell: the condition of a guard


def parts_of(speech: Speech) -> Iterator[Part]:
    """Every part of a definition."""
    known = speech.definition
    yield from _subject(speech, ("process",), "", known)
    yield from _subject(speech, ("desk",), "", known.desk)
    yield from _subject(speech, ("opening",), "", known.opening)
    for name, clock in known.clocks.items():
        yield from _subject(speech, ("clock", name), speech.clock(name), clock)
        yield from _rungs(speech, clock)
    for name, state in known.states.items():
        there = speech.renamed.get(name, name)
        yield from _subject(speech, ("state", there), speech.state(name), state)
        for timer in state.timers.values():
            yield from _subject(speech, ("timer", there, timer.name), f"{speech.state(name)}, {timer.name}", timer)
    for action in every_action(known):
        called = speech.said(action.label, action.name)
        if action.state:
            called = speech.say("bracketed", text=called, inside=speech.state(action.state))
        there = speech.renamed.get(action.state, action.state)
        yield from _subject(speech, ("action", there, action.name), called, action)
    yield from _named(speech)
    for name, calendar in known.calendars.items():
        yield from _calendar(speech, name, calendar)


def _named(speech: Speech) -> Iterator[Part]:
    """Fields, messages and all else that stands in a table of names."""
    known = speech.definition
    tables: Iterable[tuple[str, Mapping[str, Any], Callable[[str], str]]] = (
        ("field", known.fields, speech.field),
        ("fact", known.facts, speech.field),
        ("figure", known.figures, speech.field),
        ("measure", known.measures, lambda name: speech.said(known.measures[name].label, name)),
        ("party", known.desk.parties, lambda name: speech.said(known.desk.parties[name].label, name)),
        ("count", known.counts, str),
        ("schedule", known.schedule, str),
        ("event", known.incoming, str),
    )
    for kind, table, called in tables:
        for name, value in table.items():
            yield from _subject(speech, (kind, name), called(name), value)
    told = _told_to_parties(speech)
    for name, message in known.messages.items():
        yield from _subject(speech, ("to_customers" if name in told else "message", name), name, message)


def _told_to_parties(speech: Speech) -> set[str]:
    """The messages that somebody outside the desk reads."""
    effects = [effect for action in every_action(speech.definition) for effect in action.then]
    effects += [effect for state in speech.definition.states.values() for effect in state.on_enter]
    effects += [
        effect for clock in speech.definition.clocks.values() for rung in clock.thresholds for effect in rung.then
    ]
    notes = (effect for effect in effects if isinstance(effect, Notify))
    return {note.message for note in notes if any(who.kind == "party" for who in note.who)}


# -- one subject -------------------------------------------------------------------------------------------------------

_ELSEWHERE = {
    "ProcessDefinition": {
        "process", "version", "desk", "opening", "actions", "states", "clocks", "messages", "calendars", "fields",
        "facts", "figures", "measures", "counts", "schedule", "incoming", "sources", "behaviour_hash", "words_hash",
    },
    "Desk": {"name", "parties"},
    "State": {"children", "actions", "timers"},
    "Clock": {"thresholds"},
}  # fmt: skip
_ALWAYS_ELSEWHERE = {"name", "state"}


def _subject(speech: Speech, subject: Subject, called: str, value: Any) -> Iterator[Part]:
    kind = subject[0]
    if called:
        yield Part(subject=subject, aspect="", audience=KINDS[kind][0], called=called, text="", exact="there")
    left_out = _ELSEWHERE.get(type(value).__name__, set()) | _ALWAYS_ELSEWHERE
    for aspect, name, part in _flat(value):
        if aspect in left_out or part is None or part is False or part in ((), "", {}, frozenset()):
            continue
        audience = CONCERNS.get((kind, aspect), KINDS[kind][0])
        yield Part(
            subject=subject, aspect=aspect, name=name, detail=_detail(speech, part), audience=audience, called=called,
            text=_said(speech, aspect, part), exact=exact(_renamed(speech, aspect, part)),
            beneath=condition_said(speech, part.must) if isinstance(part, Guard) else "",
        )  # fmt: skip


def _renamed(speech: Speech, aspect: str, part: Any) -> Any:
    """A part that names states, by the names that the version compared with has for them."""
    if not speech.renamed or aspect not in NAMING_STATES:
        return part
    if isinstance(part, str):
        return speech.renamed.get(part, part)
    if aspect in _WAYS:
        return tuple(replace(branch, value=speech.renamed.get(branch.value, branch.value)) for branch in part)
    return type(part)(speech.renamed.get(name, name) for name in part)


def _detail(speech: Speech, part: Any) -> str:
    """When one goal of several holds; of which version cases come over."""
    if isinstance(part, Migration):
        return speech.say("from_version", version=part.since)
    if not isinstance(part, Branch):
        return ""
    if part.when is None:
        return speech.say("otherwise")
    return speech.say("if_only", condition=condition_said(speech, part.when))


def _flat(value: Any) -> Iterator[tuple[str, str, Any]]:
    """The aspects of a part: its fields, a form by what it asks, what is kept by what of it, each guard by its name."""
    for field in fields(value):
        inner = getattr(value, field.name)
        if isinstance(inner, Form | Retention):
            yield from ((part.name, "", getattr(inner, part.name)) for part in fields(inner))
        elif field.name == "goal" and len(inner) > 1:
            yield from (("goal", exact(branch.when), branch) for branch in inner)
        elif field.name == "migrate":
            yield from (("migrate", str(since), way) for since, way in inner.items())
        elif field.name == "guards":
            yield from (("guard", guard.name, guard) for guard in inner)
        else:
            yield field.name, "", inner


def _rungs(speech: Speech, clock: Clock) -> Iterator[Part]:
    for number, rung in enumerate(clock.thresholds):
        twin = sum(1 for other in clock.thresholds[:number] if other.at.text == rung.at.text)
        yield Part(
            subject=("clock", clock.name), aspect="rung", name=f"{rung.at.text}{'*' * twin}",
            audience=CONCERNS["clock", "rung"], called=speech.clock(clock.name),
            text=f"{rung_said(speech, rung)}: {effects_said(speech, rung.then)}", exact=exact(rung),
        )  # fmt: skip


def _calendar(speech: Speech, name: str, calendar: Calendar) -> Iterator[Part]:
    if name == "always":
        return
    called = speech.calendar(name)
    for aspect, value in {"": "there", **calendar.document()}.items():
        if value in (None, [], {}, "") or aspect == "calendar":
            continue
        text = speech.said(value, "") if aspect == "label" else exact(value) if aspect else ""
        subject = ("calendar", name)
        yield Part(
            subject=subject, aspect=aspect, audience="customers", called=called, text=text, exact=exact(value)
        )  # fmt: skip


# -- words -------------------------------------------------------------------------------------------------------------


def exact(value: Any) -> str:
    """A value as it is written, the same for equal ones."""
    if isinstance(value, Expression):
        return value.text
    if is_dataclass(value):
        told = ((part.name, getattr(value, part.name)) for part in fields(value))
        return ", ".join(f"{name}: {exact(inner)}" for name, inner in told if inner not in (None, (), "", False, {}))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {exact(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, frozenset | set):
        return exact(sorted(value))
    if isinstance(value, tuple | list):
        return ", ".join(exact(inner) for inner in value)
    return str(value)


_PEOPLE = {"by", "never_by", "seen_by"}
_EVENTS = {"starts", "met_by", "pauses_in", "cancelled_by", "restarts_on", "places", "needs", "removed"}
_FIELDS = {"require", "allow", "show", "columns", "same"}
_EFFECTS = {"then", "on_enter"}
_STATES = {"initial", "parent"}
_WAYS = {"to", "decide", "done"}
NAMING_STATES = _EVENTS | _STATES | _WAYS
"""Aspects in which states are named."""


def _said(speech: Speech, aspect: str, value: Any) -> str:
    """A part in words where there are some, else as it is written."""
    if aspect in _PEOPLE:
        return speech.people(value)
    if aspect in _EVENTS:
        order = list(speech.definition.states)
        names = (
            sorted(value, key=lambda name: order.index(name))
            if isinstance(value, frozenset) and aspect == "places"
            else value
        )
        return events_said(speech, names)
    if aspect in _FIELDS and isinstance(value, tuple):
        return speech.listed(speech.quoted(speech.field(name)) for name in value)
    if aspect in _EFFECTS:
        return effects_said(speech, value)
    if aspect == "action":
        return speech.quoted(speech.action(value))
    if aspect in _STATES:
        return speech.quoted(speech.state(value))
    if aspect in _WAYS:
        return speech.say("semicolon").join(branch_said(speech, branch, len(value) > 1) for branch in value)
    return _said_by_kind(speech, aspect, value)


def _in_order(speech: Speech, names: Iterable[str]) -> list[str]:
    """Names as they are written; those of a set in the order of the states, then of the alphabet."""
    if not isinstance(names, frozenset):
        return list(names)
    order = list(speech.definition.states)
    return sorted(names, key=lambda name: (order.index(name) if name in order else len(order), name))


def _said_by_kind(speech: Speech, aspect: str, value: Any) -> str:
    """A part in the words for its kind, else in those for its aspect."""
    said = next((said for kind, said in _SAID_OF.items() if isinstance(value, kind)), None) or _SAID_AS.get(aspect)
    if said is not None:
        return said(speech, value)
    if aspect in ("label", "text") and isinstance(value, Mapping):
        return speech.said(value, "")
    return speech.say("yes") if value is True else exact(value)


_SAID_OF: Mapping[type, Callable[[Speech, Any], str]] = {
    Branch: lambda speech, branch: moment_said(speech, branch.value),
    Moment: moment_said,
    Span: span_said,
    Every: every_said,
    Expression: condition_said,
    Migration: migration_said,
    Guard: lambda speech, guard: with_labels(speech, guard.words, guard.name),
}
_SAID_AS: Mapping[str, Callable[[Speech, Any], str]] = {
    "goal": goal_said,
    "within": length_said,
    "waiting_on": lambda speech, branches: speech.listed(_waiting(speech, branch) for branch in branches),
    "choices": lambda speech, choices: speech.listed(speech.said(words, name) for name, words in choices.items()),
    "target": lambda _, share: f"{share * 100:g}%",
    "calendar": lambda speech, name: speech.quoted(speech.calendar(name)),
}


def _waiting(speech: Speech, branch: Branch[Any]) -> str:
    who = speech.people(branch.value)
    if branch.when is None:
        return who
    condition = speech.say("if_only", condition=condition_said(speech, branch.when))
    return speech.say("waits_if", who=who, condition=condition)
