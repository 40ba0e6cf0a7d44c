"""Days at a desk with drawn lots, event by event: cases come, time passes, people take what waits longest.

Lots are drawn for each case apart, so that two variants of one seed differ by what was changed, not by luck.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import NamedTuple

from engine.calendars import openings
from engine.chart import Position
from engine.core.cases import EMPTY, Actor, Case, Command
from engine.core.people import is_named, persons
from engine.core.permits import who_may_not
from engine.core.plan import Library
from engine.model import Action, ProcessDefinition, Whos
from engine.simulation.answering import Answering, Lottery
from engine.simulation.assumptions import Answer, Arrivals, Assumptions, Doing, Team
from engine.simulation.desk import Families
from engine.simulation.figures import Counting, Tally
from engine.simulation.people import Person, Roster, Task
from engine.timeline import DAY, MINUTE

HOUR = 3_600_000
_MOST_REFUSALS = 20
"""After so many refusals a case is left alone: what is assumed of it cannot happen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What is simulated: processes, what is assumed, and the seed of its lots."""

    title: str
    library: Library
    assumed: Assumptions
    seed: int


def tally(variant: Variant, run: int = 0, progress: Callable[[int, int], None] = lambda done, whole: None) -> Tally:
    """Play the days once; the same run of the same variant always shows the same."""
    return _Days(variant, run).play(progress)


@dataclass(slots=True)
class _Life:
    """What is going on with one case."""

    lots: Random
    tasks: dict[str, Task] = field(default_factory=dict)  # leaf → what leads on from it
    refused: dict[str, set[str]] = field(default_factory=dict)  # leaf → actions that were refused there
    refusals: int = 0
    due: int | None = None  # for which an event is on its way


class _Right(NamedTuple):
    """Who may do an action where a case stands."""

    actions: tuple[Action, ...]
    roles: tuple[str, ...]
    others: Whos  # persons that the case says
    excluding: tuple[Whos, ...]  # who may not in spite of that


class _Days:
    """One run. An event is an instant and what to do then; of one instant the first one planned comes first."""

    def __init__(self, variant: Variant, run: int) -> None:
        self.assumed = variant.assumed
        # The first run is the same whether others follow it or not.
        self.seed = f"{variant.seed}/{run}" if run else f"{variant.seed}"
        self.families = Families(variant.library, self.assumed.process, self.assumed.since)
        self.plan, self.definition = self.families.plan, self.families.plan.definition
        self.now = self.assumed.since
        self.until = self.now + self.assumed.days * DAY
        self.roster = Roster(self.assumed.teams, self.now, self.until)
        self.counting = Counting(self.definition.desk.zone, self.now)
        self.lives: dict[str, _Life] = {}
        self.events: list[tuple[int, int, Callable[..., None], tuple[object, ...]]] = []
        self._order = count()
        self._possible: dict[tuple[Position, int], Lottery[Doing] | None] = {}
        self._rights: dict[tuple[Position, str], _Right] = {}
        self.actions: dict[str, list[Action]] = {}
        for action in self.plan.actions():
            self.actions.setdefault(action.name, []).append(action)
        self._unexcluded = frozenset(_unexcluded(self.definition, self.actions))
        self._keyed: dict[tuple[tuple[str, ...], frozenset[str]], tuple[str, ...]] = {}
        self._answers = {name: self._answering(doing.answers) for name, doing in self.assumed.doings.items()}
        self._facts: dict[tuple[str, ...], Answering] = {}
        self._opener = Actor(id=f"{self.assumed.opener}_0", roles=(self.assumed.opener,))
        self._opening = self._answering(self.assumed.opening), self._bringing(tuple(self.assumed.facts))

    def play(self, progress: Callable[[int, int], None]) -> Tally:
        """All days; progress is told in minutes."""
        whole, told = (self.until - self.assumed.since) // MINUTE, self.now
        for number, arrivals in enumerate(self.assumed.arrivals):
            self._come(iter(_arrivals(arrivals, self, Random(f"{self.seed}:arrivals:{number}"))))
        for team in self.assumed.teams:
            for begin, _end in openings(team.calendar, self.now, self.until):
                self._at(begin, self._begin_shift, team)
        while self.events and self.events[0][0] < self.until:
            self.now, _, event, given = heappop(self.events)
            event(*given)
            if self.now >= told:
                told = self.now + MINUTE
                progress((self.now - self.assumed.since) // MINUTE, whole)
        progress(whole, whole)  # the last event comes before the end
        return self._tally()

    def _at(self, at: int, event: Callable[..., None], *given: object) -> None:
        heappush(self.events, (at, next(self._order), event, given))

    # -- cases come ----------------------------------------------------------------------------------------------------

    def _come(self, instants: Iterator[int]) -> None:
        """Plan the next case of one stream; when it has come, the one after it."""
        at = next(instants, None)
        if at is not None:
            self._at(at, self._open, instants)

    def _open(self, instants: Iterator[int]) -> None:
        self._come(instants)
        lots = Random(f"{self.seed}:{len(self.lives)}")
        form, facts = (answering.given(lots, self.now) for answering in self._opening)
        outcome = self.families.open(form, self._opener, facts, self.now)
        if not isinstance(outcome, str):
            self.lives[f"refused {len(self.lives)}"] = _Life(lots)
            self.counting.refuse("opening", outcome[0])
            return
        self.lives[outcome] = _Life(lots)
        self._follow(outcome)

    # -- what happens to a case ----------------------------------------------------------------------------------------

    def _follow(self, case: str) -> None:
        """Plan what leads on from where a case stands now, and when time does something to it."""
        one, life = self.families.case(case), self.lives[case]
        leaves = () if one.outcome else one.position.leaves
        if life.tasks:
            for leaf in [leaf for leaf in life.tasks if leaf not in leaves]:
                self._drop(life.tasks.pop(leaf))
        for number, leaf in enumerate(leaves):
            if leaf not in life.tasks and (doing := self._chosen(one, number, life)) is not None:
                self._want(case, leaf, doing, life)
        due = self.families.next_due(one)
        if due is not None and (life.due is None or due < life.due):
            self._await(case, due, life)

    def _await(self, case: str, due: int, life: _Life) -> None:
        """Plan to look at a case when something falls due."""
        life.due = due
        self._at(max(due + 1, self.now), self._fall_due, case)

    def _fall_due(self, case: str) -> None:
        one, life = self.families.case(case), self.lives[case]
        life.due, due = None, self.families.next_due(one)
        if due is not None and due >= self.now:  # what was to fall due now does so later
            self._await(case, due, life)
            return
        self.families.carry(one.root, self.now)
        if self.families.case(case).position != one.position:
            life.refused.clear()
        self._follow(case)

    def _chosen(self, case: Case, number: int, life: _Life) -> Doing | None:
        """What is done next on from one leaf, by chance among what is possible and was not refused there."""
        if life.refusals >= _MOST_REFUSALS:
            return None
        try:
            possible = self._possible[case.position, number]
        except KeyError:
            possible = self._possible[case.position, number] = _drawn_from(self._doings(case.position, number))
        if possible is not None and (refused := life.refused.get(case.position.leaves[number])):
            possible = _drawn_from(doing for doing in possible.things if doing.action not in refused)
        if possible is None:
            return None
        return possible.draw(life.lots) if len(possible.things) > 1 else possible.things[0]

    def _doings(self, position: Position, number: int) -> Iterator[Doing]:
        """What may be done on from one leaf."""
        for doing in self.assumed.doings.values():
            offers = self.plan.chart.offered(position, doing.action)
            if len(offers) > number and offers[number]:
                yield doing

    def _want(self, case: str, leaf: str, doing: Doing, life: _Life) -> None:
        task = Task(case, leaf, doing.action, doing.takes.draw(life.lots))
        life.tasks[leaf] = task
        self._at(self.now + doing.after.draw(life.lots), self._need, task, doing)

    def _need(self, task: Task, doing: Doing) -> None:
        """Somebody is needed now."""
        if task.is_over:
            return
        if doing.needs_nobody:
            task.is_over = True
            roles = tuple(who.name for one in self.actions[task.action] for who in one.by if who.kind == "role")
            actor = Actor(id=f"{roles[0] if roles else 'system'}_0", roles=roles)
            self._at(self.now + task.takes, self._do, task, actor)
            return
        task.keys, task.wanted_at = self._keys(task), self.now
        person = self.roster.free(task, self.now, self._may)
        if person is not None:
            self._begin(task, person)
            return
        self.roster.wait(task)
        self._line(task, 1)

    def _keys(self, task: Task) -> tuple[str, ...]:
        """Who may do it: roles and persons."""
        case = self.families.case(task.case)
        right = self._right(case, task.action)
        if not right.others:
            return right.roles
        place = right.roles, persons(right.others, case)
        if place not in self._keyed:
            self._keyed[place] = (*right.roles, *(f"person:{one}" for one in sorted(place[1])))
        return self._keyed[place]

    def _may(self, person: Person, task: Task) -> bool:
        """Whether somebody with one of the keys may do it: regions may ask for several, and some are excluded."""
        if task.action in self._unexcluded:
            return True
        case = self.families.case(task.case)
        right = self._right(case, task.action)
        if len(right.actions) == 1 and not (right.others and right.excluding):
            return not any(is_named(person.actor.id, whos, case) for whos in right.excluding)
        return not any(reason for one in right.actions for reason in who_may_not(self.plan, case, one, person.actor))

    def _right(self, case: Case, action: str) -> _Right:
        known = self._rights.get((case.position, action))
        if known is None:
            actions = self.plan.course(case.position, action).actions
            whos = tuple(who for one in actions for who in one.by)
            excluding = [one.never_by for one in actions if one.never_by] + [*self.plan.place(case.position).excluded]
            known = self._rights[case.position, action] = _Right(
                actions, tuple(dict.fromkeys(who.name for who in whos if who.kind == "role")),
                tuple(who for who in whos if who.kind != "role"), tuple(excluding),
            )  # fmt: skip
        return known

    def _line(self, task: Task, by: int) -> None:
        for role in self.roster.roles_of(task.keys):
            self.counting.line(role, self.now, by)

    def _drop(self, task: Task) -> None:
        """Work that is not wanted any more."""
        if not task.is_over and task.keys:
            self._line(task, -1)
        task.is_over = True

    # -- people --------------------------------------------------------------------------------------------------------

    def _begin(self, task: Task, person: Person) -> None:
        task.is_over, person.free_since = True, None
        own, asked = person.team.roles, self.roster.roles_of(task.keys)
        role = asked[0] if asked[0] in own else next((role for role in asked if role in own), own[0])
        self.counting.begun(role, self.now - task.wanted_at)
        self._at(self.now + task.takes, self._end, task, person, self.now)

    def _end(self, task: Task, person: Person, began: int) -> None:
        self.counting.worked(person.team, began, self.now)
        person.free_since = self.now
        self._do(task, person.actor)
        if person.free_since is not None:
            self._look_for_work(person)

    def _look_for_work(self, person: Person) -> None:
        if person.shift.is_on(self.now) and (task := self.roster.next_for(person, self._may)) is not None:
            self._line(task, -1)
            self._begin(task, person)

    def _begin_shift(self, team: Team) -> None:
        """Everybody free of a team looks for work."""
        for person in self.roster.people:
            if person.team is team and person.free_since is not None:
                self._look_for_work(person)

    def _do(self, task: Task, actor: Actor) -> None:
        life = self.lives[task.case]
        if life.tasks.get(task.place) is task:
            del life.tasks[task.place]
        form, facts = self._answers[task.action].given(life.lots, self.now), EMPTY
        if self.assumed.facts:
            asked = self.plan.course(self.families.case(task.case).position, task.action).asked
            facts = self._bringing(asked.facts).given(life.lots, self.now) if asked.facts else EMPTY
        command = Command(verb="do", case=task.case, name=task.action, actor=actor, form=form, facts=facts)
        reasons = self.families.act(command, self.now)
        if reasons:
            life.refusals += 1
            life.refused.setdefault(task.place, set()).add(task.action)
            self.counting.refuse(task.action, reasons[0])
        else:
            life.refused.clear()
        self._follow(task.case)

    # -- what is given -------------------------------------------------------------------------------------------------

    def _answering(self, answers: Mapping[str, Answer]) -> Answering:
        return Answering(answers, self.definition.fields, self.definition.desk.zone, self.roster)

    def _bringing(self, names: tuple[str, ...]) -> Answering:
        """What the desk brings of these facts."""
        known = self._facts.get(names)
        if known is None:
            facts = {name: self.assumed.facts[name] for name in names if name in self.assumed.facts}
            known = Answering(facts, self.definition.facts, self.definition.desk.zone, self.roster)
            self._facts[names] = known
        return known

    # -- at the end ----------------------------------------------------------------------------------------------------

    def _tally(self) -> Tally:
        cases = [self.families.case(name) for name in self.lives if name in self.families.world.root_of]
        self.counting.end(self.until)
        return Tally(
            opened=len(cases), promises=self.families.promises(self.until), counting=self.counting,
            lasted=tuple(case.closed_at - case.opened_at for case in cases if case.closed_at is not None),
            stuck=sum(1 for case in cases if not case.outcome and self._is_stuck(case)),
            apart=sum(1 for case in self.families.everybody() if case.process != self.assumed.process),
        )  # fmt: skip

    def _is_stuck(self, case: Case) -> bool:
        """Whether nobody will do anything, and no time will."""
        return not self.lives[case.id].tasks and self.families.next_due(case) is None


def _unexcluded(definition: ProcessDefinition, actions: Mapping[str, list[Action]]) -> Iterator[str]:
    """The actions from which nobody is ever excluded who has one of their keys."""
    if definition.never_by or any(state.never_by for state in definition.states.values()):
        return
    for name, alike in actions.items():
        if len(alike) == 1 and not alike[0].never_by:
            yield name


def _drawn_from(doings: Iterable[Doing]) -> Lottery[Doing] | None:
    """One of these by its chance; None where there is none."""
    tickets = [(doing, doing.chance) for doing in doings]
    return Lottery(tickets) if tickets else None


def _arrivals(arrivals: Arrivals, days: _Days, lots: Random) -> Iterator[int]:
    """When cases come: at random while the calendar is open, or as in the past, week by week."""
    if arrivals.past:
        yield from _repeated(arrivals.past, days.assumed.since, days.until)
        return
    calendar = arrivals.calendar or days.definition.calendars[days.definition.calendar]
    at = calendar.next_opening(days.now)
    while True:
        at = calendar.next_opening(calendar.add(at, round(lots.expovariate(arrivals.per_hour) * HOUR)))
        if at >= days.until:
            return
        yield at


def _repeated(past: tuple[int, ...], since: int, until: int) -> Iterator[int]:
    """The past moved by whole weeks, so that a Monday stays one, and again until the end."""
    week = 7 * DAY
    weeks = (past[-1] - past[0]) // week + 1
    shift = (since - past[0]) // week * week
    while past[0] + shift < until:
        yield from (at + shift for at in past if since <= at + shift < until)
        shift += weeks * week
