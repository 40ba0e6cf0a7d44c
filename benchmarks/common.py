"""What the benchmarks share: a small desk, measuring two things turn by turn, and how an answer is told.

A figure alone says more about the machine than about the engine, so nearly every answer is a ratio of two things
measured in the same run, round about, and the median of the rounds counts.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
DESK = Path(__file__).resolve().parent / "desk"

if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))


class Answer(NamedTuple):
    """What was asked, what was found, and whether it is what was wanted; `None` where nothing was."""

    question: str
    figure: str
    ratio: float | None = None
    beside: str = ""
    wanted: str = ""
    holds: bool | None = None


class Pair(NamedTuple):
    """Two things measured turn by turn: seconds of each, by the clock and of the processor."""

    ours: float
    theirs: float
    ratio: float  # theirs by ours: how fast we are beside them
    cpu_ratio: float


def at_least(bound: float, ratio: float) -> tuple[str, bool]:
    """The words and the verdict of a lower bound."""
    return f"at least {bound:g}", ratio >= bound


def at_most(bound: float, ratio: float) -> tuple[str, bool]:
    """The words and the verdict of an upper bound."""
    return f"at most {bound:g}", ratio <= bound


def seconds(act: Callable[[], object]) -> tuple[float, float]:
    """How long it takes, by the clock and of the processor."""
    began, worked = perf_counter(), process_time()
    act()
    return perf_counter() - began, process_time() - worked


def in_turns(ours: Callable[[int], object], theirs: Callable[[int], object], rounds: int) -> Pair:
    """Measure both in each round, so that whatever else the machine does meets both; the medians."""
    found = []
    for turn in range(rounds):
        some, others = seconds(lambda turn=turn: ours(turn)), seconds(lambda turn=turn: theirs(turn))  # type: ignore[misc]
        found.append((*some, *others))
    return Pair(
        median(one for one, _, _, _ in found),
        median(other for _, _, other, _ in found),
        median(other / one for one, _, other, _ in found),
        median(other / one for _, one, _, other in found),
    )


def rate(act: Callable[[int], object], count: int, rounds: int) -> tuple[float, float]:
    """How often a second `act(count)` does its thing, by the clock and of the processor: medians."""
    found = [seconds(lambda: act(count)) for _ in range(rounds)]
    return median(count / one for one, _ in found), median(count / one for _, one in found)


def asked(doc: str, kind: str, known: Collection[str]) -> tuple[Sequence[str], bool]:
    """What the command line wants: of these names, all unless it names some; and whether a short look is enough."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar=kind.upper(), help=f"of {', '.join(known)}; unsaid, all")
    parser.add_argument("--quick", action="store_true", help="a few rounds each, to see that they run")
    given = parser.parse_args()
    if unknown := sorted(set(given.names) - set(known)):
        parser.error(f"there is no {kind} `{unknown[0]}`; there are {', '.join(known)}")
    return given.names or tuple(known), given.quick


def desk() -> Mapping[str, str]:
    """The texts of the desk that is measured."""
    paths = sorted(DESK.rglob("*.yaml"))
    return {path.relative_to(DESK.parent).as_posix(): path.read_text("utf-8") for path in paths}


def tell(answers: Iterable[Answer]) -> bool:
    """Print the answers as they come; whether all that was wanted holds."""
    fine = True
    for answer in answers:
        fine &= answer.holds is not False
        ratio = "" if answer.ratio is None else f"{answer.ratio:.2f} {answer.beside}"
        verdict = "" if answer.holds is None else f"{answer.wanted}: {'yes' if answer.holds else 'NO'}"
        print(f"{answer.question:<52} {answer.figure:>20}   {ratio:<52} {verdict}".rstrip(), flush=True)
    return fine
