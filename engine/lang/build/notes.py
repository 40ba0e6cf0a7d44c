"""What is found while building, and where each part of the definition came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from engine.lang.build.cursor import Cursor
from engine.lang.diagnostics import Diagnostic, Span, error, near_misses, warning

T = TypeVar("T")

Places = Mapping[str, Span]
"""Names that there are, and where each is declared."""


class Notes:
    """Findings, and the origin of every part."""

    def __init__(self, shared: Notes | None = None) -> None:
        """`shared` are those of what is shared, to which nothing is added any more."""
        self.found: list[Diagnostic] = [*shared.found] if shared is not None else []
        self._origins: dict[int, tuple[Any, Cursor]] = {}
        self._shared = shared

    def error(
        self, rule: str, span: Span, message: str, mend: str | None = None, related: Iterable[tuple[Span, str]] = ()
    ) -> None:
        """Note what keeps the definition from being used."""
        self.found.append(error(rule, span, message, mend, related))

    def warning(self, rule: str, span: Span, message: str, mend: str | None = None) -> None:
        """Note what leaves it usable."""
        self.found.append(warning(rule, span, message, mend))

    def unknown(self, kind: str, span: Span, message: str, name: str, known: Places) -> None:
        """Note a name that does not exist, with the one that was probably meant, or where it would be written."""
        self.error(f"unknown-{kind}", span, message, meant(name, span, known, WRITTEN.get(kind, "")))

    def mark(self, made: T, cursor: Cursor) -> T:
        """Remember where a part came from."""
        self._origins[id(made)] = (made, cursor)  # the part itself keeps its id from being used again
        return made

    def origin(self, made: object) -> Cursor | None:
        """Where a part came from, if it was written anywhere."""
        known = self._origins.get(id(made))
        if known is not None:
            return known[1]
        return self._shared.origin(made) if self._shared is not None else None


MOST_LISTED = 8


WRITTEN: Mapping[str, str] = {
    "action": "actions are written under `actions`, of the process or of a state",
    "calendar": "a calendar is a file of its own in the folder `calendars`",
    "choices": "lists of choices are written under `choices` in desk.yaml",
    "field": "fields are written under `fields`, those of several processes in desk.yaml",
    "ladder": "ladders are written under `ladders`, those of several processes in desk.yaml",
    "message": "messages stand in messages/desk.yaml, or in messages/ under the process's name, as `NAME: {text: …}`",
    "role": "roles are written under `roles` in desk.yaml; people outside under `parties` there",
    "state": "states are written under `states`",
}
"""Where a name that does not exist yet would be written, by its kind."""


def meant(name: str, span: Span, known: Places, written: str = "") -> str | None:
    """The help of an unknown name: the near one and where it is declared, else those there are, and where.

    Names that are all built in are not added to, so nothing is said of where.
    """
    if near := near_misses(name, known):
        return did_you_mean({one: known[one] for one in near}, span)
    if not known:
        return written or None
    listed = ", ".join(f"`{candidate}`" for candidate in list(known)[:MOST_LISTED])
    there = f"there is {listed}{' …' if len(known) > MOST_LISTED else ''}"
    return f"{there}; {written}" if written and any(place.file for place in known.values()) else there


def did_you_mean(names: Places, span: Span) -> str:
    """The question which name was meant, each with the place where it is declared."""
    said = [f"`{name}`" + _declared(at, span) for name, at in names.items()]
    return f"did you mean {', or '.join(said) if any(at.file for at in names.values()) else ' or '.join(said)}?"


def _declared(at: Span, span: Span) -> str:
    if not at.file:
        return ""
    return f", declared at line {at.line}" if at.file == span.file else f", declared in {at.file}:{at.line}"


NOWHERE = Span("", 0, 0, 0, 0)
"""The place of what is built in."""


def built_in(*names: str) -> dict[str, Span]:
    """Names that are declared nowhere."""
    return dict.fromkeys(names, NOWHERE)
