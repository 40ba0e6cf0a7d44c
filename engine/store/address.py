"""Where a store is: `sqlite:///desk.db`, `postgresql://host/desk`, `memory:`, or just the path of a file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl, unquote

from engine.errors import UsageError

EXPECTED = "expected a path like `desk.db`, or `sqlite:///desk.db`, or `postgresql://host/desk`, or `memory:`"
OPTIONS = "`synchronous=FULL|NORMAL`, `busy=SECONDS` (0.1 to 10), `mode=rw|ro`"
SERVER_OPTIONS = "`pool=CONNECTIONS` (2 to 100), `busy=SECONDS` (0.1 to 10), `mode=rw|ro`, and those of libpq"
OF_HOSTS = {"postgresql+psycopg": "postgresql", "sqlite+pysqlite": "sqlite"}
"""What SQLAlchemy calls these with the driver that we use as well: a host has one URL for itself and for us."""

LONGEST_WAIT = 10.0
"""Nobody waits longer for a database than this many seconds."""

OURS = ("pool", "busy", "mode")
"""Parameters of a server's URL that its driver does not know."""

SECRETS = ("pass", "pwd", "secret")
"""A parameter of a connection with one of these in its name is never shown, mistyped or not; but for `passfile`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A store's place and how it is used."""

    kind: Literal["sqlite", "postgresql", "memory"]
    path: str = ""  # the file; of a server the URL as it may be shown, without a password
    url: str = field(default="", repr=False)  # what a server is reached by
    synchronous: Literal["FULL", "NORMAL"] = "FULL"  # NORMAL: a power cut may take the last steps, never spoil any
    busy: float = 8.0  # seconds to wait for other writers
    pool: int = 10  # connections to a server at most
    is_read_only: bool = False


def read_address(url: str) -> Address:
    """The address a URL or a path stands for."""
    url = _plain(url)
    if url in ("memory:", "memory://"):
        return Address(kind="memory")
    scheme, separator, rest = url.partition("://")
    if not separator or len(scheme) < 2:
        return _path(url, url)
    if scheme in ("postgresql", "postgres"):
        return _server(url)
    if scheme != "sqlite":
        raise UsageError(f"cannot use `{scheme}` as a database; {EXPECTED}")
    location, _, query = rest.partition("?")
    if not location.startswith("/"):
        raise UsageError(f"`{url}` has no path; {EXPECTED}")
    address = _path(unquote(location[1:], errors="surrogateescape"), url)
    return _with_options(address, dict(parse_qsl(query, keep_blank_values=True)))


def shown(url: str) -> str:
    """The URL as it may stand on screens and in files: without a password."""
    url = _plain(url)
    return _split(url).shown if url.startswith(("postgresql://", "postgres://")) else url


def _plain(url: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in url):
        mend = "name the file, and the folders it lies in, in UTF-8"
        raise UsageError(f"the database's address `{url}` is not text in UTF-8", help=mend)
    scheme, separator, rest = url.partition("://")
    return f"{OF_HOSTS[scheme]}://{rest}" if separator and scheme in OF_HOSTS else url


def _path(path: str, url: str) -> Address:
    if not path or "\x00" in path:
        raise UsageError(f"`{url}` names no file; {EXPECTED}")
    return Address(kind="sqlite", path=path)


def _with_options(address: Address, options: dict[str, str]) -> Address:
    synchronous = options.pop("synchronous", "FULL").upper()
    busy, is_read_only = _busy(options.pop("busy", "8")), _is_read_only(options.pop("mode", "rw"))
    if options or synchronous not in ("FULL", "NORMAL") or busy is None or is_read_only is None:
        raise UsageError(f"the database's options cannot be used as written; there are {OPTIONS}")
    level: Literal["FULL", "NORMAL"] = "NORMAL" if synchronous == "NORMAL" else "FULL"
    return replace(address, synchronous=level, busy=busy, is_read_only=is_read_only)


class _Parts(NamedTuple):
    """A server's URL: as it may be shown, as its driver takes it, and our options."""

    shown: str
    url: str
    options: dict[str, str]


def _server(url: str) -> Address:
    """Options of our own are taken out; all else is the driver's, which says what it does not know."""
    parts = _split(url)
    pool, mode = parts.options.get("pool", "10"), parts.options.get("mode", "rw")
    busy, is_read_only = _busy(parts.options.get("busy", "8")), _is_read_only(mode)
    if not pool.isdecimal() or not 2 <= int(pool) <= 100 or busy is None or is_read_only is None:
        raise UsageError(f"the database's options cannot be used as written; there are {SERVER_OPTIONS}")
    return Address(
        kind="postgresql", path=parts.shown, url=parts.url, pool=int(pool), busy=busy, is_read_only=is_read_only
    )


def _split(url: str) -> _Parts:
    """Letter for letter: the driver decodes what is encoded in its own way."""
    place, _, query = url.partition("?")
    scheme, _, rest = place.partition("://")
    server, slash, database = rest.partition("/")
    user, at, host = server.rpartition("@")
    options = [(text.partition("=")[0], text) for text in query.split("&") if text]
    ours = {name: text.partition("=")[2] for name, text in options if name in OURS}
    told = "&".join(text for name, text in options if not _is_secret(name))
    driven = "&".join(text for name, text in options if name not in OURS)
    path = f"{scheme}://{user.partition(':')[0]}{at}{host}{slash}{database}"
    return _Parts(f"{path}{told and '?'}{told}", f"{place}{driven and '?'}{driven}", ours)


def _is_secret(parameter: str) -> bool:
    return parameter != "passfile" and any(part in parameter.lower() for part in SECRETS)


def _busy(text: str) -> float | None:
    try:
        busy = float(text)
    except ValueError:
        return None
    return busy if 0.1 <= busy <= LONGEST_WAIT else None


def _is_read_only(text: str) -> bool | None:
    return {"rw": False, "ro": True}.get(text)
