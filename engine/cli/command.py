"""What every command has in common: examples first in its help, the common options, its engine, its exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import click

from engine.cli.exits import Exit
from engine.cli.help_text import HelpContext
from engine.cli.settings import Settings, read_settings
from engine.cli.streams import Streams, wants_colour, width_of
from engine.cli.translate import LANGUAGES, _
from engine.cli.usage import name_value

if TYPE_CHECKING:
    from engine.app import Engine

EngineRun = Callable[[Streams, "Engine", "Args"], int]
PlainRun = Callable[[Streams, "Args"], int]


class Args(SimpleNamespace):
    """The options and arguments of a command by name, and `settings`."""

    settings: Settings


class Command(click.Command):
    """A command whose help begins with examples."""

    context_class = HelpContext
    allow_extra_args = True  # refused by `parse_args`, with what was probably meant

    def __init__(
        self,
        name: str,
        callback: Callable[..., int],
        *,
        help: str,
        examples: Sequence[str],
        params: list[click.Parameter],
    ) -> None:
        super().__init__(name, callback=callback, help=help, params=params, no_args_is_help=False)
        self.options_metavar = _("[OPTIONS]")
        self.examples = tuple(examples)
        for param in params:
            name_value(param)
        self.context_settings = {"help_option_names": ["-h", "--help"]}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words of a command line; an answer given without `-f` is told how it is given."""
        super().parse_args(ctx, args)
        if ctx.args and not ctx.resilient_parsing:
            text = _("there is no place for `{words}`").format(words=" ".join(ctx.args))
            if swallowed := next((word for word in ctx.params.get("fields") or () if word.startswith("-")), None):
                text += _("; ") + _("`-f` took `{word}` for its answer: write `-f FIELD=VALUE`").format(word=swallowed)
            if "fields" in ctx.params and all("=" in word for word in ctx.args):
                from shlex import quote

                text += _("; ") + _("an answer is given by `{words}`").format(
                    words=" ".join(f"-f {quote(word)}" for word in ctx.args)
                )
            raise click.UsageError(text, ctx)
        return ctx.args

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, then what the command does."""
        write_examples(formatter, self.examples)
        super().format_help_text(ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Point to the options that every command has."""
        formatter.write_paragraph()
        formatter.write_text(
            _("Every command also takes --db, --as, --lang, --color, --no-input and --debug: see `casewright --help`.")
        )


def write_examples(formatter: click.HelpFormatter, examples: Sequence[str]) -> None:
    """Write examples, each on a line of its own and unbroken, so that it can be copied."""
    formatter.write_paragraph()
    for example in examples:
        formatter.write(f"  {example}\n")


def common_options(*, hidden: bool) -> list[click.Parameter]:
    """Build the options that may stand before or after the command's name."""
    options = [
        click.Option(["--db"], metavar="URL", help=_("The database: a file, or a URL such as postgresql://host/desk.")),
        click.Option(["--as", "as_"], metavar=_("ACTOR"), help=_("Who acts.")),
        click.Option(["--lang"], type=click.Choice(LANGUAGES), help=_("The language of labels and messages.")),
        click.Option(["--color"], type=click.Choice(["auto", "always", "never"]), help=_("Colour the output.")),
        click.Option(["--no-input"], is_flag=True, default=None, help=_("Never ask; fail where an answer is missing.")),
        click.Option(["--debug"], is_flag=True, default=None, help=_("Show the traceback of an error.")),
    ]
    for option in options:
        option.hidden = hidden
    return list(options)


_COMMON = ("db", "as_", "lang", "color", "no_input", "debug")


def json_option() -> click.Option:
    """Build `--json`, which every command has that shows something."""
    return click.Option(["--json", "is_json"], is_flag=True, help=_("Write JSON (schemas/output.schema.json)."))


def plain_command(
    name: str, run: PlainRun, *, help: str, examples: Sequence[str], params: Sequence[click.Parameter] = ()
) -> Command:
    """Build a command that needs no database."""

    def callback(**given: Any) -> int:
        streams, args = _prepare(given)
        return run(streams, args)

    return _built(name, callback, help, examples, params)


def engine_command(
    name: str, run: EngineRun, *, help: str, examples: Sequence[str], params: Sequence[click.Parameter] = ()
) -> Command:
    """Build a command that works on the desk's database."""

    def callback(**given: Any) -> int:
        streams, args = _prepare(given)
        from engine.app import Engine

        with Engine.open(args.settings.database) as engine:
            return run(streams, engine, args)

    return _built(name, callback, help, examples, params)


def _built(
    name: str, callback: Callable[..., int], help: str, examples: Sequence[str], params: Sequence[click.Parameter]
) -> Command:
    every = [*params, json_option(), *common_options(hidden=True)]
    return Command(name, callback, help=help, examples=examples, params=every)


def _prepare(given: dict[str, Any]) -> tuple[Streams, Args]:
    context = click.get_current_context()
    common = {name: given.pop(name) for name in _COMMON}
    for name, value in (context.find_root().params or {}).items():
        if common.get(name) is None and name in common:
            common[name] = value
    settings = read_settings(common, os.environ)
    context.find_root().meta["casewright.debug"] = common["debug"]
    return streams_of(common, given.pop("is_json"), settings.language), Args(**given, settings=settings)


def streams_of(common: dict[str, Any], is_json: bool, language: str) -> Streams:
    """Look at the process's streams and what was said about them."""
    out, err, into = sys.stdout, sys.stderr, sys.stdin
    return Streams(
        out=out,
        err=err,
        into=into,
        language=language,
        is_json=is_json,
        has_colour=not is_json and wants_colour(common.get("color") or "auto", out, os.environ),
        may_ask=not common.get("no_input") and not is_json and into.isatty() and err.isatty(),
        width=width_of(out, os.environ),
    )


__all__ = ["Args", "Command", "Exit", "common_options", "engine_command", "json_option", "plain_command", "streams_of"]
