"""By what things are known again: a command by its digest, a personal value by its search mark, a case by its key."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any

from engine.core.cases import Applied, Case, Command, Refused, Step
from engine.core.plan import Plan
from engine.ports import Request


def digest_of(command: Command, key: bytes) -> str:
    """What a command with an idempotency key asks for; facts and the revision expected are left out."""
    if command.key is None:
        return ""
    content = json.dumps(
        [command.verb, command.case, command.name, command.actor.id, command.form],
        sort_keys=True, default=str, ensure_ascii=False,
    )  # fmt: skip
    return hmac.new(key, content.encode("utf-8", "surrogatepass"), "sha256").hexdigest()


def request_of(command: Command, digest: str, outcome: Applied | Refused, now: int) -> Request | None:
    """What is kept of an accepted command with a key; a refused one decides anew."""
    if command.key is None or isinstance(outcome, Refused):
        return None
    return Request(
        sender=command.actor.id, key=command.key, digest=digest, case=command.case,
        sequence=outcome.steps[0].record["seq"], at=now,
    )  # fmt: skip


def search_mark(key: bytes, value: Any) -> str:
    """By what a whole personal value is found: an HMAC of its text without spaces, case and signs of numbers."""
    text = "".join(sign for sign in str(value).casefold() if not sign.isspace() and sign not in "-()+")
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()


def searches_of(steps: Iterable[Step], key: bytes) -> Mapping[str, Mapping[str, str]]:
    """Case → field → the mark of the personal value it was given."""
    found: dict[str, dict[str, str]] = {}
    for step in steps:
        for name, value in step.private.items():
            if value is not None:
                found.setdefault(step.case.id, {})[name] = search_mark(key, value)
    return found


def business_key(plan: Plan, case: Case) -> tuple[str | None, bool]:
    """The outside world's number for a case, and whether only one open case may have it."""
    name = plan.definition.key
    value = case.data.get(name) if name else None
    return (None if value is None else str(value)), plan.definition.unique
