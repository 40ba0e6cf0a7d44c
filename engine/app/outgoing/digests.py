"""Storms: of many messages that wait for one receiver, one text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256

from engine.app.outgoing.delivery import Delivery
from engine.ports import Mail

SAID = {"en": "{count} messages:", "zh": "{count} 条消息："}


def crowded(mails: Iterable[Mail], above: int) -> frozenset[tuple[str, str]]:
    """Receivers for whom more messages than that wait. Events are never put together: a program reads them."""
    counted = Counter(receiver_of(mail) for mail in mails if mail.message.kind == "notify")
    return frozenset(receiver for receiver, count in counted.items() if count > above)


def receiver_of(mail: Mail) -> tuple[str, str]:
    """For whom a message is."""
    return mail.message.receiver_kind, mail.message.receiver


def digest_of(deliveries: Sequence[Delivery]) -> Delivery:
    """One delivery for several to the same people, in order; its key is made of theirs."""
    if len(deliveries) == 1:
        return deliveries[0]
    last = deliveries[-1]
    said = SAID.get(last.language, SAID["en"]).format(count=len(deliveries))
    keys = sha256("\n".join(one.key for one in deliveries).encode()).hexdigest()
    return replace(
        last, key=f"digest/{keys[:32]}", kind="digest", name="digest", missed=1,
        text="\n".join([said, *(f"· {one.text}" for one in deliveries)]),
        is_late=any(one.is_late for one in deliveries),
    )  # fmt: skip
