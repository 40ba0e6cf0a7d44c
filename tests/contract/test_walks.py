"""Walking along what reports count, on every store."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from engine.core.cases import Case, Cycle, Goal
from engine.ports import Store, Wanted
from engine.store import open_store, upgrade, walks
from engine.store.migrating import run_migrations
from engine.store.sqlite.schema import APPLICATION_ID
from tests.contract.builders import MINUTE, MORNING, a_case, a_step, moved, opening, put, step


def cycle(case: str = "R-1", **more: Any) -> Cycle:
    given: dict[str, Any] = {
        "case": case, "clock": "arrival", "cycle": 1, "started_at": MORNING, "ended_at": MORNING + 10 * MINUTE,
        "result": "met", "goal": Goal("length", 20 * MINUTE), "used": 10 * MINUTE, "breached_at": None,
        "turns": {"role:dispatcher": 10 * MINUTE},
    }  # fmt: skip
    return Cycle(**(given | more))


def keep(store: Store, case: Case, *cycles: Cycle) -> None:
    put(store, opening(case, steps=(a_step(case, cycles=cycles),)))


def ended(store: Store, **wanted: Any) -> list[tuple[str, str, int]]:
    with store.read() as work:
        found = work.ended_cycles(Wanted(**wanted))
        return [(one.cycle.case, one.cycle.clock, one.cycle.cycle) for one in found]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walks, "PAGE", 2)


@pytest.mark.usefixtures("small_pages")
def test_ended_cycles_come_once_each_in_order_whatever_the_pages(store: Store) -> None:
    for number in (3, 1, 2):
        name = f"R-{number}"
        keep(store, a_case(name), cycle(name), cycle(name, clock="accept"), cycle(name, cycle=2))
    assert ended(store) == [
        (f"R-{number}", clock, count)
        for number in (1, 2, 3)
        for clock, count in (("accept", 1), ("arrival", 1), ("arrival", 2))
    ]


def test_an_ended_cycle_comes_whole_with_its_definition(store: Store) -> None:
    whole = cycle(result="breached", breached_at=MORNING + MINUTE, noticed_at=MORNING + 2 * MINUTE)
    keep(store, a_case(version=3), whole)
    with store.read() as work:
        assert [(one.cycle, one.process, one.version) for one in work.ended_cycles(Wanted())] == [(whole, "repair", 3)]


def test_what_is_under_way_or_of_an_unfinished_import_is_no_ended_cycle(store: Store) -> None:
    keep(store, a_case(), cycle(ended_at=None, result="breached", breached_at=MORNING))
    keep(store, a_case("R-2", importing="old"), cycle("R-2"))
    assert ended(store) == []
    with store.write() as work:
        work.finish_import("old")
    assert ended(store) == [("R-2", "arrival", 1)]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"process": "repair"}, ["R-1", "R-2"]),
        ({"process": "refund"}, ["F-1"]),
        ({"clock": "accept"}, []),
        ({"since": MORNING + 10 * MINUTE}, ["F-1", "R-1"]),  # the end counts where nothing was missed
        ({"until": MORNING + 10 * MINUTE}, ["R-2"]),  # else the breach, however long it went on
        ({"since": MORNING + 5 * MINUTE, "until": MORNING + 6 * MINUTE, "process": "repair"}, ["R-2"]),
    ],
)
def test_cycles_are_narrowed_by_process_clock_and_the_instant_of_decision(
    store: Store, wanted: dict[str, Any], found: list[str]
) -> None:
    keep(store, a_case("R-1"), cycle("R-1"))
    late = cycle("R-2", result="breached", breached_at=MORNING + 5 * MINUTE, ended_at=MORNING + 90 * MINUTE)
    keep(store, a_case("R-2"), late)
    keep(store, a_case("F-1", process="refund"), cycle("F-1"))
    assert [case for case, _, _ in ended(store, **wanted)] == found


def test_when_a_breach_was_noticed_stays_whatever_is_saved_after_it(store: Store) -> None:
    first = cycle(ended_at=None, result="breached", breached_at=MORNING, noticed_at=MORNING + 7)
    case = a_case()
    family = put(store, opening(case, steps=(a_step(case, cycles=(first,)),)))
    after = first.but(ended_at=MORNING + MINUTE, noticed_at=None)
    put(store, step(family, steps=(a_step(moved(family.cases["R-1"]), cycles=(after,)),)))
    with store.read() as work:
        assert work.cycles("R-1") == [after.but(noticed_at=MORNING + 7)]


@pytest.mark.usefixtures("small_pages")
def test_open_cases_come_once_each_without_what_is_private(store: Store) -> None:
    for number in range(5):
        keep(store, a_case(f"R-{number}", private={"phone": "139"}, secret="aa"))
    keep(store, a_case("R-8", importing="old"))
    keep(store, a_case("R-9", closed_at=MORNING, outcome="done"))
    keep(store, a_case("F-1", process="refund"))
    with store.read() as work:
        found = list(work.open_cases())
        assert sorted(case.id for case in found) == ["F-1", "R-0", "R-1", "R-2", "R-3", "R-4"]
        assert {(case.secret, len(case.private)) for case in found} == {("", 0)}
        assert [case.id for case in work.open_cases("refund")] == ["F-1"]


def test_the_first_tables_are_brought_up_to_date_with_all_they_hold(tmp_path: Path) -> None:
    path = str(tmp_path / "desk.db")
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        run_migrations(connection, "0001")
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        columns = "'R-1', 'arrival', 1, 5, 9, 'met', 'length', 10, 4, NULL, '{}'"
        connection.exec_driver_sql(f"INSERT INTO clock_cycles VALUES ({columns})")
    engine.dispose()
    assert upgrade(path)
    with closing(open_store(path)) as store, store.read() as work:
        [kept] = work.cycles("R-1")
    assert (kept.started_at, kept.used, kept.result, kept.noticed_at) == (5, 4, "met", None)
    assert not upgrade(path)


@pytest.mark.usefixtures("small_pages")
def test_cases_of_a_process_come_by_their_opening_open_or_not(store: Store) -> None:
    for number in range(5):
        opened = MORNING + (number // 2) * MINUTE  # two at one instant, across a page
        closed = opened if number == 3 else None
        keep(store, a_case(f"R-{number}", opened_at=opened, closed_at=closed, private={"phone": "139"}, secret="aa"))
    keep(store, a_case("R-8", importing="old"))
    keep(store, a_case("F-1", process="refund"))
    with store.read() as work:
        assert [case.id for case in work.cases_of("repair")] == [f"R-{number}" for number in range(5)]
        assert [case.id for case in work.cases_of("repair", MORNING + MINUTE)] == ["R-2", "R-3", "R-4"]
        assert [case.id for case in work.cases_of("repair", MORNING, MORNING + MINUTE)] == ["R-0", "R-1"]
        assert {(case.secret, len(case.private)) for case in work.cases_of("repair")} == {("", 0)}
        assert list(work.cases_of("nothing")) == []


def test_the_processes_of_cases_are_known_without_their_definitions(store: Store) -> None:
    for name, process in (("R-1", "repair"), ("R-2", "repair"), ("F-1", "refund")):
        keep(store, a_case(name, process=process))
    keep(store, a_case("O-1", process="old", importing="old"))
    with store.read() as work:
        assert work.processes() == ["refund", "repair"]
