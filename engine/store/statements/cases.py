"""Statements on cases, their records and lists, for every database."""

from __future__ import annotations

from sqlalchemy import ClauseElement, Subquery, and_, delete, exists, func, literal_column, select, union

from engine.store.statements.many import asking
from engine.store.statements.writing import Hot, counting, insert, locking, remove, replace, value
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


def _locking(*, is_free: bool) -> Hot:
    """Lock a case; many in the order in which they are named."""

    def many(given: Subquery) -> ClauseElement:
        wanted = select(cases.c.id).join_from(given, cases, cases.c.id == given.c.id).order_by(given.c.place)
        return locking(wanted, is_free=is_free, of=cases)("postgresql")

    one = select(cases.c.id).where(cases.c.id == value("id"))
    return Hot(locking(one, is_free=is_free), "id", many=asking(many, {"id": "text"}, 1))


def _families(given: Subquery) -> ClauseElement:
    wanted = select(cases).join_from(given, cases, cases.c.root == given.c.root)
    return wanted.order_by(given.c.place, cases.c.birth)


def _secrets(given: Subquery) -> ClauseElement:
    wanted = select(case_keys, cases.c.root).join_from(given, cases, cases.c.root == given.c.root)
    return wanted.join(case_keys, case_keys.c.case_id == cases.c.id)


def _personal(given: Subquery) -> ClauseElement:
    wanted = select(personal.c.case_id, personal.c.field, personal.c.value, cases.c.root)
    return wanted.join_from(given, cases, cases.c.root == given.c.root).join(personal, personal.c.case_id == cases.c.id)


def _requests(given: Subquery) -> ClauseElement:
    is_asked = and_(requests.c.sender == given.c.sender, requests.c.key == given.c.key)
    return select(requests).join_from(given, requests, is_asked)


LOCK = _locking(is_free=False)
LOCK_FREE = _locking(is_free=True)
FAMILY = Hot(
    select(cases).where(cases.c.root == value("root")).order_by(cases.c.birth),
    "root",
    many=asking(_families, {"root": "text"}, 1),
)
ROW = Hot(select(cases).where(cases.c.id == value("id")), "id")
SECRETS = Hot(
    select(case_keys).join(cases, cases.c.id == case_keys.c.case_id).where(cases.c.root == value("root")),
    "root",
    many=asking(_secrets, {"root": "text"}, 2),
)
PERSONAL = Hot(
    select(personal.c.case_id, personal.c.field, personal.c.value)
    .join(cases, cases.c.id == personal.c.case_id)
    .where(cases.c.root == value("root")),
    "root",
    many=asking(_personal, {"root": "text"}, 3),
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
COUNTED = Hot(select(counters.c.number).where(counters.c.prefix == value("prefix")), "prefix")
COUNT = counting(counters, "number")

NEW_CASE = insert(cases, many=True)
NEW_WAITING = insert(waiting, many=True)
NO_WAITING = remove(waiting, *(column.name for column in waiting.columns))
NEW_REQUEST = insert(requests, many=True)
NEW_MESSAGE = insert(outbox, many=True)
CYCLE = replace(clock_cycles, filled=("noticed_ms",), many=True)
LINK = replace(links, many=True)
PERSONAL_VALUE = replace(personal, many=True)
NO_PERSONAL_VALUE = remove(personal, "case_id", "field")

MEMBERS = Hot(select(cases.c.id).where(cases.c.root == value("root")), "root")
REQUEST = Hot(
    select(requests).where(requests.c.sender == value("sender"), requests.c.key == value("key")),
    "sender",
    "key",
    many=asking(_requests, {"sender": "text", "key": "text"}, 0, 1),
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
