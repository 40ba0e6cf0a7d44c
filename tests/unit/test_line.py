"""Who stands in line may be interrupted by a signal; no turn is lost by it, and nobody waits for who has gone."""

from __future__ import annotations

import pytest

from engine.store.line import Line, Place


class Signalled(BaseException):
    """What a handler of a signal raises, as Ctrl-C does."""


class Interrupted(Place):
    """One whose waiting a signal breaks off, at once or after his turn has come."""

    def __init__(self, line: Line, *, comes_first: bool) -> None:
        super().__init__()
        self._line = line
        self._comes_first = comes_first

    def wait(self, seconds: float = -1) -> bool:
        if self._comes_first:
            self._line.leave()
        raise Signalled


@pytest.mark.parametrize("comes_first", [False, True], ids=["before his turn", "when his turn has come"])
def test_who_is_interrupted_while_waiting_leaves_the_turn_to_the_next(comes_first: bool) -> None:
    line = Line()
    assert line.enter(Place(), 0)
    with pytest.raises(Signalled):
        line.enter(Interrupted(line, comes_first=comes_first), 1)
    if not comes_first:
        line.leave()
    assert not line.is_waited_in()
    assert line.enter(Place(), 0), "the line is free"


def test_who_is_interrupted_after_somebody_took_him_along_has_no_turn_to_give() -> None:
    line = Line()
    assert line.enter(Place(), 0)

    class TakenAlong(Interrupted):
        def wait(self, seconds: float = -1) -> bool:
            assert [*line.behind()] == [self]
            raise Signalled

    place = TakenAlong(line, comes_first=False)
    place.work = lambda tx: None
    with pytest.raises(Signalled):
        line.enter(place, 1)
    with pytest.raises(TimeoutError):
        line.enter(Place(), 0)
