"""What a rule is, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

from engine.lang.build.cursor import Cursor
from engine.lang.build.known import Known
from engine.lang.build.used import parts_of
from engine.lang.diagnostics import Diagnostic, Severity, Span
from engine.lang.rules.paths import Paths
from engine.lang.rules.walks import Walks, walks_of
from engine.model import Action, Effect, Opening, ProcessDefinition, State


@dataclass(frozen=True, slots=True)
class Spot:
    """What a rule found at one place; who it is and how severe the rule itself says."""

    span: Span
    message: str
    mend: str | None = None
    related: tuple[tuple[Span, str], ...] = ()


@dataclass(frozen=True)  # no slots: what is worked out is kept
class Checked:
    """A definition with the places of its parts."""

    definition: ProcessDefinition
    known: Known
    behaving: tuple[Any, ...]  # its parts, without those it only declares

    @cached_property
    def walks(self) -> Walks:
        """Every way a case can go."""
        return walks_of(self.definition)

    @cached_property
    def paths(self) -> Paths:
        """The same ways, with what is set on each."""
        return Paths(self.definition, self.walks)

    @cached_property
    def parts(self) -> tuple[Any, ...]:
        """Every part of the definition."""
        one = self.definition
        return (*self.behaving, *parts_of([one.fields, one.figures, one.messages, one.calendars]))

    @cached_property
    def acts(self) -> tuple[Action, ...]:
        """Every action, the top's first."""
        inner = (action for state in self.definition.states.values() for action in state.actions.values())
        return (*self.definition.actions.values(), *inner)

    @cached_property
    def effects(self) -> tuple[Effect, ...]:
        """Every effect, wherever it stands."""
        return tuple(part for part in self.parts if isinstance(part, Effect))

    def leaves(self) -> Iterator[State]:
        """The states without states inside."""
        return (state for state in self.definition.states.values() if not state.children)

    def cursor(self, part: Any) -> Cursor:
        """Where a part of the definition stands."""
        return self.known.notes.origin(part) or self.known.outline.root

    def name(self, part: Any) -> Span:
        """The place of a part's name."""
        return self.cursor(part).name_span

    def key(self, part: Any, *keys: str) -> Span:
        """The place of a key of a part, or of the part itself where there is no such key."""
        found = self.cursor(part).walk(*keys)
        return found.name_span if found is not None else self.name(part)

    def value(self, part: Any, *keys: str) -> Span:
        """The place of the value of a key of a part."""
        found = self.cursor(part).walk(*keys)
        return found.span if found is not None else self.cursor(part).span

    def item(self, part: Any, key: str, text: str) -> Span:
        """The place of one name in a list of a part."""
        found = self.cursor(part).get(key)
        items = [found] if found is not None and found.is_scalar else list(found.items()) if found is not None else []
        return next((item.span for item in items if item.text == text), self.key(part, key))

    def around(self, state: str) -> Iterator[str]:
        """The states around a state, nearest first."""
        while state := self.definition.states[state].parent:
            yield state


def act_name(act: Action | Opening) -> str:
    """How a message calls an action."""
    return f"action `{act.name}`" if isinstance(act, Action) else "the opening"


Finder = Callable[[Checked], Iterator[Spot]]


Part = Literal["ways", "clocks", "fields", "texts", "other"]
"""Of a process: where cases go and who takes them there, its promises, what is asked and set, its words, all else."""

Parts = frozenset[Part]
WAYS: Parts = frozenset(("ways",))
CLOCKS: Parts = frozenset(("clocks",))
FIELDS: Parts = frozenset(("fields",))
EVERYTHING: Parts = frozenset(get_args(Part))


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the checker. It keeps silent where errors were found in a part that it reads."""

    id: str
    severity: Severity
    find: Finder
    reads: Parts

    def findings(self, checked: Checked) -> Iterator[Diagnostic]:
        """What it finds."""
        for spot in self.find(checked):
            yield Diagnostic(self.id, self.severity, spot.span, spot.message, spot.mend, spot.related)


def rule(id: str, severity: Severity, *, reads: Iterable[Part] = EVERYTHING) -> Callable[[Finder], Rule]:
    """Make a function a rule."""
    return lambda find: Rule(id, severity, find, frozenset(reads))
