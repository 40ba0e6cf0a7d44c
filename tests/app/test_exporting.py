"""What is handed out to the tools of process mining: the same cases, events and times, and nothing private."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from engine import Engine, Export, NotFound, NotPermitted, Person, UsageError
from engine.testing import ManualTime
from tests.app.desks import (
    ADMIN,
    BOSS,
    DAY,
    HOUR,
    LIN,
    MINUTE,
    NINE,
    deliver,
    done,
    open_errand,
    refused,
    send,
    sources,
)
from tests.exports.shapes import XES, attributes, check_ocel, read_xes

PHONE = "139 0000 0001"
NASTY = "<&\"'>\x1b[31m=1+1\u202e 茶🍵\ufffe"
FORMATS = ("xes", "ocel", "csv", "jsonl")

Told = set[tuple[str, int, str, int, str]]
"""Case, number, activity, instant and actor of each event."""


def exported(engine: Engine, format: str, **wanted: Any) -> str:
    pieces: list[str] = []
    engine.export(Export(format=format, **wanted), pieces.append, actor=ADMIN)  # type: ignore[arg-type]
    return "".join(pieces)


def ms(text: str | datetime) -> int:
    moment = datetime.fromisoformat(text) if isinstance(text, str) else text
    return round(moment.timestamp() * 1000)


def of_xes(text: str) -> Told:
    found: Told = set()
    for trace in read_xes(text).iter(XES + "trace"):
        for event in map(attributes, trace.iter(XES + "event")):
            found.add((
                attributes(trace)["concept:name"], event["number"], event["concept:name"], ms(event["time:timestamp"]),
                event["org:resource"],
            ))  # fmt: skip
    return found


def of_ocel(text: str) -> Told:
    log = json.loads(text)
    check_ocel(log)
    found: Told = set()
    for event in log["events"]:
        told = {one["name"]: one["value"] for one in event["attributes"]}
        case = event["relationships"][0]["objectId"]
        found.add((case, told["number"], event["type"], ms(event["time"]), told["actor"]))
    return found


def of_csv(text: str) -> Told:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return {(row["case"], int(row["number"]), row["activity"], ms(row["at"]), row["actor"]) for row in rows}


def of_jsonl(text: str) -> Told:
    lines = [json.loads(line) for line in text.splitlines()]
    events = [line for line in lines if line["type"] == "event"]
    assert {line["case"] for line in lines if line["type"] == "case"} == {event["case"] for event in events}
    return {(one["case"], one["number"], one["activity"], ms(one["at"]), one["actor"]) for one in events}


READERS: dict[str, Callable[[str], Told]] = {"xes": of_xes, "ocel": of_ocel, "csv": of_csv, "jsonl": of_jsonl}


@pytest.fixture
def busy(engine: Engine, time: ManualTime) -> Engine:
    """A desk with a day behind it: a child case, a breach, a timer, a refusal, and signs that bite."""
    first = open_errand(engine, phone=PHONE, fee="4.90")
    assert refused(engine.act(first, "send", {"runner": "run"}, actor=LIN, facts={"at_work": []})) == ["at_work"]
    time.move(MINUTE + 7)
    send(engine, first)
    deliver(engine, first)
    done(engine.open_case("errand", {"what": "=cmd|' /C calc'!A0"}, actor=LIN))
    named = done(engine.open_case("errand", {"what": NASTY}, actor=LIN)).id
    done(engine.act(named, "remark", {"note": "first line\nsecond"}, actor=BOSS))
    done(engine.claim(named, actor=LIN))
    time.move(2 * HOUR)
    send(engine, named)
    time.move(7 * HOUR)
    engine.run_once()
    return engine


def truth(
    engine: Engine, cases: tuple[str, ...] = ("E-1", "E-1.1", "E-2", "E-3"), *, with_refused: bool = False
) -> Told:
    """What the audit itself holds."""
    return {
        (record["case"], record["seq"], _activity(record), record["at"], record["actor"])
        for case in cases for record in engine.history(case)
        if with_refused or not record.get("refused")
    }  # fmt: skip


def _activity(record: Any) -> str:
    if record["verb"] in ("do", "tell", "timer"):
        return str(record["name"])
    return f"{record['verb']} {record['name']}" if record["verb"] in ("breach", "threshold") else str(record["verb"])


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_gives_back_the_same_cases_events_and_times(busy: Engine, format: str) -> None:
    told = truth(busy)
    assert {event[2] for event in told} >= {"open", "send", "deliver", "remark", "claim", "breach sent", "running.lost"}
    assert READERS[format](exported(busy, format)) == told
    assert READERS[format](exported(busy, format, with_refused=True)) == truth(busy, with_refused=True)


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_private_is_in_an_export_not_even_its_seal(busy: Engine, format: str) -> None:
    text = exported(busy, format, with_refused=True)
    assert PHONE not in text
    assert "13900000001" not in text
    assert "sealed" not in text
    assert "phone" not in text
    assert "milk" in text


@pytest.mark.parametrize("format", FORMATS)
def test_how_staff_are_reached_is_in_no_export(busy: Engine, format: str) -> None:
    busy.save_person(Person(id="lin", name="Lin", roles=("agent",)), actor=ADMIN)
    busy.save_addresses("lin", {"phone": "13812345678", "email": "lin@desk.example"}, actor=ADMIN)
    text = exported(busy, format, with_refused=True)
    assert "lin" in text
    assert "13812345678" not in text
    assert "lin@desk.example" not in text


@pytest.mark.parametrize("format", FORMATS)
def test_an_export_can_be_of_one_process_and_of_a_time(busy: Engine, time: ManualTime, format: str) -> None:
    assert READERS[format](exported(busy, format, process="call")) == truth(busy, ("E-1.1",))
    time.move(DAY)
    later = open_errand(busy)
    assert READERS[format](exported(busy, format, since=NINE + DAY)) == truth(busy, (later,))
    assert READERS[format](exported(busy, format, until=NINE + DAY)) == truth(busy)
    assert READERS[format](exported(busy, format, process="parcel")) == set()


def test_a_child_is_an_object_that_its_parents_object_points_to(busy: Engine) -> None:
    objects = {one["id"]: one for one in json.loads(exported(busy, "ocel"))["objects"]}
    assert objects["E-1"]["relationships"] == [{"objectId": "E-1.1", "qualifier": "call"}]
    alone = json.loads(exported(busy, "ocel", process="errand"))
    check_ocel(alone)
    assert alone["objects"][0]["relationships"] == []


def test_values_come_back_as_they_are_but_for_what_xml_cannot_carry(busy: Engine) -> None:
    traces = {
        attributes(one)["concept:name"]: attributes(one) for one in read_xes(exported(busy, "xes")).iter(XES + "trace")
    }
    assert traces["E-3"]["case.what"] == NASTY.replace("\x1b", "\ufffd").replace("\ufffe", "\ufffd")
    assert traces["E-3"]["case.note"] == "first line\nsecond"
    assert traces["E-1"]["case.fee"] == 4.9
    lines = [json.loads(line) for line in exported(busy, "jsonl").splitlines()]
    assert [line["data"]["what"] for line in lines if line["type"] == "case" and line["case"] == "E-3"] == [NASTY]


def test_no_cell_of_a_spreadsheet_is_a_formula(busy: Engine) -> None:
    table = list(csv.reader(io.StringIO(exported(busy, "csv"), newline="")))
    cells = [cell for row in table for cell in row]
    assert not [
        cell for cell in cells if cell.strip().startswith(("=", "+", "@", "＝")) or (cell[:1] in "\t\r\n" and cell)
    ]
    assert "'=cmd|' /C calc'!A0" in cells


def test_a_field_that_was_made_private_later_is_private_in_what_was_before(engine: Engine) -> None:
    done(engine.open_case("errand", {"what": "a secret of old"}, actor=LIN))
    errand = sources()["processes/errand.yaml"].replace("version: 1", "version: 2").replace(
        "what:   {type: text, max: 40,", "what:   {type: text, max: 40, personal: true,"
    ).replace('summary: "{case.what}"\n', "").replace(", with: {what: =case.what}", "")  # fmt: skip
    engine.publish(sources(errand=errand), "errand", actor=ADMIN)
    for one in FORMATS:
        assert "a secret of old" not in exported(engine, one)


def test_a_field_of_another_type_in_an_earlier_version_is_told_as_text(engine: Engine) -> None:
    done(engine.open_case("errand", {"what": "tea", "fee": "4.90"}, actor=LIN))
    errand = sources()["processes/errand.yaml"].replace("version: 1", "version: 2").replace(
        "fee:    {type: money, min: 0,", "fee:    {type: integer, min: 0,"
    )  # fmt: skip
    engine.publish(sources(errand=errand), "errand", actor=ADMIN)
    lines = [json.loads(line) for line in exported(engine, "jsonl").splitlines()]
    assert [line["data"]["fee"] for line in lines if line["type"] == "case"] == ["4.90"]


def test_export_is_for_administrators_and_names_what_it_does_not_know(engine: Engine) -> None:
    for actor in (LIN, BOSS):
        with pytest.raises(NotPermitted, match="`admin`"):
            engine.export(Export(format="csv"), print, actor=actor)
    with pytest.raises(NotFound, match="errand"):
        engine.export(Export(format="csv", process="erand"), print, actor=ADMIN)
    with pytest.raises(UsageError, match="xes"):
        engine.export(Export(format="xs"), print, actor=ADMIN)  # type: ignore[arg-type]


@pytest.mark.parametrize("format", FORMATS)
def test_an_export_is_written_piece_by_piece(engine: Engine, format: str) -> None:
    """However many cases there are, no piece grows with them."""
    longest = []
    for _ in range(2):
        for _ in range(40):
            open_errand(engine)
        pieces: list[str] = []
        engine.export(Export(format=format), pieces.append, actor=ADMIN)  # type: ignore[arg-type]
        longest.append(max(map(len, pieces)))
        assert len(pieces) > 40
    assert longest[1] <= longest[0] + 20  # the ids have a digit more


READ_BY_PM4PY = """
import sys, json, pm4py, warnings
warnings.simplefilter("ignore")
log = pm4py.read_xes(sys.argv[1])
seen = [[c, int(n), a, round(t.timestamp() * 1000), r] for c, n, a, t, r in zip(
    log["case:concept:name"], log["number"], log["concept:name"], log["time:timestamp"], log["org:resource"])]
ocel = pm4py.read_ocel2_json(sys.argv[2])
pairs = dict(zip(ocel.relations["ocel:eid"], ocel.relations["ocel:oid"]))
met = [[pairs[e], int(n), a, round(t.timestamp() * 1000), r] for e, n, a, t, r in zip(
    ocel.events["ocel:eid"], ocel.events["number"], ocel.events["ocel:activity"], ocel.events["ocel:timestamp"],
    ocel.events["actor"])]
print("READ", json.dumps([seen, met]))
"""


READ_BY_RUSTXES = """
import sys, json, rustxes
from datetime import timezone
ms = lambda at: round(at.replace(tzinfo=timezone.utc).timestamp() * 1000)
log, _ = rustxes.import_xes(sys.argv[1])
seen = [[e["case:concept:name"], e["number"], e["concept:name"], ms(e["time:timestamp"]), e["org:resource"]]
        for e in log.to_dicts()]
ocel = rustxes.import_ocel_json(sys.argv[2])
pairs = {each["ocel:eid"]: each["ocel:oid"] for each in ocel["relations"].to_dicts()}
met = [[pairs[e["ocel:eid"]], e["number"], e["ocel:activity"], ms(e["ocel:timestamp"]), e["actor"]]
       for e in ocel["events"].to_dicts()]
print("READ", json.dumps([seen, met]))
"""


@pytest.mark.parametrize(
    ("name", "script"), [("PM4PY_PYTHON", READ_BY_PM4PY), ("RUSTXES_PYTHON", READ_BY_RUSTXES)], ids=["pm4py", "rustxes"]
)
def test_readers_of_others_read_the_same_cases_events_and_times(
    busy: Engine, tmp_path: Path, name: str, script: str
) -> None:
    python = os.environ.get(name)
    if python is None:
        pytest.skip("these weigh half a gigabyte each: `make mining` installs them beside, and runs this")
    files = []
    for kind, name in (("xes", "desk.xes"), ("ocel", "desk.json")):
        file = tmp_path / name
        file.write_text(exported(busy, kind), encoding="utf-8")
        files.append(str(file))
    ran = subprocess.run([python, "-c", script, *files], capture_output=True, text=True, check=True)
    told = json.loads(next(line for line in ran.stdout.splitlines() if line.startswith("READ ")).removeprefix("READ "))
    for read in told:
        assert {tuple(event) for event in read} == truth(busy)
