"""A checkpoint held against the desk: what it had must still be there, and what it vouches for need not be replayed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from engine.app.archive.archiving import hash_of_archived
from engine.app.proof.checkpoints import Checkpoint, Count, Leaf, hash_of_definitions, last_signed
from engine.app.proof.verifying import Problem, Verification
from engine.ports import Imprint, Transaction

PLACES = 400
"""Records asked for at a time."""

MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A checkpoint, and where this database does not hold what it held then: the first hundred places.

    `vouched` are the families of which every row is as it was when it was signed, after they had been replayed; `rest`
    are the roots of all others, None where the checkpoint vouches for nothing here.
    """

    checkpoint: Checkpoint
    problems: tuple[Problem, ...] = ()
    vouched: Verification = field(default_factory=Verification)
    rest: tuple[str, ...] | None = None
    imprints: frozenset[str] = frozenset()  # of what is vouched for, where they were kept


class Pair(NamedTuple):
    """A case as it is here, and as the checkpoint has it; None where it is not."""

    here: Imprint | None
    then: Leaf | None

    @property
    def is_vouched(self) -> bool:
        """Whether every row of the case is the one that was there when its replay was vouched for."""
        here, then = self
        if here is None or then is None:
            return False
        return here.rows == then.imprint and (here.records, here.head) == (then.records, then.head)

    @property
    def root(self) -> str:
        """Of the family it belongs to here; empty where it is not."""
        return self.here.root if self.here is not None else ""

    @property
    def records(self) -> int:
        """How many it has here."""
        return self.here.records if self.here is not None else 0


class Legible:
    """Imprints as long as rows can be read. What cannot be read is named by the replay, not here."""

    def __init__(self, imprints: Iterator[Imprint]) -> None:
        self._imprints = imprints
        self.is_broken = False

    def __iter__(self) -> Iterator[Imprint]:
        try:
            yield from self._imprints
        except Exception:  # a flipped byte may be met anywhere: no text, no JSON, no number
            self.is_broken = True


class Holding:
    """One walk along the desk and the lines of a checkpoint, case by case.

    Imprints are read by a transaction of their own, which may end in what cannot be read.
    """

    def __init__(self, tx: Transaction, made: Checkpoint, archive: str | Path | None) -> None:
        self._tx, self._made, self._archive = tx, made, archive
        self._count = Count()
        self._problems: list[Problem] = []

    def against(self, leaves: Iterable[Leaf], imprints: Iterator[Imprint], *, keeps: bool = False) -> Compared:
        """Hold all lines against the database; `VerificationFailed` if they are not those that were signed."""
        self._look_for_older()
        is_vouching, here = self._is_vouching(), Legible(imprints)
        checked = self._checked(paired(iter(here) if is_vouching else iter(()), leaves))
        rest, cases, records, kept = dict[str, None](), 0, 0, set[str]()
        # The ids of a family stand together. Were they ever apart, a part of it would be counted twice, no more.
        for root, members in groupby((pair for pair in checked if pair.here is not None), key=attrgetter("root")):
            family = list(members)
            if not all(pair.is_vouched for pair in family):
                rest[root] = None
                continue
            cases, records = cases + len(family), records + sum(pair.records for pair in family)
            if keeps:
                kept.update(pair.then.imprint for pair in family if pair.then is not None)
        self._count.check(self._made)
        if here.is_broken or not is_vouching:
            return Compared(checkpoint=self._made, problems=tuple(self._problems))
        return Compared(
            checkpoint=self._made, problems=tuple(self._problems), vouched=Verification(cases=cases, records=records),
            rest=tuple(rest), imprints=frozenset(kept),
        )  # fmt: skip

    def _look_for_older(self) -> None:
        number, last = self._made.number, last_signed(self._tx).get("number", 0)
        if last < number:
            message = f"this database knows of {last} checkpoints and this is number {number}: it is an older copy"
            self._problems.append(Problem(case="", sequence=None, message=message))

    def _is_vouching(self) -> bool:
        """What was replayed by other definitions than those that are here now says nothing."""
        vouching = self._made.vouching
        if vouching is None:
            return False
        then = islice(self._tx.editions(), vouching.definitions)
        return hash_of_definitions(then) == vouching.definitions_hash

    def _checked(self, pairs: Iterator[Pair]) -> Iterator[Pair]:
        while some := list(islice(pairs, PLACES)):
            unsure = [pair.then for pair in some if pair.then is not None and not pair.is_vouched]
            there = self._tx.hashes_at([(leaf.case, leaf.records) for leaf in unsure])
            for leaf in unsure:
                found = there.get((leaf.case, leaf.records))
                found = found or hash_of_archived(self._tx, leaf.case, leaf.records, self._archive)
                if found != leaf.head and len(self._problems) < MOST_PROBLEMS:
                    self._problems.append(self._differs(leaf, found))
            for pair in some:
                if pair.then is not None:
                    self._count.add(pair.then)
            yield from some

    def _differs(self, leaf: Leaf, found: str | None) -> Problem:
        if self._tx.root_of(leaf.case) is None:
            message = f"it is gone with its records; at the checkpoint it had {leaf.records}"
            return Problem(case=leaf.case, sequence=None, message=message)
        if found is None:
            message = "it is gone: the checkpoint has a record here, so the tail was cut off or an older copy put back"
        else:
            message = "it is another record than at the checkpoint: the chain was written anew"
        return Problem(case=leaf.case, sequence=leaf.records, message=message)


def paired(here: Iterator[Imprint], then: Iterable[Leaf]) -> Iterator[Pair]:
    """Cases of both, by id; both come by id themselves."""
    one = next(here, None)
    for leaf in then:
        while one is not None and one.case < leaf.case:
            yield Pair(one, None)
            one = next(here, None)
        if one is not None and one.case == leaf.case:
            yield Pair(one, leaf)
            one = next(here, None)
        else:
            yield Pair(None, leaf)
    while one is not None:
        yield Pair(one, None)
        one = next(here, None)
