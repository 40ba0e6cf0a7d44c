"""What a simulation has shown: promises, cases, work that waited, and how busy people were, hour by hour of a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.calendars import openings
from engine.core.cases import Reason
from engine.core.promises.attainment import Attainment, Spread, Sums, spread
from engine.fields import Words
from engine.simulation.assumptions import Team
from engine.timeline import DAY, wall_at

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
    runs: int  # so many times the days were played; what is counted is of all of them
    seed: int
    opened: int
    closed: int
    lasted: Spread  # ms, of the closed
    stuck: int  # open cases in which nothing can happen any more
    apart: int  # cases of other processes that were opened and stand still
    promises: tuple[Attainment, ...]  # by clock
    between: Mapping[str, tuple[float, float]]  # by clock: attained in the worst and in the best run
    total: Attainment
    roles: tuple[RoleFigures, ...]
    teams: tuple[TeamFigures, ...]
    refused: tuple[Refusal, ...]


class Hours:
    """A measure summed up over time, by hour of the day in one zone."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self.sums = [0.0] * HOURS
        self._hour, self._begin, self._end = 0, 0, 0  # the hour on the wall last added to: mostly the next one too

    def add(self, since: int, until: int, amount: float = 1.0) -> None:
        """So much, all the time between two instants."""
        while since < until:
            if not self._begin <= since < self._end:
                wall = wall_at(self.zone, since)
                self._hour, self._begin = wall // HOUR % HOURS, since - wall % HOUR
                self._end = self._begin + HOUR
            end = min(until, self._end)
            self.sums[self._hour] += (end - since) * amount
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
        name = team.name
        if name not in self.busy:
            self.busy[name] = Hours(self.zone)
        self.busy[name].add(since, until)

    def end(self, until: int) -> None:
        """Nothing more happens."""
        for role in (*self.lines, *self.waits):
            self.line(role, until, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one run has shown: all that figures are made of, by itself or together with other runs."""

    opened: int
    lasted: tuple[int, ...]  # ms, of the closed
    stuck: int
    apart: int
    promises: Sums  # by clock
    counting: Counting


@dataclass(frozen=True, slots=True)
class Played:
    """What was played: teams, from when to when."""

    teams: tuple[Team, ...]
    since: int
    until: int

    @property
    def days(self) -> int:
        """How many days."""
        return (self.until - self.since) // DAY


def attained_in(tallies: Sequence[Tally]) -> tuple[tuple[Attainment, ...], Attainment]:
    """How promises were kept, in all runs together."""
    sums = Sums()
    for tally in tallies:
        sums.join(tally.promises)
    return sums.results()


def between(tallies: Sequence[Tally]) -> dict[str, tuple[float, float]]:
    """How well each promise was kept in the worst and in the best run."""
    found: dict[str, list[float]] = {}
    for tally in tallies:
        for one in tally.promises.results()[0]:
            if one.attained is not None:
                found.setdefault(one.group[0], []).append(one.attained)
    return {clock: (min(shares), max(shares)) for clock, shares in found.items()}


def roles_in(tallies: Sequence[Tally], played: Played) -> tuple[RoleFigures, ...]:
    """The figures of every role for which work waited or was done: a day of all runs on average."""
    found, days = [], played.days * len(tallies)
    for role in sorted({role for tally in tallies for role in tally.counting.lines}):
        lines = [line for tally in tallies if (line := tally.counting.lines.get(role)) is not None]
        waits = [wait for tally in tallies for wait in tally.counting.waits.get(role, ())]
        sums = zip(*(line.hours.sums for line in lines), strict=True)
        found.append(
            RoleFigures(
                role=role, done=len(waits), waited=spread(waits), longest=max(line.longest for line in lines),
                mean_wait=sum(waits) / len(waits) if waits else 0.0,
                queue=tuple(sum(hour) / (days * HOUR) for hour in sums),
                left=round(sum(line.length for line in lines) / len(tallies)),
            )
        )  # fmt: skip
    return tuple(found)


def teams_in(tallies: Sequence[Tally], played: Played) -> tuple[TeamFigures, ...]:
    """The figures of every team; those of the same roles together."""
    there: dict[str, Hours] = {}
    counts: Counter[str] = Counter()
    zone = tallies[0].counting.zone
    for team in played.teams:
        counts[team.name] += team.count
        hours = there.setdefault(team.name, Hours(zone))
        for begin, end in openings(team.calendar, played.since, played.until):
            hours.add(begin, end, team.count * len(tallies))
    found = []
    for name, hours in there.items():
        each = [tally.counting.busy.get(name, Hours(zone)).sums for tally in tallies]
        busy = [sum(parts) for parts in zip(*each, strict=True)]
        shares = tuple(part / whole if whole else None for part, whole in zip(busy, hours.sums, strict=True))
        whole = sum(hours.sums)
        found.append(
            TeamFigures(name=name, count=counts[name], busy=sum(busy) / whole if whole else None, by_hour=shares)
        )
    return tuple(found)


def refused_in(tallies: Sequence[Tally]) -> tuple[Refusal, ...]:
    """What was refused, by action and rule."""
    found: dict[tuple[str, str], Refusal] = {}
    for place, one in (refused for tally in tallies for refused in tally.counting.refused.items()):
        known = found.get(place)
        found[place] = one if known is None else replace(known, count=known.count + one.count)
    return tuple(one for _, one in sorted(found.items()))
