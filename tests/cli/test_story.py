"""The demo tells what the engine did with the day, and nothing else; an import tells what became of every line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from engine.resources import data_folder
from tests.cli.desks import run, set_up

DAY = data_folder("processes") / "demo" / "day.jsonl"


def lines() -> list[str]:
    return DAY.read_text("utf-8").splitlines()


def story(changed: list[str], language: str = "en") -> str:
    Path("day.jsonl").write_text("\n".join(changed) + "\n", "utf-8")
    done = run("demo", "--day", "day.jsonl", language=language)
    assert done.code == 0, done.err
    return done.out


def place_of(*words: str) -> int:
    """The line of the day that holds these words."""
    return next(number for number, line in enumerate(lines()) if all(word in line for word in words))


def test_the_demo_is_a_story_of_promises_kept_and_missed() -> None:
    done = run("demo")
    assert done.code == 0, done.err
    for said in (
        "Monday, half past eight.",
        "R-1 reported → dispatched · technician li.wei",
        "!!          R-2 dispatch missed",
        "→ Repair centre supervisor: R-2: Dispatched within 15 minutes is missed",
        "R-2 dispatch refused: zhou.tao is not on shift",
        "R-1.1 opened → planned",
        "every chain whole, every replay equal",
    ):
        assert said in done.out
    assert "line " not in done.err


def test_the_demo_is_told_in_chinese() -> None:
    done = run("demo", language="zh")
    assert done.code == 0
    for said in (
        "星期一早上八点半",
        "R-1 已报修 → 已派工 · 维修工 li.wei",
        "R-2 派工 被拒：zhou.tao 不在班",
        "链条完整，重放一致",
    ):
        assert said in done.out


def test_the_demo_leaves_nothing_behind(tmp_path: Path) -> None:
    run("demo")
    assert list(tmp_path.iterdir()) == []


def test_changing_a_line_of_the_day_changes_the_story() -> None:
    before = story(lines())
    assert "R-1 dispatch missed" not in before
    late = lines()
    place = place_of('"light"', '"dispatch"')
    late[place] = late[place].replace("2026-03-02 08:36", "2026-03-02 08:40")
    assert "08:40  zhao.lei" in story(late)
    other = lines()
    place = place_of('"pipe"', '"technician": "chen.jie"')
    other[place] = other[place].replace('"technician": "chen.jie"', '"technician": "li.wei"')
    assert "R-2 reported → dispatched · technician li.wei" in run_anyway(other)


def run_anyway(changed: list[str]) -> str:
    """Tell a day in which later lines may no longer fit."""
    Path("day.jsonl").write_text("\n".join(changed) + "\n", "utf-8")
    return run("demo", "--day", "day.jsonl").out


def test_without_its_tick_lines_the_story_is_the_same() -> None:
    without = [line for line in lines() if '"tick"' not in line]
    assert len(without) < len(lines())
    assert story(without) == story(lines())


def test_a_line_that_does_not_fit_is_named_and_the_rest_is_told() -> None:
    changed = lines()
    changed[1] = changed[1].replace('"agent:wang.fang"', '"wang.fang"')
    Path("day.jsonl").write_text("\n".join(changed) + "\n", "utf-8")
    done = run("demo", "--day", "day.jsonl")
    assert done.code == 1
    assert "line 2: `as` must be `role:person`" in done.err
    assert "The day in numbers" in done.out


# -- import ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return set_up(tmp_path_factory.mktemp("template") / "desk")


@pytest.fixture
def desk(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / "desk"
    shutil.copytree(template, copy)
    monkeypatch.chdir(copy)
    return copy


NOTICE = {
    "at": "2026-11-02 09:00", "as": "agent:wang.fang", "case": "a", "open": "repair",
    "form": {"channel": "phone", "customer": "Wu", "phone": "139", "place": "3-201", "fault": "dark", "member": False},
}  # fmt: skip


def note(case: str, at: str = "2026-11-02 09:01", **more: object) -> dict[str, object]:
    line = {"at": at, "as": "agent:wang.fang", "case": case, "do": "note", "form": {"note": "x"}}
    return {**line, **more}


def write(*written: object) -> None:
    text = "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in written)
    Path("old.jsonl").write_text(text, "utf-8")


def test_a_bad_line_is_named_by_its_number_and_the_rest_goes_on(desk: Path) -> None:
    write(NOTICE, note("b"), "{", note("a", form={}), note("a"))
    done = run("import", "old.jsonl", "--as", "boss")
    assert done.code == 1
    assert "old.jsonl:2: no line above opens case `b`" in done.err
    assert "old.jsonl:3: this is not JSON" in done.err
    assert "old.jsonl:4: refused: `note` is missing" in done.err
    assert done.out == "2 lines done, 0 refused, 3 bad lines\n"


def test_a_bad_line_is_named_in_chinese(desk: Path) -> None:
    write(NOTICE, note("b"))
    done = run("import", "old.jsonl", "--as", "boss", language="zh")
    assert "old.jsonl:2: 上面没有一行开过案件 `b`" in done.err


def test_by_flag_an_import_stops_at_the_first_bad_line_and_goes_on_from_there(desk: Path) -> None:
    write(NOTICE, note("b"), note("a"))
    stopped = run("import", "old.jsonl", "--as", "boss", "--stop-on-error", "--json")
    assert stopped.code == 1
    assert (stopped.json["done"], [one["line"] for one in stopped.json["errors"]]) == (1, [2])


def test_a_second_run_does_nothing_twice(desk: Path) -> None:
    write(NOTICE, note("a"))
    first = run("import", "old.jsonl", "--as", "boss", "--json")
    again = run("import", "old.jsonl", "--as", "boss", "--json")
    assert (first.code, again.code) == (0, 0)
    assert (again.json["done"], again.json["skipped"]) == (0, 2)
    case = first.json["cases"]["a"]
    history = run("history", case, "--as", "wang.fang", "--json").out.splitlines()
    assert [json.loads(line)["verb"] for line in history if json.loads(line)["actor"] != "engine"] == ["open", "do"]


def test_only_an_administrator_imports(desk: Path) -> None:
    write(NOTICE)
    assert run("import", "old.jsonl", "--as", "wang.fang").code in (2, 4)


def test_a_file_that_is_no_text_is_explained(desk: Path) -> None:
    (desk / "old.jsonl").write_bytes(b"\xff\xfe\x00{")
    done = run("import", "old.jsonl", "--as", "boss")
    assert done.code == 1
    assert "not text in UTF-8" in done.err
