"""What leaves the building: messages claimed, delivered by the host's handlers, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from engine.app.given import Given
from engine.app.merging import RecipeOfTwo
from engine.app.outgoing.delivery import (
    Deliver,
    Delivery,
    NotMine,
    NotNow,
    looked_up,
    made_ready,
    retried,
    text_for,
    text_in,
)
from engine.app.outgoing.digests import crowded, digest_of, receiver_of
from engine.app.people import actor_of, admin_of
from engine.app.proof.derived import MOST_MESSAGES
from engine.app.readers import readable
from engine.core.cases import ENGINE, Actor, Command
from engine.errors import NotFound, SetAside, UsageError
from engine.ports import Mail, Transaction
from engine.stored import MailStatus

MESSAGES = 50
"""How many messages are claimed at a time; ten times as many where a storm becomes one digest."""

HOLD = 30_000
"""For how long, in ms, claimed messages are tried: the rest is given back before its lease of a minute is over."""

TOGETHER = 20
"""For how long, in ms, what became of messages is collected before it is written; killed then, they go out again."""

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
    erased: int = 0  # cases whose private values were erased because their time was over

    def __add__(self, other: Round) -> Round:
        return Round(
            self.advanced + other.advanced, self.delivered + other.delivered, self.failed + other.failed,
            self.faults + other.faults, self.erased + other.erased,
        )  # fmt: skip


class Sending:
    """The verbs of the outbox."""

    _recipe: RecipeOfTwo
    _handlers: dict[str, Deliver]

    digest_above: int | None = None
    """More messages than this that wait for one receiver go out as one; None: each by itself."""

    def on(self, name: str, deliver: Deliver) -> None:
        """Let this deliver messages or events of that name; `*` all that have none of their own."""
        self._handlers[name] = deliver

    def deliver_some(self) -> Round:
        """Deliver what waits, at most fifty messages."""
        if not self._handlers:
            return Round()
        with self._recipe.store.write(is_lasting=False) as tx:  # after a power cut they are claimed again
            mails = tx.claim_mail(self._recipe.life.read(tx), MESSAGES * (10 if self.digest_above else 1))
        done, tried, time = Round(), list[Mail](), self._recipe.time
        begun = since = time.monotonic()
        try:
            for group in self._grouped(mails):
                if time.monotonic() - begun >= HOLD:
                    tried += [_put_back(mail, self._recipe.now(), None) for mail in group]
                    continue
                after, some = self._tried(group)
                done += some
                tried += after
                if time.monotonic() - since >= TOGETHER:
                    self._keep(tried)
                    tried, since = [], time.monotonic()
        finally:
            self._keep(tried)
        return done

    def next_message(self) -> int | None:
        """When the next message may be sent; None where nothing delivers any."""
        if not self._handlers:
            return None
        with self._recipe.store.read() as tx:
            return tx.next_mail()

    def _grouped(self, mails: list[Mail]) -> Iterator[list[Mail]]:
        """What goes out together: nearly always one message; in a storm all that a receiver's deliverer gets."""
        storm = crowded(mails, self.digest_above) if self.digest_above else frozenset()
        groups: dict[object, list[Mail]] = {}
        for mail in sorted(mails, key=lambda one: one.id) if storm else mails:
            key: object = mail.id
            if mail.message.kind == "notify" and receiver_of(mail) in storm:
                own = mail.message.name if mail.message.name in self._handlers else "*"
                key = (*receiver_of(mail), own)
            groups.setdefault(key, []).append(mail)
        yield from groups.values()

    def _tried(self, mails: list[Mail]) -> tuple[list[Mail], Round]:
        """Messages of one receiver after trying to deliver them, all that reach the same people as one."""
        now, tried, done = self._recipe.now(), list[Mail](), Round()
        ready: dict[tuple[str, ...], list[tuple[Mail, Delivery]]] = {}
        for mail in mails:
            try:
                delivery, at = self._made_ready(mail, now)
            except Exception as error:  # a text that cannot be made fails this message only
                tried.append(retried(mail, error, now))
                done += Round(failed=1)
                continue
            if at > now:
                tried.append(_put_back(mail, at, None))
            else:
                ready.setdefault((*delivery.people, repr(delivery.reach)), []).append((mail, delivery))
        for group in ready.values():
            after, some = self._handed_over([mail for mail, _ in group], digest_of([one for _, one in group]), now)
            tried += after
            done += some
        return tried, done

    def _handed_over(self, mails: list[Mail], delivery: Delivery, now: int) -> tuple[list[Mail], Round]:
        name = mails[0].message.name
        deliver = self._handlers.get(name) or self._handlers.get("*")
        try:
            if deliver is None:
                raise NotMine
            deliver(delivery)
        except NotMine:
            return [_put_back(mail, now + ELSEWHERE, f"nothing delivers `{name}` here") for mail in mails], Round()
        except NotNow as hanging:
            return [_put_back(mail, now + hanging.wait, str(hanging)) for mail in mails], Round()
        except Exception as error:  # a handler may fail in any way; the message is tried again
            after = [retried(mail, error, now, delivery) for mail in mails]
            again = max(mail.next_at for mail in after)  # all at once, so that a digest is one again
            return [replace(mail, next_at=again) for mail in after], Round(failed=len(mails))
        sent = [replace(mail, status="delivered", delivered_at=now, error=None) for mail in mails]
        return sent, Round(delivered=len(mails))

    def _made_ready(self, mail: Mail, now: int) -> tuple[Delivery, int]:
        with self._recipe.store.read(lambda: looked_up(mail)) as tx:
            return made_ready(tx, self._recipe.catalogue.library(tx), mail, now)

    def _keep(self, tried: Iterable[Mail]) -> None:
        """Write what became of them, all in one transaction but those whose case must be told."""
        told = [mail for mail in tried if mail.status == "dead" and mail.message.failed]
        rest = [mail for mail in tried if mail not in told]
        if rest:
            with self._recipe.store.write(is_lasting=False) as tx:  # or delivered again, with the same key
                tx.settle_mail(rest)
        for mail in told:
            self._tell_failed(mail)

    def _tell_failed(self, dead: Mail) -> None:
        """An event that is dead comes back as the action its `failed` names, in one transaction."""

        def work(tx: Transaction) -> None:
            tx.update_mail(dead)
            command = Command(verb="tell", case=dead.message.case, name=dead.message.failed or "", actor=ENGINE)
            self._recipe.command_in(tx, command, Given())

        try:
            self._recipe.whole(work)
        except SetAside:
            later = replace(dead, status="waiting", next_at=self._recipe.now() + TELL_AGAIN)
            with self._recipe.store.write() as tx:
                tx.update_mail(later)

    def outbox(
        self,
        *,
        status: MailStatus | None = None,
        case: str | None = None,
        limit: int = 100,
        actor: Actor | str | None = None,
    ) -> list[Mail]:
        """Messages, the oldest first; of so many those of cases that this actor may read. No actor: the host itself."""
        with self._recipe.store.read() as tx:
            mails = tx.outbox(status=status, case=case, limit=limit)
            if actor is not None:
                cases = (mail.message.case for mail in mails)
                known = readable(tx, self._recipe.catalogue.library(tx), cases, actor_of(tx, actor))
                mails = [mail for mail in mails if mail.message.case in known]
            return _with_successors(tx, mails)

    def text_of(self, mail: Mail, language: str) -> str:
        """What a message says in this language to who receives it; private values as its receiver may see them."""
        with self._recipe.store.read() as tx:
            return text_in(tx, self._recipe.catalogue.library(tx), mail, language)

    def message(self, message: int, *, actor: Actor | str) -> tuple[Mail, str]:
        """A message and what it says to this reader, in their language: private values as they may see them.

        Raises `NotPermitted` for who may not read its case.
        """
        with self._recipe.store.read() as tx:
            who, mail = actor_of(tx, actor), tx.mail(message)
            if mail is None:
                raise NotFound(f"there is no message {message}", help="`casewright outbox list` shows them")
            return mail, text_for(tx, self._recipe.catalogue.library(tx), mail, who)

    def retry_message(self, message: int, *, actor: Actor | str) -> Mail:
        """Let a dead or waiting message be tried at once."""
        with self._recipe.store.write() as tx:
            admin_of(tx, actor, "send messages again")
            mail = tx.mail(message)
            if mail is None:
                raise NotFound(f"there is no message {message}", help="`casewright outbox list` shows them")
            if mail.status not in ("waiting", "dead"):
                raise UsageError(f"message {message} is {mail.status}; only a waiting or dead one can be sent again")
            mail = replace(mail, status="waiting", attempts=0, next_at=self._recipe.now(), error=None)
            tx.update_mail(mail)
            return mail

    def retry_dead(self, *, actor: Actor | str, case: str | None = None) -> int:
        """Let all dead messages, or those of one case, be tried at once; how many there were."""
        with self._recipe.store.write() as tx:
            admin_of(tx, actor, "send messages again")
            return tx.revive_mail(self._recipe.now(), case)

    def count_dead(self, *, actor: Actor | str, case: str | None = None) -> int:
        """How many messages, or of one case, were given up: to be sent again by the same people."""
        with self._recipe.store.read() as tx:
            admin_of(tx, actor, "send messages again")
            return tx.count_mail("dead", case=case)[0]


def _put_back(mail: Mail, at: int, why: str | None) -> Mail:
    """Not tried, so that it counts as no attempt."""
    return replace(mail, attempts=mail.attempts - 1, next_at=at, error=why)


def _with_successors(tx: Transaction, mails: list[Mail]) -> list[Mail]:
    """Each superseded message with the number of the one that is sent in its place."""
    rows = {
        (case, mail.message.sequence, mail.message.number): mail.id
        for case in {mail.message.case for mail in mails if mail.message.superseded_by is not None}
        for mail in tx.outbox(case=case, limit=MOST_MESSAGES)
    }
    return [
        mail
        if mail.message.superseded_by is None
        else replace(mail, superseded_by=rows.get((mail.message.case, *mail.message.superseded_by)))
        for mail in mails
    ]
