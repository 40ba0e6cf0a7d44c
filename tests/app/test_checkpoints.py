"""A signed checkpoint, kept elsewhere, shows what no chain can: what was removed, put back or written anew."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from engine import Engine
from engine.errors import Conflict, NotFound, NotPermitted, UsageError, VerificationFailed
from engine.evidence.offline import check_bundle, digest
from engine.evidence.signing import SigningKey, new_signing_key
from engine.testing import ManualTime
from tests.app.desks import ADMIN, KEY, LIN, deliver, open_errand, send, sources
from tests.app.tampering import past_the_guards

PHONE = "139-0017"


def signed(engine: Engine, key: SigningKey = KEY) -> list[str]:
    """A checkpoint's lines."""
    out = StringIO()
    engine.checkpoint(key, out, actor=ADMIN)
    return out.getvalue().splitlines()


def a_day(engine: Engine) -> str:
    """An errand that is finished, with its call, and one under way."""
    case = open_errand(engine, phone=PHONE)
    send(engine, case)
    deliver(engine, case)
    open_errand(engine, what="tea")
    return case


def test_a_checkpoint_holds_as_long_as_cases_only_go_on(engine: Engine) -> None:
    a_day(engine)
    lines = signed(engine)
    assert [json.loads(line)[:2] for line in lines[1:]] == [["E-1", 3], ["E-1.1", 1], ["E-2", 1]]
    send(engine, "E-2")
    open_errand(engine)
    engine.erase("E-1", actor=ADMIN, reason="asked")
    found = engine.verify_checkpoint(lines, trust=KEY.fingerprint)
    assert (found.problems, found.checkpoint.number, found.checkpoint.cases, found.checkpoint.records) == ((), 1, 3, 5)


def test_each_checkpoint_names_the_one_before_and_a_replaced_key_signs_on(engine: Engine) -> None:
    first = signed(engine)
    a_day(engine)
    second = signed(engine, KEY.followed(1))
    for lines, number, cases in ((first, 1, 0), (second, 2, 3)):
        made = engine.verify_checkpoint(lines, trust=KEY.fingerprint).checkpoint
        assert (made.number, made.cases) == (number, cases)
    statement = json.loads(first[0])["statement"]
    assert json.loads(json.loads(second[0])["statement"])["previous"] == hashlib.sha256(statement.encode()).hexdigest()


def test_only_administrators_sign_and_export(engine: Engine) -> None:
    case = open_errand(engine)
    with pytest.raises(NotPermitted, match="may not sign checkpoints"):
        engine.checkpoint(KEY, StringIO(), actor=LIN)
    with pytest.raises(NotPermitted, match="may not export evidence"):
        engine.evidence(case, actor=LIN)


def test_two_who_sign_at_once_are_told(engine: Engine) -> None:
    class Slow(StringIO):
        def write(self, text: str) -> int:
            if not self.getvalue():
                super().write(" ")
                engine.checkpoint(KEY, StringIO(), actor=ADMIN)
            return super().write(text)

    open_errand(engine)
    with pytest.raises(Conflict, match="another checkpoint was signed meanwhile"):
        engine.checkpoint(KEY, Slow(), actor=ADMIN)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: [], "the file is no checkpoint"),
        (lambda lines: lines[1:], "the file is no checkpoint"),
        (lambda lines: lines[:-1], "not those that were signed"),
        (lambda lines: [*lines, '["E-9", 1, "x"]'], "not those that were signed"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "not those that were signed"),
        (lambda lines: [*lines[:-1], '["E-2", 0, ""]'], "not those that were signed"),
        (lambda lines: [*lines, "{}"], "a line of the checkpoint is no case"),
        (lambda lines: [json.dumps(new_signing_key().signed(json.loads(lines[0])["statement"])), *lines[1:]],
         "the checkpoint cannot be trusted: it was signed by the key"),
        (lambda lines: [lines[0].replace("records", "Records"), *lines[1:]], "the checkpoint cannot be trusted"),
    ],
)  # fmt: skip
def test_a_checkpoint_that_was_changed_itself_is_refused(
    on_disk: Engine, change: Callable[[list[str]], list[str]], said: str
) -> None:
    a_day(on_disk)
    with pytest.raises(VerificationFailed, match=said):
        on_disk.verify_checkpoint(change(signed(on_disk)), trust=KEY.fingerprint)


# ---------------------------------------------------------------- what was done behind its back


def cut_whole(connection: sqlite3.Connection) -> None:
    """The newest record of a case, and the case as it stood before: nothing in the database itself tells."""
    connection.execute("DELETE FROM records WHERE case_id='E-2' AND sequence=2")
    head = connection.execute("SELECT hash FROM records WHERE case_id='E-2' AND sequence=1").fetchone()[0]
    connection.execute("UPDATE cases SET sequence=1, head=? WHERE id='E-2'", (head,))


def removed(connection: sqlite3.Connection) -> None:
    for table, column in (("records", "case_id"), ("cases", "id"), ("waiting", "case_id"), ("outbox", "case_id")):
        connection.execute(f"DELETE FROM {table} WHERE {column}='E-2'")


def rechained(connection: sqlite3.Connection) -> None:
    head = ""
    for sequence, text in connection.execute(
        "SELECT sequence, text FROM records WHERE case_id='E-1' ORDER BY sequence"
    ).fetchall():
        record = {**json.loads(text), "prev": head, "recorded_at": 7}
        made = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        head = digest(made)
        connection.execute(
            "UPDATE records SET text=?, hash=? WHERE case_id='E-1' AND sequence=?", (made, head, sequence)
        )
    connection.execute("UPDATE cases SET head=? WHERE id='E-1'", (head,))


@pytest.mark.parametrize(
    ("tamper", "case", "sequence", "said"),
    [
        (cut_whole, "E-2", 2, "the tail was cut off or an older copy put back"),
        (removed, "E-2", None, "it is gone with its records; at the checkpoint it had 2"),
        (rechained, "E-1", 3, "it is another record than at the checkpoint: the chain was written anew"),
    ],
)
def test_what_the_chain_cannot_show_the_checkpoint_names(
    on_disk: Engine, tmp_path: Path, tamper: Callable[[sqlite3.Connection], None], case: str, sequence: int, said: str
) -> None:
    a_day(on_disk)
    send(on_disk, "E-2")
    lines, now = signed(on_disk), on_disk.now()
    with past_the_guards(tmp_path / "desk.db") as connection:
        tamper(connection)
    with Engine.open(str(tmp_path / "desk.db"), time=ManualTime(now)) as again:
        problem = again.verify_checkpoint(lines, trust=KEY.fingerprint).problems[0]
    assert (problem.case, problem.sequence) == (case, sequence)
    assert said in problem.message


def test_an_older_copy_of_the_database_is_known_as_one(on_disk: Engine, tmp_path: Path) -> None:
    a_day(on_disk)
    signed(on_disk)
    with sqlite3.connect(tmp_path / "desk.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(tmp_path / "desk.db", tmp_path / "old.db")
    send(on_disk, "E-2")
    lines = signed(on_disk)
    with Engine.open(str(tmp_path / "old.db"), time=ManualTime(on_disk.now())) as old:
        assert not old.verify().problems
        found = old.verify_checkpoint(lines, trust=KEY.fingerprint).problems
    assert "this database knows of 1 checkpoints and this is number 2: it is an older copy" in found[0].message
    assert (found[1].case, found[1].sequence) == ("E-2", 2)


def test_more_cases_than_are_asked_for_at_once_are_all_compared(on_disk: Engine, tmp_path: Path) -> None:
    for _ in range(3):
        open_errand(on_disk)
    with sqlite3.connect(tmp_path / "desk.db") as connection:
        rows = [(f"X-{number:04}", 1, 1, "{}", "h") for number in range(1_000)]
        connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", rows)
        columns = [row[1] for row in connection.execute("PRAGMA table_info(cases)")]
        taken = ", ".join({"id": "?", "root": "?", "head": "'h'"}.get(name, name) for name in columns)
        ids = [(row[0], row[0]) for row in rows]
        connection.executemany(f"INSERT INTO cases SELECT {taken} FROM cases WHERE id = 'E-1'", ids)
        connection.execute("UPDATE cases SET sequence = 1")
    lines = signed(on_disk)
    assert len(lines) == 1_004
    assert on_disk.verify_checkpoint(lines, trust=KEY.fingerprint).problems == ()
    with past_the_guards(tmp_path / "desk.db") as connection:
        connection.execute("UPDATE records SET hash = 'i' WHERE case_id > 'X-0500'")
    problems = on_disk.verify_checkpoint(lines, trust=KEY.fingerprint).problems
    assert (problems[0].case, len(problems)) == ("X-0501", 100)


# ---------------------------------------------------------------- bundles


def test_a_bundle_of_a_case_verifies_without_the_engine(engine: Engine) -> None:
    case = a_day(engine)
    lines = signed(engine)
    bundle = json.loads(json.dumps(engine.evidence(case, actor=ADMIN, checkpoint=lines)))
    found = check_bundle(bundle, KEY.fingerprint)
    assert found.wrong == []
    assert len(found.proved) == 3
    assert PHONE not in json.dumps(bundle)
    with pytest.raises(NotFound, match="is not in the checkpoint: it was opened later"):
        engine.evidence(open_errand(engine), actor=ADMIN, checkpoint=lines)


def test_private_values_come_only_when_asked_for_each_with_what_proves_it(engine: Engine) -> None:
    case = a_day(engine)
    bundle = engine.evidence(case, actor=ADMIN, with_private=True)
    assert [(one["sequence"], one["field"], one["text"]) for one in bundle["values"]] == [(1, "phone", f'"{PHONE}"')]
    assert check_bundle(bundle, None).wrong == []
    bundle["values"][0]["text"] = '"139-0018"'
    assert check_bundle(bundle, None).wrong == ["E-1 #1: `phone` is not the value that was sealed"]
    engine.erase(case, actor=ADMIN, reason="asked")
    assert engine.evidence(case, actor=ADMIN, with_private=True)["values"] == []


def test_a_bundle_holds_the_words_of_every_time_its_records_name(engine: Engine) -> None:
    case = open_errand(engine)
    words = {"errand": sources()["processes/errand.yaml"].replace("zh: 派出}", "zh: 出发}")}
    assert engine.publish(sources(**words), "errand", actor=ADMIN).status == "words updated"
    send(engine, case)
    bundle = engine.evidence(case, actor=ADMIN)
    assert check_bundle(bundle, None).wrong == []
    assert (len(bundle["documents"]), len(bundle["sources"])) == (3, 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: [line.encode() for line in lines], "a line of a checkpoint is text, not `b"),
        (lambda lines: [lines[0], 7], "a line of a checkpoint is text, not `7` (int)"),
        (lambda lines: [None], "a line of a checkpoint is text, not `None`"),
        ("\n".join, "all of it in one `str`"),
        (lambda lines: "\n".join(lines).encode(), "all of it in one `bytes`"),
    ],
)
def test_what_is_not_lines_of_text_is_told_in_one_sentence(on_disk: Engine, change: Any, said: str) -> None:
    """A file that a host opened as bytes ended in the words of the library that reads JSON."""
    lines = change(signed(on_disk))
    with pytest.raises(UsageError) as told:
        on_disk.verify_checkpoint(lines, trust=KEY.fingerprint)
    assert said in told.value.message
    assert told.value.mend


@pytest.mark.parametrize("trust", [[], [7], ["aa", None], b"aa"])
def test_who_is_trusted_is_told_by_fingerprints(on_disk: Engine, trust: Any) -> None:
    with pytest.raises(UsageError, match="`trust` names the fingerprints"):
        on_disk.verify_checkpoint(signed(on_disk), trust=trust)
