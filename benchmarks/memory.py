"""Does memory stay flat, however many actions a process has done?

Actions on a few cases of one database, opened once; the memory in use is looked at every tenth of the way. The first
tenth fills what is kept on purpose; from then on it must not grow.

    python benchmarks/memory.py [--actions 1000000]
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import Answer, tell
from benchmarks.durable import BATCH, act_many, engine_on, prepare
from engine.testing import ManualTime

LOOKS = 10
MOST_GROWTH = 3.0  # MiB: what the allocator leaves here and there
SHORT = 50_000
QUICK = 2_000


def in_use() -> float:
    """MiB of memory that this process holds."""
    gc.collect()
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("this system does not tell how much memory a process uses")


def looks(actions: int) -> Iterator[float]:
    """The memory in use after each tenth of the actions."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "desk.db"
        cases, time = prepare(path), ManualTime()
        with engine_on(path, "NORMAL", time) as engine:
            part = actions // LOOKS // BATCH * BATCH
            for look in range(LOOKS):
                act_many(engine, time, cases, range(look * part, (look + 1) * part))
                yield in_use()


def answers(*, is_quick: bool = False, actions: int = SHORT) -> Iterator[Answer]:
    """Act, and look."""
    actions = QUICK if is_quick else actions
    first, *rest = looks(actions)
    grown = rest[-1] - first
    yield Answer(
        f"memory over {actions:,} actions", f"{rest[-1]:.0f} MiB", None, "",
        f"grown by {grown:+.1f} MiB, at most {MOST_GROWTH:g}", grown <= MOST_GROWTH,
    )  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--actions", type=int, default=SHORT)
    tell(answers(actions=parser.parse_args().actions))
