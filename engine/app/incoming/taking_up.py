"""Kept events are taken up as soon as something is done that brings a case to which they fit, in the same transaction.

Only commands do so, never time: what a timer made fit would be found when a worker happened to look, and histories must
not depend on that. What time alone made fit is taken up by the next thing done, or when the event is told again.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from engine.app.advancing import advance_others, carry_import
from engine.app.deciding import Deciding
from engine.app.given import Given
from engine.app.life import Life
from engine.core.cases import EMPTY, Actor, Applied, Case, Command, Family, Refused
from engine.core.hearing import answers, is_offered, marks_of
from engine.core.plan import Library, Plan
from engine.model import Incoming
from engine.ports import HeardEvent, Transaction
from engine.views import Accepted, Result

MOST_FOUND = 10
"""How many cases that an event may be about are looked at, and named."""

MOST_TAKEN_UP = 100
"""How many kept events one command takes up; the next one goes on."""


class Met(NamedTuple):
    """A case that an event may be about, and what its version says of that event."""

    family: Family
    case: Case
    plan: Plan
    incoming: Incoming

    @property
    def fits(self) -> bool:
        """Whether its present state offers what the event does."""
        return is_offered(self.plan, self.case, self.incoming)


class TakingUp(Deciding):
    """What gives events to cases."""

    life: Life

    @abstractmethod
    def command_in(self, tx: Transaction, command: Command, given: Given) -> Result:
        """One command inside a transaction."""

    def met(self, tx: Transaction, event: str, cases: Iterable[str], given: Given) -> list[Met]:
        """These cases as an event meets them, each once; one that was merged is met as the case that took it in."""
        library, found = self.catalogue.library(tx), dict[str, Met]()
        for name in sorted(cases):
            family = self.family(tx, name.partition(".")[0], lock=True)
            while into := family.cases[name].merged_into:
                name, family = into, self.family(tx, into.partition(".")[0], lock=True)
            case, root = family.cases[name], family.cases[family.root]
            plan = library.plan(case.process, case.version)
            incoming = plan.definition.incoming.get(event)
            if incoming is not None and root.importing == given.importing:
                one = Met(family, case, plan, incoming)
                found |= {name: one} if one.fits or not case.outcome else {}
        return list(found.values())

    def taken_up(
        self, tx: Transaction, before: Family | None, outcome: Applied | Refused, given: Given
    ) -> Applied | Refused:
        """The outcome, with what kept events do after it, in the order in which they were heard."""
        if isinstance(outcome, Refused) or given.is_taken_up:
            return outcome
        if not outcome.elsewhere and not _keeps(self.catalogue.library(tx), outcome.family):
            return outcome
        passed = {given.event}
        self._take_up(tx, (before, outcome.family), given, passed)
        for opened in outcome.elsewhere:
            self._take_up(tx, (None, self.family(tx, opened.case, lock=True)), given, passed)
        if passed == {given.event}:
            return outcome
        family = self.family(tx, outcome.family.root, lock=True)
        return outcome.but(case=family.cases[outcome.case.id], family=family)

    def _take_up(self, tx: Transaction, families: tuple[Family | None, Family], given: Given, passed: set[int]) -> None:
        """Give kept events to one family, as it was before and is now; `passed` are those that had their turn."""
        library, (before, family) = self.catalogue.library(tx), families
        if not _keeps(library, family):
            return
        _wait_for_hearers(tx, library, before, family)
        while len(passed) < MOST_TAKEN_UP and (found := next(self._waiting(tx, family, given, passed), None)):
            passed.add(found[0].number)
            self._give(tx, *found, given)
            family = self.family(tx, family.root, lock=True)

    def _waiting(
        self, tx: Transaction, family: Family, given: Given, passed: set[int]
    ) -> Iterator[tuple[HeardEvent, Met]]:
        """The events that wait for a case of this family as it stands, with that case, in order."""
        library, found = self.catalogue.library(tx), list[tuple[int, HeardEvent, Met]]()
        at = self.life.read(tx) if given.at is None else given.at
        for case in family.cases.values():
            plan = library.plan(case.process, case.version)
            marks = dict(marks_of(plan, case)) if plan.keeping else {}
            for one in (one for one in plan.keeping if one.name in marks and is_offered(plan, case, one)):
                for event in tx.waiting_events(one.name, marks[one.name], at, given.importing or ""):
                    if event.number not in passed:
                        found.append((event.number, event, Met(family, case, plan, one)))
        yield from ((event, met) for _, event, met in sorted(found, key=lambda each: each[0]))

    def _give(self, tx: Transaction, event: HeardEvent, met: Met, given: Given) -> None:
        """Let a kept event do its action, unless it may be about another case as well."""
        self.carry_those_found(tx, given, met.family.root)
        marks = dict(marks_of(met.plan, met.case))
        listeners = tx.listeners(event.event, marks[event.event], MOST_FOUND + 1)
        fitting = [one for one in self.met(tx, event.event, listeners, given) if one.fits]
        if len(fitting) > 1:
            tx.update_event(replace(event, cases=tuple(one.case.id for one in fitting[:MOST_FOUND])))
            return
        result = self.done_by(tx, event, met, given.but(is_taken_up=True))
        if isinstance(result, Accepted):
            tx.forget_event(event.number)
        else:
            reasons = tuple(dict(one.words) for one in result.reasons)
            tx.update_event(replace(event, status="refused", cases=(met.case.id,), reasons=reasons))

    def carry_those_found(self, tx: Transaction, given: Given, besides: str = "") -> None:
        """Carry other families forward: who looks into them sees them as a read shows them."""
        clock = self.life.read(tx)
        if given.importing is None:
            advance_others(self, tx, clock, besides)
        else:
            carry_import(self, tx, given.importing, (clock if given.at is None else given.at, clock), besides)

    def done_by(
        self, tx: Transaction, event: HeardEvent, met: Met, given: Given, giver: Mapping[str, str] = EMPTY
    ) -> Result:
        """What an event does to a case: its action, as the system that told it, whoever gave it to the case."""
        form = answers(met.plan, met.incoming, {**event.fields, **event.private}, met.case)
        command = Command(
            verb="do", case=met.case.id, name=met.incoming.action, actor=Actor(id=event.sender, roles=event.roles),
            form=form, key=event.key, occurred_at=event.occurred_at, heard=event.event,
            heard_at=event.at if event.number else None, given=giver,
        )  # fmt: skip
        own = given.but(
            form=form, facts=EMPTY, key=event.key, digest=event.digest, expect_revision=None, event=event.number
        )
        return self.command_in(tx, command, own)


def _keeps(library: Library, family: Family) -> bool:
    """Whether a case of this family is of a process for which events are kept."""
    for case in family.cases.values():
        if library.plans[case.process, case.version].keeping:
            return True
    return False


def _wait_for_hearers(tx: Transaction, library: Library, before: Family | None, after: Family) -> None:
    """Wait for who is about to keep an event because it found no such case: it would be missed on both sides."""
    new = set[tuple[str, str]]()
    for case in after.cases.values():
        plan = library.plan(case.process, case.version)
        if plan.keeping:
            old = before.cases.get(case.id) if before is not None else None
            known = marks_of(library.plan(old.process, old.version), old) if old is not None else frozenset()
            new |= marks_of(plan, case) - known
    for event, mark in sorted(new):
        tx.alone(f"{event} {mark}")
