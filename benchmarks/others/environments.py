"""What each other engine needs, in an environment of its own under `build/others/`, made when it is first asked for.

None of it is a dependency of casewright. The versions are those that `NAME.txt` pins for pip, and `NAME.npm.txt` for
npm where an engine comes from there; a change of either makes the environment anew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.common import ROOT

HERE = Path(__file__).resolve().parent
BUILD = ROOT / "build" / "others"
SECONDS = 600


class NotHere(Exception):
    """An engine cannot be had on this machine; the text says why and what to do."""


def python_of(name: str) -> Path:
    """The Python of this engine's environment, which is made if it is not there; raises `NotHere`."""
    folder, pins = BUILD / name, _pins(name)
    mark, python = folder / "installed", folder / "bin" / "python"
    if mark.exists() and mark.read_text() == pins:
        return python
    print(f"bringing {name} into {folder.relative_to(ROOT)} …", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    run(name, [sys.executable, "-m", "venv", folder])
    run(name, [python, "-m", "pip", "install", "--quiet", "--no-deps", "-r", HERE / f"{name}.txt"])
    packages = HERE / f"{name}.npm.txt"
    if packages.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise NotHere(f"{name} comes from npm, and there is no npm here: install Node.js")
        told = ["install", "--no-fund", "--no-audit", "--ignore-scripts", "--silent", "--prefix", str(folder)]
        run(name, [npm, *told, *packages.read_text().split()])
    mark.write_text(pins)
    return python


def _pins(name: str) -> str:
    return "".join(path.read_text() for path in sorted(HERE.glob(f"{name}.*txt")))


def run(name: str, command: Sequence[str | Path]) -> None:
    """Run one step of bringing this engine; raises `NotHere` with what the program said last."""
    try:
        environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, env=environment)
    except subprocess.TimeoutExpired:
        raise NotHere(f"{name} cannot be brought: its registry took more than {SECONDS} s; try again later") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        last = said[-1] if said else "nothing"
        raise NotHere(f"{name} cannot be brought (is its registry reached?); what was said last: {last}")
