"""What a command looks up in other families: `unique`, `counts`, and cases opened by their key."""

from __future__ import annotations

from collections.abc import Callable

from engine.core import decide
from engine.core.cases import Applied, Command, Refused
from tests.unit.worlds import NINE, Play, actor

Begin = Callable[..., Play]

KEYED = """
initial: open
key: note
unique: true
opening: {by: [agent], form: {require: [note], allow: [amount]}}
states:
  open:
    actions:
      rename: {by: [agent], form: {require: [note]}, to: stay}
      close: {by: [agent], to: closed}
  closed:
    final: done
    actions: {reopen: {by: [agent], to: open}}
"""


def test_unique_means_one_case_not_final_for_each_key(play: Begin) -> None:
    p = play(KEYED)
    first = p.open(note="A1")
    assert p.not_open(note="A1") == ["unique:note"]
    p.open(note="B2")
    p.do("close", case=first)
    p.open(note="A1")
    assert p.refused("reopen", case=first) == ["unique:note"]


def test_a_key_cannot_be_changed_to_one_that_is_taken(play: Begin) -> None:
    p = play(KEYED)
    p.open(note="A1")
    p.open(note="B2")
    assert p.refused("rename", note="A1") == ["unique:note"]
    p.do("rename", note="B2")  # its own
    p.do("rename", note="C3")


def test_what_was_looked_up_is_recorded_and_read_from_the_record_ever_after(play: Begin) -> None:
    p = play(KEYED)
    p.open(note="A1")
    assert p.records()[0]["found"] == {'unique {"key":"A1","process":"thing"}': None}


COUNTED = """
initial: open
counts: {same: {same: [note, amount], within: 72h}}
opening: {by: [agent], form: {allow: [note, amount]}, then: [{notify: boss, message: told, if: counts.same >= 3}]}
states: {open: {}}
"""


def test_counts_takes_cases_with_equal_fields_opened_in_the_time_up_to_this_one_included(play: Begin) -> None:
    p = play(COUNTED)
    seen = []
    for after, note in (("0h", "x"), ("1h", "x"), ("1h", "y"), ("70h", "x"), ("1s", "x")):
        if after != "0h":
            p.wait(after)
        p.open(note=note, amount="1.00")
        seen.append(p.one().counts["same"])
    assert seen == [
        1,
        2,
        1,
        3,
        3,
    ]  # the first lies exactly 72 hours before the fourth, and 72 h and 1 s before the last
    assert p.sent() == [("told", "boss")] * 2


def test_the_guards_of_the_opening_see_what_was_counted(play: Begin) -> None:
    """They were checked before anything was counted: a guard on `counts` refused every opening as an error."""
    p = play(
        COUNTED.replace("allow: [note, amount]}", "allow: [note, amount]}, guards: {once: {must: counts.same < 2}}")
    )
    p.open(note="x", amount="1.00")
    assert p.not_open(note="x", amount="1.00") == ["once"]
    p.open(note="y", amount="1.00")


def test_an_unset_field_equals_none(play: Begin) -> None:
    p = play(COUNTED)
    p.open(note="x")
    p.open(note="x")
    assert p.one().counts == {"same": 1}


OPENS_BY_KEY = """
initial: open
opening: {by: [agent], form: {allow: [note, amount]}}
states:
  open:
    actions:
      report:
        by: [agent]
        form: {require: [note, amount]}
        then:
          - {open: fault, as: fault, key: =case.note, with: {note: =case.note, amount: =case.amount}}
          - {tell: fault, do: rename}
        to: [{if: has(linked.fault), is: linked}, {is: open}]
  linked: {}
"""


def test_open_with_a_key_opens_a_case_of_its_own_or_links_the_open_one(play: Begin) -> None:
    p = play(OPENS_BY_KEY, fault=KEYED)
    first = p.open()
    p.do("report", note="A1", amount="1.00")
    fault = p.one().links["fault"]
    assert p.one(fault).root == fault
    second = p.open()
    p.do("report", note="A1", amount="1.00")
    assert p.one().links["fault"] == p.one(first).links["fault"] == fault
    p.do("close", case=fault)
    p.do("report", case=second, note="A1", amount="1.00")
    assert p.one(second).links["fault"] != fault


def test_linked_and_tell_do_not_reach_a_case_of_its_own(play: Begin) -> None:
    p = play(OPENS_BY_KEY, fault=KEYED)
    p.open()
    p.do("report", note="A1", amount="1.00")
    assert p.state == "open"
    assert p.records(verb="tell refused")[0]["refused"] == [["state"]]


def test_a_case_of_its_own_that_is_refused_is_a_record_on_the_teller_and_the_step_stands(play: Begin) -> None:
    p = play(
        OPENS_BY_KEY,
        fault=KEYED.replace(
            "allow: [amount]}",
            "allow: [amount]}, guards: {paid: {must: has(form.amount) && form.amount > money('5.00')}}",
            1,
        ),
    )
    p.open()
    p.do("report", note="A1", amount="1.00")
    assert p.records(verb="open refused")[0]["refused"] == [["paid"]]
    assert p.one().links == {}
    assert list(p.world.families) == ["T-1"]


def test_what_an_import_opens_belongs_to_it_and_its_messages_are_not_sent(play: Begin) -> None:
    p = play(OPENS_BY_KEY.replace("then:\n", "then:\n          - {notify: boss, message: told}\n"), fault=KEYED)
    who = actor("agent:lin")
    opening = Command(verb="open", case="T-1", name="thing", actor=who, version=1, importing="I-1")
    opened = decide.open_case(opening, p.world._context(NINE), NINE)
    assert isinstance(opened, Applied)
    report = Command(verb="do", case="T-1", name="report", actor=who, form={"note": "A1", "amount": "1.00"})
    found = {'key {"key":"A1","process":"fault"}': {"case": "F-1", "is_new": True}}
    reported = decide.act(opened.family, report, p.world._context(NINE).but(found=found), NINE)
    assert isinstance(reported, Applied)
    assert [command.importing for command in reported.elsewhere] == ["I-1"]
    assert [message.status for message in reported.steps[0].outgoing] == ["imported"]


def test_a_child_that_looks_up_others_replays(play: Begin) -> None:
    p = play(
        "initial: open\nopening: {by: [agent], then: [{open: counted, as: kid}]}\nstates: {open: {}}", counted=COUNTED
    )
    p.open()
    p.open("counted", note="x", amount="1.00")
    p.open("thing")


SOLD = """
facts: {sold: {type: list, of: text}}
fields: {article: {type: text}}
initial: open
opening: {by: [agent], form: {require: [article]}, guards: {ours: {must: form.article in facts.sold}}}
states: {open: {}}
"""
ORDER = """
facts: {sold: {type: list, of: text}}
fields: {article: {type: text}}
initial: open
states:
  open:
    actions:
      give_back:
        by: [agent]
        form: {require: [article]}
        then: [{open: returned, as: back, facts: [sold], with: {article: =case.article}}]
        to: stay
"""


def test_facts_that_came_with_an_action_are_handed_on_to_what_it_opens(play: Begin) -> None:
    p = play(ORDER, returned=SOLD)
    p.open()
    assert p.refused("give_back", article="A7") == ["facts:sold"]
    p.do("give_back", article="A7", facts={"sold": ["A7"]})
    p.do("give_back", article="B1", facts={"sold": ["A7"]})  # the opening's guard reads them, and refuses
    _, first, second = p.records(verb="do")
    assert first["facts"] == second["facts"] == {"sold": ["A7"]}
    (opened,) = p.records(case=f"{p.case}.1")
    assert opened["facts"] == {"sold": ["A7"]}
    assert [one["refused"] for one in p.records(verb="open refused")] == [[["ours"]]]


def test_what_fires_by_time_looks_up_nothing_in_other_families(play: Begin) -> None:
    p = play(
        "initial: open\nstates: {open: {timers: {t: {after: 1h,"
        " then: [{open: fault, as: f, key: k1, with: {note: k1}}]}}}}",
        fault=KEYED,
    )
    p.open()
    p.wait("2h")
    assert "error" in p.records(verb="timer")[0]


def test_a_refused_opening_leaves_no_record(play: Begin) -> None:
    p = play(KEYED)
    p.not_open(note=None)
    assert p.world.steps == []
    command = Command(verb="open", case="X-1", name="nothing", actor=actor("agent:lin"), version=1)
    outcome = decide.open_case(command, p.world._context(NINE), NINE)  # a process that is not published
    assert isinstance(outcome, Refused)
    assert outcome.reasons[0].rule == "open"
