"""The outbox: messages on their way out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.errors import NotFound
from engine.ports import Mail
from engine.store.rows import IN_OUTBOX, outgoing_of
from engine.store.sql import Work

_COLUMNS = (
    "id, case_id, sequence, number, at_ms, kind, receiver, receiver_kind, name, body, "
    "status, attempts, next_ms, error, delivered_ms"
)


class Posting(Work):
    """What is sent, and how that went."""

    def outbox(self, *, status: str | None = None, case: str | None = None, limit: int = 100) -> list[Mail]:
        """Messages by id, the oldest first."""
        given = {"status": status, "case_id": case}
        wanted = {f"{name} = ?": value for name, value in given.items() if value is not None}
        where = f"WHERE {' AND '.join(wanted)} " if wanted else ""
        text = f"SELECT {_COLUMNS} FROM outbox {where}ORDER BY id LIMIT ?"
        return [_mail(row) for row in self._ask(text, (*wanted.values(), limit)).fetchall()]

    def mail(self, id: int) -> Mail | None:
        """One message."""
        found = self._run("MAIL", id).fetchone()
        return _mail(found) if found is not None else None

    def claim_mail(self, now: int, limit: int, *, lease: int = 60_000) -> list[Mail]:
        """Waiting messages whose time has come, each now counting one attempt more and hidden for the lease."""
        rows = self._run("CLAIMABLE_MAIL", now, limit).fetchall()
        for row in rows:
            self._write("CLAIM_MAIL", now + lease, row[0])
        return [_mail(row, one_more=1, next_at=now + lease) for row in rows]

    def update_mail(self, mail: Mail) -> None:
        """Write how a delivery went: status, attempts, next_at, error, delivered_at."""
        stated = (mail.status, mail.attempts, mail.next_at, mail.error, mail.delivered_at)
        if self._run("UPDATE_MAIL", *stated, mail.id).rowcount == 0:
            raise NotFound(f"there is no message {mail.id}", help="`casewright outbox list` shows them")

    def settle_mail(self, mails: Sequence[Mail]) -> None:
        """The same for many that were claimed; one that is gone since is passed over."""
        for mail in mails:
            stated = (mail.status, mail.attempts, mail.next_at, mail.error, mail.delivered_at)
            self._write("UPDATE_MAIL", *stated, mail.id)

    def count_mail(self, status: str, *, failed: int = 0, case: str | None = None) -> tuple[int, int | None]:
        """How many messages, or of one case, stand so and failed so often, and since when the oldest has been there."""
        text, values = "SELECT count(*), min(at_ms) FROM outbox WHERE status = ?", list[Any]([status])
        if failed:
            text += " AND attempts >= ? AND error IS NOT NULL"
            values.append(failed)
        count, oldest = self._ask(*_of(case, text, *values)).fetchone()
        return count, oldest

    def revive_mail(self, now: int, case: str | None = None) -> int:
        """Let all dead messages, or those of one case, be tried anew; how many there were."""
        text = "UPDATE outbox SET status = 'waiting', attempts = 0, next_ms = ?, error = NULL WHERE status = 'dead'"
        return int(self._ask(*_of(case, text, now)).rowcount)

    def next_mail(self) -> int | None:
        """When the next waiting message may be claimed."""
        found: int | None = self._run("NEXT_MAIL").fetchone()[0]
        return found


def _of(case: str | None, text: str, *values: Any) -> tuple[str, tuple[Any, ...]]:
    """A question about all messages, or about those of one case."""
    return (text, values) if case is None else (f"{text} AND case_id = ?", (*values, case))


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
