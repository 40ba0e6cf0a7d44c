"""Files that hold a key: made for their owner alone, and never written over."""

from __future__ import annotations

import os
from pathlib import Path

import click

from engine.cli.output_files import output_option
from engine.cli.translate import _
from engine.errors import UsageError


def keygen_options(*, after: str) -> list[click.Parameter]:
    """Build the options of a command that makes a key."""
    return [
        output_option(_("The file to be made."), required=True),
        click.Option(["--after"], type=click.Path(exists=True, dir_okay=False, path_type=Path), help=after),
    ]


def write_secret(path: Path, text: str) -> None:
    """Write a new file that only its owner may read."""
    try:
        where = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(
            _("`{file}` is there already, and a key is not written over").format(file=path),
            help=_("name another file; what the old key has locked or signed may still need it"),
        ) from None
    with os.fdopen(where, "w", encoding="utf-8") as file:
        file.write(text)
