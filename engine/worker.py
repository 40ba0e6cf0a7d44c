"""The worker: fires what falls due at its instant and delivers messages, until it is told to stop.

Two threads, so that neither a slow receiver nor a long queue keeps anything from firing; the one that delivers also
erases, when nothing waits, private values whose time is over.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import asdict

from opentelemetry.metrics import CallbackOptions, Meter, Observation, get_meter

from engine.app import Engine, Round
from engine.errors import ClockJumped, EngineError, Outrun, StoreUnavailable

POLL = 1.0
"""Seconds the worker sleeps at most: what others wrote meanwhile is seen then."""

BREATH = 0.02
"""Seconds between two rounds of delivering: what fires meanwhile is delivered together, with fewer commits."""

ERASED_EVERY = 3_600_000
"""How often, in ms, a worker looks for private values whose time is over."""

LEAST = 0.0005
"""Seconds it sleeps at least where there was nothing for it."""

log = logging.getLogger("casewright.worker")


def run_worker(
    engine: Engine,
    stop: threading.Event,
    *,
    told: Callable[[Round], None] | None = None,
    late: Callable[[int], None] | None = None,
    meter: Meter | None = None,
) -> Round:
    """Work until `stop` is set; what is under way is finished first. Returns what was done in all.

    `told` hears of every round, `late` how many ms after its instant each was that fired. Measured by OpenTelemetry, on
    this meter or that of the program; without its SDK that costs nothing.
    """
    return _Worker(engine, stop, told, _Measuring(engine, meter or get_meter("casewright"), late)).run()


class _Worker:
    """One worker: the thread that fires, and beside it the one that delivers."""

    def __init__(
        self, engine: Engine, stop: threading.Event, told: Callable[[Round], None] | None, measuring: _Measuring
    ) -> None:
        self.engine = engine
        self.stop = stop
        self.told = told
        self.measuring = measuring
        self.due: int | None = None  # what falls due next, as last seen
        self.total = Round()
        self.lock = threading.Lock()  # of the total
        self.posted = threading.Event()  # there may be something to deliver
        self.erased_at = 0  # when there was nothing left to erase
        self.over = threading.Event()
        self.is_woken = False  # by somebody, not by the time
        self.trouble = _Trouble()
        self.failure: BaseException | None = None  # of the thread that delivers

    def run(self) -> Round:
        """Fire on this thread, deliver on another, until it is to stop."""
        threading.Thread(target=self._wake_at_end, name="casewright-stop", daemon=True).start()
        delivering = threading.Thread(target=self._deliver, name="casewright-delivery")
        delivering.start()
        try:
            with self.engine.listening():
                self._fire()
        finally:
            self._end()
            delivering.join()
            self.measuring.is_over = True
        if self.failure is not None:
            raise self.failure
        return self.total

    def _wake_at_end(self) -> None:
        self.stop.wait()
        self._end()

    def _end(self) -> None:
        """Let both threads hear that it is over; a thread can wait for one event only."""
        self.over.set()
        self.engine.woken.set()
        self.posted.set()

    def _fire(self) -> None:
        while not self.over.is_set():
            pause = self.trouble.meeting(self._fire_once)
            self.is_woken = self.engine.woken.wait(pause)
            if self.is_woken:  # only then: a call that comes between would be lost, and what it was for be a poll late
                self.engine.woken.clear()
                self.posted.set()

    def _fire_once(self) -> float:
        if self.is_woken and (early := self._until(self._look())):
            return early  # for what was written just now: the database's lock is asked for when it falls due
        if self.due is None:
            self._look()  # what fell due while no worker ran is late too
        done = self.engine.fire_some()
        late = max(self.engine.now() - self.due, 0) if done.advanced and self.due is not None else None
        if late is not None:
            self.measuring.late(late)
        if done != Round():
            self._tell(done, late)
            self.posted.set()
        pause = self._until(self._look())
        return pause if done.advanced else max(pause, LEAST)  # what is due and not taken is another's

    def _look(self) -> int | None:
        self.due = self.engine.next_due()
        return self.due

    def _deliver(self) -> None:
        try:
            while not self.over.is_set():
                self.posted.clear()
                pause = self.trouble.meeting(self._deliver_once)
                self.over.wait(BREATH)
                if pause and not self.over.is_set():
                    self.posted.wait(pause)
        except BaseException as failure:
            self.failure = failure
            self._end()

    def _deliver_once(self) -> float:
        done = self.engine.deliver_some()
        if done == Round() and abs(self.engine.now() - self.erased_at) >= ERASED_EVERY:
            done = self.engine.erase_some()
            self.erased_at = 0 if done.erased else self.engine.now()
        if done != Round():
            self._tell(done)
            return 0.0
        return max(self._until(self.engine.next_message()), LEAST)

    def _tell(self, done: Round, late: int | None = None) -> None:
        with self.lock:
            self.total += done
            self.measuring.count(done)
            figures = asdict(done)
            # In the line too: a formatter that knows nothing of ours shows no `extra`.
            said = ", ".join(f"{count} {name}" for name, count in figures.items() if count)
            log.info("worked: %s", said, extra=figures if late is None else {**figures, "late": late})
            if self.told is not None:
                self.told(done)

    def _until(self, due: int | None) -> float:
        """Seconds until a millisecond after that instant, and at most one poll."""
        if due is None:
            return POLL
        return min(max((due + 1 - self.engine.now()) / 1000, 0.0), POLL)


class _Measuring:
    """What is measured of a worker, and of the desk it works for."""

    def __init__(self, engine: Engine, meter: Meter, heard: Callable[[int], None] | None = None) -> None:
        self.engine = engine
        self.heard = heard
        self.is_over = False
        self.counters = {
            name: meter.create_counter(f"casewright.{name}", description=about)
            for name, about in (
                ("advanced", "families carried forward"), ("delivered", "messages delivered"),
                ("failed", "attempts to deliver that failed"), ("faults", "families set aside"),
                ("erased", "cases whose private values were erased because their time was over"),
            )
        }  # fmt: skip
        self.lateness = meter.create_histogram("casewright.lateness", "ms", "after its instant, the first of a round")
        for name, unit, about in (
            ("due", "", "families with something due"), ("lag", "ms", "for how long the oldest has been due"),
            ("waiting", "", "messages on their way out"), ("waiting_for", "ms", "for how long the oldest has waited"),
            ("failing", "", "of these, those that were tried and failed"), ("dead", "", "messages given up"),
            ("faults", "", "families that are set aside"),
        ):  # fmt: skip
            meter.create_observable_gauge(f"casewright.desk.{name}", [self._seen(name)], unit, about)

    def count(self, done: Round) -> None:
        """Count what a round did."""
        for name, counter in self.counters.items():
            if done_of_it := getattr(done, name):
                counter.add(done_of_it)

    def late(self, late: int) -> None:
        """Record how late a round fired."""
        self.lateness.record(late)
        if self.heard is not None:
            self.heard(late)

    def _seen(self, name: str) -> Callable[[CallbackOptions], list[Observation]]:
        def look(_: CallbackOptions) -> list[Observation]:
            if self.is_over:
                return []
            try:
                return [Observation(getattr(self.engine.vitals(), name))]
            except EngineError:  # the database is away; the worker itself says so
                return []

        return look


class _Trouble:
    """What keeps the threads from working is logged once, not by each and at every poll."""

    def __init__(self) -> None:
        self.known: dict[int, type[EngineError]] = {}

    def meeting(self, work: Callable[[], float]) -> float:
        """Do this; how long to wait then."""
        thread = threading.get_ident()
        try:
            pause = work()
        except Outrun:
            return LEAST  # somebody else of many was faster, again and again; nothing of it is lost
        except (ClockJumped, StoreUnavailable) as error:
            if type(error) not in tuple(self.known.values()):
                log.error("%s", "; ".join(filter(None, (error.message, error.mend))))
            self.known[thread] = type(error)
            return POLL
        if self.known.pop(thread, None) is not None and not self.known:
            log.warning("working again")
        return pause
