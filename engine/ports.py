"""The few things the engine needs from outside, as protocols. Every store passes `tests/contract`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from threading import Event
from typing import Any, NamedTuple, Protocol, TypeVar

from engine.archives import Archives, ErasedFiles, Tombstone
from engine.core.cases import EMPTY, Case, Cycle, Family, Step
from engine.core.outlook import Outlook, Place
from engine.core.promises.adjustments import Ledgers
from engine.core.promises.attainment import Ended, Wanted
from engine.events import EventTable, HeardEvent, Listening
from engine.evidence.ports import Erasures, Heads, Imprint
from engine.frozen import Frozen
from engine.sealing import HostKeys
from engine.stored import (
    Attached,
    Attachment,
    Fault,
    Listing,
    LockedFile,
    Mail,
    PartyRecord,
    Person,
    Publication,
    Query,
    Request,
    Server,
    StoredRecord,
    Timetable,
)

T = TypeVar("T")

Aside = Callable[[str], object]
"""Called with the id of a case that nobody can read, so that a walk goes on without it."""


class TimeSource(Protocol):
    """The one place instants come from."""

    def now(self) -> int:
        """The wall clock, ms UTC."""

    def monotonic(self) -> int:
        """A clock in ms that never steps and counts suspended time."""


class Save(Frozen, frozen=True, gc=False):
    """All that one transaction writes of a family: steps in order, and what is derived of the cases they changed."""

    before: Family | None  # None: the root is opened by this
    after: Family
    steps: Sequence[Step]
    outlooks: Mapping[str, Outlook]
    places: Mapping[str, Place] = EMPTY  # of changed cases, where lists and what falls due are as before but for this
    keys: Mapping[str, tuple[str | None, bool]] = EMPTY  # case whose key may be another → business key, unique
    searches: Mapping[str, Mapping[str, str]] = EMPTY  # case → field → search HMAC
    request: Request | None = None
    listening: Mapping[str, Listening] = EMPTY  # case → what changed of the events that find it


class Ahead(NamedTuple):
    """What a transaction will read first, so that a database behind a wire may be asked for all of it at once."""

    families: tuple[str, ...] = ()  # roots, to be locked in this order
    people: tuple[str, ...] = ()
    requests: tuple[tuple[str, str], ...] = ()  # sender and key
    settings: tuple[str, ...] = ()
    due: tuple[int, int] | None = None  # what falls due before an instant, at most so many families
    is_next: bool = False  # when something falls due next
    opens: str | None = None  # a process, of which a case is opened
    seen: tuple[str, ...] = ()  # roots of families that are only looked at
    reached: tuple[str, ...] = ()  # people whose addresses are wanted


class CaseTable(Protocol):
    """Cases, their records and what keeps one command from acting twice."""

    def root_of(self, case: str) -> str | None:
        """The root of the family this case belongs to; None if there is no such case."""

    def family(self, root: str, *, lock: bool) -> Family | None:
        """The whole family, its root's row locked first; secrets and personal values included."""

    def next_number(self, prefix: str) -> int:
        """The next of 1, 2, 3 … for this prefix; one taken by a transaction that is rolled back is given again."""

    def save(self, save: Save) -> None:
        """Write cases, records, outbox rows, cycles, personal values, request; `Conflict` if somebody was faster.

        Personal values are taken from `Case.private`, records' places in the family from the root's `order`.
        """

    def open_with_key(self, process: str, key: str) -> str | None:
        """The root-level case of this process with this business key that is not final."""

    def count_like(self, process: str, values: Mapping[str, Any], since: int, until: int) -> int:
        """Cases of this process with equal fields (None: unset), opened in [since, until]."""

    def request(self, sender: str, key: str) -> Request | None:
        """What this sender's key stands for."""

    def forget_requests(self, closed_before: int) -> int:
        """Forget the keys of cases closed before that instant; how many."""

    def records(self, case: str, *, after: int = 0) -> Iterator[StoredRecord]:
        """The records of one case by sequence, those after `after`."""

    def family_records(self, root: str) -> Iterator[StoredRecord]:
        """Every record of the family, in the family's order."""

    def roots(self) -> Iterator[str]:
        """Every root there is, by id."""


class CaseLists(Protocol):
    """Finding cases: worklists, searches, due work."""

    def worklist(self, query: Query) -> list[Listing]:
        """One page, in the order of lists."""

    def count(self, query: Query) -> int:
        """How many rows all pages together have; `limit` and `after` do not matter."""

    def search(self, text: str, hmac: str) -> tuple[str, ...]:
        """Ids of cases whose id, business key or (by HMAC) personal value equals the text."""

    def due_roots(self, before: int, limit: int) -> list[str]:
        """Roots whose family has something due before that instant, in due order; locked, skipping locked ones."""

    def importing_due(self, name: str, before: int, after: str, limit: int) -> list[str]:
        """Roots of an unfinished import whose family has something due before that instant, by id, after that id."""

    def count_due(self, before: int) -> int:
        """How many families have something due before that instant."""

    def next_due(self) -> int | None:
        """When something falls due next; families set aside and those of unfinished imports do not count."""

    def listed(self, case: str) -> tuple[Outlook, tuple[str, ...]] | None:
        """A case's line in lists, and on which worklists it stands of those that the line names; None: no such case."""

    def cycles(self, case: str) -> list[Cycle]:
        """The finished and the broken cycles of a case's clocks."""


class Reports(Protocol):
    """Walking along what reports count, without holding it; cases of unfinished imports are left out.

    A case that nobody can read is told `aside`, and the walk goes on; without it, `VerificationFailed` ends the walk.
    """

    def ended_cycles(self, wanted: Wanted, aside: Aside | None = None) -> Iterator[Ended]:
        """The cycles that have ended, by case, clock and number; none that a reopening withdrew."""

    def open_cases(self, process: str | None = None, aside: Aside | None = None) -> Iterator[Case]:
        """The open cases, without personal values and secrets."""

    def cases_of(
        self, process: str, since: int | None = None, until: int | None = None, aside: Aside | None = None
    ) -> Iterator[Case]:
        """The cases of this process opened in [since, until), by opening, without personal values and secrets."""

    def processes(self) -> list[str]:
        """The processes of which there are cases, whether a definition of them is there or not."""


class Timetables(Protocol):
    """What the calendar opens."""

    def timetable(self, process: str, *, lock: bool) -> Timetable | None:
        """How far the schedules of this process have come; None if it never had any. Locked, others wait for it."""

    def save_timetable(self, timetable: Timetable) -> None:
        """Keep how far they have come."""

    def due_timetables(self, before: int) -> list[str]:
        """Processes with something to open before that instant, in due order; those set aside do not count."""

    def next_opening(self) -> int | None:
        """When the calendar opens something next."""


class Registers(Protocol):
    """The desk's registers of outside people; each change is kept beside what was before."""

    def erase_party(self, party: str, id: str) -> None:
        """Destroy the key of this one's personal values, and the values of every change."""

    def save_party(self, record: PartyRecord) -> None:
        """Add what is so from now on; `Outrun` if somebody was faster."""

    def parties(self, party: str, at: int) -> list[PartyRecord]:
        """Everybody on the register as it stood at that instant, by id; those taken off too."""

    def party(self, party: str, id: str) -> list[PartyRecord]:
        """What was kept of this one, the oldest first."""

    def party_until(self, party: str) -> int:
        """When the register was changed last; 0 if never."""


class OutboxTable(Protocol):
    """Messages on their way out."""

    def outbox(self, *, status: str | None = None, case: str | None = None, limit: int = 100) -> list[Mail]:
        """Messages by id, the oldest first."""

    def mail(self, id: int) -> Mail | None:
        """One message."""

    def claim_mail(self, now: int, limit: int, *, lease: int = 60_000) -> list[Mail]:
        """Waiting messages whose time has come, each now counting one attempt more and hidden for the lease.

        An `emit` waits until the earlier ones of its case to its receiver are no longer waiting.
        """

    def update_mail(self, mail: Mail) -> None:
        """Write how a delivery went: status, attempts, next_at, error, delivered_at."""

    def settle_mail(self, mails: Sequence[Mail]) -> None:
        """The same for many that were claimed; one that is gone since is passed over."""

    def count_mail(self, status: str, *, failed: int = 0, case: str | None = None) -> tuple[int, int | None]:
        """How many messages, or of one case, stand so and failed so often, and since when the oldest has been there."""

    def revive_mail(self, now: int, case: str | None = None) -> int:
        """Let all dead messages, or those of one case, be tried anew; how many there were."""

    def next_mail(self) -> int | None:
        """When the next waiting message may be claimed."""


class Registry(Protocol):
    """What is not of one case: definitions, people, files, settings."""

    def publish(self, publication: Publication) -> None:
        """Add a definition, or new words of one already there."""

    def publications(self, process: str | None = None) -> list[Publication]:
        """Published definitions, oldest first; a version has its newest words, and the instant of its first ones."""

    def save_person(self, person: Person) -> None:
        """Add a person or replace what is known of one."""

    def person(self, id: str) -> Person | None:
        """One person."""

    def people(self) -> list[Person]:
        """Every person, by id."""

    def save_addresses(self, person: str, addresses: Mapping[str, str | None]) -> None:
        """Keep these ways to reach this person, or forget those that are None: without any, their key is destroyed."""

    def addresses(self, person: str) -> Mapping[str, str]:
        """How this person is reached: `email`, `phone`."""

    def save_attachment(self, case: str, attachment: Attachment, at: int) -> None:
        """Keep a file of this case; its content is stored once, however often it is attached to the case."""

    def attachment(self, case: str, hash: str) -> Attachment | None:
        """A file of this case; of one attached again under another name, the newest name.

        `KeyMissing` where the host's key is not here, `VerificationFailed` if it is not what was kept.
        """

    def attached(self, case: str) -> list[Attached]:
        """What was attached to this case, in that order; without names where the host's key is not here."""

    def setting(self, name: str) -> str | None:
        """A setting's text."""

    def set_setting(self, name: str, value: str | None) -> None:
        """Set it; None removes it."""


class Editions(Heads, Protocol):
    """Where chains stand, and what their records name."""

    def editions(self) -> list[Publication]:
        """Every publication as it was, oldest first: of a version with new words more than one."""


class Care(Protocol):
    """Families that are set aside, and imports."""

    def set_aside(self, fault: Fault) -> None:
        """Keep the fault and its family out of the due work."""

    def faults(self) -> list[Fault]:
        """Faults not cleared yet, oldest first."""

    def clear_fault(self, fault: str) -> None:
        """Forget the fault; its family falls due as before. Nothing happens if there is none."""

    def finish_import(self, name: str) -> None:
        """Its families are no longer importing and fall due as others."""


class Transaction(
    CaseTable, CaseLists, Reports, Timetables, Registers, EventTable, OutboxTable, Registry, Editions, Erasures,
    Archives, Care, Ledgers, Protocol,
):  # fmt: skip
    """One unit of work: all of it or nothing. Reads see its own writes; iterators end with the transaction."""

    def part(self) -> AbstractContextManager[None]:
        """A part of the work: if an exception leaves it, its writes are taken back and the rest may go on.

        Outside a part, a `save` that failed leaves a transaction that cannot be committed any more.
        """

    def look_ahead(self, ahead: Ahead) -> None:
        """This will be read next; only how long it takes depends on it."""

    def database_time(self) -> int | None:
        """The database's own time, ms UTC, not before the last lock taken; None where only this machine has a clock."""

    def alone(self, about: str = "") -> None:
        """Wait until no other transaction is under way that asked for this, and keep others waiting until the end.

        `about` something, those that asked about something else neither wait nor keep waiting.
        """

    def wake(self) -> None:
        """Once this is committed, let the workers of other processes look at once, where the database can tell them."""


class Store(Protocol):
    """Where cases live."""

    @property
    def keys(self) -> HostKeys:
        """The host's keys, by which those of private values are wrapped."""

    def write(self, *, is_lasting: bool = True) -> AbstractContextManager[Transaction]:
        """Committed at the end, or rolled back if an exception leaves it; a power cut may undo what is not lasting.

        What it writes then may be sent with the commit, as by `do`.
        """

    def do(self, work: Callable[[Transaction], T], ahead: Callable[[], Ahead] = Ahead) -> T:
        """Do this in a transaction, and answer when it is committed; others may share it, none sees another fail.

        It may be done on another thread that writes at this moment, and more than once if it cannot be kept. What it
        writes may be sent with the commit: a `Conflict` is raised then. What stands `ahead` it reads for sure.
        """

    def read(self, ahead: Callable[[], Ahead] = Ahead) -> AbstractContextManager[Transaction]:
        """A consistent picture as of its beginning; it neither waits for writers nor keeps them waiting."""

    def inside(self, connection: Any) -> Store:
        """The same store in the transaction of a host's SQLAlchemy `Connection`, where nothing is committed by us.

        An exception takes back its own transaction only; the host's goes on, and decides whether any of it stands.
        """

    def scrub(self) -> None:
        """Let what was erased not stay readable in the database's own files, as far as the database can see to it."""

    def server(self) -> Server | None:
        """How the database's server stands; None where there is none."""

    def only_reads(self) -> bool:
        """Whether nothing can be kept here, only looked at."""

    def listening(self, woken: Event) -> AbstractContextManager[None]:
        """Set this event whenever a transaction elsewhere has said `wake`, as far as the database can tell."""

    def close(self) -> None:
        """Let go of files and connections; a transaction still open is an error."""


__all__ = [
    "Ahead", "Archives", "Attached", "Attachment", "Care", "Case", "CaseLists", "CaseTable", "Ended", "ErasedFiles",
    "Erasures", "EventTable", "Family", "Fault", "Heads", "HeardEvent", "Imprint", "Listening", "Listing",
    "LockedFile", "Mail", "OutboxTable", "Outlook", "PartyRecord", "Person", "Publication", "Query", "Registers",
    "Registry", "Reports", "Request", "Save", "Server", "Step", "Store", "StoredRecord", "TimeSource", "Timetable",
    "Timetables", "Tombstone", "Transaction", "Wanted",
]  # fmt: skip
