"""A file kept in memory: as it is, and locked as a database would have it, once somebody asks."""

from __future__ import annotations

from engine.ports import Attachment, LockedFile
from engine.sealing import NO_KEYS, owner_of_files, place_of_name


class FileInMemory:
    """A file of a case, locked once: locked again it has other bytes, and an archive would hold it twice."""

    __slots__ = ("_at", "_locked", "attachment")

    def __init__(self, attachment: Attachment, at: int) -> None:
        self.attachment = attachment
        self._at = at
        self._locked: LockedFile | None = None

    def locked(self, case: str, key: str) -> LockedFile:
        """The same under the key of its case's files."""
        if self._locked is None:
            it = self.attachment
            self._locked = LockedFile(
                hash=it.hash, name=NO_KEYS.lock_value(key, place_of_name(case, it.hash), it.name),
                media_type=it.media_type, at=self._at,
                content=NO_KEYS.lock_content(key, (owner_of_files(case), it.hash), it.content),
            )  # fmt: skip
        return self._locked
