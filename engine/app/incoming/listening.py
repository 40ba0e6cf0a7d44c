"""What other systems tell, and what of it waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.app.given import Given
from engine.app.incoming.hearing import Told, check_told, hearers
from engine.app.life import KEYS_KEPT
from engine.app.merging import RecipeOfTwo
from engine.app.people import actor_of
from engine.core.cases import Actor
from engine.errors import NotFound, NotPermitted, UsageError
from engine.fields import SEALED
from engine.ports import HeardEvent, Transaction
from engine.views import Heard, Result


class Listening:
    """The verbs on events of other systems."""

    _recipe: RecipeOfTwo

    def hear(
        self, event: str, fields: Mapping[str, Any], *, sender: Actor | str, key: str, occurred_at: int | None = None
    ) -> Heard:
        """Let an event find its case and do its action there; told again under the same id it acts once.

        `Accepted` or a `Refusal` of the case it found, or of nobody; `Noted` where it waits or was put aside. Raises
        `NotFound` where no process hears it, `KeyReused` for another event under the same id.
        """
        check_told(event, fields, key)

        def work(tx: Transaction) -> Heard:
            told = Told(event, fields, actor_of(tx, sender), key, occurred_at)
            return self._recipe.hearing_in(tx, told, Given())

        return self._recipe.whole(work)

    def waiting_events(self, *, limit: int = 100, actor: Actor | str | None = None) -> list[HeardEvent]:
        """Events that wait for their case, or that it refused, the oldest first; personal values are masked.

        An actor must be one who may say what becomes of them: an administrator, or who assigns cases, else
        `NotPermitted`. No actor: the host itself.
        """
        with self._recipe.store.read() as tx:
            if actor is not None:
                self._check_may_see(tx, actor_of(tx, actor))
            return [_masked(one) for one in tx.events(self._recipe.now(), limit)]

    def waiting_event(self, number: int, *, actor: Actor | str | None = None) -> HeardEvent:
        """One event, its personal values masked; for the same actors. Raises `NotFound`."""
        with self._recipe.store.read() as tx:
            if actor is not None:
                self._check_may_see(tx, actor_of(tx, actor))
            return _masked(_event(tx, number))

    def _check_may_see(self, tx: Transaction, who: Actor) -> None:
        library = self._recipe.catalogue.library(tx)
        newest = [library.plan(name, versions[-1][1]) for name, versions in library.published.items()]
        assigners = newest[0].definition.desk.assigners if newest else ()
        _check_sorts(who, assigners, f"`{who.id}` may not see events that wait for their case")

    def give_event(self, number: int, case: str, *, actor: Actor | str, reason: str) -> Result:
        """Give an event that waits, or that its case refused, to a chosen case, whatever it is found by.

        The system that told it is on record for its action, beside it who gave it and why. Where the case refuses, the
        event waits on. For administrators and who assigns cases, but for whom the case excludes: `NotPermitted`.
        `NotFound` where there is no such event or case, `UsageError` without a reason, or where the case hears no such.
        """
        if not reason.strip():
            raise UsageError("who gives an event to a case says why", help="it stands on record: --reason TEXT")

        def work(tx: Transaction) -> Result:
            event = _event(tx, number)
            if event.status not in ("kept", "refused") or event.until <= self._recipe.life.read(tx):
                raise _no_event(number)
            who = self._sorter(tx, event, actor, gives=True)
            return self._recipe.giving_in(tx, event, case, (who, reason))

        return self._recipe.whole(work)

    def drop_event(self, number: int, *, actor: Actor | str) -> HeardEvent:
        """Let an event wait no longer; told again, it stays dropped. For administrators, and who assigns cases.

        Raises `NotFound`, and `NotPermitted` for others.
        """
        with self._recipe.store.write() as tx:
            event = _event(tx, number)
            self._sorter(tx, event, actor, gives=False)
            tx.forget_event(number)
            until = self._recipe.life.read(tx) + KEYS_KEPT
            dropped = replace(event, number=0, status="dropped", until=until, fields={}, private={})
            return tx.hold_event(dropped, ())

    def _sorter(self, tx: Transaction, event: HeardEvent, actor: Actor | str, *, gives: bool) -> Actor:
        """Who acts, if they may say what becomes of events: administrators, and who assigns cases."""
        who = actor_of(tx, actor)
        desk = hearers(self._recipe.catalogue.library(tx), event.event)[0].definition.desk
        refusal = f"`{who.id}` may not give events to cases" if gives else f"`{who.id}` may not drop events"
        _check_sorts(who, desk.assigners, refusal)
        return who


def _check_sorts(who: Actor, assigners: Sequence[str], refusal: str) -> None:
    """Events that wait are for administrators and who assigns cases."""
    sorters = ["admin", *assigners]
    if not set(sorters).intersection(who.roles):
        raise NotPermitted(refusal, help=f"that is for {', '.join(sorters)}")


def _event(tx: Transaction, number: int) -> HeardEvent:
    found = tx.event(number)
    if found is None:
        raise _no_event(number)
    return found


def _no_event(number: int) -> NotFound:
    return NotFound(f"there is no event {number} that waits", help="`casewright incoming list` shows them")


def _masked(event: HeardEvent) -> HeardEvent:
    return replace(event, private=dict.fromkeys(event.private, SEALED))
