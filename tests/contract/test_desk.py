"""What a store keeps besides cases: messages, definitions, people, files, settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.core.cases import Outgoing
from engine.errors import NotFound, UsageError
from engine.ports import Attachment, Mail, Person, Publication, Store
from tests.contract.builders import a_case, a_message, a_step, opening, put


def send(store: Store, name: str, *messages: dict[str, Any]) -> list[Outgoing]:
    """Open a case that sends these messages."""
    case = a_case(name)
    outgoing = tuple(a_message(case, number, **changes) for number, changes in enumerate(messages))
    put(store, opening(case, steps=(a_step(case, outgoing=outgoing),)))
    return list(outgoing)


def claim(store: Store, now: int, limit: int = 10, lease: int = 60_000) -> list[Mail]:
    with store.write() as work:
        return work.claim_mail(now, limit, lease=lease)


def update(store: Store, mail: Mail, **changes: Any) -> None:
    with store.write() as work:
        work.update_mail(replace(mail, **changes))


def test_a_message_comes_back_whole(store: Store) -> None:
    (message,) = send(
        store,
        "R-1",
        {
            "at": 7,
            "receiver": "王芳",
            "receiver_kind": "person",
            "values": {"case.phone": {"personal": "phone"}, "clock.left": -5, "n": None},
            "clock": "arrival",
            "cycle": 2,
            "threshold": "goal - 5m",
            "exclude": ("lin",),
            "failed": "give_up",
            "missed": 3,
            "is_late": True,
        },
    )
    with store.read() as work:
        (mail,) = work.outbox()
        assert mail == Mail(id=mail.id, message=message, status="waiting", next_at=7)
        assert work.mail(mail.id) == mail
        assert work.mail(mail.id + 1) is None


def test_messages_decided_not_to_be_sent_are_kept_but_never_claimed(store: Store) -> None:
    send(store, "R-1", {"status": "superseded", "at": 1}, {"status": "imported", "at": 1}, {"at": 9})
    assert [mail.message.number for mail in claim(store, 100)] == [2]
    with store.read() as work:
        assert [mail.status for mail in work.outbox()] == ["superseded", "imported", "waiting"]
        assert [mail.message.status for mail in work.outbox()] == ["superseded", "imported", "waiting"]


def test_messages_are_listed_by_status_and_case(store: Store) -> None:
    send(store, "R-1", {}, {})
    send(store, "R-2", {})
    with store.read() as work:
        mails = work.outbox()
    update(store, mails[0], status="dead", error="refused: 长")
    with store.read() as work:
        assert [(mail.id, mail.error) for mail in work.outbox(status="dead")] == [(mails[0].id, "refused: 长")]
        assert [mail.id for mail in work.outbox(status="waiting", case="R-1")] == [mails[1].id]
        assert [mail.id for mail in work.outbox(limit=2)] == [mails[0].id, mails[1].id]
        assert [mail.id for mail in work.outbox(case="R-2")] == [mails[2].id]


def test_a_claimed_message_is_hidden_for_its_lease_and_counts_the_attempt(store: Store) -> None:
    send(store, "R-1", {"at": 10})
    assert claim(store, 9) == []
    (mail,) = claim(store, 10, lease=5)
    assert (mail.attempts, mail.next_at, mail.status) == (1, 15, "waiting")
    assert claim(store, 14) == []
    (again,) = claim(store, 15)
    assert (again.id, again.attempts) == (mail.id, 2)
    update(store, again, status="delivered", delivered_at=16)
    assert claim(store, 10**9) == []
    with store.read() as work:
        kept = work.mail(mail.id)
        assert kept is not None
        assert (kept.status, kept.delivered_at, kept.attempts) == ("delivered", 16, 2)


def test_messages_are_claimed_in_the_order_of_their_time(store: Store) -> None:
    send(store, "R-1", {"at": 30}, {"at": 10}, {"at": 20}, {"at": 10})
    assert [mail.message.number for mail in claim(store, 100, limit=3)] == [1, 3, 2]
    assert [mail.message.number for mail in claim(store, 100)] == [0]


def test_events_of_a_case_reach_one_receiver_in_order(store: Store) -> None:
    event = {"kind": "emit", "receiver": "sync", "receiver_kind": "event", "at": 1}
    send(store, "R-1", event, event, {**event, "receiver": "other"}, {"receiver": "sync", "at": 1})
    send(store, "R-2", event)
    first, *others = claim(store, 1, lease=5)
    assert [(mail.message.case, mail.message.number) for mail in (first, *others)] == [
        ("R-1", 0), ("R-1", 2), ("R-1", 3), ("R-2", 0),
    ]  # fmt: skip
    for mail in others:
        update(store, mail, status="delivered")
    update(store, first, status="waiting", next_at=50)
    assert claim(store, 49) == []
    (first,) = claim(store, 50)
    update(store, first, status="dead")
    assert [mail.message.number for mail in claim(store, 50)] == [1]


def test_the_next_message_tells_how_long_to_sleep(store: Store) -> None:
    with store.read() as work:
        assert work.next_mail() is None
    send(store, "R-1", {"at": 30}, {"at": 10, "status": "imported"}, {"at": 20})
    with store.read() as work:
        assert work.next_mail() == 20


def test_a_message_that_is_not_there_cannot_be_changed(store: Store) -> None:
    send(store, "R-1", {})
    with store.read() as work:
        (mail,) = work.outbox()
    with pytest.raises(NotFound, match="no message 99"):
        update(store, replace(mail, id=99))


def test_message_ids_are_never_given_twice(store: Store) -> None:
    send(store, "R-1", {})
    with store.read() as work:
        (first,) = work.outbox()

    def fail() -> None:
        with store.write() as work:
            case = a_case("R-2")
            work.save(opening(case, steps=(a_step(case, outgoing=(a_message(case),)),)))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    send(store, "R-3", {})
    with store.read() as work:
        ids = [mail.id for mail in work.outbox()]
    assert ids[0] == first.id
    assert ids[1] > first.id


# -- definitions -------------------------------------------------------------------------------------------------------


def a_publication(process: str, version: int, words: str = "w1", **changes: Any) -> Publication:
    given: dict[str, Any] = {
        "process": process,
        "version": version,
        "prefix": "R",
        "behaviour_hash": f"b{version}",
        "words_hash": words,
        "sources": {
            "processes/desk.yaml": "desk: 服务台\n",
            f"processes/{process}.yaml": f"version: {version} # {words}\n",
        },
        "published_at": version,
        "published_by": "lin",
    }
    return Publication(**{**given, **changes})


def test_definitions_come_back_oldest_first_with_their_newest_words(store: Store) -> None:
    first, second, other = a_publication("repair", 1), a_publication("repair", 2), a_publication("refund", 1)
    again = a_publication("repair", 1, "w2", published_at=9)
    with store.write() as work:
        for publication in (first, other, second, again):
            work.publish(publication)
    with store.read() as work:
        words = replace(again, published_at=first.published_at)  # the version holds since it was first published
        assert work.publications() == [words, other, second]
        assert work.publications("repair") == [words, second]
        assert work.publications("nothing") == []


def test_going_back_to_earlier_words_is_possible(store: Store) -> None:
    first, second = a_publication("repair", 1), a_publication("repair", 1, "w2")
    with store.write() as work:
        for publication in (first, second, first):
            work.publish(publication)
    with store.read() as work:
        assert work.publications() == [first]


def test_a_definition_with_nul_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="NUL"), store.write() as work:
        work.publish(a_publication("repair", 1, sources={"a.yaml": "a\x00"}))


# -- people, files, settings -------------------------------------------------------------------------------------------


def test_people_are_kept_by_id_and_replaced(store: Store) -> None:
    wang = Person(id="wang.fang", name="王芳", roles=("dispatcher", "agent"), language="zh")
    lin = Person(id="lin", name="Lin", roles=())
    with store.write() as work:
        for person in (wang, lin):
            work.save_person(person)
        work.save_person(replace(lin, is_active=False))
        assert work.people() == [replace(lin, is_active=False), wang]
        assert work.person("wang.fang") == wang
        assert work.person("nobody") is None


@pytest.mark.parametrize("person", [Person(id="a\x00", name="", roles=()), Person(id="a", name="\ud800", roles=())])
def test_people_with_names_that_cannot_be_given_back_are_refused(store: Store, person: Person) -> None:
    with pytest.raises(UsageError, match="cannot be stored"), store.write() as work:
        work.save_person(person)


def test_a_file_belongs_to_its_case_and_is_stored_once(store: Store) -> None:
    photo = Attachment(hash="h1", name="照片.jpg", media_type="image/jpeg", content=bytes(range(256)) * 5_000)
    renamed = replace(photo, name="photo.jpg")
    with store.write() as work:
        work.save_attachment("R-1", photo, 1)
        work.save_attachment("R-2", renamed, 2)
    with store.read() as work:
        assert work.attachment("R-1", "h1") == photo
        assert work.attachment("R-2", "h1") == renamed
        assert work.attachment("R-3", "h1") is None
        assert work.attachment("R-1", "h2") is None
    with store.write() as work:
        work.save_attachment("R-1", renamed, 3)
        assert work.attachment("R-1", "h1") == renamed
        assert [(one.name, one.size, one.at) for one in work.attached("R-1")] == [
            (photo.name, len(photo.content), 1),
            (renamed.name, len(renamed.content), 3),
        ]
        assert work.attached("R-3") == []


def test_settings_are_set_changed_and_removed(store: Store) -> None:
    with store.write() as work:
        assert work.setting("zone") is None
        work.set_setting("zone", "UTC")
        work.set_setting("zone", "亚洲/上海")
        work.set_setting("other", "")
    with store.write() as work:
        assert (work.setting("zone"), work.setting("other")) == ("亚洲/上海", "")
        work.set_setting("zone", None)
        work.set_setting("zone", None)
        assert work.setting("zone") is None


def test_many_messages_are_settled_together_and_one_that_is_gone_is_passed_over(store: Store) -> None:
    send(store, "R-1", *({"at": number} for number in range(7)))
    mails = claim(store, 100)
    assert [(mail.attempts, mail.next_at) for mail in mails] == [(1, 60_100)] * 7
    sent = [replace(mail, status="delivered", delivered_at=9) for mail in mails[:6]]
    failed = replace(mails[6], error='no, "not" {now}', next_at=7)
    with store.write(is_lasting=False) as work:
        work.settle_mail([*sent, replace(sent[0], id=sent[0].id + 1_000), failed])
        work.settle_mail([])
    with store.read() as work:
        assert {mail.id: mail for mail in work.outbox()} == {mail.id: mail for mail in (*sent, failed)}
