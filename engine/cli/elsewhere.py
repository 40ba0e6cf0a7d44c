"""What other tools call our commands and options: who types a word known there is asked whether ours was meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

CALLED: Mapping[str, str] = {
    "init": "setup install",
    "check": "validate lint compile",
    "draw": "diagram graph visualize bpmn",
    "publish": "deploy activate upload",
    "open": "start create submit raise new-case",
    "list": "queue inbox tasks todo worklist tickets cases search find",
    "claim": "take pick grab pull",
    "show": "view get details",
    "do CASE --list": "undo revert back can what next possible actions",
    "list --overdue": "overdue late",
    "list --due-within 30m": "due upcoming",
    "assign": "handover delegate transfer reassign route",
    "interrupt": "pause hold stop-clock",
    "export": "csv excel xes download",
    "simulate": "predict forecast",
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


OPTIONS: Mapping[str, str] = {
    "from": "since after begin start",
    "until": "to before end till",
    "as": "user actor login me",
    "field": "answer data value",
    "output": "out save",
    "force": "overwrite",
    "yes": "confirm",
    "find": "search query phone customer",
    "queue": "role group team",
    "give": "role roles add-role",
    "take": "remove-role",
    "overdue": "late missed",
    "due-within": "due soon",
    "all": "everybody others",
    "limit": "max count top",
    "columns": "fields",
    "where": "filter",
    "process": "type definition",
    "key": "idempotency-key request-id",
    "reason": "why comment",
    "lang": "locale",
    "db": "database url",
}
"""Our option → the words for it; of several of ours the first that the command has."""


def option_called_here(word: str, there: Iterable[str]) -> str:
    """The option of those there that others call so; empty where none is."""
    known = set(there)
    return next((ours for ours, words in OPTIONS.items() if ours in known and word.lower() in words.split()), "")
