"""A clock that jumps carries nothing forward until somebody says that it is right."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from engine import Accepted, ClockJumped, Engine, StoreUnavailable
from engine.ports import Person
from engine.testing import ManualTime
from engine.time_source import SystemTime
from engine.worker import run_worker
from tests.app.desks import ADMIN, DAY, HOUR, LIN, MINUTE, NINE, done, open_errand, sources
from tests.app.test_worker import until

ROOT = Path(__file__).resolve().parent.parent.parent
STARTS = count(1)


@pytest.mark.parametrize(("name", "text"), [("seen_at", "17724132\x100000"), ("clocks", '{"a": [1]}'), ("clocks", "{")])
def test_a_sign_of_life_that_somebody_spoilt_is_told_in_a_sentence(
    on_disk: Engine, tmp_path: Path, name: str, text: str
) -> None:
    """A byte flipped in the setting was a traceback to whoever opened the desk."""
    with on_disk._recipe.store.write() as tx:
        tx.set_setting(name, text)
    with pytest.raises(StoreUnavailable, match=f"the setting `{name}` of the database cannot be read"):
        Engine.open(str(tmp_path / "desk.db"), time=Machine())


class Machine(SystemTime):
    """A machine whose two clocks are moved by hand: time passes on both, a jump happens to the wall clock alone."""

    def __init__(self, at: int = NINE) -> None:
        self.wall, self.steady, self.name = at, 0, f"start {next(STARTS)}"

    def boot(self) -> str:
        return self.name

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
def desk(machine: Machine, tmp_path: Path) -> Iterator[Engine]:
    with Engine.open(str(tmp_path / "desk.db"), time=machine, create=True) as made:
        for process in ("errand", "call"):
            made.publish(sources(), process, actor=ADMIN)
        yield made


@pytest.mark.parametrize("by", [HOUR, -HOUR, 5 * MINUTE + 1])
def test_after_a_jump_neither_command_nor_worker_carries_anything_forward(
    desk: Engine, machine: Machine, by: int
) -> None:
    case = open_errand(desk)
    machine.pass_(MINUTE)
    machine.jump(by)
    with pytest.raises(ClockJumped, match=f"the machine's clock jumped by {by // 1000} s") as error:
        desk.act(case, "hold", actor=LIN)
    assert "--accept-clock" in str(error.value.mend)
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


def test_a_command_in_a_process_of_its_own_knows_how_the_clock_stood_before_it_began(
    desk: Engine, machine: Machine, tmp_path: Path
) -> None:
    case = open_errand(desk)
    machine.pass_(DAY)
    machine.jump(HOUR)
    with Engine.open(str(tmp_path / "desk.db"), time=machine) as other:
        with pytest.raises(ClockJumped, match="the machine's clock jumped by 3600 s"):
            other.act(case, "hold", actor=LIN)
        assert other.case(case).position == ("waiting",)


def test_a_clock_accepted_in_one_process_is_accepted_in_the_others_of_the_machine(
    desk: Engine, machine: Machine, tmp_path: Path
) -> None:
    case = open_errand(desk)
    machine.jump(HOUR)
    with pytest.raises(ClockJumped):
        desk.run_once()
    with Engine.open(str(tmp_path / "desk.db"), time=machine) as other:
        other.tick(accept_clock=True)
    assert done(desk.act(case, "hold", actor=LIN)).position == ("on_hold",)


def test_what_one_machine_accepts_says_nothing_of_the_clock_of_another(
    desk: Engine, machine: Machine, tmp_path: Path
) -> None:
    open_errand(desk)
    machine.jump(HOUR)
    with Engine.open(str(tmp_path / "desk.db"), time=Machine()) as other:
        other.tick(accept_clock=True)
    with pytest.raises(ClockJumped):
        desk.run_once()


def test_a_machine_started_anew_begins_with_the_clock_it_has(desk: Engine, machine: Machine, tmp_path: Path) -> None:
    case = open_errand(desk)
    desk.close()
    with Engine.open(str(tmp_path / "desk.db"), time=Machine(machine.wall + DAY)) as again:
        assert done(again.act(case, "hold", actor=LIN)).position == ("on_hold",)


def test_small_corrections_do_not_add_up_to_a_jump(desk: Engine, machine: Machine, tmp_path: Path) -> None:
    open_errand(desk)
    for _ in range(48):
        machine.pass_(HOUR + MINUTE)
        machine.jump(-20_000)
        desk.tick()
    with Engine.open(str(tmp_path / "desk.db"), time=machine) as other:
        other.tick()
    assert desk.verify().problems == ()


def test_an_idle_process_believes_its_clock_while_others_show_life(
    desk: Engine, machine: Machine, tmp_path: Path
) -> None:
    case = open_errand(desk)
    with Engine.open(str(tmp_path / "desk.db"), time=machine) as worker:
        for _ in range(40):
            machine.pass_(DAY)
            worker.tick()
    assert done(desk.act(case, "send", {"runner": "run"}, actor=LIN, facts={"at_work": ["run"]})).id == case


def test_a_clock_set_back_holds_the_floor_and_the_record_says_by_how_much(desk: Engine, machine: Machine) -> None:
    case = open_errand(desk)
    machine.pass_(25 * HOUR)
    desk.tick()
    due = desk.history(case)[-1]["at"]
    machine.jump(-24 * HOUR)
    desk.tick(accept_clock=True)
    done(desk.act(case, "hold", actor=LIN))
    held = desk.history(case)[-1]
    assert (held["at"], held["raised"]) == (due + 1, due + 1 - machine.wall)
    assert desk.verify().problems == ()


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
        until(lambda: bool(caplog.records))
        assert "the machine's clock jumped" in caplog.records[0].message
        assert desk.faults() == []
    finally:
        stop.set()
        worker.join(60)
    assert not worker.is_alive()


SHIM = """
    import os, time
    from pathlib import Path

    real, step = time.time_ns, Path(os.environ["STEP"])
    time.time_ns = lambda: real() + int(step.read_text()) * 1_000_000
"""
"""Loaded by a Python process as it starts: its wall clock stands as many ms beside the machine's as the file says."""


def test_a_worker_process_whose_clock_is_stepped_stops_until_another_process_accepts_it(tmp_path: Path) -> None:
    database, step = tmp_path / "desk.db", tmp_path / "step"
    (tmp_path / "sitecustomize.py").write_text(textwrap.dedent(SHIM))
    step.write_text("0")
    with Engine.open(str(database), create=True) as engine:
        engine.publish(sources(), "errand", actor=ADMIN)
        engine.save_person(Person(id="lin", name="Lin", roles=("agent",)), actor=ADMIN)
        case = open_errand(engine)

        def start(*words: str) -> subprocess.Popen[str]:
            code = "import sys; from engine.cli.main import main; sys.argv[0] = 'casewright'; main()"
            paths = os.pathsep.join((str(tmp_path), str(ROOT)))
            return subprocess.Popen(
                [sys.executable, "-c", code, "--db", str(database), *words],
                env={**os.environ, "PYTHONPATH": paths, "STEP": str(step)}, cwd=tmp_path,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )  # fmt: skip

        worker = start("worker")
        try:
            assert worker.stdout is not None
            assert "working on" in worker.stdout.readline()
            assert "messages are printed here" in worker.stdout.readline()
            (tmp_path / "new").write_text(str(25 * HOUR))
            (tmp_path / "new").replace(step)  # whole at once: the worker reads it all the time
            assert "the machine's clock jumped by" in worker.stdout.readline()
            with start("do", case, "hold", "--as", "lin") as another:
                told, _ = another.communicate(timeout=120)
            assert "the machine's clock jumped by" in told
            assert len(engine.history(case)) == 1
            with start("tick", "--accept-clock") as another:
                another.communicate(timeout=120)
            assert "breach" in [record["verb"] for record in engine.history(case)]
        finally:
            worker.terminate()
            said, _ = worker.communicate(timeout=120)
        assert (worker.returncode, "set aside" in said) == (0, False)
