"""`test --generate`: proposed scenarios pass and show what none had seen; what is not reached is named, and why."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from engine.cli.designing.folder import checked_paths
from engine.core.plan import Library, library_in_memory
from engine.lang.manual.pages import base
from engine.resources import data_folder
from engine.scenarios import coverage_of, play_all, read_script
from engine.scenarios.generating import Effort, propose
from engine.scenarios.kin import parents_in
from tests.cli.desks import run

LONG = bool(os.environ.get("CASEWRIGHT_LONG"))
PROCESS = """\
process: example
version: 1
prefix: X
label: {en: Example}
summary: "{case.subject}"
calendar: hours
initial: asked
fields:
  subject: {type: text, label: {en: Subject}}
  amount: {type: money, min: 0, label: {en: Amount}}
  visit_at: {type: instant, label: {en: Visit}}
opening: {by: [agent], form: {require: [subject]}}
clocks:
  answer:
    {label: {en: Answered}, goal: 4h, met_by: [grant, refuse], pauses_in: [away],
     thresholds: [{at: 50%, then: [{notify: agent, message: told}]}]}
states:
  asked:
    label: {en: Asked}
    waiting_on: agent
    actions:
      offer:
        label: {en: Offer}
        by: [agent]
        form: {require: [amount, visit_at]}
        guards:
          ahead: {must: form.visit_at > now, else: {en: It must lie ahead}}
          some: {must: form.amount > money('10.00'), else: {en: Too little}}
        to: [{if: "case.amount > money('500.00')", is: deciding}, {is: granted}]
      leave: {label: {en: Away}, by: [agent], to: away}
  away: {label: {en: Out}, waiting_on: agent, timers: {back: {after: 2h, to: asked}}}
  deciding:
    label: {en: To be decided}
    waiting_on: supervisor
    actions:
      grant: {label: {en: Grant}, by: [supervisor, agent], never_by: [did.offer], to: granted}
      refuse: {label: {en: Refuse}, by: [supervisor], during: hours, to: refused}
  granted: {label: {en: Granted}, final: done}
  refused: {label: {en: Refused}, final: failed}
"""
NEVER = PROCESS.replace("guards:\n", "guards:\n          never: {must: did.grant > 3, else: {en: Never}}\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "processes"
    for path, text in {**base(), "example.yaml": PROCESS}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return folder


def test_the_proposed_scenarios_pass_and_show_everything(folder: Path) -> None:
    file = folder / "example.scenarios.yaml"
    done = run("test", "processes/example.yaml", "--generate", "-o", "processes/example.scenarios.yaml")
    assert (done.code, done.out) == (0, "wrote processes/example.scenarios.yaml\n")
    assert "coverage 100.0%" in done.err
    tested = run("test", "processes/example.yaml", "--coverage")
    assert (tested.code, "coverage 100.0%" in tested.out) == (0, True), tested.out
    assert "    - {until: " in file.read_text("utf-8")  # time was let pass on the way
    again = run("test", "processes/example.yaml", "--generate", "-o", "processes/example.scenarios.yaml")
    assert (again.code, "is there already" in again.err) == (5, True)


def test_a_file_that_the_shell_has_emptied_for_the_proposals_is_no_error(folder: Path) -> None:
    """`test --generate > FILE` found the empty file wrong, wrote that into it, and from then on nothing worked."""
    (folder / "example.scenarios.yaml").touch()
    assert run("check").code == 0
    done = run("test", "processes/example.yaml", "--generate", "--tries", "50")
    assert done.out.startswith("# yaml-language-server") or done.out.startswith("process: example\n")


SHOWN = {"reaches action leave", "reaches state away", "reaches timer away back", "reaches pause answer away"}


def named(text: str) -> set[str]:
    """What the proposed scenarios are named by."""
    lines = (line.strip() for line in text.splitlines() if line.startswith("  ") and not line.startswith("    "))
    return {line.rstrip(":").partition(" and ")[0] for line in lines}


def test_the_same_process_is_proposed_the_same_each_time_and_only_what_is_missing(folder: Path) -> None:
    proposals = [run("test", "processes/example.yaml", "--generate", "--tries", "300").out for _ in range(2)]
    assert proposals[0] == proposals[1]
    (folder / "example.scenarios.yaml").write_text(
        "process: example\nscenarios:\n  away and back:\n"
        "    - {open: {subject: x}, as: agent:lin}\n    - {do: leave, as: agent:lin, expect: {state: away}}\n"
        "    - {wait: 3h, expect: {state: asked}}\n", "utf-8",
    )  # fmt: skip
    fewer = run("test", "processes/example.yaml", "--generate").out
    assert named(proposals[0]) & SHOWN
    assert not named(fewer) & SHOWN


@pytest.mark.parametrize(
    ("language", "state", "action"),
    [
        ("en", "state granted\n    no way that was tried came to it", "its action was done 0 times and refused by `"),
        ("zh", "状态 granted\n    没有一条试过的路到得了", "它的动作做成 0 次，被拒绝：`"),
    ],
)
def test_what_is_not_reached_is_named_with_the_reason(folder: Path, language: str, state: str, action: str) -> None:
    (folder / "example.yaml").write_text(NEVER, "utf-8")
    told = run("test", "processes/example.yaml", "--generate", "--tries", "500", language=language)
    assert told.code == 0
    assert state in told.err
    assert action in told.err


def test_a_proposed_scenario_is_named_in_the_reader_s_language(folder: Path) -> None:
    told = run("test", "processes/example.yaml", "--generate", "--tries", "500", language="zh").out
    named = [line.strip() for line in told.splitlines() if line.startswith("  ") and not line.startswith("    ")]
    assert named
    assert all(name.lstrip('"').startswith("走到") for name in named), named


PAID = "incoming: {paid: {from: agent, find: {subject: what}, do: leave, otherwise: keep, for: 30 calendar_days}}\n"
HEARING = PROCESS.replace("opening:", f"{PAID}opening:")


def test_what_other_systems_tell_is_proposed_and_so_are_cases_like_one_that_is_there(folder: Path) -> None:
    opening = (
        "opening: {by: [agent], form: {require: [subject]}, guards: {new: {must: counts.same < 3, else: {en: Again}}}}"
    )
    counted = HEARING.replace("opening: {by: [agent], form: {require: [subject]}}", opening)
    counted = counted.replace("opening:", "counts: {same: {same: [subject], within: 24h}}\nopening:", 1)
    (folder / "example.yaml").write_text(counted, "utf-8")
    done = run("test", "processes/example.yaml", "--generate")
    assert done.code == 0, done.err
    assert "hear: paid" in done.out
    assert "heard: kept" in done.out
    assert "refused: [new]" in done.out
    assert "coverage 100.0%" in done.err


FAR = """\
      refuse:
        label: {en: Refuse}
        by: [supervisor]
        during: hours
        then:
          - {if: did.refuse >= 4, notify: supervisor, message: told}
        to: asked
"""


def test_what_only_a_long_way_shows_is_aimed_at(folder: Path) -> None:
    short = "      refuse: {label: {en: Refuse}, by: [supervisor], during: hours, to: refused}\n"
    assert short in PROCESS
    (folder / "example.yaml").write_text(PROCESS.replace(short, FAR).replace("  refused:", "  # "), "utf-8")
    done = run("test", "processes/example.yaml", "--generate", "--tries", "4000")
    assert "coverage 100.0%" in done.err, done.err
    assert done.out.count("do: refuse") >= 4


def of_one_state(name: str, prefix: str, opening: str, rest: str) -> str:
    """A process that begins in its one state, and is over after it."""
    return f"""\
process: {name}
version: 1
prefix: {prefix}
label: {{en: {name}}}
calendar: hours
initial: begun
fields: {{subject: {{type: text, label: {{en: Subject}}}}}}
opening: {{by: [agent], {opening}}}
states:
  begun:
    label: {{en: Begun}}
    waiting_on: agent
{rest}  over: {{label: {{en: Over}}, final: done}}
"""


def test_what_waits_for_a_case_that_it_opened_or_that_one_has_opened_is_reached(folder: Path) -> None:
    waits = "decide: [{if: has(linked.part.final) && linked.part.final, is: over}]"
    done = "actions: {finish: {label: {en: Finish}, by: [agent], to: over}}"
    for name, prefix, opened, way in (("example", "X", "middle", waits), ("middle", "M", "inner", waits),
                                      ("inner", "K", "", done)):  # fmt: skip
        then = f", then: [{{open: {opened}, as: part}}]" if opened else ""
        text = of_one_state(name, prefix, f"form: {{allow: [subject]}}{then}", f"    {way}\n")
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    found = run("test", "processes/example.yaml", "--generate", "--tries", "500")
    assert "coverage 100.0%" in found.err, found.err
    assert "case: part.part, do: finish" in found.out


REQUIRED = "form: {require: [subject]}"
CHILD = """\
    actions:
      finish: {label: {en: Finish}, by: [agent], then: [{tell: parent, do: note}], to: over}
      call_off: {label: {en: Call off}, by: [], to: dropped}
  dropped: {label: {en: Dropped}, final: cancelled}
"""
SHOPPING = """\
    actions:
      part: {label: {en: Part}, by: [agent], then: [{open: example, as: part, with: {subject: x}}], to: stay}
      note: {label: {en: Note}, by: [], to: stay}
      stop: {label: {en: Stop}, by: [agent], then: [{tell: children, do: call_off}], to: over}
"""


def test_a_child_is_opened_under_a_parent_and_told_by_it(folder: Path) -> None:
    (folder / "example.yaml").write_text(of_one_state("example", "X", REQUIRED, CHILD), "utf-8")
    (folder / "shopping.yaml").write_text(of_one_state("shopping", "O", REQUIRED, SHOPPING), "utf-8")
    done = run("test", "processes/example.yaml", "--generate", "-o", "processes/example.scenarios.yaml")
    assert "coverage 100.0%" in done.err, done.err
    proposed = (folder / "example.scenarios.yaml").read_text("utf-8")
    assert "parent: {process: shopping, as: part, state: begun}" in proposed
    assert "case: parent, do: stop" in proposed
    assert "expect: {state: dropped, parent.state: over}" in proposed, proposed
    tested = run("test", "processes/example.yaml", "--coverage")
    assert (tested.code, "coverage 100.0%" in tested.out) == (0, True), tested.out
    assert "0 scenarios proposed" in run("test", "processes/example.yaml", "--generate").err


def test_scenarios_in_several_files_of_a_process_count_together(folder: Path) -> None:
    begin = "process: example\nscenarios:\n  {}:\n    - {{open: {{subject: x}}, as: agent:lin}}\n"
    (folder / "example.scenarios.yaml").write_text(begin.format("one") + "    - {do: leave, as: agent:lin}\n", "utf-8")
    alone = run("test", "processes", "--coverage").out
    more = begin.format("two") + "    - {wait: 3h, expect: {clocks.answer: running}}\n"
    (folder / "example.more.scenarios.yaml").write_text(more, "utf-8")
    both = run("test", "processes", "--coverage", "--json").json
    (told,) = both["processes"]
    assert (told["process"], told["passed"]) == ("example", 2)
    assert "threshold answer 50%" not in told["coverage"]["missing"]
    assert "answer 50%" in alone
    assert run("test", "processes/example.more.scenarios.yaml").out == "example: 1 scenario passed\n"


def test_one_process_is_asked_at_a_time(folder: Path) -> None:
    (folder / "other.yaml").write_text(
        PROCESS.replace("process: example", "process: other").replace("prefix: X", "prefix: Z"), "utf-8"
    )
    assert "one process at a time" in run("test", "processes", "--generate").err
    document = run("test", "processes/example.yaml", "--generate", "--tries", "200", "--json").json
    assert document["process"] == "example"
    assert document["proposed"]


QUICK = {"lost_found": 1, "case_check": 1, "handover": 1, "regular_visit": 1, "vip_enrolment": 1, "visit_report": 1}
SHIPPED = (
    {**QUICK, "courier_claim": 1, "absence": 1, "repair": 0.99, "complaint": 0.97, "refund": 0.94} if LONG else QUICK
)


@pytest.fixture(scope="module")
def library() -> Library:
    return library_in_memory(checked_paths([data_folder("processes")]).definitions.values())


@pytest.mark.parametrize("process", SHIPPED)
def test_a_shipped_process_without_its_scenarios_is_proposed_nearly_all(library: Library, process: str) -> None:
    plan = library.newest(process, 0)
    assert plan is not None
    proposal = propose(plan, library, Effort(10_000, random.Random(1).randrange))
    script, findings = read_script(proposal.text, "x.scenarios.yaml")
    assert script is not None, findings
    outcomes = play_all(script, library)
    assert [outcome.failure for outcome in outcomes] == [None] * len(proposal.names)
    assert coverage_of(plan, outcomes).share >= SHIPPED[process]


@pytest.mark.parametrize(
    ("process", "parents"),
    [("return_visit", {"repair", "complaint", "regular_visit"}), ("courier_claim", {"refund"}), ("repair", set())],
)
def test_a_child_is_proposed_under_each_process_that_opens_it(
    library: Library, process: str, parents: set[str]
) -> None:
    plan = library.newest(process, 0)
    assert plan is not None
    proposal = propose(plan, library, Effort(60, random.Random(1).randrange))
    script, findings = read_script(proposal.text, "x.scenarios.yaml")
    assert script is not None, findings
    assert {name for name, _ in parents_in(script)} == parents
    assert [outcome.failure for outcome in play_all(script, library)] == [None] * len(proposal.names)
