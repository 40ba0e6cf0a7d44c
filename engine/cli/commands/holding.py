"""`claim`, `release`, `assign`, `merge` and `attach`: who holds a case, and what lies in its folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.answer import answer
from engine.cli.command import Args, Command, engine_command
from engine.cli.files import read_file
from engine.cli.forms import command_options
from engine.cli.parameters import CaseId
from engine.cli.streams import Streams
from engine.cli.translate import _

if TYPE_CHECKING:
    from engine.app import Engine


def _case_argument() -> click.Argument:
    return click.Argument(["case"], type=CaseId(), metavar=_("CASE"))


def _changing_options() -> list[click.Parameter]:
    return [option for option in command_options() if option.name != "occurred_at"]


def claim_command() -> Command:
    """Build `claim`."""
    return engine_command(
        "claim",
        run_claim,
        help=_(
            "Take a case: it is then yours to work on. Of two who claim at once one gets it, the other is told who."
        ),
        examples=("casewright claim R-1042",),
        params=[_case_argument(), *_changing_options()],
    )


def run_claim(streams: Streams, engine: Engine, args: Args) -> int:
    """Take a case."""
    result = engine.claim(args.case, actor=args.settings.actor, key=args.key, expect_revision=args.expect_revision)
    return answer(streams, engine, args, result)


def release_command() -> Command:
    """Build `release`."""
    return engine_command(
        "release",
        run_release,
        help=_("Give a case back, so that others may take it."),
        examples=("casewright release R-1042",),
        params=[_case_argument(), *_changing_options()],
    )


def run_release(streams: Streams, engine: Engine, args: Args) -> int:
    """Give a case back."""
    result = engine.release(args.case, actor=args.settings.actor, key=args.key, expect_revision=args.expect_revision)
    return answer(streams, engine, args, result)


def assign_command() -> Command:
    """Build `assign`."""
    return engine_command(
        "assign",
        run_assign,
        help=_("Give a case to a person. Who works the case may, and the desk's `assigners`: unsaid, supervisors."),
        examples=("casewright assign R-1042 li.wei",),
        params=[_case_argument(), click.Argument(["person"], metavar=_("PERSON")), *_changing_options()],
    )


def run_assign(streams: Streams, engine: Engine, args: Args) -> int:
    """Give a case to a person."""
    result = engine.assign(
        args.case, args.person, actor=args.settings.actor, key=args.key, expect_revision=args.expect_revision
    )
    return answer(streams, engine, args, result)


def merge_command() -> Command:
    """Build `merge`."""
    return engine_command(
        "merge",
        run_merge,
        help=_(
            "Merge a case into another: it ends there, and commands for it reach the other from then on. Promises not "
            "missed yet are cancelled. Whoever works both cases may, and whoever assigns."
        ),
        examples=("casewright merge R-1043 R-1042",),
        params=[_case_argument(), click.Argument(["into"], metavar=_("INTO")), *_changing_options()],
    )


def run_merge(streams: Streams, engine: Engine, args: Args) -> int:
    """Merge a case into another."""
    result = engine.merge(
        args.case, args.into, actor=args.settings.actor, key=args.key, expect_revision=args.expect_revision
    )
    return answer(streams, engine, args, result)


def attach_command() -> Command:
    """Build `attach`."""
    return engine_command(
        "attach",
        run_attach,
        help=_("Attach a file to a case: a photo, a signed slip. Its content is known by a hash in the records."),
        examples=("casewright attach R-1042 slip.jpg",),
        params=[
            _case_argument(),
            click.Argument(["file"], type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar=_("FILE")),
            click.Option(["--name"], help=_("The name under which it is kept; else the file's.")),
            click.Option(
                ["--type", "media_type"], help=_("Its media type, such as image/jpeg; else guessed by its name.")
            ),
            *_changing_options(),
        ],
    )


def run_attach(streams: Streams, engine: Engine, args: Args) -> int:
    """Attach a file."""
    file = read_file(args.file, args.name, args.media_type)
    result = engine.attach(
        args.case,
        file.name,
        file.content,
        actor=args.settings.actor,
        media_type=file.media_type,
        key=args.key,
        expect_revision=args.expect_revision,
    )
    return answer(streams, engine, args, result, (file,))
