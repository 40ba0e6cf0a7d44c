"""The states of a process, one inside the other, with their arcs, and where a case can stand among them.

States are numbers in document order, so "inside d" is ``d < x <= last[d]`` and document order is number order.
Numbers stay in this package; positions and microsteps speak in names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.frozen import Frozen

Kind = Literal["state", "parallel", "final", "outcome", "shallow", "deep"]
"""`final` ends the group or region around it, `outcome` the case; `shallow` and `deep` are SCXML's history states."""

Past = tuple[tuple[str, tuple[str, ...]], ...]
Memories = Mapping[str, tuple[str, ...]]
"""What states remember: leaves left, in document order."""

Work = tuple[str, "str | Arc"]

WORD = re.compile(r"[\w.:-]+")  # positions are named by their states: no spaces, `+`, `*`, `=`, brackets


class Position(Frozen, frozen=True, gc=False, cache_hash=True):
    """Where a case stands: its active leaves in document order, and what is remembered of states left."""

    leaves: tuple[str, ...]
    past: Past = ()


NOWHERE = Position(())
"""Where a case stands before it is opened."""


@dataclass(frozen=True, slots=True, eq=False)
class Arc:
    """One declared way on. No targets and no recall: it stays. No event: it is taken as soon as it may be."""

    source: str  # "" is the whole process
    event: str
    targets: tuple[str, ...] = ()
    inner: bool = False  # its targets lie inside its source, which is not left; always so for the whole process
    recall: str | None = None  # enters again what this state remembers; "": each present leaf what it remembers itself
    payload: object = None  # the caller's; the chart never looks at it

    @property
    def stays(self) -> bool:
        """Whether taking it leaves and enters nothing."""
        return not self.targets and self.recall is None


@dataclass(frozen=True, slots=True)
class Microstep:
    """Where the case stands afterwards, and the work on the way, in order.

    Work: ``("exit", state) ("take", arc) ("enter", state) ("return", state) ("default", state) ("recall", arc)
    ("done", state)``. `return` stands in place of `enter` for a state that `previous` enters again.
    """

    position: Position
    work: tuple[Work, ...]
    final: str | None  # the state that has ended the case, if one has
    arcs: tuple[Arc, ...]  # of the work, those taken
    entered: tuple[str, ...]  # of the work, the states entered


class Tree:
    """The states, one inside the other, with their arcs. 0 is the whole process."""

    def __init__(self, initial: tuple[str, ...]) -> None:
        self.names = [""]
        self.index = {"": 0}
        self.kind: list[Kind] = ["state"]
        self.parent = [-1]
        self.last = [0]
        self.children: list[list[int]] = [[]]
        self.histories: list[list[int]] = [[]]
        self.initial = [initial]
        self.arcs: list[list[Arc]] = [[]]

    def add(self, name: str, kind: Kind, parent: str, initial: tuple[str, ...]) -> None:
        """Add a state; it comes right after all states added inside its parent."""
        number, above = len(self.names), self.index[parent]
        if not WORD.fullmatch(name) or name in self.index:
            raise ValueError(f"`{name}` cannot name a state: names are single words, each used once")
        if self.last[above] != number - 1:
            raise ValueError(f"`{name}` comes too late: add it with the states inside `{parent}`, before others follow")
        self.index[name] = number
        self.names.append(name)
        self.kind.append(kind)
        self.parent.append(above)
        self.last.append(number)
        self.children.append([])
        self.histories.append([])
        self.initial.append(initial)
        self.arcs.append([])
        (self.histories if kind in ("shallow", "deep") else self.children)[above].append(number)
        for up in self.above(number):
            self.last[up] = number

    def numbers(self, names: Iterable[str]) -> tuple[int, ...]:
        """The numbers of these names."""
        return tuple(self.index[name] for name in names)

    def above(self, state: int) -> Iterator[int]:
        """The states around this one, nearest first."""
        while (state := self.parent[state]) >= 0:
            yield state

    def path(self, state: int) -> tuple[int, ...]:
        """This state and those around it, nearest first."""
        return (state, *self.above(state))

    def active(self, leaves: Iterable[int]) -> set[int]:
        """These leaves and all states around them."""
        return {state for leaf in leaves for state in self.path(leaf)}

    def inside(self, state: int, other: int) -> bool:
        """Whether a state lies inside another."""
        return other < state <= self.last[other]

    def within(self, state: int, other: int) -> bool:
        """Whether a state is another or lies inside it."""
        return other <= state <= self.last[other]

    def holds(self, state: int, others: Sequence[int]) -> bool:
        """Whether this is a group around all the others, and not a parallel one."""
        return self.kind[state] == "state" and all(self.inside(other, state) for other in others)

    def is_history(self, state: int) -> bool:
        """Whether this stands for what was active when its parent was left."""
        return self.kind[state] in ("shallow", "deep")

    def region(self, state: int) -> int:
        """The innermost region this state is or lies in; 0 where there is none."""
        return next((s for s in self.path(state) if s and self.kind[self.parent[s]] == "parallel"), 0)

    def ended(self, state: int, active: set[int]) -> bool:
        """Whether a group has come to its end, in every region if it has regions."""
        if self.kind[state] == "parallel":
            return all(self.ended(region, active) for region in self.children[state])
        return any(self.kind[child] == "final" and child in active for child in self.children[state])

    def outcome(self, active: Iterable[int]) -> int | None:
        """The state that has ended the case: an outcome anywhere, or a final state not inside any other."""
        ends = (s for s in active if self.kind[s] == "outcome" or (self.kind[s] == "final" and not self.parent[s]))
        return min(ends, default=None)
