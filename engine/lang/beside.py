"""Files that stand beside the processes, each about some of them: corrections, assumptions of a simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from engine.lang.build.cursor import Cursor
from engine.lang.build.notes import Notes
from engine.lang.diagnostics import Diagnostic, Lines, in_order
from engine.lang.shape import Kind, check_shape
from engine.lang.source import read

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FileRead(Generic[T]):
    """A file that was read: what it says unless there are errors, and everything that was found."""

    said: T | None
    findings: tuple[Diagnostic, ...]
    texts: Mapping[str, Lines]


def read_beside(content: bytes, file: str, kind: Kind, build: Callable[[Cursor, Notes], T]) -> FileRead[T]:
    """Read a file by its schema, then by what builds its value and notes what is wrong with it."""
    document, findings = read(content, file)
    texts = {file: document.lines}
    if document.root is None:
        return FileRead(None, findings, texts)
    shape, notes = check_shape(document, kind), Notes()
    root = Cursor(document, document.root, (), shape.broken)
    said = build(root, notes) if root.is_table else None
    found = in_order([*findings, *shape.findings, *notes.found])
    is_wrong = any(one.severity == "error" for one in found)
    return FileRead(None if is_wrong else said, found, texts)
