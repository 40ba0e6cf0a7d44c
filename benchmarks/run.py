"""All questions in one run: what each takes, beside what, and whether it is what was wanted.

    python -m benchmarks.run [--quick] [QUESTION …]

A question is the name of a file of this folder. The last line says whether all that was wanted holds; the exit code
does too.
"""

from __future__ import annotations

import os
import platform
import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import asked, tell

QUESTIONS = (
    "durable", "server", "worker", "decision", "loading", "checking", "starting", "memory", "store_step", "machine",
    "expressions", "calendars", "long_case", "callers", "verifying", "timers", "growth", "simulating",
    "importing",
)  # fmt: skip


def main() -> int:
    """Ask them one after the other."""
    names, is_quick = asked(__doc__, "question", QUESTIONS)
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors")
    fine = [tell(import_module(f"benchmarks.{name}").answers(is_quick=is_quick)) for name in names]
    print("all that was wanted holds" if all(fine) else "NOT all that was wanted holds")
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
