"""What is assumed of a desk: when cases come, what people do with them and how long it takes, who is there when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from engine.calendars import Calendar

SpreadKind = Literal["fixed", "exponential", "uniform", "triangular", "past"]


@dataclass(frozen=True, slots=True)
class Spread:
    """Durations in ms, as they vary: one, a mean, least and most, least, likely and most, or those of the past."""

    kind: SpreadKind
    values: tuple[int, ...]

    def draw(self, lots: Random) -> int:
        """One duration."""
        match self.kind:
            case "exponential":
                return round(lots.expovariate(1.0) * self.values[0])
            case "uniform":
                return lots.randint(*self.values)
            case "triangular":
                low, likely, high = self.values
                return round(lots.triangular(low, high, likely))
            case _:
                return lots.choice(self.values) if len(self.values) > 1 else self.values[0]


AT_ONCE = Spread("fixed", (0,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody gives for a field: a value as typed, one of several by chance, people of a role, a time ahead."""

    plain: object = None
    choices: tuple[tuple[str, float], ...] = ()  # value, weight
    one_of: str = ""  # a person of this role, those who are there first
    all_of: str = ""  # everybody of this role who is there
    ahead: Spread | None = None  # so long after now


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """How an action comes about."""

    action: str
    chance: float = 1.0  # against the other actions possible there
    after: Spread = AT_ONCE  # before anybody is needed: a customer thinks, a parcel travels
    takes: Spread = AT_ONCE  # somebody's time
    needs_nobody: bool = False  # a system does it
    answers: Mapping[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Cases that come: so many an hour while a calendar is open, at random, or those of the past."""

    per_hour: float = 0.0
    calendar: Calendar | None = None
    past: tuple[int, ...] = ()  # ms UTC, in order


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """People of the same roles who come at the same hours."""

    roles: tuple[str, ...]
    count: int
    calendar: Calendar

    @property
    def name(self) -> str:
        """What it is called in figures."""
        return " + ".join(self.roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """A whole file."""

    process: str
    since: int  # ms UTC: the first midnight
    days: int
    arrivals: tuple[Arrivals, ...]
    opener: str  # the role that opens cases
    opening: Mapping[str, Answer]
    facts: Mapping[str, Answer]
    doings: Mapping[str, Doing]  # by action
    teams: tuple[Team, ...]
