"""What other tools call our commands: who types a word known there is asked whether ours was meant."""

from __future__ import annotations

from collections.abc import Mapping

CALLED: Mapping[str, str] = {
    "init": "setup install",
    "check": "validate lint compile",
    "draw": "diagram graph visualize bpmn",
    "publish": "deploy activate upload",
    "open": "start create submit raise new-case",
    "list": "queue inbox tasks todo worklist tickets cases search find",
    "claim": "take pick grab pull",
    "show": "view get details",
    "do CASE {word}": "approve reject close resolve escalate complete finish cancel reopen comment",
    "history": "log timeline journal",
    "hear": "event events webhook signal message",
    "actor": "user users people staff agents members",
    "party": "customer customers contact contacts client clients",
    "report sla": "sla slas kpi kpis dashboard statistics stats",
    "outbox": "mail mails email emails messages notifications",
    "privacy erase": "erase forget anonymize gdpr",
    "audit verify": "verify",
    "worker": "serve daemon scheduler run",
    "doctor": "status health",
    "db backup": "backup dump",
    "db restore": "restore",
    "db upgrade": "upgrade",
}
"""Our command → the words for it; `{word}` is the word that was typed."""


def called_here(word: str) -> str:
    """The command that others call so; empty where none is."""
    return next((ours.format(word=word) for ours, words in CALLED.items() if word.lower() in words.split()), "")
