"""What every store works out of what it is given, in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core.cases import Family
from engine.ports import Save

TAKEN = "the case was changed, or its key taken, meanwhile; read it again and decide anew"
"""What `Conflict` says when something that must be unique is there already."""


def check_order(save: Save) -> int:
    """The place of the first of these steps in the family's order. So every save changes the root."""
    root, before = save.after.root, save.before
    so_far = before.cases[root].order if before is not None else 0
    if save.after.cases[root].order != so_far + len(save.steps):
        raise ValueError(f"`order` of `{root}` must grow by one with each of {len(save.steps)} steps from {so_far}")
    return so_far + 1


def family_due(family: Family) -> int | None:
    """When the family falls due; never while it is set aside or being imported."""
    root = family.cases[family.root]
    if root.fault is not None or root.importing is not None:
        return None
    first = None
    for case in family.cases.values():
        due = case.next_due
        if due is not None and (first is None or due < first):
            first = due
    return first


def is_alike(data: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether a case's data has exactly these values; None stands for a field that is not set."""
    return all(
        data.get(name) == given and isinstance(data.get(name), bool) == isinstance(given, bool)
        for name, given in values.items()
    )
