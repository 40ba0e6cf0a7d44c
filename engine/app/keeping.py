"""What administrators do: publish definitions, name people, look whether all is well."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.app.candidates import oversights_of, with_candidate
from engine.app.catalogue import REVISION, load_definition, opened_until
from engine.app.checkup import Check, check, checks_of_database, look
from engine.app.incoming.hearing import named_events
from engine.app.known import check_role
from engine.app.merging import RecipeOfTwo
from engine.app.opening import Coming, arranged, coming
from engine.app.people import actor_of, admin_of, is_admin
from engine.core.cases import Actor
from engine.core.likeness import likeness
from engine.core.plan import Library
from engine.errors import ClockJumped, DefinitionError, NotFound, UsageError
from engine.model import ProcessDefinition
from engine.ports import Person, Publication, Transaction

if TYPE_CHECKING:
    from engine.lang.load import Loaded

Progress = Callable[[int, int], None]
"""Told how many of how many are done."""


def unwatched(done: int, total: int) -> None:
    """Nobody wants to know how far it is."""


REACHED_BY = ("email", "phone")
"""How people are reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What publishing did."""

    process: str
    version: int
    status: Literal["published", "unchanged", "words updated"]


class Keeping:
    """The verbs of administrators."""

    _recipe: RecipeOfTwo

    def publish(self, sources: Mapping[str, str], process: str, *, actor: Actor | str) -> Published:
        """Publish a definition: immutable from now on. New words under the same behaviour take effect at once."""
        loaded = load_definition(sources, process)
        definition = loaded.definition
        if definition is None:
            raise unusable(process, loaded)
        with self._recipe.store.write() as tx:
            who = admin_of(tx, actor, "publish")
            tx.alone()
            earlier = {one.version: one for one in tx.publications(definition.process)}
            status = check_status(definition, earlier)
            _check_prefix(tx, definition)
            if status == "published":
                self._check_migrations(tx, definition)
                self._check_events(tx, definition)
            if status != "unchanged":
                at = max(self._recipe.life.read(tx), opened_until(tx, definition.process))
                tx.publish(_publication(definition, at, who.id))
                tx.set_setting(REVISION, str(int(tx.setting(REVISION) or 0) + 1))
                arranged(tx, definition.process, at)
        return Published(process=definition.process, version=definition.version, status=status)

    def _check_migrations(self, tx: Transaction, definition: ProcessDefinition) -> None:
        library = with_candidate(self._recipe.catalogue.library(tx), definition)
        found = oversights_of(library, (definition.process, definition.version)) if definition.migrate else []
        if found:
            since = found[0][0]
            raise DefinitionError(
                f"`migrate` of `{definition.process}` version {definition.version} forgets something of version "
                f"{since}, or names what that never had",
                help=f"`casewright plan {definition.process}` says what, and what it means for every open case",
            )

    def _check_events(self, tx: Transaction, definition: ProcessDefinition) -> None:
        library = self._recipe.catalogue.library(tx) if definition.incoming else Library({})
        for event, other in named_events(library, definition.incoming, definition.process):
            raise DefinitionError(
                f"event `{event}` of `{definition.process}` is heard by `{other}` already",
                help="give one of the two another name: an event is about a case of one process",
            )

    def published(self) -> list[Publication]:
        """Every published definition."""
        with self._recipe.store.read() as tx:
            return tx.publications()

    def people(self) -> list[Person]:
        """Everybody known at the desk."""
        with self._recipe.store.read() as tx:
            return tx.people()

    def save_person(self, person: Person, *, actor: Actor | str) -> None:
        """Name a person and the roles held, roles of a published desk; the first one ever named names themselves."""
        if not person.id or person.id == "engine" or any(not sign.isprintable() or sign == ":" for sign in person.id):
            raise UsageError(f"`{person.id}` cannot name a person: printable text without `:`, and not `engine`")
        with self._recipe.store.write() as tx:
            tx.alone()
            if isinstance(actor, Actor) or any(is_admin(one) for one in tx.people()):
                admin_of(tx, actor, "name people")
                _keep_an_admin(tx, person)
            elif not is_admin(person):
                raise UsageError(f"`{person.id}` is the first to be named, so they must hold `admin`")
            _check_roles(tx, self._recipe.catalogue.library(tx), person)
            _check_alike(tx, person.id)
            tx.save_person(person)

    def save_addresses(self, person: str, addresses: Mapping[str, str | None], *, actor: Actor | str) -> None:
        """Keep how a person is reached: `email`, `phone`; None forgets one, what is not given stays."""
        with self._recipe.store.write() as tx:
            tx.alone()
            _admin_or_self(tx, person, actor)
            if tx.person(person) is None:
                raise NotFound(
                    f"there is no `{person}` at this desk", help="`casewright actor list` shows who there is"
                )
            kept = {kind: _address(kind, one) for kind, one in addresses.items()}
            tx.save_addresses(person, kept)
        if None in kept.values():
            self._recipe.store.scrub()

    def addresses(self, person: str, *, actor: Actor | str) -> Mapping[str, str]:
        """How a person is reached; that is for administrators and the person."""
        with self._recipe.store.read() as tx:
            _admin_or_self(tx, person, actor)
            return tx.addresses(person)

    def doctor(self) -> list[Check]:
        """Look whether everything needed is in order."""
        store = self._recipe.store
        with store.read() as tx:
            looked = look(tx, self._recipe.now(), coming(tx, self._recipe.catalogue.library(tx)), store.keys)
        return [*checks_of_database(store), self._clock_check(), *looked]

    def schedules(self) -> list[Coming]:
        """What the calendar opens next, the soonest first."""
        with self._recipe.store.read() as tx:
            return coming(tx, self._recipe.catalogue.library(tx))

    def _clock_check(self) -> Check:
        try:
            with self._recipe.store.read() as tx:
                self._recipe.life.read(tx)
        except ClockJumped as error:
            mend = "时钟发生跳变；请校正或用 `casewright tick --accept-clock` 确认"
            return check("clock", False, error.message, mend)
        return check("clock", True, "the clock runs evenly", "时钟正常")


def _check_roles(tx: Transaction, library: Library, person: Person) -> None:
    """A role given now must be one of a published desk; one held before may stay."""
    known = tx.person(person.id)
    for role in person.roles:
        if person.is_active and (known is None or role not in known.roles):
            check_role(library, role)


def _check_alike(tx: Transaction, person: str) -> None:
    """A new name must not be taken for another: whoever keeps out of a case would come in by it."""
    known = [one.id for one in tx.people()]
    alike = [one for one in known if likeness(one) == likeness(person)]
    if person not in known and alike:
        raise UsageError(
            f"`{person}` cannot be told from `{alike[0]}`, who is known at this desk",
            help="if it is the same person, use that name; else choose one that nobody mixes up",
        )


def _admin_or_self(tx: Transaction, person: str, actor: Actor | str) -> None:
    if (actor.id if isinstance(actor, Actor) else actor) != person:
        admin_of(tx, actor, "see or change how others are reached")
    else:
        actor_of(tx, actor)


def _address(kind: str, address: str | None) -> str | None:
    if kind not in REACHED_BY:
        raise UsageError(f"people are reached by `email` or `phone`, not by `{kind}`")
    if not address:
        return None
    is_right = address.isprintable() and not any(sign in address for sign in " ,;<>")
    if not is_right or (kind == "email" and not re.fullmatch(r"[^@]+@[^@]+", address)):
        raise UsageError(f"`{address}` is not one {kind} address")
    return address


def _keep_an_admin(tx: Transaction, person: Person) -> None:
    known = {one.id: one for one in tx.people()}
    others = [one for one in known.values() if one.id != person.id]
    if person.id in known and is_admin(known[person.id]) and not any(map(is_admin, [*others, person])):
        raise UsageError(f"`{person.id}` is the last `admin`; name another one first")


def _publication(definition: ProcessDefinition, at: int, by: str) -> Publication:
    return Publication(
        process=definition.process, version=definition.version, prefix=definition.prefix,
        behaviour_hash=definition.behaviour_hash, words_hash=definition.words_hash, sources=definition.sources,
        published_at=at, published_by=by,
    )  # fmt: skip


def unusable(process: str, loaded: Loaded) -> DefinitionError:
    """What to say of a definition that has errors."""
    errors = [found for found in loaded.diagnostics if found.severity == "error"]
    said = f"{errors[0].span}: {errors[0].message}" if errors else "nothing says why"
    mend = errors[0].help if len(errors) == 1 else None
    return DefinitionError(
        f"`{process}` cannot be published, errors in it: {len(errors)}; the first: {said}",
        help=mend or "`casewright check` shows them all",
    )


def check_status(
    definition: ProcessDefinition, earlier: Mapping[int, Publication]
) -> Literal["published", "unchanged", "words updated"]:
    """What publishing this means beside the versions there are; raises `DefinitionError` where it must not be."""
    name, version = definition.process, definition.version
    same = earlier.get(version)
    if same is None:
        if earlier and version < max(earlier):
            raise DefinitionError(
                f"`{name}` stands at version {max(earlier)}; version {version} comes too late",
                help=f"give it version {max(earlier) + 1}",
            )
        return "published"
    if same.behaviour_hash != definition.behaviour_hash:
        raise DefinitionError(
            f"`{name}` version {version} is published and behaves differently; a published version never changes",
            help=f"raise `version:` to {max(earlier) + 1}; cases under way stay on their own version",
        )
    return "unchanged" if same.words_hash == definition.words_hash else "words updated"


def _check_prefix(tx: Transaction, definition: ProcessDefinition) -> None:
    for other in tx.publications():
        if other.prefix == definition.prefix and other.process != definition.process:
            raise DefinitionError(
                f"prefix `{definition.prefix}` of `{definition.process}` is the prefix of `{other.process}`",
                help="give it one of its own, so that a case's id tells its process",
            )
