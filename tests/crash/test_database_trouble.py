"""Whatever is wrong with the database: one sentence within ten seconds, nothing lost, by the engine and by commands."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from engine import Engine
from engine.app import Accepted, Search
from engine.errors import EngineError, StoreUnavailable
from engine.testing import ManualTime
from tests.cli.desks import run
from tests.crash.kept import history, proven
from tests.crash.rig import LONG, playing
from tests.crash.slips import ADMIN, BEGIN, CLERK, set_up
from tests.crash.tally import tried

AT_MOST = 15.0
"""Seconds until the sentence comes: eight of waiting, and a start on a busy machine; less than waiting twice."""

QUICK = "" if LONG else "?busy=0.5"
"""How long a locked database is waited for; the long form waits as long as people have to."""


@contextmanager
def disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """A small disk of its own, which can be made larger or read-only."""
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True)
    if made.returncode:
        folder.rmdir()
        pytest.skip("a small disk can only be mounted by root")
    try:
        yield lambda options: void(subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True))
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def void(_: object) -> None:
    """Forget an answer."""


def address(database: Path, options: str = QUICK) -> str:
    return f"sqlite:///{database}{options}"


def changes(engine: Engine) -> None:
    engine.act("S-1", "pass_on", {"remark": "x" * 2_000}, actor=CLERK)


def looks(engine: Engine) -> None:
    engine.worklist(Search(actor=CLERK, all=True))


def ticks(engine: Engine) -> None:
    engine.tick()


def publishes(engine: Engine) -> None:
    from tests.crash.slips import SOURCES

    words = {**SOURCES, "processes/note.yaml": SOURCES["processes/note.yaml"].replace("{en: Over}", "{en: Gone}")}
    engine.publish(words, "note", actor=ADMIN)


def said(act: Callable[[], object]) -> str:
    """The sentence, which came in time and says what to do."""
    began = monotonic()
    with pytest.raises(StoreUnavailable) as caught:
        act()
    assert monotonic() - began < AT_MOST
    assert_sentence(caught.value)
    return caught.value.message


def assert_sentence(error: EngineError) -> None:
    assert error.help
    assert "\n" not in error.message
    assert "sqlite3" not in error.message
    assert "Traceback" not in error.message


def commanded(*words: str) -> str:
    """What a command says of it, in one line and its mend."""
    began = monotonic()
    done = run(*words)
    assert monotonic() - began < AT_MOST
    assert done.code == 1, (done.code, done.out, done.err)
    assert done.out == ""
    first, *rest = done.err.strip().splitlines()
    assert first.startswith("error: ")
    assert len(rest) == 1
    assert rest[0].startswith("help: ")
    return first.removeprefix("error: ")


COMMANDS: dict[str, tuple[str, ...]] = {
    "list": ("list", "--as", "lin"),
    "show": ("show", "S-1", "--as", "lin"),
    "do": ("do", "S-1", "pass_on", "-f", "remark=seen", "--as", "lin"),
    "tick": ("tick",),
    "verify": ("audit", "verify"),
}


def command(name: str, database: Path | str) -> str:
    return commanded(*COMMANDS[name], "--db", str(database))


# -- locked ------------------------------------------------------------------------------------------------------------


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Another program is in the middle of writing."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        tried(database, "database locked by another program")
        yield
        other.execute("ROLLBACK")


@pytest.mark.parametrize("does", [changes, ticks, publishes])
def test_a_locked_database_is_named_and_nothing_changes(database: Path, does: Callable[[Engine], None]) -> None:
    set_up(database, 1)
    with Engine.open(address(database), time=ManualTime(BEGIN)) as engine:
        with held(database):
            assert said(lambda: does(engine)) == f"the database `{database}` is locked by another program"
            looks(engine)
        does(engine)
    proven(str(database), BEGIN)


@pytest.mark.parametrize("name", ["do", "tick"])
def test_a_command_names_a_locked_database(database: Path, name: str) -> None:
    set_up(database, 1)
    with held(database):
        assert command(name, address(database)) == f"the database `{database}` is locked by another program"


def test_a_writer_that_stands_still_is_waited_for_and_then_named(database: Path) -> None:
    set_up(database, 5)
    with playing("hold", database) as holder:
        holder.wait_for("holding")
        holder.stop()
        with Engine.open(address(database), time=ManualTime(BEGIN)) as engine:
            assert "is locked by another program" in said(lambda: changes(engine))
            holder.go_on()
            holder.wait_for("done")
            changes(engine)
    proven(str(database), BEGIN)


# -- read-only ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("does", [changes, ticks, publishes])
def test_a_database_opened_for_reading_is_only_read(database: Path, does: Callable[[Engine], None]) -> None:
    set_up(database, 1)
    with Engine.open(f"sqlite:///{database}?mode=ro", time=ManualTime(BEGIN)) as engine:
        tried(database, "database opened to be read only")
        looks(engine)
        assert "was opened for reading only" in said(lambda: does(engine))


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A database on a disk that cannot be written to."""
    with disk(tmp_path / "disk", "8m") as again:
        set_up(tmp_path / "disk" / "desk.db", 1)
        again("ro")
        tried(tmp_path, "disk made read-only")
        yield tmp_path / "disk" / "desk.db"


@pytest.mark.parametrize("does", [changes, ticks, publishes])
def test_a_read_only_disk_is_named(read_only: Path, does: Callable[[Engine], None]) -> None:
    def act() -> None:
        with Engine.open(str(read_only), time=ManualTime(BEGIN)) as engine:
            does(engine)

    assert "read-only" in said(act)


@pytest.mark.parametrize("name", ["do", "tick"])
def test_a_command_names_a_read_only_disk(read_only: Path, name: str) -> None:
    assert "read-only" in command(name, read_only)


# -- full --------------------------------------------------------------------------------------------------------------


def test_a_full_disk_is_named_and_when_freed_it_goes_on(tmp_path: Path) -> None:
    database = tmp_path / "disk" / "desk.db"
    with disk(tmp_path / "disk", "1500k") as again:
        set_up(database, 5)
        acknowledged = 0
        with Engine.open(str(database), time=ManualTime(BEGIN)) as engine:

            def fill() -> None:
                nonlocal acknowledged
                while True:
                    result = engine.act("S-1", "pass_on", {"remark": "x" * 20_000}, actor=CLERK)
                    assert isinstance(result, Accepted)
                    acknowledged += 1

            tried(database, "disk full, then freed")
            assert said(fill) == f"the disk of the database `{database}` is full"
            looks(engine)
            assert "is full" in said(fill)
        ballast(tmp_path / "disk" / "ballast")
        assert until_full(database) == f"the disk of the database `{database}` is full"
        again("size=16m")
        with Engine.open(str(database), time=ManualTime(BEGIN)) as engine:
            changes(engine)
        proven(str(database), BEGIN)
        assert len(history(str(database))["S-1"]) == 1 + acknowledged + 1


def test_a_file_that_may_not_grow_is_named(database: Path) -> None:
    """Where the system forbids to make files larger, as a quota does."""
    set_up(database, 5)
    with playing("grow", database, os.path.getsize(database) + 200_000) as player:
        _, acknowledged, message, mend = player.wait_for("stopped")
    tried(database, "file that may not grow")
    assert "disk" in message
    assert mend
    proven(str(database), BEGIN)
    assert len(history(str(database))["S-1"]) == 1 + acknowledged


def until_full(database: Path) -> str:
    """What a command says at last, when the room in the log is used up as well."""
    for number in range(1_000):
        words = ("actor", "add", f"clerk.{number}", "--role", "clerk", "--as", "boss", "--db", str(database))
        if run(*words).code:
            return commanded(*words)
    raise AssertionError("the disk was never full")


def ballast(path: Path) -> None:
    """Take what room is left."""
    with path.open("wb", buffering=0) as file:
        for size in (4096, 1):
            with suppress(OSError):
                while file.write(b"x" * size):
                    pass


# -- foreign -----------------------------------------------------------------------------------------------------------


def text_file(path: Path) -> None:
    path.write_text("Dear all,\n" * 100)


def another_application(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE notes (text)")


def newer(path: Path) -> None:
    set_up(path, 1)
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE casewright_schema SET version_num = '9999'")
        other.commit()


def damaged(path: Path) -> None:
    set_up(path, 1)
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)


FOREIGN: dict[Callable[[Path], Any], str] = {
    text_file: "is not a database",
    another_application: "belongs to another application",
    newer: "was made by a newer casewright",
    damaged: "is damaged",
    Path.mkdir: "cannot be opened",
    Path.touch: "is empty",
    lambda path: None: "there is no database at",
}


@pytest.mark.parametrize(("makes", "words"), FOREIGN.items(), ids=lambda part: part if isinstance(part, str) else "")
def test_what_is_no_database_of_ours_is_named(database: Path, makes: Callable[[Path], Any], words: str) -> None:
    makes(database)
    before = database.read_bytes() if database.is_file() else None

    def act() -> None:
        with Engine.open(str(database), time=ManualTime(BEGIN)) as engine:
            changes(engine)

    tried(database, "file that is no whole database of ours")
    assert words in said(act)
    for name in COMMANDS:
        assert words in command(name, database)
    assert before == (database.read_bytes() if database.is_file() else None)


def test_the_limit_on_files_is_that_of_the_player_alone() -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
