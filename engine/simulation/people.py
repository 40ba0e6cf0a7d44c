"""Who is there and free: people of the roster, each with a name of their own, and work that waits for them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from engine.calendars import openings
from engine.core.cases import Actor
from engine.simulation.assumptions import Team


class Shift:
    """When a team is there, asked for instants that go forward: so the calendar is asked once for all days."""

    def __init__(self, hours: Iterable[tuple[int, int]]) -> None:
        self._hours = iter(hours)
        self._since, self._until = 0, 0

    def is_on(self, now: int) -> bool:
        """Whether the team is there."""
        while now >= self._until:
            self._since, self._until = next(self._hours, _NEVER)
        return self._since <= now

    def lasts_until(self, now: int) -> int:
        """Until when that stays so."""
        return self._until if self.is_on(now) else self._since


_NEVER = (2**63, 2**63)


@dataclass(slots=True, eq=False)
class Person:
    """Somebody of a team."""

    actor: Actor
    team: Team
    free_since: int | None  # None: busy
    shift: Shift
    keys: tuple[str, ...]  # of the work they may do: roles, and `person:ID`


@dataclass(slots=True, eq=False)
class Task:
    """Something to be done to a case, by somebody with one of these keys: roles, or `person:ID`."""

    case: str
    place: str  # the leaf it leads on from
    action: str
    takes: int
    keys: tuple[str, ...] = ()
    wanted_at: int = 0
    is_over: bool = False  # begun, or not wanted any more


@dataclass(slots=True)
class Roster:
    """Everybody who comes between two instants, and the work that waits."""

    teams: tuple[Team, ...]
    since: int
    until: int
    people: list[Person] = field(default_factory=list)
    by_key: dict[str, list[Person]] = field(default_factory=dict)
    waiting: dict[str, deque[Task]] = field(default_factory=dict)
    _there: dict[str, tuple[int, tuple[Person, ...]]] = field(default_factory=dict)  # by role: until when, and who
    _roles: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)  # by keys

    def __post_init__(self) -> None:
        """Give everybody a name: the first role and a number."""
        numbers: dict[str, int] = {}
        for team in self.teams:
            shift = Shift(openings(team.calendar, self.since, self.until))
            for _ in range(team.count):
                numbers[team.roles[0]] = numbers.get(team.roles[0], 0) + 1
                name = f"{team.roles[0]}_{numbers[team.roles[0]]}"
                keys = (*team.roles, f"person:{name}")
                person = Person(Actor(id=name, roles=team.roles), team, 0, shift, keys)
                self.people.append(person)
                for key in keys:
                    self.by_key.setdefault(key, []).append(person)

    def there(self, role: str, now: int) -> tuple[Person, ...]:
        """Who of a role is there, asked for instants that go forward."""
        until, there = self._there.get(role, (now, ()))
        if now >= until:
            known = self.by_key.get(role, ())
            there = tuple(person for person in known if person.shift.is_on(now))
            self._there[role] = min((person.shift.lasts_until(now) for person in known), default=self.until), there
        return there

    def roles_of(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        """The roles that keys stand for, each once; of a person the first."""
        roles = self._roles.get(keys)
        if roles is None:
            roles = self._roles[keys] = tuple(dict.fromkeys(self._each_role(keys)))
        return roles

    def _each_role(self, keys: tuple[str, ...]) -> Iterator[str]:
        for key in keys:
            if not key.startswith("person:"):
                yield key
            elif known := self.by_key.get(key):
                yield known[0].team.roles[0]

    def free(self, task: Task, now: int, may: Callable[[Person, Task], bool]) -> Person | None:
        """Who has been free longest of those who are there and may do it."""
        found: Person | None = None
        longest = now + 1
        for key in task.keys:
            for person in self.by_key.get(key, ()):
                since = person.free_since
                if since is not None and since < longest and person.shift.is_on(now) and may(person, task):
                    found, longest = person, since
        return found

    def wait(self, task: Task) -> None:
        """Put work in line."""
        for key in task.keys:
            self.waiting.setdefault(key, deque()).append(task)

    def next_for(self, person: Person, may: Callable[[Person, Task], bool]) -> Task | None:
        """The work that has waited longest of what a person may do."""
        found: Task | None = None
        for key in person.keys:
            line = self.waiting.get(key)
            while line and line[0].is_over:
                line.popleft()
            for task in line or ():
                if not task.is_over and may(person, task):
                    found = task if found is None or task.wanted_at < found.wanted_at else found
                    break
        return found
