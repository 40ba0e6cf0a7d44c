"""Every command that shows something writes JSON of the published shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from engine.cli.catalogue import COMMANDS
from tests.cli.desks import REPORT, fields, report, run


@pytest.fixture(scope="module")
def shapes(root: Path) -> dict[str, Any]:
    shapes: dict[str, Any] = json.loads((root / "schemas" / "output.schema.json").read_text("utf-8"))
    return shapes


SAID = ("--reason", "flood", "--approver", "sun.qiang", "--as", "boss")

COMMAND_LINES: dict[str, list[list[str]]] = {
    "new": [["new", "key_loan"]],
    "check": [["check"]],
    "schema": [["schema"]],
    "test": [
        ["test", "processes/return_visit.yaml", "--coverage"],
        ["test", "processes/return_visit.yaml", "--generate", "--tries", "50"],
    ],
    "diff": [["diff", "repair@1", "processes"], ["diff", "repair@1", "repair@1"]],
    "draw": [["draw", "repair"], ["draw", "--case", "CASE", "--as", "wang.fang"]],
    "explain": [["explain", "unknown-state"], ["explain"], ["explain", "repair"]],
    "calendar": [
        ["calendar"],
        ["calendar", "show", "office_days", "--days", "366"],
        ["calendar", "add", "office_days", "2026-03-02 16:45", "1h30m"],
        ["calendar", "elapsed", "always", "2026-03-02 16:45", "2026-03-03 16:45"],
        ["calendar", "next", "contact_hours"],
    ],
    "play": [],  # reads lines: test_charts.py
    "convert": [
        ["convert", "steps.csv"],
        ["convert", "steps.csv", "-o", "processes/steps.yaml"],
        *(["convert", "repair", "--to", form] for form in ("bpmn", "scxml", "xstate")),
    ],
    "simulate": [["simulate", "repair", "--assume", "busy.yaml"]],
    "record": [["record", "CASE", "--as", "wang.fang"]],
    "plan": [["plan", "repair", "--as", "boss"]],
    "publish": [["publish", "--as", "boss"], ["publish", "--dry-run", "--as", "boss"]],
    "migrate": [
        ["migrate", "repair", "--as", "boss"],
        ["migrate", "repair", "--as", "boss", "--reason", "new promises", "--yes"],
    ],
    "open": [["open", "repair", "--as", "wang.fang", *fields(*REPORT)], ["open", "repair", "--as", "wang.fang"]],
    "list": [["list", "--as", "zhao.lei"]],
    "show": [["show", "CASE", "--as", "wang.fang"], ["show", "CASE", "--as", "gao.min"]],
    "do": [
        ["do", "CASE", "--as", "zhao.lei"],
        ["do", "CASE", "dispatch", "--as", "zhao.lei"],
        ["do", "CASE", "dispatch", "--as", "zhao.lei", *fields("technician=li.wei", "slip=P-1")],
    ],
    "claim": [["claim", "CASE", "--as", "zhao.lei"]],
    "release": [["release", "CASE", "--as", "sun.qiang"]],
    "assign": [["assign", "CASE", "zhao.lei", "--as", "sun.qiang"]],
    "merge": [["merge", "CASE", "OTHER", "--as", "sun.qiang"], ["merge", "CASE", "CASE", "--as", "sun.qiang"]],
    "attach": [["attach", "CASE", "casewright.toml", "--as", "wang.fang"]],
    "fetch": [["fetch", "CASE", "slip.png", "-o", "again.png", "--as", "wang.fang"]],
    "history": [["history", "CASE", "--as", "wang.fang"]],
    "clock": [["clock", "CASE", "--as", "wang.fang", "--explain"]],
    "report": [
        ["report", "sla"],
        ["report", "sla", "--by", "role,month", "--process", "repair"],
        ["report", "repair", "--as", "boss"],
    ],
    "init": [["init", "--as", "boss"]],
    "actor": [
        ["actor"],
        ["actor", "show", "wang.fang", "--as", "boss"],
        ["actor", "add", "x", "--role", "agent", "--as", "boss"],
    ],
    "party": [["party"]],
    "import": [["import", "day.jsonl", "--as", "boss"]],
    "export": [["export", "--format", "xes", "-o", "desk.xes", "--as", "boss"]],
    "worker": [],  # runs until it is stopped: test_worker.py
    "tick": [["tick"]],
    "schedule": [["schedule"]],
    "hear": [
        ["hear", "parcel_scanned", "--from", "sf.feed", "--key", "e1", "waybill=SF100200", "collect=no"],
        ["hear", "parcel_scanned", "--from", "sf.feed", "--key", "e2", "collect=no"],
    ],
    "incoming": [["incoming", "--as", "boss"]],
    "outbox": [
        ["outbox", "--as", "boss"],
        ["outbox", "retry", "--dead", "--as", "boss"],
        ["outbox", "show", "MESSAGE", "--as", "boss"],
    ],
    "fault": [["fault", "--as", "boss"]],
    "interrupt": [
        ["interrupt", "--from", "2026-03-02 08:00", "--until", "2099-03-02 09:00", *SAID],
        ["interrupt", "--from", "2026-03-02 08:00", "--until", "2099-03-02 09:00", *SAID, "--yes"],
        ["interrupt", "list"],
    ],
    "correct": [
        ["correct", "goal.json", "--as", "boss"],
        ["correct", "goal.json", "--as", "boss", "--yes"],
        ["correct", "day.jsonl", "--as", "boss"],
        ["correct", "list"],
    ],
    "archive": [["archive", "--as", "boss"], ["archive", "--yes", "--as", "boss"], ["archive", "list", "--as", "boss"]],
    "audit": [["audit", "verify"]],
    "db": [
        ["db", "upgrade"],
        ["db", "backup", "copy.sqlite", "--keys", "keys"],
        ["db", "restore", "casewright.sqlite", "--db", "other.sqlite"],
    ],
    "privacy": [
        ["privacy", "keygen", "-o", "desk.key"],
        ["privacy", "erase", "CASE", "--reason", "asked for", "--yes", "--as", "boss"],
    ],
    "doctor": [["doctor"], ["doctor", "--metrics"]],
    "demo": [["demo"]],
}

DAY = (
    '{"at": "2026-03-02 09:00", "as": "agent:wang.fang", "case": "a", "open": "repair", "form": {"channel": "phone", '
    '"customer": "Wu", "phone": "139", "place": "3-201", "fault": "no light", "member": false}}\n'
    '{"at": "2026-03-02 09:01", "as": "agent:wang.fang", "case": "b", "do": "note", "form": {"note": "x"}}\n'
)
CORRECTION = {
    "process": "repair", "clocks": ["dispatch"], "from": "2020-01-01", "until": "2099-01-01", "goal": "2h",
    "calendar": {"weekly": {"mon-sun": ["00:00-24:00"]}}, "reason": "agreed", "approver": "sun.qiang",
}  # fmt: skip

BUSY = """process: repair
days: 1
arrivals: [{per_hour: 2}]
opening: {as: agent, with: {channel: phone, customer: Wu, phone: "139", place: 3-201, fault: no light, member: false}}
actions: {dispatch: {takes: 5m, with: {technician: {one_of: technician}, slip: S-1}}}
roster: [{role: dispatcher, count: 1, hours: {mon: ["08:00-12:00"]}}, {role: technician, count: 1}]
"""


def test_every_command_stands_in_the_table() -> None:
    assert set(COMMAND_LINES) == set(COMMANDS)


@pytest.mark.parametrize(
    ("command", "words"), [(name, words) for name, lines in COMMAND_LINES.items() for words in lines]
)
def test_a_command_writes_json_of_its_shape(
    command: str, words: list[str], desk: Path, shapes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("day.jsonl").write_text(DAY, "utf-8")
    Path("goal.json").write_text(json.dumps(CORRECTION), "utf-8")
    Path("steps.csv").write_text("state,event,target\nnew,take,done\n", "utf-8")
    Path("busy.yaml").write_text(BUSY, "utf-8")
    case = report() if "CASE" in words else ""
    other = report() if "OTHER" in words else ""
    if command == "fetch":
        Path("slip.png").write_bytes(b"four")
        run("attach", case, "slip.png", "--as", "wang.fang")
    if "MESSAGE" in words:
        run("import", "day.jsonl", "--as", "boss")
        run("tick")  # it is long overdue
        words = ["1" if word == "MESSAGE" else word for word in words]
    done = run(*[{"CASE": case, "OTHER": other}.get(word, word) for word in words], "--json")
    assert done.out, done.err
    lines = done.out.splitlines() if command in ("history", "tick") else [done.out]
    for line in lines:
        check(json.loads(line), f"command_{command}", shapes)


def test_an_error_has_its_shape_too(shapes: dict[str, Any], monkeypatch: pytest.MonkeyPatch, desk: Path) -> None:
    monkeypatch.chdir(desk)
    check(json.loads(run("show", "R-99", "--as", "boss", "--json").err), "error", shapes)
    check(json.loads(run("lsit", "--json").err), "error", shapes)


def check(document: Any, shape: str, shapes: dict[str, Any]) -> None:
    validator = Draft202012Validator({**shapes, "$ref": f"#/$defs/{shape}"})
    problems = [f"{'/'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(document)]
    assert problems == []
