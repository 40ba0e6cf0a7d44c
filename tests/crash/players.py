"""What the killed processes do. Each says what it has got so far, thing by thing."""

from __future__ import annotations

import resource
import signal
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from engine import Engine, worker
from engine.app import Accepted, Delivery, Import
from engine.core.cases import Actor
from engine.errors import StoreUnavailable
from engine.store.postgresql import numbering
from engine.testing import ManualTime
from engine.views import Result
from tests.crash.slips import ADMIN, BEGIN, CLERK, set_up

JOB = "the day"

CASES = 5
"""How many cases the writers act on."""

TOGETHER = 10
"""How many clients there are in each process of a crowd."""


class FastTime(NamedTuple):
    """One time for several processes, which goes fast from one instant to another; it stands still before and then.

    It is read off the machine's steady clock, by all of them alike: no hand that sets the other one moves it.
    """

    first: int
    last: int
    began: float
    speed: float

    def now(self) -> int:
        """The instant it is for all of them."""
        passed = int((time.monotonic() - self.began) * 1_000 * self.speed)
        return max(self.first, min(self.first + passed, self.last))

    def monotonic(self) -> int:
        """Goes with it."""
        return self.now()


Say = Callable[..., None]


def play(part: str, listener: Connection, *words: Any) -> None:
    """One of the parts below, in a process of its own."""

    def say(*heard: object) -> None:
        listener.send(heard)

    try:
        PARTS[part](say, *words)
    except BaseException:
        say("failed", traceback.format_exc())
        raise


def ready(engine: Engine, say: Say) -> None:
    """Read the definitions, which takes its time, so that the kills meet the work."""
    for publication in engine.published():
        engine.definition(publication.process)
    say("ready")


def bring_in(say: Say, database: Path, file: Path, now: int, most: int | None = None) -> None:
    """Import a file; once `most` of its lines are done stand still, until killed."""

    def came(done: int, _: int) -> None:
        say("line", done)
        if most is not None and done >= most:
            signal.pause()

    with Engine.open(str(database), time=ManualTime(now)) as engine:
        ready(engine, say)
        job = Import(name=JOB, progress=came)
        done = engine.import_lines(file.read_text("utf-8").splitlines(), job, actor=ADMIN)
        say("done", done.done, done.refused, done.skipped, len(done.errors))


def insisting(verb: Callable[[], Result]) -> Result:
    """The same again where others hold a file for too long, as on a busy machine."""
    while True:
        try:
            return verb()
        except StoreUnavailable as error:
            if "locked by another program" not in error.message:
                raise


def open_cases(say: Say, database: Path, sender: str, first: int) -> None:
    """Open cases, each with a key of its own, and tell what was acknowledged; every third is refused."""
    numbering.MOST_WANTED = 1  # a number is supposed as often as can be, and often wrongly
    clerk = Actor(id=sender, roles=("clerk",))
    with Engine.open(str(database), time=ManualTime(BEGIN)) as engine:
        ready(engine, say)
        for number in count(first):
            key, form = f"key {number}", {"who": "Wu"} if number % 3 else {}
            result = insisting(partial(engine.open_case, "slip", form, actor=clerk, key=key))
            assert isinstance(result, Accepted) == bool(form), result
            say("has", key, result.record["case"] if isinstance(result, Accepted) else None)


def act(say: Say, database: Path, sender: str, first: int) -> None:
    """Act on the cases in turn, each time with a key of its own, and tell what was acknowledged."""
    clerk = Actor(id=sender, roles=("clerk",))
    with Engine.open(str(database), time=ManualTime(BEGIN)) as engine:
        ready(engine, say)
        number = first
        while True:
            case, key = f"S-{number % CASES + 1}", f"key {number}"
            say("asks", key, case)
            result = insisting(partial(engine.act, case, "pass_on", {"remark": key}, actor=clerk, key=key))
            assert isinstance(result, Accepted), result
            say("has", key, case, result.record["seq"])
            number += 1


def tell_events(say: Say, database: Path, sender: str, first: int) -> None:
    """Open cases and tell an event of each, every other time before there is the case; all with keys of their own."""
    clerk = Actor(id=sender, roles=("clerk",))
    with Engine.open(str(database), time=ManualTime(BEGIN)) as engine:
        ready(engine, say)
        for number in count(first):
            name = f"{sender}-{number}"
            form, told = {"who": "Wu", "number": name}, {"number": name, "remark": name}
            for verb in ("open", "hear") if number % 2 else ("hear", "open"):
                if verb == "open":
                    engine.open_case("slip", form, actor=clerk, key=f"open {number}")
                else:
                    engine.hear("handed", told, sender=clerk, key=f"event {number}")
            say("has", number)


def insist(say: Say, database: str, sender: str) -> None:
    """Act on the cases in turn; where the database is away, the same again with the same key until it is back."""
    clerk = Actor(id=sender, roles=("clerk",))
    with Engine.open(database, time=ManualTime(BEGIN)) as engine:
        ready(engine, say)
        number = 0
        while True:
            case, key = f"S-{number % CASES + 1}", f"key {number}"
            try:
                result = engine.act(case, "pass_on", {"remark": key}, actor=clerk, key=key)
            except StoreUnavailable as error:
                say("away", error.message)
                time.sleep(0.02)
                continue
            assert isinstance(result, Accepted), result
            say("has", key, case, result.record["seq"])
            number += 1


def work(say: Say, database: str, clock: FastTime) -> None:
    """Carry forward and deliver until killed."""

    def deliver(delivery: Delivery) -> None:
        say("delivered", delivery.key)

    worker.POLL = 0.002  # seconds of the machine's clock, which hardly moves beside ours
    with Engine.open(database, time=clock) as engine:
        engine.on("*", deliver)
        ready(engine, say)
        worker.run_worker(engine, threading.Event(), told=lambda done: say("round", done.advanced, done.delivered))


def archive(say: Say, database: Path | str, folder: Path, now: int, most: int | None = None) -> None:
    """Let what may leave go into the archive; after the first `most` stand still, until killed."""

    def left(number: int, _: int) -> None:
        say("left", number)
        if number == most:
            signal.pause()

    with Engine.open(str(database), time=ManualTime(now)) as engine:
        ready(engine, say)
        done = engine.archive(folder, actor=ADMIN, progress=left)
        say("done", done.families, done.failed)


def make(say: Say, database: Path) -> None:
    """Make a database and publish a desk."""
    say("ready")
    set_up(database, CASES)
    say("done")


def hold(say: Say, database: Path) -> None:
    """Stand in the middle of a transaction until told to go on."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCONT})  # one that comes before it is waited for is kept
    with Engine.open(str(database), time=ManualTime(BEGIN)) as engine:
        with engine._store.write() as tx:
            tx.set_setting("held", "yes")
            say("holding")
            signal.sigwait({signal.SIGCONT})
        say("done")


def grow(say: Say, database: Path, largest: int) -> None:
    """Act until no file may become larger."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    acknowledged = 0
    with Engine.open(str(database), time=ManualTime(BEGIN)) as engine:
        try:
            while True:
                result = engine.act("S-1", "pass_on", {"remark": "x" * 20_000}, actor=CLERK)
                assert isinstance(result, Accepted), result
                acknowledged += 1
        except StoreUnavailable as error:
            say("stopped", acknowledged, error.message, error.help)


def crowd(say: Say, database: str, name: str, steps: int) -> None:
    """Ten clients of one process, all on one case: each does so many steps with keys of its own."""
    started = threading.Barrier(TOGETHER)

    def client(number: int) -> None:
        actor = Actor(id=f"{name}-{number}", roles=("clerk",))
        started.wait(60)
        for step in range(steps):
            remark = {"remark": f"{step}"}
            result = insisting(partial(engine.act, "S-1", "pass_on", remark, actor=actor, key=f"{step}"))
            assert isinstance(result, Accepted), result
            said.append((actor.id, f"{step}", result.record["seq"]))

    said = list[tuple[str, str, int]]()
    with Engine.open(database, time=ManualTime(BEGIN)) as engine:
        ready(engine, say)
        with ThreadPoolExecutor(TOGETHER) as clients:
            list(clients.map(client, range(TOGETHER)))
    say("done", said)


PARTS: dict[str, Callable[..., None]] = {
    "import": bring_in, "act": act, "events": tell_events, "insist": insist, "work": work, "make": make,
    "hold": hold, "grow": grow, "archive": archive, "crowd": crowd, "open": open_cases,
}  # fmt: skip

KINDS = {
    "import": "imports", "act": "writers", "events": "tellers of events", "insist": "clients that insist",
    "work": "workers", "make": "whoever makes a database", "hold": "writers in a transaction",
    "grow": "writers under a quota", "archive": "archives", "crowd": "crowds", "open": "openers",
}  # fmt: skip
"""What those are called who play a part."""
