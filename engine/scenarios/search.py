"""Looks for ways to what no scenario has seen yet: many short tries from wherever a case has come to so far.

A spot is a way a case can stand: its states, its promises, the answers that have few values. Of each spot the shortest
way there is kept; a try goes on from a spot seldom tried, does one thing more or lets time pass, and where that shows
something new its way becomes a scenario. Everything is played on the pure core; how much is tried is bounded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from engine.chart import Position
from engine.core.cases import EMPTY, Actor, Case, Reason
from engine.core.plan import Library, Plan
from engine.fields import plain
from engine.model import Action
from engine.scenarios.aims import Aim, Aims, View
from engine.scenarios.coverage import Item, Sights
from engine.scenarios.expecting import expected
from engine.scenarios.kin import Openers, Way, asks_register, minds_family
from engine.scenarios.parents import open_under
from engine.scenarios.placeholders import placeholder
from engine.scenarios.play import Outcome
from engine.scenarios.registers import members, registers_for
from engine.scenarios.sent import sent_beside, sent_names
from engine.scenarios.spots import Spot, Spots, Written
from engine.scenarios.trying import DAY, HOUR, Dice, Here, Tries, at, second_after
from engine.scenarios.world import Told, World

LONGEST = 40
"""So many steps a way may have."""

BEGINNINGS = (0, 0, 0, 10 * HOUR, 5 * DAY)
"""How long after the start a case is opened: mostly at once, sometimes in the evening or at the weekend."""

OPENED_EVERY, SCHEDULED_EVERY = 12, 40
"""At which tries a case is opened anew by somebody, and by the calendar."""

TRIED_UNDER = 20
"""How often a case is tried to be opened under each case that may open it, until it is."""

AGAIN_EVERY, HEARD_EVERY = 16, 8
"""How seldom a case like it is opened beside, and another system tells something, where a process looks for that."""


class _Tried(NamedTuple):
    """One try: the step as it is written, and what came of it."""

    written: dict[str, Any]
    reasons: tuple[Reason, ...] = ()
    act: str = ""  # an action of the main case, or `opening`
    heard: Mapping[str, str] = EMPTY  # what became of an event
    unheard: tuple[str, ...] = ()  # an event to which no case fitted


@dataclass(slots=True)
class Found:
    """The ways that showed something new, what is still unseen, and why each action was refused how often."""

    ways: list[tuple[tuple[Written, ...], frozenset[Item]]] = field(default_factory=list)
    unseen: set[Item] = field(default_factory=set)
    refused: dict[str, Counter[str]] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    parents: dict[Way, tuple[Written, ...]] = field(default_factory=dict)  # a child's opening, by who opens it


class Search:
    """One search in one process."""

    def __init__(self, plan: Plan, library: Library, start: int, dice: Dice) -> None:
        self.plan = plan
        self.library = library
        self.start = start
        self.dice = dice
        self.register = registers_for(library.plans.values()) if asks_register(plan, library) else {}
        desk = plan.definition.desk
        self._members = {party: members(desk, party, kept) for party, kept in self.register.items()}
        self.tries = Tries(plan, dice, self.register)
        self._others = {plan.definition.process: self.tries}
        self.zone = plan.definition.desk.zone
        self.sights = Sights(plan)
        self.found = Found()
        self._spots = Spots(plan, self.tries, dice)
        self.aims = Aims(plan)
        self._openers = Openers(plan, library)
        self._minds_family = minds_family(plan, library) or self._openers.tell
        self._told = {action.name for action in plan.actions() if not action.by}
        self._unseen: list[Item] = []
        self._chase: tuple[Aim, Spot] | None = None
        self._views: dict[Item, View] = {}
        self._schedules = [*plan.definition.schedule]

    def run(self, seen: Iterable[Item], tries: int) -> Found:
        """Try so often, or until everything is seen."""
        self.found.unseen = set(self.sights.all) - set(seen)
        for way in self._openers.ways:
            world = self._world(self.start)
            written = {"at": at(world.now, self.zone)}
            for _ in range(TRIED_UNDER):
                if self._open_under(way, Spot(world.twin(), "", ()), dict(written)) is not None:
                    break
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

    def _world(self, now: int, scheduled: str = "") -> World:
        world = World(self.library, now, scheduled)
        world.members = {party: [*known] for party, known in self._members.items()}
        return world

    def _open(self) -> None:
        world = self._world(self.start + self.tries.one_of(BEGINNINGS))
        self._open_in(Spot(world, "", ()), {"at": at(world.now, self.zone)}, {})

    def _open_again(self, spot: Spot) -> None:
        """Open a case like the one there is: where others like it are counted, or there may be no other."""
        case = spot.case
        same = {name for names in self.plan.looked_up for name in names} & case.data.keys()
        fields = self.plan.definition.fields
        self._open_in(spot, {}, {name: plain(fields[name], case.data[name]) for name in same})

    def _open_in(self, spot: Spot, written: dict[str, Any], same: Mapping[str, Any]) -> None:
        world, opening = spot.world, self.plan.definition.opening
        if not spot.main and self._openers.ways and not self.dice(3):
            self._open_under(self.tries.one_of(self._openers.ways), spot, written)
            return
        actor = self.tries.one_of([*self.tries.actors(opening, None)] or [Actor(id="agent.1", roles=("agent",))])
        here = Here(None, world.now, actor.id)
        asked = (*opening.form.require, *opening.form.allow)
        form = {**self.tries.form(opening.form, here), **{name: same[name] for name in asked if name in same}}
        facts = self.tries.facts(opening, form, here)
        written |= {"open": form, **self._as(actor, facts)}
        opened = world.open(self.plan.definition.process, form, actor, facts)
        main, reasons = (opened, ()) if isinstance(opened, str) else (spot.main, opened)
        self._look(Spot(world, main, spot.way), _Tried(written, reasons, "opening"))

    def _open_under(self, way: Way, spot: Spot, written: dict[str, Any]) -> Spot | None:
        """Open it as the child of a case that stands in."""
        world = spot.world
        parent, form, facts = self._openers.draw(way, self.tries, Here(None, world.now, ""))
        said = {"process": parent.process, "as": parent.link} | ({"state": parent.states[0]} if parent.states else {})
        written |= {"open": form, "parent": said} | ({"facts": facts} if facts else {})
        opened = open_under(world, self.plan, parent, form, facts)
        main, reasons = (opened, ()) if isinstance(opened, str) else (spot.main, opened)
        led = self._look(Spot(world, main, spot.way), _Tried(written, reasons, "opening"))
        if led is not None:
            self.found.parents.setdefault(way, led.way)
        return led

    def _open_by_calendar(self, name: str) -> None:
        world = self._world(self.start, self.plan.definition.process)
        one = self.plan.definition.schedule[name]
        until = second_after(one.every.next(world.now, self.plan.calendar(one.calendar)))
        world.wait_until(until)
        main = next((case for case, by in reversed(world.opened_by.items()) if by == name), "")
        if main:
            self._look(Spot(world, main, ()), _Tried({"until": at(until, self.zone), "schedule": name}))

    def _go_on(self) -> None:
        aim, spot = self._next()
        self._chase = None
        if len(spot.way) >= LONGEST:
            return
        tried = Spot(spot.world.twin(), spot.main, spot.way)
        if self.plan.looked_up and not self.dice(AGAIN_EVERY):
            self._open_again(tried)
        elif self.plan.definition.incoming and not self.dice(HEARD_EVERY):
            self._hear(tried)
        elif aim is not None and self.dice(4):
            leading = aim.leading(self.plan.place(spot.case.position).active)
            came = self._lead(tried, leading if self.dice(4) else aim.turning)
            self._chase = came and (aim, came)
        else:
            self._try(tried, [*self._acts(tried)] if self.dice(4) else [])

    def _next(self) -> tuple[Aim | None, Spot]:
        """From where to go on, and at what that aims: mostly after the step that has just led on."""
        if self._chase is not None and self.dice(4):
            return self._chase
        if not self.dice(3):
            return None, self._spots.anywhere()
        item = self.tries.one_of(self._aimed_at())
        if item not in self._views:
            self._views[item] = View(self.aims.of(item), self.plan)
        return self._views[item].aim, self._spots.near(self._views[item])

    def _lead(self, spot: Spot, names: Set[str]) -> Spot | None:
        """Do one of some actions of the case; let time pass, or act in cases it has opened, where that may lead on."""
        minds = self._minds_family and ("" in names or not self._told.isdisjoint(names))
        acts = [act for act in self._acts(spot) if (minds if act[0] else act[2].name in names)]
        return self._try(spot, [] if "" in names and not self.dice(2) else acts)

    def _try(self, spot: Spot, acts: list[tuple[str, Case, Action]]) -> Spot | None:
        if acts:
            return self._act(spot, *min((self.tries.one_of(acts) for _ in range(2)), key=self._seldom))
        return self._wait(spot)

    def _aimed_at(self) -> list[Item]:
        """What is not seen yet, in an order that is always the same."""
        if len(self._unseen) != len(self.found.unseen):
            self._unseen = sorted(self.found.unseen)
        return self._unseen

    def _seldom(self, act: tuple[str, Case, Action]) -> tuple[bool, int]:
        """The case's own actions before those of others, and what was seldom done before what was done often."""
        return bool(act[0]), self.found.done[act[2].name]

    def _acts(self, spot: Spot) -> Iterator[tuple[str, Case, Action]]:
        """What is offered now: in the case itself, in those that it has opened, and in those that these have."""
        for link, case in self._family(spot):
            plan = self.library.plan(case.process, case.version)
            for event in plan.chart.possible(case.position):
                yield from ((link, case, action) for action in plan.course(case.position, event).actions[:1])

    def _family(self, spot: Spot) -> Iterator[tuple[str, Case]]:
        family = [("", spot.case)]
        for name, case in family:  # grows while it is walked
            linked = ((link, child) for link, child in case.links.items() if child in spot.world.root_of)
            family += [(f"{name}.{link}".lstrip("."), spot.world.case(child)) for link, child in linked]
        parent = family[0][1].parent
        yield from [*family, ("parent", spot.world.case(parent))] if parent and self._openers.tell else family

    def _act(self, spot: Spot, link: str, case: Case, action: Action) -> Spot | None:
        tries = self._tries_in(case)
        actors = [*tries.actors(action, case)]
        if not actors:
            return None
        actor = self.tries.one_of(actors)
        here = Here(case, spot.world.now, actor.id)
        form = tries.form(action.form, here)
        facts = tries.facts(action, form, here)
        written: dict[str, Any] = {"case": link} if link else {}
        written |= {"do": action.name, **self._as(actor, facts, form)}
        reasons = spot.world.act(case.id, action.name, form, actor, facts)
        return self._look(spot, _Tried(written, reasons, "" if link else action.name))

    def _hear(self, spot: Spot) -> None:
        """Another system tells something: mostly of this case, sometimes of one that there is not."""
        incoming = self.tries.one_of([*self.plan.definition.incoming.values()])
        case, now = spot.case, spot.world.now
        acts = [one for one in self.plan.actions() if one.name == incoming.action]
        asked = self.plan.asked(tuple(acts)).form
        form = self.tries.form(asked, Here(case, now, incoming.sender))
        told = {incoming.values.get(name, name): value for name, value in form.items()}
        fields = self.plan.definition.fields
        for name, said in incoming.find.items():
            held = case.id if name == "id" else case.data.get(name)
            if held is not None and self.dice(4):
                told[said] = held if name == "id" else plain(fields[name], held)
            elif said not in told:
                told[said] = "none" if name == "id" else placeholder(fields[name], self.zone, 7)
        sender = Actor(id=incoming.sender, roles=(incoming.sender,))
        became, reasons = spot.world.hear(Told(incoming.name, told, sender))
        is_unheard = became != "done" or any(one.rule == "find" for one in reasons)
        written = {"hear": incoming.name, "with": told}
        unheard = (incoming.name,) if is_unheard else ()
        self._look(spot, _Tried(written, reasons, incoming.action, {"heard": became}, unheard))

    def _tries_in(self, case: Case) -> Tries:
        """What can be tried in a case of whatever process."""
        if case.process not in self._others:
            self._others[case.process] = Tries(self.library.plan(case.process, case.version), self.dice, self.register)
        return self._others[case.process]

    def _wait(self, spot: Spot) -> Spot | None:
        cases = [case for family in spot.world.families.values() for case in family.cases.values()]
        dues = [case.next_due for case in cases if case.next_due is not None]
        until = self.tries.one_of(self.tries.instants(spot.world.now, dues))
        text = at(until, self.zone)
        spot.world.wait_until(until)
        return self._look(spot, _Tried({"until": text}))

    def _as(self, actor: Actor, facts: Mapping[str, Any], form: Mapping[str, Any] | None = None) -> dict[str, Any]:
        said: dict[str, Any] = {"as": f"{actor.roles[0]}:{actor.id}"}
        said |= {"with": form} if form else {}
        return said | ({"facts": facts} if facts else {})

    # -- what came of it ---------------------------------------------------------------------------------------------

    def _look(self, spot: Spot, tried: _Tried) -> Spot | None:
        """Keep what a try has shown, and where it has led, if it has led on."""
        world, (written, reasons, act, heard, unheard) = spot.world, tried
        refusals = tuple((self.plan.definition.process, act, one.rule) for one in reasons) if act else ()
        outcome = Outcome(scenario="", failure=None, steps=tuple(world.steps), refusals=refusals, unheard=unheard)
        self._count(act, reasons)
        new = self.sights.of(outcome) & self.found.unseen
        if reasons:
            written["refused"] = list(dict.fromkeys(one.rule for one in reasons))
        if spot.main:
            written["expect"] = dict(heard) | self._expected(world, spot.main)
        way = (*spot.way, written)
        if new:
            self.found.unseen -= new
            self.found.ways.append((way, frozenset(new)))
        if not spot.main or reasons:
            return None
        led = Spot(world, spot.main, way)
        self._spots.keep(led, tuple(self._stood(led)) if self._minds_family else ())
        return led

    def _stood(self, spot: Spot) -> Iterator[tuple[str, Position]]:
        return ((link, case.position) for link, case in self._family(spot))

    def _expected(self, world: World, main: str) -> dict[str, Any]:
        """What a scenario expects after a step: of the case and those that it can name, and all that was sent."""
        cases = {case.id: case for case in world.families[world.root_of[main]].cases.values()}
        links = {child: link for link, child in cases[main].links.items()} | {cases[main].parent or "": "parent"}
        own = [step for step in world.steps if step.case.id == main or step.case.id in links.keys() & cases.keys()]
        expect = expected(own, cases, main, links.__getitem__)
        expect = {name: value for name, value in expect.items() if not name.startswith("parent.clocks.")}
        expect.pop("sent", None)  # other cases may have sent something, too
        sent = sent_names(sent_beside(world, main))
        return {**expect, "sent": sent} if sent else expect

    def _count(self, act: str, reasons: Iterable[Reason]) -> None:
        rules = [one.rule for one in reasons]
        if act and not rules:
            self.found.done[act] += 1
        for rule in rules if act else ():
            self.found.refused.setdefault(act, Counter())[rule] += 1
