"""Assumptions to begin with: all that a process asks for, with guesses in every place, as a file to be edited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from engine.fields import Field
from engine.model import Action, Form, Opening, ProcessDefinition
from engine.scenarios.writing import flow
from engine.simulation.guesses import Guesses
from engine.simulation.reading import USUAL_FROM
from engine.words.speech import every_action

_USUAL, _SELDOM = 1, 0.05
"""The chance of what belongs to a few states, and of what is possible nearly everywhere, such as to cancel."""

_FEW = 3


class Comments(NamedTuple):
    """What the file says to who edits it."""

    top: str
    arrivals: str
    actions: str


def sample(definition: ProcessDefinition, comments: Comments) -> str:
    """Write assumptions of a process that can be played as they are."""
    return "\n".join(_Sample(definition).lines(comments)) + "\n"


class _Sample:
    def __init__(self, definition: ProcessDefinition) -> None:
        self.definition = definition
        self.guesses = Guesses(definition, USUAL_FROM)
        self.instants = [name for name, field in definition.fields.items() if field.type == "instant"]  # each after it
        actions = [action for action in every_action(definition) if _leads_on(definition, action)]
        self.forms: dict[str, list[Form]] = {}  # of every action of a name
        for action in every_action(definition):
            self.forms.setdefault(action.name, []).append(action.form)
        self.actions = {action.name: action for action in reversed(actions)}  # of several the first as it is written
        acts: list[Action | Opening] = [definition.opening, *actions]
        asked = (field.role or (field.of.role if field.of else None) for act in acts for field in self._fields(act))
        named = (who.name for act in acts for who in act.by if who.kind == "role")
        first = self._first_role(definition.opening)
        self.roles = [*dict.fromkeys([first, *named, *(role for role in asked if role)])]

    def lines(self, comments: Comments) -> Iterator[str]:
        """The file, line by line."""
        definition = self.definition
        yield f"# {comments.top}"
        yield f"process: {definition.process}"
        yield f"from: {USUAL_FROM}"
        yield "days: 5"
        yield "arrivals:"
        yield f"  - {{per_hour: 2}}  # {comments.arrivals}"
        yield f"opening: {flow(self._opening())}"
        if definition.facts:
            yield "facts:"
            yield from (
                f"  {name}: {flow(self._guess(self._agreeing(field)))}" for name, field in definition.facts.items()
            )
        yield f"actions:  # {comments.actions}" if self.actions else "actions: {}"
        for name, action in reversed(self.actions.items()):
            yield f"  {name}: {flow(self._doing(action))}"
        yield "roster:"
        yield from (f"  - {{role: {role}, count: 2}}" for role in self.roles)

    def _opening(self) -> dict[str, Any]:
        given = self._answers(self.definition.opening)
        return {"as": self.roles[0], **({"with": given} if given else {})}

    def _doing(self, action: Action) -> dict[str, Any]:
        is_usual = action.state or 0 < len(action.places) <= _FEW
        said: dict[str, Any] = {"chance": _USUAL if is_usual else _SELDOM, "takes": {"triangular": ["2m", "5m", "15m"]}}
        said |= {} if action.by else {"needs_nobody": True}
        given = self._answers(action)
        return said | ({"with": given} if given else {})

    def _first_role(self, opening: Opening) -> str:
        roles = [who.name for who in opening.by if who.kind == "role"]
        return (roles or [*self.definition.desk.roles])[0]

    def _fields(self, act: Action | Opening) -> Iterable[Field]:
        fields = self.definition.fields
        return [fields[name] for name in act.form.require if name in fields]

    def _answers(self, act: Action | Opening) -> dict[str, Any]:
        given = {field.name: self._guess(field) for field in self._fields(act)}
        for field in self._compared(act):
            given[field.name] = {"choose": dict.fromkeys(("", *self.guesses.sometimes(field)), 1)}
        return given

    def _compared(self, act: Action | Opening) -> Iterable[Field]:
        """What need not be answered, and what a condition turns on: sometimes it is, and sometimes not."""
        forms = self.forms[act.name] if isinstance(act, Action) else [act.form]
        known = self.definition.fields
        asked = [known[name] for name in act.form.allow if name in known and all(name in one.allow for one in forms)]
        return [field for field in asked if self.guesses.sometimes(field)]

    def _guess(self, field: Field) -> Any:
        """A value, or how it comes about: people of the roster, some time ahead, one of several."""
        if field.type == "person":
            return {"one_of": field.role or self.roles[0]}
        if field.type == "list" and field.of is not None and field.of.type == "person":
            return {"all_of": field.of.role or self._acting()}
        if field.type == "instant":
            return {"in": f"{2 + 2 * self.instants.index(field.name)}h" if field.name in self.instants else "2h"}
        several = self.guesses.several(field)
        return {"choose": dict.fromkeys(several, 1)} if len(several) > 1 else self.guesses.one(field)

    def _agreeing(self, fact: Field) -> Field:
        """A table with the cells that forms are given, so that what is asked for is in it."""
        tables = [field for field in self.definition.fields.values() if field.type == "table"]
        found = [(name, column) for table in tables for name, column in table.columns.items() if name in fact.columns]
        columns = dict(reversed(found))  # of several tables the first
        return replace(fact, columns={**fact.columns, **columns}) if columns else fact

    def _acting(self) -> str:
        """The role of whom a field of the process names: whom lists of people are usually about."""
        named = (field.role for field in self.definition.fields.values() if field.role)
        return next(named, self.roles[0])


def _leads_on(definition: ProcessDefinition, action: Action) -> bool:
    """Whether an action takes a case from an open state to another."""
    is_open = not action.state or definition.states[action.state].final is None
    return is_open and any(branch.value != "stay" for branch in action.to)
