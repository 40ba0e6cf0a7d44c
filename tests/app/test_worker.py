"""The worker: a thread of the host's, or a program that is stopped by a signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time as clock
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine import Engine, StoreUnavailable
from engine.app import Round
from engine.worker import run_worker
from tests.app.desks import ADMIN, AWAKE, CALL, LIN, done, open_errand, sources

ROOT = Path(__file__).resolve().parent.parent.parent

QUICK = CALL.replace("goal: 24h", "goal: 1s")
"""A promise that is broken after a second."""

SLEEPLESS = {"processes/calendars/awake.yaml": AWAKE.replace("08:00-22:00", "00:00-24:00")}
"""Customers who are told at any hour: these tests run at the hour that it is."""


@contextmanager
def working(engine: Engine, told: list[Round] | None = None) -> Iterator[None]:
    """Let a worker run beside the test."""
    stop = threading.Event()
    worker = threading.Thread(
        target=run_worker, args=(engine, stop), kwargs={"told": told.append if told is not None else None}
    )
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join(60)
        assert not worker.is_alive()


def until(condition: object, seconds: float = 60) -> None:
    """Wait for what another thread does; on a busy machine it may take its time."""
    end = clock.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert clock.monotonic() < end, "it did not happen in time"
        threading.Event().wait(0.005)


@pytest.fixture(params=["memory:", "desk.db"])
def live(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine on the machine's own clock."""
    url = request.param if request.param == "memory:" else str(tmp_path / request.param)
    with Engine.open(url, create=True) as engine:
        engine.publish(sources(call=QUICK) | SLEEPLESS, "call", actor=ADMIN)
        engine.publish(sources() | SLEEPLESS, "errand", actor=ADMIN)
        yield engine


def test_a_worker_fires_at_the_instant_and_not_before(live: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """How soon after it is the machine's; that it did not wait for its next poll is ours."""
    monkeypatch.setattr("engine.worker.POLL", 600.0)
    case = done(live.open_case("call", actor=LIN)).id
    told: list[Round] = []
    with working(live, told):
        until(lambda: len(live.history(case)) == 2)
    breach = live.history(case)[-1]
    assert breach["verb"] == "breach"
    assert breach["at"] == live.case(case).opened_at + 1_000
    late = breach["recorded_at"] - breach["at"]
    assert late >= 1
    assert sum(one.advanced for one in told) == 1


def test_a_worker_delivers_what_others_write_and_says_so(live: Engine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "casewright.worker")
    delivered: list[str] = []
    live.on("*", lambda one: delivered.append(one.name))
    case = open_errand(live)
    with working(live):
        done(live.act(case, "send", {"runner": "run"}, actor=LIN, facts={"at_work": ["run"]}))
        until(lambda: "job" in delivered)
    assert delivered.count("job") == 1
    said = [record.getMessage() for record in caplog.records]
    assert said
    assert all(line.startswith("worked: ") and line.endswith(" delivered") for line in said)


def test_what_is_written_in_this_process_wakes_the_worker_before_its_next_poll(
    live: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.worker.POLL", 600.0)
    delivered: list[str] = []
    live.on("*", lambda one: delivered.append(one.name))
    case = open_errand(live)
    with working(live):
        until(lambda: live.woken.is_set() is False)
        done(live.act(case, "send", {"runner": "run"}, actor=LIN, facts={"at_work": ["run"]}))
        until(lambda: "job" in delivered)
        call = done(live.open_case("call", actor=LIN)).id
        done(live.act(open_errand(live), "send", {"runner": "run"}, actor=LIN, facts={"at_work": ["run"]}))
        until(lambda: len(live.history(call)) == 2)


def test_a_receiver_that_takes_long_keeps_nothing_from_firing(live: Engine) -> None:
    answered = threading.Event()
    live.on("*", lambda one: answered.wait(300))
    done(live.act(open_errand(live), "send", {"runner": "run"}, actor=LIN, facts={"at_work": ["run"]}))
    case = done(live.open_case("call", actor=LIN)).id
    with working(live):
        try:
            until(lambda: len(live.history(case)) == 2)
            assert [mail.status for mail in live.outbox(status="delivered")] == []
        finally:
            answered.set()
        until(lambda: live.outbox(status="waiting") == [])


def test_a_worker_ends_when_its_delivering_ends(live: Engine) -> None:
    def interrupted(one: object) -> None:
        raise KeyboardInterrupt

    live.on("*", interrupted)
    done(live.act(open_errand(live), "send", {"runner": "run"}, actor=LIN, facts={"at_work": ["run"]}))
    with pytest.raises(KeyboardInterrupt):
        run_worker(live, threading.Event())
    assert len(live.outbox(status="waiting")) == 2


def test_two_workers_fire_each_instant_once(live: Engine) -> None:
    cases = [done(live.open_case("call", actor=LIN)).id for _ in range(20)]
    with working(live), working(live):
        until(lambda: all(len(live.history(case)) == 2 for case in cases))
    assert {record["verb"] for case in cases for record in live.history(case)} == {"open", "breach"}


def test_a_worker_outlives_a_database_that_is_away_for_a_while(
    live: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("engine.worker.POLL", 0.01)
    case = done(live.open_case("call", actor=LIN)).id
    next_due, calls = live.next_due, []

    def failing() -> int | None:
        calls.append(1)
        if len(calls) < 3:
            raise StoreUnavailable("the database is locked by another program", help="close it")
        return next_due()

    monkeypatch.setattr(live, "next_due", failing)
    with working(live):
        until(lambda: len(live.history(case)) == 2)
    said = [record.message for record in caplog.records]
    assert said == ["the database is locked by another program; close it", "working again"]  # each once


PROGRAM = """
    import signal, sys, threading
    from engine import Engine
    from engine.worker import run_worker

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Engine.open(sys.argv[1]) as engine:
        engine.on("*", lambda one: None)
        print("ready", flush=True)
        done = run_worker(engine, stop)
        print(f"advanced {done.advanced}", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_stops_at_a_signal_with_its_work_done(tmp_path: Path, number: int) -> None:
    url = str(tmp_path / "desk.db")
    with Engine.open(url, create=True) as engine:
        engine.publish(sources(call=QUICK), "call", actor=ADMIN)
        case = done(engine.open_case("call", actor=LIN)).id
        program = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(PROGRAM), url],
            stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
            until(lambda: len(engine.history(case)) == 2)
            program.send_signal(number)
            told, _ = program.communicate(timeout=60)
        finally:
            program.kill()
            program.wait()
        assert (program.returncode, told) == (0, "advanced 1\n")
        assert engine.verify().problems == ()
