"""Attainment (D12): of any cycles, whatever they were read from."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.cases import Cycle, Goal
from engine.core.promises.attainment import (
    BANDS,
    COUNTED,
    Attainment,
    Counted,
    Sums,
    attainments,
    held_most,
    spread,
    waited_most,
)

MINUTE, HOUR = 60_000, 3_600_000
NOW = 100 * HOUR


def counted(result: str = "met", *, target: float | None = None, process: str = "repair", **more: Any) -> Counted:
    """A cycle of an hour's goal that began at nought; missed ones were so after that hour."""
    missed = result in ("breached", "overdue")
    known: dict[str, Any] = {
        "case": "R-1", "clock": "c", "cycle": 1, "started_at": 0, "goal": Goal("length", HOUR), "used": 30 * MINUTE,
        "ended_at": None if result in ("overdue", "running", "paused") else 2 * HOUR,
        "breached_at": HOUR if missed else None, "turns": {},
    }  # fmt: skip
    return Counted(cycle=Cycle(**(known | {"result": result} | more)), process=process, now=NOW, target=target)


def of(*cycles: Counted) -> Attainment:
    return attainments(cycles, lambda one: ())[1]


def test_attainment_is_met_of_met_breached_and_running_overdue() -> None:
    one = of(
        *map(counted, ["met", "met", "met", "breached", "overdue", "cancelled", "not_needed", "running", "paused"])
    )
    assert one.attained == 3 / 5
    assert dict(one.counts) == {
        "met": 3, "breached": 1, "overdue": 1, "cancelled": 1, "not_needed": 1, "running": 1, "paused": 1,
    }  # fmt: skip


def test_where_nothing_is_decided_there_is_no_attainment() -> None:
    one = of(counted("running", target=0.9), counted("cancelled", target=0.9))
    assert (one.attained, one.is_on_target) == (None, None)


@pytest.mark.parametrize(
    ("met", "missed", "target", "verdict"),
    [(19, 1, 0.95, True), (18, 1, 0.95, False), (1, 0, 1.0, True), (9, 1, None, None)],
)
def test_the_target_is_compared_without_rounding(met: int, missed: int, target: float | None, verdict: bool) -> None:
    cycles = [counted("met", target=target)] * met + [counted("breached", target=target)] * missed
    assert of(*cycles).is_on_target is verdict


def test_a_group_whose_clocks_have_different_targets_has_none() -> None:
    assert of(counted(target=0.9), counted(target=0.95)).target is None


def test_lateness_is_measured_in_the_promises_own_time_and_on_the_wall() -> None:
    one = of(counted("breached", used=90 * MINUTE, ended_at=5 * HOUR))
    assert (one.late.most, one.late_on_the_wall.most) == (30 * MINUTE, 4 * HOUR)


def test_a_promise_missed_while_the_desk_was_closed_may_be_late_by_nothing() -> None:
    one = of(counted("breached", used=HOUR, ended_at=5 * HOUR))
    assert (one.late.most, one.counts["breached"]) == (0, 1)


def test_a_goal_that_is_an_instant_is_late_by_wall_time_and_counts_on_while_overdue() -> None:
    one = of(counted("overdue", goal=Goal("instant", 40 * HOUR), breached_at=40 * HOUR))
    assert one.late.most == NOW - 40 * HOUR


@pytest.mark.parametrize(("noticed", "late"), [(HOUR + 1, 0), (HOUR + 4, 3), (None, None)])
def test_the_engines_own_lateness_counts_from_the_first_instant_at_which_it_could_know(
    noticed: int | None, late: int | None
) -> None:
    assert of(counted("breached", noticed_at=noticed)).noticed_late.most == late


@pytest.mark.parametrize(("late", "band"), [(0, 0), (5 * MINUTE, 0), (5 * MINUTE + 1, 1), (30 * HOUR, len(BANDS))])
def test_each_missed_promise_falls_into_one_band_of_lateness(late: int, band: int) -> None:
    bands = of(counted("breached", used=HOUR + late)).late_bands
    assert [place for place, count in enumerate(bands) if count] == [band]


def test_a_promise_belongs_to_its_first_breach_else_to_its_end_else_to_now() -> None:
    assert [counted(result).at for result in ("breached", "met", "running")] == [HOUR, 2 * HOUR, NOW]


def test_groups_are_sorted_and_add_up_to_the_whole() -> None:
    cycles = [counted(process="b"), counted("breached", process="a"), counted(process="b")]
    groups, total = attainments(cycles, lambda one: (one.process,))
    assert [(one.group, one.counted) for one in groups] == [(("a",), 1), (("b",), 2)]
    assert total.counted == 3


# -- whose time --------------------------------------------------------------------------------------------------------


def test_time_adds_up_to_what_was_used_and_nobody_held_the_rest() -> None:
    turns = {"role:agent": 20 * MINUTE, "party:customer": 10 * MINUTE, "owner:lin": 5 * MINUTE}
    one = of(counted(turns=turns), counted("breached", used=10 * MINUTE, turns={"nobody": 10 * MINUTE}))
    assert sum(one.spent.waited.values()) == one.spent.used == 40 * MINUTE
    assert dict(one.spent.owned) == {"lin": 5 * MINUTE, "nobody": 35 * MINUTE}
    assert dict(one.spent_on_missed.waited) == {"nobody": 10 * MINUTE}
    assert not one.spent.is_shared


def test_where_several_are_waited_on_at_once_it_is_said() -> None:
    assert of(counted(turns={"role:a": 30 * MINUTE, "role:b": 30 * MINUTE})).spent.is_shared


@pytest.mark.parametrize(
    ("turns", "role", "person"),
    [
        ({"role:agent": 5, "role:boss": 6, "owner:lin": 9}, "role:boss", "person:lin"),
        ({"person:li": 8, "owner:li": 7, "owner:mo": 8, "role:agent": 3}, "role:runner", "person:li"),
        ({"person:unknown": 8, "role:agent": 3}, "person:unknown", "person:unknown"),
        ({"party:customer": 8, "nobody": 9}, "party:customer", "nobody"),
        ({}, "nobody", "nobody"),
    ],
)
def test_a_promise_counts_for_the_one_with_whom_most_of_its_time_was_spent(
    turns: Mapping[str, int], role: str, person: str
) -> None:
    assert (waited_most(turns, {"li": "runner"}), held_most(turns)) == (role, person)


# -- laws --------------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=60))
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(values: list[int]) -> None:
    found = spread(values)
    for share, value in ((50, found.p50), (90, found.p90), (99, found.p99)):
        assert value in values
        assert sum(1 for each in values if each <= value) * 100 >= share * len(values)
        assert sum(1 for each in values if each < value) * 100 < share * len(values)
    assert found.most == max(values)


RESULTS = (*COUNTED, "cancelled", "not_needed", "running", "paused")


@given(st.lists(st.tuples(st.sampled_from(RESULTS), st.sampled_from("abc"), st.integers(0, 9)), max_size=40))
def test_whatever_is_counted_by_nothing_is_lost(given_cycles: list[tuple[str, str, int]]) -> None:
    cycles = [counted(result, process=process, used=used) for result, process, used in given_cycles]
    groups, total = attainments(iter(cycles), lambda one: (one.process,))
    for result in RESULTS:
        assert sum(one.counts[result] for one in groups) == total.counts[result]
    assert sum(one.spent.used for one in groups) == total.spent.used
    assert sum(sum(one.late_bands) for one in groups) == total.counts["breached"] + total.counts["overdue"]


@given(st.lists(st.tuples(st.sampled_from(RESULTS), st.sampled_from("abc"), st.integers(0, 9)), max_size=40), st.data())
def test_parts_counted_apart_and_put_together_are_as_counted_at_once(
    given_cycles: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    cycles = [
        counted(result, process=process, used=used * MINUTE, target=used / 9, turns={f"person:{process}": used})
        for result, process, used in given_cycles
    ]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(cycles)), max_size=3)))
    whole = Sums()
    for first, last in pairwise([0, *cuts, len(cycles)]):
        part = Sums()
        for one in cycles[first:last]:
            part.add((one.process,), one)
        whole.join(pickle.loads(pickle.dumps(part)))  # as another process sends it
    assert whole.results() == attainments(cycles, lambda one: (one.process,))
