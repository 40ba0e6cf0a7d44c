"""The command `casewright`: its overview, and the one place where errors become sentences and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import Any, NamedTuple

import click

from engine import __version__
from engine.cli.catalogue import AUDIENCES, COMMANDS
from engine.cli.command import Command, common_options
from engine.cli.exits import Exit
from engine.cli.file_trouble import told_trouble
from engine.cli.help_text import HelpContext
from engine.cli.reader import harmless
from engine.cli.settings import start_language
from engine.cli.translate import _, asked_for, use_language
from engine.cli.usage import own_words, unknown_option, usage_said
from engine.errors import (
    ClockJumped,
    Conflict,
    DefinitionError,
    EngineError,
    KeyMissing,
    KeyReused,
    NotFound,
    NotPermitted,
    SetAside,
    StoreUnavailable,
    UsageError,
    VerificationFailed,
)


class Casewright(click.Group):
    """All commands. Each is imported when it is called; the overview needs none of them."""

    context_class = HelpContext

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of the overview."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> Command | click.Group | None:
        """Build one command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module = import_module(f"engine.cli.commands.{entry.module}")
        command: Command | click.Group = getattr(module, f"{cmd_name}_command")()
        command.short_help = _(entry.summary)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was probably meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise _unknown_command(args[0], ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by who needs them."""
        for audience, commands in AUDIENCES:
            with formatter.section(_(audience)):
                formatter.write_dl([(name, _(entry.summary)) for name, entry in commands.items()])

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a command and leave with its exit code."""
        given = args[0] if args else extra.get("args")
        words = list(sys.argv[1:] if given is None else given)
        try:
            code = super().main(_asked_for_help(words), "casewright", standalone_mode=False)
            sys.stdout.flush()  # here, where a reader who left is no error
        except (Exception, KeyboardInterrupt) as error:
            code = _explained(error, words)
            if isinstance(error, OSError):
                _let_go_of_the_rest()
        sys.exit(int(code or 0))


_WITH_VALUE = ("--db", "--as", "--lang", "--color")


def _asked_for_help(words: Sequence[str]) -> list[str]:
    """Read `help COMMAND` as `COMMAND --help`, and `--as X --help` as `--help` alone."""
    number = 0
    while number < len(words) and words[number].startswith("--"):
        number += 2 if words[number] in _WITH_VALUE else 1
    before, rest = list(words[:number]), list(words[number:])
    if rest[:1] == ["help"]:
        return [*before, *rest[1:], "--help"]
    return list(words)


def _unknown_command(name: str, ctx: click.Context) -> click.UsageError:
    from engine.cli.elsewhere import called_here
    from engine.nearness import nearest

    ours = called_here(name)
    near = [ours] if ours else nearest(name, COMMANDS, 0.7)  # less is a guess at random
    text = _("there is no command `{name}`").format(name=name)
    if near:
        text += _("; ") + asked_for(near)
    return click.UsageError(text, ctx)


def _explained(error: BaseException, words: Sequence[str]) -> int:
    """Say in one sentence what went wrong and return the exit code."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        _close_quietly()
        return Exit.DONE
    if "--debug" in words and not isinstance(error, (click.ClickException, click.Abort)):
        raise error
    if isinstance(error, click.NoSuchOption):
        error = unknown_option(error)
    trouble = _trouble(error)
    if "--json" in words:
        told = {name: value for name, value in trouble._asdict().items() if value is not None}
        from engine.cli.streams import as_json

        click.echo(as_json({"error": told}), err=True)
    elif isinstance(error, click.ClickException):
        click.echo(harmless(usage_said(error)), err=True)
    elif trouble.exit_code == Exit.CANCELLED:
        click.echo("\n" + trouble.message, err=True)
    else:
        click.echo(
            _("{error} {message}").format(error=click.style(_("error:"), fg="red"), message=harmless(trouble.message)),
            err=True,
        )
        if trouble.help:
            click.echo(_("help: {mend}").format(mend=harmless(trouble.help)), err=True)
    return trouble.exit_code


class _Trouble(NamedTuple):
    kind: str
    message: str
    help: str | None
    exit_code: int


KINDS: Mapping[type[BaseException], str] = {
    click.Abort: "cancelled",
    KeyboardInterrupt: "cancelled",
    click.ClickException: "usage",
    UsageError: "usage",
    NotFound: "not_found",
    NotPermitted: "not_permitted",
    KeyReused: "key_reused",
    Conflict: "conflict",
    DefinitionError: "definition",
    SetAside: "set_aside",
    ClockJumped: "clock_jumped",
    StoreUnavailable: "database",
    VerificationFailed: "not_verified",
    KeyMissing: "key_missing",
    EngineError: "failed",
    OSError: "file",
}
"""What scripts may rely on: the most particular first."""


def kind_of(error: BaseException) -> str:
    """Name the kind of an error for machines, whatever the class is called."""
    return next((kind for of, kind in KINDS.items() if isinstance(error, of)), "internal")


def _trouble(error: BaseException) -> _Trouble:
    """Put an exception into words: the one table of all that can happen."""
    kind = kind_of(error)
    if isinstance(error, click.ClickException):
        return _Trouble(kind, own_words(error.format_message()), None, error.exit_code)
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        return _Trouble(kind, _("cancelled; what was not finished changed nothing"), None, Exit.CANCELLED)
    if isinstance(error, EngineError):
        from engine.cli.sayings import said_again

        mend = None if error.mend is None else said_again(error.mend)
        return _Trouble(kind, said_again(error.message), mend, error.exit_code)
    if isinstance(error, FileNotFoundError) and not error.filename and not _is_somewhere():
        return _Trouble(
            kind, _("the folder you are in was deleted"), _("go to one that is there, such as `cd ~`"), Exit.FAILED
        )
    if isinstance(error, OSError):
        return _Trouble(kind, *told_trouble(error), Exit.FAILED)
    text = _("this is a fault of casewright itself: {kind}: {error}").format(kind=kind, error=error)
    return _Trouble(
        kind, text, _("run it again with --debug and report what it shows; nothing was half done"), Exit.FAILED
    )


def _is_somewhere() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return False
    return True


def _let_go_of_the_rest() -> None:
    """What could not be written is not tried again at the very end, where it would be a fault of ours."""
    try:
        sys.stdout.flush()
    except OSError:
        _close_quietly()


def _close_quietly() -> None:
    """Whoever read our output has left: what is still to be written is for nobody."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def casewright() -> Casewright:
    """Build the command in the language chosen before."""
    version = click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_show_version,
        help=_("Show the version."),
    )
    return Casewright(
        "casewright",
        help=_("Run service-desk cases by processes written in YAML: promises timed, every step on record."),
        params=[*common_options(hidden=False), version],
        epilog=_("Start here: `casewright demo`, then `casewright init --example`. Each command has its own --help."),
        context_settings={"help_option_names": ["-h", "--help"]},
        subcommand_metavar=_("COMMAND …"),
        options_metavar=_("[OPTIONS]"),
    )


def _show_version(ctx: click.Context, param: click.Parameter, is_asked: bool) -> None:
    if is_asked:
        click.echo(f"casewright {__version__}")
        ctx.exit()


def _open_what_is_closed() -> None:
    """Give nobody what is written to a closed stream (`>&-`), before a database is opened under its number."""
    sys.stdin = sys.stdin or os.fdopen(os.open(os.devnull, os.O_RDONLY), "r")
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


def main() -> None:
    """Start the command line: what `casewright` calls."""
    _open_what_is_closed()
    use_language(start_language(sys.argv[1:], os.environ))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(errors="replace")  # a sign the terminal does not know is no reason to fail
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")  # what is no text is told by who reads it, in every locale
    casewright().main()


if __name__ == "__main__":
    main()
