"""How open cases of an earlier version come over, in words."""

from __future__ import annotations

from collections.abc import Iterator

from engine.migration import Migration
from engine.words.speech import Speech


def migration_said(speech: Speech, way: Migration) -> str:
    """What becomes of states, promises and values; what goes over as it is has no words of its own."""
    return speech.say("semicolon").join(_said(speech, way)) or speech.say("comes_as_it_is")


def _said(speech: Speech, way: Migration) -> Iterator[str]:
    for old, new in way.states.items():
        there = speech.listed(speech.quoted(speech.state(name)) for name in new)
        yield speech.say("state_comes_to", old=speech.quoted(speech.state(old)), new=there)
    for name, fate in way.clocks.items():
        yield speech.say(f"clock_comes_{fate}", clock=speech.quoted(speech.clock(name)))
    if way.drop:
        yield speech.say("values_dropped", fields=speech.listed(speech.quoted(speech.field(name)) for name in way.drop))
