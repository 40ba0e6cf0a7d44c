"""Bringing cases in from outside, line by line, each at its own time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from engine import Conflict, Engine, Imported, NotPermitted, Search, UsageError
from engine.app import Import, Played
from engine.app.imports.bookmark import Bookmark
from engine.errors import Outrun
from engine.ports import Transaction
from engine.testing import ManualTime
from tests.app.desks import ADMIN, DAY, HOUR, LIN, MESSAGES, MINUTE, NINE, PARCEL, done, open_errand, sources
from tests.contract.exchanges import counted

Line = dict[str, Any]

OPEN: Line = {"at": "2026-02-02 09:00", "as": "agent:lin", "case": "a", "open": "errand", "form": {"what": "milk"}}
SEND: Line = {
    "at": "2026-02-02 09:20", "as": "agent:lin", "case": "a", "do": "send", "form": {"runner": "run"},
    "facts": {"at_work": ["run"]},
}  # fmt: skip
DELIVER: Line = {
    "at": "2026-02-02 10:00", "as": "runner:run", "case": "a", "do": "deliver", "form": {"fee": "4.90"},
}  # fmt: skip
CALL: Line = {"at": "2026-02-02 18:00", "as": "boss:boss", "case": "a.call", "do": "call"}
DAY_OF_A: tuple[Line, ...] = (OPEN, SEND, DELIVER, CALL)


def tick(at: str) -> Line:
    return {"at": at, "tick": True}


def bring(engine: Engine, lines: Iterable[Line | str], name: str = "old", **how: Any) -> Imported:
    texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
    return engine.import_lines(texts, Import(name=name, **how), actor=ADMIN)


def told(engine: Engine, case: str) -> list[tuple[Any, ...]]:
    kept = ("at", "verb", "name", "actor", "to", "clocks", "refused")
    return [tuple(record.get(name) for name in kept) for record in engine.history(case)]


# ---------------------------------------------------------------- what is done


def test_each_line_is_done_at_its_own_time(engine: Engine) -> None:
    found = bring(engine, DAY_OF_A)
    assert (found.done, found.refused, found.errors, found.cases) == (4, 0, (), {"a": "E-1"})
    month = 28 * DAY
    spans = [((record["at"] - NINE + month) // MINUTE, record["verb"]) for record in engine.history("E-1")]
    assert spans == [(0, "open"), (10, "threshold"), (15, "threshold"), (15, "breach"), (20, "do"), (60, "do")]
    assert engine.history("E-1")[0]["recorded_at"] == NINE
    assert engine.case("E-1").clocks["sent"].status == "breached"
    assert engine.case("E-1.1").outcome == "done"


def test_what_was_said_then_is_not_sent_now(engine: Engine) -> None:
    sent: list[object] = []
    engine.on("*", sent.append)
    bring(engine, DAY_OF_A)
    engine.tick()
    assert sent == []
    assert {mail.status for mail in engine.outbox()} == {"imported"}


def test_the_ending_carries_cases_forward_to_the_clock(engine: Engine) -> None:
    bring(engine, DAY_OF_A[:2])
    case = engine.case("E-1")
    assert (case.outcome, case.closed_at) == ("cancelled", NINE - 28 * DAY + 20 * MINUTE + 6 * HOUR)  # lost
    assert engine.tick().advanced == 0


def test_after_its_import_a_case_is_as_any_other(engine: Engine, time: ManualTime) -> None:
    bring(engine, [{**OPEN, "at": "2026-03-02 08:49"}])
    sent: list[str] = []
    engine.on("*", lambda one: sent.append(one.name))
    assert done(engine.act("E-1", "remark", {"note": "x"}, actor=LIN)).data["note"] == "x"
    time.move(5 * MINUTE + 1)
    engine.tick()
    assert sent == ["late"]


@pytest.mark.parametrize(
    "ticks", [["2026-02-02 09:12"], ["2026-02-02 09:15", "2026-02-02 09:15:01", "2026-02-02 09:19"]]
)
def test_with_or_without_tick_lines_the_histories_are_equal(engine: Engine, ticks: list[str]) -> None:
    bring(engine, [OPEN, *map(tick, ticks), SEND, tick("2026-02-02 09:30"), DELIVER, CALL], "with")
    bring(engine, DAY_OF_A, "without")
    for with_, without in (("E-1", "E-2"), ("E-1.1", "E-2.1")):
        assert told(engine, with_) == told(engine, without)


def test_comments_and_empty_lines_are_passed_over(engine: Engine) -> None:
    assert bring(engine, ["", "// a comment", *DAY_OF_A, "   "]).done == 4


def test_a_story_hears_of_every_line_after_it_is_kept(engine: Engine) -> None:
    heard: list[Played] = []
    bring(engine, [{"at": OPEN["at"], "say": {"en": "Monday."}}, *DAY_OF_A, {"say": "over"}], tell=heard.append)
    assert [one.number for one in heard] == [1, 2, 3, 4, 5, 6]
    assert heard[0].result is None
    assert heard[1].result is not None


def test_progress_is_told_batch_by_batch(engine: Engine) -> None:
    seen: list[int] = []
    lines = [{**OPEN, "case": str(number)} for number in range(250)]
    bring(engine, lines, progress=lambda passed, _total: seen.append(passed))
    assert seen == [100, 200, 250]


def test_only_an_administrator_imports(engine: Engine) -> None:
    with pytest.raises(NotPermitted, match="`lin` may not import"):
        engine.import_lines([], Import(name="old"), actor=LIN)


# ---------------------------------------------------------------- bad lines


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "this is not JSON"),
        ("[" * 100_000, "this is not JSON"),
        ("[]", "a line is a JSON object"),
        ({**OPEN, "colour": "red"}, "`colour` is not a key of an import line"),
        ({"at": OPEN["at"]}, "a line says one of `open`, `do`, `hear`, `schedule`, `tick` or `say`"),
        ({**OPEN, "do": "send"}, "a line says one of"),
        ({**OPEN, "at": "yesterday"}, "`at` must be an instant"),
        ({**OPEN, "at": "2026-02-01 09:00"}, "`at` lies before the line above it"),
        ({**OPEN, "at": "2026-03-03 09:00"}, "`at` lies in the future"),
        ({**OPEN, "case": "b", "as": "lin"}, "`as` must be `role:person`"),
        ({**OPEN, "case": ""}, "`case` must be the file's own name"),
        (OPEN, "case `a` was opened by a line above"),
        ({**SEND, "case": "zz"}, "no line above opens case `zz`"),
        ({**SEND, "case": "a.visit"}, "has opened no `visit`"),
        ({**SEND, "form": [1]}, "`form` must be an object"),
        ({**OPEN, "case": "b", "open": "erand"}, "no process `erand` is published (`errand`?)"),
        ({**OPEN, "case": "b", "form": {}}, "refused: `what` is missing: What"),
        ({**SEND, "facts": {"at_work": []}}, "refused: run is not at work [at_work]"),
    ],
)
def test_a_bad_line_is_named_by_its_number_and_the_rest_goes_on(engine: Engine, line: Line | str, said: str) -> None:
    found = bring(engine, [OPEN, line, *DAY_OF_A[1:]])
    assert [error.line for error in found.errors] == [2]
    assert said in found.errors[0].message
    assert engine.case("E-1").outcome == "done"
    assert len([record for record in engine.history("E-1") if record["verb"] == "do"]) == 2 + (
        said.startswith("refused") and "do" in line
    )


def test_a_refusal_that_the_file_expects_is_no_error(engine: Engine) -> None:
    found = bring(engine, [OPEN, {**SEND, "facts": {"at_work": []}, "refused": "at_work"}, *DAY_OF_A[1:]])
    assert (found.errors, found.refused, found.done) == ((), 1, 4)


def test_what_is_remembered_of_a_bad_line_repeats_no_private_value(engine: Engine) -> None:
    phone = "13900000017"
    lines = [OPEN, {**SEND, "case": phone, "form": {**SEND["form"], "phone": phone}}]
    first = bring(engine, lines)
    assert any(phone in one.message for one in first.errors)  # who has the file may read it
    again = bring(engine, lines)
    assert len(again.errors) == len(first.errors)
    assert not any(phone in one.message for one in again.errors)
    assert "•••" in again.errors[0].message


@pytest.mark.parametrize("bad", ["{", {**SEND, "facts": {"at_work": []}}])
def test_an_import_that_is_to_stop_stops_before_its_first_bad_line(engine: Engine, bad: Line | str) -> None:
    found = bring(engine, [OPEN, bad, *DAY_OF_A[1:]], stop_on_error=True)
    assert (found.done, [error.line for error in found.errors]) == (1, [2])
    assert told(engine, "E-1") == [told(engine, "E-1")[0]]
    mended = bring(engine, DAY_OF_A, stop_on_error=True)  # the line is mended, and the import goes on with it
    assert (mended.skipped, mended.done, mended.errors) == (1, 3, ())
    assert engine.case("E-1").outcome == "done"


def test_a_bad_line_leaves_nothing_behind(engine: Engine) -> None:
    twice = [{**OPEN, "case": name, "open": "parcel", "form": {"waybill": "SF1"}} for name in ("p", "q")]
    found = bring(engine, [*twice, {**OPEN, "case": "r", "open": "parcel", "form": {"waybill": "SF2"}}])
    assert [error.line for error in found.errors] == [2]
    assert found.cases == {"p": "P-1", "r": "P-2"}


# ---------------------------------------------------------------- again


class Killed(Exception):
    """The process died here."""


def dying(after: int) -> Callable[[int, int], None]:
    """Return a progress call that kills the import after so many batches."""
    calls: list[int] = []

    def progress(_passed: int, _total: int) -> None:
        calls.append(1)
        if len(calls) == after:
            raise Killed

    return progress


MANY = [{**line, "case": f"{line['case'].replace('a', str(number), 1)}"} for line in DAY_OF_A for number in range(60)]


@pytest.mark.parametrize("after", [1, 2])
def test_a_second_run_goes_on_with_an_unfinished_import(engine: Engine, after: int) -> None:
    with pytest.raises(Killed):
        bring(engine, MANY, progress=dying(after))
    again = bring(engine, MANY)
    assert (again.skipped, again.done, again.errors) == (after * 100, 240 - after * 100, ())
    bring(engine, MANY, "undisturbed")
    assert [told(engine, f"E-{number}") for number in range(1, 61)] == [
        told(engine, f"E-{number}") for number in range(61, 121)
    ]


def test_lines_in_which_somebody_was_faster_are_decided_again_and_counted_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember, outrun = Bookmark.remember, [True, True]

    def late(bookmark: Bookmark, tx: Transaction) -> None:
        remember(bookmark, tx)
        if outrun:
            outrun.pop()
            raise Outrun("somebody else was faster")

    monkeypatch.setattr(Bookmark, "remember", late)
    lines = (*DAY_OF_A[:2], {**OPEN, "at": "2026-02-02 09:30"}, *DAY_OF_A[2:])  # one opens the same case again
    found = bring(engine, lines)
    assert (found.done, found.skipped, found.cases) == (4, 0, {"a": "E-1"})
    assert [(one.line, one.message) for one in found.errors] == [(3, "case `a` was opened by a line above")]
    assert not outrun
    again = bring(engine, lines)
    assert (again.done, again.skipped, again.errors, again.cases) == (0, 5, found.errors, found.cases)


BY_KIND: list[Line] = [
    {**line, "at": "2026-02-02 12:00", "case": f"c{number}"} for line in (OPEN, SEND, DELIVER) for number in range(50)
]
CASE_BY_CASE = [line for number in range(50) for line in BY_KIND if line["case"] == f"c{number}"]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("lines", "most"),
    [
        (BY_KIND, 2 * 50),  # two for a case that is opened; what is done to it goes with others
        (CASE_BY_CASE, 4 * 50),  # what is done to it next waits for what was done
    ],
)
def test_a_server_far_away_is_sent_few_messages_for_many_lines(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, lines: list[Line], most: int
) -> None:
    messages = counted(monkeypatch)
    found = bring(engine, lines)
    assert (found.done, found.errors) == (150, ())
    assert len(messages) <= most + 50, "so many begin and end an import"


def test_a_second_run_of_a_finished_import_does_nothing(engine: Engine) -> None:
    bring(engine, DAY_OF_A)
    before = told(engine, "E-1")
    again = bring(engine, DAY_OF_A)
    assert (again.done, again.skipped, again.errors, again.cases) == (0, 4, (), {"a": "E-1"})
    assert told(engine, "E-1") == before


def test_lines_added_to_a_finished_import_are_bad_lines(engine: Engine) -> None:
    bring(engine, DAY_OF_A[:3])
    again = bring(engine, DAY_OF_A)
    assert [error.line for error in again.errors] == [4]
    assert "new lines need an import of their own" in again.errors[0].message


def test_the_same_keys_under_another_name_bring_nothing_twice(engine: Engine) -> None:
    keyed = [{**line, "key": f"k{number}"} for number, line in enumerate(DAY_OF_A)]
    bring(engine, keyed)
    before = told(engine, "E-1")
    again = bring(engine, keyed, "again")
    assert (again.done, again.skipped, again.errors, again.cases) == (0, 4, (), {"a": "E-1"})
    assert told(engine, "E-1") == before
    assert done(engine.open_case("errand", {"what": "milk"}, actor=LIN)).id == "E-2"


@pytest.mark.parametrize("changed", [[{**OPEN, "form": {"what": "tea"}}, *MANY[1:]], MANY[:50], []])
def test_a_second_run_with_another_file_is_refused(engine: Engine, changed: list[Line]) -> None:
    with pytest.raises(Killed):
        bring(engine, MANY, progress=dying(1))
    with pytest.raises(UsageError, match="the import `old` was begun with another file"):
        bring(engine, changed)


# ---------------------------------------------------------------- until it is finished


def test_until_it_is_finished_nobody_else_touches_its_cases(engine: Engine, time: ManualTime) -> None:
    open_errand(engine)
    with pytest.raises(Killed):
        bring(engine, MANY, progress=dying(1))
    time.move(1)
    assert engine.tick().advanced == 0
    with pytest.raises(Conflict, match="`E-2` belongs to the unfinished import `old`"):
        engine.act("E-2", "hold", actor=LIN)
    assert engine.case("E-2").position == ("running",)  # as stored; it would be lost by now
    assert engine.worklist(Search(actor=LIN)).behind == 0
    bring(engine, MANY)
    assert engine.case("E-2").outcome == "done"


def test_an_import_acts_on_its_own_cases_only(engine: Engine) -> None:
    bring(engine, [{**OPEN, "key": "k"}])
    found = bring(engine, [{**OPEN, "key": "k"}, SEND], "other")
    assert [error.message for error in found.errors] == [
        "`E-1` does not belong to this import (run the import again, it goes on where it stopped)"
    ]


def test_a_long_sleep_of_the_file_makes_no_fault(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    # Ten thousand firings at a time are carried forward; the line goes on until all of them are.
    monkeypatch.setattr("engine.core.decide.MOST_FIRINGS", 2)
    monkeypatch.setattr("engine.core.decide.carry.__defaults__", (2,))
    found = bring(engine, [OPEN, {**SEND, "at": "2026-02-10 09:00"}, tick("2026-02-10 09:01")])
    assert found.errors == ()
    assert [record["verb"] for record in engine.history("E-1")][:8] == [
        "open", "threshold", "threshold", "breach", "threshold", "threshold", "threshold", "do",
    ]  # fmt: skip


@pytest.mark.parametrize("is_finished", [True, False])
def test_a_second_run_names_the_bad_lines_of_the_first_again(engine: Engine, is_finished: bool) -> None:
    lines = [OPEN, {**SEND, "do": "sned"}, "{", *DAY_OF_A[1:]]
    if is_finished:
        first = bring(engine, lines)
    else:
        with pytest.raises(Killed):
            bring(engine, lines, progress=dying(1))
        first = Imported()
    again = bring(engine, lines)
    assert [error.line for error in again.errors] == [2, 3]
    assert first.errors in ((), again.errors)
    assert (again.done, again.skipped) == (0, 6)
    assert bring(engine, lines).errors == again.errors


def test_a_refusal_that_nobody_expected_is_counted_once(engine: Engine) -> None:
    found = bring(engine, [OPEN, {**SEND, "facts": {"at_work": []}}])
    assert (found.done, found.refused, [error.line for error in found.errors]) == (1, 0, [2])


def test_a_role_that_the_desk_has_not_is_a_bad_line(engine: Engine) -> None:
    found = bring(engine, [{**OPEN, "as": "agnet:lin"}])
    assert [error.message for error in found.errors] == ["there is no role `agnet` at this desk (`agent`?)"]


# ---------------------------------------------------------------- cases that look at, or open, others


BACK = "    timers: {back: {after: 30m, then: [{notify: agent, message: told}], to: gone}}\n"
FETCHED = PARCEL.replace("version: 1", "version: 2").replace(
    "    waiting_on: agent\n", "    waiting_on: agent\n" + BACK
)
MESSAGE = 'told: {text: {en: "{case.id} went back", zh: "{case.id} 已退回"}}\n'
SEEKER = """
process: seeker
version: 1
prefix: S
label: {en: Seeker, zh: 查件}
calendar: always
initial: open
opening:
  by: [agent]
  form: {require: [note]}
  then: [{open: parcel, as: found, key: =case.note, with: {waybill: =case.note}}]
fields: {note: {type: text, label: {en: Note, zh: 备注}}}
states:
  open:
    label: {en: Open, zh: 在办}
    waiting_on: agent
    actions: {end: {label: {en: End, zh: 办结}, by: [agent], to: over}}
  over: {label: {en: Over, zh: 已办结}, final: done}
"""


@pytest.fixture
def lookers(engine: Engine, time: ManualTime) -> Engine:
    """A desk whose parcels go back after half an hour, and whose seekers find or open the parcel of a number."""
    changed = {
        **sources(parcel=FETCHED, seeker=SEEKER),
        "processes/messages/desk.yaml": MESSAGES + MESSAGE,
    }
    for process in ("parcel", "seeker"):
        engine.publish(changed, process, actor=ADMIN)
    time.move(DAY)
    return engine


def parcel(at: str, case: str, number: str = "W1") -> Line:
    return {"at": at, "as": "agent:lin", "case": case, "open": "parcel", "form": {"waybill": number}}


def seek(at: str, case: str) -> Line:
    return {"at": at, "as": "agent:lin", "case": case, "open": "seeker", "form": {"note": "W1"}}


@pytest.mark.parametrize("ticks", [[], ["2026-03-03 08:35"]])
def test_a_line_sees_the_other_cases_of_its_import_as_they_stood_then(lookers: Engine, ticks: list[str]) -> None:
    lines = [
        parcel("2026-03-03 08:00", "a"),
        *map(tick, ticks),
        parcel("2026-03-03 08:40", "b"),
        seek("2026-03-03 08:50", "s"),
    ]
    found = bring(lookers, lines)
    assert found.errors == ()
    assert lookers.case(found.cases["a"]).outcome == "done"
    assert lookers.case(found.cases["s"]).links["found"] == found.cases["b"]


def test_what_a_case_opened_by_its_key_said_then_is_not_sent_now(lookers: Engine) -> None:
    sent: list[object] = []
    lookers.on("*", sent.append)
    found = bring(lookers, [seek("2026-03-03 08:00", "s")])
    opened = lookers.case(lookers.case(found.cases["s"]).links["found"])
    assert (opened.outcome, opened.closed_at) == ("done", NINE + DAY - 30 * MINUTE)
    lookers.tick()
    assert sent == []
    assert {mail.status for mail in lookers.outbox()} == {"imported"}
