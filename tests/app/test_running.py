"""What time does by itself: ticks, deliveries, retries, faults; and the worker that keeps doing it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from engine import Delivery, Engine, NotFound, NotPermitted, Person, Search, SetAside, UsageError
from engine.app import Round
from engine.app.checkup import Check
from engine.app.outgoing.delivery import MOST_ATTEMPTS
from engine.core.decide import carry
from engine.testing import ManualTime, engine_in_memory
from tests.app.desks import (
    ADMIN,
    BOSS,
    DAY,
    HOUR,
    LIN,
    MINUTE,
    NINE,
    SECOND,
    done,
    open_errand,
    refused,
    send,
    sources,
)

# ---------------------------------------------------------------- ticks


def test_what_falls_due_takes_effect_at_its_own_instant(engine: Engine, time: ManualTime) -> None:
    case = open_errand(engine)
    time.move(DAY)
    assert engine.tick() == Round(advanced=1)
    told = [((record["at"] - NINE) // MINUTE, record["verb"]) for record in engine.history(case)]
    assert told == [(0, "open"), (10, "threshold"), (15, "threshold"), (15, "breach"), (30, "threshold"),
                    (90, "threshold"), (150, "threshold")]  # fmt: skip
    assert engine.tick() == Round()


def test_nothing_fires_before_its_instant_is_over(engine: Engine, time: ManualTime) -> None:
    open_errand(engine)
    assert engine.next_work() == NINE + 10 * MINUTE
    time.move(10 * MINUTE)
    assert engine.tick() == Round()
    time.move(1)
    assert engine.tick() == Round(advanced=1)


def test_a_command_finds_what_was_due_before_it(engine: Engine, time: ManualTime) -> None:
    case = open_errand(engine)
    send(engine, case)
    time.move(7 * HOUR)
    assert refused(engine.act(case, "deliver", {"fee": 1}, actor=LIN)) == ["state"]
    assert [record["verb"] for record in engine.history(case)] == ["open", "do", "timer", "do"]


@pytest.mark.parametrize("poll", [MINUTE, 7 * MINUTE, HOUR])
def test_how_often_a_worker_looked_leaves_no_trace_in_the_history(poll: int) -> None:
    def history(step: int) -> list[tuple[object, ...]]:
        time = ManualTime(NINE)
        with engine_in_memory(sources(), "errand", "call", time=time) as engine:
            case = open_errand(engine)
            while time.now() < NINE + 4 * HOUR:
                time.move(step)
                engine.tick()
            time.move_to(NINE + 4 * HOUR)
            done(engine.act(case, "hold", actor=LIN))
            kept = ("at", "verb", "name", "clocks", "to", "changed")
            return [tuple(record.get(name) for name in kept) for record in engine.history(case)]

    assert history(poll) == history(4 * HOUR)


# ---------------------------------------------------------------- deliveries


def test_messages_are_delivered_once_in_their_order(engine: Engine, sent: list[Delivery]) -> None:
    case = open_errand(engine, phone="139")
    send(engine, case)
    assert engine.tick().delivered == 2
    assert [(one.name, one.receiver, one.receiver_kind, one.text) for one in sent] == [
        ("job", "run", "person", "fetch milk for 139"),
        ("on_way", "customer", "party", "your milk is on its way"),
    ]
    assert engine.tick() == Round()
    assert {mail.status for mail in engine.outbox()} == {"delivered"}


def test_a_role_is_resolved_to_its_people_at_delivery(engine: Engine, sent: list[Delivery], time: ManualTime) -> None:
    open_errand(engine)
    engine.save_person(Person(id="boss", name="Boss", roles=("boss",), language="zh"), actor=ADMIN)
    engine.save_person(Person(id="left", name="Left", roles=("boss",), is_active=False), actor=ADMIN)
    time.move(15 * MINUTE + 1)
    engine.tick()
    assert [(one.name, one.receiver, one.people, one.text) for one in sent] == [
        ("due", "agent", (), "E-1 is due in 5m"),
        ("late", "boss", ("boss",), "E-1 超时"),
    ]


def test_without_a_deliverer_messages_wait(engine: Engine) -> None:
    send(engine, open_errand(engine))
    assert engine.tick() == Round()
    assert {mail.status for mail in engine.outbox()} == {"waiting"}


def test_what_nothing_here_delivers_is_left_to_others(engine: Engine, time: ManualTime) -> None:
    delivered: list[str] = []
    engine.on("job", lambda one: delivered.append(one.name))
    send(engine, open_errand(engine))
    for _ in range(20):
        time.move(2 * MINUTE)
        engine.tick()
    (left,) = engine.outbox(status="waiting")
    assert delivered == ["job"]
    assert (left.message.name, left.attempts, left.error) == ("on_way", 0, "nothing delivers `on_way` here")
    engine.on("on_way", lambda one: delivered.append(one.name))
    time.move(2 * MINUTE)
    engine.tick()
    assert delivered == ["job", "on_way"]


def test_a_party_is_not_told_in_its_hours_of_rest(engine: Engine, sent: list[Delivery], time: ManualTime) -> None:
    time.move_to("2026-03-02 23:00")
    send(engine, open_errand(engine))
    engine.tick()
    assert [one.name for one in sent] == ["job"]
    time.move_to("2026-03-03 07:59")
    engine.tick()
    assert [one.name for one in sent] == ["job"]
    time.move_to("2026-03-03 08:00")
    engine.tick()
    assert [one.name for one in sent] == ["job", "on_way"]
    assert [mail.attempts for mail in engine.outbox()] == [1, 1]


def failing(*errors: str) -> tuple[Callable[[Delivery], None], list[str]]:
    """Return a deliverer that fails so often, and the keys it was called with."""
    keys: list[str] = []

    def deliver(one: Delivery) -> None:
        keys.append(one.key)
        if len(keys) <= len(errors):
            raise OSError(errors[len(keys) - 1])

    return deliver, keys


def test_a_failed_delivery_is_tried_again_each_time_later_with_the_same_key(engine: Engine, time: ManualTime) -> None:
    deliver, keys = failing("down", "still down")
    engine.on("job", deliver)
    send(engine, open_errand(engine))
    waits = []
    while not engine.outbox(status="delivered"):
        round_ = engine.tick()
        mail = next(mail for mail in engine.outbox() if mail.message.name == "job")
        if round_.failed:
            waits.append(mail.next_at - time.now())
            assert mail.error == f"OSError: {['down', 'still down'][len(waits) - 1]}"
        time.move(100)
    assert keys == ["E-1/2/0"] * 3
    assert SECOND / 2 <= waits[0] <= 1.5 * SECOND
    assert SECOND <= waits[1] <= 3 * SECOND


def dead(engine: Engine, time: ManualTime) -> None:
    for _ in range(MOST_ATTEMPTS + 4):
        engine.tick()
        time.move(2 * HOUR)


def test_a_receiver_that_is_away_for_a_night_gets_everything_and_the_doctor_knows_meanwhile(
    engine: Engine, time: ManualTime
) -> None:
    back, got = time.now() + 10 * HOUR, list[str]()

    def deliver(one: Delivery) -> None:
        if time.now() < back:
            raise OSError("down")
        got.append(one.key)

    engine.on("*", deliver)
    send(engine, open_errand(engine))
    engine.tick()
    assert checked(engine, "outbox").ok, "once is a hiccup"
    while time.now() < back + 2 * HOUR:
        time.move(5 * MINUTE)
        engine.tick()
        if len(got) == 0 and time.now() > back - HOUR:
            assert "2 more fail again and again" in checked(engine, "outbox").words["en"]
    assert len(got) == 2
    assert checked(engine, "outbox").ok


def checked(engine: Engine, name: str) -> Check:
    return next(check for check in engine.doctor() if check.name == name)


def test_all_that_were_given_up_are_sent_again_at_once(engine: Engine, time: ManualTime) -> None:
    engine.on("job", failing(*["down"] * 3 * MOST_ATTEMPTS)[0])
    cases = [open_errand(engine) for _ in range(3)]
    for case in cases:
        send(engine, case)
    dead(engine, time)
    assert engine.count_dead(actor=ADMIN) == 3
    assert engine.count_dead(actor=ADMIN, case=cases[0]) == 1
    assert "`casewright outbox retry --dead`" in checked(engine, "outbox").words["en"]
    with pytest.raises(NotPermitted, match="`lin` may not send messages again"):
        engine.retry_dead(actor=LIN)
    assert engine.retry_dead(actor=ADMIN, case=cases[0]) == 1
    assert engine.tick().delivered == 1
    assert engine.retry_dead(actor=ADMIN) == 2
    assert engine.tick().delivered == 2
    assert engine.retry_dead(actor=ADMIN) == engine.count_dead(actor=ADMIN) == 0


def test_a_message_that_always_fails_is_dead_in_the_end_and_can_be_sent_again(engine: Engine, time: ManualTime) -> None:
    deliver, keys = failing(*["down"] * MOST_ATTEMPTS)
    engine.on("job", deliver)
    send(engine, open_errand(engine))
    dead(engine, time)
    (mail,) = engine.outbox(status="dead")
    assert (mail.attempts, len(keys), mail.error) == (MOST_ATTEMPTS, MOST_ATTEMPTS, "OSError: down")
    with pytest.raises(NotPermitted, match="`lin` may not send messages again"):
        engine.retry_message(mail.id, actor=LIN)
    assert engine.retry_message(mail.id, actor=ADMIN).status == "waiting"
    assert engine.tick().delivered == 1
    with pytest.raises(UsageError, match="is delivered; only a waiting or dead one"):
        engine.retry_message(mail.id, actor=ADMIN)
    with pytest.raises(NotFound, match="there is no message 999"):
        engine.retry_message(999, actor=ADMIN)


def test_a_dead_event_comes_back_as_the_action_it_names(engine: Engine, time: ManualTime) -> None:
    deliver, _ = failing(*["down"] * MOST_ATTEMPTS)
    engine.on("ordered", deliver)
    case = open_errand(engine)
    done(engine.act(case, "order", actor=LIN))
    dead(engine, time)
    assert engine.case(case).data["note"] == "no supplier"
    told = [record for record in engine.history(case) if record["verb"] == "tell"]
    assert [(record["name"], record["actor"]) for record in told] == [("not_ordered", "engine")]


def test_a_dead_event_of_a_case_that_went_on_is_refused_on_record(engine: Engine, time: ManualTime) -> None:
    deliver, _ = failing(*["down"] * MOST_ATTEMPTS)
    engine.on("ordered", deliver)
    case = open_errand(engine)
    done(engine.act(case, "order", actor=LIN))
    done(engine.act(case, "drop", actor=LIN))
    dead(engine, time)
    assert engine.history(case)[-1]["refused"] == [["state"]]


def test_an_event_carries_its_values(engine: Engine, sent: list[Delivery]) -> None:
    done(engine.act(open_errand(engine), "order", actor=LIN))
    engine.tick()
    event = next(one for one in sent if one.kind == "emit")
    assert (event.name, event.payload, event.text) == ("ordered", {"what": "milk"}, "")


def test_of_missed_reminders_one_is_sent_and_says_how_many(
    engine: Engine, sent: list[Delivery], time: ManualTime
) -> None:
    open_errand(engine)
    time.move(DAY)
    engine.tick()
    late = [one for one in sent if one.receiver == "boss"]
    assert [(one.name, one.missed, one.is_late) for one in late] == [("late", 3, True)]
    told = [mail for mail in engine.outbox() if mail.message.receiver == "boss"]
    assert [mail.status for mail in told].count("superseded") == 3
    [last] = [mail.id for mail in told if mail.status == "delivered"]
    assert {mail.superseded_by for mail in told if mail.status == "superseded"} == {last}
    assert {mail.superseded_by for mail in engine.outbox() if mail.status != "superseded"} == {None}
    assert engine.verify().problems == ()


# ---------------------------------------------------------------- faults


class Poison:
    """Makes the engine fail on one case, as a bug would, whenever it is carried forward."""

    def __init__(self, patch: pytest.MonkeyPatch, case: str) -> None:
        self.is_there = True

        def failing(family: object, *more: object) -> object:
            if self.is_there and family.root == case:  # type: ignore[attr-defined]
                raise ZeroDivisionError("a bug of ours")
            return carry(family, *more)  # type: ignore[arg-type]

        for place in ("engine.app.recipe.carry", "engine.app.advancing.carry"):
            patch.setattr(place, failing)


def test_a_poisoned_family_is_set_aside_and_the_others_go_on(
    engine: Engine, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad, also = open_errand(engine), open_errand(engine), open_errand(engine)
    poison = Poison(monkeypatch, bad)
    time.move(HOUR)
    assert engine.tick() == Round(advanced=2, faults=1)
    assert engine.case(good).clocks["sent"].status == engine.case(also).clocks["sent"].status == "breached"
    (fault,) = engine.faults()
    assert (fault.root, fault.message) == (bad, "a bug of ours")
    assert "ZeroDivisionError" in fault.traceback
    assert engine.tick() == Round()  # it is not tried again and again

    with pytest.raises(SetAside, match=f"`{bad}` is set aside") as error:
        engine.act(bad, "hold", actor=LIN)
    assert fault.id in str(error.value.mend)
    assert engine.case(bad).position == ("waiting",)  # shown as stored: who wants to look must be able to
    assert not {check.name: check.ok for check in engine.doctor()}["faults"]

    assert engine.retry_fault(fault.id, actor=ADMIN) == Round(faults=1)
    poison.is_there = False
    (again,) = engine.faults()
    assert engine.retry_fault(again.id, actor=ADMIN) == Round(advanced=1)
    assert engine.faults() == []
    assert done(engine.act(bad, "hold", actor=LIN)).clocks["sent"].status == "breached"


def test_a_case_the_engine_fails_on_does_not_spoil_the_list_it_stands_in(
    engine: Engine, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = open_errand(engine), open_errand(engine)
    Poison(monkeypatch, bad)
    time.move(HOUR)
    rows = {row.id: row.clocks["sent"].status for row in engine.worklist(Search(actor=LIN)).rows}
    assert rows == {good: "breached", bad: "running"}


def test_a_fault_is_tried_again_by_administrators_only(engine: Engine) -> None:
    with pytest.raises(NotPermitted, match="`lin` may not try faults again"):
        engine.retry_fault("X-1", actor=LIN)
    with pytest.raises(NotFound, match="there is no fault `X-1`"):
        engine.retry_fault("X-1", actor=ADMIN)


# ---------------------------------------------------------------- long lives


def test_a_promise_paused_hundreds_of_times_keeps_only_its_head_in_the_row(
    on_disk: Engine, time: ManualTime, tmp_path: Path
) -> None:
    case = open_errand(on_disk)
    sizes = []
    for number in range(150):
        time.move(SECOND)
        action, actor = ("hold", LIN) if number % 2 == 0 else ("resume", BOSS)
        done(on_disk.act(case, action, actor=actor))
        if number in (11, 149):
            with closing(sqlite3.connect(tmp_path / "desk.db")) as database:
                sizes += database.execute("SELECT length(body) FROM cases WHERE id = ?", [case]).fetchone()
    assert len(list(on_disk.ledger(case, "sent"))) == 150
    assert sizes[1] - sizes[0] < 30, "only counts have more digits"
