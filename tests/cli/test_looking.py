"""Who may only read a database looks and verifies all the same; what needs more is refused with its sentence."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine import Engine
from engine.cli.exits import Exit
from engine.errors import StoreUnavailable
from engine.ports import Person
from engine.store import open_store
from engine.store.sqlite import connecting
from tests.cli.desks import Ran, report, run

DESK = "casewright.sqlite"
ROOT = Path(__file__).resolve().parents[2]

WITHOUT_RIGHTS = """
import ctypes, json, os, struct, sys
from tests.cli.desks import run
if os.geteuid() == 0:  # the superuser without what lets him pass every right
    header, none = struct.pack("Ii", 0x20080522, 0), bytes(24)
    assert ctypes.CDLL(None, use_errno=True).capset(header, none) == 0, ctypes.get_errno()
assert not os.access(".", os.W_OK) or "may write" in sys.argv
done = [run(*words, language=language) for language, *words in json.load(sys.stdin)]
print(json.dumps([[one.code, one.out, one.err] for one in done]))
"""


def without_rights(*commands: str, may_write: bool = False) -> list[Ran]:
    """Run commands, each after its language, in a process to which the rights of files count."""
    words = [command.split() for command in commands]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_RIGHTS, *(["may write"] if may_write else [])],
        input=json.dumps(words),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return [Ran(*one) for one in json.loads(done.stdout)]


@pytest.fixture
def case(desk: Path) -> Iterator[str]:
    """A repair at a desk that may only be read; at the end it can be removed again."""
    made = report()
    os.chmod(DESK, 0o444)
    os.chmod(desk, 0o555)
    yield made
    os.chmod(desk, 0o755)


def files(desk: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in desk.iterdir()}


LOOKS = {
    "list --all --as wang.fang": "no power",
    "show {case} --as wang.fang": "13900000000",
    "history {case} --as boss": "wang.fang",
    "clock {case} --as wang.fang": "dispatch",
    "do {case} --as zhao.lei": "dispatch",
    "audit verify": "verified: 1 case, 1 record",
    "export --format jsonl --as boss": "R-1",
    "db backup {beside}/copy.sqlite": "copied to",
    "audit export {case} --bundle {beside}/case.json --as boss": "holds 1 record",
    "archive list --as boss": "nothing was archived",
    "fault list --as boss": "nothing is set aside",
    "outbox list --as boss": "no message",
}

CHANGES = (
    "do {case} note --as wang.fang -f note=x",
    "open repair --as wang.fang -f channel=phone -f customer=x -f phone=1 -f place=3-201 -f fault=x -f member=no",
    "claim {case} --as zhao.lei",
    "tick",
    "publish processes/repair.yaml --as boss",
    "actor add mo --role agent --as boss",
)


def test_who_may_only_read_looks_and_verifies_and_leaves_nothing_behind(
    case: str, desk: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before, beside = files(desk), tmp_path_factory.mktemp("beside")
    looks = [f"en {words}".format(case=case, beside=beside) for words in LOOKS]
    for words, done, told in zip(looks, without_rights(*looks), LOOKS.values(), strict=True):
        assert (done.code, told in done.out + done.err) == (Exit.DONE, True), f"{words}: {done}"
    assert files(desk) == before
    assert run("audit", "verify", "--db", str(beside / "copy.sqlite")).code == Exit.DONE


def test_what_would_change_something_is_refused_in_either_language(case: str, desk: Path) -> None:
    before = files(desk)
    for lang, what, mend in (
        ("en", "cannot be written to: the file, its folder or its disk is read-only", "give yourself the right"),
        ("zh", "只读", "权限"),
    ):
        doctor, *refused = without_rights(*(f"{lang} {words}".format(case=case) for words in ("doctor", *CHANGES)))
        for done in refused:
            assert (done.code, what in done.err, mend in done.err) == (Exit.FAILED, True, True), done
        assert (doctor.code, {"en": "only be looked at", "zh": "只能查看"}[lang] in doctor.out) == (Exit.FAILED, True)
    assert files(desk) == before


def test_what_others_are_writing_is_seen_at_once(case: str, desk: Path) -> None:
    os.chmod(desk, 0o755)
    os.chmod(DESK, 0o644)
    with Engine.open(DESK) as engine:
        engine.claim(case, actor="zhao.lei")
        os.chmod(desk, 0o555)
        os.chmod(DESK, 0o444)
        shown, verified = without_rights(f"en show {case} --as zhao.lei", "en audit verify")
        assert "zhao.lei" in shown.out
        assert "1 case, 2 records" in verified.out
        engine.release(case, actor="zhao.lei")
    assert "1 case, 3 records" in without_rights("en audit verify")[0].out


def test_a_log_that_was_left_alone_cannot_be_read_there_and_is_not_overlooked(
    case: str, desk: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Who copies two files by `cp` to a read-only disk would see the desk of an hour ago, and verify it."""
    copied = tmp_path_factory.mktemp("copied")
    os.chmod(desk, 0o755)
    os.chmod(DESK, 0o644)
    with Engine.open(DESK) as engine:
        engine.claim(case, actor="zhao.lei")
        for ending in ("", "-wal"):
            shutil.copy(f"{DESK}{ending}", copied / f"{DESK}{ending}")
    os.chmod(copied, 0o555)
    os.chmod(copied / DESK, 0o444)
    (en, zh) = without_rights(
        f"en audit verify --db {copied / DESK}", f"zh audit verify --db {copied / DESK}", may_write=True
    )
    os.chmod(copied, 0o755)
    assert (en.code, "stands in `casewright.sqlite-wal` beside it" in en.err) == (Exit.FAILED, True)
    assert "copy both files" in en.err
    assert "两个文件" in zh.err


def test_a_read_only_copy_in_a_folder_of_ones_own_gets_nothing_beside_it(case: str, desk: Path) -> None:
    """What a reader without the right to write makes there would shut the owner out."""
    os.chmod(desk, 0o755)
    before = files(desk)
    (done,) = without_rights("en audit verify", may_write=True)
    assert (done.code, files(desk)) == (Exit.DONE, before)


def add_mo() -> None:
    with Engine.open(DESK) as engine:
        engine.save_person(Person(id="mo", name="Mo", roles=("agent",)), actor="boss")


def test_who_reads_while_somebody_writes_is_told_to_look_again(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "may_write", lambda _: False)
    with closing(open_store(DESK)) as store:
        look = store.read()
        assert look.__enter__().person("mo") is None
        add_mo()
        with pytest.raises(StoreUnavailable, match="somebody wrote to the database") as told:
            look.__exit__(None, None, None)
        assert told.value.mend == "nothing was changed; look again"
        with store.read() as tx:
            assert tx.person("mo") is not None


def test_a_copy_of_what_changed_meanwhile_is_no_copy(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "may_write", lambda _: False)

    def written_meanwhile(connection: object, path: str) -> str:
        add_mo()
        return "current"

    monkeypatch.setattr("engine.store.sqlite.copying.state_of", written_meanwhile)
    refused = run("db", "backup", "copy.sqlite")
    assert (refused.code, "look again" in refused.err) == (Exit.FAILED, True)
    assert not list(desk.glob("*copy*"))
