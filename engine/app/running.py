"""What time does: families carried forward, faults set aside and tried again."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial

from engine.app.advancing import FAMILIES, Advanced, advance_some
from engine.app.catalogue import REVISION
from engine.app.outgoing.sending import Round, Sending
from engine.app.people import admin_of
from engine.app.privacy import erase_over
from engine.app.vitals import Vitals, vitals_of
from engine.core.cases import Actor
from engine.errors import NotFound
from engine.ports import Ahead, Fault, Transaction


class Running(Sending):
    """The verbs of the worker."""

    def tick(self, *, accept_clock: bool = False) -> Round:
        """Carry every family forward to now, deliver what waits, erase private values whose time is over."""
        if accept_clock:
            with self._recipe.store.write() as tx:
                self._recipe.life.accept(tx)
        done = Round()
        while True:
            some = self.run_once()
            done += some
            if not (some.advanced or some.delivered or some.faults):
                break
        while (some := self.erase_some()).erased:
            done += some
        return done

    def erase_some(self) -> Round:
        """Erase what is private of closed families whose time is over by `retention`, at most a hundred families."""
        return Round(erased=erase_over(self._recipe))

    def run_once(self) -> Round:
        """One unit of work: at most a hundred families and fifty messages."""
        return self.fire_some() + self.deliver_some()

    def next_work(self) -> int | None:
        """When the next family falls due or the next message may be sent; a worker sleeps until the ms after."""
        return min((at for at in (self.next_due(), self.next_message()) if at is not None), default=None)

    def fire_some(self) -> Round:
        """Carry forward what is due, at most a hundred families."""
        before = self._recipe.now()  # what falls due until then is asked for with the beginning
        done = self._recipe.kept(
            partial(self._fire, before=before), partial(Ahead, settings=(REVISION,), due=(before, FAMILIES))
        )
        return Round(advanced=done.families, faults=done.faults)

    def _fire(self, tx: Transaction, before: int) -> Advanced:
        now = self._recipe.life.read(tx)
        done = advance_some(self._recipe, tx, now, due_before=min(before, now))
        self._recipe.life.show(tx, now)
        return done

    def listening(self) -> AbstractContextManager[None]:
        """While inside, `woken` is set for what other processes write as well, as far as the database can tell."""
        return self._recipe.store.listening(self._recipe.woken)

    def next_due(self) -> int | None:
        """When the next family falls due, or the calendar opens the next case."""
        with self._recipe.store.read(lambda: Ahead(is_next=True)) as tx:
            return min((at for at in (tx.next_due(), tx.next_opening()) if at is not None), default=None)

    def vitals(self) -> Vitals:
        """How the engine stands, in numbers: what is behind, what waits, what is broken."""
        with self._recipe.store.read() as tx:
            return vitals_of(tx, self._recipe.now())

    # -- faults --------------------------------------------------------------------------------------------------

    def faults(self, *, actor: Actor | str | None = None) -> list[Fault]:
        """Families that are set aside, and why; an actor must be an administrator. No actor: the host itself."""
        with self._recipe.store.read() as tx:
            if actor is not None:
                admin_of(tx, actor, "see what the engine failed on")
            return tx.faults()

    def retry_fault(self, fault: str, *, actor: Actor | str) -> Round:
        """Take a family in again; if the engine fails on it once more, it is set aside anew."""
        with self._recipe.store.write() as tx:
            admin_of(tx, actor, "try faults again")
            if fault not in {one.id for one in tx.faults()}:
                raise NotFound(f"there is no fault `{fault}`", help="`casewright fault list` shows them")
            tx.clear_fault(fault)
        return self.fire_some()


__all__ = ["Round", "Running"]
