"""Reading is scoped: each verb that shows something, tried by each kind of person, and private values masked."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, is_dataclass
from typing import Any

import pytest

from engine import (
    Actor,
    Engine,
    Export,
    Interruption,
    MeasureQuestion,
    NotPermitted,
    Person,
    Reach,
    Search,
    SlaQuestion,
)  # fmt: skip
from engine.app.outgoing.delivery import Delivery
from engine.errors import EngineError, UsageError
from engine.testing import ManualTime, engine_in_memory
from tests.app.desks import BOSS, LIN, MO, NINE, RUN, STRANGER, deliver, done, open_errand, send, sources

PHONE = "139 0000 0001"
CHEF = Actor(id="chef", roles=("boss",))

SEER = Actor(id="seer", roles=("seer",))
DESK = sources()["processes/desk.yaml"].replace(
    "roles:\n", "roles:\n  seer:   {en: Seer, zh: 查看}\n", 1
)  # fmt: skip
ERRAND = (
    sources()["processes/errand.yaml"]
    .replace("opening:", "never_by: [case.accused]\nseen_by: [seer]\nmeasures:\n"
                         "  all: {label: {en: All, zh: 全部}, count: true}\nopening:", 1)
    .replace("allow: [phone, fee]", "allow: [phone, fee, accused]")
    .replace("fields:\n", "fields:\n  accused: {type: person, label: {en: Accused, zh: 当事人}}\n", 1)
    .replace("form: {require: [fee]}", "form: {require: [fee], allow: [phone]}")
)  # fmt: skip


@pytest.fixture(scope="module")
def desk() -> Iterator[tuple[Engine, str]]:
    """A case about `chef`, worked by agents and the runner, seen by bosses."""
    with engine_in_memory(
        sources(errand=ERRAND, desk=DESK), "errand", "call", "parcel", time=ManualTime(NINE)
    ) as engine:
        engine.save_person(Person(id="root", name="Root", roles=("admin",)), actor="root")
        for who in (LIN, MO, BOSS, CHEF, RUN, SEER):
            engine.save_person(Person(id=who.id, name=who.id, roles=who.roles), actor="root")
        case = open_errand(engine, phone=PHONE, accused="chef")
        send(engine, case)
        done(engine.attach(case, "slip.txt", b"slip", actor=LIN))
        yield engine, case


def file_of(engine: Engine, case: str) -> str:
    return engine.attachments(case)[0].hash


READ: dict[str, Callable[[Engine, str, Any], Any]] = {
    "case": lambda engine, case, who: engine.case(case, actor=who),
    "allowed": lambda engine, case, who: engine.allowed(case, actor=who),
    "history": lambda engine, case, who: engine.history(case, actor=who),
    "attachment": lambda engine, case, who: engine.attachment(case, file_of(engine, case), actor=who),
    "attachments": lambda engine, case, who: engine.attachments(case, actor=who),
    "ledger": lambda engine, case, who: engine.ledger(case, "sent", actor=who),
    "retold": lambda engine, case, who: [step.record for step in engine.retold(case, actor=who).steps],
    "message": lambda engine, case, who: engine.message(engine.outbox(case=case)[0].id, actor=who),
}
WHO_READS = {"lin": LIN, "run": RUN, "seer": SEER, "admin": "root"}
WHO_DOES_NOT = (CHEF, "chef", STRANGER, "nobody")
"""Whom `never_by` excludes, by either way of saying who it is; who holds no role of the process; who is not known."""


@pytest.mark.parametrize("verb", READ)
def test_who_may_not_read_a_case_reads_it_by_no_verb(desk: tuple[Engine, str], verb: str) -> None:
    engine, case = desk
    for who in WHO_DOES_NOT:
        with pytest.raises(NotPermitted):
            READ[verb](engine, case, who)
    with pytest.raises(UsageError, match="nobody can act as"):
        READ[verb](engine, case, Actor(id=""))


@pytest.mark.parametrize("verb", READ)
def test_who_may_read_it_does_and_sees_private_values_only_where_they_work_it(
    desk: tuple[Engine, str], verb: str
) -> None:
    engine, case = desk
    for kind, who in WHO_READS.items():
        text = told(READ[verb](engine, case, who))
        if kind in ("seer", "admin") or verb in ("history", "attachment", "attachments", "ledger"):
            assert PHONE not in text, f"`{verb}` by {kind}"
    assert verb not in ("case", "message") or PHONE in told(READ[verb](engine, case, RUN))


def test_who_may_not_read_a_case_is_not_told_it_with_its_family() -> None:
    with engine_in_memory(sources(), "errand", "call", time=ManualTime(NINE)) as engine:
        case = open_errand(engine)
        send(engine, case)
        deliver(engine, case)  # a call for the boss is opened
        assert engine.retold(case, actor=BOSS).steps
        with pytest.raises(NotPermitted, match=f"may not read `{case}.1`"):
            engine.retold(case, actor=RUN)


def told(value: Any) -> str:
    """Everything that stands in an answer."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    return json.dumps(value, default=lambda one: asdict(one) if is_dataclass(one) else repr(one), ensure_ascii=False)


def test_lists_show_nobody_what_they_may_not_read_whatever_is_searched_for(desk: tuple[Engine, str]) -> None:
    engine, case = desk
    for find in (None, case, PHONE, "chef"):
        for who in (CHEF, STRANGER):
            page = engine.worklist(Search(actor=who, all=True, find=find, is_open=None))
            assert [row.id for row in page.rows] == []
    for who in (SEER, Actor(id="root", roles=("admin",))):
        page = engine.worklist(Search(actor=who, all=True))
        assert [row.id for row in page.rows] == [case]
        assert PHONE not in told(page.rows)


WHO_LISTS = ((CHEF, False), (STRANGER, False), (LIN, True), (SEER, True), (Actor(id="root", roles=("admin",)), True))


def test_messages_are_listed_for_who_may_read_their_case(desk: tuple[Engine, str]) -> None:
    engine, case = desk
    for who, sees in WHO_LISTS:
        assert {mail.message.case for mail in engine.outbox(actor=who)} == ({case} if sees else set())


def test_what_was_adjusted_is_listed_for_who_may_read_the_case() -> None:
    with engine_in_memory(
        sources(errand=ERRAND, desk=DESK), "errand", "call", time=(time := ManualTime(NINE))
    ) as engine:
        case = open_errand(engine, accused="chef")
        time.move(60_000)
        flood = Interruption(
            since=NINE, until=NINE + 60_000, reason="flood", approver="boss", reach=Reach(process="errand")
        )
        declared = engine.interrupt(flood, actor=Actor(id="root", roles=("admin",)))
        assert declared is not None
        for who, sees in WHO_LISTS:
            _, changes = engine.adjustment(declared.adjustment.id, actor=who)
            assert {change.case for change in changes} == ({case} if sees else set())


def test_events_that_wait_are_shown_to_who_may_say_what_becomes_of_them(desk: tuple[Engine, str]) -> None:
    engine, _ = desk
    for who in (SEER, LIN, STRANGER, "chef"):
        if who == "chef":  # a boss, and these assign
            assert engine.waiting_events(actor=who) == []
            continue
        for look in (
            lambda who=who: engine.waiting_events(actor=who),
            lambda who=who: engine.waiting_event(1, actor=who),
        ):  # type: ignore[misc]
            with pytest.raises(NotPermitted, match="may not see events that wait"):
                look()


def test_what_is_counted_shows_nobody_and_nothing_private(desk: tuple[Engine, str]) -> None:
    engine, _ = desk
    for who in (CHEF, STRANGER, BOSS, LIN):
        report = engine.report_measure(MeasureQuestion(process="errand", measure="all", actor=who))
        assert report.hidden == (who in (CHEF, STRANGER))
    assert PHONE not in repr(engine.report_sla(SlaQuestion(by=("process", "clock", "role", "person"))))


def test_the_excluded_learn_nothing_of_a_case_from_the_answer_to_their_own_command(desk: tuple[Engine, str]) -> None:
    engine, case = desk
    answer = engine.act(case, "remark", {"note": "let me see"}, actor=CHEF)
    assert PHONE not in told(vars(answer) if not is_dataclass(answer) else answer)
    assert "milk" not in told(answer)


def test_no_message_to_a_role_carries_what_only_workers_may_see(desk: tuple[Engine, str]) -> None:
    engine, case = desk
    sent: list[Delivery] = []
    engine.on("*", sent.append)
    engine.deliver_some()
    told_to = {one.receiver: one.text for one in sent}
    assert PHONE in told_to["run"]  # who fetches it works the case
    assert PHONE not in repr(sent)  # addresses and the like are left out of what a log would print
    assert case


def test_no_error_or_its_traceback_repeats_a_private_value(desk: tuple[Engine, str]) -> None:
    engine, case = desk
    tries: list[Callable[[], Any]] = [
        lambda: engine.act(case, "send", {"phone": PHONE, "nonsense": PHONE}, actor=LIN),
        lambda: engine.open_case("errand", {"what": "x", "phone": {"a": PHONE}}, actor=LIN),
        lambda: engine.open_case("errand", {"what": "x", "phone": [PHONE]}, actor=LIN),
        lambda: engine.open_case("errand", {"what": "x", "phone": PHONE + "\x00"}, actor=LIN),
        lambda: engine.open_case("errand", {"what": "x", "phone": PHONE + "\ud800"}, actor=LIN),
        lambda: engine.open_case("errand", {"what": "x" * 100, "phone": PHONE}, actor=LIN),
    ]
    for number, attempt in enumerate(tries):
        try:
            answer = attempt()
            said = repr(answer.reasons)
        except EngineError as error:
            said = "".join(traceback.format_exception(error))
        assert PHONE not in said, number
    assert PHONE not in repr(engine.history(case))  # a refusal is on record, with what was asked


class Breaks(Exception):
    """What a host's deliverer says when it fails."""


def test_what_a_deliverer_says_when_it_fails_is_kept_without_private_values(desk: tuple[Engine, str]) -> None:
    """Libraries like to put the whole request into their exceptions."""
    with engine_in_memory(sources(), "errand", "call", time=ManualTime(NINE)) as engine:
        engine.save_person(Person(id="root", name="Root", roles=("admin",)), actor="root")
        engine.save_person(Person(id="run", name="Run", roles=("runner",)), actor="root")
        engine.save_addresses("run", {"email": "run@private.example"}, actor="root")
        send(engine, open_errand(engine, phone=PHONE))

        def fails(delivery: Delivery) -> None:
            raise Breaks(f"could not post {delivery.text!r} to {delivery.reach}")

        engine.on("*", fails)
        engine.deliver_some()
        errors = [mail.error for mail in engine.outbox()]
        assert all(error and "Breaks: could not post" in error for error in errors)
        assert PHONE not in repr(errors)
        assert "run@private.example" not in repr(errors)


def test_an_export_tells_nothing_private(desk: tuple[Engine, str]) -> None:
    engine, _ = desk
    pieces: list[str] = []
    engine.export(Export(format="jsonl", with_refused=True), pieces.append, actor="root")
    assert PHONE not in "".join(pieces)


def test_a_fault_is_kept_without_private_values(monkeypatch: pytest.MonkeyPatch) -> None:
    with engine_in_memory(sources(), "errand", "call", time=(time := ManualTime(NINE))) as engine:
        case = open_errand(engine, phone=PHONE)
        time.move(3_600_000)

        def fails(family: Any, *_: object) -> None:
            raise KeyError(f"no such number: {family.cases[case].private['phone']}")

        monkeypatch.setattr("engine.app.advancing.carry", fails)
        engine.run_once()
        (fault,) = engine.faults()
        assert "no such number" in fault.message
        assert PHONE not in fault.message + fault.traceback
