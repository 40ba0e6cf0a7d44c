"""What belongs to the desk: its definitions, schedules, registers, people, settings."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table

from engine.store.tables.columns import SERIAL, key, maybe_number, maybe_word, metadata, number, where, word

definitions = Table(
    "definitions",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True, doc="in order of publication"),
    word("process", "its name"),
    number("version", "its version; published again with new words, a second row"),
    word("prefix", "of the ids of its cases"),
    word("behaviour_hash", "of all that decides"),
    word("words_hash", "of labels, messages, descriptions"),
    word("sources", "path → hash of the text in `sources`: one JSON object"),
    number("published_ms", "when"),
    word("published_by", "by whom"),
    sqlite_autoincrement=True,
    info={"about": "What was published, newest last."},
)
Index("ix_definitions_process", definitions.c.process, definitions.c.version)

sources = Table(
    "sources",
    metadata,
    key(word("hash", "SHA-256 of the text")),
    word("text", "a file as it was published"),
    info={"about": "The texts of published definitions, each kept once."},
)

timetables = Table(
    "timetables",
    metadata,
    key(word("process", "whose schedules they are")),
    number("since_ms", "what fell due before has been opened"),
    number("made", "of what falls due at this instant: how many were opened or refused"),
    maybe_number("due_ms", "when the calendar opens the next; empty: never"),
    maybe_word("fault", "the fault that set them aside"),
    maybe_word("problem", "the last opening that was refused: one JSON object"),
    sqlite_with_rowid=False,
    info={
        "about": "How far the schedules of each process have come. Who holds its row opens, so each case comes once."
    },
)

Index(
    "ix_timetables_due",
    timetables.c.due_ms,
    timetables.c.process,
    **where("due_ms IS NOT NULL AND fault IS NULL"),
)

parties = Table(
    "parties",
    metadata,
    key(word("party", "of the desk: `customer`")),
    key(word("id", "as the desk calls this one")),
    key(number("number", "1, 2, 3 … for each change")),
    number("at_ms", "from when on it is so"),
    word("changed_by", "by whom"),
    number("is_active", "0: taken off the register"),
    word("data", "what is kept, but for personal values: one JSON object"),
    word("private", "the personal values, each encrypted: one JSON object"),
    maybe_word("erasure", "why its personal values were erased"),
    sqlite_with_rowid=False,
    info={"about": "The desk's registers of outside people. A change adds a row: each is known as it was at any time."},
)

actors = Table(
    "actors",
    metadata,
    key(word("id", "as named in commands")),
    word("name", "as shown to people"),
    word("roles", "a JSON list"),
    number("is_active", "0: may do nothing any more"),
    maybe_word("language", "in which this person is told"),
    info={"about": "People and systems that may act."},
)

addresses = Table(
    "addresses",
    metadata,
    key(word("person", "in `actors`")),
    key(word("kind", "`email` or `phone`")),
    word("address", "where messages to this person go, encrypted under a key of theirs in `case_keys`"),
    sqlite_with_rowid=False,
    info={"about": "How people are reached: private, and read only when a message goes out."},
)

settings = Table(
    "settings",
    metadata,
    key(word("name", "its name")),
    word("value", "its text"),
    info={
        "about": "Small things of the whole database: the desk's search key, a sign of life, how far imports have come."
    },
)
