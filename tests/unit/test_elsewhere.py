"""A key that is known elsewhere: the finding says what it is called here."""

from __future__ import annotations

import pytest

from engine.lang.elsewhere import CALLED
from engine.lang.load import load_process
from engine.lang.shape import schemas

DESK = "desk: shop\nlanguages: [en]\nzone: Asia/Shanghai\ncurrency: CNY\nroles: {agent: {en: Agent}}\n"
PROCESS = """process: job
version: 1
prefix: J
label: {en: Job}
calendar: always
initial: open
# process
opening: {by: [agent]}
clocks: {done: {label: {en: Done}, goal: 4h, met_by: [close], IN_CLOCK}}
states:
  open: {label: {en: Open}, waiting_on: agent, IN_STATE, actions: {close: {label: {en: Close}, by: [agent], IN_ACTION, to: closed}}}
  closed: {label: {en: Closed}, final: done}
"""  # noqa: E501
PLACES = {"process": "# process", "clock": "IN_CLOCK", "state": "IN_STATE", "action": "IN_ACTION"}


@pytest.mark.parametrize(
    ("place", "word", "ours"),
    [
        ("process", "sla", "clocks"),
        ("process", "variables", "fields"),
        ("process", "transitions", "actions"),
        ("process", "escalation", "ladders"),
        ("clock", "escalation", "thresholds"),
        ("clock", "business-hours", "calendar"),
        ("clock", "on_hold", "pauses_in"),
        ("state", "assignee", "waiting_on"),
        ("state", "transitions", "actions"),
        ("state", "sla", "timers"),
        ("action", "role", "by"),
        ("action", "Condition", "guards"),
        ("action", "next", "to"),
    ],
)
def test_a_word_known_elsewhere_is_told_with_ours(place: str, word: str, ours: str) -> None:
    text = PROCESS.replace(PLACES[place], f"{word}: x")
    for mark in PLACES.values():
        text = text.replace(f", {mark}", "")
    found = load_process({"desk.yaml": DESK, "job.yaml": text}, "job").diagnostics
    (said,) = (one for one in found if one.id == "unknown-key")
    assert said.message.startswith(f"`{word}` is not a key of ")
    assert (said.help or "").startswith(f"what others call `{word}` is `{ours}` here; ")


def test_what_others_call_it_is_told_of_keys_that_there_are() -> None:
    text = str(schemas())
    assert [key for key in CALLED if f"'{key}': " not in text] == []
