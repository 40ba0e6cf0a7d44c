"""`check --against`: a changed file beside its earlier version, and beside the open cases of a database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.desks import run
from tests.cli.terminal import Terminal

DESK = "desk: d\nlanguages: [en]\nzone: Asia/Shanghai\ncurrency: CNY\nroles: {agent: {en: Agent}}\n"
FIRST = """\
process: job
version: 1
prefix: J
label: {en: Job}
calendar: always
initial: waiting
opening: {by: [agent]}
states:
  waiting: {label: {en: Waiting}, waiting_on: agent, actions: {take: {label: {en: Take}, by: [agent], to: taken}}}
  taken: {label: {en: Taken}, waiting_on: agent, actions: {close: {label: {en: Close}, by: [agent], to: closed}}}
  closed: {label: {en: Closed}, final: done}
"""
SECOND = FIRST.replace("version: 1", "version: 2").replace("taken", "working")
WAY = "migrate: [{from: 1, states: {taken: working}}]\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Path:
    for name in ("processes", "old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "desk.yaml").write_text(DESK, "utf-8")
        (tmp_path / name / "job.yaml").write_text(FIRST, "utf-8")
    return tmp_path / "processes" / "job.yaml"


@pytest.mark.parametrize(
    ("text", "rule", "message"),
    [
        (SECOND.replace("version: 2", "version: 1"), "version-not-raised", "behaves otherwise than its version 1"),
        (SECOND, "migration-missing", "taken"),
        (SECOND + WAY.replace("{taken: working}", "{waiting: working}"), "migration-forgets", "taken"),
        (SECOND + WAY, "", ""),
        (FIRST.replace("en: Job", "en: Errand"), "", ""),
    ],
)
def test_a_file_is_held_against_its_earlier_version(folder: Path, text: str, rule: str, message: str) -> None:
    folder.write_text(text, "utf-8")
    done = run("check", "--against", "old")
    assert f"[{rule}]" in done.out if rule else not done.out
    assert message in done.out
    assert done.code == (1 if rule not in ("", "migration-missing") else 0)


def test_a_version_may_not_go_back(folder: Path) -> None:
    (folder.parent.parent / "old" / "job.yaml").write_text(SECOND, "utf-8")
    done = run("check", "--against", "old/job.yaml")
    assert "error[version-behind]" in done.out
    assert "raise `version:` to 3" in done.out


def test_the_database_s_open_cases_are_asked_too(folder: Path) -> None:
    run("init", "--as", "boss")
    run("actor", "add", "wang", "--role", "agent", "--as", "boss")
    run("publish", "--as", "boss")
    for _ in range(2):
        run("open", "job", "--as", "wang")
    run("do", "J-2", "take", "--as", "wang")
    assert run("check", "--against", "db", "--as", "boss").out == ""
    folder.write_text(
        SECOND.replace("working", "done_so") + "migrate: [{from: 1, states: {taken: done_so}}]\n", "utf-8"
    )
    assert run("check", "--against", "db", "--as", "boss").out == ""
    folder.write_text(SECOND, "utf-8")
    done = run("check", "--against", "db", "--as", "boss")
    assert "warning[case-stranded]: open cases that cannot come over to version 2: 2, such as `J-1`" in done.out
    assert "warning[case-stranded]" not in run("check", "--against", "job@1", "--as", "boss").out


def running(folder: Path) -> None:
    """A desk with a case under way, and a second version that says nothing of where it goes."""
    run("init", "--as", "boss")
    run("actor", "add", "wang", "--role", "agent", "--as", "boss")
    run("publish", "--as", "boss")
    run("open", "job", "--as", "wang")
    run("do", "J-1", "take", "--as", "wang")
    folder.write_text(SECOND, "utf-8")


def test_a_rehearsal_says_what_would_be_published_and_who_could_not_come_over(folder: Path) -> None:
    run("init", "--as", "boss")
    assert run("publish", "--dry-run", "--as", "boss").out == "would publish job version 1\n"
    running(folder)
    done = run("publish", "--dry-run", "--as", "boss")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[:2] == ["would publish job version 2", "  1 open case would stay on its earlier version"]
    assert "warning[migration-missing]: " in done.out
    assert "warning[case-stranded]: open cases that cannot come over to version 2: 1, such as `J-1`" in done.out
    assert "how cases of version 1 come over" in done.out
    found = run("publish", "--dry-run", "--json", "--as", "boss").json
    assert found["would_publish"] == [{"process": "job", "version": 2, "would_be": "published", "behind": 1}]
    assert "published job version 2" in run("publish", "--as", "boss").out  # nothing was, before


@pytest.mark.parametrize(
    ("text", "said", "code"),
    [
        (FIRST, "job version 1 is published already", 0),
        (FIRST.replace("en: Job", "en: Errand"), "job version 1 would have new words, in effect at once", 0),
        (SECOND.replace("version: 2", "version: 1"), "job version 1 would be refused", 1),
        (SECOND + WAY, "would publish job version 2", 0),
    ],
)
def test_a_rehearsal_says_what_would_become_of_each_file(folder: Path, text: str, said: str, code: int) -> None:
    running(folder)
    folder.write_text(text, "utf-8")
    done = run("publish", "--dry-run", "--as", "boss")
    assert (done.out.splitlines()[0], done.code) == (said, code)
    assert "migration-missing" not in done.out


def test_what_a_new_version_says_nothing_of_is_told_before_it_is_published(folder: Path) -> None:
    running(folder)
    done = run("publish", "--as", "boss")
    assert "warning[migration-missing]" in done.err.splitlines()[0]
    assert done.err.index("migration-missing") < done.err.index("1 open case stays")
    assert done.out == "published job version 2\n"


def test_on_a_terminal_it_is_asked_first(folder: Path) -> None:
    running(folder)
    screen = Terminal(["publish", "--as", "boss"], folder.parent.parent)
    screen.wait_for("Publish it all the same?")
    screen.type("n")
    assert screen.end() != 0
    assert "warning[migration-missing]" in screen.text
    assert "would publish job version 2" in run("publish", "--dry-run", "--as", "boss").out


def test_where_no_case_is_under_way_nothing_is_asked(folder: Path) -> None:
    running(folder)
    run("do", "J-1", "close", "--as", "wang")
    assert "migration-missing" not in run("publish", "--as", "boss").err


def test_it_is_said_in_chinese_too(folder: Path) -> None:
    folder.write_text(SECOND.replace("version: 2", "version: 1"), "utf-8")
    done = run("check", "--against", "old", language="zh")
    assert "错误[version-not-raised]：`job` 的行为和它的版本 1 不同，却仍写着版本 1" in done.out
    assert "将 `version:` 提高到 2" in done.out


def test_what_is_held_against_must_be_in_order(folder: Path) -> None:
    (folder.parent.parent / "old" / "job.yaml").write_text(FIRST.replace("to: taken", "to: tken"), "utf-8")
    done = run("check", "--against", "old")
    assert (done.code, "nothing can be held against it" in done.err) == (2, True)
