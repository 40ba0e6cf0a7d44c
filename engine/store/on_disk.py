"""Files that must outlive a power cut."""

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
