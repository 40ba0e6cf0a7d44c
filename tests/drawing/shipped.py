"""The processes that are shipped, read once."""

from __future__ import annotations

from functools import cache

from engine.lang.load import load_folder
from engine.model import ProcessDefinition
from engine.resources import data_folder, read_sources


@cache
def shipped() -> dict[str, ProcessDefinition]:
    """Return the processes that are shipped."""
    folder = data_folder("processes")
    found = dict(load_folder(read_sources(folder), folder.as_posix()).definitions)
    assert {"complaint", "refund", "repair"} <= set(found)
    return found
