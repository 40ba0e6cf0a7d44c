"""What time does: families carried forward, messages delivered, faults set aside and tried again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.app.delivery import Deliver, delivery_of, retried, text_in
from engine.app.recipe import Given, Recipe, fault_of
from engine.core.cases import ENGINE, Actor, Command
from engine.core.decide import MOST_FIRINGS, carry
from engine.errors import ClockJumped, NotFound, NotPermitted
from engine.ports import Fault, Mail, Transaction

FAMILIES = 100
"""How many families one transaction carries forward at most."""

MESSAGES = 50
"""How many messages are claimed at a time."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of work did."""

    advanced: int = 0
    delivered: int = 0
    failed: int = 0
    faults: int = 0

    def __add__(self, other: Round) -> Round:
        return Round(
            self.advanced + other.advanced, self.delivered + other.delivered, self.failed + other.failed,
            self.faults + other.faults,
        )  # fmt: skip


class Running:
    """The verbs of the worker."""

    _recipe: Recipe
    _handlers: dict[str, Deliver]

    def on(self, name: str, deliver: Deliver) -> None:
        """Let this deliver messages or events of that name; `*` all that have none of their own."""
        self._handlers[name] = deliver

    def tick(self, *, accept_clock: bool = False) -> Round:
        """Carry every family forward to now and deliver what waits."""
        if accept_clock and self._recipe.watch is not None:
            now = self._recipe.watch.accept()
            with self._recipe.store.write() as tx:
                tx.set_setting("seen_at", str(now))
        done = Round()
        while True:
            some = self.run_once()
            done += some
            if not (some.advanced or some.delivered or some.faults):
                return done

    def run_once(self) -> Round:
        """One unit of work: at most a hundred families and fifty messages."""
        return self._advance() + self._deliver_some()

    def next_work(self) -> int | None:
        """When the next family falls due or the next message may be sent; a worker sleeps until the ms after."""
        with self._recipe.store.read() as tx:
            found = [at for at in (tx.next_due(), tx.next_mail()) if at is not None]
            return min(found, default=None)

    def _advance(self) -> Round:
        poisoned: list[Fault] = []
        with self._recipe.store.write() as tx:
            now = self._recipe.clock()
            roots = tx.due_roots(now, FAMILIES)
            for root in roots:
                try:
                    self._carry(tx, root, now)
                except ClockJumped:
                    raise
                except Exception as error:  # whatever a family does to the engine, the others go on
                    poisoned.append(fault_of(root, error, now))
            for fault in poisoned:
                tx.set_aside(fault)
            self._recipe.live(tx, now)
        return Round(advanced=len(roots) - len(poisoned), faults=len(poisoned))

    def _carry(self, tx: Transaction, root: str, now: int) -> None:
        before = self._recipe.family(tx, root, lock=True)
        carried = carry(before, now, self._recipe.context(tx, now), MOST_FIRINGS)
        self._recipe.save(tx, before, (), carried, None)

    # -- messages ------------------------------------------------------------------------------------------------

    def _deliver_some(self) -> Round:
        if not self._handlers:
            return Round()
        with self._recipe.store.write() as tx:
            mails = tx.claim_mail(self._recipe.time.now(), MESSAGES)
        done = Round()
        for mail in mails:
            done += self._deliver(mail)
        return done

    def _deliver(self, mail: Mail) -> Round:
        deliver = self._handlers.get(mail.message.name) or self._handlers.get("*")
        now = self._recipe.time.now()
        try:
            if deliver is None:
                raise NotFound(f"nothing delivers `{mail.message.name}` here")
            with self._recipe.store.read() as tx:
                delivery = delivery_of(tx, self._recipe.catalogue.library(tx), mail)
            deliver(delivery)
        except Exception as error:  # a handler may fail in any way; the message is tried again
            after = retried(mail, error, now)
        else:
            after = replace(mail, status="delivered", delivered_at=now, error=None)
        with self._recipe.store.write() as tx:
            tx.update_mail(after)
        if after.status == "dead" and mail.message.failed:
            self._tell_failed(mail)
        return Round(delivered=1) if after.status == "delivered" else Round(failed=1)

    def _tell_failed(self, mail: Mail) -> None:
        """An event that cannot be delivered comes back as the action its `failed` names."""
        command = Command(
            verb="tell", case=mail.message.case, name=mail.message.failed or "", actor=ENGINE,
            key=f"failed/{mail.id}",
        )  # fmt: skip
        self._recipe.command(command, Given(key=command.key))

    def outbox(self, *, status: str | None = None, case: str | None = None, limit: int = 100) -> list[Mail]:
        """Messages, the oldest first."""
        with self._recipe.store.read() as tx:
            return tx.outbox(status=status, case=case, limit=limit)

    def text_of(self, mail: Mail, language: str) -> str:
        """What a message says in this language to who receives it; private values as its receiver may see them."""
        with self._recipe.store.read() as tx:
            return text_in(tx, self._recipe.catalogue.library(tx), mail, language)

    def retry_message(self, message: int, *, actor: Actor | str) -> Mail:
        """Let a dead or waiting message be tried at once."""
        with self._recipe.store.write() as tx:
            self._admin(tx, actor, "send messages again")
            mail = tx.mail(message)
            if mail is None:
                raise NotFound(f"there is no message {message}", help="`casewright outbox list` shows them")
            mail = replace(mail, status="waiting", attempts=0, next_at=self._recipe.time.now(), error=None)
            tx.update_mail(mail)
            return mail

    # -- faults --------------------------------------------------------------------------------------------------

    def faults(self) -> list[Fault]:
        """Families that are set aside, and why."""
        with self._recipe.store.read() as tx:
            return tx.faults()

    def retry_fault(self, fault: str, *, actor: Actor | str) -> Round:
        """Take a family in again; if the engine fails on it once more, it is set aside anew."""
        with self._recipe.store.write() as tx:
            self._admin(tx, actor, "try faults again")
            if fault not in {one.id for one in tx.faults()}:
                raise NotFound(f"there is no fault `{fault}`", help="`casewright fault list` shows them")
            tx.clear_fault(fault)
        return self._advance()

    def _admin(self, tx: Transaction, actor: Actor | str, what: str) -> Actor:
        who = self._recipe.actor(tx, actor)
        if "admin" not in who.roles:
            raise NotPermitted(
                f"`{who.id}` may not {what}: that is for the role `admin`",
                help="the role was first given to whoever ran `casewright init`",
            )
        return who


