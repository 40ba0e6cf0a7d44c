"""The files of a folder of processes: each read once, and held against its schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

from engine.lang.build.cursor import Cursor
from engine.lang.build.others import Others
from engine.lang.diagnostics import Diagnostic, Lines, Span, in_order
from engine.lang.shape import Kind, Shape, check_shape
from engine.lang.source import read
from engine.lang.tree import Document

Sources = Mapping[str, str]
"""Texts by path: `processes/repair.yaml`, `processes/desk.yaml`, `processes/calendars/…`, `processes/messages/…`."""


_KEPT = 200_000
"""Files up to this length are kept as they were read."""


@dataclass(frozen=True, slots=True)
class File:
    """One file as it was read and held against its schema; without a cursor it could not be read."""

    document: Document
    cursor: Cursor | None
    findings: tuple[Diagnostic, ...]


def _read_file(text: str, path: str, kind: Kind, is_known: bool) -> File:
    document, findings = read(text, path)
    if document.root is None:
        return File(document, None, findings)
    shape = Shape() if is_known else check_shape(document, kind)
    return File(document, Cursor(document, document.root, (), shape.broken), in_order([*findings, *shape.findings]))


_kept_file = lru_cache(maxsize=64)(_read_file)


class Files:
    """The files of one folder, each read once."""

    def __init__(self, sources: Sources, base: str, *, is_known: bool = False, today: date | None = None) -> None:
        self.sources = sources
        self.base = base
        self.is_known = is_known  # to be of the right shape
        self.today = today  # when they are checked, where that is said
        self.texts: dict[str, Lines] = {}
        self._read: dict[str, File] = {}

    def __contains__(self, name: str) -> bool:
        return self.base + name in self.sources

    def read(self, name: str, kind: Kind) -> File:
        """One file of the folder."""
        if name not in self._read:
            path = self.base + name
            text = self.sources[path]
            read_file = _kept_file if len(text) <= _KEPT else _read_file
            found = self._read[name] = read_file(text, path, kind, self.is_known)
            self.texts[path] = found.document.lines
        return self._read[name]

    @property
    def documents(self) -> list[Document]:
        """The files that were read so far, in that order."""
        return [file.document for file in self._read.values()]

    @cached_property
    def others(self) -> Others:
        """The process files, none of them read yet."""
        names = self.processes()
        texts = {name: self.sources[f"{self.base}{name}.yaml"] for name in names}
        places = {name: Span(f"{self.base}{name}.yaml", 1, 1, 1, 1) for name in names}
        return Others(texts, places, lambda name: self.read(f"{name}.yaml", "process").cursor)

    def names(self, folder: str = "") -> list[str]:
        """The names of the YAML files directly in a folder, without their ending."""
        start = self.base + folder
        names = [path[len(start) : -len(".yaml")] for path in self.sources if _is_yaml(path, start)]
        return sorted(name for name in names if "/" not in name)

    def processes(self) -> list[str]:
        """The names of the process files."""
        return [name for name in self.names() if name != "desk" and not name.endswith(".scenarios")]


def _is_yaml(path: str, start: str) -> bool:
    return path.startswith(start) and path.endswith(".yaml")


def base_of(sources: Sources, process: str) -> str | None:
    """The folder in which a process stands, with its `/`."""
    for path in sorted(sources, key=lambda path: (path.count("/"), path)):
        folder, slash, name = path.rpartition("/")
        if name == f"{process}.yaml" and folder.rpartition("/")[2] not in ("calendars", "messages"):
            return folder + slash
    return None
