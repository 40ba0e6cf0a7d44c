"""Several runs of several variants, shared among processes; how many those are makes no difference to what is shown."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection, wait
from typing import cast

from engine.core.promises.attainment import spread
from engine.errors import EngineError
from engine.simulation.figures import (
    Played,
    Simulated,
    Tally,
    attained_in,
    between,
    refused_in,
    roles_in,
    teams_in,
)
from engine.simulation.run import Variant, tally
from engine.timeline import DAY

Progress = Callable[[int, int], None]
Lot = tuple[Variant, int]
"""A variant, and which of its runs."""


def simulate(
    variants: Sequence[Variant], runs: int = 1, jobs: int = 1, progress: Progress = lambda done, whole: None
) -> tuple[Simulated, ...]:
    """Play the days of every variant so often, in so many processes at once: what each variant has shown."""
    lots = [(variant, run) for variant in variants for run in range(runs)]
    jobs = min(jobs, len(lots)) if "fork" in get_all_start_methods() else 1
    played = _here(lots, progress) if jobs < 2 else _shared(lots, jobs, progress)
    shares = (played[first : first + runs] for first in range(0, len(lots), runs))
    return tuple(_simulated(variant, share) for variant, share in zip(variants, shares, strict=True))


def _simulated(variant: Variant, tallies: Sequence[Tally]) -> Simulated:
    """What the runs of a variant have shown together."""
    assumed = variant.assumed
    played = Played(assumed.teams, assumed.since, assumed.since + assumed.days * DAY)
    groups, total = attained_in(tallies)
    lasted = [time for one in tallies for time in one.lasted]
    return Simulated(
        title=variant.title, days=assumed.days, runs=len(tallies), seed=variant.seed,
        opened=sum(one.opened for one in tallies), closed=len(lasted), lasted=spread(lasted),
        stuck=sum(one.stuck for one in tallies), apart=sum(one.apart for one in tallies), promises=groups, total=total,
        between=between(tallies), roles=roles_in(tallies, played), teams=teams_in(tallies, played),
        refused=refused_in(tallies),
    )  # fmt: skip


def _here(lots: Sequence[Lot], progress: Progress) -> list[Tally]:
    def after(number: int) -> Progress:
        return lambda done, whole: progress(number * whole + done, len(lots) * whole)

    return [tally(variant, run, after(number)) for number, (variant, run) in enumerate(lots)]


def _shared(lots: Sequence[Lot], jobs: int, progress: Progress) -> list[Tally]:
    """Each process plays every so manieth lot. It is forked, as what a definition was compiled to cannot be sent."""
    found: dict[int, Tally] = {}
    for number, one in _received([range(first, len(lots), jobs) for first in range(jobs)], lots):
        found[number] = one
        progress(len(found), len(lots))
    return [found[number] for number in range(len(lots))]


def _received(shares: Sequence[range], lots: Sequence[Lot]) -> Iterator[tuple[int, Tally]]:
    context = get_context("fork")
    players = []
    for share in shares:
        ours, theirs = context.Pipe(duplex=False)
        player = context.Process(target=_play, args=(lots, share, theirs), daemon=True)
        player.start()
        theirs.close()  # ours alone would keep it open, and the end of the player would not be seen
        players.append((player, ours, [*share]))
    try:
        left = {ours: numbers for _, ours, numbers in players}
        while left:
            for ours in cast(list[Connection], wait([*left])):
                yield left[ours].pop(0), _next(ours)
                if not left[ours]:
                    del left[ours]
    finally:
        for player, ours, _ in players:
            player.terminate()
            player.join()
            ours.close()


def _next(ours: Connection) -> Tally:
    try:
        said = ours.recv()
    except EOFError as gone:
        mend = "where memory is scarce, let one process play all"
        raise EngineError("a process that was playing ended before it was done", help=mend) from gone
    if isinstance(said, EngineError):
        raise said
    return cast(Tally, said)


def _play(lots: Sequence[Lot], share: range, theirs: Connection) -> None:
    """In a process of its own: play, and say each time what was shown, or what went wrong."""
    gc.disable()  # what it plays with is of use until it ends, and looking for garbage there takes a twentieth
    try:
        for number in share:
            theirs.send(tally(*lots[number]))
    except EngineError as failed:
        theirs.send(failed)
