"""The audit verifies what was done, and names the first record that somebody changed behind the engine's back."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from engine import Engine, Verification
from engine.app.proof import crew
from engine.app.proof.proving import Replaying
from engine.errors import EngineError, NotFound
from engine.evidence.offline import digest
from engine.testing import ManualTime
from tests.app.desks import HOUR, LIN, deliver, done, open_errand, send
from tests.app.tampering import Tamper, by_hand, other_value, past_the_guards


@pytest.fixture
def desk(on_disk: Engine, time: ManualTime) -> Engine:
    """Two finished errands, with their calls, and one under way."""
    for number in range(2):
        case = open_errand(on_disk, phone=f"139-{number}")
        send(on_disk, case)
        deliver(on_disk, case)
        time.move(1)
    open_errand(on_disk, what="tea")
    time.move(HOUR)
    on_disk.tick()
    return on_disk


def tampered(
    desk: Engine, folder: Path, tamper: Tamper, verify: Callable[[Engine], Verification] = Engine.verify
) -> Verification:
    """Verify after somebody with the file and no scruples was here."""
    assert desk.verify().problems == ()
    with past_the_guards(folder / "desk.db") as connection:
        tamper(connection)
    with Engine.open(str(folder / "desk.db"), time=ManualTime(desk.now())) as again:
        return verify(again)


def test_a_whole_desk_verifies_and_says_how_much_it_looked_at(desk: Engine) -> None:
    seen: list[tuple[int, int]] = []
    found = desk.verify(progress=lambda done_, total: seen.append((done_, total)))
    assert (found.cases, found.problems) == (5, ())
    assert found.records == sum(len(desk.history(case)) for case in ("E-1", "E-1.1", "E-2", "E-2.1", "E-3"))
    assert found.sealed == 4  # the phone of each errand, and of its call
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_the_chains_alone_are_verified_in_one_walk(desk: Engine) -> None:
    seen: list[tuple[int, int]] = []
    whole, found = desk.verify(), desk.verify_chains(progress=lambda done_, total: seen.append((done_, total)))
    assert (found.cases, found.records, found.problems) == (whole.cases, whole.records, ())
    assert seen == [(5, 5)]
    assert desk.verify_chains("E-1.1").cases == 2
    with pytest.raises(NotFound):
        desk.verify_chains("E-9")


def test_one_family_can_be_verified_alone(desk: Engine) -> None:
    assert desk.verify("E-1.1").cases == 2


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_several_processes_find_what_one_finds_and_in_the_same_order(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        open_errand(engine)
    monkeypatch.setattr(crew, "ENOUGH", 2)
    monkeypatch.setattr(crew, "CHUNK", 2)
    seen: list[tuple[int, int]] = []
    assert engine.verify(jobs=2, progress=lambda done_, total: seen.append((done_, total))) == engine.verify()
    assert seen == [(done_, 5) for done_ in range(1, 6)]


def test_a_process_that_dies_while_it_helps_is_said_in_a_sentence(
    on_disk: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        open_errand(on_disk)
    monkeypatch.setattr(crew, "ENOUGH", 2)
    monkeypatch.setattr(on_disk, "_opener", partial(os._exit, 1))
    with pytest.raises(EngineError, match="ended before its work was done") as failed:
        on_disk.verify(jobs=2)
    assert failed.value.help is not None
    assert "--jobs 1" in failed.value.help


def test_a_family_that_left_for_the_archive_meanwhile_is_no_problem(on_disk: Engine, tmp_path: Path) -> None:
    case = open_errand(on_disk)
    assert "its case is gone" in verified_alone(on_disk, "E-9").problems[0].message
    with sqlite3.connect(tmp_path / "desk.db") as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(archived)")]
        values = ["E-9" if name in ("case_id", "root") else 1 for name in columns]
        connection.execute(f"INSERT INTO archived VALUES ({','.join('?' * len(values))})", values)
    assert verified_alone(on_disk, "E-9") == Verification()
    assert verified_alone(on_disk, case).cases == 1


def verified_alone(engine: Engine, root: str) -> Verification:
    (found,) = crew.looked_at(crew.Shift(engine._store, engine._recipe.catalogue), Replaying(), [root])
    return found.verification


def flip(connection: sqlite3.Connection) -> None:
    (text,) = connection.execute("SELECT text FROM records WHERE case_id='E-1' AND sequence=2").fetchone()
    connection.execute(
        "UPDATE records SET text=? WHERE case_id='E-1' AND sequence=2", (text.replace('"run"', '"ruN"', 1),)
    )


def not_json(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE records SET text='{' WHERE case_id='E-1' AND sequence=2")


def cut(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM records WHERE case_id='E-1' AND sequence=3")


def lost(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM records WHERE case_id='E-1' AND sequence=2")


def swapped(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE records SET sequence=99 WHERE case_id='E-1' AND sequence=2")
    connection.execute("UPDATE records SET sequence=2 WHERE case_id='E-1' AND sequence=3")
    connection.execute("UPDATE records SET sequence=3 WHERE case_id='E-1' AND sequence=99")


def from_another_case(connection: sqlite3.Connection) -> None:
    (text, hashed) = connection.execute("SELECT text, hash FROM records WHERE case_id='E-2' AND sequence=2").fetchone()
    connection.execute("UPDATE records SET text=?, hash=? WHERE case_id='E-1' AND sequence=2", (text, hashed))


def duplicated(connection: sqlite3.Connection) -> None:
    columns = [row[1] for row in connection.execute("PRAGMA table_info(records)")]
    row = dict(
        zip(columns, connection.execute("SELECT * FROM records WHERE case_id='E-1' AND sequence=3").fetchone(),
            strict=True)
    )  # fmt: skip
    row["sequence"] = 4
    for name in columns:
        if "order" in name:
            row[name] = 99
    connection.execute(f"INSERT INTO records VALUES ({','.join('?' * len(columns))})", tuple(row.values()))


def rechained(change: Callable[[dict[str, object]], object]) -> Tamper:
    """Change a record, and make every hash after it fit again."""

    def tamper(connection: sqlite3.Connection) -> None:
        rows = connection.execute("SELECT sequence, text FROM records WHERE case_id='E-1' ORDER BY sequence").fetchall()
        head = ""
        for sequence, text in rows:
            record = json.loads(text)
            if sequence == 2:
                change(record)
            record["prev"] = head
            made = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            head = digest(made)
            connection.execute(
                "UPDATE records SET text=?, hash=? WHERE case_id='E-1' AND sequence=?", (made, head, sequence)
            )
        connection.execute("UPDATE cases SET head=? WHERE id='E-1'", (head,))

    return tamper


def case_row(what: str) -> Tamper:
    def tamper(connection: sqlite3.Connection) -> None:
        (body,) = connection.execute("SELECT body FROM cases WHERE id='E-3'").fetchone()
        assert '"tea"' in body
        connection.execute("UPDATE cases SET body=? WHERE id='E-3'", (body.replace('"tea"', what),))

    return tamper


@pytest.mark.parametrize(
    ("tamper", "place", "said"),
    [
        (flip, ("E-1", 2), "its text was changed: the hash does not fit"),
        (not_json, ("E-1", 2), "its text was changed"),
        (cut, ("E-1", 3), "the case counts 3 records, the chain has 2"),
        (lost, ("E-1", 3), "record 2 is missing"),
        (swapped, ("E-1", 2), "it is not linked to the record before it"),
        (from_another_case, ("E-1", 2), "it is not linked to the record before it"),
        (duplicated, ("E-1", 4), "it is not linked to the record before it"),
        (rechained(lambda record: record.update(actor="mo")), ("E-1", None), "the stored `done`"),
        (rechained(lambda record: record.update(at=record["at"] + 1)), ("E-1", 3), "its instant lies before"),  # type: ignore[operator]
        (rechained(lambda record: record.update(to=["waiting"])), ("E-1", 2), "`to` is"),
        (rechained(lambda record: record.update(roles=["boss"])), ("E-1", 2), "it would be refused: by"),
        (rechained(lambda record: record.pop("verb")), ("E-1", 2), "it lacks `verb`"),
        (rechained(lambda record: record.update(at="noon")), ("E-1", 2), "its instant"),
        (case_row('"gold"'), ("E-3", None),
         "the stored `data` is not what its records give: `what` is 'gold', not 'tea'"),
        (case_row('"tea","phone":"139-9"'), ("E-3", None), "what its records give: `phone`, which is private"),
        (case_row('"te'), ("E-3", None), "its stored row cannot be read"),
        (other_value, ("E-1", 1), "`phone` is not the value that was sealed"),
        (by_hand("DELETE FROM waiting"), ("E-1.1", None), "it is missing on the worklist of"),
        (by_hand("UPDATE cases SET state='closed' WHERE id='E-1'"), ("E-1", None),
         "its line in lists is not what it would be: `state` is 'closed', not 'delivered'"),
        (by_hand("UPDATE clock_cycles SET used_ms=7"), ("E-1", None),
         "is not what the records give: `used` is 7, not 0"),
        (by_hand("DELETE FROM outbox"), ("E-1", None), "is not what the record gives"),
    ],
)  # fmt: skip
def test_whatever_was_changed_is_named(
    desk: Engine, tmp_path: Path, tamper: Tamper, place: tuple[str, int | None], said: str
) -> None:
    found = tampered(desk, tmp_path, tamper)
    problem = found.problems[0]
    assert said in problem.message, problem
    if place[1] is not None:
        assert (problem.case, problem.sequence) == place
    else:
        assert problem.case == place[0]


@pytest.mark.parametrize(
    ("tamper", "case", "sequence", "said"),
    [
        (flip, "E-1", 2, "its text was changed: the hash does not fit"),
        (cut, "E-1", 3, "the case counts 3 records, the chain has 2"),
        (swapped, "E-1", 2, "it is not linked to the record before it"),
        (by_hand("DELETE FROM cases WHERE id='E-1.1'"), "E-1.1", None, "records without a case"),
        (by_hand("DELETE FROM records WHERE case_id='E-3'"), "E-3", 1, "the chain has 0"),
        (by_hand("UPDATE records SET case_id='E-9' WHERE case_id='E-3'"), "E-3", 1, "the chain has 0"),
        (by_hand("UPDATE records SET text=x'00' WHERE case_id='E-2'"), "", None, "rows cannot be read"),
    ],
)  # fmt: skip
def test_a_chain_that_was_broken_is_named_without_a_replay(
    desk: Engine, tmp_path: Path, tamper: Tamper, case: str, sequence: int | None, said: str
) -> None:
    problem = tampered(desk, tmp_path, tamper, Engine.verify_chains).problems[0]
    assert (problem.case, problem.sequence, said in problem.message) == (case, sequence, True), problem


def test_what_no_chain_holds_is_seen_by_a_replay_alone(desk: Engine, tmp_path: Path) -> None:
    def tamper(connection: sqlite3.Connection) -> None:
        rechained(lambda record: record.update(roles=["boss"]))(connection)
        case_row('"gold"')(connection)
        by_hand("DELETE FROM outbox")(connection)

    assert tampered(desk, tmp_path, tamper, Engine.verify_chains).problems == ()
    assert {problem.case for problem in desk.verify().problems} == {"E-1", "E-2", "E-3"}


def test_what_is_wrong_with_one_case_keeps_none_of_the_others_from_being_verified(desk: Engine, tmp_path: Path) -> None:
    def tamper(connection: sqlite3.Connection) -> None:
        case_row('"te')(connection)
        flip(connection)

    found = tampered(desk, tmp_path, tamper)
    assert {problem.case for problem in found.problems} >= {"E-1", "E-3"}
    assert found.cases == 4


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records SET text='{}'",
        "DELETE FROM records",
        "INSERT OR REPLACE INTO records SELECT * FROM records WHERE case_id='E-1' AND sequence=1",
    ],
)
def test_the_database_itself_refuses_to_change_a_record(desk: Engine, tmp_path: Path, statement: str) -> None:
    connection = sqlite3.connect(tmp_path / "desk.db")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()
    assert desk.verify().problems == ()


def test_a_refusal_is_in_the_chain_with_every_reason(on_disk: Engine) -> None:
    case = open_errand(on_disk)
    on_disk.act(case, "send", {"runner": "run", "colour": 1}, actor=LIN)
    record = on_disk.history(case)[-1]
    assert record["refused"] == [["form", "colour"], ["facts", "at_work"]]
    assert record["form"] == {"runner": "run"}
    done(on_disk.act(case, "remark", {"note": "x"}, actor=LIN))
    assert on_disk.verify().problems == ()
