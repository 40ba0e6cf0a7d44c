"""Figures of the engine and of its worker."""

from __future__ import annotations

import threading
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from engine import Engine
from engine.app.vitals import Vitals
from engine.cli.metrics import prometheus
from engine.testing import ManualTime
from engine.worker import run_worker
from tests.app.desks import HOUR, LIN, MINUTE, SECOND, done, open_errand, send
from tests.app.test_worker import live, until

__all__ = ["live"]

NOTHING = Vitals(due=0, lag=0, waiting=0, waiting_for=0, dead=0, faults=0)


def test_figures_say_what_is_behind_what_waits_and_what_is_given_up(engine: Engine, time: ManualTime) -> None:
    assert engine.vitals() == NOTHING
    send(engine, open_errand(engine, phone="139"))
    open_errand(engine)
    time.move(11 * MINUTE)
    assert engine.vitals() == Vitals(due=1, lag=MINUTE, waiting=2, waiting_for=11 * MINUTE, dead=0, faults=0)
    engine.tick()
    assert engine.vitals().due == engine.vitals().lag == 0

    def failing(one: object) -> None:
        raise OSError("down")

    engine.on("job", failing)
    for _ in range(12):
        engine.tick()
        time.move(HOUR)
    assert engine.vitals().dead == 1


def test_figures_are_written_as_prometheus_reads_them() -> None:
    lines = list(prometheus(Vitals(due=2, lag=1_500, waiting=3, waiting_for=60 * SECOND, dead=1, faults=0)))
    assert [line for line in lines if not line.startswith("#")] == [
        "casewright_due_families 2", "casewright_lag_seconds 1.5", "casewright_waiting_messages 3",
        "casewright_waiting_seconds 60.0", "casewright_dead_messages 1", "casewright_faults 0",
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
    worker = threading.Thread(target=run_worker, args=(live, stop), kwargs={"meter": meter})
    worker.start()
    try:
        until(lambda: len(live.history(call)) == 2 and live.outbox(status="waiting") == [])
        until(lambda: {"advanced", "delivered", "lateness"} <= measured(reader).keys())
        seen = measured(reader)
    finally:
        stop.set()
        worker.join(10)
    assert (seen["advanced"].value, seen["delivered"].value) == (1, 2)
    assert 0 <= seen["lateness"].max < 2_000
    assert (seen["desk.waiting"].value, seen["desk.due"].value) == (0, 0)
    assert "desk.waiting" not in measured(reader), "a worker that has stopped looks at no database"
