"""What time does: families carried forward, messages delivered, faults set aside and tried again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.app.advancing import advance_some
from engine.app.delivery import Deliver, Delivery, delivery_of, opens_at, retried, text_in
from engine.app.people import admin_of
from engine.app.recipe import Given, Recipe
from engine.core.cases import ENGINE, Actor, Command
from engine.errors import NotFound, SetAside, UsageError
from engine.ports import Fault, Mail, Transaction

MESSAGES = 50
"""How many messages are claimed at a time."""

ELSEWHERE = 60_000
"""How long, in ms, a message that nothing here delivers is left to others before it is looked at again."""

TELL_AGAIN = 3_600_000
"""How long, in ms, until a dead event is tried again whose case could not be told so."""


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
        if accept_clock:
            with self._recipe.store.write() as tx:
                self._recipe.life.accept(tx)
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
        with self._recipe.store.write() as tx:
            now = self._recipe.life.read(tx)
            done = advance_some(self._recipe, tx, now)
            self._recipe.life.show(tx, now)
        return Round(advanced=done.families, faults=done.faults)

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
        now = self._recipe.time.now()
        deliver = self._handlers.get(mail.message.name) or self._handlers.get("*")
        if deliver is None:
            why = f"nothing delivers `{mail.message.name}` here"
            return self._delivered(_put_back(mail, now + ELSEWHERE, why), Round())
        try:
            delivery, at = self._made_ready(mail, now)
            if at > now:
                return self._delivered(_put_back(mail, at, None), Round())
            deliver(delivery)
        except Exception as error:  # a handler may fail in any way; the message is tried again
            return self._delivered(retried(mail, error, now), Round(failed=1))
        return self._delivered(replace(mail, status="delivered", delivered_at=now, error=None), Round(delivered=1))

    def _made_ready(self, mail: Mail, now: int) -> tuple[Delivery, int]:
        with self._recipe.store.read() as tx:
            library = self._recipe.catalogue.library(tx)
            return delivery_of(tx, library, mail), opens_at(tx, library, mail, now)

    def _delivered(self, after: Mail, done: Round) -> Round:
        """Keep how it went. An event that is dead comes back as the action its `failed` names, in one transaction."""

        def work(tx: Transaction) -> None:
            tx.update_mail(after)
            if after.status == "dead" and after.message.failed:
                command = Command(verb="tell", case=after.message.case, name=after.message.failed, actor=ENGINE)
                self._recipe.command_in(tx, command, Given())

        try:
            self._recipe.whole(work)
        except SetAside:
            later = replace(after, status="waiting", next_at=self._recipe.time.now() + TELL_AGAIN)
            with self._recipe.store.write() as tx:
                tx.update_mail(later)
        return done

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
            admin_of(tx, actor, "send messages again")
            mail = tx.mail(message)
            if mail is None:
                raise NotFound(f"there is no message {message}", help="`casewright outbox list` shows them")
            if mail.status not in ("waiting", "dead"):
                raise UsageError(f"message {message} is {mail.status}; only a waiting or dead one can be sent again")
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
            admin_of(tx, actor, "try faults again")
            if fault not in {one.id for one in tx.faults()}:
                raise NotFound(f"there is no fault `{fault}`", help="`casewright fault list` shows them")
            tx.clear_fault(fault)
        return self._advance()


def _put_back(mail: Mail, at: int, why: str | None) -> Mail:
    """Not tried, so that it counts as no attempt."""
    return replace(mail, attempts=mail.attempts - 1, next_at=at, error=why)
