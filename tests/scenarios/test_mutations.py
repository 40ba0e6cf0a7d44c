"""Changing any figure, guard or exclusion of a shipped definition makes one of its scenarios fail."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.core.plan import Library, Plan
from engine.lang.load import load_process
from engine.lang.source import read
from engine.model import ProcessDefinition
from engine.scenarios import Script, coverage_of, play_all, read_script
from engine.scenarios.mutants import MINUTE, SECOND, Mutant, mutants
from engine.scenarios.survivors import Court, survivors_among

FOLDER = Path(__file__).resolve().parents[2] / "processes"
PROCESSES = tuple(sorted(path.name.removesuffix(".scenarios.yaml") for path in FOLDER.glob("*.scenarios.yaml")))
USERS = {  # file: the processes whose scenarios must notice a change of it
    **{f"{process}.yaml": (process,) for process in PROCESSES},
    "desk.yaml": ("return_visit", "courier_claim", "repair", "complaint"),
    "calendars/contact_hours.yaml": ("return_visit",),
    "calendars/office_days.yaml": ("quality_feedback",),
    "calendars/desk_hours.yaml": ("complaint",),
}
PARTS = {"repair.yaml": 4, "complaint.yaml": 4, "refund.yaml": 6}
IS_LONG = os.environ.get("CASEWRIGHT_LONG") == "1"
PLAYED = [(file, part) for file in USERS for part in range(PARTS.get(file, 1) if IS_LONG else 1)]
"""The long form plays every mutant, the short one a part of those of the big files, from everywhere in them."""

SHIFTS = (SECOND, MINUTE) if IS_LONG else (SECOND,)
"""What is noticed when it comes a second later is noticed a minute later; the long form shows it."""
EQUIVALENT = {  # mutants that change nothing a scenario could see, with the reason
    (
        "desk.yaml",
        "parties.customer.during left out",
    ): "it is sent all the same; when it is delivered is the deliverer's",
    ("desk.yaml", "parties.customer.register.by.0 left out"): "who keeps the register is shown where it is kept",
    ("desk.yaml", "parties.customer.register.by.1 left out"): "who keeps the register is shown where it is kept",
    ("broadcast.yaml", "calendar is contact_hours"): "each of its promises ends at an instant that somebody named",
    ("lost_found.yaml", "clocks.reported.met_by.1 left out"): "after ninety days it was kept or missed long since",
}


@cache
def sources() -> Mapping[str, str]:
    """Every file of the shipped processes."""
    return {path.relative_to(FOLDER).as_posix(): path.read_text("utf-8") for path in sorted(FOLDER.rglob("*.yaml"))}


@cache
def script(process: str) -> Script:
    """The scenarios of a process."""
    found, findings = read_script(sources()[f"{process}.scenarios.yaml"], f"{process}.scenarios.yaml")
    assert found is not None, findings
    return found


@cache
def shipped(process: str) -> ProcessDefinition:
    """A process as it is shipped."""
    found = load_process(sources(), process)
    assert found.definition is not None, found.diagnostics
    return found.definition


def library(changed: Iterable[ProcessDefinition] = ()) -> Library:
    """The shipped processes made ready, some of them replaced."""
    found = {one.process: one for one in (*map(shipped, PROCESSES), *changed)}.values()
    plans = {(one.process, one.version): Plan(one) for one in found}
    return Library(plans, {one.process: ((0, one.version),) for one in found})


def changed(file: str, mutant: Mutant) -> Library | None:
    """The processes with this mutant in place of its file; None if the checker refuses it."""
    texts = {**sources(), file: mutant.text}
    found = [load_process(texts, process).definition for process in USERS[file]]
    known = [definition for definition in found if definition is not None]
    return library(known) if len(known) == len(found) else None


def plain(file: str) -> Any:
    """The content of a file as it was written."""
    document, _ = read(sources()[file], file)
    assert document.root is not None
    return document.root.plain


def survivors(file: str, part: int = 0, parts: int = 1) -> Iterator[Mutant]:
    """The mutants of a file that no scenario notices; of every `parts`-th place, so that several can look at once."""
    some = list(mutants(plain(file), SHIFTS))[part::parts]
    return survivors_among(some, lambda mutant: changed(file, mutant), Court(map(script, USERS[file])))


@pytest.mark.parametrize("process", PROCESSES)
def test_the_shipped_scenarios_pass_and_leave_nothing_out(process: str) -> None:
    whole = library()
    outcomes = play_all(script(process), whole)
    assert [outcome.failure for outcome in outcomes if outcome.failure is not None] == []
    plan = whole.newest(process, 0)
    assert plan is not None
    assert {kind: names for kind, names in coverage_of(plan, outcomes).missing.items() if names} == {}


@pytest.mark.parametrize(("file", "part"), PLAYED)
def test_changing_anything_makes_a_scenario_fail(file: str, part: int) -> None:
    unnoticed = {mutant.title for mutant in survivors(file, part, PARTS.get(file, 1))}
    assert unnoticed == {title for of, title in EQUIVALENT if of == file}


def test_the_mutants_are_many_and_reach_every_kind_of_rule() -> None:
    titles = [mutant.title for file in USERS for mutant in mutants(plain(file))]
    assert len(titles) > 400
    for kind in ("guards", "never_by", "by", "met_by", "pauses_in", "during", "within", "thresholds", "weekly"):
        assert any(f".{kind}" in f".{title}" for title in titles), kind
