"""What people give with an action: answers to its form, and what the desk brings, drawn by lot where they vary.

What never varies is read once, as the engine reads it, and stands in every form ready to be kept.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from random import Random
from typing import Any, Generic, TypeVar

from engine.core.forms import Taken
from engine.fields import Field, Invalid, read
from engine.simulation.assumptions import Answer
from engine.simulation.people import Person, Roster
from engine.values import rfc3339

T = TypeVar("T")
Draw = Callable[[Random, int], Any]
"""A value by these lots at an instant."""


class Lottery(Generic[T]):
    """One of several by their weights, as `Random.choices` draws it, with the weights summed up once."""

    def __init__(self, tickets: Iterable[tuple[T, float]]) -> None:
        tickets = tuple(tickets)
        self.things = tuple(thing for thing, _ in tickets)
        self._sums = [*accumulate(weight for _, weight in tickets)]
        self._whole, self._last = self._sums[-1] + 0.0, len(tickets) - 1

    def draw(self, lots: Random) -> T:
        """One of them."""
        return self.things[bisect(self._sums, lots.random() * self._whole, 0, self._last)]


class Answering:
    """The answers to one form, or the facts that one action asks for."""

    def __init__(self, answers: Mapping[str, Answer], fields: Mapping[str, Field], zone: str, roster: Roster) -> None:
        self._draws = {
            name: draw
            for name, answer in answers.items()
            if (draw := _drawn(answer, fields[name], zone, roster)) is not None
        }
        self._usual = {  # in the order in which they are written: a refusal names the first that will not do
            name: None if name in self._draws else _taken(answer.plain, fields[name], zone)
            for name, answer in answers.items()
        }

    def given(self, lots: Random, now: int) -> Mapping[str, Any]:
        """A form as it is given; whoever reads it changes nothing in it."""
        if not self._draws:
            return self._usual
        given = dict(self._usual)
        for name, draw in self._draws.items():
            given[name] = draw(lots, now)
        return given


def _drawn(answer: Answer, field: Field, zone: str, roster: Roster) -> Draw | None:
    """How an answer comes about that varies; None for one that does not."""
    if answer.choices:
        lottery = Lottery((_chosen(value, field, zone), weight) for value, weight in answer.choices)
        return lambda lots, now: lottery.draw(lots)
    if answer.ahead is not None:
        ahead = answer.ahead
        return lambda lots, now: rfc3339(now + ahead.draw(lots))
    if answer.all_of:
        return _everybody(answer.all_of, field, zone, roster)
    if answer.one_of:
        return _somebody(answer.one_of, field, zone, roster)
    return None


def _everybody(role: str, field: Field, zone: str, roster: Roster) -> Draw:
    """All of a role who are there: the same value until others are."""
    seen: list[tuple[tuple[Person, ...], Any]] = [((), _taken([], field, zone))]

    def draw(lots: Random, now: int) -> Any:
        there = roster.there(role, now)
        if there is not seen[0][0]:
            seen[0] = there, _taken([person.actor.id for person in there], field, zone)
        return seen[0][1]

    return draw


def _somebody(role: str, field: Field, zone: str, roster: Roster) -> Draw:
    """One of a role: of those who are free, else who are there, else of all."""
    names = {person.actor.id: _taken(person.actor.id, field, zone) for person in roster.by_key.get(role, ())}

    def draw(lots: Random, now: int) -> Any:
        there = roster.there(role, now)
        free = [person for person in there if person.free_since is not None]
        known = free or there or roster.by_key.get(role, ())
        return names[lots.choice(known).actor.id] if known else None

    return draw


def _chosen(value: str, field: Field, zone: str) -> Any:
    """One of several; an empty one is no answer, which a form that does not require any takes."""
    return _taken(value, field, zone) if value.strip() else None


def _taken(raw: Any, field: Field, zone: str) -> Any:
    """A value read already; as it is where it cannot be read, or says nothing: that is for whoever asks to refuse."""
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return raw
    try:
        return Taken(read(field, raw, zone))
    except Invalid:
        return raw
