"""Statements on messages, definitions, people, files, settings and faults, for every database."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, delete, exists, func, literal_column, or_, select, update

from engine.store.statements.many import updating
from engine.store.statements.writing import Hot, database_time, insert, locking, replace, value
from engine.store.tables import (
    actors,
    addresses,
    attachments,
    case_keys,
    cases,
    contents,
    definitions,
    faults,
    outbox,
    parties,
    settings,
    sources,
    timetables,
)

# As it stands in the condition of the index, or that is not used.
_WAITING: ColumnElement[str] = literal_column("'waiting'")
_EMIT: ColumnElement[str] = literal_column("'emit'")
_ONE_MORE = outbox.c.attempts + literal_column("1")
_earlier = outbox.alias("earlier")

CLAIMABLE_MAIL = Hot(
    select(outbox)
    .where(outbox.c.status == _WAITING, outbox.c.next_ms <= value("now"))
    .where(
        or_(
            outbox.c.kind != _EMIT,
            ~exists().where(
                and_(
                    _earlier.c.case_id == outbox.c.case_id,
                    _earlier.c.receiver == outbox.c.receiver,
                    _earlier.c.kind == _EMIT,
                    _earlier.c.status == _WAITING,
                    _earlier.c.id < outbox.c.id,
                )
            ),
        )
    )
    .order_by(outbox.c.next_ms, outbox.c.id)
    .limit(value("most"))
    .with_for_update(skip_locked=True, of=outbox),
    "now",
    "most",
)
CLAIM_MAIL = Hot(
    update(outbox).where(outbox.c.id == value("mail")).values(attempts=_ONE_MORE, next_ms=value("until")),
    "until",
    "mail",
    many=updating(
        outbox,
        {"until": "bigint", "mail": "bigint"},
        "mail",
        lambda given: {"attempts": _ONE_MORE, "next_ms": given.c.until},
    ),
)
_STATED = {"status": "text", "attempts": "bigint", "next_ms": "bigint", "error": "text", "delivered_ms": "bigint"}
UPDATE_MAIL = Hot(
    update(outbox).where(outbox.c.id == value("mail")).values({name: value(name) for name in _STATED}),
    *_STATED,
    "mail",
    many=updating(
        outbox, {**_STATED, "mail": "bigint"}, "mail", lambda given: {name: given.c[name] for name in _STATED}
    ),
)
NEXT_MAIL = Hot(select(func.min(outbox.c.next_ms)).where(outbox.c.status == _WAITING))
MAIL = Hot(select(outbox).where(outbox.c.id == value("mail")), "mail")

NEW_DEFINITION = insert(definitions)
SOURCE = replace(sources, "text")
TEXT = Hot(select(sources.c.text).where(sources.c.hash == value("hash")), "hash")

DEFINITIONS = Hot(select(definitions).order_by(definitions.c.id))
DEFINITIONS_OF = Hot(select(definitions).where(definitions.c.process == value("of")).order_by(definitions.c.id), "of")

PERSON = replace(actors)
PEOPLE = Hot(select(actors).order_by(actors.c.id))
ONE_PERSON = Hot(select(actors).where(actors.c.id == value("id")), "id")

ADDRESS = replace(addresses)
ADDRESSES = Hot(
    select(addresses.c.kind, addresses.c.address, case_keys.c.secret)
    .select_from(addresses.outerjoin(case_keys, case_keys.c.case_id == value("owner")))
    .where(addresses.c.person == value("of"))
    .order_by(addresses.c.kind),
    "owner",
    "of",
)
NO_ADDRESS = Hot(
    delete(addresses).where(addresses.c.person == value("of"), addresses.c.kind == value("kind")), "of", "kind"
)

CONTENT = replace(contents, "content")
NEW_ATTACHMENT = insert(attachments)
_with_content = attachments.join(
    contents, and_(contents.c.case_id == attachments.c.case_id, contents.c.hash == attachments.c.hash)
)
ATTACHMENT = Hot(
    select(attachments.c.name, attachments.c.media_type, contents.c.content)
    .select_from(_with_content)
    .where(attachments.c.case_id == value("case_id"), attachments.c.hash == value("of"))
    .order_by(attachments.c.id.desc()),
    "case_id",
    "of",
)
ATTACHED = Hot(
    select(
        attachments.c.hash,
        attachments.c.name,
        attachments.c.media_type,
        func.length(contents.c.content),
        attachments.c.at_ms,
    )
    .select_from(_with_content)
    .where(attachments.c.case_id == value("case_id"))
    .order_by(attachments.c.id),
    "case_id",
)

TIME = Hot(lambda dialect: select(database_time(dialect)))

SETTING = Hot(select(settings.c.value).where(settings.c.name == value("name")), "name")
SET = replace(settings)
UNSET = Hot(delete(settings).where(settings.c.name == value("name")), "name")

TIMETABLE = Hot(select(timetables).where(timetables.c.process == value("process")), "process")
LOCK_TIMETABLE = Hot(locking(select(timetables.c.process).where(timetables.c.process == value("process"))), "process")
KEEP_TIMETABLE = replace(timetables)
_WAITS = and_(timetables.c.due_ms.is_not(None), timetables.c.fault.is_(None))
DUE_TIMETABLES = Hot(
    select(timetables.c.process)
    .where(_WAITS, timetables.c.due_ms < value("before"))
    .order_by(timetables.c.due_ms, timetables.c.process),
    "before",
)
NEXT_OPENING = Hot(select(func.min(timetables.c.due_ms)).where(_WAITS))

_later = parties.alias("later")
_NEWEST = (
    select(func.max(_later.c.number))
    .where(_later.c.party == parties.c.party, _later.c.id == parties.c.id, _later.c.at_ms <= value("at"))
    .correlate(parties)
    .scalar_subquery()
)
NEW_PARTY = insert(parties)
_OWNER = parties.c.party + literal_column("':'") + parties.c.id
_with_key = select(parties, case_keys.c.secret).select_from(parties.outerjoin(case_keys, case_keys.c.case_id == _OWNER))
EMPTY_PARTY = Hot(
    update(parties)
    .where(parties.c.party == value("of"), parties.c.id == value("known_as"))
    .values(private=value("private")),
    "private",
    "of",
    "known_as",
)
PARTIES = Hot(
    _with_key.where(parties.c.party == value("of"), parties.c.number == _NEWEST).order_by(parties.c.id),
    "of",
    "at",
)
PARTY = Hot(
    _with_key.where(parties.c.party == value("of"), parties.c.id == value("id")).order_by(parties.c.number),
    "of",
    "id",
)
PARTY_UNTIL = Hot(select(func.max(parties.c.at_ms)).where(parties.c.party == value("of")), "of")

_member = cases.alias("member")
_family_due = (
    select(func.min(_member.c.next_due_ms)).where(_member.c.root == cases.c.id).correlate(cases).scalar_subquery()
)
_ROOT = select(faults.c.root).where(faults.c.id == value("was")).scalar_subquery()
_NOTHING: ColumnElement[None] = literal_column("NULL")

FAULT = replace(faults)
FAULTS = Hot(select(faults).order_by(faults.c.at_ms, faults.c.id))
NO_FAULT = Hot(delete(faults).where(faults.c.id == value("fault")), "fault")
SET_ASIDE = Hot(
    update(cases).where(cases.c.id == value("of")).values(fault=value("fault"), family_due_ms=_NOTHING), "fault", "of"
)
DUE_AGAIN = Hot(
    update(cases)
    .where(cases.c.id == _ROOT, cases.c.fault == value("was"), cases.c.importing.is_(None))
    .values(family_due_ms=_family_due),
    "was",
)
UNMARKED = Hot(update(cases).where(cases.c.id == _ROOT, cases.c.fault == value("was")).values(fault=_NOTHING), "was")
OPEN_AGAIN = Hot(update(timetables).where(timetables.c.fault == value("was")).values(fault=_NOTHING), "was")
IMPORTED = Hot(
    update(cases)
    .where(cases.c.importing == value("was"), cases.c.parent.is_(None), cases.c.fault.is_(None))
    .values(family_due_ms=_family_due),
    "was",
)
ALL_THERE = Hot(update(cases).where(cases.c.importing == value("was")).values(importing=_NOTHING), "was")

STATEMENTS = {name: found for name, found in list(globals().items()) if isinstance(found, Hot)}
"""Every statement above, by name."""
