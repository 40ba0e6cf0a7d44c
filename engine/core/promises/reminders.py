"""Which messages of what fell due together are worth sending: facts stay, reminders missed become one (D6, D9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal, NamedTuple

from engine.core.cases import Outgoing, Step
from engine.core.plan import Library
from engine.core.promises.clocks import AT_ATTACH
from engine.model import Threshold, Timer

Line = tuple[str, str, int, str]
"""Messages that say the same to the same: case, clock or timer, its cycle, receiver."""


class _Missed(NamedTuple):
    """A message that came late, or whose point lay behind when it was armed."""

    step: int
    number: int
    line: Line
    rank: int  # of its threshold in the ladder
    late: Literal["once", "each", "skip"]
    is_late: bool


class _Verdict(NamedTuple):
    """How many occurrences a message stands for; 0: the successor is sent in its place, or none."""

    stands_for: int
    successor: tuple[int, int] | None = None


def coalesced(steps: Iterable[Step], library: Library) -> tuple[Step, ...]:
    """Of the messages that one carrying forward missed, only the highest threshold's for each receiver is sent.

    Each occurrence keeps its record. Of a repeated threshold or timer the last message says how many it stands for;
    `late: each` sends them all, `late: skip` none.
    """
    steps = tuple(steps)
    missed = [one for place, step in enumerate(steps) for one in _missed(place, step, library)]
    if not missed:
        return steps
    verdicts = dict(_judged(missed, steps))
    return tuple(_judged_step(place, step, verdicts) for place, step in enumerate(steps))


def _judged_step(place: int, step: Step, verdicts: Mapping[tuple[int, int], _Verdict]) -> Step:
    outgoing = tuple([_told(message, verdicts.get((place, message.number))) for message in step.outgoing])
    return step if outgoing == step.outgoing else step.but(outgoing=outgoing)


def _told(message: Outgoing, verdict: _Verdict | None) -> Outgoing:
    """The message as it is kept; none: it was not missed."""
    if verdict is None:
        return message
    if verdict.stands_for:
        return message if message.missed == verdict.stands_for else replace(message, missed=verdict.stands_for)
    return replace(message, status="superseded", superseded_by=verdict.successor)


def _judged(missed: list[_Missed], steps: tuple[Step, ...]) -> Iterator[tuple[tuple[int, int], _Verdict]]:
    """For each message how many it stands for, or which one is sent in its place."""
    highest: dict[Line, int] = {}
    occurrences: dict[tuple[Line, int], dict[int, int]] = {}  # steps, and the number of the first message in each
    for one in missed:
        if not _is_skipped(one):
            highest[one.line] = max(highest.get(one.line, 0), one.rank)
            occurrences.setdefault((one.line, one.rank), {}).setdefault(one.step, one.number)
    for one in missed:
        same = tuple(occurrences.get((one.line, one.rank), ()))
        if one.late == "each":
            verdict = _Verdict(1)
        elif _is_skipped(one) or one.rank < highest[one.line] or one.step != same[-1]:
            sent = occurrences.get((one.line, highest.get(one.line, 0)), {})
            last = max(sent, default=None)
            verdict = _Verdict(0, None if last is None else (steps[last].record["seq"], sent[last]))
        else:
            verdict = _Verdict(len(same))
        yield (one.step, one.number), verdict


def _is_skipped(one: _Missed) -> bool:
    return one.late == "skip" and one.is_late


def _missed(place: int, step: Step, library: Library) -> Iterator[_Missed]:
    if not step.outgoing or step.record["verb"] not in ("threshold", "timer"):
        return
    is_past = any(event[-1] == AT_ATTACH for event in step.record.get("clocks", ()))
    if not is_past and not step.outgoing[0].is_late:
        return
    rank, source = _source(step, library)
    for message in step.outgoing:
        if message.kind == "notify" and message.status == "waiting":
            line = message.case, step.record["name"], message.cycle, f"{message.receiver_kind}:{message.receiver}"
            yield _Missed(place, message.number, line, rank, source.late, message.is_late)


def _source(step: Step, library: Library) -> tuple[int, Threshold | Timer]:
    plan = library.plan(step.case.process, step.case.version)
    if step.record["verb"] == "timer":
        return 0, plan.timers[step.record["name"]]
    ladder: Mapping[str, tuple[int, Threshold]] = {
        threshold.at.text: (rank, threshold)
        for rank, threshold in enumerate(plan.definition.clocks[step.record["name"]].thresholds)
    }
    return ladder[step.outgoing[0].threshold or ""]
