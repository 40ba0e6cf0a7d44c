"""What a process says is to be measured, counted over its cases, on every store."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine import Engine, MeasureQuestion, MeasureReport, NotFound
from engine.app.imports.importing import Import
from engine.lang.load import load_process
from engine.testing import ManualTime
from tests.app.desks import (
    ADMIN,
    BOSS,
    DAY,
    ERRAND,
    HOUR,
    LIN,
    MINUTE,
    STRANGER,
    deliver,
    done,
    open_errand,
    send,
    sources,
)

MEASURES = """
measures:
  prompt:   {label: {en: Prompt, zh: 按时派出}, share: clocks.sent.met, of: did.send > 0, per: [runner], target: 90%}
  paid:     {label: {en: Paid, zh: 收费}, sum: case.fee, at: closing, per: [month]}
  fee:      {label: {en: Fee, zh: 平均收费}, average: case.fee, per: [week]}
  errands:  {label: {en: Errands, zh: 跑腿}, count: true, per: [what, day]}
  register: {label: {en: Register, zh: 登记}, list: [what, state, assignee, fee], per: [day]}
  dear:     {label: {en: Dear ones, zh: 贵的}, count: true, of: has(case.fee) && case.fee > money("4.00")}
  known:    {label: {en: With a phone, zh: 有电话}, share: has(case.phone)}
"""


def with_measures(engine: Engine, measures: str = MEASURES, text: str = ERRAND) -> None:
    engine.publish(sources(errand=text + measures), "errand", actor=ADMIN)


def ask(engine: Engine, name: str, **more: object) -> MeasureReport:
    return engine.report_measure(MeasureQuestion(process="errand", measure=name, **more))  # type: ignore[arg-type]


def values(report: MeasureReport) -> dict[tuple[object, ...], object]:
    return {one.group: one.value(report.measured.measure.kind) for one in report.measured.figures}


@pytest.fixture
def busy(engine: Engine, time: ManualTime) -> Engine:
    """Milk, delivered for 4.90; tea, sent late; ink of the next day, still waiting; a stamp, dropped."""
    with_measures(engine)
    milk, tea, stamp = (open_errand(engine, what=what) for what in ("milk", "tea", "stamp"))
    time.move(10 * MINUTE)
    send(engine, milk)
    deliver(engine, milk)
    done(engine.act(stamp, "drop", {}, actor=LIN))
    time.move(10 * MINUTE)
    send(engine, tea)
    time.move(DAY)
    open_errand(engine, what="ink", phone="139")
    return engine


def test_a_share_is_of_the_cases_that_count_and_has_its_target(busy: Engine) -> None:
    report = ask(busy, "prompt")
    assert values(report) == {("run",): 0.5}
    assert (report.measured.total.cases, report.measured.total.is_on_target(0.9)) == (2, False)


def test_a_sum_adds_what_is_set_in_the_time_it_belongs_to(busy: Engine) -> None:
    report = ask(busy, "paid")
    assert values(report) == {("2026-03",): Decimal(490)}
    assert report.measured.total.unset == 1  # the stamp was closed without a fee
    assert ask(busy, "paid", until=busy.now() - 3 * DAY).measured.figures == ()


def test_an_average_is_of_the_cases_in_which_it_is_set(busy: Engine) -> None:
    open_errand(busy, what="tea", fee="5.00")
    assert values(ask(busy, "fee")) == {("2026-W10",): Decimal(495)}


def test_a_count_is_broken_down_by_every_combination_in_order(busy: Engine) -> None:
    assert list(values(ask(busy, "errands"))) == [
        ("ink", "2026-03-03"), ("milk", "2026-03-02"), ("stamp", "2026-03-02"), ("tea", "2026-03-02"),
    ]  # fmt: skip


def test_a_register_has_a_line_for_each_case_and_no_more_than_asked_for(busy: Engine) -> None:
    report = ask(busy, "register")
    assert [(line.group, line.case, line.values) for line in report.measured.lines][:2] == [
        (("2026-03-02",), "E-1", ("milk", "delivered", None, 490)),
        (("2026-03-02",), "E-2", ("tea", "running", None, None)),
    ]
    short = ask(busy, "register", limit=1)
    assert (len(short.measured.lines), short.measured.total.cases) == (1, 4)


def test_without_groups_there_is_one_figure_of_all(busy: Engine) -> None:
    assert values(ask(busy, "dear")) == {(): 1}
    assert values(ask(busy, "known")) == {(): 0.25}


def test_the_time_asked_for_is_that_of_the_desks_days(busy: Engine) -> None:
    midnight = busy.now() - (9 * HOUR + 20 * MINUTE)
    assert ask(busy, "errands", since=midnight).measured.total.cases == 1
    assert ask(busy, "errands", until=midnight).measured.total.cases == 3


def test_sums_of_numbers_are_exact(engine: Engine) -> None:
    numbers = ERRAND.replace("fee:    {type: money, min: 0", "fee:    {type: number, min: 0")
    with_measures(
        engine, "measures: {all: {label: {en: All, zh: 全部}, sum: case.fee}}\n",
        numbers.replace("process: errand\nversion: 1", "process: errand\nversion: 2"),
    )  # fmt: skip
    for _ in range(3):
        done(engine.open_case("errand", {"what": "x", "fee": 0.1}, actor=LIN))
    assert values(ask(engine, "all")) == {(): Decimal("0.3")}


# -- what is not counted -----------------------------------------------------------------------------------------------


def test_who_may_not_read_a_case_does_not_see_what_it_holds(busy: Engine) -> None:
    report = ask(busy, "errands", actor=STRANGER)
    assert (report.measured.figures, report.hidden) == ((), 4)
    assert ask(busy, "errands", actor=BOSS).hidden == 0


def test_an_unfinished_import_is_not_counted(engine: Engine) -> None:
    with_measures(engine)
    line = '{"at": "2026-03-01 09:00", "as": "agent:lin", "case": "a", "open": "errand", "form": {"what": "ink"}}'
    engine.import_lines([line, "{"], Import(name="old", stop_on_error=True), actor=ADMIN)
    assert ask(engine, "errands").measured.figures == ()


def test_cases_of_every_version_are_counted_by_the_newest(busy: Engine) -> None:
    later = ERRAND.replace("version: 1", "version: 2").replace(
        "fee:    {type: money, min: 0, label: {en: Fee, zh: 费用}}", "fee:    {type: text, label: {en: Fee, zh: 费用}}"
    )
    count = "measures: {fees: {label: {en: Fees, zh: 收费}, count: true, of: has(case.fee), per: [what]}}\n"
    with_measures(busy, count, later)
    assert ask(busy, "fees").measured.figures == ()  # what was money then is no text now
    done(busy.open_case("errand", {"what": "new", "fee": "free"}, actor=LIN))
    assert values(ask(busy, "fees")) == {("new",): 1}


def test_new_measures_are_like_new_words_and_change_no_case(engine: Engine) -> None:
    case = open_errand(engine)
    done_by = engine.publish(sources(errand=ERRAND + MEASURES), "errand", actor=ADMIN)
    assert done_by.status == "words updated"
    assert ask(engine, "errands").measured.total.cases == 1
    assert engine.case(case).version == 1


def test_what_is_due_and_not_carried_out_yet_is_said(engine: Engine, time: ManualTime) -> None:
    with_measures(engine)
    open_errand(engine)
    time.move(HOUR)
    assert ask(engine, "errands").behind == 1


@pytest.mark.parametrize(
    ("process", "measure", "words"),
    [("erand", "paid", "`errand`"), ("errand", "payd", "`paid`"), ("call", "x", "no measure")],
)
def test_a_slip_of_the_pen_is_told(busy: Engine, process: str, measure: str, words: str) -> None:
    with pytest.raises(NotFound, match=words):
        busy.report_measure(MeasureQuestion(process=process, measure=measure))


# -- what the checker refuses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("measure", "rule"),
    [
        ("list: [phone]", "personal-read"),
        ("count: true, per: [phone]", "personal-read"),
        ("sum: size(case.phone)", "personal-read"),
        ("count: true, of: has(case.phone) && case.phone == '1'", "personal-read"),
        ("count: true, per: [wat]", "unknown-field"),
        ("list: [wat]", "unknown-field"),
        ("count: true, per: [fee]", "measure-group"),
        ("count: true, per: [opened_at]", "measure-group"),
        ("count: true, at: case.what", "measure-group"),
        ("sum: case.what", "measure-value"),
        ("average: did.send > 1", "measure-value"),
        ("sum: did.send, count: true", "measure-kind"),
        ("of: did.send > 0", "measure-kind"),
        ("count: true, target: 90%", "measure-kind"),
        ("share: case.fee > money('1.00')", "maybe-unset"),
        ("share: did.snd > 0", "unknown-name"),
        ("share: now > case.opened_at", "unknown-name"),
        ("share: linked.call.final", "unknown-name"),
        ("count: false", "wrong-value"),
        ("count: true, colour: red", "unknown-key"),
    ],
)
def test_a_measure_that_cannot_be_counted_is_found_where_it_stands(measure: str, rule: str) -> None:
    text = "measures:\n  wrong: {label: {en: Wrong, zh: 错}, MEASURE}\n".replace("MEASURE", measure)
    found = load_process(sources(errand=ERRAND + text), "errand").diagnostics
    assert {one.id for one in found if one.severity == "error"} == {rule}
    line = len((ERRAND + text).splitlines())
    assert {one.span.line for one in found if one.severity == "error"} == {line}
