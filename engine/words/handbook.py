"""The operator's handbook of a process: a page for each state, then one for each promise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.chart.drawing import around
from engine.expressions import Expression
from engine.model import Action, Clock, State
from engine.words.acts import Act, act_said, branch_said, opening_said, possible_in
from engine.words.conditions import condition_said
from engine.words.effects import effects_said
from engine.words.promises import Promise, goal_said, promises
from engine.words.speech import Speech, every_action
from engine.words.times import span_said, timer_said


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockHere:
    """What one promise does in a state."""

    name: str
    label: str  # with its goal
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What an operator must know of one state."""

    name: str
    label: str
    meaning: tuple[str, ...]
    acts: tuple[Act, ...]
    itself: tuple[str, ...]  # what happens without anybody's action
    clocks: tuple[ClockHere, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handbook:
    """What an operator must know of a process."""

    process: str
    version: int
    title: str
    about: tuple[str, ...]
    opening: Act
    pages: tuple[Page, ...]
    promises: tuple[Promise, ...]
    speech: Speech


def handbook_of(speech: Speech) -> Handbook:
    """Write the handbook of a process."""
    definition = speech.definition
    label = speech.said(definition.label, definition.process)
    plain = definition.calendar == "always"
    calendar = speech.say("around_the_clock") if plain else speech.quoted(speech.calendar(definition.calendar))
    return Handbook(
        process=definition.process,
        version=definition.version,
        title=speech.say("handbook", process=label),
        about=(
            speech.say("about_version", number=definition.version, calendar=calendar),
            *_never(speech),
            *_kept(speech),
        ),
        opening=opening_said(speech),
        pages=tuple(page_of(speech, state) for state in definition.states.values()),
        promises=promises(speech),
        speech=speech,
    )


def _never(speech: Speech) -> Iterator[str]:
    if never := speech.definition.never_by:
        yield speech.say("never_at_all", who=speech.people(never))


def _kept(speech: Speech) -> Iterator[str]:
    if (retention := speech.definition.retention) is None:
        return
    for key, span in (("private_for", retention.private), ("kept_for", retention.keep)):
        if span is not None:
            yield speech.say(key, span=span_said(speech, span))


def page_of(speech: Speech, state: State) -> Page:
    """Write the page of one state. What a group offers stands on the pages of the states inside it."""
    acts = () if state.children else tuple(possible_in(speech.definition, state.name))
    return Page(
        name=state.name,
        label=speech.state(state.name),
        meaning=tuple(_meaning(speech, state)),
        acts=tuple(act_said(speech, action) for action in acts),
        itself=tuple(_itself(speech, state)),
        clocks=tuple(_clocks(speech, state, acts)),
    )


# -- what it means -----------------------------------------------------------------------------------------------------


def _meaning(speech: Speech, state: State) -> Iterator[str]:
    states = speech.definition.states
    if state.final is not None:
        outcome = speech.say(state.final)
        yield outcome if state.final == "region" else speech.say("case_ends", outcome=outcome)
    if waiting := _waiting(speech, state):
        yield speech.say("case_waits", who=waiting)
    if state.children:
        named = speech.listed(speech.quoted(speech.state(name)) for name in state.children)
        yield speech.say("is_parallel" if state.parallel else "is_group", states=named)
    if groups := list(around(states, state.name)):
        yield speech.say("part_of", group=speech.listed(speech.quoted(speech.state(name)) for name in groups))
    if ways := list(_ways_in(speech, state.name)):
        yield speech.say("comes_from", ways=speech.listed(ways))


def _waiting(speech: Speech, state: State) -> str:
    """Whom a case waits on, by its own word or that of the nearest group around it."""
    states = speech.definition.states
    places = (states[name] for name in (state.name, *around(states, state.name)))
    said = next((place.waiting_on for place in places if place.waiting_on), ())
    return speech.listed(
        speech.people(branch.value)
        if branch.when is None
        else speech.say("waits_if", who=speech.people(branch.value), condition=_if(speech, branch.when))
        for branch in said
    )


def _if(speech: Speech, when: Expression) -> str:
    return speech.say("if_only", condition=condition_said(speech, when))


def _ways_in(speech: Speech, name: str) -> Iterator[str]:
    definition = speech.definition
    if name == definition.initial:
        yield speech.say("the_opening")
    for action in every_action(definition):
        if any(branch.value == name for branch in action.to):
            label = speech.quoted(speech.said(action.label, action.name))
            places = [action.state] if action.state else [one for one in definition.states if one in action.places]
            from_ = speech.listed(speech.state(place) for place in places)
            yield speech.say("way_from", action=label, state=from_) if places else label
    for state in definition.states.values():
        for timer in state.timers.values():
            if any(branch.value == name for branch in timer.to):
                yield speech.say("way_from", action=timer_said(speech, timer), state=speech.state(state.name))
        if any(branch.value == name for branch in (*state.decide, *state.done)):
            yield speech.say("way_from", action=speech.say("by_itself"), state=speech.state(state.name))


# -- what happens by itself --------------------------------------------------------------------------------------------


def _itself(speech: Speech, state: State) -> Iterator[str]:
    """On entering, by timers, as soon as something holds; what the groups around do counts here, too."""
    if state.on_enter:
        yield speech.say("on_entering", effects=effects_said(speech, state.on_enter))
    names = (state.name, *around(speech.definition.states, state.name)) if not state.children else (state.name,)
    for place in (speech.definition.states[name] for name in names):
        for timer in place.timers.values():
            what = [effects_said(speech, timer.then)] if timer.then else []
            what += [branch_said(speech, branch, len(timer.to) > 1) for branch in timer.to if branch.value != "stay"]
            when = timer_said(speech, timer)
            if timer.when is not None:
                when = speech.say("bracketed", text=when, inside=_if(speech, timer.when))
            yield speech.say("timer_line", when=when, what=speech.say("semicolon").join(what))
    for key, branches in (("as_soon_as", state.decide), ("when_all_done", state.done)):
        if branches:
            what = [branch_said(speech, branch, len(branches) > 1) for branch in branches]
            yield speech.say(key, what=speech.say("semicolon").join(what))


# -- what the clocks do ------------------------------------------------------------------------------------------------


def _clocks(speech: Speech, state: State, acts: Iterable[Action]) -> Iterator[ClockHere]:
    above = {state.name, *around(speech.definition.states, state.name)}
    names = [action.name for action in acts]
    for clock in speech.definition.clocks.values():
        opens = [speech.say("starts", events=speech.say("the_opening"))]
        is_first = state.name == speech.definition.initial and "opening" in clock.starts
        lines = (*(opens if is_first else ()), *_clock_lines(speech, clock, above, names))
        if lines:
            label = speech.say("clock_line", clock=speech.clock(clock.name), goal=goal_said(speech, clock.goal))
            yield ClockHere(name=clock.name, label=label, lines=lines)


def _clock_lines(speech: Speech, clock: Clock, above: set[str], acts: list[str]) -> Iterator[str]:
    if above & set(clock.pauses_in):
        yield speech.say("paused_here")
    for events, entering, acting in (
        ((*clock.starts, *clock.restarts_on), "starts_here", "starts_by"),
        (clock.met_by, "kept_here", "kept_by"),
        (clock.cancelled_by, "gone_here", "gone_by"),
    ):
        if above & set(events):
            yield speech.say(entering)
        if named := [name for name in acts if name in events]:
            yield speech.say(acting, actions=speech.listed(speech.quoted(speech.action(name)) for name in named))
