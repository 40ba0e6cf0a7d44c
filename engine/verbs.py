"""What is a command at the terminal is a verb in a host: help that tells to run the one tells a host to call the other.

Sentences are written once, with commands: the terminal has more readers, and translates them as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

COMMAND = re.compile(r"`casewright ([^`]+)`")

VERBS: Mapping[str, str] = {
    "actor add": "engine.save_person(Person(id={0}, …), actor=…)",
    "actor change": "engine.save_person(Person(id={0}, …), actor=…)",
    "actor list": "engine.people()",
    "archive list": "engine.all_archived()",
    "archive show": "engine.archived_history({0}, folder)",
    "audit verify": "engine.verify()",
    "correct list": "engine.adjustments()",
    "doctor": "engine.doctor()",
    "fetch": "engine.attachment({0}, hash)",
    "fault list": "engine.faults()",
    "fault show": "engine.faults()",
    "incoming list": "engine.waiting_events()",
    "incoming show": "engine.waiting_event({0})",
    "init": "Engine.open(url, create=True)",
    "interrupt list": "engine.adjustments()",
    "list --find": "engine.worklist(Search(actor=…, find=…))",
    "outbox list": "engine.outbox()",
    "party": "engine.parties(…, actor=…)",
    "plan": "engine.plan(sources, {0}, actor=…)",
    "privacy wrap": "engine.wrap_keys(actor=…)",
    "publish": "engine.publish(sources, …, actor=…)",
    "show": "engine.case({0})",
    "tick --accept-clock": "engine.tick(accept_clock=True)",
}
"""Command → what a host calls, `{0}` being what the command names first."""

ONLY_COMMANDS = ("audit keygen", "check", "db keys", "db restore", "db upgrade", "privacy keygen")
"""What is done beside a host, not from within it: these are told as they are."""


def in_a_host(text: str) -> str:
    """The same sentence with the verb in place of every command that has one."""
    return COMMAND.sub(_verb, text)


def _verb(found: re.Match[str]) -> str:
    said = found[1]
    name = max((name for name in VERBS if said == name or said.startswith(f"{name} ")), key=len, default=None)
    if name is None:
        return found[0]
    first = said[len(name) :].split()[:1]
    given = "…" if not first or first[0].startswith("-") else first[0] if first[0].isdecimal() else f'"{first[0]}"'
    return f"`{VERBS[name].format(given)}`"
