"""`report sla`: for people in two languages, for machines, for spreadsheets, and as a page."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from engine.cli.reports.figures import percent
from engine.exports.rows import safe_cell
from tests.cli.desks import Ran, run

pytestmark = pytest.mark.usefixtures("desk")

FORM = {"channel": "phone", "customer": "Wu", "phone": "139", "place": "3-201", "fault": "no light", "member": False}
FACTS = {"on_shift": ["li.wei"], "certified": ["li.wei"]}


def day(case: str, opened: str, sent: str) -> str:
    """The lines of an import that open a repair and send li.wei."""
    lines = [
        {"at": f"2026-03-02 {opened}", "as": "agent:wang.fang", "case": case, "open": "repair", "form": FORM},
        {
            "at": f"2026-03-02 {sent}", "as": "dispatcher:zhao.lei", "case": case, "do": "dispatch",
            "form": {"technician": "li.wei", "slip": "P-1"}, "facts": FACTS,
        },
    ]  # fmt: skip
    return "".join(f"{json.dumps(line)}\n" for line in lines)


@pytest.fixture(scope="module")
def template(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two repairs of one Monday: one was dispatched after 5 minutes, one after 25; nobody ever came."""
    desk = Path(shutil.copytree(template, tmp_path_factory.mktemp("template") / "desk"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(desk)
        lines = day("a", "09:00", "09:05") + day("b", "10:00", "10:25")
        Path("day.jsonl").write_text(lines, "utf-8")
        done = run("import", "day.jsonl", "--as", "boss")
        assert done.code == 0, done.err
    return desk


def sla(*words: str, language: str = "en") -> Ran:
    done = run("--lang", language, "report", "sla", *words, language=language)
    assert done.code == 0, done.err
    return done


def test_a_report_shows_counts_target_and_attainment_together() -> None:
    lines = sla("--process", "repair", "--month", "2026-03").out.splitlines()
    text = "\n".join(lines)
    assert "Repair dispatch\nPromises, 2026-03-01 00:00 to 2026-04-01 00:00\n" in text
    assert re.search(r"Dispatched within 15 minutes +50\.0% +1 +1$", text, re.M)
    assert re.search(r"^!!  Repaired the same day +0\.0% +95% +2$", text, re.M)
    assert "!! below its target" in text


def test_used_time_lateness_and_on_whom_it_was_spent_are_told() -> None:
    text = sla("--clock", "dispatch").out
    assert re.search(r"Dispatched within 15 minutes +5m +25m +25m +10m +10m +10m", text)
    assert re.search(r"Repair duty officer +waited on +30m +100\.0% +25m", text)


def test_a_time_without_promises_says_so() -> None:
    done = sla("--until", "2026-03-01")
    assert "there is no promise in this time" in done.err


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_longer_than_the_screen_and_every_column_stands_in_line(
    language: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = sla("--process", "repair", language=language).out.splitlines()
    assert max(cell_len(line) for line in lines) <= width
    if width == 120:
        ends = {cell_len(line[: _end_of_percent(line)]) for line in lines[3:7]}
        assert len(ends) == 1


def _end_of_percent(line: str) -> int:
    found = re.search(r"\d\.\d%", line)
    assert found, line
    return found.end()


def test_a_chinese_reader_sees_no_english() -> None:
    text = sla("--process", "repair", "--by", "clock,role,person,month", language="zh").out
    words = set(re.findall(r"[a-z]{3,}", text)) - {"wei", "lei", "zhao"}
    assert words == set(), text


def test_json_tells_every_figure_of_every_group() -> None:
    [group] = sla("--clock", "dispatch", "--by", "clock,month", "--json").json["groups"]
    assert group["group"]["clock"] == {"name": "dispatch", "label": "Dispatched within 15 minutes"}
    assert group["group"]["month"]["name"] == "2026-03"
    assert (group["attained"], group["counts"]["met"], group["counts"]["breached"]) == (0.5, 1, 1)
    assert group["used"]["p50"] == {"seconds": 300, "text": "5m"}
    assert group["spent"]["waiting_on"] == {"role:dispatcher": {"seconds": 1800, "text": "30m"}}


def test_a_spreadsheet_has_the_same_columns_in_every_language() -> None:
    english, chinese = (
        list(csv.DictReader(io.StringIO(sla("--clock", "dispatch", "--csv", "-", language=language).out)))
        for language in ("en", "zh")
    )
    assert english[0].keys() == chinese[0].keys()
    assert (english[0]["attained"], english[0]["used_p90_seconds"]) == ("0.5", "1500.0")
    assert chinese[0]["clock_label"] == "15 分钟内派工"


def test_a_spreadsheets_file_is_marked_as_utf_8() -> None:
    assert "written to p.csv" in sla("--csv", "p.csv").err
    assert Path("p.csv").read_bytes().startswith(b"\xef\xbb\xbfprocess,process_label,clock")


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"), ("li.wei", "li.wei"), (-1.5, "-1.5"), (7, "7"), (None, ""), (True, "True"),
    ],
)  # fmt: skip
def test_no_text_becomes_a_formula(value: object, cell: str) -> None:
    assert safe_cell(value) == cell


@pytest.mark.parametrize(
    ("share", "text"), [(0.94999, "94.9%"), (0.95, "95.0%"), (1.0, "100.0%"), (0.9999, "99.9%"), (0.0, "0.0%")]
)
def test_a_share_is_never_rounded_up(share: float, text: str) -> None:
    assert percent(share) == text


class Page(HTMLParser):
    """What a page holds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "rect", "line"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("rect", "line"):
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_is_complete_in_itself_and_tells_what_the_table_tells(language: str) -> None:
    sla("--process", "repair", "--html", "page.html", language=language)
    page = Page(Path("page.html").read_text("utf-8"))
    assert page.open == []
    assert "svg" in page.tags
    assert not {"script", "link", "img", "iframe"}.intersection(page.tags)
    assert not [value for name, value in page.attributes if name in ("src", "href", "onclick")]
    assert {"en": "▼ below target", "zh": "▼ 未达目标"}[language] in page.text
    assert "50.0%" in page.text
    if language == "zh":
        assert not set(re.findall(r"[a-z]{3,}", page.text)) - {"wei", "lei", "zhao"}


def test_names_cannot_bring_marks_into_a_page(desk: Path) -> None:
    file = desk / "processes" / "repair.yaml"
    text = file.read_text("utf-8").replace("Dispatched within 15 minutes", "<script>alert(1)</script>&")
    file.write_text(text, "utf-8")
    assert run("publish", "processes/repair.yaml", "--as", "boss").code == 0
    sla("--process", "repair", "--html", "page.html")
    assert "script" not in Page(Path("page.html").read_text("utf-8")).tags


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--by", "moon"], 2, "`moon` is none of process, clock, role, person, month"),
        (["--month", "2026-13"], 2, "a month is written like 2026-03: 2026-13"),
        (["--month", "2026-03", "--from", "2026-03-01"], 2, "say either --month or --from and --until"),
        (["--until", "soon"], 2, "--until"),
        (["--process", "repai"], 3, "`repair`"),
        (["--clock", "dispach"], 3, "`dispatch`"),
        (["--html", "nowhere/page.html"], 1, "nowhere/page.html"),
        (["--csv", "nowhere/page.csv"], 1, "nowhere/page.csv"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(words: list[str], code: int, told: str) -> None:
    done = run("report", "sla", *words)
    assert (done.code, told in done.err) == (code, True), done.err


def span(found: Any) -> tuple[str, str]:
    """From when until when, in the desk's own zone."""
    zone = found["since"][23:]
    assert found["until"].endswith(zone)
    return found["since"].removesuffix(zone), found["until"].removesuffix(zone)


def test_a_month_ends_with_its_last_day_and_a_year_with_december() -> None:
    found = sla("--month", "2026-12", "--json").json
    assert span(found) == ("2026-12-01T00:00:00.000", "2027-01-01T00:00:00.000")
    found = sla("--from", "2026-03-02", "--until", "2026-03-02", "--json").json
    assert span(found) == ("2026-03-02T00:00:00.000", "2026-03-03T00:00:00.000")
    assert json.dumps(found["groups"]) != "[]"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_stands_beside_the_record_is_told_in_the_spreadsheet_and_on_the_page(language: str) -> None:
    goal = {
        "process": "repair", "clocks": ["dispatch"], "from": "2026-03-02", "until": "2026-03-03", "goal": "30m",
        "reason": "agreed", "approver": "sun.qiang",
    }  # fmt: skip
    Path("goal.json").write_text(json.dumps(goal), "utf-8")

    def cells() -> dict[str, list[str]]:
        rows = csv.DictReader(io.StringIO(sla("--process", "repair", "--csv", "-", language=language).out))
        return {row["clock"]: [value for name, value in row.items() if name.startswith("adjusted_")] for row in rows}

    head = {"en": "With declared interruptions and corrections", "zh": "计入已宣布的中断与更正"}[language]
    sla("--html", "before.html", language=language)
    assert head not in Path("before.html").read_text("utf-8")
    assert set(map(tuple, cells().values())) == {("", "", "", "")}
    assert run("correct", "goal.json", "--as", "boss", "--yes").code == 0
    assert cells() | {"dispatch": []} == {key: ["", "", "", ""] for key in cells()} | {"dispatch": []}
    assert cells()["dispatch"] == ["1.0", "2", "0", "0"]
    sla("--html", "after.html", language=language)
    page = Page(Path("after.html").read_text("utf-8"))
    assert page.open == []
    assert head in page.text
    assert "100.0%50.0%2" in page.text
    assert head in sla("--process", "repair", language=language).out
