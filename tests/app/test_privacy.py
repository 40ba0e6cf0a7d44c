"""Private values stand encrypted, and are erased for good: nothing tells them any more, and every chain verifies."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine import Actor, Engine, File, Person
from engine.app import Search, marks
from engine.errors import KeyMissing, KeyReused, NotFound, NotPermitted, UsageError
from engine.fields import is_sealed
from engine.sealing import HostKeys, host_key_id, host_keys, new_host_key
from engine.testing import ManualTime
from tests.app.desks import ADMIN, BOSS, LIN, NINE, deliver, done, open_errand, refused, send

PHONE = "13900000017"
NAMES = ("deliver", "E-1", "E-1.1")


def given(*texts: str) -> HostKeys:
    return host_keys({"CASEWRIGHT_KEY": " ".join(texts)})


def finished(engine: Engine, **more: Any) -> str:
    """An errand that has opened a call with the same phone."""
    case = open_errand(engine, phone=PHONE, **more)
    send(engine, case)
    deliver(engine, case)
    return case


def test_erased_values_are_gone_for_everybody_and_the_chain_verifies(engine: Engine) -> None:
    case = finished(engine)
    assert engine.case(case).data["phone"] == PHONE
    sealed = engine.verify().sealed
    erased = engine.erase(case, actor=ADMIN, reason="asked by letter")
    assert [(one.case, one.fields, one.files) for one in erased] == [("E-1", ("phone",), 0), ("E-1.1", ("phone",), 0)]
    for one in ("E-1", "E-1.1"):
        assert set(engine.case(one).data["phone"]) == {"sealed"}
        assert engine.history(one)[-1]["erasure"] == {
            "reason": "asked by letter", "files": True, "fields": ["phone"],
        }  # fmt: skip
    found = engine.verify()
    assert (found.problems, found.sealed) == ((), sealed)
    assert engine.worklist(Search(actor=LIN, find=PHONE)).rows == ()
    assert engine.worklist(Search(actor=LIN, find=case)).rows[0].id == case


def test_what_was_typed_with_wide_signs_is_found_in_either(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    typed, wide = open_errand(engine, phone=PHONE), PHONE.translate({ord("0") + n: ord("０") + n for n in range(10)})
    as_typed = open_errand(engine, phone=f"（{wide}）")
    with monkeypatch.context() as patch:  # as the first versions marked it
        patch.setattr(marks, "compared", marks._bare)
        of_old = open_errand(engine, phone=wide)
    plain = [row.id for row in engine.worklist(Search(actor=LIN, find=PHONE)).rows]
    assert plain == [typed, as_typed]
    assert [row.id for row in engine.worklist(Search(actor=LIN, find=wide)).rows] == [*plain, of_old]
    assert engine.case(as_typed).data["phone"] == f"（{wide}）"


def test_who_erased_when_stands_on_record_and_nothing_else_changes(engine: Engine) -> None:
    case = open_errand(engine, phone=PHONE)
    before = engine.case(case)
    engine.erase(case, actor=ADMIN, reason="asked")
    record, after = engine.history(case)[-1], engine.case(case)
    assert (record["verb"], record["actor"], record["at"]) == ("erase", "root", NINE)
    assert not record.keys() & {"changed", "to", "clocks", "assignee"}
    assert (after.position, after.clocks, after.waiting_on) == (before.position, before.clocks, before.waiting_on)


def test_what_is_hidden_from_a_reader_is_told_apart_from_what_is_gone(engine: Engine) -> None:
    case = open_errand(engine, phone=PHONE)
    send(engine, case)
    hidden = engine.case(case, actor=Actor(id="other", roles=("admin",)))
    assert (set(hidden.data["phone"]), hidden.erased) == ({"sealed"}, ())
    engine.erase(case, actor=ADMIN, reason="asked")
    for actor in (None, LIN, ADMIN):
        gone = engine.case(case, actor=actor)
        assert (set(gone.data["phone"]), gone.erased) == ({"sealed"}, ("phone",))


def test_an_open_case_goes_on(engine: Engine) -> None:
    case = open_errand(engine, phone=PHONE)
    engine.erase(case, actor=ADMIN, reason="asked")
    send(engine, case)
    deliver(engine, case)
    assert not engine.verify().problems


def test_what_holds_nothing_private_is_left_as_it_is_and_says_so(engine: Engine) -> None:
    case, bare = open_errand(engine, phone=PHONE), open_errand(engine)
    assert [one.is_new for one in engine.erase(case, actor=ADMIN, reason="asked")] == [True]
    for one in (case, bare):
        before = engine.history(one)
        again = engine.erase(one, actor=ADMIN, reason="again")
        assert [(one.fields, one.files, one.is_new) for one in again] == [((), 0, False)]
        assert engine.history(one) == before
    done(engine.attach(case, "slip.txt", b"3-201", actor=LIN))
    assert not engine.erase(case, actor=ADMIN, reason="again", keeps_files=True)[0].is_new
    assert engine.erase(case, actor=ADMIN, reason="again")[0].files == 1


def test_only_administrators_erase_and_they_say_why(engine: Engine) -> None:
    case = open_errand(engine, phone=PHONE)
    for actor in (LIN, BOSS):
        with pytest.raises(NotPermitted, match="may not erase private values"):
            engine.erase(case, actor=actor, reason="asked")
    with pytest.raises(UsageError, match="an erasure needs a reason"):
        engine.erase(case, actor=ADMIN, reason="  ")
    with pytest.raises(NotFound):
        engine.erase("E-9", actor=ADMIN, reason="asked")
    assert engine.case(case).data["phone"] == PHONE
    assert refused(engine.act(case, "erase", {"reason": "x"}, actor=LIN))


def test_files_go_with_the_values_unless_they_are_kept(engine: Engine) -> None:
    cases = [open_errand(engine, phone=PHONE) for _ in range(3)]
    for case in cases:
        done(engine.attach(case, "slip.txt", b"Wu Min, 3-201", actor=LIN))
    done(engine.attach(cases[0], "own.txt", b"only here", actor=LIN))
    digest = File(name="", content=b"Wu Min, 3-201").hash
    assert engine.erase(cases[0], actor=ADMIN, reason="asked")[0].files == 2
    assert engine.attachments(cases[0]) == []
    with pytest.raises(NotFound):
        engine.attachment(cases[0], digest)
    assert engine.erase(cases[1], actor=ADMIN, reason="asked", keeps_files=True)[0].files == 0
    for case in cases[1:]:
        assert engine.attachment(case, digest).content == b"Wu Min, 3-201"


def test_a_message_that_waits_is_told_nothing_of_what_was_erased(engine: Engine) -> None:
    case = open_errand(engine, phone=PHONE)
    send(engine, case)
    engine.erase(case, actor=ADMIN, reason="asked")
    texts = [engine.text_of(mail, "en") for mail in engine.outbox()]
    assert texts
    assert not any(PHONE in text for text in texts)


def test_a_command_repeated_after_the_erasure_is_refused_rather_than_done_twice(engine: Engine) -> None:
    form = {"what": "milk", "phone": PHONE}
    case = done(engine.open_case("errand", form, actor=LIN, key="k")).id
    engine.erase(case, actor=ADMIN, reason="asked")
    with pytest.raises(KeyReused):
        engine.open_case("errand", form, actor=LIN, key="k")


# ---------------------------------------------------------------- what stands in the database


@pytest.fixture
def disk(template: Path, tmp_path: Path) -> Path:
    shutil.copy(template, tmp_path / "desk.db")
    return tmp_path / "desk.db"


def opened(path: Path, *texts: str) -> Engine:
    return Engine.open(str(path), time=ManualTime(NINE), keys=given(*texts) if texts else HostKeys())


def bytes_of(path: Path) -> bytes:
    """Everything the database keeps, log and all."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def stored_keys(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [key for (key,) in connection.execute("SELECT secret FROM case_keys ORDER BY case_id")]


@pytest.fixture(params=[(), (new_host_key(),)], ids=["without", "with"])
def host(request: pytest.FixtureRequest, disk: Path) -> Iterator[Engine]:
    """A desk on a file, without a host's key and with one."""
    with opened(disk, *request.param) as engine:
        yield engine


def test_no_byte_of_the_database_holds_a_private_value_not_even_before_it_is_erased(host: Engine, disk: Path) -> None:
    case = finished(host)
    assert PHONE.encode() not in bytes_of(disk)
    keys = stored_keys(disk)
    assert len(keys) == 2
    host.erase(case, actor=ADMIN, reason="asked")
    left = bytes_of(disk)
    assert stored_keys(disk) == []
    assert not [key for key in keys if key.encode() in left]
    assert not host.verify().problems


LETTER, STREET = b"a letter from Wu Min", "8 Long Street"


def test_no_byte_of_the_database_holds_a_file_its_name_or_where_somebody_is_reached(host: Engine, disk: Path) -> None:
    case = open_errand(host)
    answered = File(name=f"{STREET}.txt", content=LETTER)
    done(host.act(case, "remark", {"note": answered.hash}, actor=LIN, files=[answered]))
    host.save_person(Person(id="lin", name="lin", roles=("agent",)), actor=ADMIN)
    host.save_addresses("lin", {"email": "lin@home.example", "phone": PHONE}, actor=ADMIN)
    (found,) = host.attachments(case)
    assert (found.name, found.size) == (answered.name, len(LETTER))
    assert host.attachment(case, answered.hash).content == LETTER
    clear = (LETTER, STREET.encode(), b"home.example", PHONE.encode())
    assert not [one for one in clear if one in bytes_of(disk)]
    keys = stored_keys(disk)
    assert len(keys) == 2
    host.save_addresses("lin", {"email": None}, actor=ADMIN)
    assert len(stored_keys(disk)) == 2
    host.save_addresses("lin", {"phone": None}, actor=ADMIN)
    assert host.addresses("lin", actor=ADMIN) == {}
    assert host.erase(case, actor=ADMIN, reason="asked")[0].files == 1
    assert stored_keys(disk) == []
    assert not [key for key in keys if key.encode() in bytes_of(disk)]
    assert host.verify().problems == ()


def test_files_that_are_kept_have_a_key_of_their_own(host: Engine) -> None:
    case = open_errand(host, phone=PHONE)
    done(host.attach(case, "slip.txt", LETTER, actor=LIN))
    assert host.erase(case, actor=ADMIN, reason="asked", keeps_files=True)[0].fields == ("phone",)
    done(host.attach(case, "again.txt", LETTER, actor=LIN))
    assert [one.name for one in host.attachments(case)] == ["slip.txt", "again.txt"]
    assert host.attachment(case, File(name="", content=LETTER).hash).name == "again.txt"
    assert host.verify().problems == ()


def test_without_the_host_s_key_files_and_addresses_stay_locked_and_the_rest_goes_on(disk: Path) -> None:
    key = new_host_key()
    with opened(disk, key) as engine:
        case = open_errand(engine)
        done(engine.attach(case, "slip.txt", LETTER, actor=LIN))
        engine.save_person(Person(id="lin", name="lin", roles=("agent",)), actor=ADMIN)
        engine.save_addresses("lin", {"email": "lin@home.example"}, actor=ADMIN)
    with opened(disk) as engine:
        assert [(one.name, one.size) for one in engine.attachments(case)] == [("", len(LETTER))]
        for look in (
            lambda: engine.attachment(case, File(name="", content=LETTER).hash),
            lambda: engine.attach(case, "b.txt", b"b", actor=LIN),
            lambda: engine.addresses("lin", actor=ADMIN),
        ):
            with pytest.raises(KeyMissing, match=r"`(E-1/files|actor/lin)` of private values is locked by the host's"):
                look()
        assert len(engine.history(case)) == 2  # nothing half attached
        assert engine.verify().problems == ()
        assert engine.erase(case, actor=ADMIN, reason="asked")[0].files == 1
        engine.save_addresses("lin", {"email": None}, actor=ADMIN)
    assert stored_keys(disk) == []


def test_of_many_keys_that_were_erased_none_is_left_in_a_page(disk: Path) -> None:
    # Pages of the table split and join meanwhile: what moved must not stay behind where it was.
    with opened(disk) as engine:
        cases = [open_errand(engine, phone=f"{PHONE}{number}", what="x" * 30) for number in range(120)]
        keys = stored_keys(disk)
        for case in cases[::2]:
            engine.erase(case, actor=ADMIN, reason="asked")
        left = bytes_of(disk)
        gone = set(keys) - set(stored_keys(disk))
        assert len(gone) == 60
        assert not [key for key in gone if key.encode() in left]


def test_a_case_without_private_values_has_no_key(disk: Path) -> None:
    with opened(disk, new_host_key()) as engine:
        open_errand(engine)
    assert stored_keys(disk) == []


def test_without_the_host_s_key_all_but_private_values_works_and_the_sentence_says_which_is_missing(disk: Path) -> None:
    key = new_host_key()
    with opened(disk, key) as engine:
        case = open_errand(engine, phone=PHONE)
    for other in ((), (new_host_key(),)):
        with opened(disk, *other) as engine:
            assert engine.worklist(Search(actor=LIN)).rows[0].data["what"] == "milk"
            seen = engine.case(case, actor=LIN)
            assert is_sealed(seen.data["phone"])
            assert seen.unreadable.fields == ("phone",)
            assert "locked by the host's key" in seen.unreadable.why
            assert engine.verify().problems == ()
            done(engine.act(case, "remark", {"note": "called"}, actor=LIN))
            open_errand(engine)
    with opened(disk, key) as engine:
        assert engine.case(case).data["phone"] == PHONE
        assert engine.erase(case, actor=ADMIN, reason="asked")[0].fields == ("phone",)


def test_a_lost_host_s_key_does_not_keep_values_from_being_erased(disk: Path) -> None:
    with opened(disk, new_host_key()) as engine:
        case = open_errand(engine, phone=PHONE)
    with opened(disk) as engine:
        engine.erase(case, actor=ADMIN, reason="asked")
        assert engine.verify().problems == ()
    assert stored_keys(disk) == []


def test_a_host_s_key_given_later_or_replaced_locks_every_key_once_asked_to(disk: Path) -> None:
    first, second = new_host_key(), new_host_key()
    with opened(disk) as engine:
        cases = [open_errand(engine, phone=f"{PHONE}{number}") for number in range(3)]
        clear = stored_keys(disk)
        assert [check.name for check in engine.doctor() if check.name == "keys"] == []
    with opened(disk, first) as engine:
        assert [check.ok for check in engine.doctor() if check.name == "keys"] == [False]
        with pytest.raises(NotPermitted, match="may not wrap keys"):
            engine.wrap_keys(actor=LIN)
        assert engine.wrap_keys(actor=ADMIN) == 4  # and the desk's search key
        assert engine.wrap_keys(actor=ADMIN) == 0
        assert [check.ok for check in engine.doctor() if check.name == "keys"] == [True]
    left = bytes_of(disk)
    assert not [key for key in clear if key.encode() in left]
    with opened(disk, second, first) as engine:
        assert engine.wrap_keys(actor=ADMIN) == 4
    with opened(disk, second) as engine:
        assert [engine.case(case).data["phone"] for case in cases] == [f"{PHONE}{number}" for number in range(3)]
        assert engine.worklist(Search(actor=LIN, find=f"{PHONE}1")).rows[0].id == cases[1]
        assert engine.verify().problems == ()
    for given in ((), (new_host_key(),)):  # none is here, or another
        with opened(disk, *given) as engine:
            (found,) = [check for check in engine.doctor() if check.name == "keys"]
            assert not found.ok
            assert f"`{host_key_id(second)}`, which is not here: 3, 3 of them of cases;" in found.words["en"]
            assert "密钥：3 把，其中案件 3 个" in found.words["zh"]
    with opened(disk) as engine, pytest.raises(UsageError, match="the host gave no key to wrap by"):
        engine.wrap_keys(actor=ADMIN)


def test_the_record_of_an_erasure_holds_no_value(host: Engine) -> None:
    case = finished(host)
    host.erase(case, actor=ADMIN, reason="asked")
    assert PHONE not in json.dumps([dict(record) for one in ("E-1", "E-1.1") for record in host.history(one)])
