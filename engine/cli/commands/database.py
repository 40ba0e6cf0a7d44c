"""`db`: the database's tables."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.command import Args, plain_command
from engine.cli.exits import Exit
from engine.cli.group import Subcommands
from engine.cli.streams import Streams
from engine.cli.translate import _


def db_command() -> click.Group:
    """Build `db` with its commands."""
    upgrade = plain_command(
        "upgrade",
        run_upgrade,
        help=_(
            "Bring the tables of a database made by an older casewright up to date, in one transaction; cases and "
            "records stay as they are. Keep a copy of the file before."
        ),
        examples=("cp desk.sqlite desk.sqlite.old", "casewright db upgrade --db desk.sqlite"),
    )
    return Subcommands(
        "db",
        help=_("Bring the database's tables up to date."),
        examples=("casewright db upgrade",),
        commands=[upgrade],
    )


def run_upgrade(streams: Streams, args: Args) -> int:
    """Bring the tables up to date; a database that is not there is not made."""
    from engine.errors import StoreUnavailable
    from engine.store import upgrade
    from engine.store.address import read_address

    database = args.settings.database
    address = read_address(database)
    if address.kind == "sqlite" and not Path(address.path).exists():
        raise StoreUnavailable(
            _("there is no database at `{path}`").format(path=address.path),
            help=_("name another one with `--db`, or make it with `casewright init`"),
        )
    is_changed, database = upgrade(database), args.settings.shown_database
    if streams.is_json:
        streams.give({"database": database, "is_changed": is_changed})
    elif is_changed:
        streams.say(_("{database} is up to date now").format(database=database))
    else:
        streams.say(_("{database} was up to date already").format(database=database))
    return Exit.DONE
