"""What goes with private values that are erased, in memory: no key is stored here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.store.memory.cases import MemoryWork


class MemoryErasures(MemoryWork):
    """Files and traces of cases."""

    def holds_files(self, case: str) -> bool:
        """Whether anything is attached to this case."""
        return bool(self._tables.get("attached", case))

    def forget_files(self, case: str) -> int:
        """Forget the files of this case; how many."""
        found = self._tables.get("attached", case) or ()
        for one in found:
            self._tables.drop("attachments", (case, one.hash))
        self._tables.drop("attached", case)
        self._tables.drop("file_keys", case)
        return len(found)

    def forget_traces(self, case: str) -> None:
        """Forget what else could tell its values: digests of its commands, troubles of its deliveries."""
        for key, request in list(self._tables.rows("requests")):
            if request.case == case:
                self._tables.put("requests", key, replace(request, digest=""))
        for number, mail in list(self._tables.rows("outbox")):
            if mail.message.case == case:
                self._tables.put("outbox", number, replace(mail, error=None))

    def keys_beside(self, mark: str, after: str, most: int) -> list[tuple[str, str]]:
        """None: every case has its key with it."""
        return []

    def count_keys(self) -> Mapping[str, int]:
        """None: every case has its key with it."""
        return {}

    def count_cases_under(self, mark: str) -> int:
        """None: no host's key wraps anything here."""
        return 0

    def replace_key(self, owner: str, stored: str) -> None:
        """Never asked: there is no stored key."""
        raise KeyError(owner)
