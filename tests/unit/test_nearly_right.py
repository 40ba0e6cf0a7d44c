"""What people write who know what they want and not yet how it is written: one finding, and the right way in it."""

import pytest

from engine.lang.load import load_folder
from engine.nearness import as_name

DESK = """\
desk: hotel
languages: [en]
zone: Europe/Berlin
currency: EUR
roles: {desk: {en: 前台}, boss: {en: Boss}}
parties: {guest: {label: {en: Guest}, name: case.guest, email: case.email}}
fields:
  guest: {type: text, personal: true, label: {en: Guest}}
  email: {type: text, personal: true, label: {en: E-mail}}
"""
PROCESS = """\
process: wish
version: 1
prefix: W
label: {en: Wish}
summary: "{case.kind}: {case.room}"
calendar: always
initial: asked
retention: {private: 1 year}
fields:
  room: {type: text, label: {en: Room}}
  copy: {type: text, label: {en: Copy}}
  kind: {type: choice, choices: {noise: {en: Noise}, dirt: {en: Dirt}}, label: {en: Kind}}
opening: {by: [desk], form: {require: [guest, email, room, kind]}, then: [{set: {copy: =case.room}}]}
clocks:
  answered:
    label: {en: Answered}
    goal: 30m
    met_by: [answer]
    thresholds: [{at: goal, every: 30m, max: 9, then: [{notify: boss, message: late}]}]
states:
  asked:
    label: {en: Asked!}
    waiting_on: desk
    actions:
      answer:
        label: {en: Give an answer}
        by: [desk, boss]
        then: [{notify: guest, message: done}, {if: case.kind == 'dirt', notify: boss, message: done}]
        to: closed
  closed: {label: {en: Closed}, final: done}
"""
MESSAGES = 'late: {text: {en: late}}\ndone: {text: {en: "Room {case.room}"}}\n'


def found_in(process: str = PROCESS, messages: str = MESSAGES, desk: str = DESK) -> list[tuple[str, str]]:
    sources = {"desk.yaml": desk, "wish.yaml": process, "messages/wish.yaml": messages}
    return [(found.id, found.help or "") for found in load_folder(sources).diagnostics]


def test_as_it_is_meant_nothing_is_found() -> None:
    assert not found_in()


@pytest.mark.parametrize(
    ("right", "wrong", "rule", "mend"),
    [
        ("initial: asked", "initial: Asked", "wrong-value", "write `asked`"),
        ("prefix: W", "prefix: w-", "wrong-value", "write `W`"),
        ("process: wish", "process: wünsche", "wrong-value", "write `wuensche`"),
        ("by: [desk, boss]", "by: desk, boss", "wrong-value", "write a list: `[desk, boss]`"),
        ("by: [desk, boss]", "by: desk and Boss", "wrong-value", "write a list: `[desk, boss]`"),
        ("by: [desk, boss]", "by: desk、boss", "wrong-value", "write a list: `[desk, boss]`"),
        ("{type: choice, ", "{type: dropdown, ", "wrong-value", "did you mean `choice`?"),
        ("choices: {noise: {en: Noise}, dirt: {en: Dirt}}", "choices: [noise, dirt]", "wrong-type",
         "give each its label: `choices: {noise: {en: Noise}, dirt: {en: Dirt}}`"),
        ("choices: {noise: {en: Noise}, dirt: {en: Dirt}}", "choices: [Lärm, a, b, c]", "wrong-type",
         "give each its label: `choices: {laerm: {en: Lärm}, a: {en: A}, b: {en: B}, …}`"),
        ("goal: 30m", "goal: 30", "wrong-type", "a length has its unit: `30m`, `30h`"),
        ("goal: 30m", "goal: 0:30", "bad-time", "write `30m`"),
        ("goal: 30m", "goal: 8 business hours", "bad-time", "write `8h`: which hours count says its `calendar`"),
        ("every: 30m", "every: 30 min", "bad-time", "write `30m`"),  # and `max` is not said to be without `every`
        (", max: 9", "", "every-without-max", "say how often with `max`: `max: 48` is 24h of them"),
        ("{en: Asked!}", "{en:Asked!}", "missing-value", "a colon needs a space behind it: `en: …`"),
        ('"{case.kind}: {case.room}"', "“Room: {case.room}”", "syntax", "`“` is a letter to YAML: write `\"`"),
        ('"{case.kind}: {case.room}"', "„Room: {case.room}“", "syntax", "`„` is a letter to YAML: write `\"`"),
        ("{notify: guest, message: done}", "{email: guest, message: done}", "unknown-key",
         "what others call `email` is `notify` here"),
        ("notify: guest", 'notify: "{case.email}"', "wrong-value", "write `case.email`"),
        ("notify: guest", "notify: case.email", "not-a-person", "write the party whose it is: `guest`"),
        ("to: closed", "next: closed", "unknown-key", "what others call `next` is `to` here"),
        # labels, units and types as people at a Chinese desk write them
        ("initial: asked", 'initial: "Asked!"', "wrong-value", "did you mean `asked`, declared at line 21?"),
        ("met_by: [answer]", "met_by: [Give an answer]", "bad-name", "did you mean `answer`, declared at line 25?"),
        ("require: [guest, email,", "require: [guest, 'E-mail',", "bad-name",
         "did you mean `email`, declared in desk.yaml:9?"),
        ("waiting_on: desk", "waiting_on: 前台", "wrong-value", "did you mean `desk`, declared in desk.yaml:5?"),
        ("private: 1 year", "private: 1年", "wrong-value", "write `1 year`"),
        ("private: 1 year", "private: 18个月", "wrong-value", "write `18 months`"),
        ("goal: 30m", "goal: 2天", "bare-days", "write `48h` (elapsed time), `2 calendar_days`"),
        ("goal: 30m", "goal: 2周", "bare-days", "write `336h` (elapsed time), `14 calendar_days`"),
        ("{type: text, label: {en: Room}}", "{type: 电话, label: {en: Room}}", "wrong-value", "did you mean `text`?"),
        ("version: 1", "version: 1.0", "wrong-type", "write `1`"),
        ("{at: goal, every", "{at: 80, every", "wrong-type", "write `80%`; a length has its unit: `80m`, `80h`"),
        ("copy: =case.room", "copy: case.room", "forgotten-equals", "write `=case.room` for its value"),
        ("copy: =case.room", 'copy: "{case.room}"', "forgotten-equals", "write `=case.room` for its value"),
    ],
)  # fmt: skip
def test_what_is_nearly_right_is_one_finding_with_the_right_way(right: str, wrong: str, rule: str, mend: str) -> None:
    assert right in PROCESS
    ((found, said),) = found_in(PROCESS.replace(right, wrong, 1))
    assert (found, said[: len(mend)]) == (rule, mend)


@pytest.mark.parametrize("text", ["see case.room", "case", "case.", "e.g. form.pdf", "www.case.room"])
def test_a_text_that_only_holds_such_words_is_a_text(text: str) -> None:
    assert not found_in(PROCESS.replace("copy: =case.room", f'copy: "{text}"'))


def test_a_type_that_is_misspelt_is_gone_on_by_as_it_was_meant() -> None:
    """An instant called `datetime` was a text, so that every promise and every condition about it was wrong as well."""
    timed = PROCESS.replace("copy: {type: text,", "copy: {type: datetime,").replace(
        "set: {copy: =case.room}", "clear: [copy]"
    )
    timed = timed.replace("room, kind]}", "room, kind, copy]}").replace("goal: 30m", "goal: case.copy + 10m")
    assert found_in(timed) == [("wrong-value", "did you mean `instant`?")]


def test_a_label_that_several_carry_names_them_all() -> None:
    two = PROCESS.replace("{en: Closed}", "{en: Give an answer}").replace("to: closed", "to: Give an answer")
    meant = "did you mean `answer`, declared at line 25, or `closed`, declared at line 30?"
    assert found_in(two) == [("wrong-value", meant)]


def test_a_placeholder_without_its_group_is_given_it() -> None:
    assert found_in(messages=MESSAGES.replace("{case.room}", "{room}")) == [
        ("unknown-placeholder", "write `{case.room}`")
    ]


@pytest.mark.parametrize(
    ("zone", "mend"),
    [
        ("Berlin", "did you mean `Europe/Berlin`?"),
        ("new york", "did you mean `America/New_York`?"),
        ("北京", "did you mean `Asia/Shanghai`?"),
    ],
)
def test_a_city_names_its_zone(zone: str, mend: str) -> None:
    assert found_in(desk=DESK.replace("Europe/Berlin", zone)) == [("unknown-zone", mend)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("GuestRequest", "guest_request"),
        ("guest-request", "guest_request"),
        ("Gäste Anfrage", "gaeste_anfrage"),
        ("Ga\u0308ste", "gaeste"),  # as a Mac writes it in file names
        ("Réclamation", "reclamation"),
        ("  VIP ", "vip"),
        ("2nd_floor", None),
        ("维修", None),
        ("维修 repair", None),
        ("", None),
    ],
)
def test_a_text_becomes_a_name_where_its_letters_are_latin(text: str, name: str | None) -> None:
    assert as_name(text) == name


def test_a_party_that_nothing_notifies_is_used_where_its_address_tells_one_matter_from_another() -> None:
    quiet = PROCESS.replace("{notify: guest, message: done}, ", "").replace("guest, email,", "email,")
    desk = DESK.replace("name: case.guest, ", "").replace(
        "  guest: {type: text, personal: true, label: {en: Guest}}\n", ""
    )
    assert not found_in(quiet, desk=desk)
    unasked = found_in(quiet.replace("email, room", "room"), desk=desk)
    assert [rule for rule, _ in unasked] == ["unused-shared", "unused-shared"], "the party, and its field"
