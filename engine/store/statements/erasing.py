"""Statements on what is erased and on keys, for every database."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, func, literal_column, null, select, update

from engine.store.statements.writing import Hot, insert, remove, value
from engine.store.tables import attachments, case_keys, cases, contents, outbox, requests

NEW_SECRET = insert(case_keys, many=True)
NO_SECRET = remove(case_keys, "case_id")
KEY_OF = Hot(select(case_keys.c.secret).where(case_keys.c.case_id == value("owner")), "owner")
KEYS_BESIDE = Hot(
    select(case_keys)
    .where(case_keys.c.case_id > value("after"), case_keys.c.secret.not_like(value("pattern")))
    .order_by(case_keys.c.case_id)
    .limit(value("most")),
    "after",
    "pattern",
    "most",
)
_MARK: ColumnElement[str] = literal_column(
    "CASE WHEN substr(secret, 1, 1) = '~' THEN substr(secret, 1, 10) ELSE '' END"
)
"""`~`, eight signs, `:` where the host's key of that name wraps one."""
COUNT_KEYS = Hot(select(_MARK, func.count()).select_from(case_keys).group_by(_MARK))
COUNT_CASES_UNDER = Hot(
    select(func.count())
    .select_from(case_keys.join(cases, cases.c.id == case_keys.c.case_id))
    .where(case_keys.c.secret.like(value("pattern"))),
    "pattern",
)
REPLACE_KEY = Hot(
    update(case_keys).where(case_keys.c.case_id == value("owner")).values(secret=value("stored")), "stored", "owner"
)

HOLDS_FILES = Hot(
    select(attachments.c.case_id).where(attachments.c.case_id == value("of")).limit(literal_column("1")),
    "of",
)
NO_ATTACHMENTS = Hot(delete(attachments).where(attachments.c.case_id == value("of")), "of")
NO_CONTENTS = Hot(delete(contents).where(contents.c.case_id == value("of")), "of")
_NOTHING: ColumnElement[str] = literal_column("''")
NO_DIGESTS = Hot(update(requests).where(requests.c.case_id == value("of")).values(digest=_NOTHING), "of")
NO_TROUBLES = Hot(update(outbox).where(outbox.c.case_id == value("of")).values(error=null()), "of")

STATEMENTS = {name: found for name, found in list(globals().items()) if isinstance(found, Hot)}
"""Every statement above, by name."""
