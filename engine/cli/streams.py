"""Where a command writes, and what its reader's terminal can do."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from engine.cli.reader import harmless

_WIDTH_OF_A_PIPE = 200
_UNPRINTABLE = re.compile(r"[^\S \n\u3000]|[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
"""In JSON: blanks that are none, controls, marks of direction and of nothing, halves of characters."""

_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """Data goes to `out`, everything else to `err`."""

    out: TextIO
    err: TextIO
    into: TextIO
    language: str = "en"
    is_json: bool = False
    has_colour: bool = False
    may_ask: bool = False  # somebody sits at a terminal and has not said --no-input
    width: int = 80

    def say(self, text: str = "") -> None:
        """Write a line for people to `out`; nothing in it can play tricks on a terminal."""
        self.out.write(self._tame(text) + "\n")

    def tell(self, text: str = "") -> None:
        """Write a line to `err`: a hint, progress, trouble; nothing in it can play tricks on a terminal."""
        self.err.write(self._tame(text) + "\n")

    def _tame(self, text: str) -> str:
        """Let pass what is printable, line breaks and, where there is colour, our own colours."""
        if text.isprintable():
            return text
        parts = _COLOUR.split(text) if self.has_colour else [text]
        return "".join(part if number % 2 else harmless(part) for number, part in enumerate(parts))

    def give(self, value: Any) -> None:
        """Write a JSON document to `out`."""
        self.out.write(as_json(value, indent=2) + "\n")

    def give_line(self, value: Any) -> None:
        """Write one line of a stream of JSON documents to `out`."""
        self.out.write(as_json(value) + "\n")

    def pour(self, text: str) -> None:
        """Write a piece of a file to `out`: as it is, but to a terminal nothing that plays tricks there."""
        self.out.write(harmless(text.replace("\r\n", "\n")) if self.out.isatty() else text)

    def paint(self, text: str, colour: str) -> str:
        """Colour a text, if a colour is named; what it means must be said by the text as well."""
        if not (self.has_colour and text and colour):
            return text
        import click

        if colour in ("bold", "dim"):
            return click.style(text, bold=colour == "bold" or None, dim=colour == "dim" or None)
        return click.style(text, fg=colour)

    def progress(self, label: str) -> Callable[[int, int], None]:
        """Return a function of (done, of how many) that draws a progress bar on a terminal, and nothing elsewhere."""
        if not self.err.isatty():
            return lambda done, total: None
        return _bar(self.err, label)


def as_json(value: Any, indent: int | None = None) -> str:
    """Write a value as JSON, what is not printable by its number: it is the same to a program, and does nothing."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _UNPRINTABLE.sub(lambda found: json.dumps(found[0])[1:-1], text)


def _bar(err: TextIO, label: str) -> Callable[[int, int], None]:
    shown = -1

    def draw(done: int, total: int) -> None:
        nonlocal shown
        percent = 100 * done // max(total, 1)
        if percent == shown:
            return
        shown = percent
        end = "\n" if done >= total else ""
        err.write(f"\r{label} [{'#' * (percent // 4):<25}] {percent:>3}% {done}/{total}{end}")
        err.flush()

    return draw


def wants_colour(choice: str, out: TextIO, environment: Mapping[str, str]) -> bool:
    """Decide on colour: `--color`, then `NO_COLOR`, then whether a terminal that can show it is there."""
    if choice != "auto":
        return choice == "always"
    return not environment.get("NO_COLOR") and out.isatty() and environment.get("TERM") != "dumb"


def width_of(out: TextIO, environment: Mapping[str, str]) -> int:
    """Return how many columns there are; a pipe has plenty."""
    said = environment.get("COLUMNS", "")
    if said.isdigit() and int(said) > 0:
        return int(said)
    try:
        return os.get_terminal_size(out.fileno()).columns or 80
    except (OSError, ValueError, AttributeError):
        return shutil.get_terminal_size((_WIDTH_OF_A_PIPE, 24)).columns
