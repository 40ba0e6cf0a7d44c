"""A command that has commands of its own: `actor add`, `audit verify`."""

from __future__ import annotations

import re
from collections.abc import Sequence

import click

from engine.cli.command import Command, write_examples
from engine.cli.help_text import HelpContext
from engine.cli.translate import _, listed

_SENTENCE = re.compile(r".+?(?:\.(?=\s|$)|。|$)", re.DOTALL)


def _first_sentence(text: str) -> str:
    found = _SENTENCE.match(text)
    return found[0].removesuffix("。") if found else text


class Subcommands(click.Group):
    """Commands under one name; without any of them the default one runs."""

    context_class = HelpContext

    def __init__(
        self, name: str, *, help: str, examples: Sequence[str], commands: Sequence[Command], default: str | None = None
    ) -> None:
        super().__init__(name, help=help, commands=list(commands), invoke_without_command=default is not None)
        self.context_settings = {"help_option_names": ["-h", "--help"]}
        self.subcommand_metavar, self.options_metavar = _("COMMAND …"), _("[OPTIONS]")
        self.examples = tuple(examples)
        self.default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command where none is named."""
        is_help = any(word in ("-h", "--help") for word in args)
        is_unnamed = not args or args[0].startswith("-") or (self._wants_argument and args[0] not in self.commands)
        if self.default is not None and not is_help and is_unnamed:
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    @property
    def _wants_argument(self) -> bool:
        """Whether the default command must be given something: what is no command's name is that."""
        default = self.commands[self.default] if self.default is not None else None
        return default is not None and any(isinstance(one, click.Argument) and one.required for one in default.params)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which there are."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            names = listed(f"`{self.name} {name}`" for name in self.commands)
            raise click.UsageError(
                _("there is no `{name}`; there is {names}").format(name=f"{self.name} {args[0]}", names=names), ctx
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each command is for: its first sentence, whole, however narrow the terminal."""
        rows = [(name, _first_sentence(command.help or "")) for name, command in sorted(self.commands.items())]
        with formatter.section(_("Commands")):
            formatter.write_dl(rows)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, then what the commands are for."""
        write_examples(formatter, self.examples)
        super().format_help_text(ctx, formatter)
