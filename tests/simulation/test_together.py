"""Several runs: they add up, and what they come to does not depend on how many processes share them."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from engine.errors import EngineError
from engine.simulation import together
from engine.simulation.assumptions import Arrivals, Doing, Spread
from engine.simulation.run import Variant
from engine.simulation.together import simulate
from tests.simulation.desks import HOUR, MINUTE, agents, assumed, at, fixed, job

LIBRARY = job()[1]
FINISH = Doing(action="finish", takes=Spread("triangular", (MINUTE, 9 * MINUTE, HOUR)))
BUSY = Variant(title="", library=LIBRARY, assumed=assumed(Arrivals(per_hour=6), FINISH, teams=agents(3)), seed=4)


def test_runs_come_to_the_same_however_many_processes_share_them() -> None:
    many = assumed(Arrivals(per_hour=6), FINISH, teams=agents(5))
    variants = [BUSY, Variant(title="many", library=LIBRARY, assumed=many, seed=4)]
    told: list[tuple[int, int]] = []
    alone = simulate(variants, runs=3)
    assert simulate(variants, runs=3, jobs=2, progress=lambda done, whole: told.append((done, whole))) == alone
    assert simulate(variants, runs=3, jobs=9) == alone
    assert told == [(number, 6) for number in range(1, 7)]


def test_progress_is_told_in_minutes_and_up_to_the_end() -> None:
    """The bar counted milliseconds, and the report began in its line."""
    told: list[tuple[int, int]] = []
    simulate([BUSY], runs=2, progress=lambda done, whole: told.append((done, whole)))
    whole = 2 * BUSY.assumed.days * 24 * 60
    assert told[-1] == (whole, whole)
    assert told == sorted(told)


def test_runs_differ_and_their_cases_add_up() -> None:
    (once,), (thrice,) = simulate([BUSY]), simulate([BUSY], runs=3)
    assert (once.runs, thrice.runs) == (1, 3)
    assert once.opened < thrice.opened < 4 * once.opened
    low, high = thrice.between["quick"]
    assert low < high
    assert low <= thrice.promises[0].attained <= high  # type: ignore[operator]
    assert once.between["quick"] == (once.promises[0].attained,) * 2


def test_lines_and_busy_people_are_those_of_one_day_on_average() -> None:
    day = assumed(at("09:00", "09:04", "09:05"), Doing(action="finish", takes=fixed(10)), teams=agents(1))
    (once,), (often,) = (simulate([Variant(title="", library=LIBRARY, assumed=day, seed=1)], runs=n) for n in (1, 4))
    # Nothing is drawn here, so every run is the same day.
    assert often.opened == 4 * once.opened
    assert often.roles[0].queue == pytest.approx(once.roles[0].queue)
    assert often.teams[0].by_hour == pytest.approx(once.teams[0].by_hour)
    assert often.teams[0].busy == pytest.approx(once.teams[0].busy)  # type: ignore[arg-type]
    assert (often.roles[0].longest, often.roles[0].left) == (once.roles[0].longest, once.roles[0].left)
    assert often.roles[0].mean_wait == once.roles[0].mean_wait


def _ends(*given: object) -> None:
    os._exit(7)


def _fails(*given: object) -> None:
    raise EngineError("the case fires without end")


@pytest.mark.parametrize(
    ("plays", "said"),
    [(_ends, "a process that was playing ended before it was done"), (_fails, "the case fires without end")],
)
def test_a_process_that_fails_is_told_of(
    plays: Callable[..., None], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "tally", plays)
    with pytest.raises(EngineError) as failed:
        simulate([BUSY], runs=2, jobs=2)
    assert failed.value.message == said
