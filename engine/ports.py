"""The few things the engine needs from outside, as protocols. Every store passes `tests/contract`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from engine.core.cases import Case, Family, Outgoing, Step
from engine.core.outlook import Outlook


class TimeSource(Protocol):
    """The one place instants come from."""

    def now(self) -> int:
        """The wall clock, ms UTC."""

    def monotonic(self) -> int:
        """A clock in ms that never steps and counts suspended time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A published definition: the texts it was read from, by path, and its two hashes."""

    process: str
    version: int
    prefix: str
    behaviour_hash: str
    words_hash: str
    sources: Mapping[str, str]
    published_at: int
    published_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What an idempotency key stands for: the record its command made."""

    sender: str
    key: str
    digest: str  # of verb, case, actor and form
    case: str
    sequence: int
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One row of a worklist."""

    id: str
    process: str
    version: int
    outlook: Outlook
    assignee: str | None
    queue: str | None
    key: str | None
    opened_at: int
    closed_at: int | None
    data: Mapping[str, Any]
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which cases a list shows. Rows come by sort key, then by opening, then by id; `after` is the last row seen."""

    waiting: tuple[str, ...] = ()  # any of these `person:ID` / `role:NAME`; empty: all
    assignee: str | None = None
    process: str | None = None
    state: str | None = None
    ids: tuple[str, ...] | None = None  # found by a search
    is_open: bool | None = True
    is_overdue: bool = False
    due_before: int | None = None
    limit: int = 50
    after: tuple[int, int, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """One audit record as stored."""

    case: str
    sequence: int
    order: int  # in its family
    text: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """An outbox row."""

    id: int
    message: Outgoing
    status: Literal["waiting", "delivered", "superseded", "imported", "dead"]
    attempts: int = 0
    next_at: int = 0
    error: str | None = None
    delivered_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a family is set aside."""

    id: str
    root: str
    at: int
    message: str
    traceback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An actor known to the store."""

    id: str
    name: str
    roles: tuple[str, ...]
    is_active: bool = True
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file: its content's hash, and the bytes."""

    hash: str
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """All that one transaction writes of a family: steps in order, and what is derived of the cases they changed."""

    before: Family | None  # None: the root is opened by this
    after: Family
    steps: Sequence[Step]
    outlooks: Mapping[str, Outlook]
    keys: Mapping[str, tuple[str | None, bool]] = field(default_factory=dict)  # case → business key, unique
    searches: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # case → field → search HMAC
    request: Request | None = None


class Transaction(Protocol):
    """One unit of work: all of it or nothing. Reads see its own writes."""

    # definitions
    def publish(self, publication: Publication) -> None: ...
    def publications(self, process: str | None = None) -> list[Publication]:
        """Published definitions, oldest first; of one version with new words, the newest words only."""

    # cases
    def root_of(self, case: str) -> str | None: ...
    def family(self, root: str, *, lock: bool) -> Family | None:
        """The whole family, its root's row locked first; secrets and personal values included."""

    def next_number(self, prefix: str) -> int: ...
    def save(self, save: Save) -> None:
        """Write cases, records, outbox rows, cycles, personal values, request; `Conflict` if a unique key is taken."""

    def open_with_key(self, process: str, key: str) -> str | None:
        """The root-level case of this process with this business key that is not final."""

    def count_like(self, process: str, values: Mapping[str, Any], since: int, until: int) -> int:
        """Cases of this process with equal fields, opened in [since, until]."""

    def request(self, sender: str, key: str) -> Request | None: ...
    def records(self, case: str, *, after: int = 0) -> Iterator[StoredRecord]: ...
    def family_records(self, root: str) -> Iterator[StoredRecord]:
        """Every record of the family, in the family's order."""

    def roots(self) -> Iterator[str]: ...

    # lists and due work
    def list(self, query: Query) -> list[Listing]: ...
    def count(self, query: Query) -> int: ...
    def search(self, text: str, hmac: str) -> tuple[str, ...]:
        """Ids of cases whose id, business key or (by HMAC) personal value equals the text."""

    def due_roots(self, before: int, limit: int) -> list[str]:
        """Roots whose family has something due before that instant, in due order; locked, skipping locked ones."""

    def next_due(self) -> int | None: ...

    # outbox, faults, people, files, settings
    def outbox(self, *, status: str | None = None, case: str | None = None, limit: int = 100) -> list[Mail]: ...
    def claim_mail(self, now: int, limit: int) -> list[Mail]: ...
    def update_mail(self, mail: Mail) -> None: ...
    def set_aside(self, fault: Fault) -> None: ...
    def faults(self) -> list[Fault]: ...
    def clear_fault(self, fault: str) -> None: ...
    def save_person(self, person: Person) -> None: ...
    def people(self) -> list[Person]: ...
    def save_attachment(self, case: str, attachment: Attachment, at: int) -> None: ...
    def attachment(self, hash: str) -> Attachment | None: ...
    def setting(self, name: str) -> str | None: ...
    def set_setting(self, name: str, value: str) -> None: ...
    def finish_import(self, name: str) -> None:
        """Its families are no longer importing."""


class Store(Protocol):
    """Where cases live."""

    def write(self) -> AbstractContextManager[Transaction]: ...
    def read(self) -> AbstractContextManager[Transaction]: ...
    def close(self) -> None: ...


class Handler(Protocol):
    """Performs one kind of effect: delivers a message, or answers an `emit`."""

    def deliver(self, mail: Mail, text: str) -> None: ...


__all__ = [
    "Attachment", "Case", "Fault", "Family", "Handler", "Listing", "Mail", "Outlook", "Person", "Publication", "Query",
    "Request", "Save", "Step", "Store", "StoredRecord", "TimeSource", "Transaction",
]  # fmt: skip
