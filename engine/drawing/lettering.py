"""How much room a text takes, and where it breaks: Chinese signs are as wide as they are high, others about half."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from unicodedata import east_asian_width

_LATIN = 0.60  # of the size, for a usual sans-serif; bold is a little wider
_BOLD = 1.08
_CLOSING = "，。；：、！？）》」』”’…,.;:!?)"
_PIECE = re.compile(rf"\s+|[（《「『“‘(]*(?:[^\s\u2e80-\uffef]+|[\u2e80-\uffef])[{re.escape(_CLOSING)}]*")
_QUOTED = re.compile(rf"[（(]*“[^”]*”[{re.escape(_CLOSING)}]*|{_PIECE.pattern}")  # what is quoted is not parted
_PART = re.compile(rf"\s+|[（(]*(?:“[^”]*”|\"[^\"]*\"|[^\s（(“\"{re.escape(_CLOSING)}])+[{re.escape(_CLOSING)}]*|\S")


def width_of(text: str, size: float, *, is_bold: bool = False) -> float:
    """The width of one line at this size, in the size's unit."""
    is_wide = any(east_asian_width(sign) in "WF" for sign in text)  # there quotation marks may be wide, too
    units = sum(1.0 if east_asian_width(sign) in ("WFA" if is_wide else "WF") else _LATIN for sign in text)
    return units * size * (_BOLD if is_bold else 1.0)


def broken(text: str, room: float, size: float) -> tuple[str, ...]:
    """The lines of a text: as few as the room allows, and of these about equally long.

    What is quoted and names of a list stay on one line where that takes one line more at most.
    """
    fewest = _filled(_PIECE.findall(text), room, size)
    if len(fewest) < 2:
        return fewest
    for pieces in (_PART.findall(text), _QUOTED.findall(text)):
        for count in (len(fewest), len(fewest) + 1):
            if lines := _even(pieces, count, room, size):
                return lines
    return _even(_PIECE.findall(text), len(fewest), room, size) or fewest


def _even(pieces: Sequence[str], count: int, room: float, size: float) -> tuple[str, ...]:
    """So many lines about equally long; nothing where they do not fit."""
    even = width_of("".join(pieces), size) / count
    while even < room + size:
        lines = _filled(pieces, min(even, room), size)
        if len(lines) == count and all(width_of(line, size) <= room for line in lines):
            return lines
        even += size
    return ()


def _filled(pieces: Iterable[str], room: float, size: float) -> tuple[str, ...]:
    """Lines none wider than the room where a break is possible: at spaces, between Chinese signs."""
    lines = [""]
    for piece in pieces:
        if not lines[-1] or width_of(lines[-1] + piece.rstrip(), size) <= room:
            lines[-1] += piece
        else:
            lines[-1] = lines[-1].rstrip()
            lines.append(piece.lstrip())
    return tuple(line.strip() for line in lines if line.strip())
