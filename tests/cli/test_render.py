"""The lines that follow a change, and the pages of a case."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.cli.columns import DEFAULT, chosen_columns, row_of
from engine.cli.pages import write_case, write_history, write_ledger
from engine.cli.reader import Reader
from engine.cli.render import change_line, mark, most_urgent
from engine.cli.streams import Streams
from engine.cli.tables import write_table
from engine.cli.translate import use_language
from engine.core.promises.ledger import Interval
from engine.views import Accepted
from tests.cli.worlds import MINUTE, NINE, case, clock, repair


def dispatched(**how: object) -> Accepted:
    after = case(
        position=("dispatched",),
        data={"technician": "li.wei", "note": "n" * 80, "phone": "139"},
        clocks={"dispatch": clock(status="met", ended_at=NINE), "arrival": clock()},
        **how,
    )
    return Accepted(case=after, before=case(), record={"form": {"technician": "li.wei", "note": "…", "phone": "…"}})


def test_one_change_is_one_line_in_english(reader: Reader) -> None:
    line = change_line(reader, repair(), dispatched())
    assert line == "R-1042 reported → dispatched · technician li.wei · arrival due 09:20 (in 20m)"


def test_one_change_is_one_line_in_chinese() -> None:
    use_language("zh")
    chinese = Reader(language="zh", zone="Asia/Shanghai", now=NINE)
    line = change_line(chinese, repair(), dispatched())
    assert line == "R-1042 已报修 → 已派工 · 维修工 li.wei · 20 分钟内到场 09:20 到期（还有20分）"


def test_an_opening_says_where_the_case_begins(reader: Reader) -> None:
    line = change_line(reader, repair(), Accepted(case=case(), before=None, record={}))
    assert line == "R-1042 opened → reported"


def test_an_action_that_stays_says_no_movement(reader: Reader) -> None:
    result = Accepted(case=case(data={"note": "rings back"}), before=case(), record={"form": {"note": "rings back"}})
    assert change_line(reader, repair(), result) == "R-1042 reported · note rings back"


def test_a_repeated_key_says_that_nothing_was_changed(reader: Reader) -> None:
    result = Accepted(case=case(assignee="lin"), before=None, record={"form": {}}, is_repeat=True)
    line = change_line(reader, repair(), result)
    assert line == "R-1042 reported · done before with the same key, nothing was changed"


def test_a_claim_says_who_holds_the_case(reader: Reader) -> None:
    taken = Accepted(case=case(assignee="lin"), before=case(), record={})
    given_back = Accepted(case=case(), before=case(assignee="lin"), record={})
    assert change_line(reader, repair(), taken) == "R-1042 reported · held by lin"
    assert change_line(reader, repair(), given_back) == "R-1042 reported · no longer held by lin"


def test_a_promise_ended_too_late_says_by_how_much(reader: Reader) -> None:
    before = case(clocks={"dispatch": clock(status="breached", breached_at=NINE - 3 * MINUTE)})
    after = case(clocks={"dispatch": clock(status="breached", breached_at=NINE - 3 * MINUTE, ended_at=NINE)})
    line = change_line(reader, repair(), Accepted(case=after, before=before, record={}))
    assert line == "R-1042 reported · dispatch missed by 3m"


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"status": "breached", "breached_at": NINE - 192_000}, "arrival overdue since 08:56 (3m12s ago)"),
        ({"status": "paused", "due_at": None, "remaining": 5 * MINUTE}, "arrival paused, 5m left"),
        ({"status": "met", "ended_at": NINE}, None),
    ],
)
def test_the_line_ends_with_the_promise_that_matters_most(
    reader: Reader, how: dict[str, object], said: str | None
) -> None:
    after = case(clocks={"arrival": clock(**how)})
    line = change_line(reader, repair(), Accepted(case=after, before=after, record={}))
    assert line == "R-1042 reported" + (f" · {said}" if said else "")


def test_overdue_comes_before_due_and_due_before_paused() -> None:
    overdue = clock(status="breached", breached_at=NINE)
    soon, later = clock(), clock(due_at=NINE + 60 * MINUTE)
    paused = clock(status="paused", remaining=MINUTE)
    ended = clock(status="met", ended_at=NINE)
    for clocks, first in (
        ({"a": soon, "b": overdue, "c": paused}, "b"),
        ({"a": later, "b": paused, "c": soon}, "c"),
        ({"a": ended, "b": paused}, "b"),
    ):
        urgent = most_urgent(case(clocks=clocks))
        assert urgent is not None
        assert urgent[0] == first
    assert most_urgent(case(clocks={"a": ended})) is None


@pytest.mark.parametrize(
    ("how", "sign"),
    [
        ({"status": "breached", "breached_at": NINE}, "!!"),
        ({"due_at": NINE + 5 * MINUTE}, "!"),
        ({"due_at": NINE + 6 * MINUTE}, ""),
        ({"status": "paused", "due_at": None}, "‖"),
    ],
)
def test_urgency_has_a_sign_so_that_colour_never_stands_alone(
    reader: Reader, how: dict[str, object], sign: str
) -> None:
    assert mark(reader, clock(**how)) == sign


def test_a_case_on_its_page_shows_standing_promises_and_data(reader: Reader, streams: Callable[..., Streams]) -> None:
    screen = streams()
    write_case(screen, reader, repair(), case(data={"technician": "li.wei", "paid": 490}, clocks={"arrival": clock()}))
    text = screen.out.getvalue()  # type: ignore[attr-defined]
    assert "R-1042 · Repair · Reported" in text
    assert "waits on Duty officer" in text
    assert "Technician: li.wei" in text
    assert "Paid: 4.90" in text
    assert "20m  due 09:20" in text


def test_data_cannot_play_tricks_on_a_terminal(reader: Reader, streams: Callable[..., Streams]) -> None:
    screen = streams()
    write_case(screen, reader, repair(), case(data={"note": "a\x1b[2Jb\x9b31mc"}))
    assert "a�[2Jb�31mc" in screen.out.getvalue()  # type: ignore[attr-defined]


def record(**how: object) -> dict[str, object]:
    standing: dict[str, object] = {
        "case": "R-1042", "seq": 1, "order": 1, "at": NINE, "recorded_at": NINE, "verb": "do", "name": "dispatch",
        "actor": "wang", "roles": ["dispatcher"], "prev": "",
    }  # fmt: skip
    return {**standing, **how}


def test_history_tells_who_did_what_and_what_became_of_the_promises(
    reader: Reader, streams: Callable[..., Streams]
) -> None:
    screen = streams(width=300)
    records = [
        record(**{"from": ["reported"], "to": ["dispatched"]}, form={"technician": "li.wei"},
               clocks=[["dispatch", "met", 300_000, 300_000]]),
        record(seq=2, refused=[["on_shift"], ["form", "technician"]]),
        record(seq=3, verb="breach", name="arrival", actor="engine", roles=[], clocks=[["arrival", "breached"]]),
        record(seq=4, verb="timer", name="rescheduled.comes_back", actor="engine", roles=[], not_applicable=True),
    ]  # fmt: skip
    write_history(screen, reader, repair(), records)
    lines = screen.out.getvalue().splitlines()  # type: ignore[attr-defined]
    assert "wang (Duty officer)" in lines[1]
    assert "reported → dispatched" in lines[1]
    assert "technician: li.wei; dispatch: met after 5m" in lines[1]
    assert "!! dispatch refused: on_shift, form technician" in lines[2]
    assert "!! arrival missed" in lines[3]
    assert "timer comes_back: not applicable" in lines[4]


def test_a_ledger_adds_up_to_the_millisecond(reader: Reader, streams: Callable[..., Streams]) -> None:
    screen = streams(width=200)
    turn = ("role:dispatcher",)
    first = Interval(cycle=1, start=NINE, end=NINE + 250, status="running", why=(), turn=turn, used=250)
    second = Interval(
        cycle=1, start=NINE + 250, end=NINE + MINUTE, status="paused", why=("reported",), turn=turn, used=0
    )
    third = Interval(
        cycle=1, start=NINE + MINUTE, end=NINE + 2 * MINUTE, status="running", why=(), turn=turn, used=MINUTE
    )
    write_ledger(screen, reader, repair(), ("arrival", (first, second, third)))
    lines = screen.out.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [line.split()[-1] for line in lines[-3:]] == ["0:00:00.250", "0:00:00.250", "0:01:00.250"]
    assert "paused (reported)" in lines[-2]


def test_what_is_long_overdue_has_one_figure_everywhere(reader: Reader, streams: Callable[..., Streams]) -> None:
    late = clock(status="breached", breached_at=NINE - 90 * MINUTE, remaining=-10 * MINUTE)
    screen = streams(width=200)
    write_case(screen, reader, repair(), case(clocks={"arrival": late}))
    (line,) = (line for line in screen.out.getvalue().splitlines() if "arrival" in line)  # type: ignore[attr-defined]
    assert "-1h30m  since 07:30" in line
    assert "10m" not in line


def test_milliseconds_are_shown_in_every_row_or_in_none(reader: Reader, streams: Callable[..., Streams]) -> None:
    for instants, shown in (((NINE, NINE + 1000), 0), ((NINE, NINE + 1), 2)):
        screen = streams(width=200)
        write_history(screen, reader, repair(), [record(at=at, seq=n) for n, at in enumerate(instants, 1)])
        assert screen.out.getvalue().count(":00.00") == shown  # type: ignore[attr-defined]


TRICKS = "a\x1b[2Jb\u202ec\u2066d\r\n\te\x07"


def test_no_text_plays_tricks_whatever_writes_it(streams: Callable[..., Streams]) -> None:
    for has_colour in (False, True):
        screen = streams(has_colour=has_colour)
        screen.say(TRICKS)
        screen.tell(TRICKS)
        for written in (screen.out.getvalue(), screen.err.getvalue()):  # type: ignore[attr-defined]
            assert not set(written) & set("\x1b\u202e\u2066\r\t\x07")


def test_a_list_gives_each_case_one_line(reader: Reader, streams: Callable[..., Streams]) -> None:
    view = case(summary={"en": f"one\ntwo {TRICKS}" + "x" * 500})
    columns = chosen_columns(reader, DEFAULT, [repair()])
    screen = streams(width=100)
    write_table(screen, columns, [row_of(reader, DEFAULT, repair(), view)], is_cut=True)
    lines = screen.out.getvalue().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 2
    assert "one two a" in lines[1]
    assert "…" in lines[1]
    assert len(lines[1]) <= 100


def test_a_text_that_would_bury_the_page_is_cut_and_counted(reader: Reader, streams: Callable[..., Streams]) -> None:
    screen = streams()
    write_case(screen, reader, repair(), case(data={"note": "x" * 5000}))
    text = screen.out.getvalue()  # type: ignore[attr-defined]
    assert "(5,000 characters; --json gives them all)" in text
    assert len(text) < 3000
