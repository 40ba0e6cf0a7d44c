"""Figures of the engine and of its worker."""

from __future__ import annotations

import threading
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from engine import Engine
from engine.app import Round
from engine.app.outgoing.delivery import MOST_ATTEMPTS
from engine.app.vitals import Vitals
from engine.cli.metrics import MetricsFile, Tally, prometheus
from engine.testing import ManualTime
from engine.worker import run_worker
from tests.app.desks import HOUR, LIN, MINUTE, SECOND, done, open_errand, send
from tests.app.test_worker import live, until

__all__ = ["live"]

NOTHING = Vitals(due=0, lag=0, waiting=0, waiting_for=0, failing=0, dead=0, faults=0)


def test_figures_say_what_is_behind_what_waits_and_what_is_given_up(engine: Engine, time: ManualTime) -> None:
    assert engine.vitals() == NOTHING
    send(engine, open_errand(engine, phone="139"))
    open_errand(engine)
    time.move(11 * MINUTE)
    assert engine.vitals() == Vitals(due=1, lag=MINUTE, waiting=2, waiting_for=11 * MINUTE, failing=0, dead=0, faults=0)
    engine.tick()
    assert engine.vitals().due == engine.vitals().lag == 0

    def failing(one: object) -> None:
        raise OSError("down")

    engine.on("job", failing)
    engine.tick()
    assert (engine.vitals().failing, engine.vitals().dead) == (1, 0)
    for _ in range(MOST_ATTEMPTS):
        time.move(HOUR)
        time.move(HOUR)
        engine.tick()
    assert (engine.vitals().failing, engine.vitals().dead) == (0, 1)


def test_figures_are_written_as_prometheus_reads_them() -> None:
    lines = list(prometheus(Vitals(due=2, lag=1_500, waiting=3, waiting_for=60 * SECOND, failing=2, dead=1, faults=0)))
    assert [line for line in lines if not line.startswith("#")] == [
        "casewright_due_families 2", "casewright_lag_seconds 1.5", "casewright_waiting_messages 3",
        "casewright_waiting_seconds 60.0", "casewright_failing_messages 2", "casewright_dead_messages 1",
        "casewright_faults 0",
    ]  # fmt: skip
    assert lines[:2] == [
        "# HELP casewright_due_families Families with something due that nobody has carried out.",
        "# TYPE casewright_due_families gauge",
    ]


def measured(reader: InMemoryMetricReader) -> dict[str, Any]:
    found = reader.get_metrics_data()
    if found is None:
        return {}
    metrics = found.resource_metrics[0].scope_metrics[0].metrics
    return {metric.name.removeprefix("casewright."): metric.data.data_points[0] for metric in metrics}


def test_a_worker_measures_what_it_does_and_how_late(live: Engine) -> None:
    reader = InMemoryMetricReader()
    meter = MeterProvider([reader], shutdown_on_exit=False).get_meter("test")
    live.on("*", lambda one: None)
    case = open_errand(live)
    send(live, case)
    call = done(live.open_case("call", actor=LIN)).id
    stop = threading.Event()
    heard: list[int] = []
    worker = threading.Thread(target=run_worker, args=(live, stop), kwargs={"meter": meter, "late": heard.append})
    worker.start()
    try:
        until(lambda: len(live.history(call)) == 2 and live.outbox(status="waiting") == [])
        # A round is counted after its commit; a slow machine delivers the two in two rounds.
        until(lambda: "delivered" in (now := measured(reader)) and now["delivered"].value == 2 and bool(heard))
        seen = measured(reader)
    finally:
        stop.set()
        worker.join(60)
    assert (seen["advanced"].value, seen["delivered"].value) == (1, 2)
    breach = live.history(call)[-1]
    assert breach["recorded_at"] - breach["at"] <= seen["lateness"].max <= live.now() - breach["at"]
    assert heard == [seen["lateness"].max]
    desk = {"due", "lag", "waiting", "waiting_for", "failing", "dead", "faults"}
    assert {name: seen[f"desk.{name}"].value for name in desk} == dict.fromkeys(desk, 0)
    assert "desk.waiting" not in measured(reader), "a worker that has stopped looks at no database"


def test_what_fell_due_while_no_worker_ran_is_measured_as_late(live: Engine) -> None:
    done(live.open_case("call", actor=LIN))
    until(lambda: live.vitals().due == 1)
    stop, heard = threading.Event(), list[int]()
    worker = threading.Thread(target=run_worker, args=(live, stop), kwargs={"late": heard.append})
    worker.start()
    try:
        until(lambda: bool(heard))
    finally:
        stop.set()
        worker.join(60)
    assert heard[0] > 0


def test_a_worker_s_own_figures_are_written_as_prometheus_reads_them() -> None:
    tally = Tally()
    tally.add(Round(advanced=2, delivered=3))
    tally.add(Round(advanced=1, failed=1))
    for late in (0, 5, 6, 4_000_000):
        tally.late(late)
    lines = list(tally.lines())
    assert "casewright_worker_advanced_total 3" in lines
    assert "casewright_worker_failed_total 1" in lines
    buckets = [line.partition("{le=")[2] for line in lines if "_bucket" in line]
    assert buckets[:3] == ['"0.005"} 2', '"0.01"} 3', '"0.02"} 3']
    assert buckets[-2:] == ['"3600"} 3', '"+Inf"} 4']
    assert lines[-2:] == [
        "casewright_worker_lateness_seconds_sum 4000.011",
        "casewright_worker_lateness_seconds_count 4",
    ]
    assert sum(line.startswith("# TYPE") for line in lines) == len(fields(Round)) + 1


def test_a_worker_keeps_its_figures_and_the_desk_s_in_a_file_as_long_as_it_works(
    engine: Engine, tmp_path: Path
) -> None:
    open_errand(engine)
    file = tmp_path / "desk.prom"
    with MetricsFile(file, engine, Tally()):
        told = file.read_text("utf-8")
        assert [one.name for one in tmp_path.glob("*.prom")] == ["desk.prom"]
    assert "casewright_worker_advanced_total 0\n" in told
    assert told.endswith("casewright_faults 0\n")
    assert not file.exists(), "the figures of a worker that is gone would look like those of one that does nothing"
    with pytest.raises(FileNotFoundError) as met, MetricsFile(tmp_path / "no folder" / "desk.prom", engine, Tally()):
        pass
    assert met.value.filename == str(tmp_path / "no folder" / "desk.prom")
