"""Files of text, and why one could not be read or written: in words, with what to do now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from errno import (
    EACCES,
    EDQUOT,
    EILSEQ,
    EIO,
    EISDIR,
    EMFILE,
    ENAMETOOLONG,
    ENFILE,
    ENOENT,
    ENOSPC,
    ENOTDIR,
    EPERM,
    EROFS,
)
from pathlib import Path
from typing import TextIO

from engine.cli.translate import _, later

_RIGHTS = (
    later("the right to it is missing"),
    later("get the right to it and to its folder, or name another file"),
)
_FULL = (
    later("the disk is full"),
    later("make room; then look first whether it was done, it may have been before the disk was full"),
)
_TOO_MANY = (later("too many files are open"), later("close other programs, and run it again"))

_WHY: Mapping[int | None, tuple[str, str]] = {
    EACCES: _RIGHTS,
    EPERM: _RIGHTS,
    ENOENT: (
        later("there is no such file, or no folder to write it into"),
        later("check the path, or make the folder first"),
    ),
    ENOSPC: _FULL,
    EDQUOT: _FULL,
    EROFS: (later("its disk is read-only"), later("name a place that can be written to")),
    EISDIR: (later("it is a folder, not a file"), later("name a file")),
    ENOTDIR: (later("a part of its path is a file, not a folder"), later("check the path")),
    ENAMETOOLONG: (later("its name is too long"), later("give it a shorter one")),
    EILSEQ: (
        later("it is not text in UTF-8"),
        later("save it as UTF-8; where a spreadsheet wrote it, choose `CSV UTF-8`"),
    ),
    EIO: (later("the disk failed"), later("try it again; if it fails again, the disk has to be looked after")),
    EMFILE: _TOO_MANY,
    ENFILE: _TOO_MANY,
}
"""What a system says by number, and what to do about it: in the reader's language, which the system may not speak."""


def told_trouble(error: OSError) -> tuple[str, str | None]:
    """Say what happened to which file, and what to do now."""
    why, mend = _WHY.get(error.errno, (None, None))
    said = _(why) if why is not None else error.strerror or str(error)
    text = _("`{file}`: {error}") if error.filename else _("a file or the output cannot be read or written: {error}")
    return text.format(file=error.filename, error=said), _(mend) if mend is not None else None


@contextmanager
def opened(file: Path) -> Iterator[TextIO]:
    """Read a file of text, with or without the mark some editors put before it; `OSError` names what is no text."""
    with file.open(encoding="utf-8-sig") as lines:
        try:
            yield lines
        except UnicodeDecodeError as error:
            raise _not_utf8(file) from error


@contextmanager
def opened_or_piped(file: Path, into: TextIO) -> Iterator[Iterable[str]]:
    """The lines of a file of text, or of what is piped in where `-` stands for it; `OSError` names what is no text."""
    if file == Path("-"):
        yield map(piped, into)
        return
    with opened(file) as lines:
        yield lines


def piped(text: str) -> str:
    """Text that was piped in; `OSError` where it is none."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _not_utf8(Path("-")) from error
    return text


def decoded(content: bytes, file: Path) -> str:
    """The text of a file that was read; `OSError` names it where it is none."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(file) from error


def text_of(file: Path) -> str:
    """The whole text of a small file."""
    return decoded(file.read_bytes(), file)


def _not_utf8(file: Path) -> OSError:
    return OSError(EILSEQ, "not UTF-8", str(file))
