"""Looks for ways to what no scenario has seen yet: many short tries from wherever a case has come to so far.

A spot is a way a case can stand: its states, its promises, the answers that have few values. Of each spot the shortest
way there is kept; a try goes on from a spot seldom tried, does one thing more or lets time pass, and where that shows
something new its way becomes a scenario. Everything is played on the pure core; how much is tried is bounded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from engine.core.cases import Actor, Case, Reason
from engine.core.plan import Library, Plan
from engine.model import Action
from engine.scenarios.coverage import Item, Sights
from engine.scenarios.expecting import expected
from engine.scenarios.play import Outcome
from engine.scenarios.trying import DAY, HOUR, Dice, Tries, at, second_after
from engine.scenarios.world import World

LONGEST = 40
"""So many steps a way may have."""

BEGINNINGS = (0, 0, 0, 10 * HOUR, 5 * DAY)
"""How long after the start a case is opened: mostly at once, sometimes in the evening or at the weekend."""

OPENED_EVERY, SCHEDULED_EVERY = 12, 40
"""At which tries a case is opened anew by somebody, and by the calendar."""

Written = Mapping[str, Any]
"""A step as a scenario file writes it."""


class _Spot(NamedTuple):
    """Somewhere a case has come to, and the shortest way there."""

    world: World
    main: str
    way: tuple[Written, ...]


@dataclass(slots=True)
class Found:
    """The ways that showed something new, what is still unseen, and why each action was refused how often."""

    ways: list[tuple[tuple[Written, ...], frozenset[Item]]] = field(default_factory=list)
    unseen: set[Item] = field(default_factory=set)
    refused: dict[str, Counter[str]] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)


class Search:
    """One search in one process."""

    def __init__(self, plan: Plan, library: Library, start: int, dice: Dice) -> None:
        self.plan = plan
        self.library = library
        self.start = start
        self.dice = dice
        self.tries = Tries(plan, dice)
        self._others = {plan.definition.process: self.tries}
        self.zone = plan.definition.desk.zone
        self.sights = Sights(plan)
        self.found = Found()
        self._spots: dict[Any, _Spot] = {}
        self._places: dict[tuple[str, ...], list[Any]] = {}  # active leaves → the spots there
        self._order: list[tuple[str, ...]] = []
        self._visits: Counter[tuple[str, ...]] = Counter()
        schedules = plan.definition.schedule.values()
        self._schedules = [one.name for one in schedules if not one.party]  # those for parties need a register

    def run(self, seen: Iterable[Item], tries: int) -> Found:
        """Try so often, or until everything is seen."""
        self.found.unseen = set(self.sights.all) - set(seen)
        for number in range(tries):
            if not self.found.unseen:
                break
            if number % SCHEDULED_EVERY == 0 and self._schedules:
                self._open_by_calendar(self.tries.one_of(self._schedules))
            elif not self._spots or number % OPENED_EVERY == 0:
                self._open()
            else:
                self._go_on()
        return self.found

    # -- one try -----------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        world = World(self.library, self.start + self.tries.one_of(BEGINNINGS), "")
        opening = self.plan.definition.opening
        actor = self.tries.one_of([*self.tries.actors(opening, None)] or [Actor(id="agent.1", roles=("agent",))])
        form = self.tries.form(opening.form, None, world.now)
        facts = self.tries.facts(opening, form, None, world.now)
        written = {"at": at(world.now, self.zone), "open": form, **self._as(actor, facts)}
        opened = world.open(self.plan.definition.process, form, actor, facts)
        main, reasons = (opened, ()) if isinstance(opened, str) else ("", opened)
        self._look(_Spot(world, main, ()), written, reasons, "opening")

    def _open_by_calendar(self, name: str) -> None:
        process = self.plan.definition.process
        world = World(self.library, self.start, process)
        written: dict[str, Any] = {"at": at(world.now, self.zone)}
        one = self.plan.definition.schedule[name]
        until = second_after(one.every.next(world.now, self.plan.calendar(one.calendar)))
        world.wait_until(until)
        main = next((case for case, by in reversed(world.opened_by.items()) if by == name), "")
        if main:
            self._look(_Spot(world, main, ()), {**written, "until": at(until, self.zone), "schedule": name}, (), "")

    def _go_on(self) -> None:
        place = min((self.tries.one_of(self._order) for _ in range(3)), key=self._visits.__getitem__)
        self._visits[place] += 1
        spot = self._spots[self.tries.one_of(self._places[place])]
        if len(spot.way) >= LONGEST:
            return
        tried = _Spot(spot.world.twin(), spot.main, spot.way)
        acts = [*self._acts(tried)] if self.dice(4) else []
        if acts:
            self._act(tried, *min((self.tries.one_of(acts) for _ in range(2)), key=self._seldom))
        else:
            self._wait(tried)

    def _seldom(self, act: tuple[str, Case, Action]) -> tuple[bool, int]:
        """The case's own actions before those of others, and what was seldom done before what was done often."""
        return bool(act[0]), self.found.done[act[2].name]

    def _acts(self, spot: _Spot) -> Iterator[tuple[str, Case, Action]]:
        """What is offered now: in the case itself, and in those that it has opened."""
        for link, case in self._family(spot):
            plan = self.library.plan(case.process, case.version)
            for event in plan.chart.possible(case.position):
                yield from ((link, case, action) for action in plan.offered(case.position, event)[:1])

    def _family(self, spot: _Spot) -> Iterator[tuple[str, Case]]:
        main = spot.world.case(spot.main)
        yield "", main
        for link, linked in main.links.items():
            if linked in spot.world.root_of and not spot.world.case(linked).outcome:
                yield link, spot.world.case(linked)

    def _act(self, spot: _Spot, link: str, case: Case, action: Action) -> None:
        tries = self._tries_in(case)
        actors = [*tries.actors(action, case)]
        if not actors:
            return
        actor, now = self.tries.one_of(actors), spot.world.now
        form = tries.form(action.form, case, now)
        facts = tries.facts(action, form, case, now)
        written: dict[str, Any] = {"case": link} if link else {}
        written |= {"do": action.name, **self._as(actor, facts, form)}
        reasons = spot.world.act(case.id, action.name, form, actor, facts)
        self._look(spot, written, reasons, "" if link else action.name)

    def _tries_in(self, case: Case) -> Tries:
        """What can be tried in a case of whatever process."""
        if case.process not in self._others:
            self._others[case.process] = Tries(self.library.plan(case.process, case.version), self.dice)
        return self._others[case.process]

    def _wait(self, spot: _Spot) -> None:
        cases = [case for family in spot.world.families.values() for case in family.cases.values()]
        dues = [case.next_due for case in cases if case.next_due is not None]
        until = self.tries.one_of(self.tries.instants(spot.world.now, dues))
        text = at(until, self.zone)
        spot.world.wait_until(until)
        self._look(spot, {"until": text}, (), "")

    def _as(self, actor: Actor, facts: Mapping[str, Any], form: Mapping[str, Any] | None = None) -> dict[str, Any]:
        said: dict[str, Any] = {"as": f"{actor.roles[0]}:{actor.id}"}
        said |= {"with": form} if form else {}
        return said | ({"facts": facts} if facts else {})

    # -- what came of it ---------------------------------------------------------------------------------------------

    def _look(self, spot: _Spot, written: dict[str, Any], reasons: tuple[Reason, ...], act: str) -> None:
        """Keep what a try has shown, and where it has led."""
        world = spot.world
        refusals = tuple((self.plan.definition.process, act, one.rule) for one in reasons) if act else ()
        outcome = Outcome(scenario="", failure=None, steps=tuple(world.steps), refusals=refusals)
        self._count(act, reasons)
        new = self.sights.of(outcome) & self.found.unseen
        if reasons:
            written["refused"] = list(dict.fromkeys(one.rule for one in reasons))
        if spot.main:
            cases = {case.id: case for case in world.families[world.root_of[spot.main]].cases.values()}
            own = [step for step in world.steps if step.case.id in cases]
            written["expect"] = expected(own, cases, spot.main, self._link_of(cases, spot.main))
        way = (*spot.way, written)
        if new:
            self.found.unseen -= new
            self.found.ways.append((way, frozenset(new)))
        if spot.main and not reasons:
            key = _key(world.case(spot.main), self.plan)
            if key not in self._spots:
                self._places.setdefault(key[0].leaves, []).append(key)
                self._order = [*self._places]
            if key not in self._spots or len(self._spots[key].way) > len(way):
                self._spots[key] = _Spot(world.twin(), spot.main, way)

    def _link_of(self, cases: Mapping[str, Case], main: str) -> Any:
        links = {child: link for link, child in cases[main].links.items()}
        return lambda case: links.get(case, case)

    def _count(self, act: str, reasons: Iterable[Reason]) -> None:
        rules = [one.rule for one in reasons]
        if act and not rules:
            self.found.done[act] += 1
        for rule in rules if act else ():
            self.found.refused.setdefault(act, Counter())[rule] += 1


def _key(case: Case, plan: Plan) -> Any:
    """How a case stands, as far as its way on may depend on it."""
    few = tuple(
        (name, value) for name, value in case.data.items()
        if isinstance(value, bool) or plan.definition.fields[name].type == "choice"
    )  # fmt: skip
    clocks = tuple((name, head.status) for name, head in case.clocks.items())
    return case.position, few, clocks, len(case.links), tuple(min(done.count, 3) for done in case.done.values())
