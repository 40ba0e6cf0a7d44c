"""Events handed on to a broker: a real NATS server, killed in the middle too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import Engine
from engine.app.outgoing.delivery import NotDelivered
from engine.deliverers import build
from engine.deliverers.broker import Relay, relay
from engine.deliverers.settings import Table
from engine.errors import UsageError
from engine.testing import ManualTime
from tests.app.desks import ADMIN, LIN, NINE, open_errand, sources
from tests.deliverers.servers import free_port, talking
from tests.deliverers.servers import silent as says_nothing
from tests.deliverers.test_web import event
from tests.nats_server import Broker, broker


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with broker(tmp_path_factory.mktemp("nats"), "--auth", "s3cret") as running:
        yield running


def made(url: str, **more: Any) -> Relay:
    values = {"servers": [url], "token": "env:TOKEN", "timeout": 60, **more}
    return relay(Table("bus", values, Path(), {"TOKEN": "s3cret", "WRONG": "no"}))


def test_an_event_is_kept_by_the_broker_as_a_cloud_event_under_its_id(server: Broker) -> None:
    relaying = made(server.url)
    before = len(server.kept())
    relaying(event())
    relaying(event(key="R-1/3/0", name="cancelled"))
    relaying(event())  # killed before it was recorded, it goes out again: the broker knows its id
    first, second = server.kept()[before:]
    assert (first.subject, second.subject) == ("casewright.emit.ordered", "casewright.emit.cancelled")
    assert first.headers["Nats-Msg-Id"] == "R-1.1/2/0"
    assert first.headers["Content-Type"] == "application/cloudevents+json; charset=utf-8"
    told = json.loads(first.data)
    assert (told["id"], told["subject"], told["data"]) == ("R-1.1/2/0", "R-1.1", {"what": "牛奶"})


def errands(url: str, time: ManualTime) -> Engine:
    """A desk whose events go to the broker."""
    engine = Engine.open("memory:", time=time)
    engine.publish(sources(), "errand", actor=ADMIN)
    engine.publish(sources(), "call", actor=ADMIN)
    table = {"kind": "nats", "servers": [url], "token": "env:TOKEN", "timeout": 60, "events": ["*"]}
    engine.on("*", build({"bus": table}, Path(), {"TOKEN": "s3cret"}))
    return engine


def test_a_broker_killed_in_the_middle_gets_the_rest_once_it_is_back_each_once_and_in_order(tmp_path: Path) -> None:
    time = ManualTime(NINE)
    with broker(tmp_path, "--auth", "s3cret") as running, errands(running.url, time) as desk:
        cases = [open_errand(desk) for _ in range(3)]
        for case in cases * 3:
            desk.act(case, "order", actor=LIN)
            if case == cases[1]:
                desk.tick()
        running.kill()
        for case in cases:
            desk.act(case, "order", actor=LIN)
        assert desk.tick().failed > 0
        troubles = {mail.error for mail in desk.outbox(status="waiting") if mail.message.kind == "emit"}
        assert troubles - {None} == {"the broker cannot be reached"}
        running.start()
        for _ in range(6):
            time.move(60_000)
            desk.tick()
        ids = [json.loads(kept.data)["id"] for kept in running.kept()]
        for case in cases:
            own = [tuple(map(int, key.split("/")[1:])) for key in ids if key.startswith(f"{case}/")]
            assert len(own) == 4, "none is lost"
            assert own == sorted(set(own)), "each once, in the order of its case"


def test_what_the_broker_does_not_keep_is_not_delivered(server: Broker, tmp_path: Path) -> None:
    with free_port() as port:
        for relaying, why in (
            (made(server.url, subject="elsewhere"), "no stream of the broker keeps `elsewhere.emit.ordered`"),
            (made(server.url, token="env:WRONG"), "the broker does not let us in"),
            (made(f"nats://127.0.0.1:{port}"), "the broker cannot be reached"),
        ):
            with pytest.raises(NotDelivered) as error:
                relaying(event())
            assert str(error.value) == why


def test_a_broker_that_says_nothing_is_left_in_time() -> None:
    with talking(says_nothing) as port:
        relaying = made(f"nats://127.0.0.1:{port}", timeout=1)
        with pytest.raises(NotDelivered, match=r"^the broker did not answer within 1 s$"):
            relaying(event())


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, "`servers` is missing: say where the broker is"),
        ({"servers": ["broker.example.com"]}, "`servers` must be addresses such as `tls://broker.example.com:4222`"),
        ({"servers": ["nats://broker.example.com:4222"]}, "`servers` is not `tls`: all on the way can read it"),
        ({"servers": ["tls://u:p@broker.example.com"]}, "`servers` hold a password"),
        ({"servers": ["nats://localhost"], "subject": "a b"}, "`subject` must be words parted by dots"),
        ({"servers": ["nats://localhost"], "token": "s3cret"}, "`token` is a secret and must not stand here"),
    ],
)
def test_settings_that_will_not_do_are_said(values: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError) as error:
        relay(Table("bus", values, Path(), {}))
    assert str(error.value).startswith(f"`[deliver.bus]`: {why}")
