"""What every store gives for proofs: where chains stand, where they stood, every publication as it was; and erases."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from engine.core.cases import Cycle, Goal
from engine.core.promises.adjustments import Affected
from engine.ports import Attachment, Publication, Store
from engine.store import open_store
from engine.store.transaction import SqlTransaction
from tests import postgres
from tests.app.tampering import past_the_guards
from tests.contract.builders import MORNING, a_case, a_child, a_message, a_request, a_step, get, opening, put, step


def keep(store: Store, name: str) -> None:
    case = a_case(name, private={"phone": "139"})
    put(store, opening(case, steps=(a_step(case, outgoing=(a_message(case),)),), request=a_request(case, name)))


def test_heads_come_by_id_with_how_many_records_there_are(store: Store) -> None:
    for name in ("R-2", "R-10", "R-1"):
        put(store, opening(a_case(name)))
    put(store, step(get(store, "R-10")))
    with store.read() as work:
        assert list(work.heads()) == [("R-1", 1, "h1"), ("R-10", 2, "h2"), ("R-2", 1, "h1")]


def test_hashes_are_found_by_their_places(store: Store) -> None:
    put(store, step(put(store, opening(a_case()))))
    with store.read() as work:
        hashes = {(record.case, record.sequence): record.hash for record in work.records("R-1")}
        assert work.hashes_at([("R-1", 1), ("R-1", 2), ("R-1", 3), ("R-9", 1)]) == hashes
        assert work.hashes_at([]) == {}


def test_editions_are_every_publication_as_it_was(store: Store) -> None:
    first = Publication(
        process="repair", version=1, prefix="R", behaviour_hash="b", words_hash="w", sources={"a.yaml": "a"},
        published_at=5, published_by="lin",
    )  # fmt: skip
    second = replace(first, words_hash="x", sources={"a.yaml": "b"}, published_at=6)
    with store.write() as work:
        work.publish(first)
        work.publish(second)
    with store.read() as work:
        assert work.editions() == [first, second]


def test_files_go_with_their_case_and_contents_with_the_last_of_them(store: Store) -> None:
    shared, own = (
        Attachment(hash=name, name=f"{name}.txt", media_type="text/plain", content=name.encode())
        for name in ("shared", "own")
    )
    for name in ("R-1", "R-2"):
        put(store, opening(a_case(name)))
    with store.write() as work:
        for case, file in (("R-1", shared), ("R-1", own), ("R-2", shared)):
            work.save_attachment(case, file, MORNING)
        assert work.forget_files("R-1") == 2
        assert work.forget_files("R-1") == 0
    with store.write() as work:
        assert (work.attached("R-1"), work.attachment("R-1", "own")) == ([], None)
        assert work.attachment("R-2", "shared") == shared
        assert work.forget_files("R-2") == 1


def test_traces_of_one_case_are_forgotten_and_no_others(store: Store) -> None:
    for name in ("R-1", "R-2"):
        keep(store, name)
    with store.write() as work:
        for mail in work.outbox():
            work.update_mail(replace(mail, error="no such address"))
        work.forget_traces("R-1")
        assert {mail.message.case: mail.error for mail in work.outbox()} == {"R-1": None, "R-2": "no such address"}
        found = [work.request("lin", name) for name in ("R-1", "R-2")]
        assert [request.digest if request else None for request in found] == ["", "d"]


def test_values_and_their_key_are_gone_together(store: Store) -> None:
    keep(store, "R-1")
    family = put(store, step(get(store, "R-1"), {"private": {}, "secret": ""}))
    assert (family.cases["R-1"].secret, dict(family.cases["R-1"].private)) == ("", {})
    with store.read() as work:
        assert (work.keys_beside("~", "", 10), work.count_keys()) == ([], {})


def test_an_imprint_is_of_one_case_and_comes_by_id(store: Store) -> None:
    parent = a_case("R-2")
    for name in ("R-10", "R-1"):
        keep(store, name)
    put(store, opening(parent, children=(a_child(parent),)))
    with store.read() as work:
        imprints = list(work.imprints())
        assert [(one.case, one.root, one.records, one.head) for one in imprints] == [
            ("R-1", "R-1", 1, "h1"), ("R-10", "R-10", 1, "h1"), ("R-2", "R-2", 1, "h1"), ("R-2.1", "R-2", 1, "h1"),
        ]  # fmt: skip
        assert [work.imprint(one.case) for one in imprints] == imprints
        assert len({one.rows for one in imprints}) == 4
        assert work.imprint("R-9") is None


def test_an_imprint_changes_with_every_row_that_is_verified_and_with_no_other(store: Store) -> None:
    keep(store, "R-1")
    seen = [imprint_of(store)]
    with store.write() as work:
        (mail,) = work.outbox()
        work.update_mail(replace(mail, status="delivered", attempts=1, delivered_at=MORNING))
        work.set_setting("checkpoint", "{}")
    keep(store, "R-2")
    assert imprint_of(store) == seen[0]
    file = Attachment(hash="f", name="f.txt", media_type="text/plain", content=b"f")
    cycle = Cycle(
        case="R-1", clock="sent", cycle=1, started_at=1, ended_at=2, result="met", goal=Goal("length", 3), used=1,
        breached_at=None, turns={},
    )  # fmt: skip
    moved_on = step(get(store, "R-1"))
    put(store, moved_on.but(steps=(a_step(moved_on.after.cases["R-1"], cycles=(cycle,)),)))
    seen.append(imprint_of(store))
    with store.write() as work:
        work.save_attachment("R-1", file, MORNING)
    seen.append(imprint_of(store))
    with store.write() as work:
        work.affect([Affected(case="R-1", adjustment="ADJ-1", clock="sent", is_reversed=False)])
    seen.append(imprint_of(store))
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records SET family_order = 2",
        "UPDATE records SET text = x'00'",
        "UPDATE outbox SET body = '{}'",
        "DELETE FROM outbox",
        "DELETE FROM waiting",
        "UPDATE personal SET value = 'x'",
        "UPDATE case_keys SET secret = 'x'",
        "INSERT INTO listening (event, mark, case_id) VALUES ('paid', '7', 'R-1')",
        "INSERT INTO affected (case_id, adjustment, clock, is_reversed) VALUES ('R-1', 'ADJ-1', 'sent', 0)",
        "INSERT INTO clock_cycles SELECT 'R-1', 'sent', 1, 1, 2, 'met', 'length', 3, 1, NULL, '{}', NULL",
        "INSERT INTO attachments (case_id, hash, name, media_type, at_ms) VALUES ('R-1', 'f', 'f', 'f', 1)",
    ],
)
def test_whatever_a_hand_does_in_a_file_changes_the_imprint(tmp_path: Path, statement: str) -> None:
    with closing(open_store(str(tmp_path / "desk.db"), create=True)) as store:
        keep(store, "R-1")
        before = imprint_of(store)
        with past_the_guards(tmp_path / "desk.db") as connection:
            assert connection.execute(statement).rowcount == 1
        assert imprint_of(store) != before


def imprint_of(store: Store) -> str:
    with store.read() as work:
        found = work.imprint("R-1")
        assert found is not None
        assert found in list(work.imprints())
        return found.rows


def test_a_record_that_was_moved_to_another_month_changes_the_imprint() -> None:
    with postgres.database() as url, closing(open_store(url)) as store:
        keep(store, "R-1")
        before = imprint_of(store)
        with store.write() as work:
            assert isinstance(work, SqlTransaction)
            work._do("SET LOCAL session_replication_role = replica")
            work._do("UPDATE records SET at_ms = at_ms - 2678400000")
        assert imprint_of(store) != before
