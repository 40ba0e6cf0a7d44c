"""The demo tells what the engine did with the day, and nothing else; an import tells what became of every line."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest
from click import unstyle
from rich.cells import cell_len

from engine.resources import data_folder
from tests.cli.desks import run

DEMO = data_folder("processes") / "demo"
DAY = DEMO / "day.jsonl"


def lines() -> list[str]:
    return DAY.read_text("utf-8").splitlines()


def story(changed: list[str], language: str = "en") -> str:
    Path("day.jsonl").write_text("\n".join(changed) + "\n", "utf-8")
    done = run("demo", "--day", "day.jsonl", language=language)
    assert done.code == 0, done.err
    return done.out


@cache
def demo(language: str = "en") -> str:
    """The shipped day, told once for all who ask what it says."""
    done = run("demo", language=language)
    assert done.code == 0, done.err
    assert "line " not in done.err
    return done.out


def place_of(*words: str) -> int:
    """The line of the day that holds these words."""
    return next(number for number, line in enumerate(lines()) if all(word in line for word in words))


def chapters(out: str) -> dict[str, str]:
    """The chapters of a story, by the cases in their headings, each with its lines joined."""
    parts = re.split(r"\n\n(?=\d+\. )", out)[1:]
    told = [part.partition("\n\n")[0] for part in parts]
    return {re.match(r"\d+\. ([^·]*) ·", part)[1]: re.sub(r"\s+", " ", part) for part in told}  # type: ignore[index]


STORY = {
    "R-1": (
        "08:36 zhao.lei Send a technician → Dispatched · Technician: li.wei",
        "✓ Dispatched within 15 minutes: kept after 5m",
        "Done and cleaned up: refused – Clean up first",
        "R-1.1 Return visit: opened → Planned",
    ),
    "I-1": (
        "Discount asked for: refused – As a rule there is no discount on a small order",
        "→ Service supervisor: I-1: a discount of 12.00 is asked for on an order of 860.00",
        "10:04 xu.li Grant → Answered · Discount granted: 10.00",
    ),
    "R-2": (
        "08:56 !! Dispatched within 15 minutes: missed 08:56 · → Repair centre supervisor:",
        "09:12 zhao.lei Send a technician: refused – zhou.tao is not on shift",
        "!! Dispatched within 15 minutes: ended 32m after its start, missed",
    ),
    "C-1": (  # the accused is an agent of this desk, and never handles the case
        "→ Service supervisor: C-1 is about liu.yang, who keeps out of it from now on",
        "liu.yang Answer the customer: refused – `liu.yang` is excluded from `answer`",
        "xu.li Choose the best: refused – `xu.li` is excluded from `approve`",
        "✓ Handled by the promised time: kept after",
    ),
    "C-2": (  # severe: one of the half hours is missed, and the ladder climbs
        "✓ Followed up every 30 minutes: kept after 26m",
        "11:40 !! Followed up every 30 minutes: missed 11:40 · → Service supervisor:",
        "12:10 · → Manager: C-2: Followed up every 30 minutes is missed",
        "12:14 wang.fang Follow up",
    ),
    "F-3": (  # sent before the old pair is back
        "Send the exchange early: refused – The waybill number comes first",
        "11:24 xu.li Send the exchange early → Parcel on its way back + Exchange to be sent",
        "11:50 gao.min Exchange sent → Parcel on its way back + Exchange sent",
        "15:50 · Parcel received, by event parcel_scanned: Parcel on its way back",
    ),
    "F-4": ("F-4.1 Courier claim: opened → Collecting evidence", "Amount the courier grants: 298.00"),
    "F-1, F-2, F-5, F-6": (  # the third report opens a feedback, the fourth finds it
        "F-5 opened → Requested",
        "Q-1 Quality feedback: opened → Buyers told",
        "F-6 opened → Requested · Channel: Phone · Order number: W-260301-055",
        "15:10 luo.jia Q-1 Answer with cause and measure",
    ),
    "R-5": ("00:00 !! Repaired the same day: missed",),
}


def test_the_demo_is_a_story_of_promises_kept_and_missed() -> None:
    told = chapters(demo())
    for cases, said in STORY.items():
        place = -1
        for words in said:
            place = told[cases].find(words, place + 1)
            assert place >= 0, f"{cases}: `{words}` is not told, or not in this order:\n{told[cases]}"
    assert told["F-1, F-2, F-5, F-6"].count("linked to Q-1") == 2
    assert told["F-1, F-2, F-5, F-6"].count("Quality feedback: opened") == 1
    assert "every chain whole, every replay equal" in demo()


def test_the_demo_ends_with_how_every_promise_was_kept() -> None:
    table = demo().partition("The day in numbers")[2]
    rows = {found[1]: found[2].split() for found in re.finditer(r"^  (\S.*?)  +(\d.*)$", table, re.MULTILINE)}
    assert rows["Dispatched within 15 minutes"] == ["4", "1", "80%", "0"]
    assert rows["Followed up every 30 minutes"] == ["3", "1", "75%", "0"]  # every cycle counts
    assert rows["Settled by the end of the month"] == ["0", "0", "–", "1"]
    kept, missed = (sum(int(row[place]) for row in rows.values()) for place in (0, 1))
    promises = run("demo", "--json").json["promises"]
    assert (promises["met"], promises["breached"]) == (kept, missed)


def test_the_demo_is_told_in_chinese_with_chinese_names_and_goods() -> None:
    out = demo("zh")
    told = chapters(out)
    for cases, said in {
        "R-1": ("八点半，电话响了", "派工 → 已派工 · 维修工：li.wei", "店内照明不亮"),
        "R-2": ("派工 被拒：zhou.tao 不在班",),
        "C-1": ("liu.yang 答复顾客 被拒：`liu.yang` 须回避 `answer`", "当面致歉"),
        "F-4": ("丢件赔偿：立案 → 取证",),
    }.items():
        for words in said:
            assert words in told[cases]
    assert "链条完整，重放一致" in out
    assert "守约率" in out
    english = re.search(r"\b(Wu Min|kettle|refused|kept|missed)\b", out)
    assert english is None, f"`{english}` is not told in Chinese"


def test_both_days_are_the_same_day_but_for_the_words() -> None:
    words = {"say", "customer", "item", "fault", "diagnosis", "work_done", "comments", "answer", "reason", "damage",
             "made_good", "note", "part", "outside_body", "content", "department", "cause", "responsible", "solutions",
             "chosen",
             "done", "measure", "suggestions", "improvement", "progress", "said", "return_address", "found_where",
             "described", "identity", "purpose", "question", "what", "result", "effect", "parts_used"}  # fmt: skip

    def bare(value: object) -> object:
        if isinstance(value, dict):
            return {key: "…" if key in words else bare(each) for key, each in value.items()}
        return [bare(each) for each in value] if isinstance(value, list) else value

    def day(name: str) -> list[object]:
        return [bare(json.loads(line)) for line in (DEMO / name).read_text("utf-8").splitlines()]

    assert day("day.zh.jsonl") == day("day.jsonl")


@pytest.mark.parametrize(("language", "width"), [("zh", 60), ("en", 80), ("zh", 120)])
def test_the_story_fits_the_screen(language: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    story = run("demo", language=language).out
    assert [line for line in story.splitlines() if cell_len(line) > width] == []
    assert [line for line in story.splitlines() if line.strip()[:1] in tuple("，。；：、）")] == []


def test_in_colour_the_demo_tells_the_same() -> None:
    coloured = run("demo", "--color", "always").out
    assert "\x1b[32m" in coloured
    assert [line.rstrip() for line in unstyle(coloured).splitlines()] == demo().splitlines()


def test_the_demo_leaves_nothing_behind(tmp_path: Path) -> None:
    run("demo")
    assert list(tmp_path.iterdir()) == []


def test_changing_a_line_of_the_day_changes_the_story() -> None:
    late = lines()
    place = place_of('"light"', '"dispatch"')
    late[place] = late[place].replace("2026-03-02 08:36", "2026-03-02 08:40")
    assert "✓ Dispatched within 15 minutes: kept after 5m" in chapters(demo())["R-1"]
    assert "✓ Dispatched within 15 minutes: kept after 9m" in chapters(story(late))["R-1"]
    other = lines()
    place = place_of('"pipe"', '"technician": "chen.jie"')
    other[place] = other[place].replace('"technician": "chen.jie"', '"technician": "li.wei"')
    assert "Send a technician → Dispatched · Technician: li.wei" in chapters(run_anyway(other))["R-2"]


def run_anyway(changed: list[str]) -> str:
    """Tell a day in which later lines may no longer fit."""
    Path("day.jsonl").write_text("\n".join(changed) + "\n", "utf-8")
    return run("demo", "--day", "day.jsonl").out


def test_without_its_tick_lines_the_story_is_the_same() -> None:
    without = [line for line in lines() if '"tick"' not in line]
    assert len(without) < len(lines())
    assert story(without) == demo()


def test_a_line_that_does_not_fit_is_named_and_the_rest_is_told() -> None:
    changed = lines()
    place = place_of('"light"', '"open"')
    changed[place] = changed[place].replace('"agent:wang.fang"', '"wang.fang"')
    Path("day.jsonl").write_text("\n".join(changed) + "\n", "utf-8")
    done = run("demo", "--day", "day.jsonl")
    assert done.code == 1
    assert f"line {place + 1}: `as` must be `role:person`" in done.err
    assert "The day in numbers" in done.out


def test_a_day_without_a_case_is_told_all_the_same() -> None:
    out = story(['{"at": "2026-03-02 08:00", "say": "nobody came"}'])
    assert "nobody came" in out
    assert "0 cases" in out


# -- import ------------------------------------------------------------------------------------------------------------


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
    assert "old.jsonl:2：上面没有一行开过案件 `b`" in done.err


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
