"""`plan` and `migrate`: looked at, done with --yes, told by `history`."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.exits import Exit
from tests.app.test_migrating import DESK, FIRST, WHOLE, second
from tests.cli.desks import run


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A job of version 1 that somebody has taken; version 2 lies in the file."""
    monkeypatch.chdir(tmp_path)
    run("init", "--as", "boss")
    Path("processes").mkdir(exist_ok=True)
    Path("processes/desk.yaml").write_text(DESK, "utf-8")
    write(FIRST)
    for words in (["actor", "add", "wang", "--role", "agent"], ["publish"]):
        assert run(*words, "--as", "boss").code == Exit.DONE
    assert run("open", "job", "-f", "what=lamp", "--as", "wang").code == Exit.DONE
    assert run("do", "J-1", "take", "--as", "wang").code == Exit.DONE
    write(second(WHOLE))
    return "J-1"


def write(text: str) -> None:
    Path("processes/job.yaml").write_text(text, "utf-8")


def test_plan_tells_what_would_become_of_a_case(case: str) -> None:
    shown = run("plan", "job", "--as", "boss")
    assert shown.code == Exit.DONE
    assert f"{case}  assigned → dispatched\n" in shown.out
    assert "  no longer possible there: park\n" in shown.out
    assert "1 case can be moved\nnext: casewright publish processes/job.yaml\n" in shown.err


def test_plan_speaks_chinese(case: str) -> None:
    shown = run("plan", "job", "--as", "boss", language="zh")
    assert "迁移后不能再做：搁置" in shown.out
    assert "1 个案件可迁移" in shown.err


def test_what_is_forgotten_is_named_and_the_code_says_so(case: str) -> None:
    write(second("states: {assigned: dispatched}"))
    shown = run("plan", "job", "--as", "boss")
    assert shown.code == Exit.FAILED
    assert "from version 1: the promise `answered` is another in version 2, or none" in shown.out
    assert f"{case}  assigned: cannot be moved" in shown.out
    refused = run("publish", "--as", "boss")
    assert refused.code == Exit.FAILED
    assert "`migrate` of `job` version 2 forgets something of version 1" in refused.err


def test_publishing_says_how_many_cases_stay_and_what_moves_them(case: str) -> None:
    checked = run("check", "--as", "boss")
    assert checked.err.endswith("next: casewright check --against db\n")
    done = run("publish", "--as", "boss")
    assert "  1 open case stays on its earlier version; `casewright migrate job` shows what" in done.err
    again = run("publish", "--as", "boss", "--json").json["published"]
    assert [(one["status"], one["behind"]) for one in again] == [("unchanged", 0)]


def test_publishing_names_next_who_may_open_what_was_published(case: str) -> None:
    assert run("publish", "--as", "boss").err.endswith("next: casewright open job --as wang\n")
    assert run("publish", "--as", "wang").code == Exit.NOT_PERMITTED
    run("actor", "remove", "wang", "--as", "boss")
    assert run("publish", "--as", "boss").err.endswith("next: casewright actor add NAME --role agent\n")
    refused = run("open", "job", "-f", "what=lamp", "--as", "boss")
    assert (refused.code, "`casewright actor add NAME --role agent`" in refused.err) == (Exit.NOT_PERMITTED, True)
    run("actor", "add", "mo", "--role", "agent", "--as", "boss")
    assert "help: that is for `mo`" in run("open", "job", "-f", "what=lamp", "--as", "boss").err


def test_check_speaks_of_no_database_where_none_is_named(case: str) -> None:
    Path("casewright.toml").unlink()
    assert "--against" not in run("check", "processes").err


def test_migrate_shows_first_and_moves_with_yes(case: str) -> None:
    run("publish", "--as", "boss")
    assert "nothing was moved; --reason TEXT --yes moves them" in run("migrate", "job", "--as", "boss").err
    assert run("show", case, "--as", "wang", "--json").json["version"] == 1
    moved = run("migrate", "job", "--as", "boss", "--reason", "new rules", "--yes")
    assert (moved.code, moved.out) == (Exit.DONE, "job version 2: 1 case moved\n")
    history = run("history", case, "--as", "wang").out
    assert "moved to version 2" in history
    assert "new rules" in history
    assert "no open case of job is on a version before 2" in run("migrate", "job", "--as", "boss").err
    assert run("audit", "verify", "--as", "boss").code == Exit.DONE


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("migrate", "job", "--yes"), Exit.USAGE, "a reason must be given"),
        (("migrate", "job", "--to", "7"), Exit.NOT_FOUND, "`job` version 7 is not published"),
        (("migrate", "jbo"), Exit.NOT_FOUND, "no process `jbo` is published"),
        (("migrate", "job", "--as", "wang"), Exit.NOT_PERMITTED, "`wang` may not migrate"),
        (("plan", "job", "--as", "wang"), Exit.NOT_PERMITTED, "`wang` may not plan"),
        (("plan", "processes"), Exit.DONE, "1 case can be moved"),
    ],
)
def test_who_asks_wrongly_is_told(case: str, words: tuple[str, ...], code: int, said: str) -> None:
    shown = run(*words, *(() if "--as" in words else ("--as", "boss")))
    assert (shown.code, said in shown.err) == (code, True), shown.err
