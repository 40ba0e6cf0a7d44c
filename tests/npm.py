"""Programs from npm in which the tests try what we write: editors' servers, readers of drawings and charts.

CI brings them first and says in `NPM_FOLDER` where they are (`python3 tests/npm.py` prints which); elsewhere the first
test that asks brings them into `build/`, once.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = (
    "yaml-language-server@1.25.0",
    "mermaid@11.12.0",
    "bpmn-moddle@10.3.1",
    "bpmn-js@18.31.1",
    "xstate@5.33.3",
    "jsdom@26.1.0",
)
BUILD = Path(__file__).resolve().parents[1] / "build"


def npm_folder() -> Path:
    """Where the packages are; skips the test that asks where they cannot be had."""
    import pytest  # CI asks this file for the packages before there is an environment

    there = os.environ.get("NPM_FOLDER")
    folder = Path(there) if there else BUILD / "npm"
    if shutil.which("node") is None or (not there and (reason := _installed(folder))):
        pytest.skip(reason if shutil.which("node") else "there is no node here")
    return folder


def run_node(script: str, text: str) -> subprocess.CompletedProcess[str]:
    """Run a script that finds the packages in `process.argv[1]` and the text on its standard input."""
    command = ["node", "-e", script, str(npm_folder())]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)


def _installed(folder: Path) -> str:
    """Install the packages, unless they are here; why not, where they cannot be."""
    npm = shutil.which("npm")
    if npm is None:
        return "there is no npm here"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side
            return _brought(npm, folder, folder / "installed")
    except OSError as error:
        return f"packages of npm cannot be kept in {folder}: {error}"


def _brought(npm: str, folder: Path, mark: Path) -> str:
    if mark.exists() and mark.read_text() == "\n".join(PACKAGES):
        return ""
    command = [npm, "install", "--prefix", str(folder), "--no-fund", "--no-audit", "--silent", *PACKAGES]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    except subprocess.TimeoutExpired:
        return "npm does not answer"
    if done.returncode:
        return f"npm cannot install {', '.join(PACKAGES)}: {done.stderr[-200:]}"
    mark.write_text("\n".join(PACKAGES))
    return ""


if __name__ == "__main__":
    sys.stdout.write("\n".join(PACKAGES) + "\n")
