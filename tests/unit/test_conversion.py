"""What a chart says that a process cannot is named with its line; what is no chart is refused."""

from __future__ import annotations

import pytest
import yaml

from engine.conversion.drawn import Misread
from engine.conversion.naming import TAKEN, Names
from engine.conversion.scxml import read_scxml
from engine.conversion.table import read_table
from engine.conversion.written import Wanted, written
from engine.conversion.xstate import read_xstate


def scxml(body: str) -> str:
    return f'<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0">\n{body}\n</scxml>'


def unsaid(body: str) -> list[tuple[int, str]]:
    return [tuple(one) for one in written(read_scxml(scxml(body)), Wanted("chart")).unsaid]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<state id="a"><onentry><log/></onentry></state>', "`<log>` on entering `a`"),
        ('<state id="a"><onexit><script/></onexit></state>', "`<script>` on leaving `a`"),
        ('<datamodel/><state id="a"/>', "`<datamodel>`"),
        ('<state id="a"><invoke/></state>', "`<invoke>`"),
        ('<state id="a"><transition event="e" target="a"><assign location="x"/></transition></state>',
         "`<assign>` of a transition"),
        ('<parallel id="p"><state id="l"><onexit><raise event="f"/></onexit><transition event="e" target="z"/></state>'
         '<state id="r"><transition event="e" target="z"><raise event="f"/></transition></state></parallel>'
         '<state id="z"><transition event="f" target="p"/></state>',
         "the order of what `l` raises on leaving and another region on `e`"),
        ('<state id="g"><onentry><send event="t" delay="1s" id="i"/></onentry><onexit><cancel sendid="i"/></onexit>'
         '<transition event="t" target="z"/><transition event="e" target="a"/><state id="a"/></state><state id="z"/>',
         "that `g` leaves `g` and enters it anew: ours stays in it"),
        ('<parallel id="p"><transition event="e" target="l2"/><state id="l"><state id="l1"/><state id="l2"/></state>'
         '<state id="r"/></parallel>', "that `p` leaves `p` and enters it anew: ours stays in it"),
        ('<state id="a"><onentry><raise event="e.x"/></onentry><transition event="e" target="a"/></state>',
         "raising `e.x`, for which a transition on the beginning of its name waits"),
        ('<state id="a"><transition event="e" cond="x &gt; 1" target="a"/></state>',
         "the condition `x > 1`, and so its transition"),
        ('<state id="a"><transition event="*" target="a"/></state>', "`*` in `a`: an event is named in full"),
        ('<state id="a"><transition event="e" target="b"/></state>',
         "`b` is no state of the chart, and so a transition of `a`"),
        ('<state id="a"><transition event="e" target="b c"/></state><state id="b"/><state id="c"/>',
         "several targets of one transition of `a`: b, c"),
        ('<state id="a"><onentry><send event="t" delay="1s"/></onentry><transition event="t" target="a"/></state>',
         "that `t` still comes after the state is left: a timer ends with its state"),
        ('<state id="a"><onentry><send event="t" delay="1s" id="i"/></onentry><onexit><cancel sendid="i"/></onexit>'
         "</state>", "the delayed event `t`, which the state that sends it does not wait for"),
        ('<parallel id="p"><history id="h" type="deep"/><state id="a"/><state id="b"/></parallel>'
         '<state id="z"><transition event="e" target="h"/></state>',
         "the history `h`: it would remember several states at once"),
    ],
)  # fmt: skip
def test_what_a_process_cannot_say_is_named_with_its_line(body: str, said: str) -> None:
    assert unsaid(body) == [(2, said)]


def test_what_a_machine_raises_on_exit_is_told_with_every_way_out() -> None:
    machine = """{"states": {"a": {"exit": {"type": "xstate.raise", "params": {"event": {"type": "LEFT"}}},
      "on": {"E": "b", "F": "b"}}, "b": {"on": {"LEFT": "a"}}}}"""
    made = written(read_xstate(machine), Wanted("chart"))
    assert made.unsaid == ()
    assert made.yaml.count("to: [{is: b, then: [{tell: self, do: left}]}]") == 2


def test_a_delayed_event_becomes_a_timer_exact_to_the_millisecond() -> None:
    body = (
        '<state id="a"><onentry><send event="t" delay="1.25s" id="i"/></onentry><onexit><cancel sendid="i"/></onexit>'
        '<transition event="t" target="b"/></state><state id="b"/>'
    )
    assert "after_1: {after: 1.250s, to: b}" in written(read_scxml(scxml(body)), Wanted("chart")).yaml


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('<!DOCTYPE scxml [<!ENTITY x "y">]><scxml/>', "line 1: a document type is not read; take it away"),
        ("<scxml>", "this is not XML"),
        ("<html/>", "line 1: the outermost element is `html`, not `scxml`"),
        ("<scxml>" + "<state>" * 300 + "</state>" * 300 + "</scxml>", "more than 200 elements one inside the other"),
    ],
)
def test_what_is_no_scxml_is_refused(text: str, said: str) -> None:
    with pytest.raises(Misread, match=said):
        read_scxml(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the table has no line; its first one is `state,event,target`"),
        ("a,b\n", "the first line of a table is `state,event,target` or `state,event,target,who`, not `a,b`"),
        ("state,event,target\n", "the table has no line but its first"),
        ("state,event,target\na,b\n", "line 2: a line has a state, an event and a target"),
        ("state,event,target\na,b,c,d\n", "line 2: a line has a state, an event and a target"),
    ],
)
def test_what_is_no_table_is_refused(text: str, said: str) -> None:
    with pytest.raises(Misread, match=said):
        read_table(text)


@pytest.mark.parametrize("divider", [",", ";", "\t"])
def test_a_table_is_read_as_spreadsheets_write_it(divider: str) -> None:
    text = "状态,事件,目标\n已受理,处理,已办结\n".replace(",", divider)
    made = written(read_table(text), Wanted("chart", ("zh",)))
    assert made.states == {"已受理": "yi_shou_li", "已办结": "yi_ban_jie"}
    assert made.events == {"处理": "chu_li"}
    assert made.roles == {}


@pytest.mark.parametrize(
    ("theirs", "name"),
    [
        ("待回访", "dai_hui_fang"),  # as it is typed
        ("重新派工", "chong_xin_pai_gong"),  # by the word: the same sign begins 重要, zhong yao
        ("银行", "yin_hang"),
        ("绿色VIP通道2", "lv_se_vip_tong_dao_2"),
        ("waitingPart", "waiting_part"),
        ("prüfen", "pruefen"),
        ("３号窗口", "s_3_hao_chuang_kou"),
        ("—", "state_1"),
        ("很" * 40, "_".join(["hen"] * 12)),  # no syllable is cut in two
        ("opening", "opening_2"),
    ],
)
def test_what_is_called_otherwise_elsewhere_gets_a_name_that_can_be_typed_and_guessed(theirs: str, name: str) -> None:
    assert Names(TAKEN).of(theirs) == name


def test_two_that_sound_alike_have_two_names() -> None:
    names = Names()
    assert [names.of("以关"), names.of("已关"), names.of("以关")] == ["yi_guan", "yi_guan_2", "yi_guan"]


def test_a_table_that_says_who_becomes_a_process_of_their_roles() -> None:
    """The table on paper of every desk says who does it, and was refused for that."""
    lines = ("asked,approve,approved,Librarian", "approved,hand out,lent,clerk / Librarian", "lent,give back,back")
    made = written(read_table("\n".join(("state,event,target,who", *lines)) + "\n"), Wanted("loan"))
    assert made.roles == {"Librarian": "librarian", "clerk": "clerk", "agent": "agent"}
    process = yaml.safe_load(made.yaml)
    assert process["opening"] == {"by": ["librarian"]}
    assert [state.get("waiting_on") for state in process["states"].values()] == ["librarian", "clerk", "agent", None]
    assert process["states"]["approved"]["actions"]["hand_out"]["by"] == ["clerk", "librarian"]


@pytest.mark.parametrize(
    "text",
    [
        "State,Action,Next state,Role\na,go,b,clerk\n",
        "From;Event;To;By\na;go;b;clerk\n",
        "当前状态\t动作\t下一状态\t由谁\na\tgo\tb\tclerk\n",
        "状态,操作,新状态\na,go,b\n",
    ],
)
def test_the_columns_of_a_table_are_called_as_people_call_them(text: str) -> None:
    assert [node.id for node in read_table(text).root.children] == ["a", "b"]


def test_a_second_target_in_a_table_is_named() -> None:
    made = written(read_table("state,event,target\na,go,b\na,go,c\n"), Wanted("chart"))
    assert [tuple(one) for one in made.unsaid] == [(3, "a second target of `go` in `a`: say which counts when")]


@pytest.mark.parametrize("text", ["[]", "{", '{"states": 1}'])
def test_what_is_no_machine_is_refused(text: str) -> None:
    with pytest.raises(Misread):
        read_xstate(text)


def test_of_a_machine_actions_and_guards_by_name_are_named() -> None:
    machine = """{"states": {"a": {"entry": "log", "on": {"E": {"target": "b", "guard": "isRich"}, "F": {"target": "b",
      "actions": "pay"}}, "after": {"1000": "b"}}, "b": {"type": "final"}}}"""
    made = written(read_xstate(machine), Wanted("chart"))
    assert sorted(one.what for one in made.unsaid) == [
        "`actions` of `F` in `a`", "`entry` of `a`", "the guard of `E` in `a`, and so its transition",
    ]  # fmt: skip
    assert "after_1: {after: 1s, to: b}" in made.yaml
