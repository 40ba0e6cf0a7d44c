"""The architecture sheet cannot lie: the rooms of the contract, files that exist, the way that a command walks."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.cli.desks import REPORT, fields, run, set_up

ROOT = Path(__file__).resolve().parent.parent
SHEET = (ROOT / "docs" / "explain" / "architecture.md").read_text("utf-8")


def part(heading: str) -> str:
    """Return what stands below a heading."""
    return SHEET.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def test_the_rooms_are_those_that_the_import_contract_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    built = set(re.findall(r"\((\w+)\)", " ".join(layers)))
    cells = re.findall(r"^\| (`[^|]+`) \|", part("The rooms"), re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(cells))) == built


def named() -> list[str]:
    """Return the files of the way, from the flags to the sentence on the screen."""
    return re.findall(r"^ *([\w/]+\.py)\b", part("The way of one command"), re.MULTILINE)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\b(?:\w+/)+\w+\.py\b", SHEET))))
def test_every_file_of_the_sheet_exists(name: str) -> None:
    assert (ROOT / name).exists() or (ROOT / "engine" / name).exists()


def test_one_command_walks_the_way_that_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose turn it is first: `core/run.py` begins the step, so it is looked for but not in its line."""
    monkeypatch.chdir(set_up(tmp_path / "desk"))
    run("open", "repair", "--as", "wang.fang", *fields(*REPORT))
    entered: dict[str, None] = {}

    def note(frame: FrameType, event: str, _value: Any) -> None:
        file = frame.f_code.co_filename
        if event != "call" or "/engine/" not in file or frame.f_code.co_name == "<module>":
            return
        if (name := file.rpartition("/engine/")[2]) == "app/acting.py" and name not in entered:
            for opened in set(entered) - {"cli/commands/acting.py"}:
                del entered[opened]  # the engine is open now; from here on it is the command's own way
        entered.setdefault(name)

    sys.setprofile(note)
    try:
        done = run("do", "R-1", "dispatch", "--as", "zhao.lei", *fields("technician=li.wei", "slip=P-1"))
    finally:
        sys.setprofile(None)
    assert done.code == 0, done.err
    way = list(dict.fromkeys(named()))
    assert not [file for file in way if file not in entered]
    order = [file for file in entered if file in way and file != "core/run.py"]
    assert order == [file for file in way if file != "core/run.py"]
