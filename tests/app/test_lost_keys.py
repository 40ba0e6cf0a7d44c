"""A case whose key is lost shows all that is not private, goes on where no private value is needed, and is mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from engine import Accepted, Actor, Engine, KeyMissing, Person, Search, VerificationFailed
from engine.testing import ManualTime
from tests.app.desks import ADMIN, ERRAND, LIN, MINUTE, RUN, done, open_errand, send, sources

BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
"""In memory no key is stored."""

CALLING_BACK = ERRAND.replace("version: 1", "version: 2").replace(
    "form: {require: [note]}, to: stay", "form: {require: [note], allow: [phone]}, to: stay"
)

Mend = Callable[[], None]


@pytest.fixture(params=["gone", "spoilt", "under a host's key that is not here"])
def lost(request: pytest.FixtureRequest, engine: Engine, time: ManualTime) -> Iterator[tuple[Engine, Mend]]:
    """Another process, after the keys of the only case and its file were lost; how they come back."""
    engine.publish(sources(errand=CALLING_BACK), "errand", actor=ADMIN)
    case = open_errand(engine, what="milk", phone="139 0000 0001")
    done(engine.attach(case, "a.txt", b"a", actor=LIN))
    owners = (case, f"{case}/files")
    with engine._store.read() as tx:
        ask = tx._ask  # type: ignore[attr-defined]
        kept = {one: ask("SELECT secret FROM case_keys WHERE case_id = ?", (one,)).fetchone()[0] for one in owners}

    def write(statement: str, *values: str) -> None:
        with engine._store.write() as tx:
            tx._ask(statement, values)  # type: ignore[attr-defined]

    def mend() -> None:
        for owner, secret in kept.items():
            write("DELETE FROM case_keys WHERE case_id = ?", owner)
            write("INSERT INTO case_keys (case_id, secret) VALUES (?, ?)", owner, secret)

    for owner in owners:
        if request.param == "gone":
            write("DELETE FROM case_keys WHERE case_id = ?", owner)
        else:
            secret = "no key" if request.param == "spoilt" else "~0a1b2c3d:AAAA"
            write("UPDATE case_keys SET secret = ? WHERE case_id = ?", secret, owner)
    with Engine(engine._opener(), time=time) as other:
        yield other, mend
    mend()


TROUBLE = (KeyMissing, VerificationFailed)


@BOTH
def test_all_that_is_not_private_is_shown_and_what_cannot_be_read_is_named(lost: tuple[Engine, Mend]) -> None:
    engine, mend = lost
    view = engine.case("E-1", actor=LIN)
    assert view.data["what"] == "milk"
    assert set(view.data["phone"]) == {"sealed"}
    assert view.unreadable.fields == ("phone",)
    assert view.unreadable.why.startswith("the key `E-1` of private values ")
    assert view.erased == ()
    may_not_see = Actor(id="xu", roles=("admin",))
    assert engine.case("E-1", actor=may_not_see).unreadable.fields == ()
    assert [record["name"] for record in engine.history("E-1", actor=LIN)] == ["errand", ""]
    assert [row.unreadable.fields for row in engine.worklist(Search(actor=LIN)).rows] == [("phone",)]
    assert [one.name for one in engine.attachments("E-1", actor=LIN)] == [""]
    mend()
    view = engine.case("E-1", actor=LIN)
    assert view.data["phone"] == "139 0000 0001"
    assert view.unreadable.fields == ()


@BOTH
def test_a_form_begins_without_what_cannot_be_read(lost: tuple[Engine, Mend]) -> None:
    engine, mend = lost
    asked = {field.field.name: field.present for one in engine.allowed("E-1", actor=LIN) for field in one.form}
    assert asked["phone"] is None
    mend()
    asked = {field.field.name: field.present for one in engine.allowed("E-1", actor=LIN) for field in one.form}
    assert asked["phone"] == "139 0000 0001"


@BOTH
def test_what_needs_no_private_value_goes_on_and_the_audit_holds(lost: tuple[Engine, Mend], time: ManualTime) -> None:
    engine, mend = lost
    assert send(engine, "E-1").position == ("running",)
    time.move(16 * MINUTE)
    assert engine.tick().faults == 0
    mend()
    assert engine.case("E-1", actor=LIN).data["phone"] == "139 0000 0001"
    assert not engine.verify().problems


@BOTH
def test_what_needs_one_is_refused_with_the_key_that_is_missing(lost: tuple[Engine, Mend]) -> None:
    engine, mend = lost
    send(engine, "E-1")
    before = engine.case("E-1").sequence
    needing: tuple[Callable[[], object], ...] = (
        lambda: engine.act("E-1", "remark", {"note": "x", "phone": "138"}, actor=LIN),
        lambda: engine.act("E-1", "deliver", {"fee": "1.00"}, actor=RUN),  # opens a case with the same phone
        lambda: engine.attach("E-1", "b.txt", b"b", actor=LIN),
        lambda: engine.attachment("E-1", engine.attachments("E-1")[0].hash),
        lambda: engine.evidence("E-1", actor=ADMIN, with_private=True),
    )
    for need in needing:
        with pytest.raises(TROUBLE, match=r"the key `E-1(/files)?` of private values "):
            need()
    assert engine.case("E-1").sequence == before
    mend()
    done(engine.act("E-1", "remark", {"note": "x", "phone": "138"}, actor=LIN))
    assert engine.case("E-1").data["phone"] == "138"
    assert isinstance(engine.attach("E-1", "b.txt", b"b", actor=LIN), Accepted)
    assert engine.attachment("E-1", engine.attachments("E-1")[0].hash).content == b"a"


@BOTH
def test_where_a_key_is_lost_for_good_erasing_frees_the_case(engine: Engine, time: ManualTime) -> None:
    engine.publish(sources(errand=CALLING_BACK), "errand", actor=ADMIN)
    case = open_errand(engine, phone="139")
    with engine._store.write() as tx:
        tx._ask("DELETE FROM case_keys WHERE case_id = ?", (case,))  # type: ignore[attr-defined]
    with Engine(engine._opener(), time=time) as other:
        other.erase(case, actor=ADMIN, reason="the key is lost")
        assert other.case(case).erased == ("phone",)
        done(other.act(case, "remark", {"note": "x", "phone": "138"}, actor=LIN))
        assert other.case(case).data["phone"] == "138"


@BOTH
def test_no_new_key_takes_the_place_of_one_that_locks_another_address(engine: Engine) -> None:
    engine.save_person(Person(id="mo", name="Mo", roles=("runner",)), actor=ADMIN)
    engine.save_addresses("mo", {"email": "mo@example.org"}, actor=ADMIN)
    with engine._store.write() as tx:
        tx._ask("DELETE FROM case_keys WHERE case_id = ?", ("actor/mo",))  # type: ignore[attr-defined]
    with pytest.raises(KeyMissing, match="the key `actor/mo`"):
        engine.save_addresses("mo", {"phone": "138"}, actor=ADMIN)
    engine.save_addresses("mo", {"phone": "138", "email": "mo@example.net"}, actor=ADMIN)
    assert engine.addresses("mo", actor=ADMIN) == {"email": "mo@example.net", "phone": "138"}
