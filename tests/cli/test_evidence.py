"""`audit keygen`, `checkpoint`, `verify --checkpoint` and `export`: proof for who trusts nobody here."""

from __future__ import annotations

import json
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from engine import __version__
from engine.cli.exits import Exit
from engine.evidence.offline import main
from tests.app.tampering import past_the_guards
from tests.cli.desks import report, run


@pytest.fixture
def trust(desk: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A desk with a case, a signing key, and the key's fingerprint."""
    report()
    made = run("audit", "keygen", "-o", "sign.key", "--json")
    assert made.code == Exit.DONE, made.err
    assert stat.S_IMODE(Path("sign.key").stat().st_mode) == 0o600
    monkeypatch.setenv("CASEWRIGHT_SIGNING_KEY_FILE", "sign.key")
    return str(made.json["fingerprint"])


def test_a_checkpoint_is_signed_kept_and_held_against_the_database(trust: str) -> None:
    signed = run("audit", "checkpoint", "-o", "one.checkpoint", "--as", "boss")
    assert (signed.code, signed.out) == (Exit.DONE, "")
    assert signed.err == f"checkpoint 1 signed: 1 case, 1 record\nfingerprint of the key: {trust}\n"
    held = run("audit", "verify", "--checkpoint", "one.checkpoint", "--trust", trust)
    assert held.code == Exit.DONE
    assert "checkpoint 1 holds: 1 case, 1 record, as they were signed" in held.out
    told = run("audit", "verify", "--checkpoint", "one.checkpoint", "--trust", trust, "--json").json
    assert (told["is_verified"], told["checkpoint"]) == (True, 1)
    piped = run("audit", "checkpoint", "--as", "boss").out
    assert json.loads(json.loads(piped.splitlines()[0])["statement"])["number"] == 2


def test_what_a_checkpoint_vouches_for_is_not_replayed_again_unless_all_is_asked_for(trust: str) -> None:
    vouched = run("audit", "checkpoint", "--verify", "-o", "one.checkpoint", "--as", "boss")
    assert vouched.err.splitlines()[1] == "it vouches for 1 case; replayed now: 1 case, 1 record"
    report()
    words = ("audit", "verify", "--checkpoint", "one.checkpoint", "--trust", trust)
    assert run(*words).out.splitlines() == [
        "verified: 2 cases, 2 records, 3 values sealed; every chain is whole and every replay equals what is stored",
        "checkpoint 1 holds: 1 case, 1 record, as they were signed",
        "not replayed again: 1 case, 1 record; no row of them changed since checkpoint 1, which vouches for their "
        f"replay by casewright {__version__}",
    ]
    assert "未再次重放：1 个案件，1 条记录" in run(*words, language="zh").out
    told = run(*words, "--json", "--jobs", "1").json
    assert (told["records"], told["sealed"], told["vouched"]) == (2, 3, {"cases": 1, "records": 1})
    assert "not replayed" not in run(*words, "--all").out
    assert "vouched" not in run(*words, "--all", "--json").json
    assert "not replayed" not in run(*words, "R-1").out
    later = ("audit", "checkpoint", "--verify", "--after", "one.checkpoint", "--as", "boss")
    assert "已担保：2 个案件；本次重放：1 个案件，1 条记录" in run(*later, language="zh").err


def test_with_a_folder_of_checkpoints_the_everyday_commands_need_no_flags(trust: str, desk: Path) -> None:
    project = desk / "casewright.toml"
    text = project.read_text("utf-8")
    project.write_text(f'{text}\ncheckpoints = "kept"\n', "utf-8")
    assert "let casewright.toml say both" in run("audit", "verify").err
    project.write_text(f'{text}\ncheckpoints = "kept"\ntrust = "{trust}"\n', "utf-8")
    missing = run("audit", "verify")
    assert (missing.code, "signs the first" in missing.err) == (Exit.NOT_FOUND, True)
    assert run("audit", "verify", "--all").code == Exit.DONE
    first = run("audit", "checkpoint", "--verify", "--as", "boss")
    (file,) = (desk / "kept").iterdir()
    assert f"it lies in {file}" in first.err
    report()
    assert "not replayed again: 1 case, 1 record" in run("audit", "verify").out
    second = run("audit", "checkpoint", "--verify", "--as", "boss")
    assert "it vouches for 2 cases; replayed now: 1 case, 1 record" in second.err
    assert len(list((desk / "kept").iterdir())) == 2
    assert "checkpoint 2 holds: 2 cases, 2 records" in run("audit", "verify").out
    assert "checkpoint 2 holds" in run("audit", "verify", "--chains").out
    assert "checkpoint" not in run("audit", "verify", "R-1").out
    assert "not replayed" not in run("audit", "verify", "--all").out
    (desk / "kept" / "z.checkpoint").write_text("{}", "utf-8")
    assert "is no checkpoint" in run("audit", "verify").err


def test_what_is_wrong_is_told_before_it_is_signed_and_the_exit_code_says_so(trust: str) -> None:
    with closing(sqlite3.connect("casewright.sqlite")) as connection, connection:
        connection.execute("UPDATE cases SET state = 'closed'")
    done = run("audit", "checkpoint", "--verify", "-o", "one.checkpoint", "--as", "boss")
    assert done.code == Exit.NOT_VERIFIED
    assert "it vouches for 0 cases" in done.err
    assert "!! R-1: its line in lists is not what it would be: `state` is 'closed'" in done.err
    assert Path("one.checkpoint").exists()


def test_what_does_not_hold_is_named_in_both_languages(trust: str) -> None:
    run("audit", "checkpoint", "-o", "one.checkpoint", "--as", "boss")
    with past_the_guards("casewright.sqlite") as connection:
        for table, column in (("records", "case_id"), ("waiting", "case_id"), ("cases", "id")):
            connection.execute(f"DELETE FROM {table} WHERE {column} = 'R-1'")
    for language, said in (("en", "it is gone with its records"), ("zh", "it is gone")):
        found = run("audit", "verify", "--checkpoint", "one.checkpoint", "--trust", trust, language=language)
        assert (found.code, said in found.out) == (Exit.NOT_VERIFIED, True)
    other = run("audit", "verify", "--checkpoint", "one.checkpoint", "--trust", "0" * 64, language="zh")
    assert (other.code, "检查点不可信" in other.err) == (Exit.NOT_VERIFIED, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("verify", "--checkpoint", "sign.key"), "a checkpoint proves something only by the key that signed it"),
        (("verify", "--trust", "00"), "say --checkpoint FILE and --trust FINGERPRINT together"),
        (("checkpoint", "--key", "casewright.toml", "--as", "boss"), "what `casewright.toml` holds is no signing key"),
        (("checkpoint", "-o", "casewright.toml", "--as", "boss"), "evidence is not written over"),
        (("checkpoint", "--after", "casewright.toml", "--as", "boss"), "say --verify as well"),
        (("keygen", "-o", "sign.key"), "a key is not written over"),
        (("keygen", "-o", "x", "--after", "casewright.toml"), "what `casewright.toml` holds is no signing key"),
    ],
)
def test_what_does_not_fit_is_explained(trust: str, words: tuple[str, ...], said: str) -> None:
    done = run("audit", *words)
    assert (done.code, said in done.err) == (Exit.USAGE, True), done.err


def test_without_a_key_nothing_is_signed_and_no_file_is_left(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = run("audit", "checkpoint", "-o", "one.checkpoint", "--as", "boss")
    assert (refused.code, "no key is there to sign with" in refused.err) == (Exit.USAGE, True)
    run("audit", "keygen", "-o", "sign.key")
    monkeypatch.setenv("CASEWRIGHT_SIGNING_KEY", Path("sign.key").read_text())
    assert run("audit", "checkpoint", "-o", "one.checkpoint", "--as", "wang.fang").code == Exit.NOT_PERMITTED
    assert not Path("one.checkpoint").exists()
    assert run("audit", "checkpoint", "-o", "one.checkpoint", "--as", "boss").code == Exit.DONE


def test_a_bundle_is_exported_and_verified_by_one_file(trust: str, capsys: pytest.CaptureFixture[str]) -> None:
    run("audit", "checkpoint", "-o", "one.checkpoint", "--as", "boss")
    run("audit", "keygen", "-o", "new.key", "--after", "sign.key")
    run("audit", "checkpoint", "--key", "new.key", "-o", "two.checkpoint", "--as", "boss")
    words = ("audit", "export", "R-1", "--checkpoint", "two.checkpoint", "--as", "boss")
    made = run(*words, "--bundle", "R-1.json")
    assert (made.code, made.out) == (Exit.DONE, "R-1: R-1.json holds 1 record\n")
    assert "`--verifier verify.py` writes that as well" in made.err
    assert "13900000000" not in Path("R-1.json").read_text()
    assert main(["R-1.json", "--trust", trust]) == 0
    assert run(*words, "--bundle", "private.json", "--in-clear", "--json").json["records"] == 1
    assert "13900000000" in Path("private.json").read_text()
    assert main(["private.json", "--trust", trust]) == 0
    assert "private values are those that were sealed: 3" in capsys.readouterr().out
    assert run("audit", "export", "R-1", "--bundle", "x.json", "--as", "wang.fang").code == Exit.NOT_PERMITTED
    assert not Path("x.json").exists()


def test_the_file_that_verifies_is_written_beside_the_bundle_and_not_over_another(trust: str) -> None:
    words = ("audit", "export", "R-1", "--as", "boss", "--verifier", "verify.py", "--bundle")
    assert run(*words, "one.json").err == "verified without casewright by: python verify.py one.json\n"
    assert "无需 casewright 即可核验：python verify.py two.json" in run(*words, "two.json", language="zh").err
    done = subprocess.run([sys.executable, "-S", "verify.py", "two.json"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "verified")
    Path("verify.py").write_text("# mine")
    refused = run(*words, "three.json")
    assert (refused.code, "`verify.py` is there already" in refused.err) == (Exit.USAGE, True)
    assert Path("verify.py").read_text() == "# mine"
    assert not Path("three.json").exists()
