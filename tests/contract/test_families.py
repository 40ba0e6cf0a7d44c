"""What a store does with families of cases."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from engine.chart import Position
from engine.core.cases import Alarm, Case, Cycle, Done, Family, Goal, Head
from engine.errors import Conflict, UsageError
from engine.ports import Query, Save, Store, Transaction
from engine.store import open_store
from tests import postgres
from tests.contract.builders import (
    MINUTE,
    MORNING,
    a_case,
    a_child,
    a_message,
    a_request,
    a_step,
    family_of,
    get,
    moved,
    opening,
    outlook,
    put,
    step,
)
from tests.crash.kept import rows

WORDS = "维修 🔧 e\u0301 \u202eright\u202c \U0010ffff \ufeff \u0001 \t\n\\\"'%_"


def test_a_case_comes_back_as_it_was_saved(store: Store) -> None:
    case = a_case(
        position=Position(("a", "b"), (("waiting", ("x", "y")),)),
        data={"fault": WORDS, "none": None, "list": [1, {"deep": [True, 2.5]}], "paid": 2**53 - 1, "ok": False},
        done={"dispatch": Done(2, ("lin", "王芳")), "opening": Done(1, ("lin",))},
        needed={"": ("note",), "on_site": ("photo", "measure")},
        alarms={"waiting.nag": Alarm(due=MORNING + 5, since=MORNING, count=2), "x.y": Alarm(due=None, since=1, left=7)},
        clocks={
            "arrival": Head(
                active=True,
                cycle=2,
                goal=Goal("instant", MORNING + 9),
                started_at=MORNING,
                used=3,
                paused=("rescheduled",),
                fired={"goal - 5m": 1},
                breached_at=MORNING + 1,
                turns={"dispatcher": 12},
            ),
            "idle": Head(),
        },
        links={"visit": "R-1.1"},
        counts={"same_fault": 3},
        children=1,
        assignee="li.wei",
        queue="dispatcher",
        waiting=("party:customer",),
        next_due=MORNING + 5,
        private={"phone": "13900000000", "place": WORDS, "list": [1, None]},
        secret="ab" * 32,
    )
    assert put(store, opening(case)).cases == {"R-1": case}


def test_a_family_is_the_root_first_and_then_in_order_of_birth(store: Store) -> None:
    root = a_case()
    children = tuple(a_child(root, n) for n in (1, 2))
    grandchild = a_child(children[0], 1)
    family = put(store, opening(root, children=(children[1], children[0])))
    root = moved(family.cases["R-1"])
    after = family_of(root, *list(family.cases.values())[1:], grandchild)
    save = Save(
        before=family,
        after=replace_order(after, 5),
        steps=(a_step(root), a_step(grandchild)),
        outlooks={case.id: outlook(case) for case in (root, grandchild)},
    )
    assert list(put(store, save).cases) == ["R-1", "R-1.2", "R-1.1", "R-1.1.1"]
    with store.read() as work:
        assert work.root_of("R-1.1.1") == "R-1"
        assert work.root_of("R-9") is None
        assert work.family("R-1.1", lock=False) is None
        assert list(work.roots()) == ["R-1"]


def replace_order(family: Any, order: int) -> Any:
    root = family.cases[family.root].but(order=order)
    return family_of(root, *[case for case in family.cases.values() if case.id != family.root])


def test_a_step_changes_what_it_changed_and_nothing_else(store: Store) -> None:
    family = put(store, opening(a_case(private={"phone": "1"}, secret="aa", assignee="lin")))
    after = put(store, step(family, {"assignee": None, "data": {"fault": "x"}}))
    expected = moved(family.cases["R-1"], assignee=None, data={"fault": "x"})
    assert after.cases == {"R-1": expected}


def test_only_the_child_may_change_with_its_root(store: Store) -> None:
    root = a_case()
    family = put(store, opening(root, children=(a_child(root),)))
    child = moved(family.cases["R-1.1"], next_due=MORNING + 7)
    root = family.cases["R-1"].but(order=3)
    save = Save(
        before=family, after=family_of(root, child), steps=(a_step(child),), outlooks={child.id: outlook(child)}
    )
    assert put(store, save).cases["R-1.1"] == child
    with store.read() as work:
        assert work.next_due() == MORNING + 7


def test_personal_values_are_written_changed_and_cleared(store: Store) -> None:
    family = put(store, opening(a_case(private={"phone": "1", "place": "3-201"}, secret="aa")))
    family = put(store, step(family, {"private": {"phone": "2"}}))
    assert family.cases["R-1"].private == {"phone": "2"}
    assert family.cases["R-1"].secret == "aa"
    family = put(store, step(family, {"private": {}}))
    assert family.cases["R-1"].private == {}


def test_whoever_was_slower_gets_a_conflict_and_changes_nothing(store: Store) -> None:
    family = put(store, opening(a_case()))
    put(store, step(family, {"assignee": "lin"}))
    with pytest.raises(Conflict, match="`R-1` was changed meanwhile"), store.write() as work:
        work.save(step(family, {"assignee": "wang"}))
    assert get(store, "R-1").cases["R-1"].assignee == "lin"


def test_an_opening_under_a_taken_id_is_a_conflict(store: Store) -> None:
    put(store, opening(a_case()))
    with pytest.raises(Conflict), store.write() as work:
        work.save(opening(a_case()))


def test_the_order_of_a_family_must_count_its_records(store: Store) -> None:
    save = opening(a_case())
    with pytest.raises(ValueError, match="order"), store.write() as work:
        work.save(save.but(after=replace_order(save.after, 5)))


def test_an_exception_takes_everything_back(store: Store) -> None:
    family = put(store, opening(a_case()))

    def fail() -> None:
        with store.write() as work:
            changed = step(family, {"assignee": "lin"}, request=a_request(family.cases["R-1"]))
            work.save(changed)
            work.set_setting("zone", "Asia/Shanghai")
            assert work.family("R-1", lock=True) == changed.after
            assert work.next_number("R") == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.read() as work:
        assert work.family("R-1", lock=False) == family
        assert work.setting("zone") is None
        assert work.request("lin", "k1") is None
        assert [record.sequence for record in work.records("R-1")] == [1]
    with store.write() as work:
        assert work.next_number("R") == 1


def test_a_failed_save_keeps_nothing_even_if_its_error_is_swallowed(store: Store) -> None:
    family = put(store, opening(a_case()))
    put(store, step(family))

    def swallow() -> None:
        with store.write() as work:
            work.set_setting("zone", "Asia/Shanghai")
            with pytest.raises(Conflict):
                work.save(step(family))

    with pytest.raises(RuntimeError, match="nothing was kept"):
        swallow()
    with store.read() as work:
        assert work.setting("zone") is None


def test_a_part_that_fails_leaves_the_rest(store: Store) -> None:
    family = put(store, opening(a_case(private={"phone": "1"}, secret="aa")))
    put(store, step(family))
    with store.write() as work:
        work.set_setting("zone", "Asia/Shanghai")
        with pytest.raises(Conflict):
            in_part(work, lambda: (work.set_setting("zone", "UTC"), work.next_number("R"), work.save(step(family))))
        assert work.next_number("R") == 1
        in_part(work, lambda: work.save(step(locked(work), {"assignee": "lin"})))
        with pytest.raises(ZeroDivisionError):
            in_part(work, lambda: (work.save(step(locked(work), {"assignee": "wang", "private": {}})), 1 / 0))
        work.save(step(locked(work), {"queue": "dispatcher"}))
    with store.read() as work:
        assert work.setting("zone") == "Asia/Shanghai"
    case = get(store, "R-1").cases["R-1"]
    assert (case.assignee, case.queue, case.sequence, case.private) == ("lin", "dispatcher", 4, {"phone": "1"})


def test_after_a_part_that_failed_the_same_step_may_be_tried_again(store: Store) -> None:
    family = put(store, opening(a_case(private={"phone": "1"}, secret="aa")))
    with store.write() as work:
        found = locked(work)
        with pytest.raises(ZeroDivisionError):
            in_part(work, lambda: (work.save(step(found, {"private": {"phone": "2"}})), 1 / 0))
        work.save(step(found, {"private": {"phone": "3"}}))
    assert get(store, "R-1").cases["R-1"] == moved(family.cases["R-1"], private={"phone": "3"})


def in_part(work: Transaction, writes: Callable[[], object]) -> None:
    with work.part():
        writes()


def locked(work: Transaction) -> Family:
    family = work.family("R-1", lock=True)
    assert family is not None
    return family


def test_an_error_swallowed_within_a_part_takes_the_part_back(store: Store) -> None:
    family = put(store, opening(a_case()))
    put(store, step(family))

    def swallow(work: Transaction) -> None:
        work.set_setting("zone", "UTC")
        with pytest.raises(Conflict):
            work.save(step(family))

    with store.write() as work, pytest.raises(RuntimeError, match="nothing was kept"):
        in_part(work, lambda: swallow(work))
    with store.read() as work:
        assert work.setting("zone") is None


def test_two_steps_of_one_transaction_follow_each_other(store: Store) -> None:
    with store.write() as work:
        first = opening(a_case())
        work.save(first)
        second = step(first.after, {"private": {"phone": "1"}})
        work.save(second)
    assert get(store, "R-1") == second.after
    with store.write() as work:
        found = work.family("R-1", lock=True)
        assert found is not None
        third = step(found)
        work.save(third)
        work.save(step(third.after))
    assert get(store, "R-1").cases["R-1"].sequence == 4


def test_numbers_count_for_each_prefix(store: Store) -> None:
    with store.write() as work:
        assert [work.next_number(prefix) for prefix in ("R", "R", "C", "R")] == [1, 2, 1, 3]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda case: case.but(data={"note": "half \ud800"}),
        lambda case: case.but(data={"note": float("nan")}),
        lambda case: case.but(data={"note": object()}),
        lambda case: case.but(private={"phone": "half \udfff"}),
        lambda case: case.but(private={"phone": {1, 2}}),
    ],
)
def test_what_could_not_be_given_back_is_refused(store: Store, spoil: Any) -> None:
    with pytest.raises(UsageError, match="cannot be stored"), store.write() as work:
        work.save(opening(spoil(a_case())))
    with store.read() as work:
        assert work.root_of("R-1") is None


def test_a_record_with_half_a_character_is_refused(store: Store) -> None:
    case = a_case()
    with pytest.raises(UsageError, match="half a character"), store.write() as work:
        work.save(opening(case, steps=(a_step(case, text='{"note":"\ud800"}'),)))


def test_big_values_come_back(store: Store) -> None:
    case = a_case(data={"note": "长" * 900_000}, private={"letter": "x" * 900_000}, secret="aa")
    assert put(store, opening(case)).cases["R-1"] == case


# -- business keys and requests ----------------------------------------------------------------------------------------


def keyed(case: Case, key: str | None, is_unique: bool = True) -> Save:
    return opening(case, keys={case.id: (key, is_unique)})


def test_only_one_open_case_may_have_a_unique_business_key(store: Store) -> None:
    put(store, keyed(a_case("C-1", process="card"), "6222"))
    put(store, keyed(a_case("C-2", process="card"), "6223"))
    put(store, keyed(a_case("P-1", process="parcel"), "6222"))
    with pytest.raises(Conflict), store.write() as work:
        work.save(keyed(a_case("C-3", process="card"), "6222"))
    family = get(store, "C-1")
    put(store, step(family, {"closed_at": MORNING + 1, "outcome": "done"}))
    put(store, keyed(a_case("C-3", process="card"), "6222"))
    with pytest.raises(Conflict), store.write() as work:
        work.save(step(get(store, "C-1"), {"closed_at": None, "outcome": ""}))
    assert get(store, "C-1").cases["C-1"].closed_at == MORNING + 1


def test_other_business_keys_may_repeat(store: Store) -> None:
    for name in ("C-1", "C-2"):
        put(store, keyed(a_case(name), "6222", is_unique=False))
    with store.read() as work:
        assert work.search("6222", "") == ("C-1", "C-2")


def test_a_business_key_leads_to_its_open_root(store: Store) -> None:
    root = a_case("C-1")
    put(store, opening(root, children=(a_child(root),), keys={"C-1": ("6222", True), "C-1.1": ("6223", False)}))
    with store.read() as work:
        assert work.open_with_key("repair", "6222") == "C-1"
        assert work.open_with_key("card", "6222") is None
        assert work.open_with_key("repair", "6223") is None
    put(store, step(get(store, "C-1"), {"closed_at": MORNING}))
    with store.read() as work:
        assert work.open_with_key("repair", "6222") is None


def test_a_business_key_stays_unless_a_save_changes_it(store: Store) -> None:
    family = put(store, keyed(a_case("C-1"), "6222"))
    family = put(store, step(family))
    family = put(store, step(family, keys={"C-1": ("6224", True)}))
    with store.read() as work:
        assert work.search("6222", "") == ()
        assert work.search("6224", "") == ("C-1",)
    put(store, keyed(a_case("C-2"), "6222"))


def test_a_business_key_with_nul_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="NUL"), store.write() as work:
        work.save(keyed(a_case(), "62\x0022"))


def test_a_request_is_known_again_by_sender_and_key(store: Store) -> None:
    case = a_case()
    asked = a_request(case, key=WORDS)
    put(store, opening(case, request=asked))
    with store.read() as work:
        assert work.request("lin", WORDS) == asked
        assert work.request("wang", WORDS) is None
        assert work.request("lin", "other") is None


def test_a_key_is_kept_once(store: Store) -> None:
    family = put(store, opening(a_case(), request=a_request(a_case())))
    with pytest.raises(Conflict), store.write() as work:
        work.save(step(family, request=a_request(a_case())))
    put(store, step(family, request=a_request(a_case(), sender="wang")))


def test_keys_of_cases_closed_long_ago_are_forgotten(store: Store) -> None:
    for name, closed in (("R-1", MORNING), ("R-2", MORNING + 2), ("R-3", None)):
        case = a_case(name, closed_at=closed)
        put(store, opening(case, request=a_request(case, key=name)))
    with store.write() as work:
        assert work.forget_requests(MORNING + 1) == 1
    with store.read() as work:
        assert [work.request("lin", name) is None for name in ("R-1", "R-2", "R-3")] == [True, False, False]


# -- other families ----------------------------------------------------------------------------------------------------


def test_like_cases_are_counted_by_their_fields_within_a_time(store: Store) -> None:
    table: list[tuple[int, dict[str, Any]]] = [
        (0, {"article": "A%_~1", "problem": "broken", "n": 1}),
        (MINUTE, {"article": "A%_~1", "problem": "broken", "n": 12}),
        (2 * MINUTE, {"article": "A%_~1", "problem": "late", "n": 1}),
        (3 * MINUTE, {"article": "a%_~1", "problem": "broken", "n": True}),
        (4 * MINUTE, {"article": "A%_~1", "n": 1.0}),
    ]
    for number, (later, data) in enumerate(table):
        put(store, opening(a_case(f"C-{number}", opened_at=MORNING + later, data=data)))
    put(store, opening(a_case("X-1", process="other", data=table[0][1])))
    with store.read() as work:

        def count(values: dict[str, Any], since: int = 0, until: int = 4) -> int:
            return work.count_like("repair", values, MORNING + since * MINUTE, MORNING + until * MINUTE)

        assert count({"article": "A%_~1", "problem": "broken"}) == 2
        assert count({"article": "A%_~1", "problem": "broken"}, 1, 4) == 1
        assert count({"article": "A%_~1", "problem": "broken"}, 0, 0) == 1
        assert count({"article": "A%_~1", "problem": None}) == 1
        assert count({"n": 1}) == 3
        assert count({"n": True}) == 1
        assert count({"article": "A"}) == 0
        assert count({}) == 5
        assert count({"article": "长" * 10_000}) == 0


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_links_can_be_followed_back_in_sql(kind: str, tmp_path: Path) -> None:
    """No verb asks for them; the reference of the tables promises them to whoever reads the database."""
    with ExitStack() as stack:
        place = str(tmp_path / "desk.db") if kind == "sqlite" else stack.enter_context(postgres.database())
        with closing(open_store(place, create=True)) as store:
            put(store, opening(a_case("R-1", links={"visit": "V-1"})))
            family = put(store, opening(a_case("R-2")))
            put(store, step(family, {"links": {"visit": "V-1", "refund": "F-1"}}))
        assert rows(place, "SELECT target, case_id, link FROM links ORDER BY target, case_id") == [
            ("F-1", "R-2", "refund"),
            ("V-1", "R-1", "visit"),
            ("V-1", "R-2", "visit"),
        ]


# -- records -----------------------------------------------------------------------------------------------------------


def test_records_come_by_sequence_and_a_familys_in_its_order(store: Store) -> None:
    root = a_case()
    family = put(store, opening(root, children=(a_child(root),)))
    for _ in range(3):
        family = put(store, step(family))
    child = moved(family.cases["R-1.1"])
    put(
        store,
        Save(
            before=family,
            after=family_of(family.cases["R-1"].but(order=6), child),
            steps=(a_step(child),),
            outlooks={child.id: outlook(child)},
        ),
    )
    with store.read() as work:
        records = list(work.records("R-1"))
        assert [record.sequence for record in records] == [1, 2, 3, 4]
        assert [record.sequence for record in work.records("R-1", after=2)] == [3, 4]
        assert list(work.records("R-9")) == []
        places = [(record.order, record.case) for record in work.family_records("R-1")]
        assert places == [(1, "R-1"), (2, "R-1.1"), (3, "R-1"), (4, "R-1"), (5, "R-1"), (6, "R-1.1")]
    expected = a_step(moved(a_case()))
    assert (records[1].text, records[1].hash) == (expected.text, expected.hash)


def test_more_records_than_one_page_come_without_a_gap(store: Store) -> None:
    with store.write() as work:
        save = opening(a_case())
        work.save(save)
        for _ in range(1_100):
            save = step(save.after)
            work.save(save)
    with store.read() as work:
        assert [record.sequence for record in work.records("R-1")] == list(range(1, 1_102))
        assert [record.order for record in work.family_records("R-1")] == list(range(1, 1_102))


def test_more_roots_than_one_page_come_in_order(store: Store) -> None:
    names = [f"R-{number:04d}" for number in range(1_100)]
    with store.write() as work:
        for name in reversed(names):
            work.save(opening(a_case(name)))
    with store.read() as work:
        assert list(work.roots()) == names


def test_a_record_text_comes_back_letter_for_letter(store: Store) -> None:
    case = a_case()
    text = f'{{"note":"{WORDS}"}}'
    put(store, opening(case, steps=(a_step(case, text=text),)))
    with store.read() as work:
        assert next(work.records("R-1")).text == text


# -- cycles and messages of a step -------------------------------------------------------------------------------------


def test_a_clock_cycle_is_written_at_its_breach_and_again_at_its_end(store: Store) -> None:
    cycle = Cycle(
        case="R-1",
        clock="arrival",
        cycle=1,
        started_at=MORNING,
        ended_at=None,
        result="breached",
        goal=Goal("length", 20 * MINUTE),
        used=20 * MINUTE,
        breached_at=MORNING + 20 * MINUTE,
        turns={"dispatcher": 20 * MINUTE},
    )
    case = a_case()
    family = put(store, opening(case, steps=(a_step(case, cycles=(cycle,)),)))
    ended = cycle.but(ended_at=MORNING + 30 * MINUTE, used=30 * MINUTE)
    after = moved(family.cases["R-1"])
    other = cycle.but(clock="accept", goal=Goal("instant", MORNING), breached_at=None, result="met", turns={})
    with store.read() as work:
        assert work.cycles("R-1") == [cycle]
    put(store, step(family, steps=(a_step(after, cycles=(ended, other)),)))
    with store.read() as work:
        assert work.cycles("R-1") == [other, ended]
        assert work.cycles("R-2") == []


def test_messages_leave_with_their_step_or_not_at_all(store: Store) -> None:
    case = a_case()
    put(store, opening(case, steps=(a_step(case, outgoing=(a_message(case, 0), a_message(case, 1))),)))
    other = a_case("R-2")

    def fail() -> None:
        with store.write() as work:
            work.save(opening(other, steps=(a_step(other, outgoing=(a_message(other),)),)))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.read() as work:
        assert [(mail.message.case, mail.message.number) for mail in work.outbox()] == [("R-1", 0), ("R-1", 1)]
        assert work.count(Query()) == 1
