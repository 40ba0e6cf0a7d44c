"""A chart as it was drawn elsewhere, whatever its file: states one inside the other, and ways between them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Kind = Literal["state", "parallel", "final", "shallow", "deep"]


class Unsaid(NamedTuple):
    """Something of the chart that the process language does not say, and where it stands."""

    line: int  # 0: the file has no lines that mean anything
    what: str


class Misread(ValueError):
    """The file is not a chart of its kind; the message says what is wrong."""


@dataclass(slots=True)
class Way:
    """One transition. No event: it is taken as soon as it may be. No target: the state stays."""

    event: str
    targets: tuple[str, ...]
    line: int
    guard: str = ""  # an expression of ours
    delay: int | None = None  # ms after entering: a timer of the state
    inner: bool = False  # its target lies inside its state, which is not left
    raises: tuple[str, ...] = ()  # events that follow it before any other comes
    who: tuple[str, ...] = ()  # the roles that take it; none: the chart does not say


@dataclass(slots=True, eq=False)
class Node:
    """A state; the chart itself is one without a parent. Of a history state the one way is where it leads at first."""

    id: str
    kind: Kind
    line: int
    parent: Node | None = None
    initial: str = ""
    children: list[Node] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    raises: tuple[str, ...] = ()  # events that follow entering it
    exits: tuple[str, ...] = ()  # events that follow leaving it

    def all(self) -> Iterator[Node]:
        """Everything inside, in document order."""
        for child in self.children:
            yield child
            yield from child.all()

    def above(self) -> Iterator[Node]:
        """Everything around, nearest first; not the chart itself."""
        node = self.parent
        while node is not None and node.parent is not None:
            yield node
            node = node.parent

    @property
    def is_history(self) -> bool:
        """Whether it stands for what was active when its parent was left."""
        return self.kind in ("shallow", "deep")

    def states(self) -> list[Node]:
        """The states directly inside."""
        return [child for child in self.children if not child.is_history]


_ASKED = re.compile(r"(!?)in_state\(\{([^}]+)\}\)")


def states_asked(guard: str) -> list[tuple[bool, str]] | None:
    """What a guard asks of states: whether it is in each, or not; None where it asks anything else."""
    found = [_ASKED.fullmatch(part.strip()) for part in guard.split("&&")] if guard else []
    return None if None in found else [(not one[1], one[2]) for one in found if one]


@dataclass(slots=True)
class Drawn:
    """A chart as read, and what of its file is not in it."""

    root: Node
    unsaid: list[Unsaid] = field(default_factory=list)
