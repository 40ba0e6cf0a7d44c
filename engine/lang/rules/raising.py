"""A rule about what a case tells itself: how long a row of it, each caused by the one before, can become."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product
from typing import NamedTuple

from engine.chart import Arc, Microstep, Position
from engine.chart.drawing import DECIDE, Way
from engine.expressions import Expression
from engine.lang.build.cursor import Cursor
from engine.lang.files import Files, Sources, base_of
from engine.lang.rules.families import tell_cycle
from engine.lang.rules.rule import FIELDS, WAYS, Checked, Spot, rule
from engine.model import TELL_DEPTH, Effect, Tell

MOST_TRIED = 5_000
MOST_DECIDED = 20
"""Of how many tells the rows are followed in one process, and how many microsteps one step may take."""


class _Link(NamedTuple):
    """One of a row: what was told, and where."""

    effect: Tell
    position: Position
    is_sure: bool  # no condition stands before it that only the fields of a case answer


_Row = tuple[_Link, ...]


class _Told(NamedTuple):
    """What waits to be done: the row that caused it, and the effect itself."""

    row: _Row
    effect: Tell
    is_sure: bool


class _Came(NamedTuple):
    """What one step may come to, and what the case tells itself in it."""

    position: Position
    tells: tuple[tuple[Tell, bool], ...]
    is_sure: bool


@rule("tell-too-deep", "warning", reads=WAYS | FIELDS)
def tell_too_deep(checked: Checked) -> Iterator[Spot]:
    """What a case tells itself, each caused by the one before, more often than `tell` goes deep: the last is refused.

    Rows that go round are told where states alone lead them on; what the fields of a case may end is not known here.
    """
    if not any(isinstance(effect, Tell) and effect.target == "self" for effect in checked.effects):
        return
    endless = {spot.span for spot in tell_cycle.find(checked)}
    seen: set[int] = set()
    for row in _Rows(checked).too_deep():
        first, last = (checked.value(link.effect, "do") for link in (row[0], row[-1]))
        if id(row[-1].effect) in seen or any(checked.value(link.effect, "do") in endless for link in row):
            continue
        seen |= {id(link.effect) for link in row}
        way = " → ".join(f"`{link.effect.action}`" for link in row)
        message = (
            f"{way}: each makes the case tell itself the next; `tell` goes {TELL_DEPTH} deep, so the last is refused"
        )
        related = ((first, "the first of them"),) if first != last else ()
        yield Spot(last, message, "lead on by `decide`, or let one action do what several do", related)


class _Rows:
    """Follows what is told from every step on, in the order in which it is done."""

    def __init__(self, checked: Checked) -> None:
        self._checked = checked
        self._chart = checked.walks.chart
        self._known: dict[tuple[Position, str], tuple[_Came, ...]] = {}
        self._rests: list[Position] = []
        self._rested: set[Position] = set()
        self._left = MOST_TRIED

    def too_deep(self) -> Iterator[_Row]:
        """The rows that come to one too many, each up to that one, from wherever a case can rest."""
        for came in self._opened():
            yield from self._follow(came)
        for position in self._rests:  # grows while it is walked
            for event in (DECIDE, *self._chart.possible(position)):
                for came in self._step(position, event):
                    yield from self._follow(came)

    def _follow(self, begun: _Came) -> Iterator[_Row]:
        ahead = [(begun.position, _waiting((), begun))]
        while ahead and self._left > 0:
            position, waiting = ahead.pop()
            if not waiting:
                self._rest(position)
                continue
            self._left -= 1
            told, *others = waiting
            row = (*told.row, _Link(told.effect, position, told.is_sure))
            came = self._step(position, told.effect.action) if len(row) <= TELL_DEPTH else ()
            if len(row) > TELL_DEPTH:
                yield row
            for one in came:
                link = row[-1]._replace(is_sure=told.is_sure and one.is_sure)
                new = _waiting((*told.row, link), one) if not _may_end(row, link) else ()
                ahead.append((one.position, (*others, *new)))
            if not all(one.is_sure for one in came) or not came:
                ahead.append((position, tuple(others)))  # refused

    def _rest(self, position: Position) -> None:
        if position not in self._rested:
            self._rested.add(position)
            self._rests.append(position)

    # -- one step ------------------------------------------------------------------------------------------------------

    def _opened(self) -> list[_Came]:
        begun = self._chart.begin()
        tells = (*self._told(self._checked.definition.opening.then, begun), *self._entered(begun))
        return list(self._settled(_Came(begun.position, tells, True), begun.final is None))

    def _step(self, position: Position, event: str) -> tuple[_Came, ...]:
        """What an event may come to; nothing where it is not possible."""
        if (position, event) not in self._known:
            taken = self._taken(position, event)
            self._known[position, event] = tuple(one for came, is_open in taken for one in self._settled(came, is_open))
        return self._known[position, event]

    def _settled(self, came: _Came, is_open: bool) -> Iterator[_Came]:
        """What it comes to when all that follows by itself has happened."""
        ahead = [(came, is_open, MOST_DECIDED)]
        while ahead:
            came, is_open, left = ahead.pop()
            onward = self._by_itself(came.position) if is_open and left else []
            for found, more in onward:
                tells, sure = (*came.tells, *found.tells), came.is_sure and found.is_sure
                ahead.append((_Came(found.position, tells, sure), more, left - 1))
            if not onward or not onward[0][0].is_sure:
                yield came

    def _by_itself(self, position: Position) -> list[tuple[_Came, bool]]:
        for event in (DECIDE, *(f"done.{group}" for group in self._chart.ended(position))):
            if found := list(self._taken(position, event)):
                return found
        return []

    def _taken(self, position: Position, event: str) -> Iterator[tuple[_Came, bool]]:
        """Each microstep an event may be, and whether the case is open afterwards."""
        active = self._active(position)
        choices = [list(_choices(arcs, active)) for arcs in self._chart.offered(position, event)]
        is_sure = all(len(options) == 1 for options in choices)
        for options in product(*choices):
            arcs = tuple(dict.fromkeys(arc for arc in options if arc is not None))
            if not arcs:
                continue
            ways = [arc.payload for arc in arcs if isinstance(arc.payload, Way)]
            step = None
            if not all(arc.stays for arc in arcs):
                step = self._chart.microstep(position, self._chart.without_conflicts(arcs, position))
            tells = tuple(told for way in ways for told in self._told(_effects(way), step or position))
            tells += self._entered(step) if step is not None else ()
            sure = is_sure and not any(way.action is not None and _may_refuse(way) for way in ways)
            yield _Came(step.position if step else position, tells, sure), step is None or step.final is None

    def _entered(self, step: Microstep) -> tuple[tuple[Tell, bool], ...]:
        states = self._checked.definition.states
        return tuple(told for state in step.entered for told in self._told(states[state].on_enter, step))

    def _told(self, effects: Iterable[Effect], where: Microstep | Position) -> tuple[tuple[Tell, bool], ...]:
        """What of some effects the case tells itself, and whether surely."""
        active = self._active(where.position if isinstance(where, Microstep) else where)
        own = [effect for effect in effects if isinstance(effect, Tell) and effect.target == "self"]
        said = [(effect, _answer(effect.when, active)) for effect in own]
        return tuple((effect, answer is True) for effect, answer in said if answer is not False)

    def _active(self, position: Position) -> frozenset[str]:
        return frozenset(state for state in self._checked.definition.states if self._chart.is_in(position, state))


def _waiting(row: _Row, came: _Came) -> tuple[_Told, ...]:
    return tuple(_Told(row, effect, is_sure and came.is_sure) for effect, is_sure in came.tells)


def _may_end(row: _Row, last: _Link) -> bool:
    """Whether a row has come round to where it was, by way of a condition that can end it some time."""
    *before, _ = row
    here = (last.effect.action, last.position)
    seen = [number for number, link in enumerate(before) if (link.effect.action, link.position) == here]
    return bool(seen) and not all(link.is_sure for link in (*before[seen[-1] :], last))


def _effects(way: Way) -> tuple[Effect, ...]:
    own = way.action.then if way.action else way.timer.then if way.timer else ()
    return (*own, *way.branch.then)


def _may_refuse(way: Way) -> bool:
    """Whether more than the state decides that an action is done."""
    action = way.action
    return action is not None and bool(action.guards or action.needs or action.during or action.within)


# -- conditions on states ----------------------------------------------------------------------------------------------


def _choices(arcs: Iterable[Arc], active: frozenset[str]) -> Iterator[Arc | None]:
    """The arcs of a leaf that may be the first to hold; None where perhaps none does."""
    for arc in arcs:
        assert isinstance(arc.payload, Way)
        answer = _answer(arc.payload.branch.when, active)
        if answer is not False:
            yield arc
        if answer:
            return
    yield None


_IN_STATE = re.compile(r"(?P<not>!?)\s*in_state\(\s*(['\"])(?P<state>\w+)\2\s*\)")


def _answer(condition: Expression | None, active: frozenset[str]) -> bool | None:
    """What a condition says that asks for states alone, or for states too; nothing where fields decide."""
    if condition is None:
        return True
    parts = [part.strip() for part in condition.text.split("&&")]
    if "||" in condition.text or "?" in condition.text or any(p.count("(") != p.count(")") for p in parts):
        return None
    asked = [_IN_STATE.fullmatch(part) for part in parts]
    if any(one is not None and (one["state"] in active) == bool(one["not"]) for one in asked):
        return False
    return None if None in asked else True


def lines_telling(sources: Sources, process: str, action: str) -> tuple[int, ...]:
    """The lines of a process at which an action is told."""
    base = base_of(sources, process)
    if base is None:
        return ()
    cursor = Files(sources, base, is_known=True).read(f"{process}.yaml", "process").cursor
    return tuple(_telling(cursor, action)) if cursor is not None else ()


def _telling(cursor: Cursor, action: str) -> Iterator[int]:
    told = cursor.get("do") if cursor.get("tell") is not None else None
    if told is not None and told.text == action:
        yield told.span.line
    for child in (*(child for _, child in cursor.entries()), *cursor.items()):
        yield from _telling(child, action)


RULES = (tell_too_deep,)
