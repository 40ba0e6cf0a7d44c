"""A definition in words: conditions, times, people, in both languages."""

from __future__ import annotations

import pytest

from engine.expressions import Expression
from engine.fields import Field
from engine.model import Timer
from engine.moments import Every, Moment
from engine.words.acts import Act, act_said, possible_in
from engine.words.conditions import briefly, condition_said
from engine.words.handbook import handbook_of
from engine.words.phrases import PHRASES, WEEKDAYS
from engine.words.promises import promises
from engine.words.speech import Speech, every_action
from engine.words.times import every_said, moment_said, timer_said
from tests.drawing.shipped import shipped

MINUTE, DAY = 60_000, 86_400_000
YES_NO = Field(name="value", type="yes_no")


def acts_in(speech: Speech, name: str) -> tuple[Act, ...]:
    return tuple(act_said(speech, action) for action in possible_in(speech.definition, name))


def condition(text: str, *names: str) -> Expression:
    return Expression(text=text, type="yes_no", result=YES_NO, names=frozenset(names))


def told(process: str, language: str) -> Speech:
    return Speech(shipped()[process], language)


def test_every_phrase_is_there_in_both_languages_with_the_same_names() -> None:
    from string import Formatter

    for key, words in PHRASES.items():
        named = [{name for _text, name, _spec, _how in Formatter().parse(text) if name} for text in words.values()]
        assert set(words) == {"en", "zh"}, key
        assert named[0] == named[1], key
    assert {len(days) for days in WEEKDAYS.values()} == {7}


@pytest.mark.parametrize(
    ("process", "text", "english", "chinese"),
    [
        ("repair", "has(case.technician)", "“Technician” is given", "已填“维修工”"),
        ("repair", "!has(case.visit_at)", "“Agreed visit” is not given", "未填“约定上门时间”"),
        ("repair", "did.reject < 2", "“Not accepted, rework” fewer than 2 times so far", "“验收不通过，返修”不满 2 次"),
        ("repair", "did.reject <= 2", "“Not accepted, rework” fewer than 3 times so far", None),
        ("repair", "did.reject >= 2", "“Not accepted, rework” 2 times or more", "“验收不通过，返修”满 2 次"),
        ("repair", "form.visit_at > now", "“Agreed visit” > now", "“约定上门时间” > 现在"),
        # a text compared with a choice is called by its label, one compared with another field as it is
        ("complaint", "case.category == 'goods'", "“Category” is “Goods”", "“类别” 为 “商品”"),
        ("complaint", 'case.content == "goods"', "“Content” is “goods”", "“投诉内容” 为 “goods”"),
        (
            "complaint", "case.level == 'agent' || 'supervisor' in actor.roles",
            "“Handled by” is “an agent” or who acts is Service supervisor",
            "“处理层级” 为 “客服专员” 或 操作人是客服主管",
        ),
        ("refund", "days_since(case.received_on) <= 3 && !case.worn",
         "days since “Goods received on” ≤ 3 and not “Worn or used”", "距“收货日期”天数 ≤ 3 且 非 “已穿用”"),
        ("refund", "case.kind in ['partial', 'compensation']",
         "“What is asked for” is one of “Partial refund”, “Compensation”", "“诉求” 为“部分退款”、“补偿”之一"),
        ("refund", "case.postage > money('0.00')", "“Postage the customer advanced” > 0.00", None),
        ("repair", "clocks.dispatch.breached", "“Dispatched within 15 minutes” is missed", "“15 分钟内派工”已超时"),
        # a walk through a list reads better as it is written
        ("refund", "case.goods.all(g, g.quantity > 1)", "`case.goods.all(g, g.quantity > 1)`", None),
        ("repair", "case.nobody_knows == 1", "“nobody_knows” is 1", "“nobody_knows” 为 1"),
    ],
)  # fmt: skip
def test_a_condition_is_said_by_labels(process: str, text: str, english: str, chinese: str | None) -> None:
    assert condition_said(told(process, "en"), condition(text)) == english
    if chinese is not None:
        assert condition_said(told(process, "zh"), condition(text)) == chinese


def test_a_long_condition_is_said_by_what_it_depends_on() -> None:
    long = condition("case.goods.all(g, g.quantity > 1)", "case.goods", "actor.roles")
    assert briefly(told("refund", "en"), long, 72) == "depending on “Goods”"
    assert briefly(told("refund", "en"), condition("case.worn", "case.worn"), 72) == "if “Worn or used”"


@pytest.mark.parametrize(
    ("moment", "english", "chinese"),
    [
        (Moment(base="duration", text="15m", offset=15 * MINUTE), "15m", "15分"),
        (Moment(base="goal", text="goal - 5m", offset=-5 * MINUTE), "5m before the goal", "目标时间前5分"),
        (Moment(base="percent", text="80%", count=80), "80% of the time", "用时 80%"),
        (Moment(base="business_days", text="1 business_day", count=1), "1 working day", "1 个工作日"),
        (Moment(base="calendar_days", text="7 calendar_days", count=7), "7 days", "7 天"),
        (Moment(base="by", text="by 12:00", count=720), "the next 12:00", "下一个 12:00"),
        (Moment(base="end_of_month", text="end_of_month"), "the end of the month", "当月结束"),
        (
            Moment(base="field", text="case.visit_at + 2 business_days", field="visit_at", days=2, day_kind="business"),
            "2 working days after “Agreed visit”", "“约定上门时间”后2 个工作日",
        ),
    ],
)  # fmt: skip
def test_a_point_in_time_is_said(moment: Moment, english: str, chinese: str) -> None:
    assert moment_said(told("repair", "en"), moment) == english
    assert moment_said(told("repair", "zh"), moment) == chinese


@pytest.mark.parametrize(
    ("every", "english", "chinese"),
    [
        (Every(text="30m", length=30 * MINUTE), "every 30m", "每 30分"),
        (Every(text="48h", length=2 * DAY), "every 2 days", "每 2 天"),
        (Every(text="day at 09:00", unit="day", at=540), "every day at 09:00", "每天 09:00"),
        (Every(text="week on mon", unit="week", on=0, at=0), "every week on Monday at 00:00", "每周一 00:00"),
        (Every(text="month on 30", unit="month", on=30, at=540), "every month on day 30 at 09:00", "每月 30 日 09:00"),
    ],
)
def test_a_rhythm_is_said(every: Every, english: str, chinese: str) -> None:
    assert every_said(told("repair", "en"), every) == english
    assert every_said(told("repair", "zh"), every) == chinese


def test_a_timer_says_when_it_comes_first_then_how_often() -> None:
    hour = Moment(base="duration", text="1h", offset=60 * MINUTE)
    timer = Timer(name="t", state="s", after=hour, every=Every(text="30m", length=30 * MINUTE), max=6)
    assert timer_said(told("repair", "en"), timer) == "first after 1h, then every 30m, 6 times at most"
    assert timer_said(told("repair", "zh"), Timer(name="t", state="s", after=hour)) == "1小时后"


@pytest.mark.parametrize(("language", "said"), [("en", "at “Until”"), ("zh", "到“结束”时")])
def test_a_timer_at_the_instant_of_a_field_says_that_it_is_one(language: str, said: str) -> None:
    """`“Until”` alone was told of a timer, as if it were the name of something that people do."""
    speech = told("absence", language)
    timers = (timer for state in speech.definition.states.values() for timer in state.timers.values())
    assert said in [timer_said(speech, timer) for timer in timers]


@pytest.mark.parametrize(("language", "said"), [("en", "who opened it"), ("zh", "受理人")])
def test_who_opened_a_case_is_not_called_by_a_key_of_the_language(language: str, said: str) -> None:
    speech = told("absence", language)
    waited = [branch.value for state in speech.definition.states.values() for branch in state.waiting_on]
    assert said in [speech.people(who) for who in waited]


def test_what_may_be_done_in_a_state_is_its_own_then_the_group_s_then_the_top_s() -> None:
    acts = [act.name for act in acts_in(told("complaint", "en"), "judging")]
    assert acts[0] == "judge"
    assert {"hand_up", "note", "settle"} <= set(acts)
    assert acts.count("note") == 1
    assert [act.name for act in acts_in(told("repair", "en"), "closed")] == ["reopen"]


def test_a_guard_s_words_name_what_stands_there() -> None:
    dispatch = next(act for act in acts_in(told("repair", "en"), "reported") if act.name == "dispatch")
    assert dispatch.who == "Repair duty officer"
    assert "else refused: ‹Technician› is not on shift" in dispatch.terms
    assert dispatch.leads[0] == "leads to “Dispatched”"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_everything_shipped_can_be_told(language: str) -> None:
    for definition in shipped().values():
        speech = Speech(definition, language)
        acts = [act for state in definition.states for act in acts_in(speech, state)]
        texts = [text for act in acts for text in act.terms + act.leads]
        texts += [text for one in promises(speech) for text in (one.label, one.goal, *one.terms)]
        texts += [text for one in promises(speech) for rung in one.rungs for text in rung]
        assert all(text and "None" not in text for text in texts), definition.process
        assert {act.name for act in acts} == {action.name for action in every_action(definition)}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_handbook_has_a_page_for_every_state_and_every_promise(language: str) -> None:
    for definition in shipped().values():
        book = handbook_of(Speech(definition, language))
        assert [page.name for page in book.pages] == list(definition.states)
        assert [one.name for one in book.promises] == list(definition.clocks)
        for page in book.pages:
            assert page.meaning, (definition.process, page.name)


def test_a_page_says_what_the_clocks_do_in_its_state() -> None:
    book = handbook_of(told("repair", "en"))
    page = next(one for one in book.pages if one.name == "rescheduled")
    assert page.meaning[0] == "The case waits on Customer."
    assert page.itself == (
        "30m before “Agreed visit”: tells whose turn it is: “‹number›: the customer expects us at ‹Agreed visit›”; "
        "if “Technician” is given: leads to “Dispatched”; otherwise: leads to “Reported”",
    )
    here = {one.name: one.lines for one in page.clocks}
    assert here["dispatch"] == ("stands still here",)
    assert here["arrival"] == ("starts with “Agree another time”", "is kept by “On site”")


def test_a_group_s_word_holds_on_the_pages_of_its_states() -> None:
    pages = {page.name: page for page in handbook_of(told("complaint", "en")).pages}
    assert pages["handling"].acts == ()
    assert pages["judging"].meaning[0].startswith("The case waits on Agent (if “Handled by” is “an agent”)")
    assert "It is part of “In handling”; what holds there holds here, too." in pages["judging"].meaning
    assert (
        handbook_of(told("complaint", "en")).about[1]
        == "Never by the case's Person complained about, whatever is done."
    )
