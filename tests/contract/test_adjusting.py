"""What every store keeps of adjustments, and which clocks they affect."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.core.promises.adjustments import Adjustment, Affected, Reversal
from engine.errors import UsageError
from engine.ports import Store

FLOOD = Adjustment(
    id="ADJ-2", since=5, until=9, reason="水 flood", approver="mo", declared_by="lin", declared_at=20,
    asked={"process": "repair", "clocks": ["arrival"]}, is_finished=False,
)  # fmt: skip
GOAL = replace(FLOOD, id="ADJ-3", kind="correction", declared_at=30, asked={
    "process": "repair", "clocks": ["arrival"], "goal": {"was": "20m", "is": "30m"},
    "calendar": {"calendar": "办公", "weekly": {"mon": ["09:00-17:00"]}, "holidays": ["05-01", "2026-10-01"]},
})  # fmt: skip
CUT = replace(FLOOD, id="ADJ-1", declared_at=10, asked={}, is_finished=True)


def test_an_adjustment_comes_back_whole_and_the_oldest_first(store: Store) -> None:
    with store.write() as tx:
        for one in (FLOOD, CUT, GOAL):
            tx.save_adjustment(one)
        assert tx.adjustments() == [CUT, FLOOD, GOAL]
    with store.read() as tx:
        assert tx.adjustments() == [CUT, FLOOD, GOAL]


def test_of_one_instant_the_tenth_comes_after_the_ninth(store: Store) -> None:
    with store.write() as tx:
        for number in (10, 9):
            tx.save_adjustment(replace(CUT, id=f"ADJ-{number}"))
        assert [one.id for one in tx.adjustments()] == ["ADJ-9", "ADJ-10"]


def test_a_reversed_one_says_so(store: Store) -> None:
    back = replace(FLOOD, reversal=Reversal(reason="wrong day", by="lin", approver="mo", at=30), is_finished=True)
    with store.write() as tx:
        tx.save_adjustment(FLOOD)
        tx.save_adjustment(back)
        assert tx.adjustments() == [back]


def test_what_is_affected_is_found_by_case_and_by_adjustment(store: Store) -> None:
    rows = [
        Affected(adjustment="ADJ-1", case="R-1", clock="arrival"),
        Affected(adjustment="ADJ-1", case="R-2", clock="arrival"),
        Affected(adjustment="ADJ-2", case="R-1", clock="reply"),
    ]
    with store.write() as tx:
        tx.affect(rows)
    with store.read() as tx:
        assert tx.affected(case="R-1") == [rows[0], rows[2]]
        assert tx.affected(adjustment="ADJ-1") == rows[:2]
        assert tx.affected(case="R-1", adjustment="ADJ-2") == [rows[2]]
        assert tx.affected(case="R-3") == []
        assert tx.adjusted_cases() == ["R-1", "R-2"]


def test_a_case_whose_adjustments_are_all_reversed_is_adjusted_no_more(store: Store) -> None:
    row = Affected(adjustment="ADJ-1", case="R-1", clock="arrival")
    with store.write() as tx:
        tx.affect([row, replace(row, case="R-2")])
        tx.affect([replace(row, is_reversed=True)])
        assert tx.affected(case="R-1") == [replace(row, is_reversed=True)]
        assert tx.adjusted_cases() == ["R-2"]


def test_a_reason_that_cannot_be_stored_is_refused(store: Store) -> None:
    with pytest.raises(UsageError), store.write() as tx:
        tx.save_adjustment(replace(CUT, reason="half\x00"))
