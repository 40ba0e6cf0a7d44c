"""`merge`: two reports of one matter become one case."""

from __future__ import annotations

import pytest

from engine import Engine
from engine.errors import StoreUnavailable
from tests.cli.desks import REPORT, fields, report, run

pytestmark = pytest.mark.usefixtures("desk")


def test_a_report_that_came_twice_is_merged_and_reached_by_its_old_number() -> None:
    first, second = report(), report()
    merged = run("merge", second, first, "--as", "sun.qiang")
    assert (merged.code, merged.out) == (0, f"{second} reported · merged into {first}\n")
    told = run("do", second, "dispatch", "--as", "zhao.lei", *fields("technician=li.wei", "slip=P-1"))
    assert told.out.startswith(f"{first} reported → dispatched")
    assert f"{second} is merged into it" in told.out
    assert f"merged-into: {first}" in run("show", second, "--as", "sun.qiang").out
    assert f"took in {second}" in run("history", first, "--as", "sun.qiang").out
    assert f"并入 {first}" in run("history", second, "--as", "sun.qiang", language="zh").out
    again = run("merge", second, first, "--as", "sun.qiang")
    assert again.code == 6
    assert f"`{second}` is merged into `{first}`" in again.out + again.err
    assert run("audit", "verify").code == 0


def test_what_is_open_with_the_same_phone_is_named_after_opening() -> None:
    """Two operators opened one matter within minutes, and nothing hinted at it."""
    first = report("phone=139 0000 0000")
    again = run("open", "repair", "--as", "zhao.lei", *fields(*REPORT))
    assert again.code == 0
    second = again.out.split()[0]
    assert again.err.startswith(f"{first} is open with the same phone: no power · reported · opened ")
    assert (
        f"look at it: casewright show {first} --as zhao.lei; if it is the same matter: "
        f"casewright merge {second} {first} --as zhao.lei\n"
    ) in again.err
    assert "1390000" not in again.err.replace(" ", "")
    told = run("open", "repair", "--as", "zhao.lei", *fields(*REPORT), language="zh")
    assert f"{second} 还在办，电话相同：no power · 已报修 · " in told.err
    assert f"若是同一件事：casewright merge {told.out.split()[0]} {second} --as zhao.lei\n" in told.err


def test_a_machine_is_given_what_is_alike_with_the_case_it_opened() -> None:
    first = report()
    words = ("open", "repair", "--as", "wang.fang", "--json", "--key", "K-1", *fields(*REPORT))
    opened = run(*words)
    assert [(one["fields"], one["case"]["id"]) for one in opened.json["alike"]] == [(["phone"], first)]
    assert "13900000000" not in str(opened.json["alike"])
    assert opened.err == ""
    repeated = run(*words)
    assert (repeated.json["is_repeat"], "alike" in repeated.json) == (True, False)
    assert "alike" not in run("claim", first, "--as", "wang.fang", "--json").json


def test_of_many_alike_the_youngest_are_named() -> None:
    ids = [report() for _ in range(5)]
    said = run("open", "repair", "--as", "wang.fang", *fields(*REPORT)).err.splitlines()
    assert [line.split()[0] for line in said[:3]] == ids[:1:-1]
    assert said[3] == "and 2 more"


def test_a_server_that_is_gone_after_an_opening_makes_no_failure_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The case is open: who is told of an error opens it again."""

    def gone(*_: object, **__: object) -> None:
        raise StoreUnavailable("the connection was lost")

    monkeypatch.setattr(Engine, "alike", gone)
    monkeypatch.setattr(Engine, "allowed", gone)
    opened = run("open", "repair", "--as", "zhao.lei", *fields(*REPORT))
    case = opened.out.split()[0]
    assert (opened.code, opened.err) == (0, f"next: casewright show {case}\n")
