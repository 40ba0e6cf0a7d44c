"""The audit's chain, and that nothing personal stands in a record, a message or a refusal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.audit import canonical, commitment, link, new_secret, seal, sealed_in
from engine.core.cases import Command, Reason
from engine.core.plan import Library
from engine.evidence.offline import broken, digest
from engine.fields import is_sealed
from tests.unit.worlds import Play, actor, library

Begin = Callable[..., Play]

PROCESS = """
initial: open
fields:
  address: {type: text, personal: true, max: 40}
  born: {type: date, personal: true}
  contact: {type: person, personal: true, role: technician}
  pin: {type: text, personal: true, pattern: "[0-9]{4}"}
opening:
  by: [agent]
  form: {require: [phone], allow: [address, note]}
  then: [{open: child, as: kid, with: {phone: =case.phone}}]
states:
  open:
    waiting_on: customer
    actions:
      change:
        by: [agent]
        form: {allow: [address, born, contact, pin, note]}
        guards:
          noted: {must: has(form.note) && form.note != 'no', else: {en: "{form.address} {case.phone} {form.note}"}}
        then:
          - {set: {address: =case.phone}, if: "!has(case.address)"}
          - {notify: [agent, customer, case.contact], message: secret}
          - {tell: kid, do: poke, with: {phone: =case.phone}}
        to: stay
      plain: {by: [agent], to: stay}
    timers: {t: {every: 1h, max: 3, then: [{notify: boss, message: secret}]}}
clocks: {c: {goal: 30m, thresholds: [{at: goal, then: [{notify: boss, message: secret}]}]}}
"""

CHILD = """
initial: open
opening: {by: [agent], form: {require: [phone]}}
states:
  open:
    actions:
      poke: {by: [agent], form: {require: [phone]}, then: [{notify: boss, message: secret}], to: stay}
"""

SECRET = 'secret: {text: {en: "{case.phone} {case.id} {case.state}"}}\n'


def said(p: Play) -> Iterator[str]:
    """Everything of a world that is written down or sent."""
    for step in p.world.steps:
        yield step.text
        yield step.hash
        for message in step.outgoing:
            yield json.dumps([dict(message.values), message.receiver, message.name], ensure_ascii=False)
        for case in (step.case,):
            yield json.dumps(dict(case.data), ensure_ascii=False, default=str)
            yield " ".join(case.waiting)


def heard(reasons: tuple[Reason, ...]) -> Iterator[str]:
    for one in reasons:
        yield " ".join(one.words.values())
        yield json.dumps(list(one.read), ensure_ascii=False, default=str)


LIBRARY: list[Library] = []


def known() -> Library:
    """The processes above, read once."""
    if not LIBRARY:
        LIBRARY.append(library({"thing": PROCESS, "child": CHILD}, SECRET))
    return LIBRARY[0]


texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=8, max_size=30)
# The first sign stands in no record: else a secret like `definiti` would be found in what everybody may read.
secrets = texts.filter(lambda text: len(set(text)) > 5 and text.strip() == text).map("☎{}".format)
given_form = st.fixed_dictionaries(
    {},
    optional={
        "phone": secrets, "address": secrets, "pin": secrets, "contact": secrets, "born": secrets,
        "note": st.sampled_from(["yes", "no"]),
    },
)  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(phone=secrets, forms=st.lists(given_form, max_size=4), shout=st.booleans())
def test_personal_values_never_stand_in_records_messages_or_refusals(
    phone: str, forms: list[dict[str, Any]], shout: bool
) -> None:
    p = Play(known())
    p.open(phone=phone)
    everything: list[str] = []
    for form in forms:
        p.wait("25m")
        command_reasons = p.world.act(p.case, "change", form, actor("agent:lin" if shout else "agent:wu"))
        everything += heard(command_reasons)
        everything += heard(p.world.act(p.case, "plain", form, actor("boss:li")))
    p.sleep("5h")
    everything += said(p)
    hidden = {phone, *(value for form in forms for name, value in form.items() if name != "note")}
    told = "\n".join(everything)
    assert not [secret for secret in hidden if secret in told or canonical(secret)[1:-1] in told]
    p.prove()


def test_a_person_named_in_a_personal_field_is_not_named_by_a_refusal() -> None:
    p = Play(known())
    p.open(phone="13900000000")
    told = Command(
        verb="do", case=p.case, name="change", actor=actor("agent:lin"), people={"hidden-person": ("agent",)}
    )
    reasons = p.world.command(told.but(form={"contact": "hidden-person", "note": "yes"}))
    assert [one.field for one in reasons] == ["contact"]
    assert "hidden-person" not in "\n".join([*heard(reasons), *said(p)])


def test_messages_carry_personal_values_as_names() -> None:
    p = Play(known())
    p.open(phone="13900000000")
    p.do("change", note="yes")
    assert {json.dumps(dict(one.values), sort_keys=True) for one in p.messages() if one.case == p.case} == {
        '{"case.id": "T-1", "case.phone": {"personal": "phone"}, "case.state": "open"}'
    }


def test_a_case_holds_commitments_and_its_step_brings_the_values_in_clear_beside_the_record() -> None:
    p = Play(known())
    p.open(phone="13900000000")
    assert is_sealed(p.value("phone"))
    assert dict(p.world.steps[0].private) == {"phone": "13900000000"}
    assert set(sealed_in(p.world.steps[0].record)) == {p.value("phone")["sealed"]}


def test_a_childs_values_are_sealed_under_a_key_of_its_own() -> None:
    p = Play(known())
    p.open(phone="13900000000")
    kid = p.one("T-1.1")
    assert kid.private == {"phone": "13900000000"}
    assert kid.secret not in ("", p.one().secret)
    assert kid.data["phone"] != p.value("phone")


# -- commitments -------------------------------------------------------------------------------------------------------


def test_a_commitment_can_be_proven_by_whoever_has_the_key_and_differs_for_each_record_and_field() -> None:
    key = bytes.fromhex("ab" * 32)
    one = commitment(key, 1, "phone", "139")
    assert one == commitment(key, 1, "phone", "139")
    others = [
        commitment(key, 2, "phone", "139"), commitment(key, 1, "place", "139"), commitment(key, 1, "phone", "138"),
        commitment(bytes.fromhex("ac" * 32), 1, "phone", "139"),
    ]  # fmt: skip
    assert len({one, *others}) == 5


def test_a_seal_is_a_commitment_under_the_cases_key() -> None:
    p = Play(known())
    p.open(phone="13900000000")
    assert seal(p.one(), 1, "phone", "13900000000") == p.value("phone")


def test_keys_of_children_are_drawn_from_the_randomness_the_command_brought() -> None:
    assert new_secret("ab" * 32, "T-1.1") != new_secret("ab" * 32, "T-1.2")
    assert new_secret("ab" * 32, "T-1.1") != new_secret("ac" * 32, "T-1.1")


# -- the chain ---------------------------------------------------------------------------------------------------------


def chain(play: Begin) -> tuple[list[tuple[int, str, str]], str]:
    p = play("initial: open\nstates: {open: {actions: {look: {by: [agent], form: {allow: [note]}, to: stay}}}}")
    p.open()
    for number in range(4):
        p.do("look", note=str(number))
    return [(step.record["seq"], step.text, step.hash) for step in p.world.steps], p.one().head


def chained(rows: list[tuple[int, dict[str, Any]]]) -> list[tuple[int, str, str]]:
    """The rows linked anew, as a forger would."""
    made: list[tuple[int, str, str]] = []
    for sequence, record in rows:
        text, hashed = link({**record, "prev": made[-1][2] if made else ""})
        made.append((sequence, text, hashed))
    return made


def test_an_untouched_chain_is_whole(play: Begin) -> None:
    rows, head = chain(play)
    assert broken("T-1", rows, head, 5) is None


def test_a_flipped_byte_is_named(play: Begin) -> None:
    rows, head = chain(play)
    for place, (sequence, text, hashed) in enumerate(rows):
        flipped = [*rows[:place], (sequence, text.replace("lin", "lim"), hashed), *rows[place + 1 :]]
        found = broken("T-1", flipped, head, 5)
        assert found is not None
        assert (found.sequence, found.why) == (sequence, "its text was changed: the hash does not fit")


@pytest.mark.parametrize(
    ("change", "sequence", "why"),
    [
        (lambda rows: rows[:-1], 5, "the case counts 5 records, the chain has 4"),  # cut tail
        (lambda rows: rows[1:], 2, "record 1 is missing"),
        (lambda rows: [*rows[:2], *rows[3:]], 4, "record 3 is missing"),
        (lambda rows: [rows[0], rows[2], rows[1], *rows[3:]], 3, "record 2 is missing"),  # swapped
        (lambda rows: [*rows[:2], rows[1], *rows[2:]], 2, "record 2 is there twice"),
        (lambda rows: [*rows, rows[-1]], 5, "record 5 is there twice"),
    ],
)
def test_records_cut_swapped_or_doubled_are_named(
    play: Begin, change: Callable[[Any], Any], sequence: int, why: str
) -> None:
    rows, head = chain(play)
    found = broken("T-1", change(rows), head, 5)
    assert found is not None
    assert (found.sequence, found.why) == (sequence, why)


def test_records_chained_anew_do_not_lead_to_the_head_the_case_names(play: Begin) -> None:
    rows, head = chain(play)
    records = [(sequence, json.loads(text)) for sequence, text, _ in rows]
    records[2][1]["form"] = {"note": "forged"}
    found = broken("T-1", chained(records), head, 5)
    assert found is not None
    assert (found.sequence, found.why) == (5, "the newest record is not the one the case names")


def test_a_record_of_another_case_is_named(play: Begin) -> None:
    rows, _ = chain(play)
    records = [(sequence, json.loads(text)) for sequence, text, _ in rows]
    records[1][1]["case"] = "T-2"
    made = chained(records)
    found = broken("T-1", made, made[-1][2], 5)
    assert found is not None
    assert (found.sequence, found.why) == (2, "it belongs to another place")


def test_a_text_that_is_no_json_is_named(play: Begin) -> None:
    rows, _ = chain(play)
    rows[0] = (1, "{", digest("{"))
    found = broken("T-1", rows, "", 5)
    assert found is not None
    assert (found.sequence, found.why) == (1, "its text is not JSON")


def test_the_hash_of_a_record_lies_in_a_domain_of_its_own() -> None:
    assert digest("{}") != hashlib.sha256(b"{}").hexdigest()
