"""What is shown to whom: scope, masks, offers, histories, ledgers. Reading writes nothing."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from engine import Actor, Engine, NotFound, NotPermitted, Offer, Person, Refusal, Search
from engine.testing import ManualTime
from tests.app.desks import (
    ADMIN,
    BOSS,
    HOUR,
    LIN,
    MINUTE,
    MO,
    NINE,
    RUN,
    STRANGER,
    deliver,
    done,
    open_errand,
    send,
    sources,
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
    assert PHONE not in repr(asdict(view))


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


GRIEVANCE = """
process: grievance
version: 1
prefix: G
label: {en: Grievance, zh: 申诉}
summary: "{case.about}"
calendar: always
initial: heard
key: about
never_by: [case.accused]
fields:
  about:   {type: text, label: {en: About, zh: 事由}}
  accused: {type: person, role: agent, label: {en: Accused, zh: 当事人}}
  proof:   {type: list, of: file, label: {en: Proof, zh: 证据}}
opening: {by: [agent], form: {require: [about], allow: [phone, accused, proof]}}
clocks:
  answered: {label: {en: Answered in a day, zh: 一日内答复}, goal: 24h, met_by: [close]}
actions:
  accuse: {label: {en: Name the accused, zh: 指明当事人}, by: [agent], form: {require: [accused]}, to: stay}
states:
  heard:
    label: {en: Heard, zh: 已受理}
    waiting_on: agent
    actions:
      close: {label: {en: Close, zh: 结案}, by: [agent], to: closed}
  closed: {label: {en: Closed, zh: 已结}, final: done}
"""


def grievance(engine: Engine, **form: object) -> str:
    engine.publish(sources(grievance=GRIEVANCE), "grievance", actor=ADMIN)
    for person in (LIN, MO):
        engine.save_person(Person(id=person.id, name=person.id, roles=person.roles), actor=ADMIN)
    return done(engine.open_case("grievance", {"about": "shouting", "phone": PHONE, **form}, actor=LIN)).id


def test_when_a_case_was_opened_is_shown_as_an_instant_of_the_desk(engine: Engine) -> None:
    """It was shown as milliseconds."""
    engine.publish(sources(grievance=GRIEVANCE.replace("case.about", "case.opened_at")), "grievance", actor=ADMIN)
    case = done(engine.open_case("grievance", {"about": "shouting"}, actor=LIN)).id
    assert engine.case(case, actor=LIN).summary["en"] == "2026-03-02 09:00"


@pytest.mark.parametrize("accused", [MO, Actor(id="mo", roles=("admin",)), Actor(id="mo", roles=("agent", "boss"))])
def test_who_keeps_out_of_a_case_does_not_read_it_either_whatever_their_roles(engine: Engine, accused: Actor) -> None:
    case = grievance(engine, accused="mo")
    with pytest.raises(NotPermitted, match=rf"`mo` .* may not read `{case}`"):
        engine.case(case, actor=accused)
    for read in (engine.allowed, engine.history, engine.attachments):
        with pytest.raises(NotPermitted):
            read(case, actor=accused)  # type: ignore[operator]
    with pytest.raises(NotPermitted):
        engine.attachment(case, "0" * 64, actor=accused)
    with pytest.raises(NotPermitted):
        engine.ledger(case, "answered", actor=accused)
    for search in (
        Search(actor=accused, all=True, is_open=None),
        Search(actor=accused, process="grievance"),
        Search(actor=accused, queue="agent"),
        Search(actor=accused, find=PHONE),
        Search(actor=accused, find="shouting"),
        Search(actor=accused, find=case),
    ):
        assert engine.worklist(search).rows == ()
    assert [row.id for row in engine.worklist(Search(actor=LIN, find=case)).rows] == [case]
    assert engine.case(case, actor=LIN).data["phone"] == PHONE


def test_who_worked_a_case_reads_it_until_they_are_accused_in_it(engine: Engine) -> None:
    case = grievance(engine)
    assert engine.case(case, actor=LIN).data["about"] == "shouting"
    done(engine.act(case, "accuse", {"accused": "lin"}, actor=MO))
    with pytest.raises(NotPermitted):
        engine.history(case, actor=LIN)
    done(engine.act(case, "accuse", {"accused": "mo"}, actor=Actor(id="third", roles=("agent",))))
    assert engine.case(case, actor=LIN).data["about"] == "shouting"


def test_the_answer_to_a_command_tells_the_accused_nothing_of_the_case(engine: Engine) -> None:
    case = grievance(engine, accused="mo")
    no = engine.act(case, "close", actor=MO)
    assert isinstance(no, Refusal)
    assert [reason.rule for reason in no.reasons] == ["never_by"]
    assert no.case is not None
    shown = no.case
    assert (shown.id, shown.data, shown.summary, shown.links, shown.clocks) == (case, {}, {}, {}, {})
    assert "shouting" not in repr(no)
    assert "shouting" not in repr(engine.claim(case, actor=MO))


def test_a_repeated_command_tells_who_was_accused_since_nothing_more(engine: Engine) -> None:
    engine.publish(sources(grievance=GRIEVANCE), "grievance", actor=ADMIN)
    engine.save_person(Person(id="lin", name="Lin", roles=("agent",)), actor=ADMIN)
    case = done(engine.open_case("grievance", {"about": "shouting"}, actor=LIN, key="k")).id
    done(engine.act(case, "accuse", {"accused": "lin"}, actor=MO))
    again = done(engine.open_case("grievance", {"about": "shouting"}, actor=LIN, key="k"))
    assert (again.id, again.data) == (case, {})


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
