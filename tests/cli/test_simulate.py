"""`simulate`: figures for people, machines and a browser; rosters compared; what is wrong, at its line."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from engine.cli.exits import Exit
from tests.cli.desks import run
from tests.simulation.desks import DESK, JOB

DAY = """process: job
days: 2
arrivals: [{per_hour: 9}]
opening: {as: agent}
actions: {finish: {takes: {exponential: 6m}}}
roster: [{role: agent, count: 1}]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("processes").mkdir()
    Path("processes/desk.yaml").write_text(DESK, "utf-8")
    Path("processes/job.yaml").write_text(JOB, "utf-8")
    Path("day.yaml").write_text(DAY, "utf-8")
    Path("two.yaml").write_text("roster: [{role: agent, count: 2}]\n", "utf-8")
    Path("three.yaml").write_text("roster: [{role: agent, count: 3}]\n", "utf-8")


def test_rosters_are_compared_and_a_page_is_written_that_stands_alone() -> None:
    rosters = ("--roster", "two.yaml", "--roster", "three.yaml")
    done = run("simulate", "job", "--assume", "day.yaml", *rosters, "-o", "p.html")
    assert done.code == Exit.DONE, done.err
    assert "two · " in done.out
    assert "three · " in done.out
    page = Path("p.html").read_text("utf-8")
    assert (
        '<span class="variant">three</span>' in page
    )  # on one line: two Chinese characters else stood one above the other
    assert page.count("<svg") == 2 + 2  # a bar for each roster's promise; a day for the line, and for the team
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    for picture in page.split("<svg")[1:]:
        ElementTree.fromstring("<svg" + picture.split("</svg>")[0] + "</svg>")


def test_lines_are_drawn_to_one_scale_and_its_variants_are_told_beside_it() -> None:
    Path("day.yaml").write_text(DAY.replace("per_hour: 9", "per_hour: 2"), "utf-8")
    rosters = ("--roster", "two.yaml", "--roster", "three.yaml")
    done = run("simulate", "job", "--assume", "day.yaml", *rosters, "-o", "p.html")
    assert done.code == Exit.DONE, done.err
    page = Path("p.html").read_text("utf-8")
    line, team = (picture for picture in page.split("<h3>")[1:])
    assert line.startswith(
        'Agent<span class="key" style="opacity:1.00"></span>two<span class="key" style="opacity:0.55"></span>three</h3>'
    )
    # less than one case is in line at any hour: on a scale of their own they would look like a crowd
    assert '<text class="most" x="2" y="12">1</text>' in line
    heights = [float(found) for found in re.findall(r'class="reached".*?height="([0-9.]+)"', line)]
    assert 0 < max(heights) < 45
    assert '<text class="most" x="2" y="12">100%</text>' in team


def test_in_chinese_nothing_stays_english_but_names() -> None:
    done = run("simulate", "job", "--assume", "day.yaml", "--lang", "zh", "-o", "p.html", language="zh")
    assert done.code == Exit.DONE, done.err
    text = done.out + Path("p.html").read_text("utf-8").partition("<body>")[2]
    for word in ("variant", "waits", "busy", "promise", "opened", "closed", "people", "day", "drawn"):
        assert word not in text, word


def test_the_same_seed_gives_the_same_words_and_another_seed_others() -> None:
    first, again, other = (run("simulate", "job", "--assume", "day.yaml", "--seed", seed).out for seed in "112")
    assert first == again
    assert first.replace("seed 1", "") != other.replace("seed 2", "")


def test_arrivals_of_the_past_and_days_are_taken_instead() -> None:
    Path("calls.csv").write_text("opened_at\n2026-03-02 09:00\n2026-03-02 09:01\n", "utf-8")
    done = run("simulate", "job", "--assume", "day.yaml", "--arrivals", "calls.csv", "--days", "8", "--json")
    assert (done.json["days"], done.json["variants"][0]["cases"]["opened"]) == (8, 4)


def test_two_versions_of_a_process_are_compared() -> None:
    Path("other").mkdir()
    Path("other/desk.yaml").write_text(DESK, "utf-8")
    Path("other/job.yaml").write_text(JOB.replace("goal: 15m", "goal: 2h"), "utf-8")
    done = run("simulate", "processes/job.yaml", "other/job.yaml", "--assume", "day.yaml", "--json")
    before, after = (one["promises"][0]["attained"] for one in done.json["variants"])
    assert before < after


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["job", "--assume", "no.yaml"], Exit.NOT_FOUND, "there is no file `no.yaml`"),
        (["nothing", "--assume", "day.yaml"], Exit.NOT_FOUND, "there is no process `nothing`"),
        (["job"], Exit.USAGE, "--assume"),
        (["job", "--assume", "two.yaml"], Exit.FAILED, "`actions` is missing"),
        (["job", "--assume", "wrong.yaml"], Exit.FAILED, "wrong.yaml:3:19: error[wrong-value]"),
        (["job", "--assume", "away.yaml"], Exit.FAILED, "`../day.yaml` cannot be read"),
    ],
)
def test_what_is_wrong_is_said(words: list[str], code: Exit, said: str) -> None:
    Path("wrong.yaml").write_text(DAY.replace("per_hour: 9", "past: nobody.csv"), "utf-8")
    Path("away.yaml").write_text(DAY.replace("per_hour: 9", "past: ../day.yaml"), "utf-8")
    done = run("simulate", *words)
    assert done.code == code
    assert said in done.out + done.err


def test_findings_are_a_document_for_machines() -> None:
    done = run("simulate", "job", "--assume", "two.yaml", "--json")
    assert done.json["errors"] == 3


def test_a_sample_is_written_and_can_be_played() -> None:
    written = run("simulate", "job", "--sample", "-o", "mine.yaml")
    assert (written.code, written.out) == (Exit.DONE, "wrote mine.yaml\n")
    assert run("simulate", "job", "--sample").out == Path("mine.yaml").read_text("utf-8")
    assert "# 以下都是猜测" in run("simulate", "job", "--sample", language="zh").out
    assert run("simulate", "job", "--assume", "mine.yaml").code == Exit.DONE
    again = run("simulate", "job", "--sample", "-o", "mine.yaml")
    assert (again.code, "is there already" in again.err) == (Exit.CONFLICT, True)


def test_without_assumptions_it_is_said_how_to_get_some() -> None:
    done = run("simulate", "job")
    assert (done.code, "nothing is assumed yet" in done.err, "--sample" in done.err) == (Exit.USAGE, True, True)


def test_rosters_of_one_name_are_told_apart_by_their_folders_and_one_given_twice_is_refused() -> None:
    Path("night").mkdir()
    Path("night/two.yaml").write_text("roster: [{role: agent, count: 1}]\n", "utf-8")
    rosters = ("--roster", "two.yaml", "--roster", "night/two.yaml")
    done = run("simulate", "job", "--assume", "day.yaml", *rosters)
    assert done.code == Exit.DONE, done.err
    assert "two.yaml · " in done.out
    assert "night/two.yaml · " in done.out
    twice = run("simulate", "job", "--assume", "day.yaml", "--roster", "two.yaml", "--roster", "./two.yaml")
    assert twice.code == Exit.USAGE
    assert "the roster `two.yaml` is given twice" in twice.err


def test_where_hardly_anything_waits_a_sentence_stands_in_place_of_an_empty_picture() -> None:
    Path("day.yaml").write_text(DAY.replace("count: 1", "count: 50"), "utf-8")
    done = run("simulate", "job", "--assume", "day.yaml", "-o", "p.html")
    assert done.code == Exit.DONE, done.err
    page = Path("p.html").read_text("utf-8")
    assert "Hardly anything waits for Agent." in page
    assert page.count("<svg") == 1 + 1  # the bar of the promise; the day of the team


def test_it_is_told_whose_work_waits_though_nobody_of_them_ever_comes() -> None:
    Path("processes/job.yaml").write_text(
        JOB.replace("by: [agent], to: over", "by: [agent, manager], to: over"), "utf-8"
    )
    done = run("simulate", "job", "--assume", "day.yaml")
    assert "nobody on the roster is Manager: what waits for them is left to others who may do it" in done.out


def test_people_come_by_any_calendar_of_the_desk_whether_the_process_uses_it_or_not() -> None:
    night = 'calendar: night\nlabel: {en: Night}\nweekly: {mon-sun: ["22:00-06:00"]}\n'
    Path("processes/calendars").mkdir(exist_ok=True)
    Path("processes/calendars/night.yaml").write_text(night, "utf-8")
    Path("processes/calendars/broken.yaml").write_text("calendar: [\n", "utf-8")
    Path("day.yaml").write_text(DAY.replace("count: 1}", "count: 1, calendar: night}"), "utf-8")
    done = run("simulate", "job", "--assume", "day.yaml", "--json")
    assert done.code == Exit.DONE, done.err + done.out
    Path("day.yaml").write_text(DAY.replace("count: 1}", "count: 1, calendar: broken}"), "utf-8")
    assert "the desk has no calendar `broken`" in run("simulate", "job", "--assume", "day.yaml").out


def test_a_team_with_an_error_is_not_told_to_be_missing_as_well() -> None:
    Path("day.yaml").write_text(DAY.replace("count: 1}", "count: 1, calendar: offce}"), "utf-8")
    done = run("simulate", "job", "--assume", "day.yaml")
    assert done.code == Exit.FAILED
    assert "the desk has no calendar `offce`" in done.out
    assert "nobody on the roster" not in done.out


@pytest.mark.parametrize(("language", "said"), [("en", "brought with “Ask”"), ("zh", "“Ask” 须附带事实")])
def test_why_something_is_refused_names_the_action_as_all_else_does(language: str, said: str) -> None:
    asked = "actions: {ask: {takes: 6m, with: {helper: expert_1}}, answer: {takes: 6m}}"
    Path("day.yaml").write_text(DAY.replace("actions: {finish: {takes: {exponential: 6m}}}", asked), "utf-8")
    done = run("simulate", "job", "--assume", "day.yaml", language=language)
    assert done.code == Exit.DONE, done.err
    assert said in done.out + done.err
