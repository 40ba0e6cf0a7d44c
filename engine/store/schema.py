"""Which revision of the tables a database has, and what that means for this program."""

from __future__ import annotations

from typing import Literal

from engine.errors import StoreUnavailable

REVISIONS = tuple(f"{number:04}" for number in range(1, 19))
"""Every revision of the tables, oldest first; `migrations/versions` holds how to get there."""

HEAD = REVISIONS[-1]

SELECT_VERSION = "SELECT version_num FROM casewright_schema"

State = Literal["empty", "old", "current"]


def check_revision(revision: str | None, path: str) -> State:
    """Whether this program can use tables of that revision."""
    if revision == HEAD:
        return "current"
    if revision in REVISIONS:
        return "old"
    raise StoreUnavailable(
        f"the database `{path}` was made by a newer casewright (its tables are of revision {revision}, this program "
        f"knows up to {HEAD})",
        help="nothing was changed; install the newer casewright",
    )


def must_be_current(state: State, path: str) -> None:
    """Refuse a database whose tables are not the present ones."""
    if state == "empty":
        raise StoreUnavailable(
            f"the database `{path}` is empty",
            help="`casewright init` makes its tables",
        )
    if state == "old":
        raise StoreUnavailable(
            f"the database `{path}` was made by an older casewright",
            help="keep a copy of it, then bring it up to date: `casewright db upgrade`, in a host `Engine.install`",
        )
