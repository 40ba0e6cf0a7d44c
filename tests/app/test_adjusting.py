"""Interruptions: previewed, put on record case by case, told beside every result, and taken back to the millisecond."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Conflict, Engine, NotFound, NotPermitted, UsageError
from engine.app import AdjustedCycle, Interruption, Reach
from engine.ports import Fault
from engine.testing import ManualTime
from tests.app.desks import ADMIN, BOSS, HOUR, LIN, MINUTE, NINE, done, open_errand, send

REASON = "no power in building 3"


def cut(start: int = 5, end: int = 15, **more: Any) -> Interruption:
    """An interruption in minutes since nine; what it reaches is given by name."""
    return Interruption(
        since=NINE + start * MINUTE, until=NINE + end * MINUTE, reason=REASON, approver="boss", reach=Reach(**more)
    )  # fmt: skip


def late(engine: Engine, time: ManualTime) -> str:
    """An errand opened at nine and sent 20 minutes later: its promise of 15 minutes is missed."""
    case = open_errand(engine)
    time.move(20 * MINUTE)
    send(engine, case)
    return case


def told(changes: list[AdjustedCycle]) -> list[tuple[str, str, str, str, int]]:
    return [(one.case, one.clock, one.before.status, one.after.status, one.left_out // MINUTE) for one in changes]


def declare(engine: Engine, interruption: Interruption) -> str:
    declared = engine.interrupt(interruption, actor=ADMIN)
    assert declared is not None
    assert not declared.failed
    return declared.adjustment.id


def test_a_preview_says_what_would_change_and_changes_nothing(engine: Engine, time: ManualTime) -> None:
    case = late(engine, time)
    records = engine.history(case)
    assert told(engine.preview(cut(), actor=ADMIN)) == [(case, "sent", "breached", "met", 10)]
    assert engine.history(case) == records
    assert engine.adjustments() == []
    assert engine.adjusted(case) == []


def test_a_declared_interruption_stands_beside_the_result_and_never_in_it(engine: Engine, time: ManualTime) -> None:
    case = late(engine, time)
    before, ledger = engine.case(case), engine.ledger(case, "sent")
    name = declare(engine, cut())
    after = engine.case(case)
    assert after.clocks == before.clocks
    assert after.revision == before.revision
    assert engine.ledger(case, "sent") == ledger
    (change,) = engine.adjusted(case)
    assert told([change]) == [(case, "sent", "breached", "met", 10)]
    assert change.by == (name,)
    assert list(engine.adjusted_cycles()) == [change]
    assert engine.adjustment(name)[1] == [change]


def test_every_affected_case_has_a_record_that_says_who_why_and_for_which_promises(
    engine: Engine, time: ManualTime
) -> None:
    case = late(engine, time)
    name = declare(engine, cut())
    record = engine.history(case)[-1]
    assert (record["verb"], record["name"], record["actor"]) == ("adjust", name, "root")
    assert record["adjustment"] == {
        "id": name, "kind": "interruption", "from": NINE + 5 * MINUTE, "until": NINE + 15 * MINUTE, "reason": REASON,
        "approver": "boss", "clocks": ["sent"],
    }  # fmt: skip


def test_reversing_gives_back_the_result_to_the_millisecond(engine: Engine, time: ManualTime) -> None:
    case = late(engine, time)
    before = engine.case(case).clocks
    name = declare(engine, cut())
    reversed_ = engine.reverse(name, actor=ADMIN, reason="it was building 4", approver="boss")
    assert reversed_.cases == (case,)
    assert engine.adjusted(case) == []
    assert list(engine.adjusted_cycles()) == []
    assert engine.case(case).clocks == before
    assert engine.history(case)[-1]["reversal"] == {"id": name, "reason": "it was building 4", "approver": "boss"}
    (kept,) = engine.adjustments()
    assert kept.reversal is not None
    assert (kept.reversal.by, kept.is_finished) == ("root", True)
    with pytest.raises(Conflict, match="reversed by `root` already"):
        engine.reverse(name, actor=ADMIN, reason="again", approver="boss")


def test_declared_twice_time_is_left_out_once_and_the_second_stays_when_the_first_is_reversed(
    engine: Engine, time: ManualTime
) -> None:
    case = late(engine, time)
    first, second = declare(engine, cut(5, 12)), declare(engine, cut(8, 15))
    assert [(one.left_out, one.by) for one in engine.adjusted(case)] == [(10 * MINUTE, (first, second))]
    engine.reverse(first, actor=ADMIN, reason="counted twice", approver="boss")
    assert [(one.left_out, one.by) for one in engine.adjusted(case)] == [(7 * MINUTE, (second,))]


def test_only_who_was_under_way_then_is_affected(engine: Engine, time: ManualTime) -> None:
    early = late(engine, time)  # sent at 9:20
    time.move(10 * MINUTE)
    open_errand(engine)  # at 9:30
    assert [one.case for one in engine.preview(cut(5, 25), actor=ADMIN)] == [early]
    assert engine.preview(cut(20, 30), actor=ADMIN) == []
    assert engine.interrupt(cut(20, 30), actor=ADMIN) is None
    assert engine.adjustments() == []


def test_cases_are_chosen_by_process_promise_state_and_condition(engine: Engine, time: ManualTime) -> None:
    milk, bread = open_errand(engine), open_errand(engine, what="bread")
    called = done(engine.open_case("call", actor=LIN)).id
    time.move(20 * MINUTE)
    send(engine, bread)
    asked = [
        ({}, [milk, bread, called]),
        ({"process": "call"}, [called]),
        ({"clocks": ("sent",)}, [milk, bread]),
        ({"state": "running"}, [bread]),
        ({"where": "case.what == 'milk'"}, [milk]),  # calls have no such field: it does not hold for them
        ({"process": "errand", "where": "clocks.sent.breached && state == 'nowhere'"}, None),
    ]
    for reach, expected in asked:
        if expected is None:
            with pytest.raises(UsageError):
                engine.preview(cut(**reach), actor=ADMIN)
        else:
            assert {one.case for one in engine.preview(cut(**reach), actor=ADMIN)} == set(expected), reach


def test_an_interruption_yet_to_come_silences_nothing_and_counts_nothing_out_before_it_is_there(
    engine: Engine, time: ManualTime
) -> None:
    case = open_errand(engine)
    name = declare(engine, cut(5, 60))
    time.move(16 * MINUTE)
    engine.tick()
    (change,) = engine.adjusted(case)
    assert (change.before.status, change.after.status) == ("breached", "running")
    assert change.after.due_at == NINE + 70 * MINUTE
    assert change.left_out == 11 * MINUTE
    assert [mail.message.name for mail in engine.outbox()] == ["due", "late"]  # the ledger's own ladder
    time.move(HOUR)
    assert [(one.after.status, one.left_out) for one in engine.adjusted(case)] == [("breached", 55 * MINUTE)]
    assert engine.adjusted(case)[0].after.breached_at == NINE + 70 * MINUTE
    assert engine.adjusted(case)[0].by == (name,)


def test_a_promise_kept_meanwhile_is_kept_in_both(engine: Engine, time: ManualTime) -> None:
    case = open_errand(engine)
    declare(engine, cut(0, 60))
    time.move(10 * MINUTE)
    send(engine, case)
    assert told(engine.adjusted(case)) == [(case, "sent", "met", "met", 10)]


def test_only_an_administrator_declares_and_reverses(engine: Engine, time: ManualTime) -> None:
    late(engine, time)
    with pytest.raises(NotPermitted, match="may not declare interruptions"):
        engine.interrupt(cut(), actor=BOSS)
    with pytest.raises(NotPermitted, match="may not declare interruptions"):
        engine.preview(cut(), actor=BOSS)
    name = declare(engine, cut())
    with pytest.raises(NotPermitted, match="may not reverse interruptions"):
        engine.reverse(name, actor=BOSS, reason="no", approver="root")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"approver": "root"}, "cannot approve it as well"),
        ({"reason": "  "}, "a reason must be given"),
        ({"until": NINE}, "ends after it begins"),
    ],
)
def test_what_is_declared_must_be_whole(engine: Engine, changes: dict[str, Any], words: str) -> None:
    given = {"since": NINE, "until": NINE + MINUTE, "reason": REASON, "approver": "boss", **changes}
    with pytest.raises(UsageError, match=words):
        engine.preview(Interruption(**given), actor=ADMIN)


@pytest.mark.parametrize(
    ("reach", "words"),
    [
        ({"process": "erand"}, "no process `erand` is published"),
        ({"state": "runing"}, "there is no state `runing`"),
        ({"clocks": ("sentt",)}, "there is no promise `sentt`"),
    ],
)
def test_a_slip_of_the_pen_is_told(engine: Engine, reach: dict[str, Any], words: str) -> None:
    with pytest.raises(NotFound, match=words):
        engine.preview(cut(**reach), actor=ADMIN)


def test_an_unknown_adjustment_is_not_found(engine: Engine) -> None:
    with pytest.raises(NotFound, match="there is no interruption or correction `ADJ-7`"):
        engine.adjustment("ADJ-7")
    with pytest.raises(NotFound, match="there is no interruption or correction `ADJ-7`"):
        engine.reverse("ADJ-7", actor=ADMIN, reason="no", approver="boss")


def test_a_declaration_broken_off_goes_on_where_it_stopped(
    engine: Engine, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [open_errand(engine) for _ in range(5)]
    time.move(20 * MINUTE)
    monkeypatch.setattr("engine.app.adjustments.adjusting.BATCH", 2)

    class PowerGone(Exception):
        """The process is killed."""

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise PowerGone

    with pytest.raises(PowerGone):
        engine.interrupt(cut(), actor=ADMIN, progress=stop)
    (broken_off,) = engine.adjustments()
    assert not broken_off.is_finished
    assert [case for case in cases if engine.adjusted(case)] == cases[:2]
    again = engine.interrupt(cut(), actor=ADMIN)
    assert again is not None
    assert (again.adjustment.id, again.cases) == (broken_off.id, tuple(cases[2:]))
    assert [one.is_finished for one in engine.adjustments()] == [True]
    with pytest.raises(PowerGone):
        engine.reverse(broken_off.id, actor=ADMIN, reason="no", approver="boss", progress=stop)
    assert [case for case in cases if engine.adjusted(case)] == cases[2:]
    assert engine.reverse(broken_off.id, actor=ADMIN, reason="no", approver="boss").cases == tuple(cases[2:])
    assert list(engine.adjusted_cycles()) == []


def test_a_case_set_aside_keeps_no_other_from_being_adjusted(
    engine: Engine, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [open_errand(engine) for _ in range(3)]
    time.move(20 * MINUTE)
    engine.tick()
    with engine._store.write() as tx:
        tx.set_aside(Fault(id="X-1", root=cases[1], at=NINE, message="poisoned", traceback=""))
    declared = engine.interrupt(cut(), actor=ADMIN)
    assert declared is not None
    assert declared.cases == (cases[0], cases[2])
    assert [case for case, _ in declared.failed] == [cases[1]]
    assert not declared.adjustment.is_finished
    engine.retry_fault("X-1", actor=ADMIN)
    again = engine.interrupt(cut(), actor=ADMIN)
    assert again is not None
    assert (again.adjustment.id, again.cases) == (declared.adjustment.id, (cases[1],))


def test_the_audit_notices_an_adjustment_that_no_record_declares(on_disk: Engine, time: ManualTime) -> None:
    case = late(on_disk, time)
    name = declare(on_disk, cut())
    with on_disk._store.write() as tx:
        tx._do("UPDATE affected SET is_reversed = 1")
    assert [one.message for one in on_disk.verify().problems] == [
        f"whether `{name}` affects clock `sent` is not what the records give"
    ]
    with on_disk._store.write() as tx:
        tx._do("UPDATE affected SET is_reversed = 0")
        tx._do("UPDATE adjustments SET since_ms = since_ms - 1")
    assert [one.message for one in on_disk.verify(case).problems] == [
        f"adjustment `{name}` is not what record {len(on_disk.history(case))} says of it"
    ]


def test_the_same_life_with_and_without_an_interruption_fires_and_sends_the_same(
    engine: Engine, time: ManualTime
) -> None:
    plain, cut_off = open_errand(engine), open_errand(engine, what="bread")
    declare(engine, cut(0, 300, where="case.what == 'bread'"))
    for _ in range(30):
        time.move(10 * MINUTE)
        engine.tick()
    fired = [
        [
            (record["verb"], record["at"], record.get("clocks"))
            for record in engine.history(case)
            if record["actor"] == "engine"
        ]
        for case in (plain, cut_off)
    ]
    assert fired[0] == fired[1] != []
    sent = [[(m.message.name, m.message.at) for m in engine.outbox(case=case)] for case in (plain, cut_off)]
    assert sent[0] == sent[1] != []


def test_a_merged_case_has_its_own_promises_adjusted_on_its_own_record(engine: Engine, time: ManualTime) -> None:
    case, survivor = late(engine, time), open_errand(engine)
    done(engine.merge(open_errand(engine), survivor, actor=LIN))
    merged = open_errand(engine)
    time.move(20 * MINUTE)
    engine.tick()
    done(engine.merge(merged, survivor, actor=LIN))
    name = declare(engine, cut(22, 35))
    assert told(engine.adjusted(merged)) == [(merged, "sent", "breached", "cancelled", 13)]
    assert engine.history(merged)[-1]["name"] == name
    assert engine.adjusted(case) == []


def test_a_report_tells_both_attainments(engine: Engine, time: ManualTime) -> None:
    late(engine, time)
    send(engine, open_errand(engine))
    assert engine.report_sla().adjusted == ()
    name = declare(engine, cut())
    report = engine.report_sla()
    assert [(one.group, one.attained) for one in report.groups] == [(("errand", "sent"), 0.5)]
    assert [(one.group, one.attained) for one in report.adjusted] == [(("errand", "sent"), 1.0), ((), 1.0)]
    engine.reverse(name, actor=ADMIN, reason="no", approver="boss")
    assert engine.report_sla().adjusted == ()
