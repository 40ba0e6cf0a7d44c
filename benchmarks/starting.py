"""How soon is a command there, beside a Python that does nothing?

Compiled as an installed casewright is: what is imported is kept as bytecode, whatever the environment says of that.

    python benchmarks/starting.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import ROOT, Answer, at_most, in_turns, tell

COMMAND = (sys.executable, "-c", "from engine.cli.main import main; main()")
BYTECODE = str(Path(tempfile.gettempdir()) / "casewright-bytecode")
BARE = (sys.executable, "-c", "pass")


def run(*words: str, folder: Path = ROOT) -> None:
    """Run a process to its end."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    given = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    given |= {"PYTHONPATH": path, "PYTHONPYCACHEPREFIX": BYTECODE}
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, env=given)
    assert done.returncode == 0, done.stderr


def answers(*, is_quick: bool = False) -> Iterator[Answer]:
    """Start commands."""
    rounds = 3 if is_quick else 15
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        run(*COMMAND, "init", "--example", "--as", "boss", folder=here)
        for words, bound in ((("--help",), 10), (("list", "--as", "boss", "--all"), 50)):
            pair = in_turns(
                lambda _, words=words: run(*COMMAND, *words, folder=here),  # type: ignore[misc]
                lambda _: run(*BARE, folder=here),
                rounds,
            )
            ratio = 1 / pair.ratio
            yield Answer(
                f"casewright {words[0]}", f"{pair.ours * 1000:.0f} ms", ratio, "times a bare Python",
                *at_most(bound, ratio),
            )  # fmt: skip


if __name__ == "__main__":
    tell(answers(is_quick="--quick" in sys.argv))
