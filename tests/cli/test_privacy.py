"""`privacy`: values erased once it is said twice, and the host's key made, given and replaced."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from tests.cli.desks import Ran, report, run
from tests.cli.terminal import Terminal

WHY = ("--reason", "asked by letter", "--as", "boss")
PHONE = "13900000000"


@pytest.fixture
def case(desk: Path) -> str:
    """A repair that was just reported."""
    return report()


def test_a_chinese_reader_answers_in_chinese(case: str, desk: Path) -> None:
    for answers, code in ((("也许", "否"), Exit.CANCELLED), (("是",), Exit.DONE)):
        screen = Terminal(["--lang", "zh", "privacy", "erase", case, *WHY], desk)
        for answer in answers:
            screen.wait_for("[y/N]：")
            screen.type(answer)
        assert screen.end() == code
        assert ("请回答 `y` 或 `n`" in screen.text) is (code == Exit.CANCELLED)


def test_values_are_erased_only_when_that_was_said_twice(case: str) -> None:
    asked = run("privacy", "erase", case, *WHY)
    assert (asked.code, asked.out) == (Exit.USAGE, "")
    assert "nothing was erased: this cannot be taken back" in asked.err
    assert PHONE in run("show", case, "--as", "wang.fang").out
    done = run("privacy", "erase", case, *WHY, "--yes")
    assert (done.code, done.out) == (Exit.DONE, f"{case}: erased customer, phone, place\n")
    shown = run("show", case, "--as", "wang.fang")
    assert PHONE not in shown.out
    assert "Phone: erased" in shown.out
    assert "电话：已抹除" in run("--lang", "zh", "show", case, "--as", "wang.fang", language="zh").out
    assert run("show", case, "--as", "wang.fang", "--json").json["erased"] == ["customer", "phone", "place"]
    told = " ".join(run("history", case, "--as", "wang.fang").out.split())
    assert "erased private values" in told
    assert "asked by letter" in told
    assert run("audit", "verify").code == Exit.DONE


@pytest.mark.parametrize(
    ("how", "named"),
    [
        ((), "and its whole family for good, with the attached files?"),
        (("--keep-files",), "and its whole family for good, and leave the files?"),
    ],
)
def test_who_is_asked_is_told_all_that_would_be_gone(desk: Path, case: str, how: tuple[str, ...], named: str) -> None:
    screen = Terminal(["privacy", "erase", case, *WHY, *how], desk)
    screen.wait_for(named)
    screen.type("n")
    assert screen.end() != 0
    assert PHONE in run("show", case, "--as", "wang.fang").out


def test_what_was_erased_is_told_as_json_and_in_chinese(case: str) -> None:
    run("attach", case, "casewright.toml", "--as", "wang.fang")
    told = run("privacy", "erase", case, *WHY, "--yes", "--json").json
    assert told == {
        "erased": [
            {
                "case": case,
                "fields": ["customer", "phone", "place"],
                "files": 1,
                "events": 0,
                "is_new": True,
                "in_archive": False,
            }
        ]
    }
    again = run("privacy", "erase", case, *WHY, "--yes", language="zh").out
    assert again == f"{case}：已无可抹除的内容\n"
    assert run("privacy", "erase", case, *WHY, "--yes").out == f"{case}: there is nothing left to erase\n"


def test_only_administrators_erase(case: str) -> None:
    refused = run("privacy", "erase", case, "--reason", "x", "--yes", "--as", "wang.fang")
    assert (refused.code, refused.out) == (Exit.NOT_PERMITTED, "")
    assert "`wang.fang` may not erase private values: that is for the role `admin`" in refused.err


def test_one_of_the_register_is_erased_and_taken_off_it(desk: Path) -> None:
    def party(*words: str, actor: str = "wang.fang") -> Ran:
        return run("party", *words, "--as", actor)

    party("add", "C-17", "-f", "class=vip", "-f", "name=Wu Min", "-f", f"phone={PHONE}")
    party("add", "C-18", "-f", "class=vip", "-f", "name=Li Na", "-f", f"phone={PHONE}")
    done = run("privacy", "erase", "--party", "customer", "C-17", *WHY, "--yes")
    assert (done.code, done.out) == (Exit.DONE, "C-17: erased name, phone\n")
    assert "C-17" not in party("list").out
    shown = party("show", "C-17").out
    assert "C-17 is off the register, and private values are erased: asked by letter" in shown
    assert "Wu Min" not in shown
    assert "Li Na" in party("show", "C-18").out
    assert run("privacy", "erase", "--party", "customer", "C-9", *WHY, "--yes").code == Exit.NOT_FOUND
    added = party("add", "C-17", "-f", "class=guest", "-f", "name=Zhao Hu", "-f", "phone=1")
    assert "Zhao Hu" in added.out, added.err


def test_one_of_the_register_whose_key_is_lost_hides_no_other(desk: Path) -> None:
    for known_as, name in (("C-17", "Wu Min"), ("C-18", "Li Na")):
        given = ("-f", "class=vip", "-f", f"name={name}", "-f", f"phone={PHONE}")
        run("party", "add", known_as, *given, "--as", "wang.fang")
    with closing(sqlite3.connect("casewright.sqlite")) as stored, stored:
        stored.execute("DELETE FROM case_keys WHERE case_id = 'customer:C-17'")
    why = [
        "!! C-17 name, phone: cannot be read here: the key `customer:C-17` of private values is not there: they were "
        "erased, or keys were left out of a copy",
        "help: `casewright db keys FILE` brings keys back that were kept apart",
    ]
    everybody = run("party", "list", "--as", "wang.fang")
    assert (everybody.code, everybody.err.splitlines()) == (Exit.FAILED, why)
    assert "Li Na" in everybody.out
    assert everybody.out.count("cannot be read") == 2
    one = run("party", "show", "C-17", "--as", "wang.fang", "--json")
    assert (one.code, one.err.splitlines()) == (Exit.FAILED, why)
    assert (one.json["history"][0]["fields"], one.json["history"][0]["unreadable"]) == (
        {"class": "vip"},
        ["name", "phone"],
    )
    assert run("party", "list", "--as", "zhao.lei").code == Exit.DONE, "who sees seals misses nothing"
    refused = run("party", "change", "C-17", "-f", "class=guest", "--as", "wang.fang")
    assert refused.code == Exit.FAILED
    assert "brings keys back" in refused.err


def test_a_host_s_key_is_made_given_and_replaced(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = run("privacy", "keygen", "-o", "desk.key")
    assert made.code == Exit.DONE, made.err
    key = Path("desk.key").read_text().strip()
    assert key not in made.out + made.err
    assert stat.S_IMODE(Path("desk.key").stat().st_mode) == 0o600
    again = run("privacy", "keygen", "-o", "desk.key")
    assert (again.code, "a key is not written over" in again.err) == (Exit.USAGE, True)
    assert run("privacy", "wrap", "--as", "boss").err.startswith("error: the host gave no key to wrap by")
    monkeypatch.setenv("CASEWRIGHT_KEY_FILE", "desk.key")
    assert run("privacy", "wrap", "--as", "boss").out == "2 keys locked by the host's\n"
    assert run("privacy", "wrap", "--as", "boss").out == "every key was locked by the host's already\n"
    run("privacy", "keygen", "-o", "new.key", "--after", "desk.key")
    monkeypatch.setenv("CASEWRIGHT_KEY_FILE", "new.key")
    assert PHONE in run("show", case, "--as", "wang.fang").out
    assert run("privacy", "wrap", "--as", "boss", "--json").json == {"wrapped": 2}
    monkeypatch.setenv("CASEWRIGHT_KEY_FILE", "desk.key")
    shown = run("show", case, "--as", "wang.fang", "--json")
    assert (shown.code, PHONE in shown.out) == (Exit.FAILED, False)
    assert shown.json["unreadable"] == ["customer", "phone", "place"]
    assert "is locked by the host's key" in shown.err
    assert run("list", "--all", "--as", "zhao.lei").code == Exit.DONE


def test_a_case_whose_key_is_lost_is_shown_but_for_what_is_private(case: str) -> None:
    with closing(sqlite3.connect("casewright.sqlite")) as desk, desk:
        desk.execute("DELETE FROM case_keys WHERE case_id = ?", (case,))
    shown = run("show", case, "--as", "wang.fang")
    assert shown.code == Exit.FAILED
    assert "  Phone: cannot be read\n" in shown.out
    assert "  Fault reported: no power\n" in shown.out
    assert shown.err.splitlines() == [
        f"!! Customer, Phone, Place: cannot be read here: the key `{case}` of private values is not there: they were "
        "erased, or keys were left out of a copy",
        "help: `casewright db keys FILE` brings keys back that were kept apart",
    ]
    assert "  电话：无法读取\n" in run("--lang", "zh", "show", case, "--as", "wang.fang", language="zh").out
    listed = run("list", "--all", "--columns", "case,phone,fault", "--as", "wang.fang")
    assert (listed.code, listed.out.splitlines()[1].split()) == (
        Exit.DONE,
        [case, *["cannot", "be", "read", "no", "power"]],
    )
    for look in (("history", case), ("clock", case, "--explain"), ("do", case, "--list"), ("record", case)):
        assert run(*look, "--as", "wang.fang").code == Exit.DONE, look
    done = run("do", case, "dispatch", "--as", "zhao.lei", "-f", "technician=li.wei", "-f", "slip=P-1")
    assert done.code == Exit.DONE, done.err
    run("privacy", "erase", case, "--reason", "the key is lost", "--as", "boss", "--yes")
    shown = run("show", case, "--as", "wang.fang")
    assert (shown.code, "  Phone: erased\n" in shown.out) == (Exit.DONE, True)


def test_a_file_that_is_no_key_is_refused_in_both_languages(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("desk.key").write_text("13900000000\n")
    monkeypatch.setenv("CASEWRIGHT_KEY_FILE", "desk.key")
    assert "what the file `desk.key` holds is no key: 32 bytes in base64" in run("list").err
    assert "中的内容不是密钥" in run("list", language="zh").err
    assert run("privacy", "keygen", "-o", "new.key", "--after", "desk.key").code == Exit.USAGE
    assert not Path("new.key").exists()


def test_lists_and_actions_that_touch_no_private_value_do_not_import_what_encrypts(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("privacy", "keygen", "-o", "desk.key")
    monkeypatch.setenv("CASEWRIGHT_KEY_FILE", "desk.key")
    run("privacy", "wrap", "--as", "boss")
    script = "import sys\nfrom engine.cli.main import casewright\n"
    for words in (["list", "--all", "--as", "zhao.lei"], ["claim", case, "--as", "zhao.lei"]):
        script += f"try:\n    casewright().main({words!r})\nexcept SystemExit as end:\n    assert not end.code\n"
    script += "sys.exit('cryptography' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert (done.returncode, case in done.stdout) == (0, True), done.stderr
