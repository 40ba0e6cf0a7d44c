"""Families of cases, their records and requests, in memory."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from heapq import merge
from typing import Any

from engine.core.cases import Case, Family, Outgoing
from engine.core.outlook import Outlook
from engine.errors import Conflict, UsageError
from engine.json_text import encode
from engine.ports import Listening, Mail, Request, Save, StoredRecord
from engine.store.derived import TAKEN, check_order, family_due, is_alike
from engine.store.memory.overlay import Overlay
from engine.store.rows import case_body, plain, to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A case and what is known of it besides."""

    case: Case
    outlook: Outlook
    key: str | None = None
    is_unique: bool = False
    birth: int = 0


class MemoryWork:
    """The common part of everything a transaction in memory can do."""

    def __init__(self, tables: Overlay) -> None:
        self._tables = tables
        self.spoiled: BaseException | None = None

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of the work: if an exception leaves it, its writes are taken back and the rest may go on."""
        before, spoiled = self._tables.mark(), self.spoiled
        try:
            yield
            if self.spoiled is not spoiled:
                raise RuntimeError("nothing was kept: a write of this part failed") from self.spoiled
        except BaseException:
            self._tables.go_back(before)
            self.spoiled = spoiled
            raise

    def changes(self) -> dict[str, dict[Any, Any]]:
        """What was changed, by table."""
        return self._tables.changes()

    def key_of_files(self, case: str) -> str:
        """The key of a case's files as it is stored, of an archived case too; empty where there is none."""
        return self._tables.get("file_keys", case) or ""

    def key_for_files(self, case: str) -> str:
        """The same, made now where there is none yet."""
        if not self.key_of_files(case):
            self._tables.put("file_keys", case, secrets.token_hex(32))
        return self.key_of_files(case)

    def _kept(self, case: str) -> Kept | None:
        found: Kept | None = self._tables.get("cases", case)
        return found

    def _next_id(self, table: str) -> int:
        number: int = (self._tables.get("serials", table) or 0) + 1
        self._tables.put("serials", table, number)
        return number

    def _settle(self, root: str) -> None:
        """Note when a family falls due."""
        family = self._family(root)
        due = family_due(family) if family is not None else None
        if due is None:
            self._tables.drop("due", root)
        elif due != self._tables.get("due", root):
            self._tables.put("due", root, due)

    def _family(self, root: str) -> Family | None:
        members = self._tables.get("families", root)
        if members is None:
            return None
        return Family(root, {name: self._tables.get("cases", name).case for name in members})


class MemoryFamilies(MemoryWork):
    """Cases as families."""

    def root_of(self, case: str) -> str | None:
        """The root of the family this case belongs to; None if there is no such case."""
        kept = self._kept(case)
        return kept.case.root if kept is not None else None

    def family(self, root: str, *, lock: bool) -> Family | None:
        """The whole family; there is nothing to lock, since writers stand in one line."""
        return self._family(root)

    def next_number(self, prefix: str) -> int:
        """The next of 1, 2, 3 … for this prefix; one taken by a transaction that is rolled back is given again."""
        number: int = (self._tables.get("counters", plain(prefix, "a prefix")) or 0) + 1
        self._tables.put("counters", prefix, number)
        return number

    def open_with_key(self, process: str, key: str) -> str | None:
        """The root-level case of this process with this business key that is not final."""
        found = [
            (kept.case.opened_at, name)
            for name, kept in self._tables.rows("cases")
            if kept.key == key and kept.case.process == process and _is_open_root(kept.case)
        ]
        return min(found)[1] if found else None

    def count_like(self, process: str, values: Mapping[str, Any], since: int, until: int) -> int:
        """Cases of this process with equal fields (None: unset), opened in [since, until]."""
        cases = (kept.case for _, kept in self._tables.rows("cases"))
        return sum(
            1
            for case in cases
            if case.process == process and since <= case.opened_at <= until and is_alike(case.data, values)
        )

    def roots(self) -> Iterator[str]:
        """Every root there is, by id."""
        return iter(sorted(root for root, _ in self._tables.rows("families")))

    def save(self, save: Save) -> None:
        """Write cases, records, outbox rows, cycles, personal values, request; `Conflict` if somebody was faster."""
        try:
            self._save(save, check_order(save))
        except BaseException as error:
            self.spoiled = error
            raise

    def _save(self, save: Save, first: int) -> None:
        before = save.before.cases if save.before else {}
        for birth, case in enumerate(save.after.cases.values()):
            if before.get(case.id) is not case:
                self._write_case(save, before.get(case.id), case, birth)
        self._settle(save.after.root)
        for place, step in enumerate(save.steps, first):
            key = (step.case.id, step.case.sequence)
            self._add(
                "records", key, StoredRecord(case=key[0], sequence=key[1], order=place, text=step.text, hash=step.hash)
            )
            _check(step.text)
            for message in step.outgoing:
                self._send(message)
            for cycle in step.cycles:
                place_of = (cycle.case, cycle.clock, cycle.cycle)
                self._tables.put("cycles", place_of, cycle.following(self._tables.get("cycles", place_of)))
        if save.request is not None:
            self._add("requests", (save.request.sender, plain(save.request.key, "a key")), save.request)

    def _write_case(self, save: Save, old: Case | None, case: Case, birth: int) -> None:
        was = self._kept(case.id)
        if (was is None) != (old is None) or (was is not None and old is not None and _count(was.case) != _count(old)):
            raise Conflict(f"case `{case.id}` was changed meanwhile; read it again and decide anew")
        _check(case_body(case), *(to_text(value) for value in case.private.values()))
        given = save.outlooks.get(case.id)
        outlook = given if given is not None or was is None else was.outlook
        if outlook is not None and (place := save.places.get(case.id)) is not None:
            outlook = outlook.at(place)
        if outlook is None:
            raise ValueError(f"there is no outlook for the new case `{case.id}`")
        key, is_unique = save.keys.get(case.id, (was.key, was.is_unique) if was is not None else (None, False))
        kept = Kept(
            case=case,
            outlook=outlook,
            key=key and plain(key, "a business key"),
            is_unique=is_unique,
            birth=was.birth if was is not None else birth,
        )
        self._take_key(was, kept)
        self._tables.put("cases", case.id, kept)
        if was is None:
            self._tables.put("families", case.root, (*(self._tables.get("families", case.root) or ()), case.id))
        if (change := save.listening.get(case.id)) is not None:
            self._listen(case.id, change)
        self._write_searches(save.searches.get(case.id, {}), old, case)

    def _listen(self, case: str, change: Listening) -> None:
        for place in change.gone:
            left = tuple(one for one in self._tables.get("listening", place) or () if one != case)
            self._tables.put("listening", place, left) if left else self._tables.drop("listening", place)
        for place in change.new:
            self._tables.put("listening", place, (*(self._tables.get("listening", place) or ()), case))

    def _write_searches(self, searches: Mapping[str, str], old: Case | None, case: Case) -> None:
        before = old.private if old is not None else {}
        for name in {*before, *case.private}:
            value = case.private.get(name)
            if value is None:
                self._tables.drop("searches", (case.id, name))
            elif before.get(name) != value:
                self._tables.put("searches", (case.id, name), searches.get(name, ""))

    def _take_key(self, was: Kept | None, kept: Kept) -> None:
        """Hold the business key as long as the case is open, if only one may have it."""
        if was is not None and self._tables.get("keys", (was.case.process, was.key)) == kept.case.id:
            self._tables.drop("keys", (was.case.process, was.key))
        if kept.is_unique and kept.key is not None and kept.case.closed_at is None:
            self._add("keys", (kept.case.process, kept.key), kept.case.id)

    def _add(self, table: str, key: Any, row: Any) -> None:
        if self._tables.get(table, key) is not None:
            raise Conflict(TAKEN)
        self._tables.put(table, key, row)

    def _send(self, message: Outgoing) -> None:
        number = self._next_id("outbox")
        _check(encode(dict(message.values)))
        mail = Mail(id=number, message=message, status=message.status, next_at=message.at)
        self._tables.put("outbox", number, mail)


class MemoryCases(MemoryFamilies):
    """Families, and what has happened to them."""

    def records(self, case: str, *, after: int = 0) -> Iterator[StoredRecord]:
        """The records of one case by sequence, those after `after`."""
        sequence = after + 1
        while (record := self._tables.get("records", (case, sequence))) is not None:
            yield record
            sequence += 1

    def family_records(self, root: str) -> Iterator[StoredRecord]:
        """Every record of the family, in the family's order."""
        members = self._tables.get("families", root) or ()
        return merge(*(self.records(member) for member in members), key=lambda record: record.order)

    def request(self, sender: str, key: str) -> Request | None:
        """What this sender's key stands for."""
        found: Request | None = self._tables.get("requests", (sender, key))
        return found

    def forget_requests(self, closed_before: int) -> int:
        """Forget the keys of cases closed before that instant; how many."""
        old = [
            key for key, request in self._tables.rows("requests") if self._closed_before(request.case, closed_before)
        ]
        for key in old:
            self._tables.drop("requests", key)
        return len(old)

    def _closed_before(self, case: str, instant: int) -> bool:
        kept = self._kept(case)
        return kept is not None and kept.case.closed_at is not None and kept.case.closed_at < instant

    def _replace_case(self, kept: Kept, **changes: Any) -> None:
        self._tables.put("cases", kept.case.id, replace(kept, case=kept.case.but(**changes)))


def _count(case: Case) -> tuple[int, int, int]:
    return case.revision, case.sequence, case.order


def _is_open_root(case: Case) -> bool:
    return case.parent is None and case.closed_at is None


def _check(*texts: str) -> None:
    """Refuse what a database could not give back exactly."""
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            character = f"U+{ord(text[error.start]):04X}"
            raise UsageError(f"a text holds half a character ({character}), which cannot be stored") from None
