"""What is shown to whom: scope, masks, offers, histories, ledgers. Reading writes nothing."""

from __future__ import annotations

import pytest

from engine import Actor, Engine, NotFound, NotPermitted, Offer, Person
from engine.testing import ManualTime
from tests.app.desks import (
    ADMIN,
    BOSS,
    HOUR,
    LIN,
    MINUTE,
    NINE,
    RUN,
    STRANGER,
    deliver,
    done,
    open_errand,
    send,
)

PHONE = "139 0000 0001"

# ---------------------------------------------------------------- who may read


def test_the_host_itself_sees_everything(engine: Engine) -> None:
    assert engine.case(open_errand(engine, phone=PHONE)).data["phone"] == PHONE


def test_who_works_a_case_sees_private_values(engine: Engine) -> None:
    case = open_errand(engine, phone=PHONE)
    assert engine.case(case, actor=LIN).data["phone"] == PHONE
    send(engine, case)
    assert engine.case(case, actor=RUN).data["phone"] == PHONE  # the errand is theirs now


def test_whose_role_the_process_names_sees_the_case_with_private_values_sealed(engine: Engine) -> None:
    case = done(engine.open_case("call", {"phone": PHONE}, actor=LIN)).id
    view = engine.case(case, actor=Actor(id="mo", roles=("agent",)))
    assert set(view.data["phone"]) == {"sealed"}  # type: ignore[arg-type]
    assert PHONE not in repr(view)


def test_who_has_a_role_the_process_does_not_name_may_not_read(engine: Engine) -> None:
    case = open_errand(engine)
    with pytest.raises(NotPermitted, match=rf"`stranger` \(visitor\) may not read `{case}`"):
        engine.case(case, actor=STRANGER)
    for read in (engine.allowed, engine.history):
        with pytest.raises(NotPermitted):
            read(case, actor=STRANGER)  # type: ignore[operator]
    with pytest.raises(NotPermitted):
        engine.ledger(case, "sent", actor=STRANGER)


def test_who_is_told_of_a_case_may_look_at_it(engine: Engine) -> None:
    # A manager stands in a process only where its ladder says whom to tell.
    case = done(engine.open_case("call", {"phone": PHONE}, actor=LIN)).id
    assert engine.case(case, actor=BOSS).id == case
    case = open_errand(engine)
    assert engine.case(case, actor=BOSS).id == case


def test_seen_by_narrows_who_may_read(engine: Engine) -> None:
    case = done(engine.open_case("parcel", {"waybill": "SF1"}, actor=LIN)).id
    assert engine.case(case, actor=LIN).id == case
    with pytest.raises(NotPermitted):
        engine.case(case, actor=BOSS)


def test_an_administrator_reads_every_case_but_no_private_value(engine: Engine) -> None:
    view = engine.case(open_errand(engine, phone=PHONE), actor=ADMIN)
    assert set(view.data["phone"]) == {"sealed"}  # type: ignore[arg-type]


def test_who_did_something_works_the_case_ever_after(engine: Engine) -> None:
    case = open_errand(engine, phone=PHONE)
    send(engine, case)
    deliver(engine, case)
    assert engine.case(case, actor=RUN).data["phone"] == PHONE
    other = Actor(id="other", roles=("runner",))  # reads it, for the process asks for a runner; no private value
    assert set(engine.case(case, actor=other).data["phone"]) == {"sealed"}  # type: ignore[arg-type]


def test_a_history_holds_no_private_value(engine: Engine) -> None:
    case = open_errand(engine, phone=PHONE)
    assert PHONE not in str(engine.history(case, actor=LIN))
    assert set(engine.history(case)[0]["form"]["phone"]) == {"sealed"}


def test_a_case_that_is_not_there_is_named(engine: Engine) -> None:
    for read in (engine.case, engine.allowed, engine.history):
        with pytest.raises(NotFound, match="there is no case `E-7`"):
            read("E-7", actor=LIN)  # type: ignore[operator]


# ---------------------------------------------------------------- reading carries forward in memory


def test_reading_shows_the_case_as_it_is_now_and_writes_nothing(engine: Engine, time: ManualTime) -> None:
    case = open_errand(engine)
    send(engine, case)
    time.move(6 * HOUR + 1)
    assert engine.case(case).outcome == "cancelled"
    assert len(engine.history(case)) == 2
    assert engine.tick().advanced == 1
    assert [record["verb"] for record in engine.history(case)] == ["open", "do", "timer"]


def test_at_the_very_due_instant_the_promise_still_runs(engine: Engine, time: ManualTime) -> None:
    case = open_errand(engine)
    time.move(15 * MINUTE)
    clock = engine.case(case).clocks["sent"]
    assert (clock.status, clock.remaining, clock.due_at) == ("running", 0, NINE + 15 * MINUTE)
    time.move(1)
    assert engine.case(case).clocks["sent"].status == "breached"


def test_a_paused_promise_shows_what_is_left_and_why(engine: Engine, time: ManualTime) -> None:
    case = open_errand(engine)
    time.move(5 * MINUTE)
    done(engine.act(case, "hold", actor=LIN))
    time.move(9 * HOUR)
    clock = engine.case(case).clocks["sent"]
    assert (clock.status, clock.remaining, clock.due_at, clock.paused) == ("paused", 10 * MINUTE, None, ("on_hold",))


# ---------------------------------------------------------------- what may be done


def offered(engine: Engine, case: str, actor: Actor) -> dict[str, Offer]:
    return {offer.action: offer for offer in engine.allowed(case, actor=actor)}


def test_what_may_be_done_is_listed_with_why_not_the_rest(engine: Engine) -> None:
    case = open_errand(engine, phone=PHONE)
    found = offered(engine, case, LIN)
    assert {name for name, offer in found.items() if offer.is_allowed} == {"send", "hold", "order", "remark", "drop"}
    assert [reason.rule for reason in found["not_ordered"].reasons] == ["by"]
    assert not any(offer.is_allowed for offer in offered(engine, case, BOSS).values() if offer.action == "send")


def test_an_offer_says_what_its_form_asks_and_what_the_case_holds(engine: Engine) -> None:
    case = open_errand(engine, fee="4.90")
    done(engine.act(case, "remark", {"note": "old"}, actor=LIN))
    form = offered(engine, case, LIN)["send"].form
    assert [(one.field.name, one.required, one.present) for one in form] == [
        ("runner", True, None),
        ("note", False, "old"),
    ]


def test_an_opening_says_what_it_asks(engine: Engine) -> None:
    form = engine.opening("errand")
    assert [(one.field.name, one.required) for one in form] == [("what", True), ("phone", False), ("fee", False)]
    with pytest.raises(NotFound):
        engine.opening("erand")


# ---------------------------------------------------------------- ledgers


def test_a_ledger_adds_up_to_the_time_used(engine: Engine, time: ManualTime) -> None:
    case = open_errand(engine)
    time.move(5 * MINUTE)
    done(engine.act(case, "hold", actor=LIN))
    time.move(HOUR)
    done(engine.act(case, "resume", actor=BOSS))
    time.move(3 * MINUTE)
    ledger = engine.ledger(case, "sent", actor=LIN)
    told = [((one.start - NINE) // MINUTE, (one.end - NINE) // MINUTE, one.status, one.turn) for one in ledger]
    assert told == [
        (0, 5, "running", ("role:agent",)),
        (5, 65, "paused", ("role:boss",)),
        (65, 68, "running", ("role:agent",)),
    ]
    assert sum(one.used for one in ledger) == engine.case(case).clocks["sent"].used == 8 * MINUTE


def test_a_promise_that_is_not_there_is_named(engine: Engine) -> None:
    with pytest.raises(NotFound, match="has no promise `snet`"):
        engine.ledger(open_errand(engine), "snet")


# ---------------------------------------------------------------- definitions


def test_a_published_definition_can_be_looked_at(engine: Engine) -> None:
    assert engine.definition("errand").version == 1
    assert engine.definition("errand", 1).process == "errand"
    with pytest.raises(NotFound, match="`errand` version 7 is not published"):
        engine.definition("errand", 7)
    assert engine.zone == "Asia/Shanghai"


# ---------------------------------------------------------------- messages


@pytest.fixture
def staffed(engine: Engine) -> Engine:
    """The same, with people, so that roles can be resolved."""
    people = {"root": ("admin",), "lin": ("agent",), "run": ("runner",), "other": ("runner",), "boss": ("boss",)}
    for name, roles in people.items():
        engine.save_person(Person(id=name, name=name, roles=roles), actor=ADMIN)
    return engine


def texts(engine: Engine, language: str) -> dict[str, str]:
    return {mail.message.name: engine.text_of(mail, language) for mail in engine.outbox()}


def test_a_message_shows_private_values_to_who_works_the_case(staffed: Engine) -> None:
    send(staffed, open_errand(staffed, phone=PHONE))
    assert texts(staffed, "en")["job"] == f"fetch milk for {PHONE}"
    assert texts(staffed, "zh")["job"] == f"为 {PHONE} 取 milk"


def test_a_message_to_a_person_nobody_has_named_is_judged_by_what_they_may_do(engine: Engine) -> None:
    case = open_errand(engine, phone=PHONE)
    send(engine, case)
    assert texts(engine, "en")["job"] == f"fetch milk for {PHONE}"  # the runner of the case
    deliver(engine, case)
    assert texts(engine, "en")["job"] == f"fetch milk for {PHONE}"  # who delivered it


def test_a_message_to_a_party_that_is_no_person_masks_them(engine: Engine) -> None:
    done(engine.act(open_errand(engine, phone=PHONE), "order", actor=LIN))
    assert texts(engine, "en") == {"order_in": "we need milk for •••", "ordered": ""}  # an event has no text


def test_a_message_to_who_no_longer_works_the_case_masks_them(staffed: Engine) -> None:
    case = open_errand(staffed, phone=PHONE)
    facts = {"at_work": ["run", "other"]}
    done(staffed.act(case, "send", {"runner": "other"}, actor=LIN, facts=facts))
    done(staffed.act(case, "drop", actor=LIN))
    assert texts(staffed, "en")["job"] == "fetch milk for •••"
