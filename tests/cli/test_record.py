"""`record`: every case of the demo's day as a scenario that gives the same history, and says nothing of anybody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from engine.app import Engine, Import, Retold
from engine.cli.designing.folder import checked_paths, publish_all
from engine.core.cases import Actor, Step
from engine.core.plan import Library, library_in_memory
from engine.resources import data_folder
from engine.scenarios import play, read_script
from engine.scenarios.childhood import Told
from engine.scenarios.playing_back import Failed, Unsaid, left_out
from engine.scenarios.recording import recorded
from engine.testing import ManualTime
from engine.values import read_instant
from tests.cli.desks import run

DAY = data_folder("processes") / "demo" / "day.jsonl"
LINES = DAY.read_text("utf-8").splitlines()
CASES = (
    "A-1", "C-1", "C-2", "F-1", "F-2", "F-3", "F-4", "F-5", "F-6", "H-2", "I-1", "L-1", "M-1", "PL-1", "R-1", "R-2",
    "R-3", "R-4", "R-5", "VIP-1",
)  # fmt: skip
KEPT = ("at", "verb", "name", "refused", "from", "to", "clocks", "assignee", "registered")


class Played(NamedTuple):
    """The day, played once."""

    engine: Engine
    private: Mapping[str, frozenset[str]]  # what the day's lines say of people, by case


@pytest.fixture(scope="module")
def day() -> Iterator[Played]:
    definitions = checked_paths([data_folder("processes")]).definitions.values()
    zone = next(iter(definitions)).desk.zone
    instants = [read_instant(json.loads(line)["at"], zone) for line in LINES]
    time = ManualTime(min(instants) - 1)
    admin = Actor(id="demo", roles=("admin",))
    with Engine.open("memory:", time=time) as engine:
        publish_all(engine, definitions, admin)
        time.move_to(max(instants) + 1)
        done = engine.import_lines(LINES, Import(name="day", until=time.now()), actor=admin)
        assert (done.errors, sorted(done.cases.values())) == ((), sorted(CASES))
        yield Played(engine, {case: private_in(name) for name, case in done.cases.items()})


def private_in(name: str) -> frozenset[str]:
    """Who and where, as said by the lines of the case of this name."""
    forms = [line.get("form", {}) for line in map(json.loads, LINES) if line.get("case", "").partition(".")[0] == name]
    return frozenset(str(form[field]) for form in forms for field in ("customer", "phone", "place") if field in form)


def library_of(told: Retold) -> Library:
    return library_in_memory(told.definitions)


def history(steps: Sequence[Step]) -> list[Mapping[str, Any]]:
    """What the records say that no private value and no id is part of."""
    return [
        {"at": step.record["at"], **{key: step.record[key] for key in KEPT if key in step.record}} for step in steps
    ]


@pytest.mark.parametrize("case", CASES)
def test_a_recorded_case_of_the_day_plays_the_same_history(day: Played, case: str) -> None:
    told = day.engine.retold(case)
    library = library_of(told)
    found = recorded(Told(told.steps, told.links), library, "as it was")
    assert found.unsaid == ()
    script, findings = read_script(found.text, "recorded.scenarios.yaml")
    assert script is not None, findings
    outcome = play(script.scenarios[0], script, library)
    assert outcome.failure is None
    own = [step for step in outcome.steps if step.case.root == outcome.steps[0].case.root]
    assert history(own) == history(told.steps)
    sent = [[(one.name, one.receiver) for one in step.outgoing] for step in told.steps]
    assert [[(one.name, one.receiver) for one in step.outgoing] for step in own] == sent
    assert not [private for private in day.private[case] if private in found.text]


@pytest.mark.parametrize("child", ["C-1.1", "F-4.1", "R-1.1"])
def test_a_child_is_recorded_by_itself_under_a_parent_that_stands_as_its_own_did(day: Played, child: str) -> None:
    told = day.engine.retold(child)
    library, parent = library_of(told), child.partition(".")[0]
    found = recorded(Told(told.steps, told.links, child), library, "as it was")
    assert found.unsaid == ()
    script, findings = read_script(found.text, "recorded.scenarios.yaml")
    assert script is not None, findings
    assert script.given.parent is not None
    assert script.given.parent.process == next(step.case.process for step in told.steps if step.case.id == parent)
    outcome = play(script.scenarios[0], script, library)
    assert outcome.failure is None
    own, was = ([step for step in steps if step.case.parent] for steps in (outcome.steps, told.steps))
    assert history(own) == history(was)
    assert not [private for private in day.private[parent] if private in found.text]


def test_what_a_parent_had_done_before_is_not_asked_of_the_one_that_stands_in() -> None:
    """A parent that needs its checklist for what it did later: the step is left out, and named."""
    written: list[dict[str, Any]] = [
        {"open": {}},
        {"until": "2026-03-02 09:00", "case": "parent", "do": "x", "expect": {"state": "planned"}},
    ]
    assert left_out(written, Failed(1, "", "`x` was refused")) == Unsaid("parent", "`x` was refused")
    assert written[1] == {"until": "2026-03-02 09:00"}


def test_what_a_scenario_has_no_words_for_is_named(day: Played) -> None:
    told = day.engine.retold("R-5")
    step = told.steps[3]
    moved = step.but(record={**step.record, "verb": "migrate"})
    found = recorded(Told([*told.steps[:3], moved, *told.steps[4:]], told.links), library_of(told), "as it was")
    assert found.unsaid[0].kind == "migrate"


def test_what_other_systems_told_is_written_as_heard(day: Played) -> None:
    heard = [case for case in CASES if any("heard" in step.record for step in day.engine.retold(case).steps)]
    assert heard
    for case in heard:
        told = day.engine.retold(case)
        text = recorded(Told(told.steps, told.links), library_of(told), "as it was").text
        events = [step.record["heard"] for step in told.steps if "heard" in step.record]
        assert [line for line in text.splitlines() if f"hear: {events[0]}" in line], case


def test_the_command_writes_a_file_that_passes(desk: Path) -> None:
    opened = run("open", "repair", "--as", "wang.fang", *REPORT).out
    case = opened.split()[0]
    run("do", case, "dispatch", "--as", "zhao.lei", "-f", "technician=li.wei", "-f", "slip=P-1")
    file = Path("processes/recorded.scenarios.yaml")
    done = run("record", case, "--as", "wang.fang", "-o", str(file))
    assert (done.code, done.err) == (0, "")
    assert "Wu Min" not in file.read_text("utf-8")
    tested = run("test", "processes", "-k", "as it was")
    assert "repair: 1 scenario passed" in tested.out
    again = run("record", case, "--as", "wang.fang", "-o", str(file))
    assert (again.code, "is there already" in again.err) == (5, True)


def test_who_held_a_case_and_what_became_of_it_beside_its_actions_is_recorded(desk: Path) -> None:
    first, second = (run("open", "repair", "--as", "wang.fang", *REPORT).out.split()[0] for _ in range(2))
    Path("photo.jpg").write_bytes(b"a photo")
    for words in (
        ("claim", second, "--as", "zhao.lei"),
        ("release", second, "--as", "zhao.lei"),
        ("assign", second, "zhao.lei", "--as", "wang.fang"),
        ("attach", second, "photo.jpg", "--as", "wang.fang"),
        ("merge", second, first, "--as", "wang.fang"),
    ):
        done = run(*words)
        assert done.code == 0, (words, done.err)
    recorded = run("record", second, "--as", "wang.fang", "-o", "processes/recorded.scenarios.yaml")
    assert (recorded.code, recorded.err) == (0, "")
    text = Path("processes/recorded.scenarios.yaml").read_text("utf-8")
    steps = [line.strip() for line in text.splitlines() if line.strip().startswith("- {")]
    words = ("open: ", "open: ", "claim: true", "release: true", "assign: zhao.lei", "attach: file", "merge: true")
    assert [word in step for step, word in zip(steps, words, strict=True)] == [True] * 7, text
    assert "as: dispatcher:zhao.lei, expect: {state: reported, assignee: zhao.lei}" in text
    assert "repair: 1 scenario passed" in run("test", "processes", "-k", "as it was").out


def test_of_a_case_that_took_another_in_the_other_one_is_opened_when_it_is_taken_in(desk: Path) -> None:
    first, second = (run("open", "repair", "--as", "wang.fang", *REPORT).out.split()[0] for _ in range(2))
    assert run("merge", second, first, "--as", "wang.fang").code == 0
    assert run("do", first, "note", "--as", "wang.fang", "-f", "note=they called twice").code == 0
    recorded = run("record", first, "--as", "wang.fang", "-o", "processes/recorded.scenarios.yaml")
    assert (recorded.code, recorded.err) == (0, "")
    steps = [
        line for line in Path("processes/recorded.scenarios.yaml").read_text("utf-8").splitlines() if "- {" in line
    ]
    words = ("open: ", "open: ", "take_in: true", "do: note")
    assert [word in step for step, word in zip(steps, words, strict=True)] == [True] * 4, steps
    assert "repair: 1 scenario passed" in run("test", "processes", "-k", "as it was").out


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "the case is on version 1 of `repair`, its file is version 2: "), ("zh", "案件在 `repair` 的版本 1 上")],
)
def test_where_the_file_is_another_version_it_is_said_how_the_scenario_does_there(
    desk: Path, language: str, said: str
) -> None:
    case = run("open", "repair", "--as", "wang.fang", *REPORT).out.split()[0]
    file = Path("processes/repair.yaml")
    file.write_text(file.read_text("utf-8").replace("version: 1", "version: 2", 1), "utf-8")
    passes = run("record", case, "--as", "wang.fang", language=language)
    assert (passes.code, passes.err.startswith(said), len(passes.err.splitlines())) == (0, True, 1), passes.err
    file.write_text(file.read_text("utf-8").replace("initial: reported", "initial: on_site", 1), "utf-8")
    otherwise = run("record", case, "--as", "wang.fang", language=language)
    assert otherwise.code == 0
    assert "`on_site`" in otherwise.err or "`state`" in otherwise.err, otherwise.err


REPORT = [word for pair in ("channel=phone", "customer=Wu Min", "phone=13900000001", "place=3-201", "fault=no power",
                            "member=no") for word in ("-f", pair)]  # fmt: skip
