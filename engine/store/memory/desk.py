"""What is not of one case, in memory: messages, definitions, people, files, settings, faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from engine.errors import NotFound, Outrun
from engine.ports import Attached, Attachment, Fault, Mail, PartyRecord, Person, Publication, Timetable
from engine.store.memory.cases import MemoryCases, MemoryWork
from engine.store.memory.files import FileInMemory
from engine.store.rows import plain


class MemoryOutbox(MemoryWork):
    """Messages on their way out."""

    def outbox(self, *, status: str | None = None, case: str | None = None, limit: int = 100) -> list[Mail]:
        """Messages by id, the oldest first."""
        found = (mail for _, mail in self._tables.rows("outbox"))
        chosen = (mail for mail in found if status in (None, mail.status) and case in (None, mail.message.case))
        return sorted(chosen, key=lambda mail: mail.id)[:limit]

    def mail(self, id: int) -> Mail | None:
        """One message."""
        found: Mail | None = self._tables.get("outbox", id)
        return found

    def claim_mail(self, now: int, limit: int, *, lease: int = 60_000) -> list[Mail]:
        """Waiting messages whose time has come, each now counting one attempt more and hidden for the lease."""
        waiting = sorted(
            (mail for _, mail in self._tables.rows("outbox") if mail.status == "waiting"), key=lambda mail: mail.id
        )
        in_order: set[tuple[str, str]] = set()  # whose first event is waiting
        ready = []
        for mail in waiting:
            line = (mail.message.case, mail.message.receiver)
            if mail.next_at <= now and (mail.message.kind != "emit" or line not in in_order):
                ready.append(mail)
            if mail.message.kind == "emit":
                in_order.add(line)
        ready.sort(key=lambda mail: (mail.next_at, mail.id))
        claimed = [replace(mail, attempts=mail.attempts + 1, next_at=now + lease) for mail in ready[:limit]]
        for mail in claimed:
            self._tables.put("outbox", mail.id, mail)
        return claimed

    def update_mail(self, mail: Mail) -> None:
        """Write how a delivery went: status, attempts, next_at, error, delivered_at."""
        old = self.mail(mail.id)
        if old is None:
            raise NotFound(f"there is no message {mail.id}", help="`casewright outbox list` shows them")
        self._tables.put("outbox", mail.id, replace(mail, message=old.message))

    def settle_mail(self, mails: Sequence[Mail]) -> None:
        """The same for many that were claimed; one that is gone since is passed over."""
        for mail in mails:
            if self.mail(mail.id) is not None:
                self.update_mail(mail)

    def count_mail(self, status: str, *, failed: int = 0, case: str | None = None) -> tuple[int, int | None]:
        """How many messages, or of one case, stand so and failed so often, and since when the oldest has been there."""
        since = [
            mail.message.at
            for _, mail in self._tables.rows("outbox")
            if mail.status == status
            and case in (None, mail.message.case)
            and (not failed or (mail.error is not None and mail.attempts >= failed))
        ]
        return len(since), min(since, default=None)

    def revive_mail(self, now: int, case: str | None = None) -> int:
        """Let all dead messages, or those of one case, be tried anew; how many there were."""
        dead = [mail for _, mail in self._tables.rows("outbox") if mail.status == "dead"]
        chosen = [mail for mail in dead if case in (None, mail.message.case)]
        for mail in chosen:
            self._tables.put("outbox", mail.id, replace(mail, status="waiting", attempts=0, next_at=now, error=None))
        return len(chosen)

    def next_mail(self) -> int | None:
        """When the next waiting message may be claimed."""
        waiting = (mail.next_at for _, mail in self._tables.rows("outbox") if mail.status == "waiting")
        return min(waiting, default=None)


class MemoryShelf(MemoryWork):
    """Definitions, people, files and settings."""

    def publish(self, publication: Publication) -> None:
        """Add a definition, or new words of one already there."""
        for path, text in publication.sources.items():
            plain(text, f"`{path}`")
        self._tables.put("definitions", self._next_id("definitions"), publication)

    def publications(self, process: str | None = None) -> list[Publication]:
        """Published definitions, oldest first; a version has its newest words, and the instant of its first ones."""
        newest: dict[tuple[str, int], Publication] = {}
        for _, publication in sorted(self._tables.rows("definitions"), key=lambda row: row[0]):
            if process in (None, publication.process):
                version = publication.process, publication.version
                since = newest[version].published_at if version in newest else publication.published_at
                newest[version] = replace(publication, published_at=since)
        return list(newest.values())

    def save_person(self, person: Person) -> None:
        """Add a person or replace what is known of one."""
        plain(person.name, "a person's name")
        self._tables.put("actors", plain(person.id, "a person's id"), person)

    def person(self, id: str) -> Person | None:
        """One person."""
        found: Person | None = self._tables.get("actors", id)
        return found

    def people(self) -> list[Person]:
        """Every person, by id."""
        return [person for _, person in sorted(self._tables.rows("actors"), key=lambda row: row[0])]

    def save_addresses(self, person: str, addresses: Mapping[str, str | None]) -> None:
        """Keep these ways to reach this person, or forget those that are None."""
        known = {**self.addresses(plain(person, "a person's id")), **addresses}
        kept = {kind: plain(address, "an address") for kind, address in sorted(known.items()) if address is not None}
        self._tables.put("addresses", person, kept)

    def addresses(self, person: str) -> Mapping[str, str]:
        """How this person is reached: `email`, `phone`."""
        return self._tables.get("addresses", person) or {}

    def save_attachment(self, case: str, attachment: Attachment, at: int) -> None:
        """Keep a file of this case."""
        plain(attachment.name, "a file's name")
        self.key_for_files(case)
        self._tables.put("attachments", (case, attachment.hash), FileInMemory(attachment, at))
        row = Attached(
            hash=attachment.hash,
            name=attachment.name,
            media_type=attachment.media_type,
            size=len(attachment.content),
            at=at,
        )
        self._tables.put("attached", case, [*(self._tables.get("attached", case) or ()), row])

    def attachment(self, case: str, hash: str) -> Attachment | None:
        """A file of this case; of one attached again under another name, the newest name."""
        found: FileInMemory | None = self._tables.get("attachments", (case, hash))
        return None if found is None else found.attachment

    def attached(self, case: str) -> list[Attached]:
        """What was attached to this case, in that order."""
        return list(self._tables.get("attached", case) or ())

    def setting(self, name: str) -> str | None:
        """A setting's text."""
        found: str | None = self._tables.get("settings", name)
        return found

    def set_setting(self, name: str, value: str | None) -> None:
        """Set it; None removes it."""
        if value is None:
            self._tables.drop("settings", name)
        else:
            self._tables.put("settings", name, plain(value, f"setting `{name}`"))


class MemoryCare(MemoryCases):
    """Families that are set aside, and imports."""

    def set_aside(self, fault: Fault) -> None:
        """Keep the fault and its family out of the due work."""
        self._tables.put("faults", fault.id, fault)
        root = self._kept(fault.root)
        if root is not None:
            self._replace_case(root, fault=fault.id)
            self._settle(fault.root)

    def faults(self) -> list[Fault]:
        """Faults not cleared yet, oldest first."""
        return sorted((fault for _, fault in self._tables.rows("faults")), key=lambda fault: (fault.at, fault.id))

    def clear_fault(self, fault: str) -> None:
        """Forget the fault; its family falls due as before. Nothing happens if there is none."""
        found: Fault | None = self._tables.get("faults", fault)
        if found is None:
            return
        self._tables.drop("faults", fault)
        for process, kept in self._tables.rows("timetables"):
            if kept.fault == fault:
                self._tables.put("timetables", process, replace(kept, fault=None))
        root = self._kept(found.root)
        if root is not None and root.case.fault == fault:
            self._replace_case(root, fault=None)
            self._settle(found.root)

    def finish_import(self, name: str) -> None:
        """Its families are no longer importing and fall due as others."""
        for number, event in self._tables.rows("heard"):
            if event.importing == name:
                self._tables.put("heard", number, replace(event, importing=""))
        imported = [kept for _, kept in self._tables.rows("cases") if kept.case.importing == name]
        for kept in imported:
            self._replace_case(kept, importing=None)
        for root in {kept.case.root for kept in imported}:
            self._settle(root)


class MemoryTimetables(MemoryWork):
    """What the calendar opens."""

    def timetable(self, process: str, *, lock: bool) -> Timetable | None:
        """How far the schedules of this process have come."""
        found: Timetable | None = self._tables.get("timetables", process)
        return found

    def save_timetable(self, timetable: Timetable) -> None:
        """Keep how far they have come."""
        self._tables.put("timetables", timetable.process, timetable)

    def due_timetables(self, before: int) -> list[str]:
        """Processes with something to open before that instant, in due order."""
        return [process for due, process in sorted(self._waiting()) if due < before]

    def next_opening(self) -> int | None:
        """When the calendar opens something next."""
        return min((due for due, _ in self._waiting()), default=None)

    def _waiting(self) -> Iterator[tuple[int, str]]:
        for process, kept in self._tables.rows("timetables"):
            if kept.due is not None and kept.fault is None:
                yield kept.due, process


class MemoryParties(MemoryWork):
    """Whom the desk knows."""

    def save_party(self, record: PartyRecord) -> None:
        """Add what is so from now on; `Outrun` if somebody was faster."""
        place = record.party, plain(record.id, "an id"), record.number
        if self._tables.get("parties", place) is not None:
            raise Outrun(f"`{record.id}` was changed meanwhile; look at it again")
        self._tables.put("parties", place, record)

    def parties(self, party: str, at: int) -> list[PartyRecord]:
        """Everybody on the register as it stood at that instant, by id; those taken off too."""
        found = {record.id: record for record in self._of(party) if record.at <= at}
        return [found[name] for name in sorted(found)]

    def party(self, party: str, id: str) -> list[PartyRecord]:
        """What was kept of this one, the oldest first."""
        return [record for record in self._of(party) if record.id == id]

    def party_until(self, party: str) -> int:
        """When the register was changed last; 0 if never."""
        return max((record.at for record in self._of(party)), default=0)

    def erase_party(self, party: str, id: str) -> None:
        """Let go of this one's personal values, of every change."""
        for record in self.party(party, id):
            self._tables.put(
                "parties", (party, id, record.number), replace(record, private=dict.fromkeys(record.private))
            )

    def _of(self, party: str) -> list[PartyRecord]:
        return [record for place, record in sorted(self._tables.rows("parties"), key=lambda row: row[0])
                if place[0] == party]  # fmt: skip


class MemoryDesk(MemoryOutbox, MemoryShelf, MemoryTimetables, MemoryParties, MemoryCare):
    """Everything but lists."""
