"""`convert` and `play`: written once, named what is lost, acted on line by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from tests.app.test_migrating import DESK, FIRST
from tests.cli.desks import run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("processes").mkdir()
    Path("processes/desk.yaml").write_text(DESK, "utf-8")
    Path("processes/job.yaml").write_text(FIRST, "utf-8")
    Path("steps.csv").write_text("state,event,target\nnew,take,done\n", "utf-8")


def test_a_table_becomes_a_process_in_the_desk_s_languages_and_is_not_written_over() -> None:
    done = run("convert", "steps.csv", "-o", "processes/steps.yaml")
    assert (done.code, done.out) == (Exit.DONE, "wrote processes/steps.yaml\n")
    assert 'label: {en: "New", zh: "New"}' in Path("processes/steps.yaml").read_text("utf-8")
    assert run("check", "processes/steps.yaml").code == Exit.DONE
    assert run("convert", "steps.csv", "-o", "processes/steps.yaml").code == Exit.CONFLICT


@pytest.mark.parametrize(("language", "label"), [("en", '{en: "New"}'), ("zh", '{zh: "New"}')])
def test_a_table_brings_a_small_desk_where_there_is_none(language: str, label: str) -> None:
    done = run("convert", "steps.csv", "-o", "own/steps.yaml", language=language)
    assert (done.code, "own/desk.yaml" in done.out) == (Exit.DONE, True)
    assert label in Path("own/steps.yaml").read_text("utf-8")
    assert run("check", "own", "--strict").code == Exit.DONE
    assert run("play", "own/steps.yaml", into="take\n").out.startswith("done")
    assert run("play", "own/steps.yaml", into="quit\ntake\n").out == ""  # what leaves a terminal leaves a pipe


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "a.csv",
            "x",
            "`a.csv` cannot be read: the first line of a table is `state,event,target` or `state,event,target,who`",
        ),
        ("a.txt", "x", "say what `a.txt` is: --from scxml, xstate or table"),
        ("a.scxml", "<scxml", "`a.scxml` cannot be read"),
        ("a.xlsx", "PK", "save its sheet as `CSV UTF-8`"),
    ],
)
def test_what_cannot_be_read_is_said(name: str, text: str, said: str) -> None:
    Path(name).write_text(text, "utf-8", "surrogateescape")
    done = run("convert", name)
    assert (done.code, said in done.err) == (Exit.USAGE, True), done.err


def test_what_is_lost_is_told_and_the_code_says_so() -> None:
    Path("a.scxml").write_text('<scxml><state id="a"><invoke/></state></scxml>', "utf-8")
    done = run("convert", "a.scxml")
    assert (done.code, done.err) == (Exit.FAILED, "line 1: not converted: `<invoke>`\n")
    assert done.out.startswith("# line 1: not converted: `<invoke>`\nprocess: a\n")


def test_what_is_lost_is_told_in_the_reader_s_language() -> None:
    Path("a.scxml").write_text('<scxml><state id="a"><onentry><log/></onentry></state></scxml>', "utf-8")
    done = run("convert", "a.scxml", language="zh")
    assert done.err == "第 1 行：未转换：进入 `a` 时的 `<log>`\n"
    Path("a.json").write_text('{"states" 1}', "utf-8")
    assert "：不是 JSON：第 1 行第 11 列：此处应有 `:`" in run("convert", "a.json", language="zh").err


def test_play_prints_what_is_active_after_each_line() -> None:
    lines = "# a comment\nopen what=lamp\ntake\nwait 31m\npark\nanswer\nclose as agent:lin\n"
    done = run("play", "job", into=lines)
    assert done.out.split() == ["waiting", "assigned", "assigned", "waiting", "waiting", "done"]
    assert done.code == Exit.DONE


def test_play_says_what_was_refused_and_goes_on() -> None:
    done = run("play", "job", into="take\nopen what=lamp\nopen\nfly\nwait soon\ntake so\ntake 'a\n", language="zh")
    assert done.out.split() == ["–", "waiting", "waiting", "waiting", "waiting", "waiting", "waiting"]
    assert done.code == Exit.REFUSED
    assert "缺少 `what`" in done.err
    assert "没有动作 `fly`" in done.err
    assert "`so` 不是 `字段=值`" in done.err


def test_play_goes_on_as_who_was_named_on_a_line() -> None:
    done = run("play", "job", into="open what=lamp\nas guest:mo\ntake\nas agent:lin\ntake\n")
    assert done.out.split() == ["waiting", "waiting", "waiting", "waiting", "assigned"]
    assert "`mo` (guest) may not do `take`" in done.err


def test_play_says_what_a_length_of_time_may_be_in_chinese_too() -> None:
    assert run("play", "job", into="open what=lamp\nwait 2d\n", language="zh").err.startswith("`2d` 可以有三种意思")


def test_play_says_how_a_case_is_opened_with_answers() -> None:
    assert "`open NAME=VALUE …` opens it" in run("play", "job", into="take\n").err
    assert "`open NAME=VALUE …` opens it" not in run("play", "job", into="open\n").err


def test_play_writes_a_document_for_each_line() -> None:
    done = run("play", "job", "--json", into="open what=lamp\nfly\n")
    first, second = (json.loads(line) for line in done.out.splitlines())
    assert first == {"line": "open what=lamp", "state": ["waiting"], "refused": []}
    assert (second["state"], len(second["refused"])) == (["waiting"], 1)


@pytest.mark.parametrize(("form", "begins"), [("bpmn", "<?xml"), ("scxml", "<?xml"), ("xstate", "{")])
def test_a_process_is_written_for_other_programs_and_what_they_do_not_read_is_named(form: str, begins: str) -> None:
    done = run("convert", "job", "--to", form)
    assert done.out.startswith(begins)
    assert "carried along unread, of the process: `version`, `prefix`" in done.err
    written = run("convert", "job", "--to", form, "-o", f"job.{form}")
    assert written.out == f"wrote job.{form}\n"
    assert Path(f"job.{form}").read_text("utf-8") == done.out
    assert run("convert", "job", "--to", form, "-o", f"job.{form}").code == Exit.CONFLICT


def test_what_would_behave_otherwise_fails_the_command_and_is_said_in_chinese_too() -> None:
    Path("processes/job.yaml").write_text(FIRST.replace("to: waiting}", "to: previous}", 1), "utf-8")
    done = run("convert", "job", "--to", "scxml", language="zh")
    assert "previous" in Path("processes/job.yaml").read_text("utf-8")
    assert (done.code, "未转换：`assigned` 的 `park` 所返回的 `previous`" in done.err) == (Exit.FAILED, True), done.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["job", "--to", "bpmn", "--from", "scxml"], Exit.USAGE, "one way: --from or --to"),
        (["jbo", "--to", "bpmn"], Exit.NOT_FOUND, "did you mean `job`?"),
        (["nowhere.csv"], Exit.USAGE, "there is no file `nowhere.csv`"),
    ],
)
def test_what_cannot_be_converted_is_said(words: list[str], code: Exit, said: str) -> None:
    done = run("convert", *words)
    assert (done.code, said in done.err) == (code, True), done.err


def test_what_a_case_would_tell_itself_too_deep_is_told_with_its_line_by_check_and_by_play() -> None:
    around = (
        f'<state id="{one}"><onentry><raise event="{one}{two}"/></onentry>'
        f'<transition event="{one}{two}" target="{two}"/><transition event="stop" target="over"/></state>'
        for one, two in ("ab", "ba")
    )
    Path("a.scxml").write_text(f'<scxml>{"".join(around)}<final id="over"/></scxml>', "utf-8")
    assert run("convert", "a.scxml", "-o", "processes/round.yaml").code == Exit.DONE
    assert "round.yaml:12:33: warning[tell-too-deep]: `ab` → `ba` → `ab`" in run("check", "processes/round.yaml").out
    done = run("play", "processes/round.yaml", into="open\n")
    assert (done.code, done.out) == (Exit.REFUSED, "a\n")
    assert done.err == "`ab` was not told, at line 12: `tell` goes 8 deep\n"
    assert json.loads(run("play", "processes/round.yaml", "--json", into="open\n").out)["refused"] == [done.err.strip()]


def test_a_table_in_chinese_gets_names_that_can_be_typed_and_keeps_its_labels() -> None:
    Path("报修.csv").write_text("状态,事件,目标,谁\n新报修,派工,已派工,值班员\n", "utf-8")
    wrong = run("convert", "报修.csv", "-o", "own/报修.yaml")
    assert (wrong.code, "say `-o own/bao_xiu.yaml`" in wrong.err) == (Exit.USAGE, True)
    assert run("convert", "报修.csv", "-o", "own/bao_xiu.yaml", language="zh").code == Exit.DONE
    text = Path("own/bao_xiu.yaml").read_text("utf-8")
    assert text.startswith('process: bao_xiu\nversion: 1\nprefix: BAO\nlabel: {zh: "报修"}\n')
    assert '  xin_bao_xiu:\n    label: {zh: "新报修"}\n    waiting_on: zhi_ban_yuan\n' in text
    assert run("check", "own", "--strict").code == Exit.DONE
    assert run("play", "own/bao_xiu.yaml", into="pai_gong\n").out == "yi_pai_gong\n"
