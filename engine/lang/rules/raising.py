"""A rule about what a case tells itself: how long a row of it, each caused by the one before, can become."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain, product
from typing import NamedTuple

from engine.chart import Arc, Microstep, Position
from engine.chart.drawing import DECIDE, Way
from engine.expressions import Expression
from engine.lang.build.cursor import Cursor
from engine.lang.files import Files, Sources, base_of
from engine.lang.rules.families import tell_cycle
from engine.lang.rules.rounds import Accepted, Active, Asked, Begun, Happened, can_be_gone
from engine.lang.rules.rule import FIELDS, WAYS, Checked, Spot, rule
from engine.model import TELL_DEPTH, Action, Effect, Tell

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
    happened: Happened  # what happens in it


@rule("tell-too-deep", "warning", reads=WAYS | FIELDS)
def tell_too_deep(checked: Checked) -> Iterator[Spot]:
    """What a case tells itself, each caused by the one before, more often than `tell` goes deep: the last is refused.

    Where the fields of a case decide, a row is told unless it is shown that they end it: no value at which its
    conditions turn leads it so far.
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
        related = ((first, "the first of them"),) if first != last else ()
        if all(link.is_sure for link in row):
            message = f"{way}: each makes the case tell itself the next; {_DEEP}"
            mend = "lead on by `decide`, or let one action do what several do"
        else:
            message = f"{way}: each can make the case tell itself the next, and nothing is shown to end it; {_DEEP}"
            mend = "change on the way what its conditions ask, count (`if: did.x < 3`), or lead on by `decide`"
        yield Spot(last, message, mend, related)


_DEEP = f"`tell` goes {TELL_DEPTH} deep, so the last is refused"


class _Rows:
    """Follows what is told from every step on, in the order in which it is done."""

    def __init__(self, checked: Checked) -> None:
        self._checked = checked
        self._chart = checked.walks.chart
        self._known: dict[tuple[Position, str], tuple[_Came, ...]] = {}
        self._actives: dict[Position, frozenset[str]] = {}
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
        ahead = [(begun.position, _waiting((), begun), begun.happened)]
        while ahead and self._left > 0:
            position, waiting, happened = ahead.pop()
            if not waiting:
                self._rest(position)
                continue
            self._left -= 1
            told, *others = waiting
            row = (*told.row, _Link(told.effect, position, told.is_sure))
            done = (*happened, Begun(told.effect))
            came = self._step(position, told.effect.action) if len(row) <= TELL_DEPTH else ()
            if len(row) > TELL_DEPTH and self._can_be(row, done):
                yield row
            for one in came:
                link = row[-1]._replace(is_sure=told.is_sure and one.is_sure)
                gone = (*told.row, link)
                new = _waiting(gone, one) if not _is_round(gone) or self._can_be(gone, (*done, *one.happened)) else ()
                ahead.append((one.position, (*others, *new), (*done, *one.happened)))
            if not all(one.is_sure for one in came) or not came:
                ahead.append((position, tuple(others), happened))  # refused

    def _can_be(self, row: _Row, happened: Happened) -> bool:
        """Whether it may come so far; what states alone lead on needs no asking."""
        if all(link.is_sure for link in row):
            return True
        return can_be_gone(self._checked.definition, happened, [link.effect for link in row])

    def _rest(self, position: Position) -> None:
        if position not in self._rested:
            self._rested.add(position)
            self._rests.append(position)

    # -- one step ------------------------------------------------------------------------------------------------------

    def _opened(self) -> list[_Came]:
        begun = self._chart.begin()
        effects = (*self._checked.definition.opening.then, *self._entered(begun))
        active = self._active(begun.position)
        came = _Came(begun.position, _told(effects, active), True, (Active(active, begun.entered), *effects))
        return list(self._settled(came, begun.final is None))

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
                happened = (*came.happened, *found.happened)
                ahead.append((_Came(found.position, tells, sure, happened), more, left - 1))
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
            if arcs := tuple(dict.fromkeys(arc for arc, _ in options if arc is not None)):
                answered = tuple(one for _, asked in options for one in asked)
                came, is_open = self._came(position, arcs, answered)
                yield came._replace(is_sure=is_sure and came.is_sure), is_open

    def _came(self, position: Position, arcs: tuple[Arc, ...], answered: Happened) -> tuple[_Came, bool]:
        """What these arcs come to when the conditions were answered so, and whether the case is open afterwards."""
        ways = [arc.payload for arc in arcs if isinstance(arc.payload, Way)]
        effects = [*chain.from_iterable(map(_effects, ways))]
        actions = dict.fromkeys(way.action for way in ways if way.action is not None)
        before = self._active(position)
        after, entered, is_open = before, tuple[str, ...](), True
        if not all(arc.stays for arc in arcs):
            step = self._chart.microstep(position, self._chart.without_conflicts(arcs, position))
            position, entered, is_open = step.position, step.entered, step.final is None
            after = self._active(position)
            effects += self._entered(step)
        happened: Happened = (
            Active(before), *map(Accepted, actions), *answered, Active(after, entered), *effects,
        )  # fmt: skip
        return _Came(position, _told(effects, after), not any(map(_may_refuse, actions)), happened), is_open

    def _entered(self, step: Microstep) -> list[Effect]:
        return [effect for state in step.entered for effect in self._checked.definition.states[state].on_enter]

    def _active(self, position: Position) -> frozenset[str]:
        if position not in self._actives:
            states = self._checked.definition.states
            self._actives[position] = frozenset(state for state in states if self._chart.is_in(position, state))
        return self._actives[position]


def _waiting(row: _Row, came: _Came) -> tuple[_Told, ...]:
    return tuple(_Told(row, effect, is_sure and came.is_sure) for effect, is_sure in came.tells)


def _is_round(row: _Row) -> bool:
    """Whether a row has come round to where it was."""
    *before, last = row
    return any((link.effect.action, link.position) == (last.effect.action, last.position) for link in before)


def _effects(way: Way) -> tuple[Effect, ...]:
    own = way.action.then if way.action else way.timer.then if way.timer else ()
    return (*own, *way.branch.then)


def _told(effects: Iterable[Effect], active: frozenset[str]) -> tuple[tuple[Tell, bool], ...]:
    """What of some effects the case tells itself, and whether surely."""
    own = [effect for effect in effects if isinstance(effect, Tell) and effect.target == "self"]
    said = [(effect, _answer(effect.when, active)) for effect in own]
    return tuple((effect, answer is True) for effect, answer in said if answer is not False)


def _may_refuse(action: Action) -> bool:
    """Whether more than the state decides that an action is done."""
    return bool(action.guards or action.needs or action.during or action.within)


# -- conditions on states ----------------------------------------------------------------------------------------------


def _choices(arcs: Iterable[Arc], active: frozenset[str]) -> Iterator[tuple[Arc | None, tuple[Asked, ...]]]:
    """The arcs of a leaf that may be the first to hold, with what must be answered so; None where perhaps none does."""
    asked: tuple[Asked, ...] = ()
    for arc in arcs:
        assert isinstance(arc.payload, Way)
        condition = arc.payload.branch.when
        answer = _answer(condition, active)
        if answer is not False:
            yield arc, (*asked, *((Asked(condition, True),) if condition is not None else ()))
        if answer:
            return
        asked = (*asked, *((Asked(condition, False),) if condition is not None else ()))
    yield None, asked


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
