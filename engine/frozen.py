"""Values whose fields nobody changes, made in every step and read at every turn of it.

They are made, compared and copied in C: to make a frozen dataclass of twenty fields takes ten times as long.

Those that an answer keeps, or that hold nothing but data, say `gc=False`: what nobody changes never comes to hold
itself, so the collector of cyclic garbage need not look at them. Of an action of a batch that was a thirtieth.

`changed` is a copy with some fields changed; `put` changes a field of a copy that nobody else has seen yet.
"""

from __future__ import annotations

from typing import Any, Self

from msgspec import Struct, field
from msgspec.structs import asdict
from msgspec.structs import force_setattr as put
from msgspec.structs import replace as changed


class Frozen(Struct, frozen=True):
    """What can be had again with some fields changed."""

    def but(self, **changes: Any) -> Self:
        """The same value but for these fields."""
        return changed(self, **changes)

    def parts(self) -> dict[str, Any]:
        """Its fields by name."""
        return asdict(self)


__all__ = ["Frozen", "changed", "field", "put"]
