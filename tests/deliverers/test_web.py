"""Webhooks, posted to a real web server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from engine import Delivery
from engine.app.outgoing.delivery import NotDelivered
from engine.deliverers.settings import Table
from engine.deliverers.web import Hook, hook
from engine.errors import UsageError
from tests.deliverers.servers import PEM, dripping, free_port, server_tls, silent, talking, web

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def hooked(port: int, scheme: str = "http", **more: Any) -> Hook:
    values = {"url": f"{scheme}://localhost:{port}/hooks?of=desk", "secret": "env:SECRET", "timeout": 60, **more}
    return hook(Table("shop", values, Path(), {"SECRET": SECRET, "URL": f"http://localhost:{port}/secret"}))


def event(**more: Any) -> Delivery:
    values: dict[str, Any] = {
        "key": "R-1.1/2/0", "kind": "emit", "name": "ordered", "case": "R-1.1", "receiver": "ordered",
        "receiver_kind": "event", "people": (), "text": "", "payload": {"what": "牛奶"}, "at": 1_772_413_200_123,
        "is_late": False, "missed": 1,
    }  # fmt: skip
    return Delivery(**{**values, **more})


def test_an_event_is_posted_as_a_signed_cloud_event() -> None:
    with web() as kept:
        hooked(kept.port)(event())
    ((path, headers, body),) = kept.seen
    assert path == "/hooks?of=desk"
    assert headers["Content-Type"] == "application/cloudevents+json; charset=utf-8"
    assert Webhook(SECRET).verify(body, headers) == {
        "specversion": "1.0", "id": "R-1.1/2/0", "source": "/casewright", "type": "casewright.emit.ordered",
        "subject": "R-1.1", "time": "2026-03-02T01:00:00.123Z", "datacontenttype": "application/json",
        "data": {"what": "牛奶"},
    }  # fmt: skip
    assert headers["webhook-id"] == "R-1~1/2/0"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.replace(b"R-1", b"R-2"), headers)


def test_a_message_is_posted_with_whom_it_is_for() -> None:
    with web() as kept:
        hooked(kept.port, source="//desk.example.com")(
            event(kind="notify", name="due", receiver="agent", people=("lin",), text="R-1: 5m left",
                  reach={"lin": {"phone": "139"}})
        )  # fmt: skip
    told = json.loads(kept.seen[0][2])
    assert (told["source"], told["type"]) == ("//desk.example.com", "casewright.notify.due")
    assert told["data"] == {
        "receiver": "agent", "people": ["lin"], "text": "R-1: 5m left", "reach": {"lin": {"phone": "139"}}
    }  # fmt: skip


@pytest.mark.parametrize("status", [301, 400, 404, 429, 500, 503])
def test_any_other_answer_is_a_failure(status: int) -> None:
    with web() as kept:
        kept.answers = [status]
        with pytest.raises(NotDelivered) as error:
            hooked(kept.port)(event())
    assert str(error.value) == f"the receiver answered {status}"
    assert len(kept.seen) == 1, "a redirect is not followed"


@pytest.mark.parametrize("talk", [silent, dripping])
def test_a_receiver_that_does_not_answer_is_left_in_time(talk: Any) -> None:
    with talking(talk) as port, pytest.raises(NotDelivered, match=r"^the receiver did not answer within 1 s$"):
        hooked(port, timeout=1)(event())


def test_a_receiver_that_is_not_there_or_speaks_something_else_is_said_so() -> None:
    refused = r"^the receiver cannot be reached: Connection refused$"
    with free_port() as port, pytest.raises(NotDelivered, match=refused):
        hooked(port)(event())
    with (
        talking(lambda connection, over: connection.sendall(b"SSH-2.0-x\r\n\x1b[31m")) as port,
        pytest.raises(NotDelivered, match=r"^the receiver (does not speak HTTP|cannot be reached)[: A-Za-z]+$"),
    ):
        hooked(port)(event())


def test_a_certificate_must_be_vouched_for() -> None:
    with web(server_tls()) as kept:
        hooked(kept.port, "https", ca=str(PEM))(event())
        with pytest.raises(NotDelivered, match=r"^no safe connection to the receiver: CERTIFICATE_VERIFY_FAILED$"):
            hooked(kept.port, "https")(event())
    assert len(kept.seen) == 1


def test_a_case_s_words_cannot_become_a_header() -> None:
    with web() as kept:
        with pytest.raises(ValueError, match="Invalid header value"):
            hooked(kept.port)(event(key="R-1\r\nX-Admin: yes"))
        hooked(kept.port)(event(payload={"what": "\r\nX-Admin: yes\x1b[2J"}))
    assert [headers.get("X-Admin") for _, headers, _ in kept.seen] == [None]


def test_an_address_that_is_a_secret_comes_from_the_environment() -> None:
    with web() as kept:
        made = hooked(kept.port, url="env:URL")
        made(event())
        assert kept.seen[0][0] == "/secret"
        assert "secret" not in repr(made)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"secret": SECRET}, "`secret` is a secret and must not stand here"),
        ({"url": "http://example.com/"}, "`url` is not `https`"),
        ({"url": "https://lin:pw@example.com/"}, "`url` holds a password"),
        ({"url": "ftp://example.com/"}, "`url` must be an address"),
        ({"url": "https://exa mple.com/"}, "`url` must not hold a blank"),
        ({"url": "https://example.com:99999/"}, "`url` must be an address"),
        ({"url": "https://[::1/"}, "`url` must be an address"),
    ],
)
def test_settings_that_will_not_do_are_said_in_a_sentence(more: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as error:
        hooked(80, **more)
    assert said in error.value.message


def test_while_a_secret_is_replaced_a_receiver_that_knows_either_believes_it() -> None:
    old, new = SECRET, "whsec_bmV3"
    with web() as kept:
        values = {"url": f"http://localhost:{kept.port}/", "secret": "env:SECRET"}
        hook(Table("shop", values, Path(), {"SECRET": f"{new} {old}\n"}))(event())
    ((_, headers, body),) = kept.seen
    for secret in (old, new):
        assert Webhook(secret).verify(body, headers)["id"] == "R-1.1/2/0"
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_b3RoZXI=").verify(body, headers)


def test_unsigned_posts_are_asked_for_by_name() -> None:
    values = {"url": "http://localhost/"}
    with pytest.raises(UsageError, match="`secret` is missing"):
        hook(Table("shop", values, Path(), {}))
    assert hook(Table("shop", {**values, "unsigned": True}, Path(), {})).signers == ()
    with pytest.raises(UsageError, match="`secret` must be base64"):
        hook(Table("shop", {**values, "secret": "env:S"}, Path(), {"S": "whsec_a"}))
