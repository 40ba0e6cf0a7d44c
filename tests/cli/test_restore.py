"""`db restore`: a copy is proved before it stands anywhere, and takes the place of nothing that is at work."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from engine import Engine
from engine.cli.exits import Exit
from engine.store.address import read_address
from engine.store.sqlite import connecting, restoring
from tests.app.tampering import past_the_guards
from tests.cli.desks import report, run

DESK = "casewright.sqlite"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def case(desk: Path) -> str:
    """A repair, and a copy of the desk with its keys beside; then another repair, that the copy does not know."""
    made = report()
    assert run("db", "backup", "copy.sqlite", "--keys", "copy.keys").code == Exit.DONE
    report()
    return made


def files(desk: Path) -> set[str]:
    return {path.name for path in desk.iterdir() if "sqlite" in path.name}


def test_a_copy_is_put_where_nothing_is(case: str, desk: Path) -> None:
    done = run("db", "restore", "copy.sqlite", "--keys", "copy.keys", "--db", "again.sqlite")
    assert (done.code, done.err) == (Exit.DONE, "")
    assert "again.sqlite is put back: 1 case, 1 record, every chain is whole" in done.out
    assert "1 key brought back" in done.out
    assert "what happened after " in done.out
    assert "13900000000" in run("show", case, "--as", "wang.fang", "--db", "again.sqlite").out
    assert run("audit", "verify", "--db", "again.sqlite").code == Exit.DONE
    assert (desk / "again.sqlite").stat().st_mode & 0o777 == 0o600


def test_without_its_keys_it_says_what_cannot_be_opened_and_how(case: str) -> None:
    done = run("db", "restore", "copy.sqlite", "--db", "again.sqlite")
    assert "private values of 1 case cannot be opened: `casewright db keys FILE`" in done.err
    told = run("db", "restore", "copy.sqlite", "--db", "other.sqlite", "--json").json
    assert (told["cases"], told["keys"], told["keyless"], told["set_aside"]) == (1, 0, 1, None)
    assert "无法打开" in run("db", "restore", "copy.sqlite", "--db", "third.sqlite", language="zh").err


def test_a_database_that_is_there_stays_unless_it_is_said_and_is_set_aside(case: str, desk: Path) -> None:
    before = files(desk)
    refused = run("db", "restore", "copy.sqlite")
    assert (refused.code, "say --replace" in refused.err) == (Exit.CONFLICT, True)
    assert "已有数据库" in run("db", "restore", "copy.sqlite", language="zh").err
    assert run("list", "--all", "--as", "wang.fang", "--json").json["total"] == 2
    done = run("db", "restore", "copy.sqlite", "--keys", "copy.keys", "--replace")
    assert done.code == Exit.DONE
    aside = f"{DESK}.before-restore-1"
    assert aside in done.out
    assert files(desk) - before == {aside}
    assert run("list", "--all", "--as", "wang.fang", "--json").json["total"] == 1
    assert run("list", "--all", "--as", "wang.fang", "--db", aside, "--json").json["total"] == 2
    assert f"{DESK}.before-restore-2" in run("db", "restore", "copy.sqlite", "--replace").out


def test_nobody_s_work_is_taken_from_under_them(case: str, desk: Path) -> None:
    before = files(desk)
    with Engine.open(DESK) as working:
        working.case(case)
        refused = run("db", "restore", "copy.sqlite", "--replace")
        assert (refused.code, "somebody is at work" in refused.err) == (Exit.CONFLICT, True)
        assert len(working.people()) > 3
    assert files(desk) == before
    assert run("db", "restore", "copy.sqlite", "--replace").code == Exit.DONE


def test_a_database_that_is_spoilt_is_set_aside_as_it_is(case: str, desk: Path) -> None:
    spoilt = b"no database any more" * 1_000
    (desk / DESK).write_bytes(spoilt)
    assert run("db", "restore", "copy.sqlite", "--replace").code == Exit.DONE
    assert (desk / f"{DESK}.before-restore-1").read_bytes() == spoilt
    assert run("audit", "verify").code == Exit.DONE


def spoil_page(copy: Path) -> None:
    content = bytearray(copy.read_bytes())
    content[-3_000:-2_000] = b"x" * 1_000
    copy.write_bytes(content)


def change_record(copy: Path) -> None:
    with past_the_guards(copy) as connection:
        connection.execute("UPDATE records SET text = replace(text, 'phone', 'paper')")


def another_program(copy: Path) -> None:
    copy.unlink()
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("CREATE TABLE tunes (name)")


def of_tomorrow(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE casewright_schema SET version_num = '9999'")


@pytest.mark.parametrize(
    ("spoil", "said", "code"),
    [
        (spoil_page, "is damaged", Exit.FAILED),
        (change_record, "do not hold; nothing was changed", Exit.NOT_VERIFIED),
        (another_program, "belongs to another application", Exit.FAILED),
        (of_tomorrow, "made by a newer casewright", Exit.FAILED),
        (lambda copy: copy.write_bytes(b""), "is empty", Exit.FAILED),
        (lambda copy: copy.write_bytes(b"text"), "is not a database", Exit.FAILED),
        (lambda copy: copy.unlink(), "there is no file `copy.sqlite`", Exit.USAGE),
    ],
)
def test_a_copy_that_does_not_hold_is_put_nowhere(case: str, desk: Path, spoil: object, said: str, code: Exit) -> None:
    spoil(desk / "copy.sqlite")  # type: ignore[operator]
    before, content = files(desk), (desk / DESK).read_bytes()
    refused = run("db", "restore", "copy.sqlite", "--replace")
    assert (refused.code, said in refused.err) == (code, True), refused.err
    assert "Traceback" not in refused.err
    assert (files(desk), (desk / DESK).read_bytes()) == (before, content)


def test_the_database_is_no_copy_of_itself(case: str) -> None:
    refused = run("db", "restore", DESK, "--replace")
    assert (refused.code, "is the database itself" in refused.err) == (Exit.USAGE, True)


def test_a_copy_with_its_log_beside_is_taken_whole(case: str, desk: Path) -> None:
    """Who copied by `cp` has the newest steps in the file beside."""
    with Engine.open(DESK) as engine:
        engine.claim(case, actor="zhao.lei")
        for ending in ("", "-wal", "-shm"):
            shutil.copy(desk / f"{DESK}{ending}", desk / f"cp.sqlite{ending}")
    done = run("db", "restore", "cp.sqlite", "--db", "again.sqlite")
    assert "2 cases, 3 records" in done.out


def test_broken_off_when_the_old_one_is_set_aside_it_goes_on(
    case: str, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*given: object) -> str:
        set_aside(*given)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    set_aside = restoring._set_aside
    with monkeypatch.context() as patch:
        patch.setattr(restoring, "_set_aside", killed)
        assert run("db", "restore", "copy.sqlite", "--replace").code != Exit.DONE
    assert run("list", "--all", "--as", "wang.fang", "--json").json["total"] == 2, "it has its name until the last"
    done = run("db", "restore", "copy.sqlite", "--keys", "copy.keys", "--replace")
    assert (done.code, f"{DESK}.before-restore-1" in done.out) == (Exit.DONE, True)
    assert not (desk / f"{DESK}.before-restore-2").exists()


def test_on_a_disk_that_gives_a_file_one_name_only_it_is_renamed(
    case: str, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: object) -> None:
        raise PermissionError("this file system has no hard links")

    monkeypatch.setattr("engine.store.sqlite.restoring.os.link", no_link)
    assert run("db", "restore", "copy.sqlite", "--replace").code == Exit.DONE
    assert run("list", "--all", "--as", "wang.fang", "--json").json["total"] == 1
    aside = f"{DESK}.before-restore-1"
    assert run("list", "--all", "--as", "wang.fang", "--db", aside, "--json").json["total"] == 2
    assert run("db", "restore", "copy.sqlite", "--db", "again.sqlite").code == Exit.DONE


CLAIM = """
from engine import Engine
from engine.errors import EngineError
from engine.store.sqlite import connecting
import sqlite3, sys

connect = connecting.connect
def at_the_door(*given):
    connection = connect(*given)
    connecting.connect = connect
    print("at the door", flush=True)
    sys.stdin.readline()
    return connection
if len(sys.argv) > 3:
    connecting.connect = at_the_door
try:
    with Engine.open(f"sqlite:///{sys.argv[1]}?busy=0.2") as engine:
        engine.claim(sys.argv[2], actor="zhao.lei")
    print("claimed")
except EngineError as error:
    print(error)
"""
"""Another process, that claims a case; with a third word it waits when it has found the file, before it looks in."""


def another(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CLAIM, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def claims(file: str) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute("SELECT text FROM records ORDER BY case_id, sequence").fetchall()
    return [text for (text,) in found if '"claim"' in text]


def test_nobody_comes_in_while_the_names_are_changed(case: str, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look whether somebody is at work and the renaming, another process kept a step that was gone then."""
    said = []

    def with_another(*given: object) -> str:
        said.append(another(DESK, case).communicate()[0])
        aside = set_aside(*given)  # type: ignore[arg-type]
        said.append(another(DESK, case).communicate()[0])
        return aside

    set_aside = restoring._set_aside
    monkeypatch.setattr(restoring, "_set_aside", with_another)
    assert run("db", "restore", "copy.sqlite", "--replace").code == Exit.DONE
    assert ["is locked by another program" in one for one in said] == [True, True]
    assert claims(f"{DESK}.before-restore-1") == claims(DESK) == []
    assert run("audit", "verify").code == Exit.DONE


def test_who_has_found_the_file_before_works_with_the_one_that_was_put_there(case: str, desk: Path) -> None:
    """Its log would have been written beside the copy, by the old name."""
    with another(DESK, case, "wait") as late:
        assert late.stdout is not None
        assert late.stdout.readline() == "at the door\n"
        assert run("db", "restore", "copy.sqlite", "--replace").code == Exit.DONE
        assert late.communicate("go on\n")[0] == "claimed\n"
    assert claims(f"{DESK}.before-restore-1") == []
    assert len(claims(DESK)) == 1
    assert run("audit", "verify").code == Exit.DONE


def test_a_writer_at_the_door_begins_again_with_the_copy(
    case: str, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def restored_meanwhile(*given: object) -> sqlite3.Connection:
        monkeypatch.setattr(connecting, "connect", connect)
        found = connect(*given)  # type: ignore[arg-type]
        assert run("db", "restore", "copy.sqlite", "--replace").code == Exit.DONE
        return found

    connect = connecting.connect
    monkeypatch.setattr(connecting, "connect", restored_meanwhile)
    with closing(connecting.connect_to_write(read_address(DESK))) as writer:
        assert writer.execute("SELECT count(*) FROM records").fetchone() == (1,)
        assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_database_that_came_meanwhile_is_not_replaced_unasked(
    case: str, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def comes(target: Path, number: int) -> None:
        target.write_text("somebody's")

    monkeypatch.setattr(restoring, "_set_rests_aside", comes)
    refused = run("db", "restore", "copy.sqlite", "--db", "again.sqlite")
    assert (refused.code, "say --replace" in refused.err) == (Exit.CONFLICT, True)
    assert (desk / "again.sqlite").read_text() == "somebody's"


def test_a_log_that_was_left_is_not_played_into_the_copy(case: str, desk: Path) -> None:
    with Engine.open(DESK) as engine:
        engine.claim(case, actor="zhao.lei")
        log = (desk / f"{DESK}-wal").read_bytes()
    assert len(log) > 0
    (desk / "again.sqlite-wal").write_bytes(log)
    assert run("db", "restore", "copy.sqlite", "--db", "again.sqlite").code == Exit.DONE
    assert (claims("again.sqlite"), (desk / "again.sqlite.before-restore-1-wal").read_bytes()) == ([], log)


def test_a_server_has_tools_of_its_own(case: str) -> None:
    refused = run("db", "restore", "copy.sqlite", "--db", "postgresql://127.0.0.1/none")
    assert (refused.code, "pg_restore" in refused.err) == (Exit.USAGE, True)
