"""What differs between two versions, in words; and that nothing that differs is kept quiet."""

from __future__ import annotations

import re
from functools import cache

import pytest

from engine.lang.load import load_process
from engine.model import ProcessDefinition
from engine.resources import data_folder, read_sources
from engine.words.changes import Change, changes_between


@cache
def files() -> dict[str, str]:
    folder = data_folder("processes").as_posix()
    return {path.removeprefix(folder + "/"): text for path, text in read_sources(folder).items()}


def edited(process: str, old: str, new: str, file: str = "") -> ProcessDefinition:
    """Read a shipped process in which one text is another."""
    file = file or f"{process}.yaml"
    text = re.sub(old, new, files()[file], count=1)
    assert text != files()[file] or old == new, old
    loaded = load_process({**files(), file: text}, process, rules=False)
    assert loaded.definition is not None, loaded.diagnostics
    return loaded.definition


def changes(process: str, old: str, new: str, file: str = "", language: str = "en") -> list[Change]:
    return list(changes_between(edited(process, "x", "x"), edited(process, old, new, file), language))


def told(one: Change) -> tuple[str, str, str, str | None, str | None]:
    return one.audience, one.subject, one.aspect, one.old, one.new


ARRIVAL = "promise On site in 20 minutes or at the agreed time"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (r"\{is: 20m\}", "{is: 25m}", ("customers", ARRIVAL, "goal (otherwise)", "20m", "25m")),
        ("goal: 15m", "goal: 10m", ("customers", "promise Dispatched within 15 minutes", "goal", "15m", "10m")),
        ("target: 95%", "target: 90%", ("reports", "promise Repaired the same day", "target", "95%", "90%")),
        (
            r"by: \[dispatcher\]", "by: [dispatcher, repair_supervisor]",
            ("operators", "action Send a technician (Reported)", "by", "Repair duty officer",
             "Repair duty officer, Repair centre supervisor"),
        ),
        (
            "form: {require: .technician, slip., allow", "form: {require: [technician], allow",
            ("operators", "action Send a technician (Reported)", "asks for", "“Technician”, “Dispatch slip number”",
             "“Technician”"),
        ),
        ("slip:            {type: text,", "slip:            {type: text, personal: true,",
         ("customers", "field Dispatch slip number", "private", None, "yes")),
        ("waiting_on: supplier", "waiting_on: warehouse",
         ("operators", "state Waiting for a part", "waits on", "Supplier", "Warehouse")),
        # what is said is the same, what is evaluated is not
        (r"did.make_good < did.report_damage", "did.make_good <= did.report_damage",
         ("operators", "action Damage made good", "else refused (“No damage is left to make good”)",
          "times “Damage made good” < times “Report damage done in the work”",
          "times “Damage made good” ≤ times “Report damage done in the work”")),
    ],
)  # fmt: skip
def test_a_difference_is_said_and_to_whom(old: str, new: str, expected: tuple[str, ...]) -> None:
    assert [told(one) for one in changes("repair", old, new)] == [expected]


def test_what_is_new_or_gone_is_named_once() -> None:
    new = changes(
        "repair", "\nactions: ", "\nactions: \n  wave: {label: {en: Wave, zh: 招手}, by: [agent], to: stay}\n #"
    )
    assert [told(one) for one in new] == [("operators", "action Wave", "", None, "")]
    gone = changes("repair", r"  rework: \{label.*\n", "")
    assert [told(one) for one in gone] == [("reports", "measure Rework", "", "", None)]


def test_a_message_to_a_customer_concerns_customers() -> None:
    found = changes("repair", "as agreed", "as you wished", "messages/repair.yaml")
    assert [(one.audience, one.subject, one.aspect) for one in found] == [("customers", "message visit_agreed", "text")]


def test_it_is_said_in_chinese_too() -> None:
    (found,) = changes("repair", r"\{is: 20m\}", "{is: 25m}", language="zh")
    assert told(found) == ("customers", "时限承诺 20 分钟内或按约定时间到场", "目标（否则）", "20分", "25分")


def test_a_process_does_not_differ_from_itself() -> None:
    for process in ("complaint", "refund", "repair"):
        assert changes(process, "x", "x") == []


EDITS = (
    (r"\b1h\b", "2h"), (r"\bmax: 3\b", "max: 4"), (r"within: 7 calendar_days", "within: 8 calendar_days"),
    (r"at: case.visit_at - 30m", "at: case.visit_at - 20m"), (r"at: goal - 5m", "at: goal - 4m"),
    (r"on_reopen: none", "on_reopen: restart"), (r"did.reject < 2", "did.reject < 3"),
    (r", to: previous", ", to: stay"),
    (r"clear: \[technician\]", "clear: [visit_at]"), (r"message: new_job", "message: called_back"),
    (r"final: failed", "final: cancelled"),
    (r"counts_from: case.received_at", "counts_from: case.visit_at"),
    (r"min: 0, label: .en: Hours estimated", "min: 1, label: {en: Hours estimated"), (r"prefix: R\b", "prefix: RX"),
    (r"never_by: \[did.finish\]", "never_by: [did.arrive]"), (r"initial: reported", "initial: dispatched"),
    (r"if: case.member .*\n +open: return_visit", "open: return_visit"), (r"late: once, then", "late: skip, then"),
    (r"pauses_in: \[rescheduled\]", "pauses_in: [on_site]"), (r"starts: \[opening, recall\]", "starts: [opening]"),
)  # fmt: skip


@pytest.mark.parametrize(("old", "new"), EDITS)
def test_no_change_of_behaviour_is_kept_quiet(old: str, new: str) -> None:
    before, after = edited("repair", "x", "x"), edited("repair", old, new)
    assert before.behaviour_hash != after.behaviour_hash
    for language in ("en", "zh"):
        found = changes_between(before, after, language)
        assert found
        assert all(one.old != one.new for one in found)


@cache
def renamed(more: str = "") -> tuple[Change, ...]:
    """What is told where a state of a shipped process has another name, and something else differs."""
    text = re.sub(r"(?<!Fault )\breported\b", "called_in", files()["repair.yaml"])
    old, _, new = more.partition(" → ")
    assert old in text
    loaded = load_process({**files(), "repair.yaml": text.replace(old, new, 1)}, "repair", rules=False)
    assert loaded.definition is not None, loaded.diagnostics
    return changes_between(edited("repair", "x", "x"), loaded.definition, "en")


def test_a_state_that_differs_in_its_name_alone_is_renamed() -> None:
    assert [told(one) for one in renamed()] == [("operators", "state Reported", "renamed", "reported", "called_in")]


def test_beside_a_renaming_what_else_differs_is_told() -> None:
    found = [told(one) for one in renamed("goal: 15m → goal: 10m")]
    assert ("operators", "state Reported", "renamed", "reported", "called_in") in found
    assert ("customers", "promise Dispatched within 15 minutes", "goal", "15m", "10m") in found
    assert len(found) == 2


def test_a_state_called_otherwise_by_people_too_is_a_new_one() -> None:
    found = [told(one) for one in renamed("{en: Reported, zh: 已报修} → {en: Called in, zh: 已来电}")]
    assert ("operators", "state Reported", "", "", None) in found
    assert ("operators", "state Called in", "", None, "") in found
