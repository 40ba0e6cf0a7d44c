"""What is not of one case: definitions, people, files, settings."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from sqlalchemy import delete, select

from engine.ports import Attachment, Person, Publication
from engine.store.rows import decode, encode, plain
from engine.store.sql import Hot, Work, insert, replace, value
from engine.store.tables import actors, attachments, contents, definitions, settings, sources

_NEW_DEFINITION = insert(definitions)
_SOURCE = replace(sources, "text")
_TEXT = Hot(select(sources.c.text).where(sources.c.hash == value("hash")), "hash")

_PERSON = replace(actors)
_PEOPLE = Hot(select(actors).order_by(actors.c.id))
_ONE_PERSON = Hot(select(actors).where(actors.c.id == value("id")), "id")

_CONTENT = replace(contents, "content")
_NEW_ATTACHMENT = insert(attachments)
_ATTACHMENT = Hot(
    select(attachments.c.hash, attachments.c.name, attachments.c.media_type, contents.c.content)
    .join(contents, contents.c.hash == attachments.c.hash)
    .where(attachments.c.case_id == value("case_id"), attachments.c.hash == value("of"))
    .order_by(attachments.c.id.desc()),
    "case_id",
    "of",
)

_SETTING = Hot(select(settings.c.value).where(settings.c.name == value("name")), "name")
_SET = replace(settings)
_UNSET = Hot(delete(settings).where(settings.c.name == value("name")), "name")


class Shelf(Work):
    """Definitions, people, files and settings."""

    def publish(self, publication: Publication) -> None:
        """Add a definition, or new words of one already there."""
        named = {}
        for path, text in publication.sources.items():
            named[path] = sha256(text.encode()).hexdigest()
            self._run(_SOURCE, named[path], plain(text, f"`{path}`"))
        it = publication
        known_by = (it.process, it.version, it.prefix, it.behaviour_hash, it.words_hash)
        self._run(_NEW_DEFINITION, *known_by, encode(named), it.published_at, it.published_by)

    def publications(self, process: str | None = None) -> list[Publication]:
        """Published definitions, oldest first; of one version with new words, the newest words only."""
        chosen = select(definitions).order_by(definitions.c.id)
        if process is not None:
            chosen = chosen.where(definitions.c.process == process)
        newest = {(row[1], row[2]): row for row in self._ask(chosen)}
        return [self._publication(row) for row in newest.values()]

    def _publication(self, row: Any) -> Publication:
        _, process, version, prefix, behaviour_hash, words_hash, named, published_at, published_by = row
        return Publication(
            process=process,
            version=version,
            prefix=prefix,
            behaviour_hash=behaviour_hash,
            words_hash=words_hash,
            sources={path: self._run(_TEXT, digest).fetchone()[0] for path, digest in decode(named).items()},
            published_at=published_at,
            published_by=published_by,
        )

    def save_person(self, person: Person) -> None:
        """Add a person or replace what is known of one."""
        known_as, name = plain(person.id, "a person's id"), plain(person.name, "a person's name")
        self._run(_PERSON, known_as, name, encode(person.roles), int(person.is_active), person.language)

    def person(self, id: str) -> Person | None:
        """One person."""
        row = self._run(_ONE_PERSON, id).fetchone()
        return None if row is None else _person(row)

    def people(self) -> list[Person]:
        """Every person, by id."""
        return [_person(row) for row in self._run(_PEOPLE).fetchall()]

    def save_attachment(self, case: str, attachment: Attachment, at: int) -> None:
        """Keep a file of this case; its content is stored once, however often it is attached."""
        name = plain(attachment.name, "a file's name")
        self._run(_CONTENT, attachment.hash, attachment.content)
        self._run(_NEW_ATTACHMENT, case, attachment.hash, name, attachment.media_type, at)

    def attachment(self, case: str, hash: str) -> Attachment | None:
        """A file of this case; of one attached again under another name, the newest name."""
        found = self._run(_ATTACHMENT, case, hash).fetchone()
        if found is None:
            return None
        digest, name, media_type, content = found
        return Attachment(hash=digest, name=name, media_type=media_type, content=bytes(content))

    def setting(self, name: str) -> str | None:
        """A setting's text."""
        found = self._run(_SETTING, name).fetchone()
        return found[0] if found else None

    def set_setting(self, name: str, value: str | None) -> None:
        """Set it; None removes it."""
        if value is None:
            self._run(_UNSET, name)
        else:
            self._run(_SET, name, plain(value, f"setting `{name}`"))


def _person(row: Any) -> Person:
    known_as, name, roles, is_active, language = row
    return Person(id=known_as, name=name, roles=tuple(decode(roles)), is_active=bool(is_active), language=language)
