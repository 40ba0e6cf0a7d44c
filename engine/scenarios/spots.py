"""Where the cases of a search have come to, each by the shortest way, and from which of these spots it goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.chart import Position
from engine.core.cases import Case
from engine.core.plan import Plan
from engine.scenarios.aims import View
from engine.scenarios.trying import DAY, Dice, Tries
from engine.scenarios.world import World

LONG_AGO = 8 * DAY
"""After so long a closed case may be another matter."""

Written = Mapping[str, Any]
"""A step as a scenario file writes it."""

Family = tuple[tuple[str, Position], ...]
"""Where the cases stand that a case is linked with, by their links, as far as its way on may depend on them."""


class Spot(NamedTuple):
    """Somewhere a case has come to, and the shortest way there."""

    world: World
    main: str
    way: tuple[Written, ...]

    @property
    def case(self) -> Case:
        """The case itself."""
        return self.world.case(self.main)


class Spots:
    """The spots that one search has found."""

    def __init__(self, plan: Plan, tries: Tries, dice: Dice) -> None:
        self._plan = plan
        self._tries = tries
        self._dice = dice
        self._spots: dict[Any, Spot] = {}  # oldest first
        self._keys: list[Any] = []  # theirs, in the same order
        self._places: dict[tuple[str, ...], list[Any]] = {}  # active leaves → the keys of the spots there
        self._order: list[tuple[str, ...]] = []
        self._visits: Counter[tuple[str, ...]] = Counter()

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._spots)

    def keep(self, spot: Spot, family: Family) -> None:
        """Keep it where it is a new spot or the way there is shorter; of equal ones, which may differ within, any."""
        case = spot.case
        key = (*_key(case, self._plan), *self._hour(case, spot.world.now), family)
        if key not in self._spots:
            self._places.setdefault(case.position.leaves, []).append(key)
            self._order = [*self._places]
            self._keys.append(key)
        longer = len(self._spots[key].way) - len(spot.way) if key in self._spots else 1
        if longer > 0 or (longer == 0 and not self._dice(4)):
            self._spots[key] = spot._replace(world=spot.world.twin())

    def anywhere(self) -> Spot:
        """A spot of a place where the search has seldom been."""
        place = min((self._tries.one_of(self._order) for _ in range(3)), key=self._visits.__getitem__)
        self._visits[place] += 1
        return self._spots[self._tries.one_of(self._places[place])]

    def near(self, view: View) -> Spot:
        """A spot near where it may show: first of as different cases as there are, then one of the nearest of these."""
        for key in self._keys[view.known :]:
            view.note(key, self._spots[key].case)
        places = view.places[self._tries.one_of([*view.places])]
        nearest = min(view.far[place] for place in places)
        near = [place for place in places if view.far[place] == nearest] if self._dice(4) else [*places]
        place = min((self._tries.one_of(near) for _ in range(2)), key=lambda one: (view.far[one], self._visits[one]))
        self._visits[place] += 1
        return self._spots[self._tries.one_of(places[place])]

    def _hour(self, case: Case, now: int) -> tuple[bool, ...]:
        """What of the time the way on may depend on: which hours are open, and whether the case closed long ago."""
        return (case.closed_at is not None and now - case.closed_at > LONG_AGO, *self._tries.hours(now))


def _key(case: Case, plan: Plan) -> Any:
    """How a case stands, as far as its way on may depend on it."""
    few = tuple(
        (name, value) for name, value in case.data.items()
        if isinstance(value, bool) or plan.definition.fields[name].type == "choice"
    )  # fmt: skip
    acted = {actor for done in case.done.values() for actor in done.actors}
    fields = plan.definition.fields.values()
    people = tuple(case.data.get(field.name) in acted for field in fields if field.type == "person")
    clocks = tuple((name, head.status) for name, head in case.clocks.items())
    like = tuple(min(count, 5) for count in case.counts.values())
    return (
        case.position,
        few,
        people,
        like,
        clocks,
        len(case.links),
        tuple(min(done.count, 3) for done in case.done.values()),
    )
