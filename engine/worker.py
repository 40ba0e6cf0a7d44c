"""The worker: fires what falls due at its instant and delivers messages, until it is told to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from engine.app import Engine, Round
from engine.errors import ClockJumped, EngineError, StoreUnavailable

POLL = 1.0
"""Seconds the worker sleeps at most: what others wrote meanwhile is seen then."""

log = logging.getLogger("casewright.worker")


def run_once(engine: Engine) -> Round:
    """One unit of work."""
    return engine.run_once()


def run_worker(engine: Engine, stop: threading.Event, *, told: Callable[[Round], None] | None = None) -> Round:
    """Work until `stop` is set; what is under way is finished first. Returns what was done in all."""
    total = Round()
    trouble: type[EngineError] = EngineError
    _wake_at_end(stop, engine.woken)
    while True:
        engine.woken.clear()
        if stop.is_set():
            return total
        try:
            done = run_once(engine)
            trouble = EngineError
            total += done
            if told is not None and done != Round():
                told(done)
            pause = 0.0 if done.advanced or done.delivered else _pause(engine)
        except (ClockJumped, StoreUnavailable) as error:
            if type(error) is not trouble:  # once, not at every poll
                trouble = type(error)
                log.error("%s", error.message)
            pause = POLL
        if pause:
            engine.woken.wait(pause)


def _wake_at_end(stop: threading.Event, woken: threading.Event) -> None:
    """Let a worker that waits for work hear that it is to stop; a thread can wait for one event only."""

    def wait() -> None:
        stop.wait()
        woken.set()

    threading.Thread(target=wait, name="casewright-stop", daemon=True).start()


def _pause(engine: Engine) -> float:
    """Until a millisecond after the next due instant, and at most one poll."""
    due = engine.next_work()
    if due is None:
        return POLL
    return min(max((due + 1 - engine.now()) / 1000, 0.0005), POLL)
