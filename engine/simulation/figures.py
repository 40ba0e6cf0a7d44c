"""What a simulation has shown: promises, cases, work that waited, and how busy people were, hour by hour of a day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from engine.calendars import openings
from engine.core.attainment import Attainment, Spread, spread
from engine.core.cases import Reason
from engine.fields import Words
from engine.simulation.assumptions import Team
from engine.timeline import wall_at

HOUR, HOURS = 3_600_000, 24


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFigures:
    """Work that waited for a role."""

    role: str
    done: int  # actions begun by somebody of it
    waited: Spread  # ms, from when somebody was needed; of those begun
    mean_wait: float  # ms
    queue: tuple[float, ...]  # on average in line, in each hour of the day
    longest: int
    left: int  # in line at the end


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamFigures:
    """How busy people were."""

    name: str
    count: int
    busy: float | None  # of the time they were there; above 1 where work ran over their hours; None: never there
    by_hour: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What was assumed and did not come about."""

    action: str  # `opening` for an opening
    rule: str
    count: int
    words: Words  # of the first


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What one variant has shown."""

    title: str
    days: int
    seed: int
    opened: int
    closed: int
    lasted: Spread  # ms, of the closed
    stuck: int  # open cases in which nothing can happen any more
    apart: int  # cases of other processes that were opened and stand still
    promises: tuple[Attainment, ...]  # by clock
    total: Attainment
    roles: tuple[RoleFigures, ...]
    teams: tuple[TeamFigures, ...]
    refused: tuple[Refusal, ...]


class Hours:
    """A measure summed up over time, by hour of the day in one zone."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self.sums = [0.0] * HOURS

    def add(self, since: int, until: int, amount: float = 1.0) -> None:
        """So much, all the time between two instants."""
        while since < until:
            wall = wall_at(self.zone, since)
            end = min(until, since + HOUR - wall % HOUR)
            self.sums[wall // HOUR % HOURS] += (end - since) * amount
            since = end


@dataclass(slots=True)
class _Line:
    """How many are in line for a role, over time."""

    hours: Hours
    since: int
    length: int = 0
    longest: int = 0

    def change(self, now: int, by: int) -> None:
        self.hours.add(self.since, now, self.length)
        self.since, self.length = now, self.length + by
        self.longest = max(self.longest, self.length)


@dataclass(slots=True)
class Counting:
    """Counts while a simulation runs."""

    zone: str
    since: int
    lines: dict[str, _Line] = field(default_factory=dict)
    waits: dict[str, list[int]] = field(default_factory=dict)
    busy: dict[str, Hours] = field(default_factory=dict)
    refused: dict[tuple[str, str], Refusal] = field(default_factory=dict)

    def line(self, role: str, now: int, by: int) -> None:
        """One more in line for a role, or one less."""
        if role not in self.lines:
            self.lines[role] = _Line(Hours(self.zone), self.since)
        self.lines[role].change(now, by)

    def begun(self, role: str, waited: int) -> None:
        """Somebody of a role has begun something that has waited so long."""
        self.waits.setdefault(role, []).append(waited)

    def refuse(self, action: str, reason: Reason) -> None:
        """Something was refused."""
        known = self.refused.get((action, reason.rule)) or Refusal(
            action=action, rule=reason.rule, count=0, words=reason.words
        )
        self.refused[action, reason.rule] = replace(known, count=known.count + 1)

    def worked(self, team: Team, since: int, until: int) -> None:
        """Somebody of a team was busy."""
        self.busy.setdefault(team.name, Hours(self.zone)).add(since, until)

    def roles(self, until: int, days: int) -> tuple[RoleFigures, ...]:
        """The figures of every role for which work waited or was done."""
        found = []
        for role in sorted({*self.lines, *self.waits}):
            self.line(role, until, 0)
            line, waits = self.lines[role], self.waits.get(role, [])
            found.append(
                RoleFigures(
                    role=role, done=len(waits), waited=spread(waits), longest=line.longest, left=line.length,
                    mean_wait=sum(waits) / len(waits) if waits else 0.0,
                    queue=tuple(total / (days * HOUR) for total in line.hours.sums),
                )
            )  # fmt: skip
        return tuple(found)

    def teams(self, teams: tuple[Team, ...], until: int) -> tuple[TeamFigures, ...]:
        """The figures of every team; those of the same roles together."""
        there: dict[str, Hours] = {}
        counts: Counter[str] = Counter()
        for team in teams:
            counts[team.name] += team.count
            hours = there.setdefault(team.name, Hours(self.zone))
            for begin, end in openings(team.calendar, self.since, until):
                hours.add(begin, end, team.count)
        found = []
        for name, hours in there.items():
            busy = self.busy.get(name, Hours(self.zone)).sums
            shares = tuple(part / whole if whole else None for part, whole in zip(busy, hours.sums, strict=True))
            whole = sum(hours.sums)
            found.append(
                TeamFigures(name=name, count=counts[name], busy=sum(busy) / whole if whole else None, by_hour=shares)
            )
        return tuple(found)
