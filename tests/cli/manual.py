"""The reference page of the command line: `python -m tests.cli.manual` writes it from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from engine.cli.catalogue import AUDIENCES
from engine.cli.command import Command
from engine.cli.exits import Exit
from engine.cli.group import Subcommands
from engine.cli.main import casewright

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "cli.md"

BEGINNING = """\
# Command line

<!-- Written from the commands by `python -m tests.cli.manual`; a test compares. Change the commands, not this page. -->

Data goes to the standard output, everything else to the error stream. `--json` writes JSON by the shapes of
`schemas/output.schema.json`, where `#/$defs/command_NAME` describes the command `NAME`; with `--json` an error is one
JSON line on the error stream (`#/$defs/error`).

The database is that of `--db`, else of `CASEWRIGHT_DB`, else of the nearest `casewright.toml`, else one in the user's
data folder. Who acts is said by `--as`, else by `CASEWRIGHT_ACTOR`, else by `actor` in `casewright.toml`, else it is
the login name. The language is that of `--lang`, else of `CASEWRIGHT_LANG`, else of `casewright.toml`, else of the
environment (`LANGUAGE`, `LC_ALL`, `LC_MESSAGES`, `LANG`). `NO_COLOR` switches colour off.

On a terminal a command asks for what its form requires and you did not give, unless `--no-input` is said; without a
terminal it never asks.
"""

CODES = {
    Exit.DONE: "done",
    Exit.FAILED: "findings, or a failure",
    Exit.USAGE: "the command was called wrongly",
    Exit.NOT_FOUND: "there is no such case, process, file",
    Exit.NOT_PERMITTED: "this actor may not do that",
    Exit.CONFLICT: "claimed or changed meanwhile",
    Exit.REFUSED: "refused by a guard or the form; every reason is told",
    Exit.NOT_VERIFIED: "the audit does not verify, or something that nobody can read was left out",
    Exit.CANCELLED: "cancelled",
    Exit.CONDITION: "the condition of `--exit-code` holds",
}


def page() -> str:
    """Write the page."""
    root = casewright()
    context = click.Context(root, info_name="casewright")
    parts = [BEGINNING, "## Exit codes\n", _codes(), "## Options of every command\n", _options(root, context)]
    for audience, commands in AUDIENCES:
        parts.append(f"## {audience}\n")
        for name in commands:
            command = root.get_command(context, name)
            assert command is not None
            parts += _command(command, context, f"casewright {name}", "###")
    return "\n".join(parts)


def _codes() -> str:
    rows = "".join(f"| {code.value} | {said} |\n" for code, said in CODES.items())
    return "| code | meaning |\n|---|---|\n" + rows


def _command(command: click.Command, context: click.Context, name: str, level: str) -> Iterator[str]:
    own = click.Context(command, info_name=name, parent=None)
    yield f"{level} {name}\n"
    yield f"{command.help}\n"
    assert isinstance(command, Command | Subcommands)
    yield "```console\n" + "".join(f"$ {example}\n" for example in command.examples) + "```\n"
    if isinstance(command, Subcommands):
        for sub_name in command.list_commands(own):
            sub = command.get_command(own, sub_name)
            assert sub is not None
            yield from _command(sub, own, f"{name} {sub_name}", level + "#")
        return
    usage = " ".join(command.collect_usage_pieces(own))
    yield f"`{name} {usage}`\n"
    yield _options(command, own)


def _options(command: click.Command, context: click.Context) -> str:
    rows = []
    for option in command.get_params(context):
        record = option.get_help_record(context)
        if record is not None and isinstance(option, click.Option):
            said, meaning = (text.replace("|", "\\|") for text in record)
            rows.append(f"| `{said}` | {meaning} |\n")
    return "| option | meaning |\n|---|---|\n" + "".join(rows)


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), "utf-8")
