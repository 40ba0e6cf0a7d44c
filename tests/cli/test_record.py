"""`record`: every case of the demo's day as a scenario that gives the same history, and says nothing of anybody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from engine.app import Engine, Import, Retold
from engine.cli.folder import checked_paths, publish_all
from engine.core.cases import Actor, Step
from engine.core.plan import Library, library_in_memory
from engine.resources import data_folder
from engine.scenarios import play, read_script
from engine.scenarios.recording import recorded
from engine.testing import ManualTime
from engine.values import read_instant
from tests.cli.desks import run

DAY = data_folder("processes") / "demo" / "day.jsonl"
LINES = DAY.read_text("utf-8").splitlines()
CASES = ("C-1", "C-2", *(f"F-{number}" for number in range(1, 7)), *(f"R-{number}" for number in range(1, 6)))
KEPT = ("at", "verb", "name", "refused", "from", "to", "clocks", "assignee", "registered")


class Played(NamedTuple):
    """The day, played once."""

    engine: Engine
    private: frozenset[str]


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
        forms = [json.loads(line).get("form", {}) for line in LINES]
        names = ("customer", "phone", "place")
        yield Played(engine, frozenset(str(form[name]) for form in forms for name in names if name in form))


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
    found = recorded(told.steps, told.links, library, "as it was")
    assert found.unsaid == ()
    script, findings = read_script(found.text, "recorded.scenarios.yaml")
    assert script is not None, findings
    outcome = play(script.scenarios[0], script, library)
    assert outcome.failure is None
    own = [step for step in outcome.steps if step.case.root == outcome.steps[0].case.root]
    assert history(own) == history(told.steps)
    sent = [[(one.name, one.receiver) for one in step.outgoing] for step in told.steps]
    assert [[(one.name, one.receiver) for one in step.outgoing] for step in own] == sent
    assert not [private for private in day.private if private in found.text]


def test_a_child_is_recorded_with_its_family(day: Played) -> None:
    assert day.engine.retold("R-1.1").steps == day.engine.retold("R-1").steps


def test_what_a_scenario_has_no_words_for_is_named(day: Played) -> None:
    told = day.engine.retold("R-5")
    step = told.steps[3]
    assigned = step._replace(record={**step.record, "verb": "assign"})
    found = recorded([*told.steps[:3], assigned, *told.steps[4:]], told.links, library_of(told), "as it was")
    assert found.unsaid[0].kind == "assign"


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


REPORT = [word for pair in ("channel=phone", "customer=Wu Min", "phone=13900000001", "place=3-201", "fault=no power",
                            "member=no") for word in ("-f", pair)]  # fmt: skip
