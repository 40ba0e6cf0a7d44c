"""Checkpoints where `casewright.toml` says that they are kept: the newest is taken, and a new one comes beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from engine.cli.file_trouble import opened
from engine.cli.settings import Settings
from engine.cli.translate import _
from engine.errors import NotFound, UsageError

ENDING = ".checkpoint"


class Kept(NamedTuple):
    """The newest checkpoint, and by which key it must have been signed."""

    file: Path
    trust: str


def folder_of(settings: Settings) -> Path | None:
    """Where checkpoints are kept; None where nobody said so."""
    return settings.project.path("checkpoints")


def kept(settings: Settings, *, is_needed: bool) -> Kept | None:
    """What `casewright.toml` says to verify by; None where it says nothing, or no checkpoint is there nor needed."""
    folder, trust = folder_of(settings), settings.project.values.get("trust")
    if folder is None and trust is None:
        return None
    if folder is None or trust is None:
        raise UsageError(
            _("a checkpoint proves something only by the key that signed it"),
            help=_("let casewright.toml say both: `checkpoints`, the folder, and `trust`, the key's fingerprint"),
        )
    file = newest(folder)
    if file is None and is_needed:
        raise NotFound(
            _("there is no checkpoint in `{folder}`, where casewright.toml says that they are kept").format(
                folder=folder
            ),
            help=_(
                "`casewright audit checkpoint --verify` signs the first; if there were some, ask who took them away"
            ),
        )
    return None if file is None else Kept(file, trust)


def newest(folder: Path) -> Path | None:
    """The checkpoint there with the highest number; whether it can be trusted is for who verifies to say."""
    numbered = [(_number(file), file) for file in folder.glob(f"*{ENDING}")]
    return max(numbered, default=(0, None))[1]


def _number(file: Path) -> int:
    with opened(file) as lines:
        first = lines.readline()
    try:
        number = json.loads(json.loads(first)["statement"])["number"]
    except (ValueError, KeyError, TypeError):
        number = None
    if not isinstance(number, int):
        raise UsageError(
            _("`{file}` is no checkpoint").format(file=file), help=_("let nothing else be in that folder end so")
        )
    return number


def next_file(folder: Path, now: str) -> Path:
    """Where one that is signed now is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{now.replace(':', '')}{ENDING}"
