"""Closed cases whose time is over leave for files; what is left of them proves what left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from engine.app.archive.lapsing import is_taken_in, keep_of, over_at, span_of
from engine.app.archive.shelves import Shelved, shelve, shelved_text, sweep, take_down
from engine.app.keeping import Progress, unwatched
from engine.app.merging import RecipeOfTwo
from engine.app.people import actor_of, admin_of
from engine.app.proof.crew import Opener, Shift, looked_at
from engine.app.proof.verifying import Problem, Read, Texts, Verification, verify_family
from engine.app.reading import attached_by
from engine.core.audit import sealed_in
from engine.core.cases import Actor, Case, Family
from engine.core.plan import Library
from engine.core.replay import replay
from engine.errors import Conflict, NotFound, NotPermitted, VerificationFailed
from engine.evidence.offline import broken
from engine.json_text import decode
from engine.ports import Attached, Attachment, ErasedFiles, LockedFile, Tombstone, Transaction
from engine.sealing import MORE, HostKeys
from engine.views import may_read

PAGE = 200
"""Families looked at in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A family whose time is over."""

    root: str
    process: str
    cases: int
    since: int  # when its time was over, ms UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """What left, and what could not."""

    families: tuple[str, ...]
    cases: int
    failed: tuple[tuple[str, str], ...] = ()  # root, and why it stays


class Archiving:
    """The verbs on closed cases whose time is over. Only administrators archive."""

    _recipe: RecipeOfTwo
    _opener: Opener | None

    def leaving(self, *, actor: Actor | str) -> list[Leaving]:
        """Families that may leave now: every case closed, for as long as `retention` of its process says."""
        with self._recipe.store.read() as tx:
            admin_of(tx, actor, "archive")
            library, now = self._recipe.catalogue.library(tx), self._recipe.now()
        return list(
            chain.from_iterable(self._leaving_of(library, process, now) for process in sorted(library.published))
        )

    def _leaving_of(self, library: Library, process: str, now: int) -> Iterator[Leaving]:
        """A page in each transaction: it remembers every case that it has read."""
        keep, after = span_of(library, process, now, keep_of), ""
        roots = [after]
        while keep is not None and roots:
            with self._recipe.store.read() as tx:
                roots = list(islice(tx.closed_families(process, now - keep.least, after=after), PAGE))
                found = list(_leaving(tx, library, roots, now))
            yield from found
            after = roots[-1] if roots else ""

    def archive(self, folder: str | Path, *, actor: Actor | str, progress: Progress = unwatched) -> Archived:
        """Move them into files of this folder, each family by itself; private values are left behind, and end.

        The file is on disk before the rows go. Broken off, the same call goes on; nothing is lost or done twice.
        """
        going, done, cases, failed = self.leaving(actor=actor), list[str](), 0, list[tuple[str, str]]()
        for number, one in enumerate(going, 1):
            try:
                cases += self._archived(Path(folder), one.root, actor)
                done.append(one.root)
            except (Conflict, VerificationFailed) as error:
                failed.append((one.root, error.message))
            progress(number, len(going))
        if done:
            self._recipe.store.scrub()
        with self._recipe.store.read() as tx:
            sweep(Path(folder), lambda root: tx.tombstone(root) is not None)
        return Archived(families=tuple(done), cases=cases, failed=tuple(failed))

    def _archived(self, folder: Path, root: str, actor: Actor | str) -> int:
        with self._recipe.store.read() as tx:
            family, text = self._read(tx, root)
        name, digest = shelve(folder, root, text)

        def work(tx: Transaction) -> None:
            who = admin_of(tx, actor, "archive")
            now = self._recipe.life.read(tx)
            there = tx.family(root, lock=True)
            if there is None or _heads(there) != _heads(family):
                raise Conflict(f"`{root}` was changed meanwhile", help="archive again")
            tx.archive(there, [_tombstone(case, (name, digest), now, who) for case in there.cases.values()])

        self._recipe.kept(work)
        return len(family.cases)

    def _read(self, tx: Transaction, root: str) -> tuple[Family, str]:
        """A family as it leaves; one whose audit does not hold stays where it can be looked into."""
        found = verify_family(tx, self._recipe.catalogue.library(tx), root, self._recipe.store.keys)
        family = tx.family(root, lock=False)
        if family is None:
            raise Conflict(f"`{root}` was changed meanwhile", help="archive again")
        if found.problems:
            raise VerificationFailed(found.problems[0].message)
        files = [(case, file) for case in family.cases for file in tx.locked_files(case)]
        return family, shelved_text(family, list(tx.family_records(root)), files)

    def archived(self, case: str) -> Tombstone | None:
        """What is left of an archived case; None for one that is not."""
        with self._recipe.store.read() as tx:
            return tx.tombstone(case)

    def all_archived(self, *, actor: Actor | str | None = None, limit: int | None = None) -> list[Tombstone]:
        """What is left of every archived case, by id, of so many at most; an actor must be an administrator.

        No actor: the host itself.
        """
        with self._recipe.store.read() as tx:
            if actor is not None:
                admin_of(tx, actor, "list the archive")
            return list(islice(tx.tombstones(), limit))

    def archived_history(
        self, case: str, folder: str | Path, *, actor: Actor | str | None = None
    ) -> list[Mapping[str, Any]]:
        """The records of an archived case, read from its file and verified; for who might read the case.

        `NotFound` for a case that is not archived, `VerificationFailed` where its file does not prove it.
        """
        with self._recipe.store.read() as tx:
            shelved = self._shelved(tx, case, Path(folder), actor)
            return [decode(record.text) for record in shelved.records if record.case == case]

    def archived_files(
        self, case: str, folder: str | Path, *, actor: Actor | str | None = None
    ) -> tuple[list[Attached], ErasedFiles | None]:
        """What was attached to an archived case, without names where its key is not here; and whether it was erased.

        Raises what `archived_history` does.
        """
        with self._recipe.store.read() as tx:
            shelved = self._shelved(tx, case, Path(folder), actor)
            key = tx.key_of_files(case)
            return [self._told(shelved, case, file, key) for file in shelved.of(case)], tx.erased_files(case)

    def archived_file(
        self, case: str, hash: str, folder: str | Path, *, actor: Actor | str | None = None
    ) -> Attachment:
        """A file attached to an archived case, by its hash. Raises what `archived_history` does.

        `KeyMissing` where its key is not here, or was destroyed.
        """
        with self._recipe.store.read() as tx:
            shelved = self._shelved(tx, case, Path(folder), actor)
            for file in shelved.of(case):
                if file.hash == hash:
                    return shelved.opened(case, file, self._recipe.store.keys, tx.key_of_files(case))
            raise NotFound(f"nothing with the hash `{hash}` is attached to `{case}`")

    def _told(self, shelved: Shelved, case: str, file: LockedFile, key: str) -> Attached:
        keys, size = self._recipe.store.keys, len(file.content) - (MORE if shelved.is_locked else 0)
        is_open = not shelved.is_locked or keys.can_open(key)
        name = shelved.opened(case, file, keys, key).name if is_open else ""
        told = Attached(hash=file.hash, name=name, media_type=file.media_type, size=size, at=file.at)
        return replace(told, by=attached_by(told, [one for one in shelved.records if one.case == case]))

    def _shelved(self, tx: Transaction, case: str, folder: Path, actor: Actor | str | None) -> Shelved:
        """The file in which an archived case lies, proved; for who might read the case."""
        left = tx.tombstone(case)
        if left is None:
            raise NotFound(f"`{case}` is not archived", help="`casewright archive list` shows what is")
        library = self._recipe.catalogue.library(tx)
        shelved = take_down(folder, left.file, left.file_hash)
        problems = list(_flaws(library, [left], shelved))
        if problems:
            raise VerificationFailed(f"`{case}`: {problems[0].message}")
        who = None if actor is None else actor_of(tx, actor)
        if who is not None and not _may_read(library, shelved, case, who):
            raise NotPermitted(f"`{who.id}` ({', '.join(who.roles) or 'no role'}) may not read `{case}`")
        return shelved

    def verify_archive(
        self, folder: str | Path, *, jobs: int = 1, replays: bool = True, progress: Progress = unwatched
    ) -> Verification:
        """Verify every archived family by its file: hash, chains, replay, and that nothing of it is left behind.

        At most so many processes do it side by side, as for `verify`. Unless it `replays`, only hashes are compared.
        """
        with self._recipe.store.read() as tx:
            roots = list(dict.fromkeys(left.root for left in tx.tombstones()))
        shift, total = Shift(self._recipe.store, self._recipe.catalogue, self._opener, jobs), Verification()
        for number, found in enumerate(looked_at(shift, Shelves(Path(folder), replays), roots), 1):
            total += found
            progress(number, len(roots))
        return total


class Shelves(NamedTuple):
    """Verifies archived families by their files in this folder."""

    folder: Path
    replays: bool = True

    def __call__(self, tx: Transaction, by: tuple[Library, HostKeys], family: str) -> Verification:
        """What is found of the family of this root, by what is left of it."""
        return _verified(tx, by if self.replays else None, list(tx.tombstones(family)), self.folder)


def _leaving(tx: Transaction, library: Library, roots: Iterable[str], now: int) -> Iterator[Leaving]:
    for root in roots:
        family = tx.family(root, lock=False)
        over = None if family is None else over_at(library, family, now, keep_of)
        if family is not None and over is not None and over <= now and not _is_needed(tx, family):
            process = family.cases[root].process
            yield Leaving(root=root, process=process, cases=len(family.cases), since=over)


def _is_needed(tx: Transaction, family: Family) -> bool:
    """Whether something still hangs on it: a message on its way, or an open case that took one of these in."""
    waits = (tx.outbox(status="waiting", case=case, limit=1) for case in family.cases)
    return any(waits) or is_taken_in(tx, family)


def _heads(family: Family) -> Counter[tuple[str, str]]:
    return Counter((case.id, case.head) for case in family.cases.values())


def _tombstone(case: Case, file: tuple[str, str], at: int, who: Actor) -> Tombstone:
    assert case.closed_at is not None
    return Tombstone(
        case=case.id, root=case.root, process=case.process, version=case.version, opened_at=case.opened_at,
        closed_at=case.closed_at, count=case.sequence, head=case.head, file=file[0], file_hash=file[1], at=at,
        by=who.id,
    )  # fmt: skip


def hash_of_archived(tx: Transaction, case: str, sequence: int, folder: str | Path | None) -> str | None:
    """The hash of a record that left for the archive; None where there is none, or its file is not there."""
    left = tx.tombstone(case)
    if left is None or left.count == sequence:
        return None if left is None else left.head
    try:
        shelved = take_down(Path(folder or ""), left.file, left.file_hash)
    except VerificationFailed:
        return None
    return next((one.hash for one in shelved.records if (one.case, one.sequence) == (case, sequence)), None)


def _verified(
    tx: Transaction, by: tuple[Library, HostKeys] | None, lefts: list[Tombstone], folder: Path
) -> Verification:
    try:
        shelved = take_down(folder, lefts[0].file, lefts[0].file_hash)
    except VerificationFailed as error:
        return Verification(problems=(Problem(case=lefts[0].root, sequence=None, message=error.message),))
    read = Texts().__getitem__
    problems = list(_flaws(None if by is None else by[0], lefts, shelved, read))
    if by is not None:
        problems += _unopened(tx, by[1], shelved)
    problems += [
        Problem(case=left.case, sequence=None, message="it was archived, and is there again")
        for left in lefts if tx.root_of(left.case) is not None
    ]  # fmt: skip
    seals = {seal for record in shelved.records for seal in sealed_in(read(record.text))}
    return Verification(cases=len(lefts), records=len(shelved.records), sealed=len(seals), problems=tuple(problems))


def _flaws(library: Library | None, lefts: list[Tombstone], shelved: Shelved, read: Read = decode) -> Iterator[Problem]:
    """Where a file does not prove what is left of these cases; without a library nothing is replayed."""
    for left in lefts:
        own = [(r.sequence, r.text, r.hash) for r in shelved.records if r.case == left.case]
        found = broken(left.case, sorted(own), left.head, left.count, read)
        if found is not None:
            yield Problem(case=left.case, sequence=found.sequence, message=found.why)
            return
    if library is None:
        return
    try:
        again = replay((record.text for record in shelved.records), library, read)
    except Exception as error:  # records of a whole chain that the engine never wrote
        yield Problem(case=shelved.root, sequence=None, message=f"its records cannot be replayed: {error!r}")
        return
    if again.flaw is not None:
        yield Problem(case=again.flaw.case, sequence=again.flaw.sequence, message=again.flaw.why)


def _unopened(tx: Transaction, keys: HostKeys, shelved: Shelved) -> Iterator[Problem]:
    """Files that do not open by the key that is here for them."""
    for case, file in shelved.files:
        key = tx.key_of_files(case)
        if shelved.is_locked and not keys.can_open(key):
            continue
        try:
            shelved.opened(case, file, keys, key)
        except (VerificationFailed, ValueError):
            why = f"the file `{file.hash[:12]}` in the archive is not the one that was attached, or not of this key"
            yield Problem(case=case, sequence=None, message=why)


def _may_read(library: Library, shelved: Shelved, case: str, who: Actor) -> bool:
    family = replay((record.text for record in shelved.records), library).family
    one = family.cases.get(case) if family is not None else None
    return one is not None and may_read(library.plan(one.process, one.version), one, who)


__all__ = ["Archived", "Archiving", "Leaving"]
