"""`diff` at a desk: versions, files and folders, its exit codes, and what cannot be compared."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from tests.cli.desks import run


def edit(old: str, new: str, process: str = "repair") -> None:
    file = Path("processes") / f"{process}.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def test_a_published_version_is_compared_with_a_file_by_whom_it_concerns(desk: Path) -> None:
    edit("{is: 20m}", "{is: 25m}")
    edit("target: 95%", "target: 90%")
    done = run("diff", "repair@1", "processes/repair.yaml")
    assert (done.code, done.err) == (Exit.DONE, "")
    assert done.out == (
        "Repair dispatch: version 1 → 1\n"
        "For customers\n"
        "  - promise On site in 20 minutes or at the agreed time: goal (otherwise) 20m → 25m\n"
        "For reports\n"
        "  - promise Repaired the same day: target 95% → 90%\n"
    )
    assert (
        "与报表有关\n  - 时限承诺 当日修复：达标率目标 95% → 90%"
        in run("diff", "repair@1", "repair", language="zh").out
    )


def test_one_process_alone_is_compared_as_its_file_stands_with_what_is_published(desk: Path) -> None:
    assert run("diff", "repair").out == "nothing differs\n"
    edit("target: 95%", "target: 90%")
    told = "Repair dispatch: version 1 → 1\nFor reports\n  - promise Repaired the same day: target 95% → 90%\n"
    assert [run("diff", name).out for name in ("repair", "repair@1", "processes/repair.yaml")] == [told] * 3
    assert run("diff", "processes").out.startswith(told)
    assert run("diff", "visit_report").out == "Report of the calls: a new process\n"
    none = run("diff", "repare@1")
    assert (none.code, none.err) == (
        Exit.USAGE,
        "error: there is no file of `repare` to compare\nhelp: name two versions: casewright diff repare@1 repare@2\n",
    )


def test_how_open_cases_come_over_is_told_in_words(desk: Path) -> None:
    edit(
        "version: 1",
        "version: 2\nmigrate: [{from: 1, states: {reported: dispatched, sorted: [reported, dispatched]}, "
        "clocks: {dispatch: end, arrival: keep}, drop: [slip]}]",
    )
    english, chinese = run("diff", "repair@1", "processes/repair.yaml"), run("diff", "repair", language="zh")
    told = " ".join(english.out.split())
    assert "- the process: how open cases come over (from version 1) now from “Reported” to “Dispatched”; " in told
    assert "from “sorted” to “Reported”, “Dispatched”; " in told
    assert "“Dispatched within 15 minutes” is cancelled; " in told
    assert "the values of “Dispatch slip number” are given up" in told
    assert "在办案件如何迁移（自版本 1）" in chinese.out
    assert "转到" in chinese.out


def test_folders_are_compared_process_by_process(desk: Path) -> None:
    shutil.copytree("processes", "before")
    for file in Path("processes").glob("lost_found*"):
        file.unlink()
    Path("processes/messages/lost_found.yaml").unlink(missing_ok=True)
    edit("goal: 15m", "goal: 10m")
    done = run("diff", "before", "processes", "--exit-code")
    assert done.code == Exit.CONDITION
    assert "Lost property: there is none any more" in done.out
    assert "goal 15m → 10m" in done.out
    assert done.out.count("version 1 → 1") == 1
    assert "Lost property: a new process" in run("diff", "processes", "before").out


def test_what_is_the_same_says_so(desk: Path) -> None:
    done = run("diff", "repair@1", "processes/repair.yaml", "--exit-code")
    assert (done.code, done.out) == (Exit.DONE, "nothing differs\n")


def test_one_file_on_both_sides_is_told_how_an_older_one_is_named(desk: Path) -> None:
    done = run("diff", "repair", "processes/repair.yaml")
    assert (
        done.err == "both are the file processes/repair.yaml; what was published is named by its version: `repair@1`\n"
    )
    assert run("diff", "repair@1", "repair").err == ""


def test_another_order_alone_is_said(desk: Path) -> None:
    edit("  referred_out: {label: {en: With an outside body, zh: 已转外部单位}, final: failed}\n", "")
    edit("states:\n", "states:\n  referred_out: {label: {en: With an outside body, zh: 已转外部单位}, final: failed}\n")
    done = run("diff", "repair@1", "repair", "--exit-code")
    assert done.code == Exit.CONDITION
    assert "the same parts in another order" in done.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("repair", "refund"), Exit.USAGE, "these are different processes: `repair`, `refund`"),
        (("repair@1", "repair@2"), Exit.NOT_FOUND, "`repair` version 2 is not published"),
        (("repair", "no/such/folder"), Exit.NOT_FOUND, "there is no process `no/such/folder`"),
    ],
)
def test_what_cannot_be_compared_is_said(desk: Path, words: tuple[str, ...], code: int, said: str) -> None:
    done = run("diff", *words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_a_side_with_errors_shows_them(desk: Path) -> None:
    edit("to: dispatched", "to: dispached")
    for words in (("diff", "repair@1", "repair"), ("diff", "processes", "repair@1")):
        done = run(*words)
        assert done.code == Exit.FAILED
        assert "unknown-state" in done.out
