"""What is found while building, and where each part of the definition came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from engine.lang.build.cursor import Cursor
from engine.lang.diagnostics import Diagnostic, Span, error, near_miss, warning

T = TypeVar("T")

Places = Mapping[str, Span]
"""Names that there are, and where each is declared."""


class Notes:
    """Findings, and the origin of every part."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []
        self._origins: dict[int, tuple[Any, Cursor]] = {}

    def error(
        self, rule: str, span: Span, message: str, mend: str | None = None, related: Iterable[tuple[Span, str]] = ()
    ) -> None:
        """Note what keeps the definition from being used."""
        self.found.append(error(rule, span, message, mend, related))

    def warning(self, rule: str, span: Span, message: str, mend: str | None = None) -> None:
        """Note what leaves it usable."""
        self.found.append(warning(rule, span, message, mend))

    def unknown(self, kind: str, span: Span, message: str, name: str, known: Places) -> None:
        """Note a name that does not exist, with the one that was probably meant."""
        self.error(f"unknown-{kind}", span, message, meant(name, span, known))

    def mark(self, made: T, cursor: Cursor) -> T:
        """Remember where a part came from."""
        self._origins[id(made)] = (made, cursor)  # the part itself keeps its id from being used again
        return made

    def origin(self, made: object) -> Cursor | None:
        """Where a part came from, if it was written anywhere."""
        known = self._origins.get(id(made))
        return known[1] if known is not None else None


MOST_LISTED = 8


def meant(name: str, span: Span, known: Places) -> str | None:
    """The help of an unknown name: the near one and where it is declared, else those there are."""
    near = near_miss(name, known)
    if near is not None:
        return did_you_mean(near, known[near], span)
    if not known:
        return None
    listed = ", ".join(f"`{candidate}`" for candidate in list(known)[:MOST_LISTED])
    return f"there is {listed}{' …' if len(known) > MOST_LISTED else ''}"


def did_you_mean(name: str, at: Span, span: Span) -> str:
    """The question whether a name was meant, with the place where it is declared."""
    if not at.file:
        return f"did you mean `{name}`?"
    place = f"at line {at.line}" if at.file == span.file else f"in {at.file}:{at.line}"
    return f"did you mean `{name}`, declared {place}?"


NOWHERE = Span("", 0, 0, 0, 0)
"""The place of what is built in."""


def built_in(*names: str) -> dict[str, Span]:
    """Names that are declared nowhere."""
    return dict.fromkeys(names, NOWHERE)
