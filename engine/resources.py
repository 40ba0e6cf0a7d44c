"""The files that come with the engine: found in the checkout, or inside the installed package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data_folder(name: str) -> Path:
    """The folder `processes` or `schemas` that belongs to this installation."""
    installed = _PACKAGE / "data" / name
    if installed.is_dir():
        return installed
    checkout = _PACKAGE.parent
    # A folder of this name beside an installed package would be someone else's.
    if (checkout / name).is_dir() and (checkout / "pyproject.toml").is_file():
        return checkout / name
    raise FileNotFoundError(f"the folder `{name}` that comes with casewright is missing: install casewright again")


def verifier() -> bytes:
    """The one file of Python that verifies evidence without casewright."""
    return (_PACKAGE / "evidence" / "offline.py").read_bytes()


def read_sources(folder: str | Path) -> dict[str, str]:
    """The texts of a folder of processes by their paths, as `Engine.publish` takes them; `NotFound` without one."""
    found = Path(folder)
    if not found.is_dir():
        from engine.errors import NotFound

        raise NotFound(
            f"there is no folder `{folder}`",
            help="it holds `desk.yaml`, the processes, and the folders `calendars` and `messages`",
        )
    files = [
        path for place in (found, found / "calendars", found / "messages") for path in sorted(place.glob("*.yaml"))
    ]
    return {path.as_posix(): path.read_text("utf-8") for path in files}


def read_bounded(path: Path, limit: int) -> bytes:
    """The bytes of a file, at most one more than the limit, so that a huge file costs no memory."""
    with path.open("rb") as stream:
        return stream.read(limit + 1)
