"""The tests as if they were run at another hour: none may depend on when, or on how late in the day, it is run.

python -m tests.hours                                     # the whole suite, at each hour at which something turns
python -m tests.hours "2026-12-31 23:55" tests/cli        # a part of it, as if a clock in Shanghai showed that
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from engine.values import read_instant

ROOT = Path(__file__).resolve().parent.parent
TURNS = (
    "2026-11-22 23:40",  # what is promised for today is due before what is promised in twenty minutes
    "2026-11-25 23:57",  # the day ends amid the tests
    "2026-11-23 07:55",  # customers may be told things from eight on
    "2026-11-28 21:50",  # and until ten; on a Saturday
    "2026-12-31 23:56",  # the year ends
    "2028-02-29 12:30",  # no holidays are known so far ahead
)


def main() -> int:
    """Run pytest at each hour that was asked for; return how many of these runs failed."""
    hours = TURNS if len(sys.argv) == 1 else sys.argv[1:2]
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # a server that another user runs is started with it too
        library = settable_clock(Path(folder))
        return sum(bool(_run_at(hour, library, sys.argv[2:] or ["tests"])) for hour in hours)


def settable_clock(folder: Path) -> Path:
    """Build a library that sets the clock of the process that is started with it."""
    library, source = folder / "clock_step.so", ROOT / "tests" / "crash" / "clock_step.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


def _run_at(hour: str, library: Path, tests: list[str]) -> int:
    step = read_instant(hour, "Asia/Shanghai") // 1000 - int(time.time())
    sys.stdout.write(f"== as if it were {hour} in Shanghai\n")
    sys.stdout.flush()
    shifted = {**os.environ, "CLOCK_STEP": str(step), "LD_PRELOAD": str(library)}
    return subprocess.run([sys.executable, "-m", "pytest", "-q", "-n", "2", *tests], cwd=ROOT, env=shifted).returncode


if __name__ == "__main__":
    sys.exit(main())
