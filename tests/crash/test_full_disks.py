"""A small disk that fills amid long work: it is named, nothing is lost or half done, and it goes on when freed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from errno import ENOSPC
from pathlib import Path

import pytest

from engine import Engine
from engine.app import Import
from engine.errors import StoreUnavailable
from engine.store import back_up, restore
from engine.testing import ManualTime
from tests.crash import day
from tests.crash.kept import delivered, differences, history, proven, run_to_the_end
from tests.crash.slips import ADMIN, BEGIN, END, set_up
from tests.crash.tally import tried
from tests.crash.test_archive_killed import FAMILIES, LATER, fill, stands
from tests.crash.test_database_trouble import ballast, disk
from tests.crash.test_import_killed import fresh

COPIES = 4

Change = Callable[[str], None]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[tuple[Path, Change]]:
    """A folder on a disk of its own with little room, and what gives it more."""
    with disk(tmp_path / "small", "1600k") as change:
        yield tmp_path / "small", change


def full(act: Callable[[], object], file: Path) -> None:
    """It ends in the sentence that the disk of this very file is full."""
    tried(file, "disk full, then freed")
    with pytest.raises(StoreUnavailable) as caught:
        act()
    assert caught.value.message == f"the disk of the database `{file}` is full"
    assert caught.value.help


def bring_in(place: str, lines: list[str]) -> int:
    """Import them; how many were done before."""
    with Engine.open(place, time=ManualTime(day.end(COPIES))) as engine:
        return engine.import_lines(lines, Import(name="day"), actor=ADMIN).skipped


def test_an_import_goes_on_after_the_lines_that_were_done(tmp_path: Path, small: tuple[Path, Change]) -> None:
    folder, change = small
    lines, large, place = day.lines(COPIES), fresh(str(tmp_path / "large.db")), fresh(str(folder / "desk.db"))
    assert bring_in(large, lines) == 0
    full(lambda: bring_in(place, lines), folder / "desk.db")
    proven(place, BEGIN)
    change("size=32m")
    assert bring_in(place, lines) > 0
    proven(place, day.end(COPIES))
    assert not differences(history(large), history(place))


def test_a_worker_fires_what_is_due_once_the_disk_is_freed(tmp_path: Path, small: tuple[Path, Change]) -> None:
    folder, change = small
    place, undisturbed = str(folder / "desk.db"), str(tmp_path / "undisturbed.db")
    for one in (place, undisturbed):
        set_up(one, 5)
    said = run_to_the_end(undisturbed)

    def work() -> None:
        with Engine.open(place, time=ManualTime(END)) as engine:
            engine.on("*", lambda delivery: again.append(delivery.key))
            engine.tick(accept_clock=True)

    again = list[str]()
    ballast(folder / "ballast")
    full(work, folder / "desk.db")
    change("size=32m")
    again += run_to_the_end(place)
    assert not differences(history(undisturbed), history(place))
    assert set(again) == set(said) == delivered(place)
    proven(place, END)


def test_an_archive_leaves_no_half_of_a_family(tmp_path: Path, small: tuple[Path, Change]) -> None:
    folder, change = small
    place, shelf = str(tmp_path / "desk.db"), folder / "shelf"
    fill(place)
    before, _ = stands(place, shelf)
    shelf.mkdir()
    change("size=72k")
    with Engine.open(place, time=ManualTime(LATER)) as engine:
        tried(place, "disk full, then freed")
        with pytest.raises(OSError, match=str(shelf)) as caught:
            engine.archive(shelf, actor=ADMIN)
    assert caught.value.errno == ENOSPC
    there, left = stands(place, shelf)
    assert 0 < len(left) < FAMILIES
    assert {**there, **left} == before
    assert not list(shelf.glob(".*"))
    change("size=32m")
    with Engine.open(place, time=ManualTime(LATER)) as engine:
        assert not engine.archive(shelf, actor=ADMIN).failed
    assert stands(place, shelf) == ({}, before)


@pytest.mark.parametrize("fills", ["copy.db", "copy.keys"])
def test_a_copy_is_whole_or_not_there_and_its_own_disk_is_named(
    tmp_path: Path, small: tuple[Path, Change], fills: str
) -> None:
    folder, _ = small
    place = tmp_path / "desk.db"
    set_up(place, 5)
    copy, keys = (folder / name if name == fills else tmp_path / name for name in ("copy.db", "copy.keys"))
    ballast(folder / "ballast")
    full(lambda: back_up(str(place), copy, keys), folder / fills)
    assert [file.name for file in folder.iterdir()] == ["ballast"]
    assert not list(tmp_path.glob("*copy*"))
    proven(str(place), BEGIN)


def test_a_copy_is_put_back_whole_or_not_and_the_disk_it_goes_to_is_named(
    tmp_path: Path, small: tuple[Path, Change]
) -> None:
    folder, change = small
    copy, place = tmp_path / "copy.db", folder / "desk.db"
    set_up(tmp_path / "desk.db", 5)
    back_up(str(tmp_path / "desk.db"), copy)
    change("size=64k")
    full(lambda: restore(str(place), copy, prove=lambda file: None), place)
    assert not list(folder.iterdir())
    change("size=8m")
    restore(str(place), copy, prove=lambda file: proven(str(file), BEGIN))
    assert history(str(place)) == history(str(copy))
