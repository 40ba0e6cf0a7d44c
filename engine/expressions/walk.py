"""What a walk over one checked expression knows, and where it notes what it finds."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.expressions.checker import Checker
from engine.expressions.scope import Names, Problem, Scope
from engine.expressions.tree import CheckedTree, Tree

Path = tuple[str, ...]


@dataclass(slots=True)
class Findings:
    """What a walk over one checked tree found."""

    problems: list[Problem] = field(default_factory=list)
    reads: dict[Path, bool] = field(default_factory=dict)  # path → whether it is somewhere read without a guard
    tests: set[Path] = field(default_factory=set)  # paths that `has` asks for


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk: `sure` are the names that are set wherever it stands, `seen` those that may be read there."""

    scope: Scope
    checker: Checker
    checked: CheckedTree
    sure: Names
    seen: Names
    found: Findings

    def report(self, node: Tree, id: str, message: str, help: str | None = None) -> None:
        """Add a problem at this part's place."""
        self.found.problems.append(Problem(*self.checked.place(node), id, message, help))
