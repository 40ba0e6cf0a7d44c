"""`explain PROCESS`: the handbook on the screen, as Markdown, of one state; a rule is still a rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.exits import Exit
from tests.cli.desks import run


@pytest.fixture(autouse=True)
def _processes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)


def test_a_process_is_explained_state_by_state() -> None:
    said = run("explain", "lost_found").out
    assert said.startswith("Lost property: the operator's handbook\n")
    assert run("explain", "processes/lost_found.yaml").out == said
    assert "：操作手册" in run("explain", "lost_found", language="zh").out.splitlines()[0]


def test_one_state_is_explained_alone() -> None:
    said = run("explain", "repair", "--state", "rescheduled").out
    assert said.startswith("Another time agreed\n  The case waits on Customer.\n")
    assert "Diagnosing\n" not in said


def test_markdown_has_headings_and_no_text_becomes_a_mark() -> None:
    said = run("explain", "repair", "--format", "md").out
    assert said.startswith("# Repair dispatch: the operator's handbook\n\nVersion 1.")
    assert "\n## Reported\n" in said
    assert "\n### Who may do what\n\n- Send a technician – Repair duty officer\n  - asks for" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("explain", "unknown-sate"), "did you mean `unknown-state`?"),
        (("explain", "repiar"), "did you mean `repair`?"),
        (("explain", "repair", "--state", "reportd"), "did you mean `reported`?"),
        (("explain", "quality_feedback", "--state", "zzz"), "it has `"),
    ],
)
def test_what_is_not_there_is_said(words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert (done.code, done.out) == (Exit.NOT_FOUND, "")
    assert said in done.err


def test_a_rule_is_explained_in_chinese_down_to_its_reason() -> None:
    said = run("explain", "maybe-unset", language="zh").out
    assert said.startswith("maybe-unset（错误）\n\n表达式读的字段在那里可能没有值。\n\n字段要确定有值，")
    assert "\n正确：\n" in said


def test_a_process_that_no_file_holds_is_answered_by_the_nearest() -> None:
    for command in ("check", "test", "play", "publish"):
        done = run(command, "repiar")
        assert (done.code, done.out) == (Exit.USAGE, "")
        assert "there is no file or process `repiar`; did you mean `repair`?" in done.err
