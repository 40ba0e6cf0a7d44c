"""Files: attached by a command of their own, or named in an answer by `@FILE`."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.file_trouble import decoded
from engine.cli.reader import harmless, one_line
from engine.cli.translate import _, plural
from engine.errors import NotFound, UsageError

if TYPE_CHECKING:
    from engine.app import File
    from engine.fields import Field
    from engine.ports import Attached
    from engine.views import FormField

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*(;.+)?", re.IGNORECASE)


def read_file(file: Path, name: str | None = None, media_type: str | None = None) -> File:
    """Read a file; its media type is guessed by its name unless it is said."""
    from mimetypes import guess_type

    from engine.app import File

    if not file.is_file():
        raise NotFound(_("there is no file `{file}`").format(file=file))
    if media_type is not None and not _MEDIA_TYPE.fullmatch(media_type):
        raise UsageError(
            _("`{text}` is no media type").format(text=media_type), help=_("write it like `image/png` or `text/plain`")
        )
    guessed = media_type or guess_type(file.name)[0] or "application/octet-stream"
    return File(name=name or file.name, content=file.read_bytes(), media_type=guessed)


def take_files(form: dict[str, Any], asked: Iterable[FormField], flags: Container[str]) -> tuple[File, ...]:
    """Read the files that answers name by `@FILE`; the form then names each by its hash, as the record will.

    What a flag gives to a text field by `@FILE` is the file's text; a text that begins so is given as `@@…`.
    """
    files: dict[str, File] = {}
    for one in asked:
        field = one.field
        if field.name in form:
            form[field.name] = _taken(field, form[field.name], files)
            if field.type == "text" and field.name in flags:
                form[field.name] = _text_given(form[field.name])
    return tuple(files.values())


def _text_given(text: Any) -> Any:
    if not isinstance(text, str) or not text.startswith("@"):
        return text
    if text.startswith("@@"):
        return text[1:]
    from engine.resources import read_bounded
    from engine.values import LONGEST_TEXT

    file = Path(text[1:])
    if not file.is_file():
        mend = _("`@FILE` gives the file's text; a text that begins with `@` is written `@@…`")
        raise NotFound(_("there is no file `{file}`").format(file=file), help=mend)
    return decoded(read_bounded(file, LONGEST_TEXT), file).removesuffix("\n")


def _taken(field: Field, value: Any, files: dict[str, File]) -> Any:
    if field.type == "list" and field.of is not None and field.of.type == "file":
        parts = value.split(",") if isinstance(value, str) and "@" in value else value
        return [_taken(field.of, part, files) for part in parts] if isinstance(parts, list) else value
    if field.type != "file" or not isinstance(value, str) or value.strip()[:1] != "@":
        return value
    file = read_file(Path(value.strip()[1:]))
    files[file.hash] = file
    return file.hash


def attached_line(file: File | Attached) -> str:
    """Say which file this is: its name, its size, its kind and the beginning of its hash."""
    size = file.size if hasattr(file, "size") else len(file.content)
    return _("{name}: {size}, {type}, hash {hash}").format(
        name=one_line(file.name) or "?",
        size=size_text(size),
        type=harmless(file.media_type),
        hash=hash_start(file.hash),
    )


def hash_start(digest: str) -> str:
    """Shorten a hash to what tells files apart."""
    return digest[:12]


def size_text(size: int) -> str:
    """Write a size as people do: `812 bytes`, `12.4 kB`, `3.1 MB`."""
    if size < 1000:
        return plural("{count} byte", "{count} bytes", size)
    return f"{size / 1000:.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
