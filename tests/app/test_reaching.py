"""How people are reached, and what becomes of many messages at once."""

from __future__ import annotations

import pytest

from engine import Actor, Delivery, Engine, NotFound, NotPermitted, Person, UsageError
from engine.app.outgoing import sending
from engine.app.outgoing.delivery import NotDelivered, NotMine
from engine.deliverers.routing import Route, Router
from engine.deliverers.waiting import Sparing
from engine.testing import ManualTime
from tests.app.desks import ADMIN, BOSS, LIN, MINUTE, open_errand, send


def name(engine: Engine, person: str, *roles: str, **more: str) -> None:
    engine.save_person(Person(id=person, name=person.title(), roles=roles, **more), actor=ADMIN)  # type: ignore[arg-type]


def test_a_delivery_says_how_each_person_is_reached_now(engine: Engine, sent: list[Delivery], time: ManualTime) -> None:
    for person in ("boss", "other"):
        name(engine, person, "boss")
    engine.save_addresses("boss", {"email": "old@example.com", "phone": "139"}, actor=ADMIN)
    open_errand(engine)
    time.move(15 * MINUTE + 1)
    engine.save_addresses("boss", {"email": "boss@example.com"}, actor="boss")
    engine.tick()
    (late,) = [one for one in sent if one.name == "late"]
    assert late.people == ("boss", "other")
    assert late.reach == {"boss": {"email": "boss@example.com", "phone": "139"}}
    assert "boss@example.com" not in repr(late)


def test_a_party_is_reached_by_the_fields_the_desk_names(engine: Engine, sent: list[Delivery]) -> None:
    send(engine, open_errand(engine, phone="139"))
    send(engine, open_errand(engine))
    engine.tick()
    assert [one.reach for one in sent if one.name == "on_way"] == [{"customer": {"phone": "139"}}, {}]


def test_how_somebody_is_reached_is_seen_by_them_and_administrators_only(engine: Engine) -> None:
    name(engine, "lin", "agent")
    name(engine, "wang", "agent")
    engine.save_addresses("lin", {"email": "lin@example.com"}, actor="lin")
    assert engine.addresses("lin", actor=ADMIN) == {"email": "lin@example.com"}
    with pytest.raises(NotPermitted, match="`wang` may not see or change how others are reached"):
        engine.addresses("lin", actor="wang")
    with pytest.raises(NotPermitted):
        engine.save_addresses("lin", {"email": "wang@example.com"}, actor="wang")
    engine.save_addresses("lin", {"email": None}, actor=ADMIN)
    assert engine.addresses("lin", actor="lin") == {}
    with pytest.raises(NotFound, match="there is no `nobody`"):
        engine.save_addresses("nobody", {"email": "a@b"}, actor=ADMIN)


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("email", "lin"),
        ("email", "a@b\r\nBcc: c@d"),
        ("email", "a@b,c@d"),
        ("email", "L <a@b>"),
        ("phone", "1 3"),
        ("fax", "1"),
    ],
)
def test_what_is_not_one_address_is_not_kept(engine: Engine, kind: str, address: str) -> None:
    name(engine, "lin", "agent")
    with pytest.raises(UsageError):
        engine.save_addresses("lin", {kind: address}, actor=ADMIN)
    assert engine.addresses("lin", actor=ADMIN) == {}


def storm(engine: Engine, time: ManualTime, cases: int) -> None:
    for _ in range(cases):
        open_errand(engine)
    time.move(15 * MINUTE + 1)


def test_a_storm_becomes_one_text_for_each_receiver(engine: Engine, sent: list[Delivery], time: ManualTime) -> None:
    engine.digest_above = 5
    storm(engine, time, 6)
    assert engine.tick().delivered == 12
    assert [(one.kind, one.receiver) for one in sent] == [("digest", "agent"), ("digest", "boss")]
    assert sent[1].text.split("\n") == ["6 messages:", *(f"· E-{number} is late" for number in range(1, 7))]
    assert {mail.status for mail in engine.outbox()} == {"delivered"}


def test_few_messages_go_out_one_by_one(engine: Engine, sent: list[Delivery], time: ManualTime) -> None:
    engine.digest_above = 5
    storm(engine, time, 5)
    engine.tick()
    assert {one.kind for one in sent} == {"notify"}
    assert len(sent) == 10


def test_of_a_digest_that_is_not_delivered_every_message_is_tried_again(engine: Engine, time: ManualTime) -> None:
    engine.digest_above = 5
    keys = []

    def failing(one: Delivery) -> None:
        keys.append(one.key)
        if len(keys) <= 2:
            raise NotDelivered("the mail server answered 451")

    engine.on("*", failing)
    storm(engine, time, 6)
    assert engine.tick().failed == 12
    assert {(mail.status, mail.attempts, mail.error) for mail in engine.outbox()} == {
        ("waiting", 1, "the mail server answered 451")
    }
    time.move(MINUTE)
    assert engine.tick().delivered == 12
    assert keys[:2] == keys[2:], "the same messages have the same key again"


def test_what_a_deliverer_leaves_to_others_counts_as_no_attempt(engine: Engine, time: ManualTime) -> None:
    def picky(one: Delivery) -> None:
        if one.name == "on_way":
            raise NotMine

    engine.on("*", picky)
    send(engine, open_errand(engine))
    engine.tick()
    assert [(mail.message.name, mail.status, mail.attempts) for mail in engine.outbox()] == [
        ("job", "delivered", 1), ("on_way", "waiting", 0)
    ]  # fmt: skip


def test_messages_that_wait_behind_a_slow_receiver_are_given_back_in_time(
    engine: Engine, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    def slow(one: Delivery) -> None:
        sent.append(one.key)
        time.move(20_000)

    engine.on("*", slow)
    for _ in range(4):
        send(engine, open_errand(engine))
    engine.deliver_some()
    assert len(sent) * 20_000 <= sending.HOLD + 20_000
    assert sorted(mail.attempts for mail in engine.outbox(status="waiting")) == [0] * (8 - len(sent))


def test_a_receiver_that_hangs_keeps_no_message_to_others_waiting(engine: Engine, time: ManualTime) -> None:
    def hanging(_: Delivery) -> None:
        time.move(10_000)
        raise NotDelivered("the mail server did not answer within 10 s")

    sent: list[str] = []
    spared = Sparing(hanging, clock=lambda: time.monotonic() / 1_000)
    mails = Route(deliver=spared, messages=("on_way",), events=(), to=())
    others = Route(deliver=lambda one: sent.append(one.name), messages=("*",), events=(), to=())
    engine.on("*", Router((mails, others)))
    for _ in range(4):
        send(engine, open_errand(engine))
    assert engine.deliver_some().delivered == len(sent) == 4
    tried = [(mail.attempts, mail.error) for mail in engine.outbox(status="waiting")]
    hangs = "the receiver hangs; others have their turn before it is tried again"
    assert tried == [(1, "the mail server did not answer within 10 s"), *[(0, hangs)] * 3]
    time.move(25_000)
    assert (engine.deliver_some().failed, spared.until) == (0, time.monotonic() / 1_000 + 5), "it is left in peace"
    time.move(10_000)
    assert engine.deliver_some().failed == 1
    assert sorted(mail.attempts for mail in engine.outbox(status="waiting")) in ([0, 0, 0, 2], [0, 0, 1, 1])


def test_a_message_is_read_by_who_may_read_its_case_and_private_values_by_who_works_it(engine: Engine) -> None:
    case = open_errand(engine, phone="139")
    send(engine, case)
    job = next(mail.id for mail in engine.outbox() if mail.message.name == "job")
    assert engine.message(job, actor=LIN)[1] == "fetch milk for 139"
    assert engine.message(job, actor=ADMIN)[1] == "fetch milk for •••"
    assert engine.message(job, actor=BOSS)[1] == "fetch milk for 139", "whoever may drop it works it"
    with pytest.raises(NotPermitted, match="may not read `E-1`"):
        engine.message(job, actor=Actor(id="x", roles=("stranger",)))
    with pytest.raises(NotFound, match="there is no message 99"):
        engine.message(99, actor=LIN)
