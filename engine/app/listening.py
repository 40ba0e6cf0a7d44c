"""What other systems tell, and what of it waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.app.given import Given
from engine.app.hearing import Told, check_told, hearers
from engine.app.life import KEYS_KEPT
from engine.app.merging import RecipeOfTwo
from engine.app.people import actor_of
from engine.core.cases import Actor
from engine.errors import NotFound, NotPermitted
from engine.fields import SEALED
from engine.ports import HeardEvent, Transaction
from engine.views import Heard


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

    def waiting_events(self, *, limit: int = 100) -> list[HeardEvent]:
        """Events that wait for their case, or that it refused, the oldest first; personal values are masked."""
        with self._recipe.store.read() as tx:
            return [_masked(one) for one in tx.events(self._recipe.now(), limit)]

    def waiting_event(self, number: int) -> HeardEvent:
        """One event, its personal values masked; raises `NotFound`."""
        with self._recipe.store.read() as tx:
            return _masked(_event(tx, number))

    def drop_event(self, number: int, *, actor: Actor | str) -> HeardEvent:
        """Let an event wait no longer; told again, it stays dropped. For administrators, and who assigns cases.

        Raises `NotFound`, and `NotPermitted` for others.
        """
        with self._recipe.store.write() as tx:
            event, who = _event(tx, number), actor_of(tx, actor)
            desk = hearers(self._recipe.catalogue.library(tx), event.event)[0].definition.desk
            if not {"admin", *desk.assigners}.intersection(who.roles):
                raise NotPermitted(
                    f"`{who.id}` may not drop events", help=f"that is for {', '.join(['admin', *desk.assigners])}"
                )
            tx.forget_event(number)
            until = self._recipe.life.read(tx) + KEYS_KEPT
            dropped = replace(event, number=0, status="dropped", until=until, fields={}, private={})
            return tx.hold_event(dropped, ())


def _event(tx: Transaction, number: int) -> HeardEvent:
    found = tx.event(number)
    if found is None:
        raise NotFound(f"there is no event {number} that waits", help="`casewright incoming list` shows them")
    return found


def _masked(event: HeardEvent) -> HeardEvent:
    return replace(event, private=dict.fromkeys(event.private, SEALED))
