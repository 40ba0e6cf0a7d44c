"""Files that commands write: named by one option everywhere, and written over only where that is said."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.translate import _
from engine.errors import Conflict


def output_option(help: str, *, required: bool = False) -> click.Option:
    """Build the option that names the file to write."""
    file = click.Path(dir_okay=False, path_type=Path)
    return click.Option(["-o", "--output"], type=file, metavar=_("FILE"), required=required, help=help)


def force_option() -> click.Option:
    """Build the option by which a file that is there is written over."""
    return click.Option(["--force"], is_flag=True, help=_("Write over a file that is there already."))


def refuse_existing(*files: Path | None, is_forced: bool) -> None:
    """Refuse to write over what is there; asked before anything is worked out. `Conflict` where something is."""
    for file in files:
        if file is not None and file.is_file() and not is_forced:
            raise Conflict(
                _("`{file}` is there already; nothing was written").format(file=file),
                help=_("choose another name, or say --force to write over it"),
            )
