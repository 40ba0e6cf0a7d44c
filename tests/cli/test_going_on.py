"""Long work that breaks off says how far it came, and that the same command goes on there."""

from __future__ import annotations

from errno import ENOSPC
from pathlib import Path
from typing import Any

import pytest

from engine.app import Engine, Import
from engine.errors import StoreUnavailable
from tests.cli.desks import run

FULL = StoreUnavailable("the disk of the database `desk.db` is full", help="nothing was changed; free some space")


@pytest.mark.parametrize(
    ("language", "said", "why"),
    [
        (
            "en",
            "200 lines are done; the same command goes on after them",
            "error: the disk of the database `desk.db` is full",
        ),
        ("zh", "已完成前 200 行；再次运行同一命令会从其后继续", "错误：数据库 `desk.db` 所在磁盘已满"),
    ],
)
def test_an_import_on_a_full_disk_says_how_many_lines_are_done(
    desk: Path, monkeypatch: pytest.MonkeyPatch, language: str, said: str, why: str
) -> None:
    def breaks_off(self: Engine, lines: object, job: Import, *, actor: object) -> None:
        assert job.progress is not None
        for done in (100, 200):
            job.progress(done, done)
        raise FULL

    monkeypatch.setattr(Engine, "import_lines", breaks_off)
    (desk / "days.jsonl").write_text("{}\n")
    ran = run("--lang", language, "import", "days.jsonl", "--as", "boss", language=language)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines()[:2] == [said, why]


@pytest.mark.parametrize("reached", [0, 1, 7])
def test_an_archive_on_a_full_disk_says_how_many_families_it_went_through(
    desk: Path, monkeypatch: pytest.MonkeyPatch, reached: int
) -> None:
    def breaks_off(self: Engine, folder: Path, *, actor: object, progress: Any) -> None:
        for number in range(reached):
            progress(number + 1, 9)
        raise OSError(ENOSPC, "no room", "shelf/R-8.jsonl")

    monkeypatch.setattr(Engine, "archive", breaks_off)
    *before, error, mend = run("archive", "run", "--yes", "--as", "boss").err.splitlines()
    assert error == "error: `shelf/R-8.jsonl`: the disk is full"
    assert mend.startswith("help: make room")
    assert (
        before
        == {
            0: [],
            1: ["1 family was gone through; the same command goes on after it"],
            7: ["7 families were gone through; the same command goes on after them"],
        }[reached]
    )
