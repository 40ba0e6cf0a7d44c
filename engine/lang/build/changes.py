"""What an action does to the fields of a case: asked, set, copied, cleared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from engine.lang.build.cursor import Cursor, names_in, text_of

Fields = frozenset[str]


class Change(NamedTuple):
    """What becomes of one field: set, set if another one is, or cleared."""

    kind: Literal["set", "copy", "clear"]
    field: str
    source: str = ""


Changes = tuple[Change, ...]


def applied(changes: Iterable[Change], fields: Fields) -> Fields:
    """The fields surely set after some changes, in their order."""
    found = set(fields)
    for kind, field, source in changes:
        if kind == "set" or (kind == "copy" and source in found):
            found.add(field)
        else:
            found.discard(field)
    return frozenset(found)


STAYING = ("stay", "previous")
"""What stands for a target and is no state."""

_HAS = re.compile(r"has\(\s*case\.([a-z][a-z0-9_]*)\s*\)")
_COPY = re.compile(r"=\s*case\.([a-z][a-z0-9_]*)\s*")


def copied_field(value: Cursor) -> Fields:
    """The field whose value is taken as it is: `=case.f`, and nothing else."""
    found = _COPY.fullmatch(value.text)
    return frozenset([found[1]] if found else ())


def asked(condition: str) -> Fields:
    """The fields that must be set if a condition holds: `has(case.f)` alone or joined by `&&`."""
    if "||" in condition or "?" in condition:
        return frozenset()
    parts = (_HAS.fullmatch(part.strip()) for part in condition.split("&&"))
    return frozenset(found[1] for found in parts if found)


def changes_of(effects: Cursor | None) -> Changes:
    """What a list of effects does to fields; one with `if` may not happen."""
    return tuple(change for effect in (effects.items() if effects else ()) for change in effect_changes(effect))


def effect_changes(effect: Cursor) -> Iterator[Change]:
    """What one effect does to fields."""
    is_sure = effect.get("if") is None
    for name in names_in(effect.get("clear")):
        yield Change("clear", name)
    values = effect.get("set")
    for name, value in values.entries() if values else ():
        copied = next(iter(copied_field(value)), None)
        if value.plain is None:
            yield Change("clear", name)
        elif copied:  # copying what is unset clears
            yield Change("copy", name, copied)
        elif is_sure:
            yield Change("set", name)
    values = effect.get("append")
    if is_sure:
        yield from (Change("set", name) for name, _ in (values.entries() if values else ()))


def form_changes(act: Cursor) -> Changes:
    """What the form of an action does: what is required is set, what is only allowed may be cleared by it."""
    require = names_in(act.walk("form", "require"))
    cleared = (Change("clear", name) for name in names_in(act.walk("form", "allow")) if name not in require)
    return (*cleared, *(Change("set", name) for name in require))


def guard_changes(act: Cursor) -> Changes:
    """What is set because the guards hold."""
    guards = act.get("guards")
    musts = (text_of(guard.get("must")) for _, guard in (guards.entries() if guards else ()))
    return tuple(Change("set", name) for must in musts for name in sorted(asked(must)))
