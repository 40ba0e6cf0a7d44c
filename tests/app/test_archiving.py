"""Closed cases leave for the archive when their time is over: proved, found, read; nothing is lost on the way."""

from __future__ import annotations

import json
import shutil
import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from engine import Engine, KeyMissing, NotFound, NotPermitted, Search, VerificationFailed
from engine.app.archive.shelves import IN_CLEAR, shelved_text
from engine.app.proof import crew
from engine.core.audit import canonical
from engine.core.cases import Family
from engine.ports import ErasedFiles, LockedFile, StoredRecord, Transaction
from engine.retention import Span, read_span
from engine.sealing import HostKeys, host_keys, new_host_key
from engine.testing import ManualTime
from engine.values import read_instant
from tests.app.desks import ADMIN, BOSS, DAY, KEY, LIN, RUN, STRANGER, deliver, done, open_errand, send, sources

KEPT = {
    name: sources()[f"processes/{name}.yaml"] + f"retention: {{keep: {keep}}}\n"
    for name, keep in (("errand", "90 days"), ("call", "1 month"))
}
PHONE = "139 0000 0001"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """The archive's folder; the database lies elsewhere."""
    (tmp_path / "shelf").mkdir()
    return tmp_path / "shelf"


@pytest.fixture
def desk(engine: Engine) -> Engine:
    """Errands are kept for ninety days, the calls they open for a month: words that take effect at once."""
    for name in KEPT:
        assert engine.publish(sources(**KEPT), name, actor=ADMIN).status == "words updated"
    return engine


def closed(engine: Engine) -> str:
    """A family of two that is over."""
    case = open_errand(engine, phone=PHONE)
    done(engine.attach(case, "slip.txt", b"the slip", actor=LIN))
    send(engine, case)
    deliver(engine, case)
    done(engine.act(f"{case}.1", "call", actor=BOSS))
    engine.on("*", lambda delivery: None)
    engine.tick()
    return case


def test_a_family_leaves_whole_when_the_time_of_all_its_cases_is_over(
    desk: Engine, time: ManualTime, shelf: Path
) -> None:
    case, still = closed(desk), open_errand(desk)
    history = desk.history(case), desk.history(f"{case}.1")
    time.move(89 * DAY)
    assert desk.leaving(actor=ADMIN) == []
    time.move(2 * DAY)
    desk.tick()
    (one,) = desk.leaving(actor=ADMIN)
    assert (one.root, one.process, one.cases) == (case, "errand", 2)
    gone = desk.archive(shelf, actor=ADMIN)
    assert (gone.families, gone.cases, gone.failed) == ((case,), 2, ())
    assert desk.leaving(actor=ADMIN) == []
    assert desk.archive(shelf, actor=ADMIN).families == ()
    for name, told in ((case, history[0]), (f"{case}.1", history[1])):
        with pytest.raises(NotFound, match="was archived into"):
            desk.case(name)
        left = desk.archived(name)
        assert left is not None
        assert (left.root, left.count, left.by) == (case, len(told), "root")
        assert desk.archived_history(name, shelf) == told
    assert [row.id for row in desk.worklist(Search(actor=LIN, all=True, is_open=None)).rows] == [still] or still
    assert [left.case for left in desk.all_archived()] == [case, f"{case}.1"]
    assert [left.case for left in desk.all_archived(limit=1)] == [case]
    assert desk.outbox(case=case) == []
    assert not desk.verify().problems
    found = desk.verify_archive(shelf)
    assert (found.cases, found.records, found.problems) == (2, len(history[0]) + len(history[1]), ())
    assert open_errand(desk) not in (case, still)  # no number is given again


def test_what_may_leave_is_looked_for_a_few_families_at_a_time(
    desk: Engine, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction remembers every case that it reads: one for a whole desk would grow with it."""
    cases = [closed(desk) for _ in range(5)]
    time.move(91 * DAY)
    monkeypatch.setattr("engine.app.archive.archiving.PAGE", 2)
    read, read_at_once = desk._store.read, list[list[str]]()

    def reading(*args: object) -> AbstractContextManager[Transaction]:
        seen: list[str] = []
        read_at_once.append(seen)
        return watched(read(*args), seen)  # type: ignore[arg-type]

    monkeypatch.setattr(desk._store, "read", reading)
    assert [one.root for one in desk.leaving(actor=ADMIN)] == cases
    assert max(map(len, read_at_once)) == 2


@contextmanager
def watched(entered: AbstractContextManager[Transaction], seen: list[str]) -> Iterator[Transaction]:
    """Note which families a transaction reads."""
    with entered as tx, pytest.MonkeyPatch.context() as patch:
        family = tx.family
        patch.setattr(tx, "family", lambda root, **how: (seen.append(root), family(root, **how))[1], raising=False)
        yield tx


def test_private_values_end_with_the_case_and_files_go_along_locked(
    desk: Engine, time: ManualTime, shelf: Path
) -> None:
    case = closed(desk)
    time.move(91 * DAY)
    desk.archive(shelf, actor=ADMIN)
    (file,) = shelf.iterdir()
    text = file.read_text("utf-8")
    assert PHONE not in text
    assert "13900000001" not in text
    last = json.loads(text.splitlines()[-1])
    assert "slip" not in last["name"]
    assert b"the slip" not in b64decode(last["content"])
    assert desk.worklist(Search(actor=LIN, all=True, find=PHONE)).rows == ()
    assert desk.archived(case) is not None


def test_what_was_attached_opens_in_the_archive_by_the_key_that_stayed(
    desk: Engine, time: ManualTime, shelf: Path
) -> None:
    case = closed(desk)
    before = desk.attachments(case)
    time.move(91 * DAY)
    desk.archive(shelf, actor=ADMIN)
    there, erased = desk.archived_files(case, shelf, actor=LIN)
    assert (there, erased) == (before, None)
    assert [(one.name, one.by) for one in there] == [("slip.txt", LIN.id)]
    assert desk.archived_file(case, there[0].hash, shelf, actor=LIN).content == b"the slip"
    with pytest.raises(NotFound, match="nothing with the hash"):
        desk.archived_file(case, "00", shelf)
    with pytest.raises(NotPermitted):
        desk.archived_file(case, there[0].hash, shelf, actor=STRANGER)


def test_what_is_erased_of_an_archived_case_opens_nowhere_and_stands_on_record(
    desk: Engine, time: ManualTime, shelf: Path
) -> None:
    case, other = closed(desk), closed(desk)
    time.move(91 * DAY)
    desk.archive(shelf, actor=ADMIN)
    (file,) = desk.archived_files(case, shelf)[0]
    kept = desk.erase(case, actor=ADMIN, reason="by letter", keeps_files=True)
    assert [one.is_new for one in kept] == [False, False]
    first, child = desk.erase(f"{case}.1", actor=ADMIN, reason="by letter")
    assert (first.case, first.in_archive, first.is_new, child.is_new) == (case, True, True, False)
    assert not any(one.is_new for one in desk.erase(case, actor=ADMIN, reason="again"))
    (gone,), erased = desk.archived_files(case, shelf)
    assert (gone.name, gone.size) == ("", 8)
    assert erased == ErasedFiles(case=case, at=time.now(), by="root", reason="by letter")
    with pytest.raises(KeyMissing, match="they were erased"):
        desk.archived_file(case, file.hash, shelf)
    assert desk.archived_files(other, shelf)[0][0].name == "slip.txt"
    assert not desk.verify_archive(shelf).problems
    with pytest.raises(NotPermitted):
        desk.erase(other, actor=LIN, reason="by letter")


def test_files_that_lie_in_an_older_archive_in_clear_are_still_read(
    desk: Engine, time: ManualTime, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = closed(desk)
    (file,) = desk.attachments(case)
    time.move(91 * DAY)

    def in_clear(family: Family, records: list[StoredRecord], files: list[tuple[str, LockedFile]]) -> str:
        told = [json.loads(line) for line in shelved_text(family, records, files).splitlines()]
        told[-1] |= {"name": "slip.txt", "content": b64encode(b"the slip").decode()}
        del told[-1]["at"]
        return "".join(f"{canonical(line)}\n" for line in [told[0] | {"archive": IN_CLEAR}, *told[1:]])

    with monkeypatch.context() as patch:
        patch.setattr("engine.app.archive.archiving.shelved_text", in_clear)
        desk.archive(shelf, actor=ADMIN)
    (there,), _ = desk.archived_files(case, shelf)
    assert (there.name, there.size) == ("slip.txt", 8)
    assert desk.archived_file(case, file.hash, shelf).content == b"the slip"
    assert not desk.verify_archive(shelf).problems


def test_a_file_of_the_archive_that_its_key_does_not_open_is_named(
    desk: Engine, time: ManualTime, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = closed(desk)
    time.move(91 * DAY)

    def spoilt(family: Family, records: list[StoredRecord], files: list[tuple[str, LockedFile]]) -> str:
        return shelved_text(
            family, records, [(owner, replace(file, content=file.content[:-1])) for owner, file in files]
        )

    with monkeypatch.context() as patch:
        patch.setattr("engine.app.archive.archiving.shelved_text", spoilt)
        desk.archive(shelf, actor=ADMIN)
    (problem,) = desk.verify_archive(shelf).problems
    assert (problem.case, "is not the one that was attached" in problem.message) == (case, True)
    assert not desk.verify_archive(shelf, replays=False).problems


def test_what_still_has_something_to_come_stays(desk: Engine, time: ManualTime, shelf: Path) -> None:
    open_call = open_errand(desk, phone=PHONE)
    send(desk, open_call)
    deliver(desk, open_call)  # its call is planned
    unsent = open_errand(desk)
    send(desk, unsent)
    done(desk.act(unsent, "drop", actor=LIN))  # its messages wait: nobody delivers
    time.move(200 * DAY)
    assert desk.leaving(actor=ADMIN) == []
    assert desk.archive(shelf, actor=ADMIN).cases == 0
    assert list(shelf.iterdir()) == []


def test_a_process_that_says_nothing_keeps_its_cases_for_good(engine: Engine, time: ManualTime) -> None:
    closed(engine)
    time.move(20_000 * DAY)
    assert engine.leaving(actor=ADMIN) == []


def test_only_administrators_archive_and_only_readers_read(desk: Engine, time: ManualTime, shelf: Path) -> None:
    case = closed(desk)
    time.move(91 * DAY)
    for who in (LIN, BOSS):
        with pytest.raises(NotPermitted):
            desk.leaving(actor=who)
        with pytest.raises(NotPermitted):
            desk.archive(shelf, actor=who)
    assert list(shelf.iterdir()) == []
    desk.archive(shelf, actor=ADMIN)
    assert desk.archived_history(case, shelf, actor=RUN)
    with pytest.raises(NotPermitted):
        desk.archived_history(case, shelf, actor=STRANGER)


def test_broken_off_behind_the_file_nothing_is_lost_and_the_next_run_goes_on(
    desk: Engine, time: ManualTime, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, other = closed(desk), closed(desk)
    time.move(91 * DAY)
    before = desk.history(case)
    with monkeypatch.context() as patch:
        patch.setattr("engine.app.archive.archiving._tombstone", lambda *_: (_ for _ in ()).throw(OSError("power cut")))
        with pytest.raises(OSError, match="power cut"):
            desk.archive(shelf, actor=ADMIN)
    assert len(list(shelf.iterdir())) == 1
    assert desk.history(case) == before
    assert desk.archived(case) is None
    assert set(desk.archive(shelf, actor=ADMIN).families) == {case, other}
    assert len(list(shelf.iterdir())) == 2  # the file that was there is the one that is meant
    assert not desk.verify_archive(shelf).problems


def test_who_changes_a_case_meanwhile_keeps_it(
    desk: Engine, time: ManualTime, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = closed(desk)
    time.move(91 * DAY)

    def changed(*_: object) -> tuple[str, str]:
        desk.act(case, "remark", {"note": "wait"}, actor=BOSS)  # refused, and on record
        return "x", "y"

    monkeypatch.setattr("engine.app.archive.archiving.shelve", changed)
    gone = desk.archive(shelf, actor=ADMIN)
    assert gone.families == ()
    assert [(root, "changed meanwhile" in why) for root, why in gone.failed] == [(case, True)]
    assert desk.case(case).id == case


def test_a_file_that_is_gone_changed_or_another_is_named(desk: Engine, time: ManualTime, shelf: Path) -> None:
    case, other = closed(desk), closed(desk)
    time.move(91 * DAY)
    desk.archive(shelf, actor=ADMIN)
    left, beside = desk.archived(case), desk.archived(other)
    assert left is not None
    assert beside is not None
    file = shelf / left.file
    content = file.read_bytes()
    for spoilt in (content.replace(b"milk", b"silk"), content[:-20], b"", (shelf / beside.file).read_bytes()):
        file.write_bytes(spoilt)
        (problem,) = desk.verify_archive(shelf).problems
        assert (problem.case, left.file in problem.message) == (case, True)
        with pytest.raises(VerificationFailed):
            desk.archived_history(case, shelf)
    file.unlink()
    assert "cannot be read" in desk.verify_archive(shelf).problems[0].message


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_several_processes_find_in_the_files_what_one_finds(
    desk: Engine, time: ManualTime, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [closed(desk) for _ in range(4)]
    time.move(91 * DAY)
    assert desk.archive(shelf, actor=ADMIN).families == tuple(cases)
    left = desk.archived(cases[2])
    assert left is not None
    (shelf / left.file).unlink()
    monkeypatch.setattr(crew, "ENOUGH", 2)
    monkeypatch.setattr(crew, "CHUNK", 1)
    seen: list[tuple[int, int]] = []
    found = desk.verify_archive(shelf, jobs=2, progress=lambda done_, total: seen.append((done_, total)))
    assert found == desk.verify_archive(shelf)
    assert (found.cases, [problem.case for problem in found.problems]) == (6, [cases[2]])
    assert seen == [(done_, 4) for done_ in range(1, 5)]


def test_a_family_with_files_leaves_without_the_hosts_key_and_opens_by_it(
    template: Path, tmp_path: Path, time: ManualTime, shelf: Path
) -> None:
    text, path = new_host_key(), tmp_path / "locked.db"
    key = host_keys({"CASEWRIGHT_KEY": text})
    shutil.copy(template, path)
    with Engine.open(str(path), time=time, keys=key) as desk:
        for name in KEPT:
            desk.publish(sources(**KEPT), name, actor=ADMIN)
        case = closed(desk)
    time.move(91 * DAY)
    with Engine.open(str(path), time=time, keys=HostKeys()) as desk:
        assert desk.archive(shelf, actor=ADMIN).families == (case,)
        (file,), _ = desk.archived_files(case, shelf)
        assert file.name == ""
        with pytest.raises(KeyMissing, match="`E-1/files` of private values is locked"):
            desk.archived_file(case, file.hash, shelf)
        assert not desk.verify_archive(shelf).problems
    newer = host_keys({"CASEWRIGHT_KEY": f"{new_host_key()} {text}"})
    with Engine.open(str(path), time=time, keys=newer) as desk:
        assert desk.wrap_keys(actor=ADMIN) == 2  # the search key, and of all cases only this one
        assert desk.archived_file(case, file.hash, shelf).name == "slip.txt"
        assert not desk.verify_archive(shelf).problems


def test_a_checkpoint_of_before_and_one_of_after_hold_for_what_was_archived(
    desk: Engine, time: ManualTime, shelf: Path
) -> None:
    lines = list[list[str]]()

    def sign() -> None:
        out = StringIO()
        desk.checkpoint(KEY, out, actor=ADMIN)
        lines.append(out.getvalue().splitlines())

    case = open_errand(desk)
    sign()  # the case goes on after this one
    done(desk.act(case, "drop", actor=LIN))
    sign()
    time.move(91 * DAY)
    desk.archive(shelf, actor=ADMIN)
    sign()
    for known in lines:
        assert desk.verify_checkpoint(known, trust=KEY.fingerprint, archive=shelf).problems == ()
    assert [json.loads(known[1])[0] for known in lines] == [case] * 3
    for file in shelf.iterdir():
        file.unlink()
    assert [bool(desk.verify_checkpoint(known, trust=KEY.fingerprint, archive=shelf).problems) for known in lines] == [
        True, False, False,
    ]  # fmt: skip


def test_records_leave_by_no_other_way(on_disk: Engine, time: ManualTime, tmp_path: Path, shelf: Path) -> None:
    """The database lets go only of records that a tombstone names, and of no tombstone."""
    for name in KEPT:
        on_disk.publish(sources(**KEPT), name, actor=ADMIN)
    case, kept = closed(on_disk), closed(on_disk)
    time.move(91 * DAY)
    open_errand(on_disk)
    refused = ["DELETE FROM records", "UPDATE archived SET head = ''", "DELETE FROM archived",
               "INSERT OR REPLACE INTO archived SELECT * FROM archived", "UPDATE erased_files SET reason = ''",
               "DELETE FROM erased_files",
               "INSERT OR REPLACE INTO erased_files SELECT * FROM erased_files"]  # fmt: skip
    on_disk.archive(shelf, actor=ADMIN)
    on_disk.erase(case, actor=ADMIN, reason="by letter")
    assert on_disk.archived(case)
    assert on_disk.archived(kept)
    with closing(sqlite3.connect(tmp_path / "desk.db")) as connection:
        for statement in refused:
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(statement)
        connection.execute("DELETE FROM records WHERE case_id = ?", (case,))  # there is none left


def test_an_archived_case_that_is_put_back_behind_the_archive_is_named(
    on_disk: Engine, time: ManualTime, tmp_path: Path, shelf: Path
) -> None:
    for name in KEPT:
        on_disk.publish(sources(**KEPT), name, actor=ADMIN)
    case = closed(on_disk)
    with closing(sqlite3.connect(tmp_path / "desk.db")) as connection:
        row = connection.execute("SELECT * FROM cases WHERE id = ?", (case,)).fetchone()
    time.move(91 * DAY)
    on_disk.archive(shelf, actor=ADMIN)
    with closing(sqlite3.connect(tmp_path / "desk.db")) as connection, connection:
        connection.execute(f"INSERT INTO cases VALUES ({', '.join('?' * len(row))})", row)
    assert "there again" in on_disk.verify_archive(shelf).problems[0].message


SHANGHAI = "Asia/Shanghai"


@pytest.mark.parametrize(
    ("closed_at", "span", "over"),
    [
        ("2026-03-02 09:00", "90 days", "2026-06-01 00:00"),
        ("2026-03-02 00:00", "1 day", "2026-03-04 00:00"),
        ("2026-01-31 23:59", "1 month", "2026-03-01 00:00"),  # February has no 31st
        ("2024-02-29 10:00", "1 year", "2025-03-01 00:00"),  # nor has 2025 a 29th
        ("2024-02-29 10:00", "4 years", "2028-03-01 00:00"),
    ],
)
def test_time_is_over_at_the_end_of_a_day_by_the_calendar(closed_at: str, span: str, over: str) -> None:
    assert read_span(span).after(read_instant(closed_at, SHANGHAI), SHANGHAI) == read_instant(over, SHANGHAI)


@pytest.mark.parametrize("span", ["9999 days", "9999 months", "9999 years"])
def test_the_longest_spans_end_somewhere(span: str) -> None:
    late = read_instant("2199-12-30 10:00", SHANGHAI)
    assert read_span(span).after(late, SHANGHAI) > late


def test_a_span_is_never_shorter_than_its_least() -> None:
    for text in ("1 day", "1 month", "12 months", "3 years"):
        span = read_span(text)
        assert isinstance(span, Span)
        assert str(span) == text
        for day in range(0, 800, 7):
            at = read_instant("2023-12-30 12:00", SHANGHAI) + day * DAY
            assert span.after(at, SHANGHAI) - at >= span.least
