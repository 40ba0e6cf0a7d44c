"""What can move a promise, as far as the definition alone says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.fields import Field
from engine.model import Clock


@dataclass(frozen=True, slots=True)
class Watched:
    """What can move a clock beside the names it listens to: whether its `if`, goal or pauses must be asked for.

    They must not while nothing of what `if` and goal read has changed; that is known where they read fields only.
    """

    clock: Clock
    pauses: bool
    is_conditional: bool
    reads: frozenset[str] | None  # fields; None: more than fields


def watched_of(clock: Clock, fields: Mapping[str, Field]) -> Watched:
    """What of this clock must be asked for."""
    asked = [when for when in (clock.when, *(branch.when for branch in clock.goal)) if when is not None]
    read = {name for when in asked for name in when.names}
    read |= {f"case.{branch.value.field}" for branch in clock.goal if branch.value.field}
    plain = not asked and not read and len(clock.goal) == 1
    of_fields = {name for name in read if name.startswith("case.") and name.split(".")[1] in fields}
    return Watched(
        clock,
        bool(clock.pauses_in) or clock.pauses_when is not None,
        not plain or clock.pauses_when is not None,
        frozenset(name.split(".")[1] for name in of_fields) if of_fields == read else None,
    )


@dataclass(frozen=True, slots=True)
class Heard:
    """The promises that listen to what happened in a step.

    One under way is not started again, and one at rest is neither met nor cancelled.
    """

    starting: frozenset[str]  # what happened starts these, where they rest
    moving: frozenset[str]  # what happened meets, cancels or restarts these, where they are under way
    watched: Mapping[str, Watched]  # those to be looked at in a step that neither ends the case nor opens it again


def heard_by(watched: Mapping[str, Watched], happened: frozenset[str]) -> Heard:
    """Which promises listen to these actions and states."""
    starting, moving = set(), set()
    for name, one in watched.items():
        clock = one.clock
        if not happened.isdisjoint(clock.starts):
            starting.add(name)
        if not happened.isdisjoint((*clock.met_by, *clock.cancelled_by, *clock.restarts_on)):
            moving.add(name)
    looked_at = {
        name: one
        for name, one in watched.items()
        if name in starting or name in moving or one.pauses or one.is_conditional
    }
    return Heard(frozenset(starting), frozenset(moving), looked_at)
