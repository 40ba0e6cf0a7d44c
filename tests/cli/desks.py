"""A desk set up by `casewright init --example`, and commands run at it."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from engine.cli.main import casewright
from engine.cli.translate import use_language
from engine.resources import data_folder

REPORT = ("channel=phone", "customer=吴敏", "phone=13900000000", "place=3-201", "fault=no power", "member=no")


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it wrote as one JSON document."""
        return json.loads(self.out)


def run(*words: str, into: str | None = None, language: str = "en") -> Ran:
    """Run a command in the present folder."""
    use_language(language)
    done = CliRunner().invoke(casewright(), list(words), input=into, env={"LANGUAGE": language})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Ran(done.exit_code, done.stdout, done.stderr)


def fields(*pairs: str) -> list[str]:
    """Return each pair as a `-f` flag."""
    return [word for pair in pairs for word in ("-f", pair)]


def set_up(folder: Path) -> Path:
    """Set up the example desk where it is morning; `boss` is its administrator."""
    (folder / "processes").mkdir(parents=True, exist_ok=True)
    shipped = (data_folder("processes") / "desk.yaml").read_text("utf-8")
    (folder / "processes" / "desk.yaml").write_text(
        shipped.replace("zone: Asia/Shanghai", f"zone: {_morning()}"), "utf-8"
    )
    here = Path.cwd()
    os.chdir(folder)
    try:
        done = run("init", "--example", "--as", "boss")
        assert done.code == 0, done.err
    finally:
        os.chdir(here)
    return folder


def _morning() -> str:
    """Return a zone where it is past nine, so that no test depends on the hour at which it runs."""
    ahead = (9 - time.gmtime().tm_hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"  # these names count westwards


Step = tuple[str, str, list[str]]
"""Who does what, with which answers."""

BEGUN: tuple[Step, ...] = (
    ("zhao.lei", "dispatch", ["technician=li.wei", "slip=P-1"]),
    ("li.wei", "arrive", []),
    ("li.wei", "begin", []),
)
"""What brings a repair to its diagnosis."""


def act(case: str, *steps: Step) -> None:
    """Do some actions, one after the other."""
    for actor, action, form in steps:
        done = run("do", case, action, "--as", actor, *fields(*form))
        assert done.code == 0, done.out + done.err


def report(*more: str) -> str:
    """Open a repair as wang.fang, and return its id."""
    form = dict(pair.split("=", 1) for pair in (*REPORT, *more))
    pairs = [f"{name}={value}" for name, value in form.items()]
    opened = run("open", "repair", "--as", "wang.fang", "--json", *fields(*pairs))
    assert opened.code == 0, opened.out + opened.err
    return str(opened.json["case"]["id"])
