"""Where a store is: `sqlite:///desk.db`, `memory:`, or just the path of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, unquote

from engine.errors import UsageError

EXPECTED = "expected a path like `desk.db`, or `sqlite:///desk.db`, or `memory:`"
OPTIONS = "`synchronous=FULL|NORMAL`, `busy=SECONDS` (0.1 to 10), `mode=rw|ro`"
LONGEST_WAIT = 10.0
"""Nobody waits longer for a database than this many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A store's place and how it is used."""

    kind: Literal["sqlite", "memory"]
    path: str = ""
    synchronous: Literal["FULL", "NORMAL"] = "FULL"  # NORMAL: a power cut may take the last steps, never spoil any
    busy: float = 8.0  # seconds to wait for other writers
    is_read_only: bool = False


def read_address(url: str) -> Address:
    """The address a URL or a path stands for."""
    if url in ("memory:", "memory://"):
        return Address(kind="memory")
    scheme, separator, rest = url.partition("://")
    if not separator or len(scheme) < 2:
        return _path(url, url)
    if scheme != "sqlite":
        raise UsageError(f"cannot use `{scheme}` as a database; {EXPECTED}")
    location, _, query = rest.partition("?")
    if not location.startswith("/"):
        raise UsageError(f"`{url}` has no path; {EXPECTED}")
    address = _path(unquote(location[1:]), url)
    return _with_options(address, dict(parse_qsl(query, keep_blank_values=True)))


def _path(path: str, url: str) -> Address:
    if not path or "\x00" in path:
        raise UsageError(f"`{url}` names no file; {EXPECTED}")
    return Address(kind="sqlite", path=path)


def _with_options(address: Address, options: dict[str, str]) -> Address:
    synchronous = options.pop("synchronous", "FULL").upper()
    mode = options.pop("mode", "rw")
    try:
        busy = float(options.pop("busy", "8"))
    except ValueError:
        busy = 0.0
    if options or synchronous not in ("FULL", "NORMAL") or mode not in ("rw", "ro") or not 0.1 <= busy <= LONGEST_WAIT:
        raise UsageError(f"the database's options cannot be used as written; there are {OPTIONS}")
    level: Literal["FULL", "NORMAL"] = "NORMAL" if synchronous == "NORMAL" else "FULL"
    return Address(kind="sqlite", path=address.path, synchronous=level, busy=busy, is_read_only=mode == "ro")
