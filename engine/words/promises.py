"""What the clocks of a process will do, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.model import Branches, Clock, Threshold
from engine.moments import Moment
from engine.words.conditions import condition_said
from engine.words.effects import effects_said
from engine.words.speech import Speech
from engine.words.times import length_said, moment_said


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A clock as a reader meets it."""

    name: str
    label: str
    goal: str
    terms: tuple[str, ...]  # when it starts, what keeps it, when it stands still
    rungs: tuple[tuple[str, str], ...]  # when, and what happens then


def promises(speech: Speech) -> tuple[Promise, ...]:
    """Every clock of a process."""
    return tuple(promise_said(speech, clock) for clock in speech.definition.clocks.values())


def promise_said(speech: Speech, clock: Clock) -> Promise:
    """One clock in words."""
    return Promise(
        name=clock.name,
        label=speech.said(clock.label, clock.name),
        goal=goal_said(speech, clock.goal),
        terms=tuple(_terms(speech, clock)),
        rungs=tuple((rung_said(speech, rung), effects_said(speech, rung.then)) for rung in clock.thresholds),
    )


def goal_said(speech: Speech, goal: Branches[Moment]) -> str:
    """A goal, with what it depends on."""
    parts = []
    for branch in goal:
        text = moment_said(speech, branch.value)
        if branch.when is not None:
            text = speech.say("if", condition=condition_said(speech, branch.when), text=text)
        elif len(goal) > 1:
            text = speech.say("colon", head=speech.say("otherwise"), text=text)
        parts.append(text)
    return speech.say("semicolon").join(parts)


def rung_said(speech: Speech, rung: Threshold) -> str:
    """When a threshold is reached, and how often it comes again."""
    text = moment_said(speech, rung.at)
    if rung.every is not None:
        again = speech.say("every", length=length_said(speech, rung.every))
        text = speech.say("first_after", first=text, every=again)
        if rung.max is not None:
            text = speech.say("at_most", text=text, count=rung.max)
    if rung.when is not None:
        text = speech.say("bracketed", text=text, inside=_if(speech, rung))
    return text


def _if(speech: Speech, rung: Threshold) -> str:
    return speech.say("if_only", condition=condition_said(speech, rung.when)) if rung.when is not None else ""


def _terms(speech: Speech, clock: Clock) -> Iterator[str]:
    if clock.when is not None:
        yield speech.say("only_if", condition=condition_said(speech, clock.when))
    yield speech.say("starts", events=events_said(speech, clock.starts))
    for key, names in (
        ("met_by", clock.met_by), ("pauses_in", clock.pauses_in), ("cancelled_by", clock.cancelled_by),
        ("restarts_on", clock.restarts_on),
    ):  # fmt: skip
        if names:
            yield speech.say(key, events=events_said(speech, names))
    if clock.pauses_when is not None:
        yield speech.say("pauses_when", condition=condition_said(speech, clock.pauses_when))
    if clock.repeats:
        yield speech.say("repeats")
    if (clock.calendar or speech.definition.calendar) != "always":
        yield speech.say(
            "counted_by", calendar=speech.quoted(speech.calendar(clock.calendar or speech.definition.calendar))
        )
    if clock.target is not None:
        yield speech.say("target", percent=f"{clock.target * 100:g}%")


def events_said(speech: Speech, names: Iterable[str]) -> str:
    """Actions and states by their labels, the opening by its own word."""
    return speech.listed(event_said(speech, name) for name in names)


def event_said(speech: Speech, name: str) -> str:
    """An action, a state or the opening."""
    if name == "opening":
        return speech.say("the_opening")
    is_state = name in speech.definition.states
    return speech.quoted(speech.state(name) if is_state else speech.action(name))
