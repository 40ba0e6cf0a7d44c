"""Random byte flips and cut tails in the audit: whatever a disk or a stranger did is named, and never verified."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine import Engine
from engine.errors import EngineError
from engine.evidence.signing import SigningKey
from engine.testing import ManualTime
from tests.app.desks import ADMIN, HOUR, NINE, deliver, open_errand, send, sources
from tests.crash.rig import LONG, dice, tell

KEY = SigningKey(bytes(range(32)))
TRIES = 2_000 if LONG else 60
TRIGGERS = ("records_are_never_changed", "records_are_never_deleted", "records_are_never_replaced")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk with some families closed, open and late, all of it in one file that nobody has open."""
    file = tmp_path_factory.mktemp("whole") / "desk.db"
    time = ManualTime(NINE)
    with Engine.open(str(file), time=time, create=True) as engine:
        for process in ("errand", "call"):
            engine.publish(sources(), process, actor=ADMIN)
        for number in range(6):
            case = open_errand(engine, phone=f"139-{number}", what=f"parcel {number}")
            if number % 2:
                send(engine, case)
            if number % 4 == 1:
                deliver(engine, case)
        time.move(HOUR)
        engine.tick()
        vouched = engine.vouch(actor=ADMIN)
        assert not vouched.found.problems
        with signed(file).open("w") as out:
            engine.checkpoint(KEY, out, actor=ADMIN, vouched=vouched)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy to be spoilt."""
    file = tmp_path / "desk.db"
    shutil.copy(whole, file)
    return file


def signed(file: Path) -> Path:
    """The checkpoint over this desk, which vouches for all of it."""
    return file.with_name("desk.checkpoint")


def verdict(file: Path, checkpoint: Path | None = None) -> str:
    """What verifying says: the problems, or the sentence that it cannot be; empty where all is well.

    With a checkpoint nothing is replayed for which it vouches.
    """
    for rest in ("-wal", "-shm"):
        file.with_name(file.name + rest).unlink(missing_ok=True)
    try:
        with Engine.open(str(file), time=ManualTime(NINE + HOUR)) as engine:
            lines = [] if checkpoint is None else checkpoint.read_text().splitlines()
            held = engine.verify_checkpoint(lines, trust=KEY.fingerprint) if lines else None
            problems = (*(held.problems if held is not None else ()), *engine.verify(beyond=held).problems)
            return "; ".join(f"{one.case} #{one.sequence}: {one.message}" for one in problems)
    except EngineError as error:
        return error.message


def stored(file: Path) -> list[tuple[str, int, str, str]]:
    with closing(sqlite3.connect(file)) as connection:
        return list(connection.execute("SELECT case_id, sequence, text, hash FROM records ORDER BY case_id, sequence"))


def test_a_flipped_byte_of_a_record_is_named_wherever_it_lies(whole: Path, copy: Path) -> None:
    chance, content, records = dice(), whole.read_bytes(), stored(whole)
    tell(f"{TRIES} flips in {len(records)} records")
    for attempt in range(TRIES):
        case, sequence, text, digest = chance.choice(records)
        part = chance.choice((text, digest)).encode()
        place = content.find(part[:200])
        if place < 0:  # it goes over the edge of a page
            continue
        spoilt = bytearray(content)
        at = place + chance.randrange(min(len(part), 200))
        spoilt[at] ^= 1 << chance.randrange(8)
        copy.write_bytes(spoilt)
        said = verdict(copy, signed(whole) if attempt % 2 else None)
        where = f"attempt {attempt}: byte {at} of `{case}` #{sequence}: {content[at]:#x} → {spoilt[at]:#x}"
        assert said, where
        assert case.partition(".")[0] in said or "damaged" in said, f"{where}: {said}"


def test_a_flipped_byte_anywhere_in_the_file_is_named_or_changes_nothing(whole: Path, copy: Path) -> None:
    """What is not in use may be flipped unseen; all else is named in a sentence, and nothing is lost silently."""
    chance, content, before = dice(), whole.read_bytes(), stored(whole)
    unseen = 0
    for attempt in range(TRIES):
        spoilt = bytearray(content)
        at = chance.randrange(len(spoilt))
        spoilt[at] ^= 1 << chance.randrange(8)
        copy.write_bytes(spoilt)
        if not verdict(copy):
            unseen += 1
            assert stored(copy) == before, f"attempt {attempt}: byte {at}"
    tell(f"{TRIES} flips in {len(content)} bytes, {unseen} of them where no record or case lies")


def test_a_tail_cut_off_the_file_is_named(whole: Path, copy: Path) -> None:
    chance, content = dice(), whole.read_bytes()
    for attempt in range(TRIES // 2):
        left = chance.randrange(100, len(content))
        copy.write_bytes(content[:left])
        assert verdict(copy), f"attempt {attempt}: {left} of {len(content)} bytes were left"


def test_records_cut_off_the_end_of_a_case_are_named(whole: Path, copy: Path) -> None:
    chance, records = dice(), stored(whole)
    lengths = {case: sequence for case, sequence, *_ in records}
    for attempt in range(TRIES // 2):
        shutil.copy(whole, copy)
        case = chance.choice(sorted(lengths))
        kept = chance.randrange(lengths[case])
        with closing(sqlite3.connect(copy)) as connection, connection:
            for trigger in TRIGGERS:
                connection.execute(f"DROP TRIGGER {trigger}")
            connection.execute("DELETE FROM records WHERE case_id = ? AND sequence > ?", (case, kept))
        said = verdict(copy, signed(whole) if attempt % 2 else None)
        assert f"{case} #" in said or f"{case.partition('.')[0]} #" in said, (
            f"attempt {attempt}: {case} after {kept}: {said}"
        )
