"""Files: attached by a command of their own, or named in an answer by `@FILE`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.cli.command import Args
from engine.cli.translate import _
from engine.errors import NotFound, UsageError

if TYPE_CHECKING:
    from engine.app import Engine
    from engine.views import FormField, Refusal


class Content(NamedTuple):
    """A file as it is attached."""

    name: str
    content: bytes
    media_type: str


def read_file(file: Path, name: str | None = None, media_type: str | None = None) -> Content:
    """Read a file; its media type is guessed by its name unless it is said."""
    from mimetypes import guess_type

    if not file.is_file():
        raise NotFound(_("there is no file `{file}`").format(file=file))
    guessed = media_type or guess_type(file.name)[0] or "application/octet-stream"
    return Content(name or file.name, file.read_bytes(), guessed)


def named_files(form: Mapping[str, Any], asked: Iterable[FormField]) -> dict[str, Content]:
    """Read the files that answers of type file name by `@FILE`."""
    types = {field.field.name: field.field.type for field in asked}
    return {
        name: read_file(Path(value[1:]))
        for name, value in form.items()
        if isinstance(value, str) and value[:1] == "@" and types.get(name) == "file"
    }


def attach_answers(engine: Engine, args: Args, form: dict[str, Any]) -> Refusal | None:
    """Attach the files that the answers name, and put the names they are kept by into the form."""
    from engine.views import Refusal

    if not any(isinstance(value, str) and value[:1] == "@" for value in form.values()):
        return None
    actor = args.settings.actor
    asked = [
        field for offer in engine.allowed(args.case, actor=actor) if offer.action == args.action for field in offer.form
    ]
    for name, file in named_files(form, asked).items():
        result = engine.attach(args.case, file.name, file.content, actor=actor, media_type=file.media_type)
        if isinstance(result, Refusal):
            return result
        form[name] = file.name
    return None


def no_files_yet(form: Mapping[str, Any], asked: Iterable[FormField]) -> None:
    """Refuse files in an opening: there is no case yet to attach them to."""
    for name in named_files(form, asked):
        raise UsageError(
            _("`{name}`: a file can be attached only once the case is open").format(name=name),
            help=_("give the file's name now, and then `casewright attach CASE FILE`"),
        )
