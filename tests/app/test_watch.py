"""A clock that jumps carries nothing forward until somebody says that it is right."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine import Accepted, ClockJumped, Engine
from engine.app.time_source import SystemTime
from engine.testing import ManualTime
from engine.worker import run_worker
from tests.app.desks import ADMIN, DAY, HOUR, LIN, MINUTE, NINE, done, open_errand, sources


class Machine(SystemTime):
    """A machine whose two clocks are moved by hand: time passes on both, a jump happens to the wall clock alone."""

    def __init__(self, at: int = NINE) -> None:
        self.wall, self.steady = at, 0

    def now(self) -> int:
        return self.wall

    def monotonic(self) -> int:
        return self.steady

    def pass_(self, ms: int) -> None:
        self.wall += ms
        self.steady += ms

    def jump(self, ms: int) -> None:
        self.wall += ms


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def desk(machine: Machine, tmp_path: Path) -> Engine:
    made = Engine.open(str(tmp_path / "desk.db"), time=machine, create=True)
    for process in ("errand", "call"):
        made.publish(sources(), process, actor=ADMIN)
    return made


@pytest.mark.parametrize("by", [HOUR, -HOUR, 5 * MINUTE + 1])
def test_after_a_jump_neither_command_nor_worker_carries_anything_forward(
    desk: Engine, machine: Machine, by: int
) -> None:
    case = open_errand(desk)
    machine.pass_(MINUTE)
    machine.jump(by)
    with pytest.raises(ClockJumped, match=f"the machine's clock jumped by {by // 1000} s") as error:
        desk.act(case, "hold", actor=LIN)
    assert "--accept-clock" in str(error.value.help)
    with pytest.raises(ClockJumped):
        desk.open_case("errand", {"what": "tea"}, actor=LIN)
    with pytest.raises(ClockJumped):
        desk.tick()
    assert not {check.name: check.ok for check in desk.doctor()}["clock"]
    assert len(desk.history(case)) == 1


def test_a_case_can_still_be_looked_at_as_it_is_stored(desk: Engine, machine: Machine) -> None:
    case = open_errand(desk)
    machine.jump(DAY)
    assert desk.case(case, actor=LIN).clocks["sent"].status == "running"


def test_a_known_key_is_answered_whatever_the_clock_says(desk: Engine, machine: Machine) -> None:
    first = desk.open_case("errand", {"what": "milk"}, actor=LIN, key="k")
    machine.jump(DAY)
    again = desk.open_case("errand", {"what": "milk"}, actor=LIN, key="k")
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert (again.is_repeat, again.case.id) == (True, first.case.id)


def test_an_accepted_clock_goes_on(desk: Engine, machine: Machine) -> None:
    case = open_errand(desk)
    machine.jump(HOUR)
    assert desk.tick(accept_clock=True).advanced == 1
    assert desk.case(case).clocks["sent"].status == "breached"
    machine.pass_(MINUTE)
    assert done(desk.act(case, "hold", actor=LIN)).position == ("on_hold",)


def test_small_corrections_of_the_clock_are_no_jump(desk: Engine, machine: Machine) -> None:
    case = open_errand(desk)
    machine.jump(-4 * MINUTE)
    assert done(desk.act(case, "hold", actor=LIN)).position == ("on_hold",)
    assert desk.history(case)[-1]["raised"] == 4 * MINUTE


def test_a_clock_a_month_ahead_of_the_database_is_not_believed(desk: Engine, machine: Machine, tmp_path: Path) -> None:
    case = open_errand(desk)
    desk.close()
    with Engine.open(str(tmp_path / "desk.db"), time=Machine(NINE + 29 * DAY)) as soon:
        assert soon.case(case).id == case
    with Engine.open(str(tmp_path / "desk.db"), time=Machine(NINE + 31 * DAY)) as later:
        with pytest.raises(ClockJumped, match="stands 31 days after the last sign of life in this database"):
            later.act(case, "hold", actor=LIN)
        later.tick(accept_clock=True)
        assert done(later.act(case, "hold", actor=LIN)).position == ("on_hold",)


def test_a_desk_that_works_every_day_is_never_a_month_behind(desk: Engine, machine: Machine) -> None:
    case = open_errand(desk)
    for _ in range(40):
        machine.pass_(DAY)
        desk.tick()
    assert desk.case(case).clocks["sent"].status == "breached"


def test_a_time_source_of_the_host_s_own_is_believed(tmp_path: Path) -> None:
    time = ManualTime(NINE)
    with Engine.open(str(tmp_path / "desk.db"), time=time, create=True) as desk:
        desk.publish(sources(), "errand", actor=ADMIN)
        case = open_errand(desk)
        time.move(365 * DAY)
        assert desk.tick().advanced == 1
        assert desk.case(case).clocks["sent"].status == "breached"


def test_a_worker_waits_until_the_clock_is_right_again(
    desk: Engine, machine: Machine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("engine.worker.POLL", 0.01)
    open_errand(desk)
    machine.jump(HOUR)
    stop = threading.Event()
    worker = threading.Thread(target=run_worker, args=(desk, stop))
    worker.start()
    try:
        while not caplog.records:
            stop.wait(0.01)
        assert "the machine's clock jumped" in caplog.records[0].message
        assert desk.faults() == []
    finally:
        stop.set()
        worker.join(10)
    assert not worker.is_alive()
