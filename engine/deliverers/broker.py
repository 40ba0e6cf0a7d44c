"""Events and messages handed on to a broker: NATS with JetStream, which says of each that it is kept on its disk."""

from __future__ import annotations

import asyncio
import json
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from engine.app.outgoing.delivery import Delivery, NotDelivered
from engine.deliverers.settings import LOOPBACK, Table
from engine.deliverers.web import MEDIA_TYPE, event_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """How the broker is reached."""

    servers: tuple[str, ...] = field(repr=False)
    subject: str  # in front of every subject
    source: str
    timeout: int
    login: dict[str, Any] = field(repr=False)


class Relay:
    """Publishes one after the other, each on a connection of its own, and waits until the broker says that it is kept.

    A connection that is kept and mended by the library would send, once it is mended, what failed long ago: after later
    ones. What failed is tried again by the outbox, under the same id, by which the broker and its readers know it.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def __call__(self, delivery: Delivery) -> None:
        """Publish it; `NotDelivered` unless the broker says that it is kept."""
        body = json.dumps(event_of(delivery, self._gate.source), ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Nats-Msg-Id": delivery.key, "Content-Type": MEDIA_TYPE}
        subject = f"{self._gate.subject}.{delivery.kind}.{delivery.name}"
        try:
            asyncio.run(asyncio.wait_for(self._publish(subject, body, headers), self._gate.timeout))
        except Exception as error:
            raise NotDelivered(self._said(error, subject)) from None

    async def _publish(self, subject: str, body: bytes, headers: dict[str, str]) -> None:
        from nats.aio.client import Client

        async def nothing(_: Exception) -> None:
            """Whoever publishes hears of it."""

        client = Client()
        try:
            await client.connect(
                list(self._gate.servers), allow_reconnect=False, max_reconnect_attempts=1, reconnect_time_wait=0,
                connect_timeout=self._gate.timeout, error_cb=nothing, name="casewright", **self._gate.login,
            )  # fmt: skip
            await client.jetstream().publish(subject, body, timeout=self._gate.timeout, headers=headers)
        finally:
            await client.close()

    def _said(self, error: Exception, subject: str) -> str:
        """What went wrong, without an address or a secret."""
        from nats.errors import AuthorizationError, NoServersError
        from nats.js.errors import APIError, NoStreamResponseError

        if isinstance(error, NoStreamResponseError):
            return f"no stream of the broker keeps `{subject}`"
        if isinstance(error, AuthorizationError) or "authorization" in str(error).lower():
            return "the broker does not let us in"
        if isinstance(error, APIError):
            return f"the broker does not keep it: {error.description or 'refused'}"
        if isinstance(error, ssl.SSLError):
            return f"no safe connection to the broker: {error.reason or 'refused'}"
        if isinstance(error, TimeoutError):
            return f"the broker did not answer within {self._gate.timeout} s"
        if isinstance(error, NoServersError | OSError):
            return "the broker cannot be reached"
        return f"the broker did not take it: {type(error).__name__}"


def relay(table: Table) -> Relay:
    """Read how a broker is reached."""
    try:
        import nats  # noqa: F401  # whether it is there is all that is asked
    except ImportError:
        raise table.wrong("kind", "needs a library that is not there: pip install 'casewright[nats]'") from None
    servers = table.names("servers")
    if not servers:
        raise table.wrong(
            "servers", 'is missing: say where the broker is, `servers = ["tls://broker.example.com:4222"]`'
        )
    is_safe = [_is_safe(table, server) for server in servers]
    if not all(is_safe) and not table.flag("insecure"):
        raise table.wrong(
            "servers", "is not `tls`: all on the way can read it; if so it must be, say `insecure = true`"
        )
    table.flag("insecure")
    subject = table.text("subject", "casewright")
    if not subject or any(sign in subject for sign in " *>") or subject.startswith(".") or subject.endswith("."):
        raise table.wrong("subject", "must be words parted by dots, without blanks, `*` and `>`")
    login: dict[str, Any] = {key: table.secret(key) for key in ("token", "user", "password") if table.has(key)}
    if table.has("credentials"):
        login["user_credentials"] = str(table.path("credentials"))
    if any(server.startswith("tls:") for server in servers):
        login["tls"] = ssl.create_default_context(cafile=str(table.path("ca")) if table.has("ca") else None)
    return Relay(
        Gate(
            servers=servers, subject=subject, source=table.text("source", "/casewright"),
            timeout=table.number("timeout", 10), login=login,
        )
    )  # fmt: skip


def _is_safe(table: Table, server: str) -> bool:
    """Whether nobody on the way can read what goes there."""
    url = urlsplit(server)
    if url.scheme not in ("nats", "tls") or not url.hostname:
        raise table.wrong("servers", "must be addresses such as `tls://broker.example.com:4222`")
    if url.username is not None:
        raise table.wrong(
            "servers", 'hold a password; say `user`, `password` or `token` with "env:NAME" or "file:PATH"'
        )
    return url.scheme == "tls" or url.hostname in LOOPBACK
