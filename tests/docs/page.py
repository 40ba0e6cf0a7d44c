"""A page of the manual as blocks that can be run, and written back with what they really print."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(r"^( *)(```+)(\w*)\s*$")
DIRECTIVE = re.compile(r"^ *<!-- (\w+)(?:: (.*?))? -->\s*$")

SHOWN = {"sh", "text", "mermaid"}
"""Blocks that are for reading; a test of its own holds what the README's `sh` says."""


@dataclass(frozen=True, eq=False)
class Block:
    """A fenced block: its language, its lines, and what the comments right above it say is to be done with it."""

    language: str
    first: int  # number of its first line of text, from 0
    lines: tuple[str, ...]
    indent: int = 0
    directives: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)

    @property
    def last(self) -> int:
        return self.first + len(self.lines)


@dataclass(frozen=True)
class Page:
    """One page."""

    path: Path
    lines: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> Page:
        return cls(path, tuple(path.read_text("utf-8").split("\n")))

    def blocks(self) -> Iterator[Block]:
        """Every block in order; a directive that stands alone comes as a block of no language."""
        directives: dict[str, str] = {}
        number = 0
        while number < len(self.lines):
            line = self.lines[number]
            if found := DIRECTIVE.match(line):
                directives[found[1]] = found[2] or ""
            elif opened := FENCE.match(line):
                end = self._end(number, opened[2])
                indent = len(opened[1])
                lines = tuple(text[indent:] for text in self.lines[number + 1 : end])
                yield Block(opened[3], number + 1, lines, indent, directives)
                directives, number = {}, end
            elif directives and line.strip():
                yield Block("", number, (), directives=directives)
                directives = {}
            number += 1

    def _end(self, start: int, fence: str) -> int:
        for number in range(start + 1, len(self.lines)):
            if self.lines[number].strip() == fence:
                return number
        raise ValueError(f"{self.path.name}:{start + 1}: this block has no end")

    def with_blocks(self, made: Mapping[Block, tuple[str, ...]]) -> str:
        """The page's text with these blocks printed anew."""
        lines = list(self.lines)
        for block in sorted(made, key=lambda one: one.first, reverse=True):
            margin = " " * block.indent
            lines[block.first : block.last] = [f"{margin}{line}".rstrip() for line in made[block]]
        return "\n".join(lines)
