"""`play`: a process acted on in memory, line by line."""

from __future__ import annotations

from collections.abc import Iterator

import click

from engine.cli.command import Args, Command, plain_command
from engine.cli.designing.definitions import checked_definition
from engine.cli.designing.folder import checked_paths
from engine.cli.designing.rounds import Round
from engine.cli.exits import Exit
from engine.cli.file_trouble import piped
from engine.cli.parameters import ProcessPath
from engine.cli.reader import harmless
from engine.cli.streams import Streams
from engine.cli.translate import _, listed


def play_command() -> Command:
    """Build `play`."""
    return plain_command(
        "play",
        run_play,
        help=_(
            "Act on a process in memory, by hand or line by line from standard input; the active states are printed "
            "after each line. A line is an action with its fields, `wait 15m`, or `open` with fields; `as role:person` "
            "at its end says who, on a line of its own who from then on."
        ),
        examples=("casewright play repair", "echo 'take note=first' | casewright play processes/job.yaml"),
        params=[click.Argument(["path"], type=ProcessPath(), metavar=_("FILE"))],
    )


def run_play(streams: Streams, args: Args) -> int:
    """Play a process; what is wrong with its file comes first."""
    definition = checked_definition(streams, args.path)
    if definition is None:
        return Exit.FAILED
    beside = checked_paths([args.path.parent]).definitions
    played = Round(definition, {**beside, definition.process: definition}, streams.language)
    is_refused = False
    for line in _lines(streams, played):
        answer = played.line(line)
        is_refused = is_refused or bool(answer.refused or answer.cut)
        if streams.is_json:
            streams.give_line({"line": line, "state": list(answer.states), "refused": [*answer.refused, *answer.cut]})
            continue
        streams.say(" + ".join(answer.states) or "–")
        for why in (*answer.refused, *answer.cut):
            streams.tell(harmless(why))
    return Exit.REFUSED if is_refused else Exit.DONE


def _how() -> str:
    return _(
        "a line is an action, its answers behind it as `name=value`; `wait 15m` lets time pass, `as role:person` "
        "says who acts, `quit` ends"
    )


def _lines(streams: Streams, played: Round) -> Iterator[str]:
    """What is typed, line by line; on a terminal with what is possible, and a word to ask for help and to leave by."""
    if streams.may_ask:
        streams.tell(_how())
    while True:
        if streams.may_ask:
            streams.tell(_("possible: {names}").format(names=listed(played.possible())))
            streams.err.write("> ")
            streams.err.flush()
        line = streams.into.readline() if streams.may_ask else piped(streams.into.readline())
        word = line.strip()
        if not line or (word in ("quit", "exit") and word not in played.possible()):
            return
        if word in ("help", "?") and word not in played.possible():
            streams.tell(_how())
            continue
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()
