"""Effects: what each does, in which case, and what it is refused for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.worlds import Play

Begin = Callable[..., Play]

FIELDS = """
fields:
  count: {type: integer, default: 3}
  names: {type: list, of: text}
  other: {type: text, personal: true}
  items:
    type: table
    columns: {item: {type: text}, price: {type: money}, done: {type: yes_no, default: false}}
"""


def doing(play: Begin, effects: str, form: str = "note, phone, amount, severe, names, items, person") -> Play:
    p = play(
        f"initial: open\nopening: {{by: [agent], form: {{allow: [{form}]}}}}\n"
        f"states: {{open: {{waiting_on: agent, actions: {{go: {{by: [agent, boss], form: {{allow: [{form}]}}, "
        f"then: {effects}, to: stay}}}}}}}}\n{FIELDS}"
    )
    p.open()
    return p


def test_set_keeps_a_literal_or_what_its_expression_gives(play: Begin) -> None:
    p = doing(play, '[{set: {note: plain, count: "=case.count * 2", amount: 4.90, severe: true}}]')
    p.do("go")
    assert [p.value(name) for name in ("note", "count", "amount", "severe")] == ["plain", 6, 490, True]


def test_clear_unsets(play: Begin) -> None:
    p = doing(play, "[{clear: [note, phone]}]")
    record = p.do("go", note="x", phone="13900000000").record
    assert p.value("note") is None
    assert p.value("phone") is None
    assert p.one().private.get("phone") is None
    assert "note" not in record.get("changed", {})  # it was unset before and is unset after


def test_append_adds_to_the_end_of_a_list_or_table(play: Begin) -> None:
    p = doing(play, '[{append: {names: "=case.id"}}, {append: {items: {item: "=case.id", price: 1.50}}}]')
    p.do("go")
    p.do("go", names=["a"])
    assert p.value("names") == ["a", "T-1"]
    assert [row["price"] for row in p.value("items")] == [150, 150]


def test_update_changes_the_rows_for_which_where_holds(play: Begin) -> None:
    where = "has(row.price) && row.price > money('1.00')"
    p = doing(play, f'[{{update: {{items: {{where: "{where}", set: {{done: true, item: =case.id}}}}}}}}]')
    p.do("go", items=[{"item": "a", "price": "1.00"}, {"item": "b", "price": "2.00"}])
    assert [(row["item"], row["done"]) for row in p.value("items")] == [("a", False), ("T-1", True)]


def test_update_without_where_changes_every_row(play: Begin) -> None:
    p = doing(play, "[{update: {items: {set: {done: true}}}}]")
    p.do("go", items=[{"item": "a", "price": "1.00"}, {"item": "b", "price": "2.00"}])
    assert [row["done"] for row in p.value("items")] == [True, True]


@pytest.mark.parametrize(
    ("effect", "touched"),
    [
        ("{set: {note: x}, if: case.count > LIMIT}", "note"),
        ("{clear: [count], if: case.count > LIMIT}", "count"),
        ("{append: {names: x}, if: case.count > LIMIT}", "names"),
        ("{update: {items: {set: {done: true}}}, if: case.count > LIMIT}", "items"),
    ],
)
def test_an_effect_with_an_if_is_done_only_where_it_holds(play: Begin, effect: str, touched: str) -> None:
    p = doing(play, "[" + effect.replace("LIMIT", "3") + "]")
    assert touched not in p.do("go", items=[{"item": "a", "price": "1.00"}]).record.get("changed", {}) or touched == (
        "items"
    )
    done = doing(play, "[" + effect.replace("LIMIT", "2") + "]")
    assert touched in done.do("go", items=[{"item": "a", "price": "1.00"}]).record["changed"]


@pytest.mark.parametrize(
    "effect",
    [
        "{notify: boss, message: told, if: case.count > 3}",
        "{emit: x, if: case.count > 3}",
        "{assign: boss, if: case.count > 3}",
    ],
)
def test_what_goes_out_goes_out_only_where_its_if_holds(play: Begin, effect: str) -> None:
    p = doing(play, f"[{effect}]")
    p.do("go")
    assert p.sent() == []
    assert p.one().queue is None


# -- notify ------------------------------------------------------------------------------------------------------------

WHO = """
initial: open
opening: {by: [agent], form: {allow: [person]}}
never_by: [did.leave]
actions: {leave: {by: [agent], to: stay}}
states:
  open:
    waiting_on: [boss, customer]
    actions:
      go: {by: [agent], then: [{notify: WHOM, message: told}], to: stay}
"""


@pytest.mark.parametrize(
    ("whom", "told"),
    [
        ("boss", ["role:boss"]),
        ("customer", ["party:customer"]),
        ("case.person", ["person:T7"]),
        ("did.go", ["person:lin"]),  # whoever has done it, ever
        ("assignee", ["person:wu"]),
        ("waiting_on", ["role:boss", "party:customer"]),
        ("actor", ["person:lin"]),
        ("[boss, actor, did.go, waiting_on]", ["role:boss", "person:lin", "party:customer"]),  # each once
    ],
)
def test_notify_tells_everybody_named_once(play: Begin, whom: str, told: list[str]) -> None:
    p = play(WHO.replace("WHOM", whom))
    p.open(person="T7")
    p.hold("assign", "boss:li", "wu")
    p.messages()
    p.do("go")
    assert [f"{one.receiver_kind}:{one.receiver}" for one in p.messages()] == told


def test_whose_turn_it_is_is_seen_as_the_effects_before_have_left_it(play: Begin) -> None:
    told = "[{notify: waiting_on, message: told}, {set: {severe: true}}, {notify: waiting_on, message: told}]"
    p = play(
        "initial: open\nopening: {by: [agent]}\nfields: {severe: {type: yes_no, default: false}}\n"
        "states: {open: {waiting_on: [{if: case.severe, is: boss}, {is: agent}], "
        f"actions: {{go: {{by: [agent], then: {told}, to: stay}}}}}}}}\n"
    )
    p.open()
    p.do("go")
    assert [one.receiver for one in p.messages()] == ["agent", "boss"]


@pytest.mark.parametrize("whom", ["case.person", "assignee", "did.leave", "[]"])
def test_empty_is_nobody(play: Begin, whom: str) -> None:
    p = play(WHO.replace("WHOM", whom))
    p.open()
    p.do("go")
    assert p.messages() == []


def test_a_message_to_a_role_carries_who_is_excluded_and_one_to_a_person_does_not(play: Begin) -> None:
    p = play(WHO.replace("WHOM", "[boss, did.go]"))
    p.open()
    p.do("leave", "agent:wu")
    p.do("go")
    assert [(one.receiver, one.exclude) for one in p.messages()] == [("boss", ("wu",)), ("lin", ())]


def test_placeholders_stand_for_the_case_the_count_and_the_actor(play: Begin) -> None:
    p = play(
        WHO.replace("WHOM", "boss").replace("told", "much"),
        messages='much: {text: {en: "{did.go} {actor.name} {case.state} {case.person} {did.leave}"}}',
    )
    p.open(person="T7")
    p.do("go")
    assert p.messages()[0].values == {
        "did.go": 1, "actor.name": "lin", "case.state": "open", "case.person": "T7", "did.leave": 0,
    }  # fmt: skip


# -- emit and assign ---------------------------------------------------------------------------------------------------


def test_emit_is_the_one_way_out_and_says_what_is_done_when_it_fails(play: Begin) -> None:
    p = doing(play, '[{emit: parcel, with: {amount: "=case.count", why: late}, failed: go}]')
    p.do("go")
    out = p.messages()[0]
    assert (out.kind, out.name, out.values, out.failed) == ("emit", "parcel", {"amount": 3, "why": "late"}, "go")


@pytest.mark.parametrize(
    ("whom", "person", "queue"),
    [("boss", None, "boss"), ("case.person", "T7", None), ("actor", "lin", None), ("[]", None, None)],
)
def test_assign_names_a_person_or_a_role_or_nobody(play: Begin, whom: str, person: str, queue: str) -> None:
    p = doing(play, f"[{{assign: {whom}}}]")
    p.hold("assign", "boss:li", "wu")
    p.do("go", person="T7")
    assert (p.one().assignee, p.one().queue) == (person, queue)


def test_assigning_one_who_is_excluded_refuses_the_command(play: Begin) -> None:
    p = play(
        "initial: open\nnever_by: [case.person]\nopening: {by: [agent], form: {allow: [person]}}\n"
        "states: {open: {actions: {go: {by: [agent], then: [{assign: case.person}], to: stay}}}}"
    )
    p.open(person="T7")
    assert p.refused("go") == ["error"]


# -- values ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "given", "stored"),
    [("=case.amount", {"amount": "2.00"}, 200), ("=form.amount", {"amount": "3.00"}, 300)],
)
def test_money_is_copied_as_minor_units(play: Begin, value: str, given: dict[str, Any], stored: int) -> None:
    p = play(
        "initial: open\nfields: {paid: {type: money}}\nstates: {open: {actions: {go: {by: [agent],"
        " form: {require: [amount]}, then: [{set: {paid: VALUE}}], to: stay}}}}".replace("VALUE", value)
    )
    p.open()
    p.do("go", **given)
    assert p.value("paid") == stored


def test_a_personal_field_is_copied_whole_and_sealed_anew(play: Begin) -> None:
    p = doing(play, "[{set: {other: =case.phone}, if: has(case.phone)}]")
    p.do("go", phone="13900000000")
    one = p.one()
    assert one.private["other"] == one.private["phone"] == "13900000000"
    assert one.data["other"] != one.data["phone"]


def test_a_personal_field_set_twice_in_one_step_replays(play: Begin) -> None:
    p = play(
        "initial: open\nopening: {by: [agent], form: {require: [phone]}}\n"
        "fields: {other: {type: text, personal: true}}\n"
        "states: {open: {actions: {go: {by: [agent], form: {require: [other]}, then: [{set: {other: =case.phone}}],"
        " to: stay}}}}"
    )
    p.open(phone="13900000000")
    p.do("go", other="13911111111")
    assert p.one().private["other"] == "13900000000"
