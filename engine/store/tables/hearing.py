"""What other systems tell: by which events cases are found, and events that have not come to one."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table

from engine.store.tables.columns import SERIAL, key, maybe_number, metadata, number, where, word

listening = Table(
    "listening",
    metadata,
    key(word("event", "its name")),
    key(word("mark", "digest of the process and of the values that the event must bring")),
    key(word("case_id", "the case that it finds")),
    sqlite_with_rowid=False,
    info={"about": "By which events cases are found: written with every step that changes it."},
)
Index("ix_listening_case_id", listening.c.case_id)

heard = Table(
    "heard",
    metadata,
    Column("number", SERIAL, primary_key=True, autoincrement=True, doc="in the order in which they were heard"),
    word("event", "its name"),
    word("sender", "the system that told it"),
    word("roles", "held by that then: a JSON list"),
    word("key", "the id that its sender gave it"),
    word("digest", "of what was told"),
    number("at_ms", "when it was heard"),
    maybe_number("occurred_ms", "when it happened, by its sender's clock"),
    word("status", "`kept`, `refused` by its case, `ignored`, `dropped`"),
    number("until_ms", "waits, or is remembered, until then"),
    word("fields", "what a case will need of it, but for personal values: one JSON object"),
    word("private", "the personal values under a key of its own, in `case_keys`: one JSON object"),
    word("cases", "those it may be about, where none or several fitted: a JSON list"),
    word("reasons", "why its case refused it, in every language: a JSON list"),
    word("importing", "the unfinished import it came with; empty text: none"),
    sqlite_autoincrement=True,
    info={"about": "Events of other systems that have changed no case: they wait for one, or were put aside."},
)
Index("uq_heard_sender", heard.c.sender, heard.c.key, unique=True)
Index("ix_heard_until_ms", heard.c.until_ms)
Index("ix_heard_private", heard.c.number, **where("private <> '{}'"))
Index("ix_heard_importing", heard.c.importing, **where("importing <> ''"))

kept = Table(
    "kept",
    metadata,
    key(word("event", "its name")),
    key(word("mark", "as in `listening`")),
    key(number("number", "the event that waits, in `heard`")),
    sqlite_with_rowid=False,
    info={"about": "For what cases events wait."},
)
Index("ix_kept_number", kept.c.number)
