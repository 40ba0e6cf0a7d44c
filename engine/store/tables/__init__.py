"""The tables. Every database is made of these by `migrations`; `docs/reference/tables.md` is checked against them.

Instants are `…_ms`: whole milliseconds since 1970 in UTC. Documents are JSON in text columns, given back as they were.
Nothing here needs one kind of database.
"""

from __future__ import annotations

from engine.store.tables.cases import (
    adjustments,
    affected,
    archived,
    attachments,
    case_keys,
    cases,
    clock_cycles,
    contents,
    counters,
    erased_files,
    faults,
    links,
    outbox,
    personal,
    records,
    requests,
    waiting,
)
from engine.store.tables.columns import metadata
from engine.store.tables.desk import actors, addresses, definitions, parties, settings, sources, timetables
from engine.store.tables.hearing import heard, kept, listening

__all__ = [
    "VERSION_TABLE",
    "actors",
    "addresses",
    "adjustments",
    "affected",
    "archived",
    "attachments",
    "case_keys",
    "cases",
    "clock_cycles",
    "contents",
    "counters",
    "definitions",
    "erased_files",
    "faults",
    "heard",
    "kept",
    "links",
    "listening",
    "metadata",
    "outbox",
    "parties",
    "personal",
    "records",
    "requests",
    "settings",
    "sources",
    "timetables",
    "waiting",
]

VERSION_TABLE = "casewright_schema"
"""Where the migration tool keeps which revision the tables have."""
