"""The outbox: messages on their way out."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal_column, or_, select, update

from engine.errors import NotFound
from engine.ports import Mail
from engine.store.rows import IN_OUTBOX, outgoing_of
from engine.store.sql import Hot, Work, value
from engine.store.tables import outbox

_WAITING: ColumnElement[str] = literal_column(
    "'waiting'"
)  # as it stands in the index's condition, or the index is not used
_EMIT: ColumnElement[str] = literal_column("'emit'")
_earlier = outbox.alias("earlier")

_CLAIMABLE = Hot(
    select(outbox)
    .where(outbox.c.status == _WAITING, outbox.c.next_ms <= value("now"))
    .where(
        or_(
            outbox.c.kind != _EMIT,
            ~exists().where(
                and_(
                    _earlier.c.case_id == outbox.c.case_id,
                    _earlier.c.receiver == outbox.c.receiver,
                    _earlier.c.kind == _EMIT,
                    _earlier.c.status == _WAITING,
                    _earlier.c.id < outbox.c.id,
                )
            ),
        )
    )
    .order_by(outbox.c.next_ms, outbox.c.id)
    .limit(value("most"))
    .with_for_update(skip_locked=True, of=outbox),
    "now",
    "most",
)
_CLAIM = Hot(
    update(outbox)
    .where(outbox.c.id == value("mail"))
    .values(attempts=outbox.c.attempts + literal_column("1"), next_ms=value("until")),
    "until",
    "mail",
)
_STATED = ("status", "attempts", "next_ms", "error", "delivered_ms")
_UPDATE = Hot(
    update(outbox).where(outbox.c.id == value("mail")).values({name: value(name) for name in _STATED}), *_STATED, "mail"
)
_NEXT = Hot(select(func.min(outbox.c.next_ms)).where(outbox.c.status == _WAITING))
_ONE = Hot(select(outbox).where(outbox.c.id == value("mail")), "mail")


class Posting(Work):
    """What is sent, and how that went."""

    def outbox(self, *, status: str | None = None, case: str | None = None, limit: int = 100) -> list[Mail]:
        """Messages by id, the oldest first."""
        chosen = select(outbox).order_by(outbox.c.id).limit(limit)
        if status is not None:
            chosen = chosen.where(outbox.c.status == status)
        if case is not None:
            chosen = chosen.where(outbox.c.case_id == case)
        return [_mail(row) for row in self._ask(chosen)]

    def mail(self, id: int) -> Mail | None:
        """One message."""
        found = self._run(_ONE, id).fetchone()
        return _mail(found) if found is not None else None

    def claim_mail(self, now: int, limit: int, *, lease: int = 60_000) -> list[Mail]:
        """Waiting messages whose time has come, each now counting one attempt more and hidden for the lease."""
        rows = self._run(_CLAIMABLE, now, limit).fetchall()
        for row in rows:
            self._run(_CLAIM, now + lease, row[0])
        return [_mail(row, one_more=1, next_at=now + lease) for row in rows]

    def update_mail(self, mail: Mail) -> None:
        """Write how a delivery went: status, attempts, next_at, error, delivered_at."""
        stated = (mail.status, mail.attempts, mail.next_at, mail.error, mail.delivered_at)
        if self._run(_UPDATE, *stated, mail.id).rowcount == 0:
            raise NotFound(f"there is no message {mail.id}; `casewright outbox list` shows those there are")

    def next_mail(self) -> int | None:
        """When the next waiting message may be claimed."""
        found: int | None = self._run(_NEXT).fetchone()[0]
        return found


def _mail(row: Any, *, one_more: int = 0, next_at: int | None = None) -> Mail:
    number, *columns, body, status, attempts, next_ms, error, delivered_ms = row
    return Mail(
        id=number,
        message=outgoing_of(dict(zip(IN_OUTBOX, columns, strict=True)), body),
        status=status,
        attempts=attempts + one_more,
        next_at=next_ms if next_at is None else next_at,
        error=error,
        delivered_at=delivered_ms,
    )
