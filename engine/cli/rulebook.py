"""The manual of the checker's rules, as `explain` shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Page(NamedTuple):
    """What the manual says of a rule: in a sentence, and in full."""

    summary: str
    text: str


def rulebook() -> Mapping[str, Page]:
    """Return every rule's page by its id."""
    from engine.lang.rules.listing import RULES

    return {rule.id: _page(rule.find.__doc__ or "", rule.severity) for rule in sorted(RULES, key=lambda one: one.id)}


def _page(said: str, severity: str) -> Page:
    text = said.strip()
    return Page(text.split("\n")[0], f"{severity}: {text}")
