"""A piece of YAML laid over a file as a reader would do it by hand: line by line, nothing else touched."""

from __future__ import annotations

import re

KEY = re.compile(r'^( *)("[^"]*"|[^\s#:"][^:]*):(?:\s|$)')


def with_part(text: str, piece: str) -> str:
    """Put a piece into a text: what has the same name is replaced, what is new comes at the end of its part.

    At the left edge and one step in, a name counts as a part; deeper in, a part is replaced whole.
    """
    head, old = _parts(text, 0)
    _before, new = _parts(piece, 0)
    for name, lines in new.items():
        if name in old and _is_open(lines):
            old[name] = _joined(old[name], lines)
        else:
            bare = [line for line in lines if line]
            old[name] = bare + [""] * (not old[name][-1]) if name in old else ["", *bare]
    return "".join(f"{line}\n" for line in [*head, *(line for lines in old.values() for line in lines)])


def _joined(old: list[str], new: list[str]) -> list[str]:
    head, inner = _parts("\n".join(old), 2)
    _head, pieces = _parts("\n".join(new), 2)
    lines = [*head, *(line for part in (inner | pieces).values() for line in part)]
    return [line for line in lines if line] + [""] * (not old[-1])


def _is_open(lines: list[str]) -> bool:
    """Whether a part has only its name in its first line."""
    return re.fullmatch(r"\S+:\s*(#.*)?", lines[0]) is not None


def _parts(text: str, indent: int) -> tuple[list[str], dict[str, list[str]]]:
    """Cut a text before each name at this indent; what comes before the first stays apart."""
    head: list[str] = []
    parts: dict[str, list[str]] = {}
    lines = head
    for line in text.rstrip("\n").split("\n") if indent == 0 else text.split("\n"):
        if (found := KEY.match(line)) and len(found[1]) == indent:
            lines = parts[found[2]] = []
        lines.append(line)
    return head, parts
