"""A program whose clock is set while it works, as often as it is told: `PLACE CASE SECONDS...` are its arguments.

Started with `clock_step.c` preloaded. It prints a line of JSON for each setting: what the machine's clock showed, what
became of two actions, and what of one after somebody had accepted the clock.
"""

from __future__ import annotations

import json
import os
import sys
import time

from engine import Accepted, Engine
from engine.errors import ClockJumped
from tests.crash.slips import CLERK


def acted(engine: Engine, case: str) -> int | str:
    """The instant of an action, or why there was none."""
    try:
        done = engine.act(case, "pass_on", {"remark": "seen"}, actor=CLERK)
    except ClockJumped as jumped:
        return jumped.message
    assert isinstance(done, Accepted)
    return int(done.record["at"])


def main() -> None:
    """Set the clock, again and again."""
    place, case, *steps = sys.argv[1:]
    begun_at = int(os.environ.get("CLOCK_STEP", "0"))  # where the tests are run as if at another hour
    with Engine.open(place) as engine:
        for step in steps:
            os.environ["CLOCK_STEP"] = str(begun_at + int(step))
            shown = time.time_ns() // 1_000_000
            told = [acted(engine, case), acted(engine, case)]
            engine.tick(accept_clock=True)
            told.append(acted(engine, case))
            sys.stdout.write(json.dumps([shown, *told]) + "\n")


if __name__ == "__main__":
    main()
