"""What may have been opened twice: other open cases of a process with the same business key, phone or e-mail."""

from __future__ import annotations

import pytest

from engine import Actor, Engine, NotPermitted
from engine.app import likeness
from engine.testing import ManualTime
from tests.app.desks import (
    ADMIN,
    BOSS,
    LIN,
    MINUTE,
    MO,
    PARCEL,
    RUN,
    STRANGER,
    deliver,
    done,
    open_errand,
    send,
    sources,
)


def alike(engine: Engine, case: str, actor: Actor | None = LIN) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.case.id, one.fields) for one in engine.alike(case, actor=actor)]


def test_a_matter_that_two_opened_is_known_again_by_its_phone_however_it_is_written(
    engine: Engine, time: ManualTime
) -> None:
    first = open_errand(engine, phone="139-0000-0001")
    time.move(MINUTE)
    second = open_errand(engine, phone="139-0000-0001", what="bread", actor=MO)
    open_errand(engine, phone="139-0000-0002")
    done(engine.open_case("parcel", {"waybill": "SF1", "phone": "13900000001"}, actor=LIN))  # of another process
    third = open_errand(engine, phone="(139) 0000 0001")
    assert alike(engine, third) == [(second, ("phone",)), (first, ("phone",))]  # the youngest first


def test_without_an_answer_that_tells_nothing_is_alike(engine: Engine) -> None:
    assert [alike(engine, open_errand(engine)) for _ in range(2)] == [[], []]
    assert [alike(engine, open_errand(engine, phone="-")) for _ in range(2)] == [[], []]


def test_what_is_closed_or_merged_is_not_opened_twice(engine: Engine) -> None:
    dropped, delivered, taken_in = (open_errand(engine, phone="139") for _ in range(3))
    done(engine.act(dropped, "drop", actor=LIN))
    send(engine, delivered)
    deliver(engine, delivered)
    last = open_errand(engine, phone="139")
    assert alike(engine, last) == [(taken_in, ("phone",))]
    done(engine.merge(taken_in, last, actor=LIN))
    assert alike(engine, last) == []


def test_a_case_whose_time_is_over_is_not_named_though_no_worker_has_looked(engine: Engine, time: ManualTime) -> None:
    send(engine, open_errand(engine, phone="139"))
    time.move(7 * 60 * MINUTE)  # given up for lost after six hours
    assert alike(engine, open_errand(engine, phone="139")) == []


def test_a_business_key_that_several_may_have_is_named(engine: Engine) -> None:
    shared = PARCEL.replace("version: 1", "version: 2").replace("unique: true\n", "")
    engine.publish(sources(parcel=shared), "parcel", actor=ADMIN)
    first, second = (done(engine.open_case("parcel", {"waybill": "SF1"}, actor=LIN)).id for _ in range(2))
    assert alike(engine, second) == [(first, ("waybill",))]


def test_nobody_learns_of_a_case_that_they_may_not_read(engine: Engine) -> None:
    """Who opened one of these parcels never reads it; the host itself is told of all."""
    own = PARCEL.replace("version: 1", "version: 2").replace("unique: true\n", "never_by: [did.opening]\n")
    engine.publish(sources(parcel=own.replace("seen_by: [agent]\n", "")), "parcel", actor=ADMIN)
    first = done(engine.open_case("parcel", {"waybill": "SF1"}, actor=MO)).id
    second = done(engine.open_case("parcel", {"waybill": "SF1"}, actor=LIN)).id
    third = done(engine.open_case("parcel", {"waybill": "SF1"}, actor=MO)).id
    assert alike(engine, first, LIN) == [(third, ("waybill",))]
    assert alike(engine, second, MO) == []
    assert alike(engine, first, None) == [(second, ("waybill",)), (third, ("waybill",))]


def test_who_only_reads_a_case_does_not_learn_what_it_shares(engine: Engine) -> None:
    """Its phone is masked for them: that another case has the same one would tell of it."""
    first, second = (open_errand(engine, phone="139") for _ in range(2))
    send(engine, first)
    assert alike(engine, first, RUN) == [(second, ("phone",))]
    assert alike(engine, second, RUN) == []
    assert alike(engine, second, BOSS) == [(first, ("phone",))]


def test_a_phone_that_everybody_gives_tells_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likeness, "COMMON", 3)
    two = [open_errand(engine, phone="000") for _ in range(2)]
    assert alike(engine, two[1]) == [(two[0], ("phone",))]
    assert alike(engine, open_errand(engine, phone="000")) == []


def test_an_erased_phone_is_like_no_other(engine: Engine) -> None:
    first, second = (open_errand(engine, phone="139") for _ in range(2))
    engine.erase(first, actor=ADMIN, reason="asked for")
    assert alike(engine, second) == []
    assert alike(engine, first, None) == []


def test_a_stranger_asks_in_vain(engine: Engine) -> None:
    case = open_errand(engine, phone="139")
    with pytest.raises(NotPermitted, match="may not read"):
        engine.alike(case, actor=STRANGER)
