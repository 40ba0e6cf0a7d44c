"""The recipe of `benchmarks/others`, without the others: ours beside ours."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.others.__main__ import RIVALS
from benchmarks.others.contest import Lost, Side, contest
from benchmarks.others.environments import HERE, NotHere, run
from benchmarks.others.ours import player
from benchmarks.others.player import Given


def test_our_player_closes_every_case_it_is_given(tmp_path: Path) -> None:
    with player(Given(tmp_path, "memory:", 3, "")) as play:  # leaving it verifies every record
        assert play(7) == 7


def test_two_sides_play_in_turns_and_the_faster_is_told() -> None:
    one = Side(sys.executable, "ours", "memory:", 1)
    found = contest(one, one._replace(callers=2), 0.02, 1)
    assert found.ratio == pytest.approx(found.ours / found.theirs)


def test_a_side_that_cannot_play_is_told_by_its_last_words() -> None:
    broken = Side(sys.executable, "ours", "nosuch:///cases.db", 1)
    with pytest.raises(Lost, match=r"^ours could not play; it said last: .*nosuch"):
        contest(broken, broken, 0.02, 1)


def test_a_registry_that_is_not_reached_is_told_in_one_sentence() -> None:
    with pytest.raises(
        NotHere, match=r"^dbos cannot be brought \(is its registry reached\?\); what was said last: no such host$"
    ):
        run("dbos", [sys.executable, "-c", "import sys; sys.exit('retrying\\nno such host')"])


@pytest.mark.parametrize("name", RIVALS)
def test_every_rival_has_its_player_and_its_pinned_versions(name: str) -> None:
    pins = (HERE / f"{RIVALS[name].player}.txt").read_text().split()
    assert pins
    assert all("==" in pin for pin in pins)
    assert (HERE / f"{RIVALS[name].player}.py").exists()
