"""Cases, and all that belongs to one: its records, values, promises, messages, files, faults."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table

from engine.store.tables.columns import SERIAL, key, maybe_number, maybe_word, metadata, number, where, word

cases = Table(
    "cases",
    metadata,
    key(word("id", "as people say it: `R-1042`, a child `R-1042.1`")),
    word("root", "the oldest ancestor; a family is everything with the same root"),
    maybe_word("parent", "the case that opened it"),
    number("ordinal", "its number among its parent's children"),
    number("birth", "its place in the family, in order of birth; the root is 0"),
    word("process", "name of its definition"),
    number("version", "version of its definition"),
    number("personal", "how often its personal values were written; 0: never any"),
    number("revision", "count of its changes"),
    number("sequence", "records so far"),
    word("head", "hash of its newest record"),
    number("family_order", "on the root: records of the family so far"),
    number("floor_ms", "on the root: no command of the family may be earlier"),
    maybe_number("next_due_ms", "when something of this case falls due"),
    maybe_number("family_due_ms", "on the root: when the family falls due; empty while set aside or importing"),
    maybe_word("importing", "the unfinished import it belongs to"),
    maybe_word("fault", "on the root: the fault that set the family aside"),
    word("state", "active leaves, joined by ` + `"),
    word("waiting", "whom it waits for: a JSON list, as in `waiting`"),
    maybe_number("due_ms", "earliest due instant of a promise not broken yet"),
    maybe_word("due_clock", "whose"),
    maybe_number("overdue_since_ms", "earliest breach still running"),
    maybe_word("overdue_clock", "whose"),
    maybe_number("remaining_ms", "what is left on the paused clock with the least, when nothing runs"),
    maybe_word("paused_by", "why that one is paused"),
    number("sort_key", "place in lists, the smallest first"),
    maybe_word("assignee", "the person who holds it"),
    maybe_word("queue", "the role it was assigned to"),
    maybe_word("business_key", "the outside world's number for it"),
    number("is_unique", "1: no other open case of its process may have this business key"),
    number("opened_ms", "when it was opened"),
    maybe_number("closed_ms", "when it reached a final state; empty: open"),
    word("outcome", "`done`, `failed`, `cancelled`; empty text while open"),
    word("body", "position, data, what was done, timers, clocks, links: one JSON object"),
    info={"about": "One row for each case. The common step reads one and changes a few of its columns."},
)
Index(None, cases.c.root, cases.c.birth)
Index(None, cases.c.family_due_ms, cases.c.id, **where("family_due_ms IS NOT NULL"))
Index("ix_cases_worklist", cases.c.sort_key, cases.c.opened_ms, cases.c.id, **where("closed_ms IS NULL"))
Index("ix_cases_assignee", cases.c.assignee, **where("assignee IS NOT NULL AND closed_ms IS NULL"))
Index("ix_cases_closed", cases.c.sort_key, cases.c.opened_ms, cases.c.id, **where("closed_ms IS NOT NULL"))
# What leaves, or lets private values go, when its time is over: walked by id, a page at a time.
Index(
    "ix_cases_closed_roots",
    cases.c.process,
    cases.c.id,
    cases.c.closed_ms,
    **where("parent IS NULL AND closed_ms IS NOT NULL"),
)
# For counting like cases alone: the condition, true of every row, keeps it from being taken for lists of one process.
Index("ix_cases_process_opened_ms", cases.c.process, cases.c.opened_ms, **where("process <> ''"))
Index("ix_cases_business_key", cases.c.business_key, cases.c.process, **where("business_key IS NOT NULL"))
Index("ix_cases_importing", cases.c.importing, cases.c.next_due_ms, **where("importing IS NOT NULL"))
Index(
    "uq_cases_business_key",
    cases.c.process,
    cases.c.business_key,
    unique=True,
    **where("is_unique = 1 AND closed_ms IS NULL"),
)

waiting = Table(
    "waiting",
    metadata,
    key(word("receiver", "`person:ID` or `role:NAME`")),
    key(number("sort_key", "as in `cases`")),
    key(number("opened_ms", "as in `cases`")),
    key(word("case_id", "the open case that waits")),
    sqlite_with_rowid=False,
    info={"about": "On whose lists open cases stand, in the order of lists."},
)

records = Table(
    "records",
    metadata,
    key(word("case_id", "whose record it is")),
    key(number("sequence", "1, 2, 3 … within the case, without a gap")),
    number("family_order", "1, 2, 3 … within the family"),
    word("text", "canonical JSON of the record"),
    word("hash", "SHA-256 of the text and of the record before it"),
    info={
        "about": "The audit: append-only, held so by triggers that refuse to change, delete or replace a row. On "
        "PostgreSQL it has one column more, `at_ms`, the record's instant, by whose months it is partitioned."
    },
)

personal = Table(
    "personal",
    metadata,
    key(word("case_id", "whose value it is")),
    key(word("field", "name of the personal field")),
    word("value", "the value as JSON, encrypted under the key of its case: AES-256-GCM"),
    maybe_word("search", "HMAC under the desk's search key, by which it is found as a whole"),
    sqlite_with_rowid=False,
    info={"about": "Personal values, which stand in no record. Erasing one removes its row."},
)
Index("ix_personal_search", personal.c.search, personal.c.case_id, **where("search IS NOT NULL"))

case_keys = Table(
    "case_keys",
    metadata,
    key(word("case_id", "whose key it is: a case, `CASE/files`, `PARTY:ID` of a register, `actor/PERSON`, an event")),
    word("secret", "the key, wrapped by the host's where there is one; ordinary backups leave this table out"),
    sqlite_with_rowid=False,
    info={
        "about": "The keys that encrypt personal values, files and addresses, and by which records commit to values. "
        "Erasing destroys the key: without it what it locked, and the commitments, tell nothing."
    },
)

links = Table(
    "links",
    metadata,
    key(word("target", "the case that was opened or found")),
    key(word("case_id", "the case that did so")),
    key(word("link", "name of the link in its definition")),
    sqlite_with_rowid=False,
    info={"about": "Which case opened or found which, to be followed back."},
)

requests = Table(
    "requests",
    metadata,
    key(word("sender", "who sent the command")),
    key(word("key", "the idempotency key, unique for its sender")),
    word("digest", "of what was asked"),
    word("case_id", "the case it changed"),
    number("sequence", "the record it made"),
    number("at_ms", "when"),
    sqlite_with_rowid=False,
    info={"about": "Commands that came with a key, so that a repeated one acts once."},
)

counters = Table(
    "counters",
    metadata,
    key(word("prefix", "of case ids")),
    number("number", "the last one given"),
    sqlite_with_rowid=False,
    info={"about": "How far the numbers of case ids have come."},
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True, doc="never given twice"),
    word("case_id", "the case it is about"),
    number("sequence", "the record it belongs to"),
    number("number", "its number within the record"),
    number("at_ms", "the instant of its step"),
    word("kind", "`notify` or `emit`"),
    word("receiver", "person, role, party; of an event its name"),
    word("receiver_kind", "`person`, `role`, `party`, `event`"),
    word("name", "of the message or event"),
    word("body", "values of its placeholders, and what else is fixed at its step: one JSON object"),
    word("status", "`waiting`, `delivered`, `superseded`, `imported`, `dead`"),
    number("attempts", "deliveries tried so far"),
    number("next_ms", "not to be tried before"),
    maybe_word("error", "why the last attempt failed"),
    maybe_number("delivered_ms", "when it was delivered"),
    sqlite_autoincrement=True,
    info={"about": "Messages and events, written with the step that sends them."},
)
Index("uq_outbox_place", outbox.c.case_id, outbox.c.sequence, outbox.c.number, unique=True)
Index("ix_outbox_waiting", outbox.c.next_ms, outbox.c.id, **where("status = 'waiting'"))

clock_cycles = Table(
    "clock_cycles",
    metadata,
    key(word("case_id", "whose clock it is")),
    key(word("clock", "its name")),
    key(number("cycle", "1, 2, 3 …")),
    number("started_ms", "when the cycle began"),
    maybe_number("ended_ms", "when it ended; empty: running overdue"),
    word("result", "`met`, `breached`, `cancelled`, `not_needed`, `withdrawn`"),
    word("goal_kind", "`length` or `instant`"),
    number("goal_ms", "used time allowed, or the instant"),
    number("used_ms", "time used"),
    maybe_number("breached_ms", "first breach of the cycle"),
    word("turns", "whose turn → time used: one JSON object"),
    maybe_number("noticed_ms", "when the engine recorded the breach; empty: not known"),
    info={"about": "For reports: each cycle of a clock, from its first breach on, else from its end."},
)

attachments = Table(
    "attachments",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True, doc="in order of attaching"),
    word("case_id", "the case it was attached to"),
    word("hash", "of its content, in `contents`"),
    word("name", "name of the file, encrypted under the key of the case's files"),
    word("media_type", "kind of its content"),
    number("at_ms", "when it was attached"),
    sqlite_autoincrement=True,
    info={"about": "Files attached to cases."},
)
Index("ix_attachments_case_id", attachments.c.case_id, attachments.c.hash)

contents = Table(
    "contents",
    metadata,
    key(word("case_id", "the case it was attached to")),
    key(word("hash", "SHA-256 of the bytes")),
    Column("content", LargeBinary, nullable=False, doc="the bytes, encrypted under the key of the case's files"),
    info={"about": "The bytes of files, of one case each content once."},
)

faults = Table(
    "faults",
    metadata,
    key(word("id", "its name")),
    word("root", "the family set aside"),
    number("at_ms", "when"),
    word("message", "what happened, in a sentence"),
    word("traceback", "for whoever mends it"),
    info={"about": "The engine's own trouble with families, until it is mended."},
)

adjustments = Table(
    "adjustments",
    metadata,
    key(word("id", "`ADJ-1`, `ADJ-2` …")),
    word("kind", "`interruption` or `correction`"),
    number("since_ms", "from when promises stood still, or began that are corrected"),
    number("until_ms", "up to when"),
    word("reason", "why, in words"),
    word("approver", "who approved it: never who declared it"),
    word("declared_by", "who declared it"),
    number("declared_ms", "when"),
    word("asked", "which cases and clocks, and the calendar or goal put right: one JSON object"),
    maybe_word("reversal", "why, when and by whom it was taken back: one JSON object"),
    number("is_finished", "0: not yet on every case; the same command goes on with it"),
    sqlite_with_rowid=False,
    info={"about": "What is declared beside the ledger of promises. Records of the cases say the same."},
)

archived = Table(
    "archived",
    metadata,
    key(word("case_id", "the case")),
    word("root", "its family, which left with it"),
    word("process", "name of its definition"),
    number("version", "version of its definition at the end"),
    number("opened_ms", "when it was opened"),
    number("closed_ms", "when it reached a final state"),
    number("sequence", "how many records it has"),
    word("head", "hash of the newest one"),
    word("file", "name of the file in which the family lies"),
    word("file_hash", "SHA-256 of all of that file"),
    number("archived_ms", "when it left"),
    word("archived_by", "who let it leave"),
    sqlite_with_rowid=False,
    info={
        "about": "What is left of cases that were archived. A case's records can be deleted only where this names them "
        "all; a row here can be neither changed nor deleted."
    },
)
Index(None, archived.c.root)

erased_files = Table(
    "erased_files",
    metadata,
    key(word("case_id", "the archived case whose files were erased")),
    number("erased_ms", "when"),
    word("erased_by", "who erased them"),
    word("reason", "why"),
    sqlite_with_rowid=False,
    info={
        "about": "Files of archived cases that were erased: their key is destroyed, so that nobody can open them "
        "wherever they lie. A row here can be neither changed nor deleted. Of a case that is not archived its record "
        "says so."
    },
)

affected = Table(
    "affected",
    metadata,
    key(word("case_id", "the case")),
    key(word("adjustment", "what affects it, in `adjustments`")),
    key(word("clock", "which of its promises")),
    number("is_reversed", "1: taken back"),
    sqlite_with_rowid=False,
    info={"about": "Which promises of which cases an adjustment affects."},
)
Index("ix_affected_adjustment", affected.c.adjustment, affected.c.case_id)
