"""What is not of one case: definitions, people, files, settings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

from engine.errors import StoreUnavailable
from engine.json_text import encode
from engine.ports import Attached, Attachment, Person, Publication
from engine.sealing import MORE, owner_of_addresses, owner_of_files, place_of_name
from engine.store.rows import decode, plain
from engine.store.sql import Work


class Shelf(Work):
    """Definitions, people, files and settings."""

    def publish(self, publication: Publication) -> None:
        """Add a definition, or new words of one already there."""
        named = {}
        for path, text in publication.sources.items():
            named[path] = sha256(text.encode()).hexdigest()
            self._run("SOURCE", named[path], plain(text, f"`{path}`"))
        it = publication
        known_by = (it.process, it.version, it.prefix, it.behaviour_hash, it.words_hash)
        self._run("NEW_DEFINITION", *known_by, encode(named), it.published_at, it.published_by)

    def publications(self, process: str | None = None) -> list[Publication]:
        """Published definitions, oldest first; a version has its newest words, and the instant of its first ones."""
        rows = (self._run("DEFINITIONS") if process is None else self._run("DEFINITIONS_OF", process)).fetchall()
        first = {(row[1], row[2]): row[7] for row in reversed(rows)}
        newest = {(row[1], row[2]): row for row in rows}
        return [self._publication(row, first[version]) for version, row in newest.items()]

    def _publication(self, row: Any, published_at: int) -> Publication:
        _, process, version, prefix, behaviour_hash, words_hash, named, _, published_by = row
        return Publication(
            process=process,
            version=version,
            prefix=prefix,
            behaviour_hash=behaviour_hash,
            words_hash=words_hash,
            sources=self._sources(f"`{process}` version {version}", named),
            published_at=published_at,
            published_by=published_by,
        )

    def _sources(self, what: str, named: str) -> dict[str, str]:
        """The texts of a definition, each still the one that was published."""
        try:
            found = {path: (digest, self._run("TEXT", digest).fetchone()[0]) for path, digest in decode(named).items()}
            wrong = [path for path, (digest, text) in found.items() if sha256(text.encode()).hexdigest() != digest]
        except (TypeError, ValueError, AttributeError):  # a text that is not there, or names that are none
            wrong, found = [what], {}
        if wrong:
            raise StoreUnavailable(
                f"the texts of {what} are not those that were published ({wrong[0]}): the database is damaged",
                help="keep a copy of it, then go back to the last backup",
            )
        return {path: text for path, (_, text) in found.items()}

    def save_person(self, person: Person) -> None:
        """Add a person or replace what is known of one."""
        known_as, name = plain(person.id, "a person's id"), plain(person.name, "a person's name")
        self._run("PERSON", known_as, name, encode(person.roles), int(person.is_active), person.language)
        self._forget()

    def person(self, id: str) -> Person | None:
        """One person."""
        if self._known is not None and id in self._known.people:
            return self._known.people[id]
        row = self._run("ONE_PERSON", id).fetchone()
        found = self._seen.people[id] = None if row is None else _person(row)
        return found

    def people(self) -> list[Person]:
        """Every person, by id."""
        return [_person(row) for row in self._run("PEOPLE").fetchall()]

    def save_addresses(self, person: str, addresses: Mapping[str, str | None]) -> None:
        """Keep these ways to reach this person, or forget those that are None: without any, their key is destroyed."""
        owner, keys = owner_of_addresses(plain(person, "a person's id")), self._driver.keys
        for kind, _locked, key in self._run("ADDRESSES", owner, person).fetchall():
            if not key and kind not in addresses:  # another key would lock out what stays
                keys.open("", owner)
        for kind, address in addresses.items():
            if address is None:
                self._run("NO_ADDRESS", person, kind)
            else:
                locked = keys.lock_value(self._key_for(owner), (owner, kind), plain(address, "an address"))
                self._run("ADDRESS", person, kind, locked)
        if not self._run("ADDRESSES", owner, person).fetchall():
            self._run("NO_SECRET", owner)

    def addresses(self, person: str) -> Mapping[str, str]:
        """How this person is reached: `email`, `phone`."""
        owner, keys = owner_of_addresses(person), self._driver.keys
        found = self._run("ADDRESSES", owner, person).fetchall()
        return {kind: keys.open_value(key or "", (owner, kind), locked) for kind, locked, key in found}

    def save_attachment(self, case: str, attachment: Attachment, at: int) -> None:
        """Keep a file of this case; its content is stored once, however often it is attached."""
        name, digest, owner = plain(attachment.name, "a file's name"), attachment.hash, owner_of_files(case)
        keys, key = self._driver.keys, self._key_for(owner)
        self._run("CONTENT", case, digest, keys.lock_content(key, (owner, digest), attachment.content))
        locked = keys.lock_value(key, place_of_name(case, digest), name)
        self._run("NEW_ATTACHMENT", case, digest, locked, attachment.media_type, at)

    def attachment(self, case: str, hash: str) -> Attachment | None:
        """A file of this case; of one attached again under another name, the newest name."""
        found = self._run("ATTACHMENT", case, hash).fetchone()
        if found is None:
            return None
        owner, keys, (name, media_type, content) = owner_of_files(case), self._driver.keys, found
        key = self._key_of(owner)
        return Attachment(
            hash=hash, name=keys.open_value(key, place_of_name(case, hash), name), media_type=media_type,
            content=keys.open_content(key, (owner, hash), bytes(content)),
        )  # fmt: skip

    def attached(self, case: str) -> list[Attached]:
        """What was attached to this case, in that order."""
        found, owner, keys = self._run("ATTACHED", case).fetchall(), owner_of_files(case), self._driver.keys
        key = self._key_of(owner) if found else ""
        told = _untold if keys.trouble(key, owner) else keys.open_value
        return [
            Attached(
                hash=digest,
                name=told(key, place_of_name(case, digest), name),
                media_type=media_type,
                size=size - MORE,
                at=at,
            )
            for digest, name, media_type, size, at in found
        ]

    def setting(self, name: str) -> str | None:
        """A setting's text."""
        if self._known is not None and name in self._known.settings:
            return self._known.settings[name]
        row = self._run("SETTING", name).fetchone()
        found = self._seen.settings[name] = row[0] if row else None
        return found

    def set_setting(self, name: str, value: str | None) -> None:
        """Set it; None removes it."""
        if value is None:
            self._run("UNSET", name)
        else:
            self._run("SET", name, plain(value, f"setting `{name}`"))
        self._forget(has_cases=True)


def _untold(key: str, place: tuple[str, str], locked: str) -> str:
    """The name of a file whose key is not here: who looks at a case wants to see the rest of it."""
    return ""


@lru_cache(maxsize=1_024)
def _person(row: tuple[Any, ...]) -> Person:
    known_as, name, roles, is_active, language = row
    return Person(id=known_as, name=name, roles=tuple(decode(roles)), is_active=bool(is_active), language=language)
