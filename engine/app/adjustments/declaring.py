"""What may be declared beside the ledger: time that does not count, or a calendar or goal that was wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from engine.app.known import check_process, check_state
from engine.app.people import check_known
from engine.calendars import Calendar, CalendarError
from engine.core.cases import Actor
from engine.core.plan import Library
from engine.core.promises.adjustments import Adjustment, Kind
from engine.core.promises.correcting import Righted, Terms
from engine.errors import NotFound, UsageError
from engine.fields import Field
from engine.ports import Transaction

UNDECLARED = "?"
"""The id of an adjustment that is only looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Which clocks of which cases are asked for; what is left out asks for all."""

    process: str | None = None
    clocks: tuple[str, ...] = ()
    state: str | None = None  # the present one
    where: str | None = None  # a condition, as processes write them, on the case as it stands

    @property
    def document(self) -> dict[str, object]:
        """What is kept of it."""
        asked = {"process": self.process, "clocks": list(self.clocks), "state": self.state, "where": self.where}
        return {name: value for name, value in asked.items() if value}


EVERYTHING = Reach()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """What is to be declared: promises stand still from `since` up to `until`, instants in ms UTC."""

    since: int
    until: int
    reason: str
    approver: str
    reach: Reach = EVERYTHING

    @property
    def asked(self) -> dict[str, object]:
        """What is kept of it."""
        return self.reach.document


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What is to be put right: promises that began from `since` up to `until` (ms UTC), by another calendar or goal.

    `reach` names a process and its clocks. `goal` is written as in processes; it replaces the goal that `was`, or any.
    """

    since: int
    until: int
    reason: str
    approver: str
    reach: Reach
    calendar: Calendar | None = None
    goal: str | None = None
    was: str | None = None

    @property
    def asked(self) -> dict[str, object]:
        """What is kept of it: the calendar with its holidays as dates, so that it stays what it was."""
        calendar = {} if self.calendar is None else {"calendar": self.calendar.document()}
        written = {name: text for name, text in (("was", self.was), ("is", self.goal)) if text}
        return {**self.reach.document, **calendar, **({"goal": written} if self.goal else {})}


Asked = Interruption | Correction

_BACKWARDS: Mapping[Kind, tuple[str, str]] = {
    "interruption": ("an interruption ends after it begins", "give the earlier instant to --from"),
    "correction": ("the time of a correction ends after it begins", "write the earlier instant as `from`"),
}


def kind_of(asked: Asked) -> Kind:
    """By what name it is kept."""
    return "interruption" if isinstance(asked, Interruption) else "correction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What became of a declaration or a reversal, case by case."""

    adjustment: Adjustment
    cases: tuple[str, ...]  # those put on record now
    failed: tuple[tuple[str, str], ...] = ()  # case, and why it could not be


def drafted(tx: Transaction, library: Library, asked: Asked, who: Actor, now: int) -> Adjustment:
    """The adjustment as it will be declared; raises where it must not be."""
    if asked.since >= asked.until:
        message, mend = _BACKWARDS[kind_of(asked)]
        raise UsageError(message, help=mend)
    check_said(tx, who, asked.reason, asked.approver)
    if asked.reach.process is not None:
        check_process(library, asked.reach.process)
    if asked.reach.state is not None:
        check_state(library, asked.reach.state, asked.reach.process)
    if isinstance(asked, Correction):
        _check_terms(library, asked, now)
    return Adjustment(
        id=UNDECLARED, kind=kind_of(asked), since=asked.since, until=asked.until, reason=asked.reason,
        approver=asked.approver, declared_by=who.id, declared_at=now, asked=asked.asked, is_finished=False,
    )  # fmt: skip


def check_said(tx: Transaction, who: Actor, reason: str, approver: str) -> None:
    """Raise where a reason is wanting, or the approver is not somebody else whom the desk knows."""
    if not reason.strip():
        raise UsageError("a reason must be given: it stands in the record of every case")
    if approver == who.id:
        raise UsageError(f"`{approver}` declares it and cannot approve it as well; somebody else must")
    check_known(tx, approver)


def _check_terms(library: Library, asked: Correction, now: int) -> None:
    reach = asked.reach
    if reach.process is None or not reach.clocks:
        raise UsageError("a correction names the process and the promises that it is about")
    if asked.calendar is None and asked.goal is None:
        raise UsageError("a correction puts right a calendar, a goal, or both; this one says neither")
    plan = library.newest(reach.process, now)
    try:
        if asked.calendar is not None:
            asked.calendar.next_opening(now)
    except CalendarError as error:
        raise UsageError(str(error)) from error
    if plan is not None and asked.goal is not None:
        _righted({"is": asked.goal, **({"was": asked.was} if asked.was else {})}, plan.definition.fields)


# -- what was declared, read again -------------------------------------------------------------------------------------


def terms_of(one: Adjustment, fields: Mapping[str, Field]) -> Terms:
    """By what a correction measures cases with these fields; none where it reads a field they do not have."""
    calendar, goal = one.asked.get("calendar"), one.asked.get("goal")
    try:
        goals = (_righted(goal, fields),) if goal else ()
    except UsageError:
        return Terms()
    return Terms(calendar=_calendar(json.dumps(calendar, sort_keys=True)) if calendar else None, goals=goals)


@lru_cache(maxsize=16)
def _calendar(text: str) -> Calendar:
    """Kept, since a calendar works out its years when they are first asked for."""
    return Calendar.read(json.loads(text))


def _righted(written: Mapping[str, Any], fields: Mapping[str, Field]) -> Righted:
    from engine.lang.build.times import TimeFault, read_moment

    try:
        was = read_moment(written["was"], "goal", fields) if "was" in written else None
        return Righted(read_moment(written["is"], "goal", fields), was)
    except TimeFault as fault:
        raise UsageError(fault.message, help=fault.mend) from fault


def named(tx: Transaction, adjustment: str) -> Adjustment:
    """The adjustment of this id; `NotFound` if there is none."""
    found = next((one for one in tx.adjustments() if one.id == adjustment), None)
    if found is None:
        raise NotFound(
            f"there is no interruption or correction `{adjustment}`",
            help="`casewright interrupt list` and `casewright correct list` show those there are",
        )
    return found
