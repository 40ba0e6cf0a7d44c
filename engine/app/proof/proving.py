"""The proof of the whole desk: by chains and by replay, and against a checkpoint that is kept elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from engine.app.keeping import Progress, unwatched
from engine.app.merging import RecipeOfTwo
from engine.app.people import admin_of
from engine.app.proof.chaining import chained
from engine.app.proof.checkpoints import Vouched, hash_of_definitions, read_checkpoint
from engine.app.proof.crew import Opener, Shift, looked_at
from engine.app.proof.holding import Compared, Holding
from engine.app.proof.verifying import Verification, verify_family
from engine.core.cases import Actor
from engine.core.plan import Library
from engine.ports import Query, Transaction
from engine.sealing import HostKeys
from engine.version import __version__


class Found(NamedTuple):
    """What was found of a family, and the imprints of its cases at that very moment, where they are taken."""

    verification: Verification
    imprints: tuple[str, ...] = ()


class Replaying(NamedTuple):
    """Verifies a family by its chains and by replay."""

    takes_imprints: bool = False  # of the cases of every family that is right

    def __call__(self, tx: Transaction, by: tuple[Library, HostKeys], family: str) -> Found:
        """What is found of the family of this root."""
        found = verify_family(tx, by[0], family, by[1])
        return Found(found, tuple(_imprints(tx, family)) if self.takes_imprints and not found.problems else ())


class Proving:
    """The verbs that prove. Everybody may verify; only administrators vouch."""

    _recipe: RecipeOfTwo
    _opener: Opener | None

    def verify(
        self, case: str | None = None, *, beyond: Compared | None = None, jobs: int = 1, progress: Progress = unwatched
    ) -> Verification:
        """Verify every family, or that of one case, by chain and by replay; or all `beyond` what is vouched for.

        At most so many processes do it side by side, each on the database for itself, where there are families enough;
        the program that asks for more than one must be such that its main module can be imported without harm.
        """
        with self._recipe.store.read() as tx:
            roots = [self._recipe.root(tx, case)] if case else _roots(tx, beyond)
        return self._replayed(roots, jobs, progress)

    def verify_chains(self, case: str | None = None, *, progress: Progress = unwatched) -> Verification:
        """Verify that no record was changed, left out or moved since it was written, of all cases or one's family.

        Nothing is replayed, and nothing else that is stored is looked at: a chain that somebody wrote anew, with its
        case's row, is whole. Held against a checkpoint it is the chain that was signed.
        """
        with self._recipe.store.read() as tx:
            family = self._recipe.family_of(tx, case, lock=False) if case is not None else None
            count = tx.count(Query(is_open=None)) if family is None else len(family.cases)
            total = Verification()
            for found in chained(tx, family):
                total += found
                progress(total.cases, count)
            return total

    def verify_checkpoint(
        self, lines: Iterable[str], *, trust: str | Collection[str], archive: str | Path | None = None,
        is_to_vouch: bool = False,
    ) -> Compared:  # fmt: skip
        """Whether every case of a checkpoint still has the records it had then, and what of it need not be replayed.

        Cases that were archived since are looked up in `archive`, the folder of their files.
        `trust` is the fingerprint of the key that signed it, or of one that the key follows, or several. Raises
        `VerificationFailed` for a checkpoint that is not what was signed, or not by that key. What `vouch` is to build
        on says so: that takes some memory for each case.
        """
        made, leaves = read_checkpoint(lines, [trust] if isinstance(trust, str) else trust)
        store = self._recipe.store
        with store.read() as tx, store.read() as walking:
            return Holding(tx, made, archive).against(leaves, walking.imprints(), keeps=is_to_vouch)

    def vouch(
        self, *, actor: Actor | str, after: Compared | None = None, jobs: int = 1, progress: Progress = unwatched
    ) -> Vouched:
        """Replay every case to vouch for it in the next checkpoint; or all `after` what an earlier one vouches for.

        What is wrong with a case is in `found`; it is not vouched for, and keeps none of the others from it.
        """
        with self._recipe.store.read() as tx:
            admin_of(tx, actor, "sign checkpoints")
            roots, editions = _roots(tx, after if after is not None and after.imprints else None), tx.editions()
        imprints = set() if after is None else set(after.imprints)
        found = self._replayed(roots, jobs, progress, imprints)
        earlier = after.checkpoint.vouching if after is not None and after.imprints else None
        versions = {*(earlier.versions if earlier is not None else ()), *([__version__] if roots else ())}
        return Vouched(
            found=found if after is None else replace(found, problems=(*after.problems, *found.problems)),
            imprints=frozenset(imprints), versions=frozenset(versions), definitions=len(editions),
            definitions_hash=hash_of_definitions(editions),
        )  # fmt: skip

    def _replayed(
        self, roots: Sequence[str], jobs: int, progress: Progress, imprints: set[str] | None = None
    ) -> Verification:
        shift = Shift(self._recipe.store, self._recipe.catalogue, self._opener, jobs)
        total = Verification()
        for done, found in enumerate(looked_at(shift, Replaying(takes_imprints=imprints is not None), roots), 1):
            total += found.verification
            if imprints is not None:
                imprints.update(found.imprints)
            progress(done, len(roots))
        return total


def _imprints(tx: Transaction, root: str) -> Iterator[str]:
    family = tx.family(root, lock=False)
    for case in family.cases if family is not None else ():
        imprint = tx.imprint(case)
        if imprint is not None:
            yield imprint.rows


def _roots(tx: Transaction, beyond: Compared | None) -> Sequence[str]:
    """The families to be replayed: all, but for those that a checkpoint vouches for."""
    return list(tx.roots()) if beyond is None or beyond.rest is None else beyond.rest
