"""What comes with a command beside its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core.cases import EMPTY
from engine.frozen import Frozen


class Given(Frozen, frozen=True, gc=False):
    """What comes with a command beside its name."""

    form: Mapping[str, Any] = EMPTY
    facts: Mapping[str, Any] = EMPTY
    key: str | None = None
    expect_revision: int | None = None
    occurred_at: int | None = None
    at: int | None = None  # an import's own instant
    importing: str | None = None
    digest: str = ""  # of an event that does this: what its id stands for
    event: int = 0  # the number of a kept one that does this: its own step does not take it up
    is_taken_up: bool = False  # by a kept event; whoever takes it up looks at the others that wait
