"""Values whose fields nobody changes, made in every step and read at every turn of it.

The type checker keeps them as they are. Python itself could too, but would take three times as long to make each, or
with tuples that have names five times as long to read each field.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple, Self, TypeVar, dataclass_transform

T = TypeVar("T")


class _Default(NamedTuple):
    """Stands for a mapping nobody can change: before Python 3.12 it has no hash, and dataclasses take it for a list."""

    mapping: MappingProxyType[Any, Any]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(kind: type[T], *, eq: bool = True) -> type[T]:
    """Make this a class of values."""
    for name, value in [*vars(kind).items()]:
        if isinstance(value, MappingProxyType):
            setattr(kind, name, _Default(value))
    made: Any = dataclass(slots=True, eq=eq)(kind)
    defaults = made.__init__.__defaults__ or ()
    made.__init__.__defaults__ = tuple(one.mapping if isinstance(one, _Default) else one for one in defaults)
    return made  # type: ignore[no-any-return]


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field,))
def frozen_part(kind: type[T]) -> type[T]:
    """Make this a class of parts of something: each is only equal to itself, however alike another is."""
    return frozen(kind, eq=False)


class Frozen:
    """What can be had again with some fields changed."""

    __slots__ = ()

    def but(self, **changes: Any) -> Self:
        """The same value but for these fields."""
        return replace(self, **changes)  # type: ignore[type-var]
