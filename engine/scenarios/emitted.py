"""What a step let out to other systems, compared with what a scenario expects: event by event, value by value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from engine.core.cases import Outgoing
from engine.core.plan import Plan
from engine.expressions import Expression
from engine.fields import Field, Invalid, plain, read
from engine.lang.diagnostics import did_you_mean
from engine.model import Emit

PlanOf = Callable[[str], Plan]
"""The plan of a case, by its id."""


def not_as_expected(expected: Mapping[str, Any], sent: Iterable[Outgoing], plan_of: PlanOf, zone: str) -> Iterator[str]:
    """Say what differs: exactly these events, each once, with these values; values not named are not compared."""
    messages = [message for message in sent if message.kind == "emit"]
    found = Counter(message.name for message in messages)
    if found != Counter(list(expected)):
        yield f"exactly {_names(Counter(list(expected)))} was to be emitted, but {_names(found)} was"
        return
    for message in messages:
        shapes = _shapes(plan_of(message.case), message.name)
        for name, wanted in (expected[message.name] or {}).items():
            yield from _differs(message, name, wanted, shapes.get(name), zone)


def _differs(message: Outgoing, name: str, wanted: Any, shape: Field | None, zone: str) -> Iterator[str]:
    if name not in message.values:
        mend = did_you_mean(name, message.values) or f"it carries {', '.join(message.values) or 'nothing'}"
        yield f"`{message.name}` carries no `{name}`; {mend}"
        return
    value = message.values[name]
    if shape is not None:
        value = plain(shape, value)
        try:
            wanted = None if wanted is None else plain(shape, read(shape, wanted, zone))
        except Invalid as invalid:
            yield f"`{name}` of `{message.name}`: {invalid}"
            return
    if value != wanted:
        yield f"`{name}` of `{message.name}` was to be `{wanted}`, but is `{value}`"


def _shapes(plan: Plan, event: str) -> Mapping[str, Field]:
    """Of which shape the values of an event are; what is written out in the process stands for itself."""
    return {
        name: value.result
        for effect in plan.effects
        if isinstance(effect, Emit) and effect.name == event
        for name, value in effect.values.items()
        if isinstance(value, Expression) and value.type != "any"
    }


def _names(events: Counter[str]) -> str:
    told = (f"`{name}`" if count == 1 else f"`{name}` {count} times" for name, count in sorted(events.items()))
    return ", ".join(told) or "nothing"
