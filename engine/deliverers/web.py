"""Webhooks: CloudEvents 1.0 in structured mode by HTTP POST, signed as Standard Webhooks says."""

from __future__ import annotations

import binascii
import http.client
import json
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import SplitResult, urlsplit

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from engine.app.outgoing.delivery import Delivery, NotDelivered
from engine.deliverers.settings import LOOPBACK, Table
from engine.deliverers.waiting import cut_off

MEDIA_TYPE = "application/cloudevents+json; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Where events are posted. Redirects are not followed: they would carry the text elsewhere."""

    url: SplitResult = field(repr=False)
    signers: tuple[Webhook, ...] = field(repr=False)  # several while a secret is replaced
    context: ssl.SSLContext | None
    source: str
    timeout: int = 10

    def __call__(self, delivery: Delivery) -> None:
        """Post it; `NotDelivered` if the answer is anything but 2xx."""
        body = json.dumps(event_of(delivery, self.source), ensure_ascii=False, separators=(",", ":"))
        try:
            status = self._post(body, self._headers(delivery.key, body))
        except ssl.SSLError as error:
            raise NotDelivered(f"no safe connection to the receiver: {error.reason or 'refused'}") from None
        except TimeoutError:
            raise NotDelivered(f"the receiver did not answer within {self.timeout} s") from None
        except http.client.HTTPException as error:
            raise NotDelivered(f"the receiver does not speak HTTP: {type(error).__name__}") from None
        except OSError as error:
            raise NotDelivered(f"the receiver cannot be reached: {error.strerror or type(error).__name__}") from None
        if not 200 <= status < 300:
            raise NotDelivered(f"the receiver answered {status}")

    def _headers(self, key: str, body: str) -> dict[str, str]:
        headers = {"Content-Type": MEDIA_TYPE, "User-Agent": "casewright"}
        if self.signers:
            now, known_as = datetime.now(UTC), key.replace(".", "~")  # what is signed is parted by dots
            headers["webhook-id"] = known_as
            headers["webhook-timestamp"] = str(int(now.timestamp()))
            headers["webhook-signature"] = " ".join(one.sign(known_as, now, body) for one in self.signers)
        return headers

    def _post(self, body: str, headers: dict[str, str]) -> int:
        host, port = self.url.hostname or "", self.url.port
        connection = (
            http.client.HTTPConnection(host, port, timeout=self.timeout + 1)
            if self.context is None
            else http.client.HTTPSConnection(host, port, timeout=self.timeout + 1, context=self.context)
        )
        target = (self.url.path or "/") + (f"?{self.url.query}" if self.url.query else "")
        with cut_off(self.timeout, lambda: connection.sock):
            try:
                connection.request("POST", target, body.encode(), headers)
                return connection.getresponse().status
            finally:
                connection.close()


def hook(table: Table) -> Hook:
    """Read the settings of a webhook."""
    text = table.text("url")
    text = table.secret("url") if text.startswith(("env:", "file:")) else text
    try:
        url = urlsplit(text)
        port_is_right = url.port is None or url.port > 0
    except ValueError:
        url, port_is_right = SplitResult("", "", "", "", ""), False
    if url.scheme not in ("http", "https") or not url.hostname or not port_is_right or not text.isascii():
        raise table.wrong("url", "must be an address such as `https://example.com/hook`, in ASCII")
    if " " in text or not text.isprintable() or url.fragment:
        raise table.wrong("url", "must not hold a blank or a `#`")
    if url.username is not None:
        raise table.wrong("url", 'holds a password; say "env:NAME" or "file:PATH" where the whole of it stands')
    if url.scheme == "http" and url.hostname not in LOOPBACK and not table.flag("insecure"):
        raise table.wrong("url", "is not `https`: all on the way can read it; if so it must be, say `insecure = true`")
    table.flag("insecure")
    context = None
    if url.scheme == "https":
        context = ssl.create_default_context(cafile=str(table.path("ca")) if table.has("ca") else None)
    return Hook(
        url=url, signers=_signers(table), context=context, source=table.text("source", "/casewright"),
        timeout=table.number("timeout", 10),
    )  # fmt: skip


def _signers(table: Table) -> tuple[Webhook, ...]:
    """By every secret that is named, the newest and the one before it: a receiver needs to know one of them."""
    if not table.has("secret"):
        if table.flag("unsigned"):
            return ()
        raise table.wrong("secret", "is missing; a receiver that cannot check signatures needs `unsigned = true`")
    table.flag("unsigned")
    try:
        return tuple(Webhook(secret) for secret in table.secret("secret").split())
    except (binascii.Error, ValueError, EmptyWebhookSecretError):
        raise table.wrong("secret", "must be base64, as `whsec_…` is") from None


def event_of(delivery: Delivery, source: str) -> dict[str, object]:
    """A delivery as a CloudEvent; `source` and `id` are the same at every attempt."""
    at = datetime.fromtimestamp(delivery.at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told: dict[str, object] = (
        dict(delivery.payload)
        if delivery.kind == "emit"
        else {
            "receiver": delivery.receiver, "people": list(delivery.people), "text": delivery.text,
            "reach": {who: dict(reach) for who, reach in delivery.reach.items()},
        }
    )  # fmt: skip
    return {
        "specversion": "1.0",
        "id": delivery.key,
        "source": source,
        "type": f"casewright.{delivery.kind}.{delivery.name}",
        "subject": delivery.case,
        "time": at,
        "datacontenttype": "application/json",
        "data": told,
    }
