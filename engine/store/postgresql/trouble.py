"""What PostgreSQL's errors mean for whoever meets them: what happened, and what to do now."""

from __future__ import annotations

import re

import psycopg

from engine.errors import EngineError, Outrun, StoreUnavailable, UsageError

TRY_AGAIN = "nothing was changed; try again"

_POOLED = (
    "what stands between here and the server of `{path}` gives each transaction another connection ({detail})",
    "nothing was changed; let it give each program one of its own: `pool_mode = session` of pgbouncer",
)

_MEANING = {
    "26000": _POOLED,
    "28": ("the server refuses to let you into `{path}` ({detail})", "check user and password; PGPASSFILE or PGPASSWORD"
           " may hold the latter"),
    "3D000": ("there is no database `{path}` ({detail})", "name another one with `--db`, or make it with `createdb`"),
    "25006": ("the database `{path}` only reads: it follows another server, or somebody has set it so",
              "nothing was changed; name the server that leads, or let who keeps this one end "
              "`default_transaction_read_only`"),
    "25P02": ("the transaction on `{path}` has failed already", "roll it back, and do the whole of it again"),
    "42P05": _POOLED,
    "42501": ("you may not use what is in the database `{path}` ({detail})", "nothing was changed; let the "
              "owner of the tables grant it"),
    "53100": ("the disk of the database `{path}` is full", "nothing was changed; free some space and do it again"),
    "53200": ("the server of `{path}` is out of memory", TRY_AGAIN),
    "53300": ("the server of `{path}` has no connection left ({detail})", "nothing was changed; close other programs, "
              "or ask for fewer connections: `pool=` in the database's URL"),
    "55P03": ("what this needs in `{path}` has been held by somebody else for too long", TRY_AGAIN),
    "57P03": ("the server of `{path}` is starting or stopping ({detail})",
              "nothing was changed; try again in a moment"),
    "57014": ("the server ended what was asked of `{path}` before it was done ({detail})", TRY_AGAIN),
    "XX": ("the database `{path}` is damaged ({detail})", "keep a copy of it, then go back to the last backup"),
}  # fmt: skip
"""By the code of an error, or the first two letters of it."""

_OTHER = ("the database `{path}` could not do what was asked ({detail})", "`casewright doctor` looks for the cause")
_LOST = ("the connection to the database `{path}` was lost ({detail})",
         "nothing of this was kept; try again when the server is back")  # fmt: skip
_UNKNOWN = ("the connection to the database `{path}` was lost while the step was being kept ({detail})",
            "whether it was kept shows when it is done again with the same key")  # fmt: skip
_UNREACHABLE = ("the database `{path}` cannot be reached ({detail})", "nothing was changed; check that the server "
                "runs, and that the address, the user and the password are right")  # fmt: skip
_SILENT = ("no server answers for the database `{path}` ({detail})", "nothing was changed; check that it runs, and "
           "that host and port in the address are right")  # fmt: skip
_UNSAFE = ("there is no safe connection to the server of `{path}` ({detail})", "nothing was changed; check `sslmode` "
           "in the address, and the server's certificate")  # fmt: skip
_MISWRITTEN = ("the database's address `{path}` cannot be used ({detail})", "it is written like "
               "`postgresql://user@host/desk?sslmode=require`")  # fmt: skip

_AT_THE_DOOR = {
    r"authentication|no password|pg_hba\.conf|role \".*\" does not exist|not permitted to log in": _MEANING["28"],
    r"database \".*\" does not exist": _MEANING["3D000"],
    r"too many (connections|clients)|connection slots": _MEANING["53300"],
    r"starting up|shutting down|recovery mode|not (yet |currently )?accepting connections": _MEANING["57P03"],
    r"permission denied for database": _MEANING["42501"],
    r"SSL|certificate|GSSAPI": _UNSAFE,
    r"refused|No such file|resolve|translate host|timeout|timed out|unreachable|No route": _SILENT,
}
"""Of a refusal to connect the driver tells no code: what the words of server and library mean in English."""

FASTER = ("40001", "40P01")
"""Somebody else's transaction stood against this one, and the server let theirs go on."""


def explain(error: Exception, path: str) -> EngineError:
    """The error to show for one of the driver's, met within a transaction."""
    code = _code(error)
    if code in FASTER:
        return Outrun(f"somebody else was faster on the same rows of `{path}`", help=TRY_AGAIN)
    if isinstance(error, psycopg.DataError):
        return UsageError(f"a value cannot be stored or looked for: {detail_of(error)}")
    if is_lost(error):
        return _said(_LOST, error, path)
    return _said(_MEANING.get(code) or _MEANING.get(code[:2]) or _OTHER, error, path)


class OutcomeUnknown(StoreUnavailable):
    """The connection was lost while the step was being kept."""


class NothingKept(StoreUnavailable):
    """The connection was lost with the commit, which the server had not come to."""


class NothingDone(psycopg.OperationalError):
    """The server left before it did anything of a message: its farewell stands where the first answer would."""


def explain_commit(error: Exception, path: str) -> EngineError:
    """The same for an error of the commit itself, after which the outcome may be unknown."""
    if isinstance(error, NothingDone):
        said = _said(_LOST, error, path)
        return NothingKept(said.message, help=said.mend)
    if not is_lost(error):
        return explain(error, path)
    said = _said(_UNKNOWN, error, path)
    return OutcomeUnknown(said.message, help=said.mend)


def explain_connecting(error: Exception, path: str) -> EngineError:
    """The same for an attempt to connect: by its code, asked for where the server's words are foreign."""
    if isinstance(error, psycopg.ProgrammingError):  # of the library, before it asks anybody
        what, now = _MISWRITTEN
        return UsageError(what.format(path=path, detail=detail_of(error)), help=now)
    code = _code(error)
    return _said(_MEANING.get(code) or _MEANING.get(code[:2]) or _told_at_the_door(error) or _UNREACHABLE, error, path)


def is_understood(error: Exception) -> bool:
    """Whether it is known what an attempt to connect met, by its code or by its words."""
    return bool(_code(error) or _told_at_the_door(error))


def _told_at_the_door(error: Exception) -> tuple[str, str] | None:
    detail = detail_of(error)
    return next((meaning for words, meaning in _AT_THE_DOOR.items() if re.search(words, detail)), None)


def is_lost(error: Exception) -> bool:
    """Whether the connection is gone with this error; 57P…: the server stops, 25P03: it waited too long for us."""
    code = _code(error)
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and (
        not code or code[:2] == "08" or code in ("57P01", "57P02", "57P03", "57P05", "25P03", "25P04")
    )


def detail_of(error: Exception) -> str:
    """What server or library say in one line, without the words before it that name the place again."""
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    lines = [line.strip() for line in str(primary or error).splitlines() if line.strip()]
    told = lines[-1 if lines[0].startswith("Multiple connection attempts") else 0] if lines else type(error).__name__
    for before in ("FATAL:  ", " failed: ", "connection failed: "):
        told = told.rpartition(before)[2]
    return re.sub(r"^\S+:  ", "", told).rstrip(".")  # FATAL is a word of the server's language as well


def _code(error: Exception) -> str:
    return getattr(error, "sqlstate", None) or ""


def _said(meaning: tuple[str, str], error: Exception, path: str) -> StoreUnavailable:
    what, now = meaning
    return StoreUnavailable(what.format(path=path, detail=detail_of(error)), help=now)
