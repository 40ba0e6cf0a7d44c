"""What a store keeps beside cases, as frozen values. Instants are int milliseconds UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.core.cases import Outgoing
from engine.core.outlook import Outlook
from engine.fields import Value


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
    overdue_at: int | None = None  # missed a promise at this instant, carried out already or not
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


MailStatus = Literal["waiting", "delivered", "superseded", "imported", "dead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """An outbox row."""

    id: int
    message: Outgoing
    status: MailStatus
    attempts: int = 0
    next_at: int = 0
    error: str | None = None
    delivered_at: int | None = None
    superseded_by: int | None = None  # the row that is sent in its place, where a list tells it


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a family is set aside."""

    id: str
    root: str
    at: int
    message: str
    traceback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """How far the schedules of a process have come. Who holds its row opens, so every case is opened once."""

    process: str
    since: int  # what fell due before this instant has been opened
    made: int = 0  # of what falls due at this very instant: how many were opened or refused
    due: int | None = None  # the next instant; None: none will come
    fault: str | None = None  # the fault that set it aside
    problem: Mapping[str, Any] | None = None  # the last opening that was refused: schedule, at, words by language


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyRecord:
    """One of an outside party as the desk knows it from an instant on."""

    party: str  # of the desk: `customer`
    id: str
    number: int  # 1, 2, 3 … for each change
    at: int
    by: str
    data: Mapping[str, Value]  # but for personal fields
    private: Mapping[str, Value]  # personal fields in clear
    is_active: bool = True
    erasure: str | None = None  # why its personal values were erased


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
class LockedFile:
    """A file as it is stored: its name and content under the key of its case's files."""

    hash: str
    name: str
    media_type: str
    at: int  # when it was attached first
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """One attaching of a file to a case."""

    hash: str
    name: str  # empty where its key is not here
    media_type: str
    size: int
    at: int
    by: str = ""  # who attached it: the record says so, not the table


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """How a database server stands."""

    name: str  # with its version
    connections: int  # in use
    most: int
    volatile: tuple[str, ...]  # settings that are off, so that a power cut may take what was acknowledged
    ahead: int  # by how many ms its clock stands before this machine's
    last_month: str  # of the audit for which there is a partition: `2027-01`
    has_next_month: bool  # whether the coming month is among them
