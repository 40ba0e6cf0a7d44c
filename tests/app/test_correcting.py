"""Corrections: a calendar or goal put right beside every result, on the mechanism of interruptions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from engine import Calendar, Conflict, Correction, Engine, NotFound, NotPermitted, Reach, UsageError
from engine.app import AdjustedCycle, Interruption
from engine.calendars import always
from engine.ports import Fault
from engine.testing import ManualTime
from tests.app.desks import ADMIN, BOSS, DAY, HOUR, MINUTE, NINE, open_errand, send

REASON = "15 minutes were never agreed"
SENT = Reach(process="errand", clocks=("sent",))
LATE_SHIFT = Calendar(name="late", zone="Asia/Shanghai", weekly=(((550, 1200),),) * 7)  # from 09:10


def right(goal: str | None = "30m", **more: Any) -> Correction:
    given = {"since": NINE - DAY, "until": NINE + DAY, "reason": REASON, "approver": "boss", "reach": SENT, **more}
    return Correction(goal=goal, **given)


def sent_after(engine: Engine, time: ManualTime, minutes: int) -> str:
    case = open_errand(engine)
    time.move(minutes * MINUTE)
    send(engine, case)
    return case


def told(changes: list[AdjustedCycle]) -> list[tuple[str, str, str, int]]:
    return [(one.case, one.before.status, one.after.status, one.after.used // MINUTE) for one in changes]


def correct(engine: Engine, correction: Correction) -> str:
    declared = engine.correct(correction, actor=ADMIN)
    assert declared is not None
    assert not declared.failed
    return declared.adjustment.id


def test_a_preview_lists_what_would_change_and_what_is_under_way_and_changes_nothing(
    engine: Engine, time: ManualTime
) -> None:
    late, kept = sent_after(engine, time, 20), sent_after(engine, time, 5)
    running = open_errand(engine)
    changes = engine.preview(right(), actor=ADMIN)
    assert told(changes) == [(late, "breached", "met", 20), (running, "running", "running", 0)]
    assert [(one.before.due_at, one.after.due_at) for one in changes][1] == (NINE + 40 * MINUTE, NINE + 55 * MINUTE)
    assert kept not in {one.case for one in changes}  # met by both: nothing of it changes
    assert engine.adjustments() == []
    assert all(record["verb"] != "adjust" for case in (late, running) for record in engine.history(case))


def test_a_corrected_result_stands_beside_the_recorded_one_and_never_in_it(engine: Engine, time: ManualTime) -> None:
    case = sent_after(engine, time, 20)
    before, ledger = engine.case(case), engine.ledger(case, "sent")
    name = correct(engine, right())
    after = engine.case(case)
    assert (after.clocks, after.revision, engine.ledger(case, "sent")) == (before.clocks, before.revision, ledger)
    (change,) = engine.adjusted(case)
    assert (told([change]), change.by, change.is_corrected) == ([(case, "breached", "met", 20)], (name,), True)
    record = engine.history(case)[-1]
    assert (record["verb"], record["name"], record["actor"]) == ("adjust", name, "root")
    assert record["adjustment"] == {
        "id": name, "kind": "correction", "from": NINE - DAY, "until": NINE + DAY, "reason": REASON,
        "approver": "boss", "goal": {"is": "30m"}, "clocks": ["sent"],
    }  # fmt: skip


def test_reversing_gives_back_the_result_to_the_millisecond(engine: Engine, time: ManualTime) -> None:
    case = sent_after(engine, time, 20)
    before = engine.case(case).clocks
    name = correct(engine, right())
    assert engine.reverse(name, actor=ADMIN, reason="it was agreed", approver="boss").cases == (case,)
    assert (engine.adjusted(case), list(engine.adjusted_cycles())) == ([], [])
    assert engine.case(case).clocks == before
    with pytest.raises(Conflict, match="reversed by `root` already"):
        engine.reverse(name, actor=ADMIN, reason="again", approver="boss")


def test_what_was_under_way_is_told_by_the_right_goal_until_it_ends_and_after(engine: Engine, time: ManualTime) -> None:
    case = open_errand(engine)
    correct(engine, right())
    time.move(16 * MINUTE)
    engine.tick()
    assert [mail.message.name for mail in engine.outbox()] == ["due", "late"]  # the ledger's own ladder, unmoved
    (change,) = engine.adjusted(case)
    assert (change.before.status, change.after.status, change.after.due_at) == (
        "breached",
        "running",
        NINE + 30 * MINUTE,
    )
    time.move(4 * MINUTE)
    send(engine, case)
    assert told(engine.adjusted(case)) == [(case, "breached", "met", 20)]


def test_only_promises_that_began_in_the_time_are_meant(engine: Engine, time: ManualTime) -> None:
    early, late = sent_after(engine, time, 20), sent_after(engine, time, 20)  # at 9:00, at 9:20
    some = [(NINE, NINE + 1), (NINE + 1, NINE + HOUR), (NINE, NINE + 20 * MINUTE), (NINE, NINE + 20 * MINUTE + 1)]
    found = [
        [one.case for one in engine.preview(right(since=since, until=until), actor=ADMIN)] for since, until in some
    ]
    assert found == [[early], [late], [early], [early, late]]
    assert engine.correct(right(since=NINE - DAY, until=NINE), actor=ADMIN) is None
    assert engine.adjustments() == []


def test_a_calendar_put_right_counts_its_own_hours_and_stays_what_it_was(engine: Engine, time: ManualTime) -> None:
    case = sent_after(engine, time, 20)
    holiday = replace(LATE_SHIFT, holidays=frozenset({date(2026, 10, 1)}))
    name = correct(engine, right(goal=None, calendar=holiday))
    assert told(engine.adjusted(case)) == [(case, "breached", "met", 10)]
    (kept,) = engine.adjustments()
    assert Calendar.read(kept.asked["calendar"]) == holiday
    assert engine.history(case)[-1]["adjustment"]["calendar"] == holiday.document()
    assert engine.adjustment(name)[1] == engine.adjusted(case)


def test_corrections_and_interruptions_stand_together_and_each_goes_alone(engine: Engine, time: ManualTime) -> None:
    case = sent_after(engine, time, 40)
    goal = correct(engine, right("20m"))
    hours = correct(engine, right(goal=None, calendar=LATE_SHIFT))
    cut = Interruption(since=NINE + 15 * MINUTE, until=NINE + 27 * MINUTE, reason=REASON, approver="boss", reach=SENT)
    declared = engine.interrupt(cut, actor=ADMIN)
    assert declared is not None
    (change,) = engine.adjusted(case)
    assert (told([change]), change.by) == ([(case, "breached", "met", 18)], (goal, hours, declared.adjustment.id))
    engine.reverse(hours, actor=ADMIN, reason="no", approver="boss")
    assert told(engine.adjusted(case)) == [(case, "breached", "breached", 28)]
    assert engine.adjusted(case)[0].after.breached_at == NINE + 32 * MINUTE  # 20 minutes, and 12 without power
    engine.reverse(declared.adjustment.id, actor=ADMIN, reason="no", approver="boss")
    assert engine.adjusted(case)[0].after.breached_at == NINE + 20 * MINUTE
    engine.reverse(goal, actor=ADMIN, reason="no", approver="boss")
    assert engine.adjusted(case) == []


def test_the_later_word_counts_whatever_the_numbers_of_its_siblings(engine: Engine, time: ManualTime) -> None:
    # The tenth comes after the ninth, though its name sorts before.
    case = sent_after(engine, time, 20)
    for minutes in range(14, 3, -1):
        correct(engine, right(f"{minutes}m"))
        time.move(MINUTE)
    assert [one.after.breached_at for one in engine.adjusted(case)] == [NINE + 4 * MINUTE]


def test_only_the_goal_that_was_wrong_is_put_right(engine: Engine, time: ManualTime) -> None:
    case = sent_after(engine, time, 20)
    assert engine.preview(right("30m", was="20m"), actor=ADMIN) == []
    assert told(engine.preview(right("30m", was="15m"), actor=ADMIN)) == [(case, "breached", "met", 20)]


def test_a_report_tells_both_attainments(engine: Engine, time: ManualTime) -> None:
    sent_after(engine, time, 20)
    sent_after(engine, time, 5)
    correct(engine, right())
    report = engine.report_sla()
    assert [(one.group, one.attained) for one in report.groups] == [(("errand", "sent"), 0.5)]
    assert [(one.group, one.attained) for one in report.adjusted] == [(("errand", "sent"), 1.0), ((), 1.0)]


def test_only_an_administrator_corrects_and_reverses(engine: Engine, time: ManualTime) -> None:
    sent_after(engine, time, 20)
    with pytest.raises(NotPermitted, match="may not declare corrections"):
        engine.preview(right(), actor=BOSS)
    with pytest.raises(NotPermitted, match="may not declare corrections"):
        engine.correct(right(), actor=BOSS)
    name = correct(engine, right())
    with pytest.raises(NotPermitted, match="may not reverse corrections"):
        engine.reverse(name, actor=BOSS, reason="no", approver="root")


SPECIAL = Calendar(name="once", zone="UTC", weekly=((),) * 7, special={date(2025, 1, 1): ((0, 60),)})


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"approver": "root"}, UsageError, "cannot approve it as well"),
        ({"reason": "  "}, UsageError, "a reason must be given"),
        ({"until": NINE - DAY}, UsageError, "the time of a correction ends after it begins"),
        ({"goal": None}, UsageError, "this one says neither"),
        ({"goal": "1d"}, UsageError, "can mean three things"),
        ({"goal": "30m", "was": "case.wat"}, UsageError, "`wat` is not a field of the case"),
        ({"reach": Reach(process="errand")}, UsageError, "names the process and the promises"),
        ({"reach": Reach(clocks=("sent",))}, UsageError, "names the process and the promises"),
        ({"reach": Reach(process="erand", clocks=("sent",))}, NotFound, "no process `erand` is published"),
        ({"reach": Reach(process="errand", clocks=("sentt",))}, NotFound, "there is no promise `sentt`"),
        ({"calendar": SPECIAL}, UsageError, "calendar `once` has no opening within a hundred years"),
    ],
)  # fmt: skip
def test_what_is_put_right_must_be_whole(engine: Engine, changes: dict[str, Any], kind: type, words: str) -> None:
    with pytest.raises(kind, match=words):
        engine.preview(right(**changes), actor=ADMIN)


def test_a_correction_broken_off_goes_on_where_it_stopped(
    engine: Engine, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [open_errand(engine) for _ in range(5)]
    time.move(20 * MINUTE)
    for case in cases[:3]:
        send(engine, case)
    monkeypatch.setattr("engine.app.adjustments.adjusting.BATCH", 2)

    class PowerGone(Exception):
        """The process is killed."""

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise PowerGone

    asked = right(calendar=always("UTC"))
    with pytest.raises(PowerGone):
        engine.correct(asked, actor=ADMIN, progress=stop)
    (broken_off,) = engine.adjustments()
    again = engine.correct(asked, actor=ADMIN)
    assert again is not None
    assert (again.adjustment.id, again.cases) == (broken_off.id, tuple(cases[2:]))
    assert engine.reverse(broken_off.id, actor=ADMIN, reason="no", approver="boss").cases == tuple(cases)


def test_a_case_set_aside_keeps_no_other_from_being_corrected(engine: Engine, time: ManualTime) -> None:
    cases = [open_errand(engine) for _ in range(3)]
    time.move(20 * MINUTE)
    engine.tick()
    with engine._store.write() as tx:
        tx.set_aside(Fault(id="X-1", root=cases[1], at=NINE, message="poisoned", traceback=""))
    declared = engine.correct(right(), actor=ADMIN)
    assert declared is not None
    assert (declared.cases, [case for case, _ in declared.failed]) == ((cases[0], cases[2]), [cases[1]])
    engine.retry_fault("X-1", actor=ADMIN)
    again = engine.correct(right(), actor=ADMIN)
    assert again is not None
    assert (again.adjustment.id, again.cases) == (declared.adjustment.id, (cases[1],))


def test_the_audit_notices_a_correction_that_is_not_what_its_records_say(on_disk: Engine, time: ManualTime) -> None:
    case = sent_after(on_disk, time, 20)
    name = correct(on_disk, right())
    assert on_disk.verify().problems == ()
    with on_disk._store.write() as tx:
        tx._do("UPDATE adjustments SET asked = replace(asked, '30m', '31m')")
    assert [one.message for one in on_disk.verify(case).problems] == [
        f"adjustment `{name}` is not what record {len(on_disk.history(case))} says of it"
    ]
