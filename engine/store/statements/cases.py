"""Statements on cases, their records and lists, for every database."""

from __future__ import annotations

from sqlalchemy import delete, exists, func, literal_column, select, union

from engine.store.statements.writing import Hot, counting, insert, locking, replace, value
from engine.store.tables import (
    case_keys,
    cases,
    clock_cycles,
    counters,
    links,
    outbox,
    personal,
    requests,
    waiting,
)

ROOT_OF = Hot(select(cases.c.root).where(cases.c.id == value("id")), "id")
LOCK = Hot(locking(select(cases.c.id).where(cases.c.id == value("id"))), "id")
LOCK_FREE = Hot(locking(select(cases.c.id).where(cases.c.id == value("id")), is_free=True), "id")
FAMILY = Hot(select(cases).where(cases.c.root == value("root")).order_by(cases.c.birth), "root")
ROW = Hot(select(cases).where(cases.c.id == value("id")), "id")
SECRETS = Hot(
    select(case_keys).join(cases, cases.c.id == case_keys.c.case_id).where(cases.c.root == value("root")), "root"
)
PERSONAL = Hot(
    select(personal.c.case_id, personal.c.field, personal.c.value)
    .join(cases, cases.c.id == personal.c.case_id)
    .where(cases.c.root == value("root")),
    "root",
)
OPEN_WITH_KEY = Hot(
    select(cases.c.opened_ms, cases.c.id)
    .where(cases.c.business_key == value("key"), cases.c.process == value("process"))
    .where(cases.c.closed_ms.is_(None), cases.c.parent.is_(None)),
    "key",
    "process",
)
LIKE = Hot(
    select(cases.c.body)
    .where(cases.c.process == value("process"), cases.c.opened_ms >= value("since"))
    # The last as it stands in the condition of its index, or that is not used.
    .where(cases.c.opened_ms <= value("until"), literal_column("cases.process <> ''"))
    .where(cases.c.body.like(value("pattern"), escape="~")),
    "process", "since", "until", "pattern",
)  # fmt: skip
ROOTS = Hot(
    select(cases.c.id)
    .where(cases.c.id > value("after"), cases.c.parent.is_(None))
    .order_by(cases.c.id)
    .limit(value("most")),
    "after",
    "most",
)
HEADS = Hot(
    select(cases.c.id, cases.c.sequence, cases.c.head)
    .where(cases.c.id > value("after"))
    .order_by(cases.c.id)
    .limit(value("most")),
    "after",
    "most",
)
LINKED = Hot(
    select(links.c.case_id, links.c.link).where(links.c.target == value("target")).order_by(links.c.case_id), "target"
)
COUNTED = Hot(select(counters.c.number).where(counters.c.prefix == value("prefix")), "prefix")
COUNT = counting(counters, "number")

NEW_CASE = insert(cases)
NEW_WAITING = insert(waiting)
NO_WAITING = Hot(
    waiting.delete().where(*(column == value(column.name) for column in waiting.columns)),
    *(column.name for column in waiting.columns),
)
NEW_REQUEST = insert(requests)
NEW_MESSAGE = insert(outbox)
CYCLE = replace(clock_cycles, filled=("noticed_ms",))
LINK = replace(links)
PERSONAL_VALUE = replace(personal)
NO_PERSONAL_VALUE = Hot(
    personal.delete().where(personal.c.case_id == value("case_id"), personal.c.field == value("field")),
    "case_id",
    "field",
)

MEMBERS = Hot(select(cases.c.id).where(cases.c.root == value("root")), "root")
REQUEST = Hot(
    select(requests).where(requests.c.sender == value("sender"), requests.c.key == value("key")), "sender", "key"
)
FORGET = Hot(
    delete(requests).where(exists().where(cases.c.id == requests.c.case_id, cases.c.closed_ms < value("before"))),
    "before",
)

DUE = Hot(
    select(cases.c.id)
    .where(cases.c.family_due_ms < value("before"))
    .order_by(cases.c.family_due_ms, cases.c.id)
    .limit(value("most"))
    .with_for_update(skip_locked=True),
    "before",
    "most",
)
IMPORTING_DUE = Hot(
    select(cases.c.root)
    .where(cases.c.importing == value("name"), cases.c.next_due_ms < value("before"), cases.c.root > value("after"))
    .distinct()
    .order_by(cases.c.root)
    .limit(value("most")),
    "name",
    "before",
    "after",
    "most",
)
COUNT_DUE = Hot(select(func.count()).select_from(cases).where(cases.c.family_due_ms < value("before")), "before")
NEXT_DUE = Hot(select(func.min(cases.c.family_due_ms)).where(cases.c.family_due_ms.is_not(None)))
SEARCH = Hot(
    union(
        select(cases.c.id).where(cases.c.id == value("text")),
        select(cases.c.id).where(cases.c.business_key == value("text")),
        select(personal.c.case_id).where(personal.c.search == value("hmac")),
    ),
    "text",
    "hmac",
)
CYCLES = Hot(
    select(clock_cycles)
    .where(clock_cycles.c.case_id == value("of"))
    .order_by(clock_cycles.c.clock, clock_cycles.c.cycle),
    "of",
)

STATEMENTS = {name: found for name, found in list(globals().items()) if isinstance(found, Hot)}
"""Every statement above, by name."""
