"""Whether a row of steps can be gone as it is written: played with the values at which its conditions turn.

What is asked is asked of every combination of such values. A condition on anything else – another case, the time, what
a form was given – may hold: of it nothing is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

from engine.expressions import Expression, ExpressionFailed
from engine.fields import Value
from engine.lang.rules.samples import MOST_SAMPLES, nested, turning
from engine.model import Action, AppendTo, ClearFields, Effect, ProcessDefinition, SetFields, Tell, UpdateRows


class Asked(NamedTuple):
    """A condition, and what it must answer for the row to go on."""

    condition: Expression
    wanted: bool


class Accepted(NamedTuple):
    """An action is done, by somebody or because it was told."""

    action: Action


class Active(NamedTuple):
    """The states that are active from here on, and which of them have just been entered."""

    states: frozenset[str]
    entered: tuple[str, ...] = ()


class Begun(NamedTuple):
    """What a case told itself begins."""

    effect: Tell


Item = Asked | Accepted | Active | Begun | Effect
Happened = tuple[Item, ...]
"""What happens in a row of steps, in order."""


class _Ended(Exception):
    """The row cannot go on as it is written."""


def can_be_gone(definition: ProcessDefinition, happened: Happened, row: Iterable[Tell]) -> bool:
    """Whether some values let it be gone to its end; also where that cannot be seen."""
    starts = turning(definition, _conditions(happened))
    names, count = [], 1
    for name, values in starts.items():
        if count * len(values) <= MOST_SAMPLES:
            names.append(name)
            count *= len(values)
    points = product(*(starts[name] for name in names))
    return any(_Play(definition, dict(zip(names, point, strict=True)), row).goes(happened) for point in points)


def _conditions(happened: Happened) -> Iterator[Expression]:
    for item in happened:
        if isinstance(item, Asked):
            yield item.condition
        elif isinstance(item, Accepted):
            yield from (guard.must for guard in item.action.guards)
        elif isinstance(item, Effect) and item.when is not None:
            yield item.when


_UNKNOWN: Any = object()


class _Play:
    """One play of a row, with what is known of the case; a name that is not there may be anything."""

    def __init__(self, definition: ProcessDefinition, known: dict[str, Value], row: Iterable[Tell]) -> None:
        self.known = known | {f"figures.{name}": field.default for name, field in definition.figures.items()}
        self.row = {id(effect) for effect in row}
        self.active: frozenset[str] = frozenset()
        self.since: dict[str, set[str]] = {}  # state entered on the way → the actions accepted since
        self.untold: set[int] = set()  # what is not told, for its condition does not hold
        self.skips = False  # a step that was not told, and is not of the row
        self.given: Mapping[str, Any] | None = None  # with what the present action was told

    def goes(self, happened: Happened) -> bool:
        """Whether it comes to the end."""
        try:
            for item in happened:
                self._item(item)
        except (_Ended, ExpressionFailed):  # what fails refuses the whole command
            return False
        return True

    def _item(self, item: Item) -> None:
        if isinstance(item, Begun):
            self._begin(item.effect)
        elif self.skips:
            return
        elif isinstance(item, Asked):
            self._ask(item.condition, item.wanted)
        elif isinstance(item, Accepted):
            self._accept(item.action)
        elif isinstance(item, Active):
            self.active = item.states
            self.since |= {state: set() for state in item.entered}
        else:
            self._effect(item)

    def _ask(self, condition: Expression, wanted: bool) -> None:
        if self._value(condition) is (not wanted):
            raise _Ended

    def _begin(self, effect: Tell) -> None:
        is_untold = id(effect) in self.untold
        if is_untold and id(effect) in self.row:
            raise _Ended
        self.skips = is_untold
        self.given = {name: self._value(value) for name, value in effect.values.items()}

    def _accept(self, action: Action) -> None:
        accepted = self.since.get(action.state)
        if accepted is not None and not accepted.issuperset(action.needs):
            raise _Ended
        asked = (*action.form.require, *action.form.allow)
        kept = self.given if self.given is not None else {name: self._known(f"case.{name}") for name in asked}
        self._forget("form.")
        self._keep("form", kept)
        for guard in action.guards:
            self._ask(guard.must, True)
        self._keep("case", kept)
        for others in self.since.values():
            others.add(action.name)
        count = self._known(f"did.{action.name}")
        self._keep("did", {action.name: count if count is _UNKNOWN else count + 1})

    def _effect(self, effect: Effect) -> None:
        holds = effect.when is None or self._value(effect.when)
        if isinstance(effect, Tell):
            self.untold = self.untold | {id(effect)} if holds is False else self.untold - {id(effect)}
        elif holds is not False:
            self._keep("case", {name: value if holds is True else _UNKNOWN for name, value in self._changes(effect)})

    def _changes(self, effect: Effect) -> Iterator[tuple[str, Any]]:
        if isinstance(effect, SetFields):
            for name, value in effect.values.items():
                yield name, self._value(value)
        elif isinstance(effect, ClearFields):
            yield from ((name, None) for name in effect.names)
        elif isinstance(effect, AppendTo):
            yield from ((name, _UNKNOWN) for name in effect.values)
        elif isinstance(effect, UpdateRows):
            yield effect.field, _UNKNOWN

    def _value(self, written: Any) -> Any:
        """What a literal or an expression gives; not known where it reads what is not known."""
        if not isinstance(written, Expression):
            return written
        if any(name != "state" and name not in self.known for name in written.names):
            return _UNKNOWN
        read = {name: self.known[name] for name in written.names if name != "state"}
        return written.evaluate({**nested(read), "state": sorted(self.active)})

    def _known(self, name: str) -> Any:
        return self.known.get(name, _UNKNOWN)

    def _keep(self, group: str, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            self.known.pop(f"{group}.{name}", None)
            if value is not _UNKNOWN:
                self.known[f"{group}.{name}"] = value

    def _forget(self, group: str) -> None:
        self.known = {name: value for name, value in self.known.items() if not name.startswith(group)}
