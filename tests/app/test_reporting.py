"""What is counted over many cases, on every store."""

from __future__ import annotations

import pytest

from engine import Engine, NotFound, Person, SlaQuestion, SlaReport, UsageError
from engine.app.imports.importing import Import
from engine.testing import ManualTime
from tests.app.desks import ADMIN, DAY, HOUR, LIN, MINUTE, NINE, deliver, done, open_errand, send


def counts(report: SlaReport) -> dict[tuple[str, ...], dict[str, int]]:
    return {one.group: {name: count for name, count in one.counts.items() if count} for one in report.groups}


@pytest.fixture
def busy(engine: Engine, time: ManualTime) -> Engine:
    """One promise met, one missed, one overdue, one paused, one running, one cancelled."""
    met, missed, overdue, paused, dropped = (open_errand(engine) for _ in range(5))
    done(engine.act(paused, "hold", {}, actor=LIN))
    time.move(5 * MINUTE)
    send(engine, met)
    done(engine.act(dropped, "drop", {}, actor=LIN))
    time.move(15 * MINUTE)
    send(engine, missed)
    open_errand(engine)
    time.move(MINUTE)
    engine.tick()
    assert engine.case(overdue).clocks["sent"].status == "breached"
    return engine


def test_every_promise_is_counted_once_and_as_it_stands(busy: Engine) -> None:
    report = busy.report_sla()
    assert counts(report) == {
        ("errand", "sent"): {"met": 1, "breached": 1, "overdue": 1, "cancelled": 1, "running": 1, "paused": 1}
    }
    assert report.total.attained == 1 / 3
    assert report.behind == 0


def test_a_running_overdue_promise_counts_its_time_up_to_now(busy: Engine, time: ManualTime) -> None:
    time.move(2 * HOUR)
    busy.tick()
    report = busy.report_sla()
    assert report.total.used.most == 2 * HOUR + 21 * MINUTE
    assert report.total.late.most == 2 * HOUR + 6 * MINUTE
    assert dict(report.total.spent_on_missed.waited) == {"role:agent": (20 + 141 + 121) * MINUTE}


def test_time_is_told_by_whom_it_was_spent_on_and_adds_up(busy: Engine) -> None:
    spent = busy.report_sla().total.spent
    assert dict(spent.waited) == {"role:agent": (5 + 20 + 21) * MINUTE}
    assert spent.used == (5 + 20 + 21) * MINUTE
    assert dict(spent.owned) == {"nobody": spent.used}


def test_what_is_due_and_not_carried_out_yet_is_said(engine: Engine, time: ManualTime) -> None:
    open_errand(engine)
    time.move(16 * MINUTE)
    assert (engine.report_sla().behind, engine.report_sla().total.counts["overdue"]) == (1, 0)
    engine.tick()
    assert (engine.report_sla().behind, engine.report_sla().total.counts["overdue"]) == (0, 1)


def test_how_late_the_engine_recorded_a_breach_is_kept_with_it(engine: Engine, time: ManualTime) -> None:
    case = open_errand(engine)
    time.move(15 * MINUTE + 8)
    engine.tick()
    assert engine.report_sla().total.noticed_late.most == 7  # while it is still running, too
    time.move(MINUTE)
    send(engine, case)
    assert engine.report_sla().total.noticed_late.most == 7
    assert engine.verify().problems == ()


def test_a_promise_belongs_to_the_month_in_which_it_was_missed(engine: Engine, time: ManualTime) -> None:
    time.move(30 * DAY - 9 * HOUR - 10 * MINUTE)  # ten minutes before April in Shanghai
    late = open_errand(engine)
    time.move(20 * MINUTE)
    engine.tick()
    time.move(DAY)
    send(engine, late)
    send(engine, open_errand(engine))
    report = engine.report_sla(SlaQuestion(by=("month",)))
    assert counts(report) == {("2026-04",): {"met": 1, "breached": 1}}
    start = NINE + 30 * DAY - 9 * HOUR
    assert engine.report_sla(SlaQuestion(since=start, until=start + HOUR)).total.counts["breached"] == 1
    assert engine.report_sla(SlaQuestion(until=start)).total.counted == 0


def test_a_person_waited_on_counts_for_their_role(engine: Engine, time: ManualTime) -> None:
    engine.save_person(Person(id="root", name="Root", roles=("admin",)), actor=ADMIN)
    engine.save_person(Person(id="wu", name="Wu", roles=("boss", "agent")), actor="root")
    case = open_errand(engine)
    time.move(MINUTE)
    done(engine.claim(case, actor="wu"))
    time.move(3 * MINUTE)
    engine.save_person(Person(id="run", name="Run", roles=("runner",)), actor="root")
    send(engine, case)
    assert counts(engine.report_sla(SlaQuestion(by=("role",)))) == {("role:agent",): {"met": 1}}
    assert counts(engine.report_sla(SlaQuestion(by=("person",)))) == {("person:wu",): {"met": 1}}
    assert dict(engine.report_sla().total.spent.owned) == {"wu": 3 * MINUTE, "nobody": MINUTE}


def test_several_groupings_are_every_combination(busy: Engine) -> None:
    deliver(busy, "E-1")
    report = busy.report_sla(SlaQuestion(by=("process", "month")))
    assert list(counts(report)) == [("call", "2026-03"), ("errand", "2026-03")]
    assert counts(busy.report_sla(SlaQuestion(by=("clock",), process="call"))) == {("call", "called"): {"running": 1}}


def test_an_unfinished_import_is_not_counted_and_a_finished_one_blames_no_engine(engine: Engine) -> None:
    lines = [
        '{"at": "2026-03-01 09:00", "as": "agent:lin", "case": "a", "open": "errand", "form": {"what": "ink"}}',
        '{"at": "2026-03-01 10:00", "as": "agent:lin", "case": "a", "do": "drop"}',
    ]
    engine.import_lines([*lines, "{"], Import(name="old", stop_on_error=True), actor=ADMIN)
    assert engine.report_sla().groups == ()
    engine.import_lines(lines, Import(name="older"), actor=ADMIN)
    report = engine.report_sla()
    assert (report.total.counts["breached"], report.total.noticed_late.count) == (1, 0)


@pytest.mark.parametrize(
    ("question", "error", "words"),
    [
        (SlaQuestion(process="erand"), NotFound, "`errand`"),
        (SlaQuestion(clock="snet"), NotFound, "`sent`"),
        (SlaQuestion(clock="called", process="errand"), NotFound, "no promise `called` of `errand`"),
        (SlaQuestion(by=("moon",)), UsageError, "'moon'"),  # type: ignore[arg-type]
    ],
)
def test_a_slip_of_the_pen_is_told(engine: Engine, question: SlaQuestion, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        engine.report_sla(question)


def test_a_report_shows_no_case_whoever_asks(busy: Engine) -> None:
    assert "E-1" not in repr(busy.report_sla(SlaQuestion(by=("person", "month"))))
