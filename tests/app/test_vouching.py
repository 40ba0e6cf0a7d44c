"""A checkpoint that vouches: what was replayed before it was signed, and has not changed since, need not be again."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from io import StringIO
from pathlib import Path

import pytest

from engine import Engine, Verification, __version__
from engine.app import Checkpoint, Compared, Vouched
from engine.app.proof import crew
from engine.errors import NotPermitted, VerificationFailed
from engine.evidence.offline import check_bundle
from engine.evidence.signing import SigningKey
from engine.testing import ManualTime
from tests.app.desks import ADMIN, HOUR, KEY, LIN, deliver, done, open_errand, send, sources
from tests.app.tampering import Tamper, by_hand, other_value, past_the_guards


def signed(engine: Engine, after: list[str] | None = None, key: SigningKey = KEY) -> tuple[Checkpoint, list[str]]:
    """A checkpoint that vouches for everything, and its lines."""
    earlier = None if after is None else compared(engine, after, is_to_vouch=True)
    out = StringIO()
    made = engine.checkpoint(key, out, actor=ADMIN, vouched=engine.vouch(actor=ADMIN, after=earlier))
    return made, out.getvalue().splitlines()


def compared(engine: Engine, lines: list[str], *, is_to_vouch: bool = False) -> Compared:
    return engine.verify_checkpoint(lines, trust=KEY.fingerprint, is_to_vouch=is_to_vouch)


def counts(found: Verification) -> tuple[int, int]:
    return found.cases, found.records


SLIP = hashlib.sha256(b"tea").hexdigest()[:12]
"""What a file is called whose name is sealed."""


def a_day(engine: Engine, time: ManualTime) -> None:
    """An errand that is finished, with its call, a file and a message; and one whose promise was broken."""
    case = open_errand(engine, phone="139-0017")
    send(engine, case)
    deliver(engine, case)
    open_errand(engine, what="tea")
    done(engine.attach("E-2", "slip.txt", b"tea", actor=LIN))
    time.move(HOUR)
    engine.tick()


def test_what_has_not_changed_since_is_not_replayed_again(engine: Engine, time: ManualTime) -> None:
    a_day(engine, time)
    made, lines = signed(engine)
    everything = engine.verify()
    assert made.vouching is not None
    assert (made.vouching.cases, made.vouching.versions) == (3, (__version__,))
    held = compared(engine, lines)
    assert (held.problems, held.rest, counts(held.vouched)) == ((), (), counts(everything))
    assert engine.verify(beyond=held) == Verification()
    engine.deliver_some()  # how a delivery went is on no record
    open_errand(engine)
    send(engine, "E-2")
    held = compared(engine, lines)
    assert (held.problems, held.rest, held.vouched.cases) == ((), ("E-2", "E-3"), 2)
    again = engine.verify(beyond=held)
    assert again.problems == ()
    assert counts(again + held.vouched) == counts(engine.verify())


def test_each_builds_on_the_one_before_and_a_replaced_key_goes_on(engine: Engine) -> None:
    send(engine, open_errand(engine))
    _, monday = signed(engine)
    open_errand(engine)
    earlier = compared(engine, monday, is_to_vouch=True)
    vouched = engine.vouch(actor=ADMIN, after=earlier)
    assert counts(vouched.found) == (1, 1)
    new = KEY.followed(1)
    assert new.trusted_fingerprints == (new.fingerprint, KEY.fingerprint)
    assert engine.verify_checkpoint(monday, trust=new.trusted_fingerprints, is_to_vouch=True) == earlier
    made, tuesday = signed(engine, monday, new)
    assert made.vouching is not None
    assert made.vouching.cases == 2
    assert compared(engine, tuesday).rest == ()


def test_a_checkpoint_that_vouches_for_nothing_leaves_all_to_be_replayed(engine: Engine) -> None:
    open_errand(engine)
    out = StringIO()
    assert engine.checkpoint(KEY, out, actor=ADMIN).vouching is None
    lines = out.getvalue().splitlines()
    assert "vouching" not in lines[0]
    held = compared(engine, lines, is_to_vouch=True)
    assert (held.rest, counts(held.vouched)) == (None, (0, 0))
    assert counts(engine.verify(beyond=held)) == (1, 1)
    assert counts(engine.vouch(actor=ADMIN, after=held).found) == (1, 1)


def test_only_administrators_vouch(engine: Engine) -> None:
    with pytest.raises(NotPermitted, match="may not sign checkpoints"):
        engine.vouch(actor=LIN)


def test_what_changes_between_replay_and_signature_is_not_vouched_for(engine: Engine) -> None:
    open_errand(engine)
    open_errand(engine)
    vouched = engine.vouch(actor=ADMIN)
    send(engine, "E-1")
    out = StringIO()
    made = engine.checkpoint(KEY, out, actor=ADMIN, vouched=vouched)
    assert made.vouching is not None
    assert made.vouching.cases == 1
    assert [len(json.loads(line)) for line in out.getvalue().splitlines()[1:]] == [3, 4]
    assert compared(engine, out.getvalue().splitlines()).rest == ("E-1",)


def test_a_bundle_is_proved_by_a_checkpoint_that_vouches(engine: Engine, time: ManualTime) -> None:
    a_day(engine, time)
    _, lines = signed(engine)
    bundle = json.loads(json.dumps(engine.evidence("E-1", actor=ADMIN, checkpoint=lines)))
    assert check_bundle(bundle, KEY.fingerprint).wrong == []


def test_several_processes_vouch_for_what_one_vouches_for(
    on_disk: Engine, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_day(on_disk, time)
    open_errand(on_disk)
    alone = on_disk.vouch(actor=ADMIN)
    monkeypatch.setattr(crew, "ENOUGH", 1)
    assert on_disk.vouch(actor=ADMIN, jobs=2) == alone


def test_words_published_since_change_nothing_and_other_definitions_are_not_believed(
    on_disk: Engine, tmp_path: Path
) -> None:
    open_errand(on_disk)
    _, lines = signed(on_disk)
    words = {"errand": sources()["processes/errand.yaml"].replace("zh: 派出}", "zh: 出发}")}
    assert on_disk.publish(sources(**words), "errand", actor=ADMIN).status == "words updated"
    assert compared(on_disk, lines).rest == ()
    with sqlite3.connect(tmp_path / "desk.db") as connection:
        connection.execute("UPDATE definitions SET published_ms = published_ms - 1 WHERE id = 1")
    assert compared(on_disk, lines).rest is None


# ---------------------------------------------------------------- who owns the file changes it afterwards


def spoilt(desk: Engine, folder: Path, tamper: Tamper) -> Engine:
    """The desk after somebody with the file and no scruples was here, opened anew."""
    with past_the_guards(folder / "desk.db") as connection:
        tamper(connection)
    return Engine.open(str(folder / "desk.db"), time=ManualTime(desk.now()))


def flipped(connection: sqlite3.Connection) -> None:
    (text,) = connection.execute("SELECT text FROM records WHERE case_id='E-1' AND sequence=2").fetchone()
    changed = text.replace('"run"', '"ruN"', 1)
    assert changed != text
    connection.execute("UPDATE records SET text=? WHERE case_id='E-1' AND sequence=2", (changed,))


def no_text(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE records SET text=x'00' WHERE case_id='E-1' AND sequence=2")


@pytest.mark.parametrize(
    ("tamper", "case", "said"),
    [
        (flipped, "E-1", "its text was changed: the hash does not fit"),
        (no_text, "E-1", "its rows cannot be read"),
        (by_hand("DELETE FROM records WHERE case_id='E-1' AND sequence=2"), "E-1", "record 2 is missing"),
        (by_hand("UPDATE records SET hash='0' WHERE case_id='E-2' AND sequence=1"), "E-2", "its text was changed"),
        (by_hand("UPDATE cases SET body=replace(body, 'tea', 'gold') WHERE id='E-2'"), "E-2", "the stored `data`"),
        (by_hand("UPDATE cases SET state='closed' WHERE id='E-2'"), "E-2", "its line in lists"),
        (by_hand("DELETE FROM waiting WHERE case_id='E-2'"), "E-2", "it is missing on the worklist of"),
        (by_hand("UPDATE outbox SET receiver='mo' WHERE case_id='E-2'"), "E-2", "is not what the record gives"),
        (by_hand("UPDATE clock_cycles SET used_ms=7 WHERE case_id='E-2'"), "E-2", "is not what the records give"),
        (by_hand("UPDATE contents SET content=x'00'"), "E-2", "is not the one that was attached"),
        (by_hand("DELETE FROM attachments"), "E-2", f"the file `{SLIP}` is gone"),
        (other_value, "E-1", "`phone` is not the value that was sealed"),
    ],
)  # fmt: skip
def test_whatever_is_changed_of_what_was_vouched_for_is_replayed_and_named(
    on_disk: Engine,
    time: ManualTime,
    tmp_path: Path,
    tamper: Tamper,
    case: str,
    said: str,
) -> None:
    a_day(on_disk, time)
    _, lines = signed(on_disk)
    with spoilt(on_disk, tmp_path, tamper) as again:
        held = compared(again, lines)
        problems = [*held.problems, *again.verify(beyond=held).problems]
    assert held.rest == (case.partition(".")[0],)
    assert [problem for problem in problems if problem.case == case and said in problem.message], problems


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records SET text=CAST(x'ff41' AS TEXT) WHERE case_id='E-2'",
        "UPDATE records SET case_id=x'00' WHERE case_id='E-2' AND sequence=1",
        "UPDATE cases SET waiting='{' WHERE id='E-2'",
    ],
)
def test_where_a_row_cannot_be_read_everything_is_replayed_and_the_case_is_named(
    on_disk: Engine, time: ManualTime, tmp_path: Path, statement: str
) -> None:
    a_day(on_disk, time)
    _, lines = signed(on_disk)
    with spoilt(on_disk, tmp_path, by_hand(statement)) as again:
        held = compared(again, lines)
        assert {problem.case for problem in again.verify(beyond=held).problems} == {"E-2"}
        assert held.rest in (None, ("E-2",))
        out = StringIO()
        made = again.checkpoint(KEY, out, actor=ADMIN, vouched=again.vouch(actor=ADMIN))
    assert made.vouching is not None
    assert made.vouching.cases <= 2


@pytest.mark.parametrize("case", ["E-1.1", "E-2"])
def test_a_case_whose_records_are_left_but_whose_row_is_gone_is_gone(
    on_disk: Engine, time: ManualTime, tmp_path: Path, case: str
) -> None:
    """Its root gone, no family named it any more, and its newest record was where the checkpoint had it."""
    a_day(on_disk, time)
    out = StringIO()
    on_disk.checkpoint(KEY, out, actor=ADMIN)
    _, lines = signed(on_disk)
    with sqlite3.connect(tmp_path / "desk.db") as connection:
        connection.execute("DELETE FROM cases WHERE id = ?", (case,))
    with Engine.open(str(tmp_path / "desk.db"), time=ManualTime(on_disk.now())) as again:
        for held in (compared(again, lines), compared(again, out.getvalue().splitlines())):
            assert [problem.case for problem in held.problems] == [case]
            assert "it is gone" in held.problems[0].message


def test_what_was_wrong_before_the_signature_is_told_and_not_vouched_for(on_disk: Engine, tmp_path: Path) -> None:
    open_errand(on_disk)
    open_errand(on_disk)
    with sqlite3.connect(tmp_path / "desk.db") as connection:
        connection.execute("UPDATE cases SET state='closed' WHERE id='E-1'")
    with Engine.open(str(tmp_path / "desk.db"), time=ManualTime(on_disk.now())) as again:
        vouched: Vouched = again.vouch(actor=ADMIN)
        assert ["its line in lists" in problem.message for problem in vouched.found.problems] == [True]
        _, lines = signed(again)
        assert compared(again, lines).rest == ("E-1",)
        # What an earlier checkpoint shows to be gone is told as well.
        out = StringIO()
        again.checkpoint(KEY, out, actor=ADMIN)
        with past_the_guards(tmp_path / "desk.db") as connection:
            for table, column in (("records", "case_id"), ("waiting", "case_id"), ("cases", "id")):
                connection.execute(f"DELETE FROM {table} WHERE {column}='E-2'")
        after = compared(again, lines, is_to_vouch=True)
        said = [problem.message for problem in again.vouch(actor=ADMIN, after=after).found.problems]
    assert any("it is gone with its records" in message for message in said)


@pytest.mark.parametrize("imprint", [["0" * 64], [""], []])
def test_an_imprint_that_was_changed_in_the_file_is_refused(on_disk: Engine, imprint: list[str]) -> None:
    open_errand(on_disk)
    open_errand(on_disk)
    _, lines = signed(on_disk)
    lines[1] = json.dumps([*json.loads(lines[1])[:3], *imprint])
    with pytest.raises(VerificationFailed, match="not those that were signed"):
        compared(on_disk, lines)


def test_an_imprint_beside_a_statement_that_vouches_for_nothing_is_refused(on_disk: Engine) -> None:
    open_errand(on_disk)
    out = StringIO()
    on_disk.checkpoint(KEY, out, actor=ADMIN)
    head, line = out.getvalue().splitlines()
    with pytest.raises(VerificationFailed, match="not those that were signed"):
        compared(on_disk, [head, json.dumps([*json.loads(line), "0" * 64])])
