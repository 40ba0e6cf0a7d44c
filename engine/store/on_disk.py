"""Files that must outlive a power cut, and such as must not outlive what broke off."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def sync_names(folder: Path) -> None:
    """Let the names in a folder be on disk; some systems cannot open folders, and keep names by themselves."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_unfinished(database: Path) -> None:
    """Remove a database that was being made, and whatever stands beside it, as far as that can be done."""
    for ending in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            Path(f"{database}{ending}").unlink(missing_ok=True)
