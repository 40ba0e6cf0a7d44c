"""What of a family's replay concerns one child: how its parent stood, and what the two did from then on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from engine.core.cases import Case, Step

Links = Mapping[str, tuple[str, str]]
"""Child → its parent, and the name of the link between them."""


class Told(NamedTuple):
    """A family's replay, and which case of it is meant; unsaid, its root."""

    steps: Sequence[Step]
    links: Links
    child: str = ""


class Childhood(NamedTuple):
    """A child's part of its family."""

    parent: Case  # as it stood when it opened the child
    link: str
    steps: tuple[Step, ...]  # of the child, of all below it, and of its parent, from the opening on
    links: Links  # below the child


def childhood(told: Told) -> Childhood:
    """The part of a child, which is among the links."""
    steps, links, case = told
    parent, link = links[case]
    opening = next(number for number, step in enumerate(steps) if step.case.id == case)
    standing = next(step.case for step in reversed(steps[:opening]) if step.case.id == parent)
    below = {case}
    for other, (over, _) in sorted(links.items(), key=lambda one: one[0].count(".")):
        below |= {other} if over in below else set()
    concerned = tuple(step for step in steps[opening:] if step.case.id in below | {parent})
    return Childhood(standing, link, concerned, {name: links[name] for name in below - {case}})
