"""What a store finds: worklists, searches, due work."""

from __future__ import annotations

from typing import Any

import pytest

from engine.chart import Position
from engine.errors import StoreUnavailable
from engine.ports import Fault, Query, Save, Store
from tests.contract.builders import MORNING, a_case, a_child, a_step, family_of, get, moved, opening, outlook, put, step


def open_case(store: Store, name: str, sort_key: int = 0, seen: dict[str, Any] | None = None, **changes: Any) -> None:
    """Open a case that stands in lists as `seen` says."""
    case = a_case(name, **changes)
    put(store, opening(case, outlooks={name: outlook(case, sort_key=sort_key, **(seen or {}))}))


def listed(store: Store, **query: Any) -> list[str]:
    """Ids of a whole list, which must be as many as are counted."""
    with store.read() as work:
        found = [row.id for row in work.worklist(Query(**query))]
        assert work.count(Query(**query)) == len(found)
    return found


def test_after_a_steady_step_lists_hold_a_case_as_before_but_for_its_place(store: Store) -> None:
    seen = outlook(a_case(), due_at=MORNING + 5, due_clock="answer", sort_key=MORNING + 5)
    family = put(store, opening(a_case(next_due=MORNING + 9), outlooks={"R-1": seen}, keys={"R-1": ("6222", False)}))
    place = ("in work", ("role:technician",))
    family = put(store, step(family, {"data": {"a": 1}}, outlooks={}, places={"R-1": place}))
    with store.read() as work:
        [row] = work.worklist(Query(waiting=("role:technician",)))
        assert row.outlook == seen.at(place)
        assert work.count(Query(waiting=seen.waiting)) == 0
        assert work.open_with_key(a_case().process, "6222") == "R-1"
    assert get(store, "R-1") == family
    assert family.cases["R-1"].data == {"a": 1}


def test_a_steady_step_of_a_child_leaves_when_its_family_falls_due(store: Store) -> None:
    root = a_case(next_due=MORNING + 9)
    family = put(store, opening(root, children=(a_child(root),)))
    root = family.cases["R-1"].but(order=3)
    child = moved(family.cases["R-1.1"])
    place = ("elsewhere", ("role:dispatcher",))
    put(store, Save(family, family_of(root, child), (a_step(child),), {}, {child.id: place}))
    with store.read() as work:
        assert work.next_due() == MORNING + 9


def test_a_steady_step_of_a_root_whose_child_falls_due_sooner_writes_when_the_family_falls_due(store: Store) -> None:
    root = a_case(next_due=MORNING + 9)
    family = put(store, opening(root, children=(a_child(root),)))
    root = moved(family.cases["R-1"]).but(order=4)
    child = moved(family.cases["R-1.1"], next_due=MORNING + 7)
    steps, place = (a_step(root), a_step(child)), ("elsewhere", ("role:dispatcher",))
    put(store, Save(family, family_of(root, child), steps, {child.id: outlook(child)}, {"R-1": place}))
    with store.read() as work:
        assert work.next_due() == MORNING + 7
        [row] = work.worklist(Query(ids=("R-1",)))
        assert row.outlook.at(place) == row.outlook


def test_lists_go_by_sort_key_then_opening_then_id(store: Store) -> None:
    open_case(store, "R-4", 7)
    open_case(store, "R-3", 7)
    open_case(store, "R-2", 7, opened_at=MORNING - 1)
    open_case(store, "R-1", 9)
    open_case(store, "R-5", -3)
    assert listed(store) == ["R-5", "R-2", "R-3", "R-4", "R-1"]


@pytest.mark.parametrize("waiting", [(), ("role:dispatcher", "person:lin")])
def test_pages_follow_each_other_without_gap_or_repetition(store: Store, waiting: tuple[str, ...]) -> None:
    places = [(number % 3, MORNING + number % 2, f"R-{number:02d}") for number in range(30)]
    for sort_key, opened_at, name in places:
        both = ("person:lin", "role:dispatcher") if sort_key else ("role:dispatcher",)
        open_case(store, name, sort_key, {"waiting": both}, opened_at=opened_at)
    seen: list[str] = []
    after = None
    with store.read() as work:
        while page := work.worklist(Query(waiting=waiting, limit=7, after=after)):
            assert len(page) <= 7
            seen += [row.id for row in page]
            after = (page[-1].outlook.sort_key, page[-1].opened_at, page[-1].id)
        assert work.count(Query(waiting=waiting, limit=7, after=(1, 0, ""))) == 30
    assert seen == [name for _, _, name in sorted(places)]


def test_a_worklist_holds_what_waits_on_any_of_the_asked(store: Store) -> None:
    open_case(store, "R-1", 3, {"waiting": ("person:lin", "role:dispatcher")})
    open_case(store, "R-2", 2, {"waiting": ("role:agent",)})
    open_case(store, "R-3", 1, {"waiting": ()})
    assert listed(store, waiting=("person:lin", "role:dispatcher", "role:agent")) == ["R-2", "R-1"]
    assert listed(store, waiting=("role:agent",)) == ["R-2"]
    assert listed(store, waiting=("role:manager",)) == []
    assert listed(store, waiting=("role:agent", "role:agent")) == ["R-2"]


def test_a_case_leaves_a_worklist_when_it_no_longer_waits(store: Store) -> None:
    open_case(store, "R-1", 3, {"waiting": ("role:dispatcher",)})
    family = get(store, "R-1")
    after = moved(family.cases["R-1"])
    put(store, step(family, outlooks={"R-1": outlook(after, waiting=("role:technician",), sort_key=5)}))
    assert listed(store, waiting=("role:dispatcher",)) == []
    assert listed(store, waiting=("role:technician",)) == ["R-1"]
    put(store, step(get(store, "R-1"), {"closed_at": MORNING}))
    assert listed(store, waiting=("role:technician",)) == []
    assert listed(store, waiting=("role:dispatcher",), is_open=None) == []
    put(store, step(get(store, "R-1"), {"closed_at": None}))
    assert listed(store, waiting=("role:dispatcher",)) == ["R-1"]


def test_lists_are_narrowed_by_every_filter(store: Store) -> None:
    open_case(store, "R-1", 1, assignee="lin", position=Position(("on_site",)))
    open_case(store, "R-2", 2, {"overdue_since": MORNING}, position=Position(("a", "b", "on_site_2")))
    open_case(store, "R-3", 3, {"due_at": MORNING + 5}, closed_at=MORNING, outcome="done", assignee="lin")
    open_case(store, "C-4", 4, {"due_at": MORNING + 6}, process="complaint")
    assert listed(store, assignee="lin") == ["R-1"]
    assert listed(store, assignee="lin", is_open=None) == ["R-1", "R-3"]
    assert listed(store, is_open=False) == ["R-3"]
    assert listed(store, process="complaint") == ["C-4"]
    assert listed(store, state="b") == ["R-2"]
    assert listed(store, state="on_site") == ["R-1"]
    assert listed(store, state="on%") == []
    assert listed(store, overdue_at=MORNING) == ["R-2"]
    assert listed(store, overdue_at=MORNING + 6) == ["R-2"]
    assert listed(store, overdue_at=MORNING + 7) == ["R-2", "C-4"]  # though nobody has carried it out yet
    assert listed(store, overdue_at=MORNING + 6, is_open=False) == ["R-3"]
    assert listed(store, due_before=MORNING + 6, is_open=None) == ["R-3"]
    assert listed(store, due_before=MORNING + 7) == ["C-4"]
    assert listed(store, ids=("R-2", "C-4", "X-9")) == ["R-2", "C-4"]
    assert listed(store, ids=()) == []
    assert listed(store, waiting=("role:dispatcher",), process="repair", state="b", assignee=None) == ["R-2"]


def test_a_listing_shows_all_that_lists_need(store: Store) -> None:
    case = a_case(data={"fault": "没电"}, assignee="lin", queue="dispatcher", revision=7)
    seen = outlook(
        case,
        waiting=("person:lin", "role:dispatcher"),
        due_at=MORNING + 1,
        due_clock="arrival",
        overdue_since=MORNING + 2,
        overdue_clock="dispatch",
        remaining=3,
        paused_by="rescheduled",
        sort_key=-4,
    )
    put(store, opening(case, outlooks={"R-1": seen}, keys={"R-1": ("6222", False)}))
    with store.read() as work:
        (row,) = work.worklist(Query())
    assert row.outlook == seen
    assert (row.id, row.process, row.version, row.assignee, row.queue) == ("R-1", "repair", 1, "lin", "dispatcher")
    assert (row.key, row.opened_at, row.closed_at, row.revision) == ("6222", MORNING, None, 7)
    assert row.data == {"fault": "没电"}


def test_a_search_finds_by_id_business_key_and_personal_value(store: Store) -> None:
    case = a_case("R-1", private={"phone": "139", "name": "Wu"}, secret="aa")
    put(store, opening(case, searches={"R-1": {"phone": "h139", "name": "hWu"}}))
    put(store, opening(a_case("R-2"), keys={"R-2": ("139", False)}))
    with store.read() as work:
        assert work.search("R-1", "") == ("R-1",)
        assert work.search("139", "h139") == ("R-1", "R-2")
        assert work.search("Wu", "hWu") == ("R-1",)
        assert work.search("nothing", "h") == ()
    family = get(store, "R-1")
    put(store, step(family, {"private": {"phone": "138", "name": "Wu"}}, searches={"R-1": {"phone": "h138"}}))
    with store.read() as work:
        assert work.search("", "h139") == ()
        assert work.search("", "h138") == ("R-1",)
        assert work.search("", "hWu") == ("R-1",)
    put(store, step(get(store, "R-1"), {"private": {}}))
    with store.read() as work:
        assert work.search("", "h138") == work.search("", "hWu") == ()


# -- due work ----------------------------------------------------------------------------------------------------------


def due(store: Store, before: int = 100, limit: int = 10) -> list[str]:
    with store.write() as work:
        found = work.due_roots(before, limit)
        assert work.count_due(before) >= len(found)
        return found


def test_families_come_in_due_order_and_only_those_due_before(store: Store) -> None:
    for name, next_due in (("R-1", 30), ("R-2", 10), ("R-3", None), ("R-4", 20), ("R-5", 10)):
        open_case(store, name, next_due=next_due)
    assert due(store) == ["R-2", "R-5", "R-4", "R-1"]
    assert due(store, limit=2) == ["R-2", "R-5"]
    assert due(store, before=20) == ["R-2", "R-5"]
    assert due(store, before=10) == []
    with store.read() as work:
        assert (work.next_due(), work.count_due(21), work.count_due(10)) == (10, 3, 0)


def test_a_family_falls_due_with_its_earliest_member(store: Store) -> None:
    root = a_case(next_due=50)
    family = put(store, opening(root, children=(a_child(root, 1, next_due=20), a_child(root, 2))))
    assert due(store, before=21) == ["R-1"]
    after = {name: moved(case, next_due=None) for name, case in family.cases.items() if name == "R-1.1"}
    root = moved(family.cases["R-1"])
    members = family_of(root, after["R-1.1"], family.cases["R-1.2"])
    save = step(family)
    save = type(save)(
        before=family, after=members, steps=save.steps, outlooks={c.id: outlook(c) for c in (root, *after.values())}
    )
    put(store, save)
    assert due(store, before=50) == []
    assert due(store, before=51) == ["R-1"]


def test_a_family_set_aside_is_not_due_until_its_fault_is_cleared(store: Store) -> None:
    open_case(store, "R-1", next_due=10)
    open_case(store, "R-2", next_due=20)
    faults = [Fault(id=f"F-{n}", root=f"R-{n}", at=n, message="维修 failed", traceback="…\x00") for n in (2, 1)]
    with store.write() as work:
        for fault in faults:
            work.set_aside(fault)
    assert due(store) == []
    with store.read() as work:
        assert work.next_due() is None
        assert [fault.id for fault in work.faults()] == ["F-1", "F-2"]
        assert work.faults()[0].message == "维修 failed"
    assert get(store, "R-1").cases["R-1"].fault == "F-1"
    with store.write() as work:
        work.clear_fault("F-1")
        work.clear_fault("F-9")
    assert due(store) == ["R-1"]
    assert get(store, "R-1").cases["R-1"].fault is None
    family = put(store, step(get(store, "R-2"), {"next_due": 5}))
    assert family.cases["R-2"].fault == "F-2"
    assert due(store) == ["R-1"]
    with store.write() as work:
        work.clear_fault("F-2")
        assert work.faults() == []
    assert due(store) == ["R-2", "R-1"]


def test_clearing_an_old_fault_leaves_a_newer_one(store: Store) -> None:
    open_case(store, "R-1", next_due=10)
    with store.write() as work:
        for name in ("F-1", "F-2"):
            work.set_aside(Fault(id=name, root="R-1", at=1, message="", traceback=""))
        work.clear_fault("F-1")
        assert [fault.id for fault in work.faults()] == ["F-2"]
    assert due(store) == []


def test_a_fault_without_a_family_is_kept(store: Store) -> None:
    with store.write() as work:
        work.set_aside(Fault(id="F-1", root="R-9", at=1, message="opening failed", traceback=""))
    with store.write() as work:
        assert [fault.root for fault in work.faults()] == ["R-9"]
        work.clear_fault("F-1")
        assert work.faults() == []


def test_families_of_an_import_fall_due_when_it_is_finished(store: Store) -> None:
    root = a_case("R-1", next_due=30, importing="old desk")
    put(store, opening(root, children=(a_child(root, 1, next_due=20, importing="old desk"),)))
    open_case(store, "R-2", next_due=5, importing="old desk")
    open_case(store, "R-3", next_due=40, importing="other")
    open_case(store, "R-4", next_due=50)
    with store.write() as work:
        work.set_aside(Fault(id="F-2", root="R-2", at=1, message="", traceback=""))
    assert due(store) == ["R-4"]
    with store.write() as work:
        work.finish_import("old desk")
    assert due(store) == ["R-1", "R-4"]
    assert [case.importing for case in get(store, "R-1").cases.values()] == [None, None]
    with store.write() as work:
        work.clear_fault("F-2")
    assert due(store) == ["R-2", "R-1", "R-4"]


def test_clearing_a_fault_does_not_end_an_import(store: Store) -> None:
    open_case(store, "R-1", next_due=5, importing="old desk")
    with store.write() as work:
        work.set_aside(Fault(id="F-1", root="R-1", at=1, message="", traceback=""))
        work.clear_fault("F-1")
    assert due(store) == []


def test_a_step_after_a_fault_in_one_transaction_is_possible(store: Store) -> None:
    open_case(store, "R-1", next_due=5)
    with store.write() as work:
        work.set_aside(Fault(id="F-1", root="R-1", at=1, message="", traceback=""))
        work.clear_fault("F-1")
        family = work.family("R-1", lock=True)
        assert family is not None
        work.save(step(family, {"next_due": 7}))
    assert due(store, before=8) == ["R-1"]


def test_a_reader_may_not_write(store: Store) -> None:
    with store.read() as work, pytest.raises(StoreUnavailable):
        work.set_setting("zone", "UTC")


def test_one_line_tells_where_its_case_stands(store: Store) -> None:
    receivers = ("role:dispatcher", "person:lin")
    open_case(store, "R-1", 7, {"waiting": receivers})
    open_case(store, "R-2")
    with store.read() as work:
        assert work.listed("R-9") is None
        line, stands = work.listed("R-1") or (None, ())
        assert (line, sorted(stands)) == (work.worklist(Query(ids=("R-1",)))[0].outlook, sorted(receivers))
        work.family("R-2", lock=False)
        assert work.listed("R-2") == (work.worklist(Query(ids=("R-2",)))[0].outlook, ("role:dispatcher",))


def test_the_chains_of_all_cases_are_walked_in_order(store: Store) -> None:
    for name in ("R-2", "R-10", "R-1"):
        open_case(store, name)
    put(store, step(get(store, "R-10")))
    with store.read() as work:
        walked = list(work.chains())
        assert [place[:2] for place in walked] == [("R-1", 1), ("R-10", 1), ("R-10", 2), ("R-2", 1)]
        records = {(one.case, one.sequence): (one.text, one.hash) for case, *_ in walked for one in work.records(case)}
        assert {(case, sequence): (text, hashed) for case, sequence, text, hashed in walked} == records
