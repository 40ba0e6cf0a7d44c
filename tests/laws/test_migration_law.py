"""Whatever was done before and after, moving a case is one step that replays, keeps its promises and loses nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Engine
from engine.testing import ManualTime
from tests.app.desks import ADMIN, LIN, MINUTE, NINE
from tests.app.test_migrating import FIRST, files, second

ACTS = st.lists(
    st.one_of(st.sampled_from(["take", "park", "answer", "close"]), st.integers(1, 45)), min_size=1, max_size=6
)
FATES = st.sampled_from(["keep", "carry", "restart"])


@settings(max_examples=40, deadline=None)
@given(before=ACTS, after=ACTS, fate=FATES)
def test_a_migration_is_a_command_like_any_other(before: list[str | int], after: list[str | int], fate: str) -> None:
    time = ManualTime(NINE)
    with Engine.open("memory:", time=time) as engine:
        engine.publish(files(FIRST), "job", actor=ADMIN)
        opened = engine.open_case("job", {"what": "lamp", "code": "17"}, actor=LIN)
        case = opened.case.id if opened.case else ""
        play(engine, time, case, before)
        engine.publish(
            files(second(f"states: {{assigned: dispatched}}, clocks: {{answered: {fate}}}")), "job", actor=ADMIN
        )
        was = engine.case(case, actor=LIN)
        done = engine.migrate("job", actor=ADMIN, reason="law")
        now = engine.case(case, actor=LIN)
        assert now.data == was.data
        if fate != "restart":
            assert {name: clock.status for name, clock in now.clocks.items()} == {
                name: clock.status for name, clock in was.clocks.items()
            }
        if was.outcome:
            assert (done.cases, now.version) == ((), 1)
        play(engine, time, case, after)
        engine.tick()
        assert not engine.verify().problems


def play(engine: Engine, time: ManualTime, case: str, acts: list[str | int]) -> None:
    for act in acts:
        if isinstance(act, int):
            time.move(act * MINUTE)
            engine.tick()
        else:
            engine.act(case, act, actor=LIN)
