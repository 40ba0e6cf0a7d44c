"""How many cases a second does a simulation play, and what of it is deciding?

Shipped processes with all that people do in them, and the promises that fall due meanwhile. The ratio is to the same
commands on cases that are kept, one after the other, with nothing simulated around them: records, hashes and messages
are what a simulation saves, drawing lots and finding people what it adds.

    python benchmarks/simulating.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import ROOT, Answer, at_least, in_turns, tell
from engine.app.proof.crew import processors
from engine.cli.designing.folder import checked_paths, nothing_collected
from engine.core.plan import Library, library_in_memory
from engine.scenarios import World
from engine.simulation.desk import Families
from engine.simulation.reading import Wanted, read_assumptions
from engine.simulation.run import Variant, tally
from engine.simulation.together import simulate

ASSUMED = ROOT / "benchmarks" / "assumed"
PROCESSES = ("repair", "refund", "complaint", "courier_claim", "return_visit", "quality_feedback")
WANTED = 2_000  # cases a second, by two processes


def variant(process: str, library: Library, days: int) -> Variant:
    """These days of a process as `benchmarks/assumed` has it."""
    file = ASSUMED / f"{process}.yaml"
    definition = library.plans[process, 1].definition
    found = read_assumptions(file.read_bytes(), file.name, Wanted(definition, lambda name: ""))
    assert found.said is not None, found.findings
    return Variant(title="", library=library, assumed=replace(found.said, days=days), seed=1)


def commands(played: Variant) -> tuple[list[Callable[[World], object]], int]:
    """What a simulation asks of its cases, to be asked of others; and how many cases there were."""
    asked: list[Callable[[World], object]] = []

    class Noting(Families):
        def open(self, *given: Any) -> Any:
            asked.append(lambda world: (set_clock(world, given[-1]), world.open(played.assumed.process, *given[:-1])))
            return super().open(*given)

        def act(self, command: Any, now: int) -> Any:
            asked.append(lambda world: (set_clock(world, now), world.command(command)))
            return super().act(command, now)

        def carry(self, root: str, until: int) -> None:
            asked.append(lambda world: world.carry(root, until))
            super().carry(root, until)

    with patch("engine.simulation.run.Families", Noting):
        return asked, tally(played).opened


def set_clock(world: World, now: int) -> None:
    """What falls due is carried by name, so nothing else happens when the clock moves."""
    world.now = now


def answers(*, is_quick: bool = False) -> Iterator[Answer]:
    """Play, and count, as the command does: nobody looks for garbage meanwhile."""
    with nothing_collected():
        yield from _answers(1 if is_quick else 5, is_quick)


def _answers(days: int, is_quick: bool) -> Iterator[Answer]:
    library = library_in_memory(checked_paths([ROOT / "processes"]).definitions.values())
    runs = processors()
    for process in PROCESSES:
        played = variant(process, library, days)
        asked, cases = commands(played)

        def keep(_: int, played: Variant = played, asked: Any = asked) -> None:
            world = World(played.library, played.assumed.since)
            for ask in asked:
                ask(world)

        pair = in_turns(lambda _, played=played: tally(played), keep, 1 if is_quick else 5)  # type: ignore[misc]
        figure = f"{cases / pair.ours:,.0f} cases/s"
        question = f"simulate {process}, {len(asked) / cases:.0f} commands a case"
        yield Answer(question, figure, pair.cpu_ratio, "of the commands, kept")
        together = sum(one.opened for one in simulate([played], runs, runs))  # each run has others
        pair = in_turns(
            lambda _, played=played: simulate([played], runs, runs),  # type: ignore[misc]
            lambda _, played=played: simulate([played], runs, 1), 1 if is_quick else 3,  # type: ignore[misc]
        )  # fmt: skip
        figure = f"{together / pair.ours:,.0f} cases/s"
        wanted, holds = at_least(WANTED, together / pair.ours)
        question = f"the same, {runs} runs in {runs} processes"
        yield Answer(question, figure, pair.ratio, "of one process", wanted, holds)


if __name__ == "__main__":
    tell(answers(is_quick="--quick" in sys.argv))
