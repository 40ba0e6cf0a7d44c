"""What a Chinese reader sees: Chinese punctuation, one word for a case, labels instead of names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.cli.desks import REPORT, Ran, fields, run

HAN = r"[\u4e00-\u9fff]"
ODD = re.compile(rf"{HAN}[:;,] |[，。；：、（] |{HAN}[:;,](?={HAN})")
"""English punctuation after a Chinese character, or a blank after a Chinese sign."""


@pytest.fixture(autouse=True)
def wide(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")


def chinese(*words: str) -> Ran:
    return run("--lang", "zh", *words, language="zh")


WORDS = [
    ["open", "repair", "--as", "wang.fang", *fields("channel=fax", "member=maybe")],
    ["do", "R-1", "dispatch", "--as", "zhao.lei", *fields("technician=zhang.san", "slip=P-1")],
    ["do", "R-1", "dispatch", "--as", "zhao.lei", *fields("technician=li.wei", "bogus=1", "slip=P-1")],
    ["do", "R-1", "dispach", "--as", "zhao.lei"],
    ["do", "R-1", "arrive", "--as", "zhao.lei"],
    ["do", "R-1", "arrive", "--as", "gao.min"],
    ["do", "R-1", "--list", "--as", "li.wei"],
    ["show", "R-1", "--as", "wang.fang"],
    ["show", "R-9", "--as", "wang.fang"],
    ["history", "R-1", "--as", "wang.fang"],
    ["clock", "R-1", "--as", "wang.fang", "--explain"],
    ["list", "--as", "zhao.lei"],
    ["list", "--as", "zhao.lei", "--state", "reportd"],
    ["outbox", "--as", "boss"],
    ["doctor"],
    ["check"],
    ["test", "processes/return_visit.yaml", "--coverage"],
    ["audit", "verify"],
    ["actor"],
]


@pytest.mark.parametrize("words", WORDS, ids=[" ".join(words[:3]) for words in WORDS])
def test_signs_are_chinese_and_a_case_has_one_name(words: list[str]) -> None:
    assert chinese("open", "repair", "--as", "wang.fang", *fields(*REPORT)).code == 0
    done = chinese(*words)
    for line in (done.out + done.err).splitlines():
        assert not ODD.search(re.sub(" {2,}", "\n", line)), line
        assert "单子" not in line


def test_a_choice_is_given_and_refused_in_chinese() -> None:
    assert chinese("open", "repair", "--as", "wang.fang", *fields(*REPORT[1:-1], "channel=电话", "member=是")).code == 0
    done = chinese("open", "repair", "--as", "wang.fang", *fields(*REPORT[1:], "channel=fax"))
    assert "`channel` 应为以下之一：`phone` 电话、`online` 网络" in done.err
    assert "[表单]" in done.err


def test_what_is_read_on_the_screen_may_be_typed() -> None:
    assert chinese("open", "维修派工", "--as", "wang.fang", *fields(*REPORT)).code == 0
    answers = fields("technician=li.wei", "slip=P-1")
    assert chinese("do", "R-1", "派工", "--as", "zhao.lei", *answers).out.startswith("R-1 已报修 → 已派工")
    narrowed = chinese("list", "--all", "--process", "维修派工", "--state", "已派工", "--as", "zhao.lei")
    assert "R-1" in narrowed.out
    assert "现在可以" in chinese("do", "R-1", "顾客接受报价", "--as", "wang.fang").err  # an action of another state
    assert "R-1" not in chinese("list", "--all", "--queue", "客服专员", "--as", "zhao.lei").out


def test_a_field_and_a_role_may_be_typed_as_they_are_read() -> None:
    """The answers shown as `渠道 电话` were refused where they were typed so; the roles of people were as well."""
    asked = fields("渠道=电话", "顾客/业主=吴敏", "电话=13900000000", "地点=3-201", "报修内容＝灯不亮", "会员=否")
    opened = chinese("open", "维修派工", "--as", "wang.fang", *asked)
    assert opened.out.startswith("R-1 立案 → 已报修 · 渠道 电话 · 报修内容 灯不亮 · 会员 否")
    sent = chinese("do", "R-1", "派工", "--as", "zhao.lei", *fields("维修工=li.wei", "派工单号=P-1"))
    assert sent.out.startswith("R-1 已报修 → 已派工 · 维修工 li.wei · 派工单号 P-1")
    twice = chinese("open", "维修派工", "--as", "wang.fang", *asked, *fields("channel=online"))
    assert "`-f channel` 给了两次" in twice.err
    unknown = chinese("do", "R-1", "到场", "--as", "li.wei", *fields("心情=好"))
    assert "`心情`" in unknown.err
    lacking = chinese("party", "add", "C-17", "--as", "wang.fang", *fields("级别=vip"))
    assert lacking.err == "错误：缺少 `name`；缺少 `phone`\n提示：登记册的字段：`class`、`name`、`phone`\n"
    kept = chinese("party", "add", "C-17", "--as", "wang.fang", *fields("级别=vip", "姓名=吴敏", "电话=139"))
    assert kept.code == 0, kept.err
    assert chinese("actor", "add", "zhou.er", "--role", "客服专员", "--as", "boss").out == "zhou.er：客服专员\n"
    changed = chinese("actor", "change", "zhou.er", "--give", "维修工", "--take", "客服专员", "--as", "boss")
    assert changed.out == "zhou.er：维修工\n"


def test_a_length_of_time_that_is_none_is_refused_in_chinese() -> None:
    done = chinese("list", "--due-within", "明天")
    assert done.code == 2
    assert done.err.splitlines()[-1].startswith("错误：--due-within 的值无效：`明天` 不是时长")


def test_a_label_that_several_states_bear_asks_which() -> None:
    done = chinese("list", "--all", "--state", "已申请", "--as", "gao.ming")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("错误：有多个名为 `已申请`：`")


def test_what_the_engine_links_and_erases_is_called_in_chinese() -> None:
    for _ in range(2):
        chinese("open", "repair", "--as", "wang.fang", *fields(*REPORT))
    chinese("merge", "R-2", "R-1", "--as", "wang.fang")
    assert "\n  并入：R-1\n" in chinese("show", "R-2", "--as", "wang.fang").out
    erased = chinese("privacy", "erase", "R-1", "--reason", "顾客要求", "--yes", "--as", "boss")
    assert erased.out.startswith("R-1：已抹除 顾客/业主、电话、地点")


def test_roles_goals_and_statuses_are_said_in_chinese() -> None:
    chinese("open", "repair", "--as", "wang.fang", *fields(*REPORT))
    refused = chinese("do", "R-1", "dispatch", "--as", "zhao.lei", *fields("technician=zhang.san", "slip=P-1"))
    assert "服务台没有 `zhang.san`；此处须为维修工" in refused.err
    chinese("do", "R-1", "dispatch", "--as", "zhao.lei", *fields("technician=li.wei", "slip=P-1"))
    clocks = chinese("clock", "R-1", "--as", "wang.fang").out
    assert "20分" in clocks
    assert "end_of_day" not in clocks
    assert "待发" in chinese("outbox", "--as", "boss").out
    assert "派工 被拒：表单 维修工" in chinese("history", "R-1", "--as", "wang.fang").out


def test_history_tells_a_guard_by_what_it_says_when_it_refuses() -> None:
    chinese("open", "repair", "--as", "wang.fang", *fields(*REPORT))
    answers = fields("technician=li.wei", "slip=P-1")
    refused = chinese("do", "R-1", "dispatch", "--as", "zhao.lei", *answers, "--fact", "on_shift=ma.chao")
    assert "li.wei 不在班" in refused.err
    assert "派工 被拒：‹维修工› 不在班" in chinese("history", "R-1", "--as", "wang.fang").out


@pytest.mark.parametrize("words", [(), ("draw",), ("test",), ("outbox",), ("report", "sla")])
def test_help_is_laid_out_by_the_columns_that_characters_take(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    page = chinese(*words, "--help").out
    assert "\n选项：\n" in page
    terms = re.findall(
        r"^  (?:-\S+|[a-z]+)(?: \S+)*?  +(?=\S)", page.partition("\n选项：\n")[2].partition("\n\n")[0], re.M
    )
    assert len({cell_len(term) for term in terms}) == 1, "the meanings begin in one column"
    assert all(cell_len(line) <= 80 for line in page.splitlines() if "casewright " not in line)
