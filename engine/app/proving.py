"""The proof of the whole desk: every family by its chains and by replay."""

from __future__ import annotations

from collections.abc import Callable

from engine.app.crew import Opener, Shift, verified
from engine.app.merging import RecipeOfTwo
from engine.app.verifying import Verification

Progress = Callable[[int, int], None]


def _nothing(done: int, total: int) -> None:
    """Nobody wants to know how far it is."""


class Proving:
    """The verbs that prove. Everybody may verify."""

    _recipe: RecipeOfTwo
    _opener: Opener | None

    def verify(self, case: str | None = None, *, jobs: int = 1, progress: Progress = _nothing) -> Verification:
        """Verify every family, or that of one case, by chain and by replay.

        At most so many processes do it side by side, each on the database for itself, where there are families enough;
        the program that asks for more than one must be such that its main module can be imported without harm.
        """
        with self._recipe.store.read() as tx:
            roots = [self._recipe.root(tx, case)] if case else list(tx.roots())
        shift, total = Shift(self._recipe.store, self._recipe.catalogue, self._opener, jobs), Verification()
        for done, found in enumerate(verified(shift, roots), 1):
            total += found
            progress(done, len(roots))
        return total
