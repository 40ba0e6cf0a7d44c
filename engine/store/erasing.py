"""What goes with private values that are erased, and the keys of all others."""

from __future__ import annotations

from collections.abc import Mapping

from engine.sealing import owner_of_files
from engine.store.sql import Work


class Erasing(Work):
    """Files and traces of cases, and keys as they are stored."""

    def holds_files(self, case: str) -> bool:
        """Whether anything is attached to this case; told without the host's key."""
        return self._run("HOLDS_FILES", case).fetchone() is not None

    def forget_files(self, case: str) -> int:
        """Destroy the key of this case's files, and forget them; how many."""
        self._run("NO_SECRET", owner_of_files(case))
        self._run("NO_CONTENTS", case)
        return self._run("NO_ATTACHMENTS", case).rowcount

    def forget_traces(self, case: str) -> None:
        """Forget what else could tell its values: digests of its commands, troubles of its deliveries."""
        self._run("NO_DIGESTS", case)
        self._run("NO_TROUBLES", case)

    def keys_beside(self, mark: str, after: str, most: int) -> list[tuple[str, str]]:
        """Owners and stored keys that do not begin with this mark, by owner, those after `after`, at most so many."""
        return [(owner, stored) for owner, stored in self._run("KEYS_BESIDE", after, f"{mark}%", most).fetchall()]

    def count_keys(self) -> Mapping[str, int]:
        """How many keys there are, by the mark of the host's key that wraps them; empty for those in clear."""
        return dict(self._run("COUNT_KEYS").fetchall())

    def count_cases_under(self, mark: str) -> int:
        """How many cases have private values under a key with this mark."""
        count: int = self._run("COUNT_CASES_UNDER", f"{mark}%").fetchone()[0]
        return count

    def replace_key(self, owner: str, stored: str) -> None:
        """The same key, wrapped anew."""
        self._run("REPLACE_KEY", stored, owner)
        self._forget()
