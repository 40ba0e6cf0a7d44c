"""`merge`: two reports of one matter become one case."""

from __future__ import annotations

import pytest

from tests.cli.desks import fields, report, run

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
