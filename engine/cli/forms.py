"""What a command brings: form and facts from flags and files, and answers asked for on a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from engine.cli.file_trouble import opened, piped
from engine.cli.sayings import said_again
from engine.cli.settings import Project
from engine.cli.translate import _, asked_for, listed
from engine.errors import NotFound, UsageError

if TYPE_CHECKING:
    from engine.app import Engine

_MOST = 4 * 1024 * 1024

WIDE_EQUALS = "\uff1d"
"""As a Chinese keyboard types it."""


def form_options() -> list[click.Parameter]:
    """Build the options by which a form and facts are given."""
    return [
        click.Option(
            ["-f", "--field", "fields"],
            multiple=True,
            metavar=_("NAME=VALUE"),
            help=_("An answer of the form; `NAME=` clears it, `NAME=@FILE` attaches a file, or gives its text."),
        ),
        click.Option(["--form"], metavar=_("FILE"), help=_("The form as a JSON object, from a file or `-`.")),
        click.Option(
            ["--fact", "facts"], multiple=True, metavar=_("NAME=VALUE"), help=_("A fact you bring: on_shift=T7,T9.")
        ),
        click.Option(["--facts", "facts_file"], metavar=_("FILE"), help=_("Facts as a JSON object.")),
    ]


def command_options() -> list[click.Parameter]:
    """Build the options of every command that changes a case."""
    return [
        click.Option(["--key"], metavar=_("TEXT"), help=_("Your own id of this command: given twice it acts once.")),
        click.Option(
            ["--expect-revision"],
            type=click.IntRange(min=0),
            help=_("Act only if nobody changed the case since this revision."),
        ),
        click.Option(["--occurred-at"], metavar=_("TIME"), help=_("When it happened by your own clock; kept as data.")),
    ]


def given_form(fields: Iterable[str], file: str | None, into: TextIO, *, flag: str = "-f") -> dict[str, Any]:
    """Put together the form: what the file says, and over it the flags, or words without one."""
    form: dict[str, Any] = dict(read_object(file, into)) if file else {}
    for name, value in pairs(fields, flag).items():
        form[name] = value if value != "" else None
    return form


def given_facts(
    facts: Iterable[str], file: str | None, project: Project, known: Iterable[str] | None = None
) -> dict[str, Any]:
    """Put together the facts: those of the project file, then those of the file given, then flags.

    Facts that the action does not ask for are no trouble: the engine keeps only those it needs. But a flag that names
    none of the process is a slip.
    """
    flags = pairs(facts, "--fact")
    if known is not None:
        _check_known(flags, tuple(known))
    standing = project.path("facts")
    found: dict[str, Any] = dict(read_object(str(standing))) if standing is not None else {}
    if file:
        found.update(read_object(file))
    return {**found, **flags}


def _check_known(facts: Iterable[str], known: Sequence[str]) -> None:
    for name in facts:
        if name not in known:
            from engine.nearness import nearest

            near = nearest(name, known)
            names = listed(f"`{fact}`" for fact in known)
            raise NotFound(
                _("the process knows no fact `{name}`").format(name=name),
                help=asked_for(near) if near else (_("it knows {names}").format(names=names) if known else None),
            )


def pairs(given: Iterable[str], flag: str) -> dict[str, str]:
    """Read `NAME=VALUE` as often as it is given."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = parted(text)
        if not equals or not name.strip():
            raise UsageError(
                _("`{text}` does not say NAME=VALUE").format(text=f"{flag} {text}".strip()),
                help=_("write {text}, in quotes if it holds spaces").format(text=f"{flag} name=value".strip()),
            )
        name = name.strip()
        if found.setdefault(name, value) != value:
            raise UsageError(
                _("`{name}` is given twice: `{first}` and `{second}`").format(
                    name=f"{flag} {name}".strip(), first=found[name], second=value
                ),
                help=_("give it once; several values of one list stand in one, with commas"),
            )
    return found


def parted(text: str) -> tuple[str, str, str]:
    """Part a `NAME=VALUE`, whichever sign of equality stands there."""
    return text.partition("=" if "=" in text else WIDE_EQUALS)


def read_object(file: str, into: TextIO | None = None) -> Mapping[str, Any]:
    """Read a JSON object from a file, or from the input when it is `-`."""
    try:
        text = piped(into.read(_MOST)) if file == "-" and into is not None else _read(Path(file))
        value = json.loads(text)
    except FileNotFoundError:
        raise NotFound(_("there is no file `{file}`").format(file=file)) from None
    except (ValueError, RecursionError) as error:
        raise UsageError(
            _("`{file}` is not JSON: {error}").format(file=file, error=said_again(str(error))),
            help=_('it is like {{"place": "3-201", "hours": 2, "member": true}}').format(),
        ) from error
    if not isinstance(value, dict):
        raise UsageError(_('`{file}` must hold a JSON object: {{"name": value, …}}').format(file=file))
    return value


def _read(file: Path) -> str:
    with opened(file) as stream:
        return stream.read(_MOST)


def instant_of(text: str | None, engine: Engine) -> int | None:
    """Read a time given by flag, local to the desk unless it says its offset."""
    if text is None:
        return None
    from engine.values import Expected, read_instant

    try:
        return read_instant(text, engine.zone)
    except Expected as expected:
        raise UsageError(
            _("`{text}` is no time; it wants {expected}").format(text=text, expected=expected)
        ) from expected
