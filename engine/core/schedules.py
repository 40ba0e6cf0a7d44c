"""Cases that the calendar opens: when, by which version, with what. Each version's rhythms hold from its publication
until that of the next, so what falls due at an instant is known whenever somebody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from engine.calendars import Calendar
from engine.core.cases import ENGINE, Applied, Command, Reason, Refused
from engine.core.decide import open_case
from engine.core.plan import Library, Plan
from engine.core.reasons import reason
from engine.core.run import newborn
from engine.core.sight import Context, Sight, computed, holds, question
from engine.expressions import ExpressionFailed
from engine.fields import Value
from engine.model import Schedule
from engine.moments import Every


class Member(NamedTuple):
    """One of a party as its register stood at an instant."""

    id: str
    values: Mapping[str, Value]


Register = Callable[[str, int], Sequence[Member]]
"""Everybody in the register of a party as it stood at an instant, by id."""


class Opening(NamedTuple):
    """One case that falls due to be opened."""

    at: int
    plan: Plan
    schedule: Schedule
    member: Member | None = None  # for whom
    importing: str | None = None  # the unfinished import that asks for it

    def sight(self, library: Library) -> Sight:
        """What the schedule's expressions see: there is no case yet."""
        sight = Sight(self.plan, newborn(self.plan, "", self.at), None, library, self.at)
        if self.member is not None:
            sight.update(party={"id": self.member.id, **self.member.values})
        return sight


class _Held(NamedTuple):
    """A version and the time in which it was the newest: from `since`, before `until` (None: it still is)."""

    since: int
    until: int | None
    version: int


def next_instant(library: Library, process: str, since: int) -> int | None:
    """The first instant from `since` on at which the process's schedules open a case; None where there is none."""
    for held in _held(library, process):
        if held.until is not None and held.until <= since:
            continue
        plan = library.plan(process, held.version)
        found = [_first(plan, one, max(since, held.since), held.since) for one in plan.definition.schedule.values()]
        at = min(found, default=None)
        if at is not None and (held.until is None or at < held.until):
            return at
    return None


def openings_at(library: Library, process: str, at: int, register: Register) -> tuple[Opening, ...]:
    """What the process's schedules open at this instant, in the order of the definition, then of the register."""
    for held in _held(library, process):
        if held.since <= at and (held.until is None or at < held.until):
            plan = library.plan(process, held.version)
            schedules = plan.definition.schedule.values()
            due = (Opening(at, plan, one) for one in schedules if _first(plan, one, at, held.since) == at)
            return tuple(opening for one in due for opening in _for_whom(one, library, register))
    return ()


def _for_whom(opening: Opening, library: Library, register: Register) -> Iterator[Opening]:
    party = opening.schedule.party
    if party is None:
        yield opening
        return
    for member in register(party, opening.at):
        one = opening._replace(member=member)
        try:
            if holds(opening.schedule.when, one.sight(library)):
                yield one
        except ExpressionFailed:
            yield one  # it fails again when it is opened, and is told then


def upcoming(library: Library, process: str, since: int) -> Iterator[Opening]:
    """Of each schedule of the newest version its first opening from `since` on."""
    for held in _held(library, process)[-1:]:
        plan = library.plan(process, held.version)
        for one in plan.definition.schedule.values():
            yield Opening(_first(plan, one, max(since, held.since), held.since), plan, one)


def open_scheduled(opening: Opening, case: str, context: Context) -> Applied | Refused:
    """Open it under this id at its own instant; nobody acts, and nothing is looked up in other families."""
    definition, member = opening.plan.definition, opening.member
    sight = opening.sight(context.library)
    try:
        holds(opening.schedule.when, sight)
        values = {name: computed(value, sight) for name, value in opening.schedule.values.items()}
    except ExpressionFailed as failed:
        return Refused(None, (_failed(definition.process, failed),))
    command = Command(
        verb="open", case=case, name=definition.process, actor=ENGINE, form=values, version=definition.version,
        is_stored=True, schedule=opening.schedule.name, party=member.id if member is not None else "",
        importing=opening.importing,
    )  # fmt: skip
    return open_case(command, context.but(asks=False, found=_said_of(opening)), opening.at)


def _said_of(opening: Opening) -> dict[str, Any]:
    """What the register says openly of whom it is opened for: the case may name them and look nothing up."""
    member, party = opening.member, opening.schedule.party
    if member is None or party is None:
        return {}
    said = opening.plan.definition.desk.parties[party].openly(member.values)
    return {question("party", party=party, id=member.id): said}


def _failed(process: str, failed: ExpressionFailed) -> Reason:
    return reason("error", action=process, problem=str(failed))


def _held(library: Library, process: str) -> tuple[_Held, ...]:
    """The versions in the order in which they were published; one published with an older number is never newest."""
    published: list[tuple[int, int]] = []
    for since, version in library.published.get(process, ()):
        if not published or version > published[-1][1]:
            published.append((since, version))
    ends = [*(since for since, _ in published[1:]), None]
    return tuple(_Held(since, until, version) for (since, version), until in zip(published, ends, strict=False))


def _first(plan: Plan, schedule: Schedule, since: int, anchor: int) -> int:
    """The first instant of a schedule from `since` on; a rhythm of durations counts from the version's publication."""
    calendar = plan.calendar(schedule.calendar)
    return _of_grid(schedule.every, since, anchor, calendar) or schedule.every.next(since - 1, calendar)


def _of_grid(every: Every, since: int, anchor: int, calendar: Calendar) -> int | None:
    if every.unit != "duration":
        return None
    return calendar.add(anchor, (calendar.elapsed(anchor, since - 1) // every.length + 1) * every.length)
