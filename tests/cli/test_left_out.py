"""Where a case cannot be read, reports and exports go on without it, and nobody can miss that they did."""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.desks import Ran, report, run

pytestmark = pytest.mark.usefixtures("desk")

WHY = "help: `casewright show {case}` says why, `casewright audit verify` names all such"


@pytest.fixture
def spoilt() -> str:
    """The first of two repairs, whose stored row somebody has changed."""
    case, _ = report(), report()
    with closing(sqlite3.connect("casewright.sqlite")) as desk, desk:
        desk.execute("UPDATE cases SET body = '{' WHERE id = ?", (case,))
    return case


def as_boss(*words: str, language: str = "en") -> Ran:
    done = run("--lang", language, *words, "--as", "boss", language=language)
    assert done.code == 7, done.out + done.err
    return done


def test_the_report_of_promises_says_without_what_it_is(spoilt: str) -> None:
    said = f"!! without what cannot be read of 1 case: {spoilt}"
    shown = as_boss("report", "sla")
    assert said in shown.out.splitlines()
    assert shown.err.splitlines() == [WHY.format(case=spoilt)]
    machine = as_boss("report", "sla", "--json")
    assert machine.json["left_out"] == [spoilt]
    assert said in machine.err.splitlines()
    assert said in as_boss("report", "sla", "--html", "page.html").err.splitlines()
    assert said in Path("page.html").read_text("utf-8")


def test_measures_say_without_which_cases_they_are(spoilt: str) -> None:
    said = f"!! without 1 case that cannot be read: {spoilt}"
    shown = as_boss("report", "measures", "repair", "first_time")
    assert said in shown.out.splitlines()
    assert shown.err.splitlines() == [WHY.format(case=spoilt)]
    machine = as_boss("report", "measures", "repair", "first_time", "--json")
    assert machine.json["measures"][0]["left_out"] == [spoilt]
    assert as_boss("report", "measures", "repair", "first_time", "--csv", "-").err.splitlines()[0] == said


def test_an_export_is_whole_but_for_what_it_names(spoilt: str) -> None:
    done = as_boss("export", "-o", "desk.csv")
    assert done.err.splitlines() == [f"!! without 1 case that cannot be read: {spoilt}", WHY.format(case=spoilt)]
    with Path("desk.csv").open(encoding="utf-8-sig", newline="") as file:
        cases = {row["case"] for row in csv.DictReader(file)}
    assert len(cases) == 1
    assert spoilt not in cases
    machine = as_boss("export", "-o", "desk.jsonl", "--json")
    assert (machine.json["cases"], machine.json["left_out"]) == (1, [spoilt])
    assert f"!! without 1 case that cannot be read: {spoilt}" in as_boss("export", "--format", "xes").err


def test_it_is_said_in_chinese_too(spoilt: str) -> None:
    done = as_boss("export", "-o", "desk.csv", language="zh")
    assert done.err.splitlines() == [
        f"!! 有 1 个案件无法读取，未包含在内：{spoilt}",
        f"提示：`casewright show {spoilt}` 说明原因，`casewright audit verify` 列出全部此类案件",
    ]
    assert f"!! 有 1 个案件的部分内容无法读取，未包含在内：{spoilt}" in as_boss("report", "sla", language="zh").out


def test_of_many_the_first_ones_are_named() -> None:
    cases = [report() for _ in range(12)]
    with closing(sqlite3.connect("casewright.sqlite")) as desk, desk:
        desk.execute("UPDATE cases SET version = 9")
    done = as_boss("export", "-o", "desk.jsonl", "--json")
    assert done.json["left_out"] == sorted(cases)
    named = ", ".join(sorted(cases)[:10])
    assert done.err.splitlines()[0] == f"!! without 12 cases that cannot be read: {named} and 2 more"
