"""What is said where a report or an export had to go on without cases that nobody can read."""

from __future__ import annotations

from collections.abc import Sequence

from engine.cli.exits import Exit
from engine.cli.reader import harmless
from engine.cli.streams import Streams
from engine.cli.translate import _, labelled, listed, plural

_MOST_NAMED = 10


def without(left_out: Sequence[str]) -> str:
    """Name the cases without which something was made."""
    said = plural(
        "!! without {count} case that cannot be read", "!! without {count} cases that cannot be read", len(left_out)
    )
    return labelled(said, _names(left_out))


def without_some_of(left_out: Sequence[str]) -> str:
    """Name the cases of which something was left out, where promises are counted and not cases."""
    said = plural(
        "!! without what cannot be read of {count} case",
        "!! without what cannot be read of {count} cases",
        len(left_out),
    )
    return labelled(said, _names(left_out))


def say_why(streams: Streams, left_out: Sequence[str]) -> int:
    """Say what to do about what was left out; return the exit code."""
    if not left_out:
        return Exit.DONE
    command = f"casewright show {left_out[0]}"
    streams.tell(_("help: `{command}` says why, `casewright audit verify` names all such").format(command=command))
    return Exit.NOT_VERIFIED


def _names(cases: Sequence[str]) -> str:
    named = listed(map(harmless, cases[:_MOST_NAMED]))
    more = len(cases) - _MOST_NAMED
    return named + plural(" and {count} more", " and {count} more", more) if more > 0 else named
