"""`db restore`: a copy is proved before it stands anywhere, and takes the place of nothing that is at work."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine import Engine
from engine.cli.exits import Exit
from engine.store.sqlite import restoring
from tests.cli.desks import report, run

DESK = "casewright.sqlite"


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
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("DROP TRIGGER records_are_never_changed")
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
    assert not (desk / DESK).exists()
    assert run("db", "restore", "copy.sqlite", "--keys", "copy.keys").code == Exit.DONE
    assert (desk / f"{DESK}.before-restore-1").exists()


def test_a_server_has_tools_of_its_own(case: str) -> None:
    refused = run("db", "restore", "copy.sqlite", "--db", "postgresql://127.0.0.1/none")
    assert (refused.code, "pg_restore" in refused.err) == (Exit.USAGE, True)
