"""How long does `casewright check` take for a hundred definitions, in a process of its own?

The processes that come with casewright stand there again and again under other names, with all they use.

    python benchmarks/checking.py
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree, ignore_patterns
from statistics import median

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import ROOT, Answer, at_most, seconds, tell
from benchmarks.starting import COMMAND, run

COUNT = 100


def write(folder: Path) -> None:
    """Write the folder of processes: each under its own name, then copies until there are enough."""
    copytree(ROOT / "processes", folder, ignore=ignore_patterns("demo", "*.scenarios.yaml"))
    names = sorted(file.stem for file in folder.glob("*.yaml") if file.stem != "desk")
    for number in range(COUNT - len(names)):
        name = names[number % len(names)]
        text = (folder / f"{name}.yaml").read_text("utf-8")
        text = re.sub(r"(?m)^process: .*", f"process: {name}_{number}", text)
        for event in yaml.safe_load(text).get("incoming", ()):  # which one process hears
            text = re.sub(rf"\b{event}\b", f"{event}_{number}", text)
        (folder / f"{name}_{number}.yaml").write_text(re.sub(r"(?m)^prefix: .*", f"prefix: X{number}", text), "utf-8")
        messages = folder / "messages" / f"{name}.yaml"
        if messages.exists():
            (folder / "messages" / f"{name}_{number}.yaml").write_text(messages.read_text("utf-8"), "utf-8")


def answers(*, is_quick: bool = False) -> Iterator[Answer]:
    """Check."""
    with tempfile.TemporaryDirectory() as where:
        write(Path(where) / "processes")
        rounds = 1 if is_quick else 5
        took = median(seconds(lambda: run(*COMMAND, "check", folder=Path(where)))[0] for _ in range(rounds))
    yield Answer(f"casewright check, {COUNT} definitions", f"{took:.2f} s", took, "seconds", *at_most(2, took))


if __name__ == "__main__":
    tell(answers(is_quick="--quick" in sys.argv))
