"""The processes of a folder: each is read only when another one opens it, tells it something, or is opened by it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from engine.lang.build.cursor import Cursor
from engine.lang.build.notes import Places
from engine.lang.build.outline import Outline, outline_of
from engine.lang.diagnostics import Span

_WORD = re.compile(r"[a-z][a-z0-9_]*")


class Others:
    """Process files by the names of their processes; of a file that cannot be read nothing is known."""

    def __init__(self, texts: Mapping[str, str], places: Places, read: Callable[[str], Cursor | None]) -> None:
        """`texts` are the files as they are written, `read` gives what is in one."""
        self.places: Mapping[str, Span] = places
        self._texts = texts
        self._read = read
        self._outlines: dict[str, Outline | None] = {}
        self._mentioned: dict[str, list[str]] | None = None

    def outline(self, name: str) -> Outline | None:
        """The names that a process declares; nothing where there is none, or its file is no table."""
        if name not in self._outlines:
            root = self._read(name) if name in self._texts else None
            self._outlines[name] = outline_of(root) if root is not None and root.is_table else None
        return self._outlines[name]

    def opening(self, process: str) -> Iterator[str]:
        """The processes that open cases of this one."""
        for name in self._mentions().get(process, ()):
            outline = self.outline(name)
            if outline is not None and any(process in opened for opened in outline.links.values()):
                yield name

    def hearing(self, event: str) -> Iterator[str]:
        """The processes that hear an event of this name."""
        for name, text in self._texts.items():
            outline = self.outline(name) if event in text or "\\" in text else None
            if outline is not None and outline.root.walk("incoming", event) is not None:
                yield name

    def _mentions(self) -> Mapping[str, list[str]]:
        """Process → the files in whose text its name stands; in one with escapes any name may."""
        if self._mentioned is None:
            self._mentioned = {name: [] for name in self._texts}
            for name, text in self._texts.items():
                escaped = "\\" in text
                for word in self._texts if escaped else self._texts.keys() & set(_WORD.findall(text)):
                    self._mentioned[word].append(name)
        return self._mentioned
