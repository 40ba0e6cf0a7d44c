"""What the calendar opens: each case once, at its own instant, before anything later of its process takes a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from engine.app.catalogue import library_of
from engine.app.faults import fault_of
from engine.app.saving import Saving
from engine.core.cases import Refused
from engine.core.plan import Library
from engine.core.schedules import Member, Opening, Register, next_instant, open_scheduled, openings_at, upcoming
from engine.errors import Outrun, StoreUnavailable
from engine.ports import Timetable, Transaction
from engine.sealing import WithPrivate


class Opened(NamedTuple):
    """What was done of the openings that were due."""

    done: int = 0  # opened or refused
    faults: int = 0


class Look(NamedTuple):
    """Up to when somebody looks at what is due, and who."""

    now: int
    most: int | None = None  # so many at most
    importing: str | None = None  # an unfinished import, to which belongs what is opened


def open_some(saving: Saving, tx: Transaction, now: int, most: int) -> Opened:
    """Open what falls due before `now` in any process, at most so many."""
    done = faults = 0
    for process in tx.due_timetables(now):
        if done < most:
            opened = open_due(saving, tx, process, Look(now, most - done))
            done, faults = done + opened.done, faults + opened.faults
    return Opened(done, faults)


def open_due(saving: Saving, tx: Transaction, process: str, look: Look) -> Opened:
    """Open what falls due in a process before an instant, in order; one whose opening fails is set aside with it."""
    now, most, importing = look
    kept, library = tx.timetable(process, lock=True), saving.catalogue.library(tx)
    if kept is None or kept.fault is not None:
        return Opened()
    came, done, register = kept, 0, _register_of(tx)
    while kept.due is not None and kept.due < now and (most is None or done < most):
        openings = openings_at(library, process, kept.due, register)
        for opening in openings[kept.made :][: None if most is None else most - done]:
            problem = None
            try:
                with tx.part():
                    _open(saving, tx, opening._replace(importing=importing), now)
            except _NotOpened as refused:  # its number is given again, as of any opening that is refused
                problem = {"schedule": opening.schedule.name, "at": opening.at, "words": refused.words}
            except (Outrun, StoreUnavailable):  # nobody's fault: all of it is done again
                raise
            except Exception as error:  # whatever one opening does to the engine, the others go on
                fault = fault_of(process, error, now)
                tx.set_aside(fault)
                tx.save_timetable(replace(kept, fault=fault.id))
                return Opened(done, 1)
            done += 1
            kept = replace(kept, since=opening.at, made=kept.made + 1, problem=problem)
        if kept.made == len(openings) and kept.due is not None:  # perhaps nobody was on the register then
            after = kept.due + 1
            kept = replace(kept, since=after, made=0, due=next_instant(library, process, after))
    if kept is not came:
        tx.save_timetable(kept)
    return Opened(done)


def _register_of(tx: Transaction) -> Register:
    """The registers as expressions see them."""

    def at(party: str, instant: int) -> Sequence[Member]:
        found = tx.parties(party, instant)
        return [
            Member(one.id, WithPrivate({**one.data, **dict.fromkeys(one.private)}, one.private))
            for one in found
            if one.is_active
        ]

    return at


def _open(saving: Saving, tx: Transaction, opening: Opening, now: int) -> None:
    prefix = opening.plan.definition.prefix
    case = f"{prefix}-{tx.next_number(prefix)}"
    outcome = open_scheduled(opening, case, saving.context(tx, now))
    if isinstance(outcome, Refused):
        raise _NotOpened(outcome)
    saving.save(tx, None, (), outcome, None)


class _NotOpened(Exception):
    """The opening was refused: nothing of it stays."""

    def __init__(self, outcome: Refused) -> None:
        super().__init__()
        self.words = [dict(one.words) for one in outcome.reasons]


def arranged(tx: Transaction, process: str, at: int) -> None:
    """After a publication at that instant: the process's schedules as they are to come from then on."""
    library = library_of(tx.publications(process))
    kept = tx.timetable(process, lock=True)
    if kept is None:
        versions = library.published[process]
        if not library.plan(process, versions[-1][1]).definition.schedule:
            return
        kept = Timetable(process=process, since=at)
    tx.save_timetable(replace(kept, due=next_instant(library, process, kept.since)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """When a schedule opens its next case; `due` is past where no worker has looked since."""

    process: str
    schedule: str
    every: str
    due: int
    zone: str  # the desk's
    fault: str | None = None
    problem: Mapping[str, Any] | None = None  # its last opening, if it was refused: at, words by language


def coming(tx: Transaction, library: Library) -> list[Coming]:
    """Every schedule of the newest versions, the soonest first."""
    found = []
    for process in library.published:
        kept = tx.timetable(process, lock=False)
        if kept is not None:
            found += [_coming(one, kept) for one in upcoming(library, process, kept.since)]
    return sorted(found, key=lambda one: (one.due, one.process))


def _coming(opening: Opening, kept: Timetable) -> Coming:
    one, problem = opening.schedule, kept.problem
    return Coming(
        process=kept.process, schedule=one.name, every=one.every.text, due=opening.at,
        zone=opening.plan.definition.desk.zone, fault=kept.fault,
        problem=problem if problem is not None and problem["schedule"] == one.name else None,
    )  # fmt: skip
