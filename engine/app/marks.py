"""By what things are known again: a command by its digest, a personal value by its search mark, a case by its key."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from engine.core.cases import Applied, Case, Command, Refused, Step
from engine.core.plan import Plan
from engine.ports import Request
from engine.sealing import HostKeys
from engine.values import in_plain_signs

SEARCH_KEY = "search_key"
"""The setting that holds the desk's search key, and whose key that is."""


class Marks:
    """What only the desk's search key can make; the key is opened when the first is asked for."""

    def __init__(self, keys: HostKeys, stored: str) -> None:
        self._keys = keys
        self._stored = stored

    @cached_property
    def _key(self) -> bytes:
        return self._keys.open(self._stored, SEARCH_KEY)

    def digest(self, command: Command) -> str:
        """What a command with an idempotency key asks for; facts and the revision expected are left out."""
        if command.key is None:
            return ""
        content = json.dumps(
            [command.verb, command.case, command.name, command.actor.id, command.form],
            sort_keys=True, default=str, ensure_ascii=False,
        )  # fmt: skip
        return self._made(content)

    def digest_of_event(self, event: str, sender: str, fields: Mapping[str, Any]) -> str:
        """What an event of another system tells: told again under the same id, it must be the same."""
        return self._made(json.dumps(["hear", event, sender, fields], sort_keys=True, default=str, ensure_ascii=False))

    def search(self, value: Any) -> str:
        """By what a whole personal value is found: an HMAC of it as it is compared."""
        return self._made(compared(value))

    def searches(self, text: str) -> list[tuple[str, str]]:
        """What to look for where somebody looks for this text: texts as they may be written, each with its mark.

        What was typed with wide signs was marked as it stood by the first versions.
        """
        plain = in_plain_signs(text)
        made = [(plain, self.search(plain))]
        return made if plain == text else [*made, (text, self._made(_bare(text)))]

    def of_steps(self, steps: Iterable[Step]) -> Mapping[str, Mapping[str, str]]:
        """Case → field → the mark of the personal value it was given."""
        found: dict[str, dict[str, str]] = {}
        for step in steps:
            if step.private:
                marks = found.setdefault(step.case.id, {})
                marks.update((name, self.search(value)) for name, value in step.private.items() if value is not None)
        return found

    def _made(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()


def compared(value: Any) -> str:
    """A value as values are compared with it: its text in plain signs, without spaces, case and signs of numbers."""
    return _bare(in_plain_signs(str(value)))


def _bare(text: str) -> str:
    return "".join(sign for sign in text.casefold() if not sign.isspace() and sign not in "-()+")


def request_of(command: Command, digest: str, outcome: Applied | Refused, now: int) -> Request | None:
    """What is kept of an accepted command with a key; a refused one decides anew."""
    if command.key is None or isinstance(outcome, Refused):
        return None
    return Request(
        sender=command.actor.id, key=command.key, digest=digest, case=command.case,
        sequence=outcome.steps[0].record["seq"], at=now,
    )  # fmt: skip


def business_key(plan: Plan, case: Case) -> tuple[str | None, bool]:
    """The outside world's number for a case, and whether only one open case may have it."""
    name = plan.definition.key
    value = case.data.get(name) if name else None
    return (None if value is None else str(value)), plan.definition.unique
