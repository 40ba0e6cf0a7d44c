"""Statements on events of other systems and the cases they find, for every database."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, literal_column, select, update

from engine.store.statements.writing import Hot, insert, remove, value
from engine.store.tables import case_keys, heard, kept, listening

_KEPT: ColumnElement[str] = literal_column("'kept'")
_NONE: ColumnElement[str] = literal_column("''")

LISTEN = insert(listening, many=True)
NO_LISTENING = remove(listening, *(column.name for column in listening.columns))
LISTENERS = Hot(
    select(listening.c.case_id)
    .where(listening.c.event == value("event"), listening.c.mark == value("mark"))
    .order_by(listening.c.case_id)
    .limit(value("most")),
    "event",
    "mark",
    "most",
)
LISTENS = Hot(
    select(listening.c.event, listening.c.mark)
    .where(listening.c.case_id == value("of"))
    .order_by(listening.c.event, listening.c.mark),
    "of",
)

NEW_HEARD = insert(heard)
HEARD = Hot(select(heard).where(heard.c.sender == value("sender"), heard.c.key == value("key")), "sender", "key")
ONE_HEARD = Hot(select(heard).where(heard.c.number == value("number")), "number")
_STATED = ("status", "until_ms", "cases", "reasons")
UPDATE_HEARD = Hot(
    update(heard).where(heard.c.number == value("of")).values({name: value(name) for name in _STATED}), *_STATED, "of"
)
NO_HEARD = Hot(delete(heard).where(heard.c.number == value("number")), "number")
FORGET_HEARD = Hot(delete(heard).where(heard.c.until_ms <= value("before")), "before")
HEARD_IMPORTED = Hot(
    # The condition as it stands in the index, or that is not used.
    update(heard)
    .where(heard.c.importing == value("was"), literal_column("heard.importing <> ''"))
    .values(importing=_NONE),
    "was",
)

KEEP_HEARD = insert(kept)
NO_KEPT = Hot(delete(kept).where(kept.c.number == value("number")), "number")
FORGET_KEYS = Hot(
    delete(case_keys).where(
        case_keys.c.case_id.in_(
            select(
                literal_column("'event/'").concat(heard.c.sender).concat(literal_column("'/'")).concat(heard.c.key)
            ).where(heard.c.until_ms <= value("before"))
        )
    ),
    "before",
)
FORGET_KEPT = Hot(
    delete(kept).where(kept.c.number.in_(select(heard.c.number).where(heard.c.until_ms <= value("before")))), "before"
)
KEPT_HEARD = Hot(
    select(heard)
    .join(kept, kept.c.number == heard.c.number)
    .where(kept.c.event == value("event"), kept.c.mark == value("mark"))
    .where(heard.c.status == _KEPT, heard.c.until_ms > value("at"), heard.c.importing == value("importing"))
    .order_by(heard.c.number),
    "event",
    "mark",
    "at",
    "importing",
)

STATEMENTS = {name: found for name, found in list(globals().items()) if isinstance(found, Hot)}
"""Every statement above, by name."""
