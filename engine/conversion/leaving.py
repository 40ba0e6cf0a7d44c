"""What a transition raises by leaving states, and by entering again those that ours does not leave.

In SCXML a transition from a group into itself leaves the group; ours stays in it. What the states it leaves raise, and
what those raise that it enters again, is told with the transition itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from engine.conversion.drawn import Node, Way

MOST_KINDS = 16
"""In so many ways what is active may differ where a transition leaves it."""


class Raised(NamedTuple):
    """What is raised around a transition while these states are active."""

    active: tuple[str, ...] = ()
    before: tuple[str, ...] = ()  # by states left, before what the transition raises itself
    after: tuple[str, ...] = ()  # by states entered again


def raised_around(source: Node, at: Node, way: Way, target: Node | None) -> list[Raised] | None:
    """What a transition of `source` that is written at `at` raises; the more is active the earlier in the list.

    None where that differs in too many ways.
    """
    if target is None:
        return [Raised()]
    domain = _domain(source, target, is_inner=way.inner)
    left = [node for node in domain.all() if node.exits and not node.is_history]
    surely = [node for node in left if node in (at, *_around(at))]
    maybe = [node for node in left if node not in surely and (at in _around(node) or _beside(node, at))]
    kinds = [kind for count in range(len(maybe), -1, -1) for kind in combinations(maybe, count) if _together(kind)]
    if len(kinds) > MOST_KINDS:
        return None
    again = tuple(event for node in _entered_again(domain, at, target) for event in node.raises)

    def raised(kind: tuple[Node, ...]) -> Raised:
        leaving = [node for node in reversed(left) if node in kind or node in surely]
        events = tuple(event for node in leaving for event in node.exits)
        return Raised(tuple(node.id for node in kind), events, again)

    return [raised(kind) for kind in kinds]


def entered_anew(source: Node, at: Node, way: Way, target: Node) -> Node | None:
    """A state that SCXML leaves and enters where ours stays in it, and it shows: its regions or delays begin anew."""
    again = _entered_again(_domain(source, target, is_inner=way.inner), at, target)
    return next(
        (node for node in again if node.kind == "parallel" or any(w.delay is not None for w in node.ways)), None
    )


def raised_side_by_side(root: Node) -> Iterator[tuple[int, str]]:
    """Where two regions may be moved by one event, and both raise: then all leaving comes before all else in SCXML."""
    for region in root.all():
        group = region.parent
        if group is None or group.kind != "parallel":
            continue
        inside = (region, *region.all())
        beside = [node for other in group.states() if other is not region for node in (other, *other.all())]
        raises_on_leaving = any(node.exits for node in beside)
        raising = {way.event for node in beside for way in node.ways if way.raises or raises_on_leaving}
        shared = sorted({way.event for node in inside for way in node.ways if way.delay is None} & raising)
        for node in (node for node in inside if node.exits):
            for event in shared:
                yield node.line, f"the order of what `{node.id}` raises on leaving and another region on `{event}`"


def _entered_again(domain: Node, at: Node, target: Node) -> Iterator[Node]:
    """From the outside in: those around the target that lie inside what SCXML leaves and not inside what ours does."""
    ours = _domain(at, target, is_inner=True)
    around = [node for node in reversed([*_around(target)]) if node in [*domain.all()]]
    return (node for node in around if node is ours or node in _around(ours))


def _domain(source: Node, target: Node, *, is_inner: bool) -> Node:
    """What stays: all active states inside it are left."""
    around = [*_around(target)]
    if is_inner and source in around and source.kind == "state":
        return source
    for region in source.children if is_inner and source.kind == "parallel" else ():
        if region in around and region.kind == "state":
            return region  # ours enters it from the region alone
    return next(node for node in _around(source) if node in around and node.kind != "parallel")


def _around(node: Node) -> Iterator[Node]:
    """Everything around, nearest first, the chart itself too."""
    while (above := node.parent) is not None:
        yield above
        node = above


def _beside(node: Node, other: Node) -> bool:
    """Whether both can be active without one being around the other: they stand in two regions."""
    around = [*_around(other)]
    common = next(above for above in _around(node) if above in around)
    return node is not other and node not in around and common.kind == "parallel"


def _together(nodes: tuple[Node, ...]) -> bool:
    """Whether these can be active at once."""
    return all(
        one in _around(other) or other in _around(one) or _beside(one, other) for one, other in combinations(nodes, 2)
    )
