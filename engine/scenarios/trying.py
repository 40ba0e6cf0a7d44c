"""What can be tried on a case: who does what with which values, and how far time is let go on.

Values are those at which the conditions of the process may turn, what the case itself holds already, and plain ones;
which of them is taken is drawn by dice that the caller brings, so the same dice try the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from engine.core.cases import EMPTY, Actor, Case
from engine.core.plan import Plan
from engine.expressions import Expression
from engine.fields import Field, Invalid, Value, plain, read
from engine.lang.build.used import parts_of
from engine.lang.rules.samples import boundaries
from engine.model import Action, Form, Opening, Who
from engine.scenarios.placeholders import placeholder
from engine.values import read_instant, show_instant

Dice = Callable[[int], int]
"""A whole number from 0 to below the one given."""

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
AROUND = (HOUR, -HOUR, 5 * MINUTE, DAY, -DAY, 3 * DAY, -3 * DAY, 10 * DAY, -8 * DAY, 40 * DAY)
"""How far from now an instant that is asked for may lie."""

PAUSES = (10 * MINUTE, HOUR, 6 * HOUR, 12 * HOUR, DAY, 3 * DAY, 10 * DAY, 45 * DAY)
"""How long nothing is done."""


def person(role: str, number: int = 1) -> str:
    """Somebody of a role."""
    return f"{role}.{number}"


class Here(NamedTuple):
    """What values may agree with: the case, if there is one, the time, who gives them, and what is given with them."""

    case: Case | None
    now: int
    actor: str
    given: Mapping[str, Any] = EMPTY


class Tries:
    """What can be tried in one process; `register` is whom the desk's registers hold, by party."""

    def __init__(self, plan: Plan, dice: Dice, register: Mapping[str, Iterable[str]] = EMPTY) -> None:
        self.plan = plan
        self.definition = plan.definition
        self.zone = plan.definition.desk.zone
        self.dice = dice
        conditions = [part for part in parts_of(plan.definition) if isinstance(part, Expression)]
        acts: list[Action | Opening] = [*plan.actions(), plan.definition.opening]
        during = {act.during for act in acts if act.during is not None}
        self._during = [plan.calendar(name) for name in sorted(during)]
        self._turns = boundaries(plan.definition, conditions)
        self._register = {party: [*known] for party, known in register.items()}
        self._given: Counter[tuple[str, str]] = Counter()  # field and value of those that have few

    def one_of(self, things: Sequence[Any]) -> Any:
        """Any of some."""
        return things[self.dice(len(things))]

    # -- who ---------------------------------------------------------------------------------------------------------

    def actors(self, act: Action | Opening, case: Case | None) -> Iterator[Actor]:
        """Those who may do it, and those who are excluded from it."""
        for who in (*act.by, *act.never_by):
            for name, role in self._persons(who, case, act):
                yield Actor(id=name, roles=(role,))

    def _persons(self, who: Who, case: Case | None, act: Action | Opening) -> Iterator[tuple[str, str]]:
        """People who are meant so, each with a role."""
        if who.kind == "role":
            yield from ((person(who.name, number), who.name) for number in (1, 2, 3))
            return
        if case is None:
            return
        if who.kind == "waiting_on":
            yield from ((person(name), name) for name in _waited_on(case, "role"))
        usual = next((one.name for one in act.by if one.kind == "role"), min(self.plan.roles, default="agent"))
        if who.kind == "field":
            known = self.definition.fields[who.name]
            usual = known.role or (known.of.role if known.of else None) or usual
        for name in _named(who, case):
            yield name, usual if "." not in name else name.rpartition(".")[0]

    # -- with what ---------------------------------------------------------------------------------------------------

    def form(self, form: Form, here: Here) -> dict[str, Any]:
        """Answers to a form: every required field, some of the others."""
        names = [*form.require, *(name for name in form.allow if self.dice(3) == 0)]
        found: dict[str, Any] = {}
        for name in names:
            found[name] = self._value(self.definition.fields[name], here._replace(given=found))
        if names and self.dice(8) == 0:
            found.pop(self.one_of(names))
        return {name: value for name, value in found.items() if value is not None}

    def facts(self, act: Action | Opening, form: Mapping[str, Any], here: Here) -> dict[str, Any]:
        """What the host would bring: mostly what goes with the answers, sometimes anything."""
        found = {}
        for name in self.plan.facts_of[act]:
            known = self.definition.facts[name]
            value = self._fitting(known, form, here.case) if self.dice(4) else None
            value = self._value(known, here) if value is None else value
            found[name] = value if value is not None else []
        return found

    def _fitting(self, fact: Field, form: Mapping[str, Any], case: Case | None) -> Value:
        """A fact that agrees with what is asked: everybody, or the rows of the form's own tables."""
        if fact.type == "list" and fact.of is not None and fact.of.type == "person":
            return [person(role, number) for role in sorted(self.plan.roles) for number in (1, 2)]
        if fact.type != "table":
            return None
        tables = [rows for rows in {**self._tables(case), **form}.values() if isinstance(rows, list)]
        rows = [row for rows in tables for row in rows if isinstance(row, dict) and fact.columns.keys() & row.keys()]
        usual = {name: placeholder(column, self.zone) for name, column in fact.columns.items()}
        return [{name: row.get(name, usual[name]) for name in fact.columns} for row in rows] or None

    def _tables(self, case: Case | None) -> dict[str, Value]:
        """The tables that a case holds."""
        kept = self.definition.fields
        held = case.data.items() if case is not None else ()
        return {name: plain(kept[name], value) for name, value in held if kept[name].type == "table"}

    def _value(self, field: Field, here: Here) -> Value:
        """A plain value that the field takes; mostly one at which something may turn, and of few the seldom given."""
        sources = [*filter(None, (self._turning(field), [*self._own(field, here)], [*self._alike(field, here.case)]))]
        for _ in range(4):
            value = self.one_of(self.one_of(sources)) if sources else None
            if field.type in ("choice", "yes_no"):
                value = self._seldom(field)
            try:
                stored = read(field, value, self.zone) if value is not None else None
                if field.type == "instant" and isinstance(stored, int):
                    return show_instant(stored, self.zone)
                return plain(field, stored)
            except Invalid:
                continue
        return placeholder(field, self.zone)

    def _seldom(self, field: Field) -> Value:
        """Of two that are drawn the one that was given less often."""
        few: list[Value] = [*field.choices] if field.type == "choice" else [True, False]
        value = min((self.one_of(few) for _ in range(2)), key=lambda one: self._given[field.name, str(one)])
        self._given[field.name, str(value)] += 1
        return value

    def _turning(self, field: Field) -> list[Value]:
        """The values at which a condition may turn."""
        return [
            plain(field, value)
            for value in (*self._turns.get(field.name, ()), *self._limits(field))
            if value is not None
        ]

    def _own(self, field: Field, here: Here) -> Iterator[Value]:
        if field.type in ("instant", "date"):
            days = (show_instant(self.one_of(self._nows(here)) + away, self.zone) for away in AROUND)
            yield from (text if field.type == "instant" else text[:10] for text in days)
        elif field.type == "person":
            role = field.role or self.one_of(sorted(self.plan.roles) or ["agent"])
            yield from (person(role), person(role, 2))
            if field.role is None or here.actor.startswith(f"{field.role}.") or not self.dice(4):
                yield here.actor
        elif field.type == "party":
            yield from self._register.get(field.party or "", ())
        elif field.type == "list":
            yield from self._lists(field, here)
        elif field.type == "table":
            rows = [self._row(field, here) for _ in range(max(2, _least(field)))]
            yield from (rows[: max(1, _least(field))], rows, rows[: _least(field)])
        else:
            yield from (placeholder(field, self.zone, number) for number in (1, 2, 9))
            yield from (plain(field, number) for number in (2, 9, 100) if field.type in ("integer", "number", "money"))

    def _nows(self, here: Here) -> list[int]:
        """Around what an instant may lie: now, and the other instants that are given with it."""
        kept = self.definition.fields
        given = [read(kept[name], text, self.zone) for name, text in here.given.items() if kept[name].type == "instant"]
        return [here.now, *(instant for instant in given if isinstance(instant, int))]

    def _row(self, field: Field, here: Here) -> dict[str, Value]:
        """A row; sometimes a cell of it is left empty."""
        row = {name: self._value(column, here) for name, column in field.columns.items()}
        if not self.dice(8):
            row.pop(self.one_of([*row]))
        return row

    def _lists(self, field: Field, here: Here) -> Iterator[Value]:
        of = field.of or Field(name=field.name, type="text")
        if of.type == "person" and of.role is None:
            yield [person(role, number) for role in sorted(self.plan.roles) for number in (1, 2)]
            yield [person(role) for role in sorted(self.plan.roles)]
        least = _least(field)
        items = [self._value(of, here) for _ in range(2)]
        yield from (items[:1], items, [])
        if least > 2:
            yield [placeholder(of, self.zone, number) for number in range(1, least + 1)]

    def _alike(self, field: Field, case: Case | None) -> Iterator[Value]:
        """What the case holds already of this type: in other fields, in lists and tables, and what tables come to."""
        if case is None:
            return
        yield from (plain(field, total) for total in _totals(case) if field.type in ("money", "integer", "number"))
        for name, known in self.definition.fields.items():
            held = case.data.get(name)
            if held is not None and not known.personal:
                yield from (plain(one, value) for one, value in _parts(known, held) if one.type == field.type)

    def _limits(self, field: Field) -> Iterator[int]:
        """The figures of the desk and what roles may grant, of this type: at each, below and above."""
        known = [figure.default for figure in self.definition.figures.values() if figure.type == field.type]
        if field.type == "money":
            known += [limit for limits in self.definition.authority.values() for limit in limits.values()]
        for value in known:
            if isinstance(value, int) and not isinstance(value, bool):
                yield from (value, value - 1, value + 1)

    # -- when --------------------------------------------------------------------------------------------------------

    def hours(self, now: int) -> tuple[bool, ...]:
        """Which of the hours in which something may be done are open."""
        return tuple(calendar.is_open(now) for calendar in self._during)

    def instants(self, now: int, dues: Iterable[int]) -> list[int]:
        """Until when time may be let pass: just after the next thing falls due, or some while."""
        due = min(dues, default=None)
        found = [] if due is None else [second_after(due)]
        opened = [calendar.next_opening(now) + MINUTE for calendar in self._during if not calendar.is_open(now)]
        return [*found, *found, *opened, *opened, *(now + pause for pause in PAUSES)]


def _least(field: Field) -> int:
    """How many items or rows are the least it takes."""
    return field.min if isinstance(field.min, int) else 0


def _parts(field: Field, held: Value) -> Iterator[tuple[Field, Value]]:
    """A value with its field; of a list its items, of a table its cells, each with theirs."""
    yield field, held
    if field.type == "list" and field.of is not None and isinstance(held, list):
        yield from ((field.of, item) for item in held)
    elif field.type == "table" and isinstance(held, list):
        rows = [row for row in held if isinstance(row, dict)]
        yield from ((column, row[name]) for row in rows for name, column in field.columns.items() if name in row)


def _named(who: Who, case: Case) -> list[str]:
    """The persons who are meant so on a case."""
    found: Any = None
    if who.kind == "field":
        found = case.data.get(who.name)
    elif who.kind == "did" and who.name in case.done:
        found = case.done[who.name].actors
    elif who.kind == "assignee":
        found = case.assignee
    elif who.kind == "waiting_on":
        found = _waited_on(case, "person")
    return [found] if isinstance(found, str) else [*found] if isinstance(found, list | tuple) else []


def _waited_on(case: Case, kind: str) -> list[str]:
    """The names of the persons, or of the roles, on whom a case waits."""
    turns = (one.partition(":") for one in case.waiting)
    return [name for of, _, name in turns if of == kind]


def _totals(case: Case) -> Iterator[int]:
    """The sums of the amounts in each table of a case, and of amount times quantity."""
    for rows in case.data.values():
        if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
            continue
        whole = [name for name, value in rows[0].items() if isinstance(value, int) and not isinstance(value, bool)]
        for name in whole:
            yield sum(row.get(name, 0) for row in rows)
            yield from (sum(row.get(name, 0) * row.get(by, 0) for row in rows) for by in whole if by != name)


def second_after(instant: int) -> int:
    """The first whole second after an instant."""
    return (instant // 1000 + 1) * 1000


def at(instant: int, zone: str) -> str:
    """A local time as a scenario writes it; the earlier one where a night in autumn has it twice."""
    text = show_instant(instant, zone)
    assert read_instant(text, zone) <= instant
    return text
