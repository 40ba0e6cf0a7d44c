"""Idempotency keys: the same request twice acts once."""

from __future__ import annotations

import pytest

from engine import Accepted, Act, Engine, KeyReused, NotPermitted, Person
from engine.testing import ManualTime
from tests.app.desks import ADMIN, BOSS, DAY, LIN, MINUTE, MO, done, open_errand, refused, send


def test_the_same_opening_twice_opens_one_case(engine: Engine) -> None:
    first = engine.open_case("errand", {"what": "milk"}, actor=LIN, key="k1")
    again = engine.open_case("errand", {"what": "milk"}, actor=LIN, key="k1")
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert (first.is_repeat, again.is_repeat) == (False, True)
    assert again.case.id == first.case.id
    assert again.record == first.record
    assert open_errand(engine) == "E-2"


@pytest.mark.parametrize("verb", ["act", "claim", "release", "assign", "attach"])
def test_every_verb_takes_a_key(engine: Engine, verb: str) -> None:
    case = open_errand(engine)
    calls = {
        "act": lambda: engine.act(case, "remark", {"note": "x"}, actor=LIN, key="k"),
        "claim": lambda: engine.claim(case, actor=LIN, key="k"),
        "release": lambda: engine.release(case, actor=BOSS, key="k"),
        "assign": lambda: engine.assign(case, "mo", actor=BOSS, key="k"),
        "attach": lambda: engine.attach(case, "a.txt", b"a", actor=LIN, key="k"),
    }
    first, again = calls[verb](), calls[verb]()
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert again.is_repeat
    assert again.record["seq"] == first.record["seq"] == engine.case(case).sequence


def test_a_known_key_is_answered_before_anything_else(engine: Engine, time: ManualTime) -> None:
    # The answer to the first request was lost; meanwhile the case went on, and the action is not possible any more.
    case = open_errand(engine)
    send(engine, case, key="k")
    time.move(DAY)
    again = engine.act(
        case, "send", {"runner": "run"}, actor=LIN, facts={}, key="k", expect_revision=1
    )  # facts and the revision expected are not of the content
    assert isinstance(again, Accepted)
    assert again.is_repeat
    assert again.record["to"] == ["running"]
    assert again.case.position == ("dropped",)


def test_a_key_with_another_content_says_so(engine: Engine) -> None:
    case = open_errand(engine)
    done(engine.act(case, "remark", {"note": "x"}, actor=LIN, key="k"))
    with pytest.raises(KeyReused, match=f"key `k` was used by `lin` for another command, on `{case}`"):
        engine.act(case, "remark", {"note": "y"}, actor=LIN, key="k")
    with pytest.raises(KeyReused):
        engine.act(case, "hold", actor=LIN, key="k")
    with pytest.raises(KeyReused):
        engine.open_case("errand", {"what": "milk"}, actor=LIN, key="k")
    assert len(engine.history(case)) == 2


def test_each_sender_has_keys_of_their_own(engine: Engine) -> None:
    case = open_errand(engine)
    assert done(engine.act(case, "remark", {"note": "lin's"}, actor=LIN, key="k")).data["note"] == "lin's"
    assert done(engine.act(case, "remark", {"note": "mo's"}, actor=MO, key="k")).data["note"] == "mo's"


def test_a_refused_command_keeps_no_key(engine: Engine) -> None:
    case = open_errand(engine)
    form = {"runner": "run"}
    assert refused(engine.act(case, "send", form, actor=LIN, facts={"at_work": []}, key="k")) == ["at_work"]
    assert done(engine.act(case, "send", form, actor=LIN, facts={"at_work": ["run"]}, key="k")).position == ("running",)
    assert refused(engine.open_case("errand", {}, actor=LIN, key="o")) == ["form"]
    assert done(engine.open_case("errand", {"what": "milk"}, actor=LIN, key="o")).id == "E-2"


def test_a_batch_takes_keys_too(engine: Engine) -> None:
    case = open_errand(engine)
    acts = [Act(case=case, action="remark", form={"note": "x"}, key="a"), Act(case=case, action="hold", key="b")]
    engine.act_many(acts, actor=LIN)
    again = engine.act_many(acts, actor=LIN)
    assert [isinstance(one, Accepted) and one.is_repeat for one in again] == [True, True]
    assert len(engine.history(case)) == 3


def test_a_key_lives_as_long_as_its_case_and_thirty_days(engine: Engine, time: ManualTime) -> None:
    case = done(engine.open_case("errand", {"what": "milk"}, actor=LIN, key="k")).id
    done(engine.act(case, "drop", actor=LIN, key="over"))
    time.move(29 * DAY)
    engine.tick()
    assert engine.act(case, "drop", actor=LIN, key="over").is_repeat  # type: ignore[union-attr]
    time.move(2 * DAY)
    engine.tick()
    assert refused(engine.act(case, "drop", actor=LIN, key="over")) == ["state"]


def test_the_key_of_an_open_case_is_never_forgotten(engine: Engine, time: ManualTime) -> None:
    done(engine.open_case("parcel", {"waybill": "SF1"}, actor=LIN, key="k"))
    for _ in range(3):
        time.move(200 * DAY)
        engine.tick()
    assert done(engine.open_case("parcel", {"waybill": "SF1"}, actor=LIN, key="k")).id == "P-1"


def test_who_repeats_must_still_be_known(engine: Engine) -> None:
    for name, role in (("root", "admin"), ("lin", "agent")):
        engine.save_person(Person(id=name, name=name, roles=(role,)), actor=ADMIN)
    case = open_errand(engine, actor="lin")
    done(engine.act(case, "hold", actor="lin", key="k"))
    engine.save_person(Person(id="lin", name="lin", roles=(), is_active=False), actor=ADMIN)
    with pytest.raises(NotPermitted):
        engine.act(case, "hold", actor="lin", key="k")


def test_a_repeat_is_answered_while_the_promise_ran_on(engine: Engine, time: ManualTime) -> None:
    case = done(engine.open_case("errand", {"what": "milk"}, actor=LIN, key="k")).id
    time.move(16 * MINUTE)
    again = engine.open_case("errand", {"what": "milk"}, actor=LIN, key="k")
    assert isinstance(again, Accepted)
    assert (again.case.id, again.case.clocks["sent"].status) == (case, "breached")
    assert len(engine.history(case)) == 1  # a repeat writes nothing
