"""`test`: what scenarios have seen as text and page, its floor, and the changes that none of them notices."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli.designing.missing import missing_scenario
from engine.lang.manual.pages import base
from engine.scenarios.mutants import Mutant
from tests.cli.desks import run

PROCESS = (
    base()["example.yaml"]
    .replace(
        "initial: working\n", "initial: working\nclocks: {quick: {label: {en: Quick}, goal: 2h, met_by: [close]}}\n"
    )
    .replace(
        "by: [agent], to: closed}",
        "by: [agent], to: closed, guards: {named: {must: case.subject != 'x', else: {en: Give it a name}}}}",
    )
)
SCENARIOS = """\
process: example
given: {open: {subject: tap}, as: agent:lin}
scenarios:
  closing meets the promise:
    - {do: close, expect: {state: closed, clocks.quick: met, allowed: [], recorded: {verb: do, name: close}}}
"""
MORE = """\
  a case without a name is not closed:
    - {open: {subject: x}, expect: {allowed: [close]}}
    - {do: close, refused: named}
    - {do: close, as: supervisor:xu, refused: by, expect: {allowed: []}}
    - {wait: 2h, expect: {clocks.quick: running}}
    - {wait: 1s, expect: {clocks.quick: breached}}
  nobody else opens one, and not without a subject:
    - {open: {}, as: supervisor:xu, refused: by}
    - {open: {subject: null}, refused: form}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "processes"
    for path, text in {**base(), "example.yaml": PROCESS, "example.scenarios.yaml": SCENARIOS}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return folder


def test_coverage_passes_from_its_floor_on() -> None:
    assert run("test", "--coverage").code == 1
    assert run("test", "--floor", "83").code == 0
    assert run("test", "--floor", "84").code == 1


@pytest.mark.parametrize(
    ("language", "head", "item"),
    [("en", "What the scenarios have seen", "close.named fails"), ("zh", "场景走过了什么", "close.named 不成立")],
)
def test_coverage_is_written_as_a_page_that_needs_nothing_else(
    tmp_path: Path, language: str, head: str, item: str
) -> None:
    run("test", "--html", "seen.html", language=language)
    page = (tmp_path / "seen.html").read_text("utf-8")
    assert f"<h1>{head}</h1>" in page
    assert f"<code>{item}</code>" in page
    assert "83.3%" in page
    assert "src=" not in page
    assert "http://" not in page


def test_changes_that_nobody_notices_are_named_with_the_missing_scenario() -> None:
    tested = run("test", "--mutate")
    assert tested.code == 1
    assert "  nobody notices: states.working.actions.close.guards.named left out\n" in tested.out
    assert "    missing: one in which `close` is refused by `named`, and one in which it just holds\n" in tested.out
    assert "  nobody notices: clocks.quick.goal is 7201s\n" in tested.out
    assert "    missing: one that looks a second before and a second after it is due" in tested.out


@pytest.mark.parametrize(
    ("field", "english", "chinese"),
    [
        ("{type: integer, min: 1}", "`how_many` is 1 and it is done, and one in which it is 0: `refused: form`",
         "`how_many` 为 1 时做成，为 0 时 `refused: form`"),
        ("{type: money, max: 5.00}", "`how_many` is 5.0 and it is done, and one in which it is 5.01: `refused: form`",
         "`how_many` 为 5.0 时做成，为 5.01 时 `refused: form`"),
        ("{type: list, of: text, min: 2}", "`how_many` has 2 rows and it is done, one with 1: `refused: form`",
         "`how_many` 有 2 行时做成，有 1 行时 `refused: form`"),
    ],
)  # fmt: skip
def test_of_a_bound_that_nobody_tries_the_values_on_both_sides_are_named(
    folder: Path, field: str, english: str, chinese: str
) -> None:
    field = field.replace("}", ", label: {en: How many}}")
    (folder / "example.yaml").write_text(PROCESS.replace("\nfields:\n", f"\nfields:\n  how_many: {field}\n"), "utf-8")
    assert english in run("test", "--mutate").out
    assert chinese in run("test", "--mutate", language="zh").out


def test_of_what_comes_so_often_at_most_the_number_is_named() -> None:
    mutant = Mutant("", {}, ("states", "asked", "timers", "remind", "max"), 3)
    told = "one in which `asked.remind` comes 3 times, and time goes on: it does not come again"
    assert missing_scenario(mutant) == told


def test_where_every_change_is_noticed_it_passes(folder: Path) -> None:
    (folder / "example.scenarios.yaml").write_text(SCENARIOS + MORE, "utf-8")
    tested = run("test", "--mutate")
    assert (tested.code, tested.out) == (0, "example: 3 scenarios passed\n  every change is noticed\n")
    assert json.loads(run("test", "--mutate", "--json").out)["processes"][0]["unnoticed"] == []


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ("allowed: [close, other]", "`other` is not an action of `example`"),
        ("allowed: []", "`allowed` was to be [], but is [close]"),
        ("recorded: {verb: do}", "`recorded.verb` was to be `do`, but is `open`"),
        (
            "recorded: {changed: {subject: pipe}}",
            "`recorded.changed` was to be {subject: `pipe`}, but is {subject: `tap`}",
        ),
    ],
)
def test_what_is_allowed_or_recorded_otherwise_is_told(folder: Path, expected: str, message: str) -> None:
    steps = f"    - {{wait: 1m, expect: {{{expected}}}}}\n"
    (folder / "example.scenarios.yaml").write_text(SCENARIOS + "  otherwise:\n" + steps, "utf-8")
    tested = run("test")
    assert tested.code == 1
    assert message in tested.out


def test_a_failure_and_what_is_not_seen_are_told_in_chinese(folder: Path) -> None:
    steps = "  a:\n    - {do: close, expect: {state: working}}\n  b:\n    - {open: {subject: x}}\n    - {do: close}\n"
    (folder / "example.scenarios.yaml").write_text(SCENARIOS[: SCENARIOS.index("  closing")] + steps, "utf-8")
    told = run("test", "--coverage", language="zh").out
    assert "失败 a\n  `state` 应是 `working`，实为 `closed`\n" in told
    assert "失败 b\n  `close` 被拒绝：Give it a name [named]\n" in told  # this desk gives its reasons in English only
    assert "未经过：close.named 不成立\n" in run("test", "-k", "a", "--coverage", language="zh").out


def test_a_process_of_a_tested_folder_that_has_no_scenario_is_named() -> None:
    told = run("test", "processes").err
    assert told.endswith("no scenarios: visit; `casewright test visit --generate` proposes some\n")
    assert "no scenarios" not in run("test", "processes/example.yaml").err
