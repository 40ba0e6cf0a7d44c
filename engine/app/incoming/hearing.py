"""Events of other systems find their case, and wait, are put aside or refused where there is none or several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from engine.app.given import Given
from engine.app.incoming.taking_up import MOST_FOUND, Met
from engine.app.kinds import check_key
from engine.app.known import definitions_of
from engine.app.life import KEYS_KEPT
from engine.app.recipe import Recipe
from engine.core.cases import Actor, Command, Reason
from engine.core.hearing import Mark, kept_of, mark_of, meant, none_found, not_told_by, several_found
from engine.core.plan import Library, Plan
from engine.core.promises.clocks import instant_of
from engine.core.reasons import near
from engine.errors import KeyReused, NotFound, NotPermitted, Outrun, UsageError
from engine.fields import Value
from engine.ports import HeardEvent, Transaction
from engine.views import Accepted, Heard, Noted, Refusal, Result, is_excluded


class Told(NamedTuple):
    """An event as its sender tells it."""

    event: str
    fields: Mapping[str, Any]
    sender: Actor
    key: str
    occurred_at: int | None = None


class _Sought(NamedTuple):
    """What an event looks for: the values by which each version of the process knows its cases."""

    plans: list[Plan]  # the versions that hear it, the newest first
    values: Mapping[Mark, Mapping[str, Value]]
    reasons: tuple[Reason, ...]  # why the newest one cannot look


class RecipeOfEvents(Recipe):
    """The same recipe for a command of which only the event knows the case."""

    def hearing_in(self, tx: Transaction, told: Told, given: Given) -> Heard:
        """Find the case that an event is about and do what it does there, inside a transaction."""
        digest = self.marks.digest_of_event(told.event, told.sender.id, told.fields)
        if repeat := self._repeat(tx, Command(verb="do", case="", actor=told.sender, key=told.key), digest):
            return repeat
        now = self.life.read(tx) if given.at is None else given.at
        held = self._held(tx, told, digest, now)
        if held is not None and held.status in ("ignored", "dropped"):
            return _noted(held, is_repeat=True)
        sought = _sought(self.catalogue.library(tx), told)
        if sought.reasons:
            return Refusal(case=None, reasons=sought.reasons)
        self.carry_those_found(tx, given)
        found = self._found(tx, sought, told, given)
        event = held or self._event(told, digest, sought, (now, given.importing or ""))
        fitting = [one for one in found if one.fits]
        incoming = sought.plans[0].definition.incoming[told.event]
        if len(fitting) != 1 and not (incoming.otherwise == "refuse" and len(found) == 1):
            return self._otherwise(tx, event, sought, (fitting or found), given)
        done = self.done_by(tx, event, (fitting or found)[0], given)
        if held is not None and isinstance(done, Accepted):
            tx.forget_event(held.number)
        return done

    def giving_in(self, tx: Transaction, event: HeardEvent, case: str, giver: tuple[Actor, str]) -> Result:
        """Let a kept event do its action on this case, whatever it is found by, inside a transaction.

        `giver` is who gives it, and why. It waits on where the case refuses; raises `UsageError` where the case's
        version does not hear it, `NotPermitted` for whom the case excludes.
        """
        met, (who, reason) = self._chosen(tx, event, case), giver
        if is_excluded(met.plan, met.case, who):
            raise NotPermitted(f"`{who.id}` ({', '.join(who.roles) or 'no role'}) may not read `{met.case.id}`")
        done = self.done_by(tx, event, met, Given(), {"by": who.id, "reason": reason})
        if isinstance(done, Accepted):
            tx.forget_event(event.number)
        return done

    def _chosen(self, tx: Transaction, event: HeardEvent, name: str) -> Met:
        """The case, or the one that took it in, as the event meets it."""
        family = self.family_of(tx, name, lock=True)
        while into := family.cases[name].merged_into:
            name, family = into, self.family_of(tx, into, lock=True)
        case = family.cases[name]
        plan = self.catalogue.library(tx).plan(case.process, case.version)
        incoming = plan.definition.incoming.get(event.event)
        if incoming is None:
            raise UsageError(
                f"`{name}` is of `{case.process}` version {case.version}, which hears no event `{event.event}`",
                help=f"`casewright incoming show {event.number}` shows what it says",
            )
        return Met(family, case, plan, incoming)

    def _held(self, tx: Transaction, told: Told, digest: str, now: int) -> HeardEvent | None:
        """The same event as it was heard before, if it is still remembered."""
        held = tx.held_event(told.sender.id, told.key)
        if held is not None and held.until <= now:
            tx.forget_event(held.number)
            return None
        if held is not None and held.digest != digest:
            raise KeyReused(
                f"id `{told.key}` was given by `{told.sender.id}` to another event, number {held.number}",
                help="tell an event again with the same content, or give a new event a new id",
            )
        return held

    def _found(self, tx: Transaction, sought: _Sought, told: Told, given: Given) -> list[Met]:
        names = {name for event, mark in sought.values for name in tx.listeners(event, mark, MOST_FOUND + 1)}
        return self.met(tx, told.event, names, given)[: MOST_FOUND + 1]

    def _event(self, told: Told, digest: str, sought: _Sought, when: tuple[int, str]) -> HeardEvent:
        """The event as it would be kept or remembered."""
        (now, importing), plan = when, sought.plans[0]
        incoming = plan.definition.incoming[told.event]
        is_kept, until = incoming.otherwise == "keep", now + KEYS_KEPT
        if is_kept and incoming.keep_for is not None:
            until = instant_of(incoming.keep_for, now, None, plan.calendar(None)) or until
        plain, private = kept_of(sought.plans, told.event, told.fields)
        return HeardEvent(
            event=told.event, sender=told.sender.id, roles=told.sender.roles, key=told.key, digest=digest, at=now,
            occurred_at=told.occurred_at, status="kept" if is_kept else "ignored", until=until, fields=plain,
            private=private, importing=importing,
        )  # fmt: skip

    def _otherwise(
        self, tx: Transaction, event: HeardEvent, sought: _Sought, found: list[Met], given: Given
    ) -> Noted | Refusal:
        """What becomes of an event to which no case fits, or several do."""
        plan, names = sought.plans[0], tuple(one.case.id for one in found[:MOST_FOUND])
        incoming = plan.definition.incoming[event.event]
        if incoming.otherwise == "refuse":
            values = next(iter(sought.values.values()))
            why = several_found(incoming, names) if found else none_found(plan, incoming, values)
            return Refusal(case=None, reasons=(why,))
        event = replace(event, cases=names)
        if incoming.otherwise == "ignore":
            event = replace(event, fields={}, private={})
            return _noted(event if event.number else tx.hold_event(event, ()))
        self._check_alone(tx, event, sought, given)
        if event.number:
            event = replace(event, status="kept", reasons=())
            tx.update_event(event)
            return _noted(event, is_repeat=True)
        return _noted(tx.hold_event(event, [mark for _, mark in sought.values]))

    def _check_alone(self, tx: Transaction, event: HeardEvent, sought: _Sought, given: Given) -> None:
        """Look again once nobody else can bring such a case any more; all of it is done anew if somebody has."""
        for mark in sorted(sought.values):
            tx.alone(" ".join(mark))
        told = Told(event.event, {}, Actor(id=event.sender), event.key)
        if {one.case.id for one in self._found(tx, sought, told, given) if one.fits} - {*event.cases}:
            raise Outrun(f"a case for event `{event.event}` appeared in this very moment")


def _noted(event: HeardEvent, *, is_repeat: bool = False) -> Noted:
    return Noted(
        status=event.status, number=event.number, until=event.until, cases=event.cases, is_repeat=is_repeat
    )  # fmt: skip


def hearers(library: Library, event: str) -> list[Plan]:
    """The versions that hear an event, the newest first; raises `NotFound` where none does."""
    definitions = [one for one in definitions_of(library) if event in one.incoming]
    if not definitions:
        known = sorted({name for one in definitions_of(library) for name in one.incoming})
        there = f"there is {', '.join(f'`{name}`' for name in known)}" if known else None
        raise NotFound(f"no published process hears an event `{event}`{near(event, known)}", help=there)
    definitions.sort(key=lambda one: (one.process, -one.version))
    return [library.plan(one.process, one.version) for one in definitions]


def _sought(library: Library, told: Told) -> _Sought:
    plans = hearers(library, told.event)
    incoming = plans[0].definition.incoming[told.event]
    if barred := not_told_by(plans[0], incoming, told.sender):
        return _Sought(plans, {}, tuple(barred))
    values, reasons = meant(plans[0], incoming, told.fields)
    if reasons:
        return _Sought(plans, {}, tuple(reasons))
    found: dict[Mark, Mapping[str, Value]] = {mark_of(plans[0], incoming, values): values}
    for plan, one in ((plan, plan.definition.incoming[told.event]) for plan in plans[1:]):
        values, reasons = meant(plan, one, told.fields)
        if not reasons:
            found.setdefault(mark_of(plan, one, values), values)
    return _Sought(plans, found, ())


def named_events(library: Library, names: Mapping[str, Any], process: str) -> Iterator[tuple[str, str]]:
    """Of these events those that the newest version of another process hears, with that process."""
    for other, versions in library.published.items():
        if other != process:
            newest = library.plan(other, max(version for _, version in versions)).definition
            yield from ((name, other) for name in newest.incoming if name in names)


def check_told(event: str, fields: Mapping[str, Any], key: str) -> None:
    """Raise `UsageError` unless it can be an event: it has an id, and its fields have names."""
    if not key:
        raise UsageError(f"event `{event}` has no id", help="its sender's own id, so that told twice it acts once")
    check_key(key)
    if not all(isinstance(name, str) for name in fields):
        raise UsageError(f"the fields of event `{event}` must have names")
