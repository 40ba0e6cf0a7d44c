"""Random byte flips and cut tails in the audit: whatever a disk or a stranger did is named, and never verified."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from engine import Engine
from engine.errors import EngineError
from engine.testing import ManualTime
from tests import postgres
from tests.app.desks import ADMIN, HOUR, KEY, NINE, deliver, open_errand, send, sources
from tests.app.tampering import past_the_guards
from tests.crash.kept import rows
from tests.crash.rig import LONG, dice, tell
from tests.crash.tally import tried

TRIES = 2_000 if LONG else 60


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk with some families closed, open and late, all of it in one file that nobody has open."""
    file = tmp_path_factory.mktemp("whole") / "desk.db"
    fill(str(file), signed(file))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file


def fill(place: str, checkpoint: Path) -> None:
    """Some families of every kind, and a checkpoint that vouches for all of them."""
    time = ManualTime(NINE)
    with Engine.open(place, time=time, create=True) as engine:
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
        with checkpoint.open("w") as out:
            engine.checkpoint(KEY, out, actor=ADMIN, vouched=vouched)


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
            return problems(engine, checkpoint)
    except EngineError as error:
        return error.message


def problems(engine: Engine, checkpoint: Path | None) -> str:
    """What verifying finds, in one line."""
    lines = [] if checkpoint is None else checkpoint.read_text().splitlines()
    held = engine.verify_checkpoint(lines, trust=KEY.fingerprint) if lines else None
    found = (*(held.problems if held is not None else ()), *engine.verify(beyond=held).problems)
    return "; ".join(f"{one.case} #{one.sequence}: {one.message}" for one in found)


def is_named(case: str, said: str) -> bool:
    """Whether the problem is laid to the case or to the head of its family, and not to one whose number begins so."""
    return f"{case} #" in said or f"{case.partition('.')[0]} #" in said


def stored(file: Path) -> list[tuple[str, int, str, str]]:
    with closing(sqlite3.connect(file)) as connection:
        return list(connection.execute("SELECT case_id, sequence, text, hash FROM records ORDER BY case_id, sequence"))


def test_a_flipped_byte_of_a_record_is_named_wherever_it_lies(whole: Path, copy: Path) -> None:
    chance, content, records = dice(), whole.read_bytes(), stored(whole)
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
        tried(copy, "byte of a record flipped")
        said = verdict(copy, signed(whole) if attempt % 2 else None)
        where = f"attempt {attempt}: byte {at} of `{case}` #{sequence}: {content[at]:#x} → {spoilt[at]:#x}"
        assert said, where
        assert is_named(case, said) or "damaged" in said, f"{where}: {said}"


def test_a_flipped_byte_anywhere_in_the_file_is_named_or_changes_nothing(whole: Path, copy: Path) -> None:
    """What is not in use may be flipped unseen; all else is named in a sentence, and nothing is lost silently."""
    chance, content, before = dice(), whole.read_bytes(), stored(whole)
    unseen = 0
    for attempt in range(TRIES):
        spoilt = bytearray(content)
        at = chance.randrange(len(spoilt))
        spoilt[at] ^= 1 << chance.randrange(8)
        copy.write_bytes(spoilt)
        tried(copy, "byte anywhere in the file flipped")
        if not verdict(copy):
            unseen += 1
            assert stored(copy) == before, f"attempt {attempt}: byte {at}"
    tell(f"{TRIES} flips in {len(content)} bytes, {unseen} of them where no record or case lies")


def test_a_tail_cut_off_the_file_is_named(whole: Path, copy: Path) -> None:
    chance, content = dice(), whole.read_bytes()
    for attempt in range(TRIES // 2):
        left = chance.randrange(100, len(content))
        copy.write_bytes(content[:left])
        tried(copy, "tail of the file cut off")
        assert verdict(copy), f"attempt {attempt}: {left} of {len(content)} bytes were left"


def test_records_cut_off_the_end_of_a_case_are_named(whole: Path, copy: Path) -> None:
    chance, records = dice(), stored(whole)
    lengths = {case: sequence for case, sequence, *_ in records}
    for attempt in range(TRIES // 2):
        shutil.copy(whole, copy)
        case = chance.choice(sorted(lengths))
        kept = chance.randrange(lengths[case])
        with past_the_guards(copy) as connection:
            connection.execute("DELETE FROM records WHERE case_id = ? AND sequence > ?", (case, kept))
        tried(copy, "tail of a case's records cut off")
        said = verdict(copy, signed(whole) if attempt % 2 else None)
        assert is_named(case, said), f"attempt {attempt}: {case} after {kept}: {said}"


# -- on a server, by somebody who may do everything there -------------------------------------------------------------

ON_SERVER = 1_000 if LONG else 30


class Spoilt(NamedTuple):
    """A desk on a server whose records can be changed past the engine, and put back."""

    url: str
    checkpoint: Path

    @contextmanager
    def by(self, statement: str, *values: object) -> Iterator[None]:
        """Meanwhile the records are as this statement leaves them."""
        with psycopg.connect(self.url, autocommit=True) as raw:
            raw.execute("CREATE TABLE before AS TABLE records")
            raw.execute("SET session_replication_role = replica")  # no trigger hinders it
            raw.execute(statement.encode(), values)
            try:
                yield
            finally:
                raw.execute("DELETE FROM records")
                raw.execute("INSERT INTO records SELECT * FROM before")
                raw.execute("DROP TABLE before")


@pytest.fixture(scope="module")
def on_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spoilt]:
    """The same desk on a server."""
    postgres.needs_server()
    server = postgres.shared()
    name = server.new(postgres.made())
    checkpoint = tmp_path_factory.mktemp("on_server") / "desk.checkpoint"
    fill(server.url(name), checkpoint)
    yield Spoilt(server.url(name), checkpoint)
    server.drop(name)


def test_a_flipped_byte_of_a_record_on_a_server_is_named(on_server: Spoilt) -> None:
    chance, told = dice(), rows(on_server.url, "SELECT case_id, sequence, text, hash FROM records ORDER BY 1, 2")
    with Engine.open(on_server.url, time=ManualTime(NINE + HOUR)) as engine:
        for attempt in range(ON_SERVER):
            case, sequence, *parts = chance.choice(told)
            which = chance.randrange(2)
            part = parts[which].encode()
            at, bit = chance.randrange(len(part)), chance.randrange(1, 5)
            spoilt = (part[:at] + bytes([part[at] ^ 1 << bit]) + part[at + 1 :]).decode(errors="replace")
            column = ("text", "hash")[which]
            with on_server.by(
                f"UPDATE records SET {column} = %s WHERE case_id = %s AND sequence = %s", spoilt, case, sequence
            ):
                tried(on_server.url, "byte of a record flipped")
                said = problems(engine, on_server.checkpoint if attempt % 2 else None)
            assert is_named(case, said), f"attempt {attempt}: byte {at} of the {column} of `{case}` #{sequence}: {said}"
        assert not problems(engine, on_server.checkpoint)


def test_records_cut_off_the_end_of_a_case_on_a_server_are_named(on_server: Spoilt) -> None:
    chance = dice()
    lengths = dict(rows(on_server.url, "SELECT case_id, max(sequence) FROM records GROUP BY case_id ORDER BY case_id"))
    with Engine.open(on_server.url, time=ManualTime(NINE + HOUR)) as engine:
        for attempt in range(ON_SERVER // 2):
            case = chance.choice(list(lengths))
            kept = chance.randrange(lengths[case])
            with on_server.by("DELETE FROM records WHERE case_id = %s AND sequence > %s", case, kept):
                tried(on_server.url, "tail of a case's records cut off")
                said = problems(engine, on_server.checkpoint if attempt % 2 else None)
            assert is_named(case, said), f"attempt {attempt}: {case} after {kept}: {said}"
        assert not problems(engine, on_server.checkpoint)
