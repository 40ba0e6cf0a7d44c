"""Events of other systems: what every store keeps of them, and which cases it finds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.errors import Outrun
from engine.ports import HeardEvent, Listening, Store
from tests.contract.builders import MORNING, a_case, opening, put, step

HOUR = 3_600_000
SCANNED = ("parcel_scanned", "m1")


def an_event(key: str = "e-1", **changes: Any) -> HeardEvent:
    given: dict[str, Any] = {
        "event": "parcel_scanned", "sender": "sf", "roles": ("courier_feed",), "key": key, "digest": "d", "at": MORNING,
        "status": "kept", "until": MORNING + HOUR, "fields": {"waybill": "SF9", "weight": 1.5}, "private": {},
    }  # fmt: skip
    return HeardEvent(**{**given, **changes})


def listening(*new: tuple[str, str], gone: tuple[tuple[str, str], ...] = ()) -> dict[str, Listening]:
    return {"R-1": Listening(frozenset(gone), frozenset(new))}


def test_a_case_is_found_by_the_mark_it_was_saved_with(store: Store) -> None:
    put(store, opening(a_case(), listening=listening(SCANNED, ("order_delivered", "m2"))))
    with store.read() as tx:
        assert tx.listeners(*SCANNED, 10) == ["R-1"]
        assert tx.listeners("parcel_scanned", "m2", 10) == []
        assert tx.listens("R-1") == [("order_delivered", "m2"), SCANNED]


def test_a_case_is_found_no_longer_by_what_has_gone(store: Store) -> None:
    family = put(store, opening(a_case(), listening=listening(SCANNED)))
    put(store, step(family, listening=listening(("parcel_scanned", "m3"), gone=(SCANNED,))))
    with store.read() as tx:
        assert tx.listeners(*SCANNED, 10) == []
        assert tx.listens("R-1") == [("parcel_scanned", "m3")]


def test_no_more_cases_are_named_than_were_asked_for_and_always_the_same(store: Store) -> None:
    for name in ("R-3", "R-1", "R-2"):
        change = {name: Listening(frozenset(), frozenset([SCANNED]))}
        put(store, opening(a_case(name), listening=change))
    with store.read() as tx:
        assert tx.listeners(*SCANNED, 2) == ["R-1", "R-2"]


def test_an_event_comes_back_as_it_was_kept(store: Store) -> None:
    private = {"payer": "Wu Min", "lines": [{"n": 1}]}
    with store.write() as tx:
        held = tx.hold_event(an_event(private=private, occurred_at=MORNING - 5, cases=("R-1", "R-2")), ["m1", "m2"])
    assert held.number > 0
    with store.read() as tx:
        assert tx.held_event("sf", "e-1") == held == tx.event(held.number)
        assert tx.held_event("sf", "e-2") is None
        assert tx.waiting_events(*SCANNED, MORNING) == tx.waiting_events("parcel_scanned", "m2", MORNING) == [held]
        assert tx.waiting_events("parcel_scanned", "m3", MORNING) == []
        assert held.private == private


def test_events_wait_in_the_order_in_which_they_were_heard_and_until_their_time_is_over(store: Store) -> None:
    with store.write() as tx:
        first = tx.hold_event(an_event("late", until=MORNING + 2 * HOUR), ["m1"])
        second = tx.hold_event(an_event("early"), ["m1"])
        tx.hold_event(an_event("other", status="ignored"), [])
    with store.read() as tx:
        assert tx.waiting_events(*SCANNED, MORNING + HOUR - 1) == [first, second]
        assert tx.waiting_events(*SCANNED, MORNING + HOUR) == [first]
        assert tx.events(MORNING, 10) == [first, second]
        assert tx.events(MORNING, 1) == [first]


def test_one_that_was_refused_waits_no_longer_and_is_still_shown(store: Store) -> None:
    with store.write() as tx:
        held = tx.hold_event(an_event(), ["m1"])
        refused = replace(held, status="refused", reasons=({"en": "no", "zh": "不"},), cases=("R-1",))
        tx.update_event(refused)
    with store.read() as tx:
        assert tx.waiting_events(*SCANNED, MORNING) == []
        assert tx.events(MORNING, 10) == [refused]


def test_one_that_is_gone_can_be_neither_taken_nor_changed_again(store: Store) -> None:
    with store.write() as tx:
        held = tx.hold_event(an_event(), ["m1"])
        tx.forget_event(held.number)
    for again in ("forget", "update"):
        with pytest.raises(Outrun), store.write() as tx:
            tx.forget_event(held.number) if again == "forget" else tx.update_event(held)
    with store.read() as tx:
        assert tx.event(held.number) is None
        assert tx.waiting_events(*SCANNED, MORNING) == []


def test_an_id_is_taken_once_for_each_sender(store: Store) -> None:
    with store.write() as tx:
        tx.hold_event(an_event(), [])
        tx.hold_event(an_event(sender="sto"), [])
    with pytest.raises(Outrun), store.write() as tx:
        tx.hold_event(an_event(), [])


def test_events_whose_time_is_over_are_let_go_of(store: Store) -> None:
    with store.write() as tx:
        tx.hold_event(an_event("old"), ["m1"])
        young = tx.hold_event(an_event("young", until=MORNING + 2 * HOUR), ["m1"])
        tx.forget_events(MORNING + HOUR)
    with store.read() as tx:
        assert tx.held_event("sf", "old") is None
        assert tx.waiting_events(*SCANNED, MORNING) == [young]


def test_events_of_an_import_wait_apart_until_it_is_finished(store: Store) -> None:
    with store.write() as tx:
        held = tx.hold_event(an_event(importing="day"), ["m1"])
    with store.read() as tx:
        assert tx.waiting_events(*SCANNED, MORNING) == []
        assert tx.waiting_events(*SCANNED, MORNING, "day") == [held]
    with store.write() as tx:
        tx.finish_import("day")
        assert tx.waiting_events(*SCANNED, MORNING) == [replace(held, importing="")]
