"""`report PROCESS`: what a process measures, for people in two languages, machines and spreadsheets."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.cli.desks import Ran, run

pytestmark = pytest.mark.usefixtures("desk")

KEYS = """
process: keys
version: 1
prefix: KEY
label: {en: Keys, zh: 钥匙}
calendar: always
initial: lent
fields:
  room:   {type: text, label: {en: Room, zh: 房间}}
  fee:    {type: money, label: {en: Fee, zh: 押金}}
  wait:   {type: duration, label: {en: Wait, zh: 等待}}
opening: {by: [agent], form: {require: [room, member], allow: [fee, wait, phone]}}
measures:
  lent:    {label: {en: Lent, zh: 借出次数}, count: true, per: [room, month]}
  members: {label: {en: To members, zh: 借给会员}, share: case.member, per: [room], target: 60%}
  fees:    {label: {en: Fees, zh: 押金合计}, sum: case.fee, per: [month]}
  mean:    {label: {en: Mean fee, zh: 平均押金}, average: case.fee}
  waits:   {label: {en: Waits, zh: 等待合计}, sum: case.wait}
  book:    {label: {en: Book, zh: 借用登记}, list: [room, member, fee, state, opened_at], per: [day]}
states:
  lent:
    label: {en: Lent out, zh: 已借出}
    waiting_on: agent
    actions: {back: {label: {en: Back, zh: 归还}, by: [agent], to: done}}
  done: {label: {en: Done, zh: 已归还}, final: done}
"""


@pytest.fixture(scope="module")
def template(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three keys lent: two to members, with fees of 10.00 and 5.50, one to a guest."""
    desk = Path(shutil.copytree(template, tmp_path_factory.mktemp("template") / "desk"))
    rows = [("205", True, "10.00", "90m"), ("205", True, "5.50", "30m"), ("=1+1", False, None, None)]
    lines = []
    for number, (room, member, fee, wait) in enumerate(rows):
        form = {"room": room, "member": member, "phone": "139"} | ({"fee": fee, "wait": wait} if fee else {})
        line = {"at": f"2026-03-0{number + 1} 09:00", "as": "agent:wang.fang", "case": str(number), "open": "keys"}
        lines.append(json.dumps(line | {"form": form}))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(desk)
        Path("processes/keys.yaml").write_text(KEYS, "utf-8")
        Path("keys.jsonl").write_text("\n".join(lines), "utf-8")
        assert run("publish", "processes/keys.yaml", "--as", "boss").code == 0
        done = run("import", "keys.jsonl", "--as", "boss")
        assert done.code == 0, done.err
    return desk


def report(*words: str, language: str = "en", who: str = "wang.fang") -> Ran:
    done = run("--lang", language, "report", *words, "--as", who, language=language)
    assert done.code == 0, done.err
    return done


def test_a_count_is_broken_down_and_summed_up() -> None:
    lines = report("keys", "lent").out.splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["Room", "month", "cases"], ["205", "2026-03", "2"], ["=1+1", "2026-03", "1"], ["together", "3"],
    ]  # fmt: skip


def test_a_share_stands_beside_its_target_with_a_sign() -> None:
    lines = report("keys", "members").out.splitlines()
    assert any(re.fullmatch(r"✓   205 +100\.0% +60% +2", line) for line in lines)
    assert any(re.fullmatch(r"!!  =1\+1 +0\.0% +60% +1", line) for line in lines)
    assert lines[-1] == "!! below its target"


def test_money_and_durations_read_as_people_write_them() -> None:
    assert "15.50" in report("keys", "fees").out
    assert "7.75" in report("keys", "mean").out
    assert "2h" in report("keys", "waits").out
    assert "1 case without a value is not counted" in report("keys", "fees").out


def test_machines_get_exact_figures() -> None:
    found = {one["name"]: one for one in report("keys", "--json").json["measures"]}
    assert found["fees"]["total"] == {"group": {}, "value": "15.50", "cases": 2, "unset": 1, "is_on_target": None}
    assert found["waits"]["total"]["value"] == {"seconds": 7200, "text": "2h"}
    assert found["lent"]["total"]["value"] == 3
    first = found["book"]["cases"][0]
    assert (first["room"], first["member"], first["fee"], first["state"]) == ("205", True, "10.00", "lent")
    assert first["opened_at"].startswith("2026-03-01T09:00:00.000")  # in the desk's own zone


def test_a_register_says_how_much_of_it_is_shown() -> None:
    done = report("keys", "book", "--limit", "1")
    assert "showing 1 of 3" in done.out
    assert "Lent out" in done.out


def test_a_spreadsheet_holds_one_measure_and_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(report("keys", "book", "--csv", "-").out)))
    assert [row["room"] for row in rows] == ["205", "205", "'=1+1"]
    done = run("report", "keys", "--csv", "-", "--as", "boss")
    assert (done.code, "a spreadsheet holds one measure" in done.err) == (2, True)


def test_who_may_not_read_the_cases_sees_nothing_of_them() -> None:
    done = report("keys", "book", who="li.wei")
    assert "205" not in done.out
    assert "3 more are not for you to read" in done.out


def test_private_values_stand_nowhere() -> None:
    assert "139" not in report("keys").out + report("keys", "--json").out


@pytest.mark.parametrize("width", [60, 100])
def test_a_chinese_reader_sees_aligned_chinese(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    text = report("keys", language="zh").out
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert set(re.findall(r"[a-z]{3,}", text)) == set(), text


def test_the_name_of_a_process_is_enough() -> None:
    assert report("keys").out == report("measures", "keys").out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [(["key"], 3, "`keys`"), (["keys", "lnt"], 3, "`lent`"), (["keys", "--month", "3"], 2, "a month is written")],
)
def test_what_cannot_be_done_is_said_in_a_sentence(words: list[str], code: int, told: str) -> None:
    done = run("report", *words, "--as", "boss")
    assert (done.code, told in done.err) == (code, True), done.err
