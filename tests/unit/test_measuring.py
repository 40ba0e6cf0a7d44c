"""Measures of cases, without a store: exact sums, order, bounds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.cases import Case
from engine.core.measuring import Figure, Frame, measured
from engine.core.plan import Library
from engine.core.sight import Sight
from engine.model import Measure
from tests.unit.worlds import library as library_of

THING = """
initial: open
fields: {size: {type: integer, label: {en: Size}}, kind: {type: text, label: {en: Kind}}}
opening: {by: [agent], form: {allow: [size, kind]}}
states: {open: {waiting_on: agent, actions: {close: {by: [agent], to: closed}}}, closed: {final: done}}
measures:
  sum: {label: {en: Sum}, sum: case.size, per: [kind]}
  list: {label: {en: List}, list: [size], per: [kind]}
  week: {label: {en: Week}, count: true, per: [week, month, day]}
"""
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def library() -> Library:
    return library_of({"thing": THING}, "", None)


def sights(library: Library, cases: list[Case]) -> Iterator[Sight]:
    plan = library.plan("thing", 1)
    return (Sight(plan, case, None, library, 0) for case in cases)


def a_case(number: int, **data: object) -> Case:
    kept = {name: value for name, value in data.items() if value is not None}
    return Case(id=f"T-{number}", root=f"T-{number}", process="thing", version=1, data=kept, opened_at=number)  # type: ignore[arg-type]


def measure(library: Library, name: str) -> Measure:
    return library.plan("thing", 1).definition.measures[name]


ROWS = st.lists(st.tuples(st.none() | st.integers(-(10**9), 10**9), st.none() | st.sampled_from("abc")), max_size=30)


@given(rows=ROWS, most=st.integers(0, 8))
def test_no_case_is_lost_between_the_groups_and_the_whole(
    library: Library, rows: list[tuple[int | None, str | None]], most: int
) -> None:
    cases = [a_case(number, size=n, kind=kind) for number, (n, kind) in enumerate(rows)]
    found = measured(measure(library, "sum"), sights(library, cases), Frame(zone=ZONE))
    numbers = [n for n, _ in rows if n is not None]
    assert found.total.total == sum(numbers) == sum(one.total for one in found.figures)
    assert found.total.unset == len(rows) - len(numbers)
    lines = measured(measure(library, "list"), sights(library, cases), Frame(zone=ZONE, most=most)).lines
    whole = measured(measure(library, "list"), sights(library, cases), Frame(zone=ZONE)).lines
    assert lines == whole[:most]
    assert sorted(line.case for line in whole) == sorted(case.id for case in cases)


@pytest.mark.parametrize(
    ("at", "group"),
    [
        ("2026-01-01T00:00:00+08:00", ("2026-W01", "2026-01", "2026-01-01")),
        (
            "2025-12-29T00:00:00+08:00",
            ("2026-W01", "2025-12", "2025-12-29"),
        ),  # the year of its Thursday
        ("2027-01-03T23:59:59+08:00", ("2026-W53", "2027-01", "2027-01-03")),
        ("2026-03-01T16:00:00+00:00", ("2026-W10", "2026-03", "2026-03-02")),  # midnight in Shanghai
    ],
)
def test_days_weeks_and_months_are_those_of_the_desks_zone(library: Library, at: str, group: tuple[str, ...]) -> None:
    case = a_case(int(datetime.fromisoformat(at).timestamp() * 1000))
    found = measured(measure(library, "week"), sights(library, [case]), Frame(zone=ZONE))
    assert [one.group for one in found.figures] == [group]


@pytest.mark.parametrize(("hits", "cases", "verdict"), [(9, 10, True), (899, 1000, False), (0, 0, None)])
def test_a_target_is_compared_without_rounding(hits: int, cases: int, verdict: bool | None) -> None:
    assert Figure(cases=cases, hits=hits).is_on_target(0.9) is verdict
    assert Figure(cases=cases, hits=hits).is_on_target(None) is None


def test_nothing_counted_gives_no_share_no_average_and_a_sum_of_nought() -> None:
    assert [Figure().value(kind) for kind in ("share", "average", "sum", "count")] == [None, None, Decimal(), 0]
