"""Messages on their way out: the text in the receiver's language, masked for who may not see; handlers that deliver."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from engine.app.catalogue import REVISION
from engine.app.masking import kept_back
from engine.core.cases import Actor, Case, Outgoing
from engine.core.plan import Library, Plan
from engine.core.texts import PLACEHOLDER, field_named
from engine.errors import NotFound, NotPermitted
from engine.fields import SEALED, Value, show, word
from engine.hours import say_duration
from engine.ports import Ahead, Mail, Person, Transaction
from engine.views import may_read, works

MOST_ATTEMPTS = 36
"""About a day: a receiver may be away for a night and nobody need do anything."""

FIRST_WAIT = 1_000
LONGEST_WAIT = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a handler gets: whom to tell what. `key` is the same at every attempt, so that nobody need act twice."""

    key: str
    kind: str  # notify, emit, or digest: several messages to one receiver in one text
    name: str  # of the message or event
    case: str
    receiver: str
    receiver_kind: str
    people: tuple[str, ...]  # for a role, who holds it now, the excluded left out
    text: str = field(repr=False)  # of a message; it may be private, so no log is to show it
    payload: Mapping[str, Value] = field(repr=False)  # of an event
    at: int
    is_late: bool
    missed: int
    language: str = ""  # of the text
    reach: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)  # who → email, phone … → where


Deliver = Callable[[Delivery], None]
"""Delivers one message or event; an exception means not delivered, to be tried again; `NotMine`: by somebody else."""


class NotDelivered(Exception):
    """A message was not delivered, said without an address or anything else that is private."""


class NotMine(Exception):
    """A deliverer leaves this message to others: it counts as no attempt."""


class NotNow(Exception):
    """A deliverer tries this message in `wait` ms, since its receiver hangs: it counts as no attempt."""

    def __init__(self, message: str, wait: int) -> None:
        super().__init__(message)
        self.wait = wait


def made_ready(tx: Transaction, library: Library, mail: Mail, now: int) -> tuple[Delivery, int]:
    """What a handler needs, and when it may go out; the text is made now, so that what was erased meanwhile is gone."""
    message = mail.message
    plan, case = _case_of(tx, library, message)
    people = tuple(_people(tx, message))
    language = _language(plan, people)
    delivery = Delivery(
        key=f"{message.case}/{message.sequence}/{message.number}", kind=message.kind, name=message.name,
        case=message.case, receiver=message.receiver, receiver_kind=message.receiver_kind,
        people=tuple(person.id for person in people), at=message.at, is_late=message.is_late, missed=message.missed,
        text=text_of(plan, case, message, people, language) if message.kind == "notify" else "",
        payload=message.values if message.kind == "emit" else {},
        language=language, reach=_reach(tx, plan, case, message, people),
    )  # fmt: skip
    return delivery, _opens_at(plan, message, now)


def looked_up(mail: Mail) -> Ahead:
    """What making it ready reads first: families bear the names of their roots."""
    message = mail.message
    person = (message.receiver,) if message.receiver_kind == "person" else ()
    return Ahead(settings=(REVISION,), seen=(_root_of(message),), people=person, reached=person)


def _root_of(message: Outgoing) -> str:
    return message.case.partition(".")[0]


def _case_of(tx: Transaction, library: Library, message: Outgoing) -> tuple[Plan, Case]:
    """What a message is about; `NotFound` if it has left."""
    family = tx.family(_root_of(message), lock=False)
    if family is None or message.case not in family.cases:
        raise NotFound(f"there is no case `{message.case}` any more")
    case = family.cases[message.case]
    return library.plan(case.process, case.version), case


def text_in(tx: Transaction, library: Library, mail: Mail, language: str) -> str:
    """The text of a message in a language of the reader's choice; an event has none."""
    message = mail.message
    if message.kind == "emit":
        return ""
    plan, case = _case_of(tx, library, message)
    return text_of(plan, case, message, tuple(_people(tx, message)), language)


def text_for(tx: Transaction, library: Library, mail: Mail, actor: Actor) -> str:
    """The text of a message for somebody else than its receiver; `NotPermitted` for who may not read the case."""
    message = mail.message
    plan, case = _case_of(tx, library, message)
    if not may_read(plan, case, actor):
        raise NotPermitted(f"`{actor.id}` ({', '.join(actor.roles) or 'no role'}) may not read `{case.id}`")
    if message.kind == "emit":
        return ""
    person = tx.person(actor.id)
    language = (person.language if person is not None else None) or plan.definition.desk.languages[0]
    return _filled(_Reader(plan, case, language, works(plan, case, actor)), message)


def _people(tx: Transaction, message: Outgoing) -> Iterator[Person]:
    if message.receiver_kind == "person":
        person = tx.person(message.receiver)
        if person is not None:
            yield person
    elif message.receiver_kind == "role":
        for person in tx.people():
            if person.is_active and message.receiver in person.roles and person.id not in message.exclude:
                yield person


def _language(plan: Plan, people: tuple[Person, ...]) -> str:
    return next((p.language for p in people if p.language), "") or plan.definition.desk.languages[0]


def _reach(
    tx: Transaction, plan: Plan, case: Case, message: Outgoing, people: tuple[Person, ...]
) -> dict[str, Mapping[str, str]]:
    """Who is reached where, as it stands now: people by the directory, a party by the fields the desk names."""
    if message.receiver_kind != "party":
        if message.receiver_kind == "role":
            tx.look_ahead(Ahead(reached=tuple(person.id for person in people)))
        return {person.id: reach for person in people if (reach := tx.addresses(person.id))}
    party = plan.definition.desk.parties.get(message.receiver)
    contact = party.contact if party is not None else {}
    found = {kind: case.private.get(name, case.data.get(name)) for kind, name in contact.items()}
    reach = {kind: value for kind, value in found.items() if isinstance(value, str) and value}
    return {message.receiver: reach} if reach else {}


def text_of(plan: Plan, case: Case, message: Outgoing, people: tuple[Person, ...] = (), language: str = "") -> str:
    """The message's text for its receivers, in their language."""
    language = language or _language(plan, people)
    sees = all(works(plan, case, actor) for actor in _readers(message, people)) or _is_theirs(plan, message)
    return _filled(_Reader(plan, case, language, sees), message)


def _filled(reader: _Reader, message: Outgoing) -> str:
    words = reader.plan.definition.messages[message.name].text
    text = word(words, reader.language)
    return PLACEHOLDER.sub(lambda found: reader.shown(found[1], message.values.get(found[1])), text)


def _readers(message: Outgoing, people: tuple[Person, ...]) -> list[Actor]:
    """Who will read it; of a person or role that only the host knows, the name alone."""
    if people:
        return [Actor(id=person.id, roles=person.roles) for person in people]
    is_role = message.receiver_kind == "role"
    return [Actor(id="" if is_role else message.receiver, roles=(message.receiver,) if is_role else ())]


def _is_theirs(plan: Plan, message: Outgoing) -> bool:
    """Whether the receiver is the party whose own data the private fields are: one that is reached by some of them."""
    party = plan.definition.desk.parties.get(message.receiver) if message.receiver_kind == "party" else None
    return party is not None and not plan.personal.isdisjoint(party.contact.values())


def _opens_at(plan: Plan, message: Outgoing, now: int) -> int:
    """When a message may go out: now, but to a party not in its hours of rest."""
    if message.receiver_kind != "party":
        return now
    party = plan.definition.desk.parties.get(message.receiver)
    hours = plan.definition.calendars.get(party.during) if party is not None and party.during is not None else None
    return now if hours is None else hours.next_opening(now)


@dataclass(frozen=True, slots=True)
class _Reader:
    """For whom placeholders are filled."""

    plan: Plan
    case: Case
    language: str
    sees: bool

    def shown(self, name: str, value: Value) -> str:
        definition, language = self.plan.definition, self.language
        group, _, key = name.partition(".")
        if isinstance(value, dict) and "personal" in value:
            if not self.sees or key not in self.case.private:
                return SEALED
            value = self.case.private[key]
        if isinstance(value, dict) and "clock" in value:
            return word(definition.clocks[value["clock"]].label, language)
        if group == "clock" and key == "left":
            return say_duration(value, language) if isinstance(value, int) else ""
        if name == "case.waiting_on":
            return _waited_for(self.plan, value or [], language)
        field = field_named(name, definition)
        if field is not None:
            return show(field, value, language, definition.desk.zone)
        return "" if value is None else str(value)


def _waited_for(plan: Plan, names: list[str], language: str) -> str:
    desk = plan.definition.desk
    labels = {**desk.roles, **{party.name: party.label for party in desk.parties.values()}}
    return ", ".join(word(labels[name], language) if name in labels else name for name in names)


def retried(mail: Mail, error: Exception, now: int, delivery: Delivery | None = None) -> Mail:
    """After a failed attempt: later, each time twice as late with some jitter, and dead in the end."""
    told = str(error)
    if not isinstance(error, NotDelivered):  # a library's words, and libraries like to repeat the whole request
        given = () if delivery is None else (delivery.text, delivery.payload, delivery.reach)
        told = f"{type(error).__name__}: {kept_back(told, given)}"
    if mail.attempts >= MOST_ATTEMPTS:
        return replace(mail, status="dead", error=told)
    wait = min(FIRST_WAIT * 2 ** (mail.attempts - 1), LONGEST_WAIT)
    return replace(mail, error=told, next_at=now + int(wait * random.uniform(0.5, 1.5)))
