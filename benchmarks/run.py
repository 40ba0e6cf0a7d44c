"""All questions in one run: what each takes, beside what, and whether it is what was wanted.

    python -m benchmarks.run [--quick] [QUESTION …]

A question is the name of a file of this folder. The last line says whether all that was wanted holds; the exit code
does too.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import tell

QUESTIONS = (
    "durable", "server", "worker", "decision", "loading", "checking", "starting", "memory", "store_step", "machine",
    "expressions", "calendars", "long_case", "callers", "verifying", "timers", "growth", "simulating",
)  # fmt: skip


def main() -> int:
    """Ask them one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=f"of {', '.join(QUESTIONS)}; unsaid, all")
    parser.add_argument("--quick", action="store_true", help="a few rounds each, to see that they run")
    given = parser.parse_args()
    if unknown := sorted(set(given.questions) - set(QUESTIONS)):
        parser.error(f"there is no question `{unknown[0]}`; there are {', '.join(QUESTIONS)}")
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors")
    fine = [
        tell(import_module(f"benchmarks.{name}").answers(is_quick=given.quick)) for name in given.questions or QUESTIONS
    ]
    print("all that was wanted holds" if all(fine) else "NOT all that was wanted holds")
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
