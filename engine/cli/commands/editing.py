"""`schema`: the schemas by which editors offer, explain and check the keys of a desk's files."""

from __future__ import annotations

import os
from pathlib import Path

import click

from engine.cli.command import Args, Command, plain_command
from engine.cli.exits import Exit
from engine.cli.streams import Streams
from engine.cli.translate import _, plural
from engine.resources import data_folder

FOLDER = "schemas"
_ENDING = ".schema.json"


def schema_command() -> Command:
    """Build `schema`."""
    return plain_command(
        "schema",
        run_schema,
        help=_(
            "Write the schemas by which editors help beside the folder of processes, or bring those there up to date. "
            "`casewright new` then begins files with the line that names them."
        ),
        examples=("casewright schema", "casewright schema --in desk/processes"),
        params=[
            click.Option(
                ["--in", "folder"], type=click.Path(file_okay=False, path_type=Path), help=_("The folder of processes.")
            )
        ],
    )


def run_schema(streams: Streams, args: Args) -> int:
    """Write the schemas that are not there as they should be."""
    target = schemas_beside(args.folder or args.settings.folder)
    written = []
    for source in sorted(data_folder(FOLDER).glob(f"*{_ENDING}")):
        copy, content = target / source.name, source.read_bytes()
        if not copy.is_file() or copy.read_bytes() != content:
            target.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
            written.append(copy.as_posix())
    if streams.is_json:
        streams.give({"folder": target.as_posix(), "files": written})
        return Exit.DONE
    if written:
        counted = plural("{count} schema", "{count} schemas", len(written))
        streams.say(_("wrote {what} to {folder}").format(what=counted, folder=target))
    else:
        streams.say(_("the schemas in {folder} are up to date").format(folder=target))
    streams.tell(_("a process begins with: {line}").format(line=_line(Path("..", FOLDER, f"process{_ENDING}"))))
    return Exit.DONE


def schemas_beside(folder: Path) -> Path:
    """Where editors find the schemas of a folder of processes."""
    return folder.parent / FOLDER


def known_to_editors(text: str, kind: str, file: Path, folder: Path) -> str:
    """Begin a file with the line that names its schema from where the file lies, if a folder of processes has one."""
    schema = schemas_beside(folder) / f"{kind}{_ENDING}"
    if not schema.is_file():
        return text
    return f"{_line(Path(os.path.relpath(schema, file.parent)))}\n{text}"


def _line(schema: Path) -> str:
    return f"# yaml-language-server: $schema={schema.as_posix()}"
